"""What becomes of the bot's own account, as rows: online or not, deaf for a while, asked for.

`record_account_change` stores one such event in the caller's transaction. None of it happened in
a group; what follows from it (staff are told, requests are ruled on) is carried out later, from
what is stored here.
"""

from __future__ import annotations

from typing import assert_never

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import AccountChanged, FriendAsked, HearingGap, IdsChanged, StillHearing
from handlers.friendship import note_request
from handlers.origin import Origin
from handlers.recognising import recognise
from storage.accounts import State, note_state, was_ever_online
from storage.columns import storable
from storage.hearing_gaps import keep_gap

AccountEvent = FriendAsked | AccountChanged | HearingGap | StillHearing | IdsChanged


async def record_account_change(
    connection: AsyncConnection, event: AccountEvent, origin: Origin
) -> None:
    """Store one event that is about the account as a whole."""
    match event:
        case AccountChanged():
            await _account_changed(connection, event, origin)
        case HearingGap():
            if await was_ever_online(connection, event.account):
                await keep_gap(connection, event.account, event.since, event.at)
        case StillHearing():
            pass  # its cursor is kept with the batch
        case FriendAsked():
            await note_request(connection, event, origin)
        case IdsChanged():
            await recognise(connection, event, origin)
        case _:
            assert_never(event)


async def _account_changed(
    connection: AsyncConnection, event: AccountChanged, origin: Origin
) -> None:
    me = event.me
    state = State(
        state=event.state,
        since=event.at,
        reason=event.reason,
        code=event.code or None,
        me=None if me is None else storable(me.id),
        me_name=None if me is None else me.name,
    )
    await note_state(connection, event.account, origin.platform, state)
