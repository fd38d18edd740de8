"""Consequences: what outcomes mean beyond their own delivery, written down in the same turn.

A group that is gone or mutes the bot, a person who refuses private messages, an account that rests
or is back: the next decision is to know of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.answers import HeldBack
from scheduler.courier import AddressGone, Admit, Done, Muted, Outcome, Post
from scheduler.decide import Reason
from scheduler.gate import Leaving
from scheduler.health import Fallen, Recovered
from storage import deliveries, groups, lanes, reach
from storage.lanes import Lane

Ended = tuple[Leaving, Outcome | HeldBack, datetime]
"""A call with its outcome, and when that came."""

News = Fallen | Recovered
"""What the outcomes tell about the account."""


async def write_consequences(
    connection: AsyncConnection,
    lane: Lane,
    ended: Sequence[Ended],
    news: Sequence[News],
    now: datetime,
) -> None:
    """Mark groups, people and the account as these outcomes show them to be."""
    gone = [one for one, outcome, _ in ended if isinstance(outcome, AddressGone)]
    chats = [  # of somebody who asked to come in, it is they who are gone
        one.action.address.group
        for one in gone
        if one.action.address.group and not isinstance(one.action, Admit)
    ]
    people = [one.due.member_id for one in gone if one.due and one.due.member_id]
    answered = [
        one.action.address.person for one in gone if not one.due and one.action.address.person
    ]
    muted = [
        one.action.address.group
        for one, outcome, _ in ended
        if isinstance(outcome, Muted) and not isinstance(one.action, Admit)
        if one.action.address.group
    ]
    heard = [  # what was planned for a muted group did not go there
        one.action.address.group
        for one, outcome, _ in ended
        if isinstance(outcome, Done) and one.due is None
        if isinstance(one.action, Post) and one.action.address.group
    ]
    if chats:
        await groups.mark_gone(connection, lane.account, chats)
    if muted:
        await groups.mark_muted(connection, lane.account, muted, now)
    if heard:
        await groups.mark_unmuted(connection, lane.account, heard)
    if people:
        await reach.mark_unreachable(connection, people, now)
    if answered:
        await reach.mark_refused(connection, lane.account, answered, now)
    for change in news:
        match change:
            case Fallen(until=until, reason=reason):
                await lanes.set_rest(connection, lane, until, reason)
            case Recovered():
                await lanes.set_rest(connection, lane, None)
                await deliveries.bring_forward(connection, lane, Reason.ACCOUNT_DOWN, now)
