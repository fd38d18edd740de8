"""From events to rows: whose words a message holds, and one transaction for a batch.

The live bot and an imported history come through here alike. `record_batch` stores messages,
joins, leaves and changes of groups in the order they happened, moves the cursor in the same
transaction, and says what is new, for the handlers that answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import (
    ButtonPressed,
    Event,
    GroupChanged,
    MemberJoined,
    MemberLeft,
    MessageHeard,
    MessageKind,
    Person,
)
from handlers.roles import Role, role_of_person
from handlers.settings import ShopSettings
from insights.authorship import passed_on
from storage.accounts import set_cursor
from storage.columns import storable
from storage.groups import Group, ensure_groups, set_present
from storage.members import Member, Seen, ensure_members, leave, mark_reachable, sit
from storage.messages import Heard, Recorded, record

_YEARS = range(1970, 3000)
"""When something can have happened: what is stored is looked at by days, in every time zone."""

IsCommand = Callable[[str, Role], bool]
"""Whether somebody in this role asks the bot to do something with this text."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who came into a group just now."""

    group: Group
    member: Member
    at: datetime


@dataclass(slots=True)
class Batch:
    """What a batch of events came to. Only what is new stands here, never a repetition."""

    account: str
    said: list[Recorded] = field(default_factory=list)
    newcomers: list[Newcomer] = field(default_factory=list)

    @property
    def commands(self) -> list[Recorded]:
        """The commands, in the order they were given."""
        return [one for one in self.said if one.heard.kind == MessageKind.COMMAND]

    @property
    def fans_words(self) -> list[Recorded]:
        """What fans themselves said, and may be remembered."""
        return [
            one
            for one in self.said
            if one.heard.kind == MessageKind.FAN and not one.member.no_record
        ]


def kind_of(event: MessageHeard | ButtonPressed, role: Role, is_command: IsCommand) -> MessageKind:
    """Whose words a message holds. What is forwarded commands nothing: somebody else said it."""
    if isinstance(event, ButtonPressed):
        return MessageKind.COMMAND
    if not event.forwarded and is_command(event.text, role):
        return MessageKind.COMMAND
    if role is Role.MANAGER:
        return MessageKind.STAFF
    if event.forwarded:
        return MessageKind.SHOP_POST
    not_their_own = passed_on(event.text)
    return MessageKind.FAN if not_their_own is None else MessageKind(not_their_own.value)


async def record_batch(
    connection: AsyncConnection,
    events: Sequence[Event],
    *,
    shop_id: int,
    shop: ShopSettings,
    platform: str,
    is_command: IsCommand,
    history: bool = False,
) -> Batch:
    """Store a batch of one account's events, in their order, in the caller's transaction.

    Of a `history` no command is kept to be obeyed, and no cursor is moved.

    Raises:
        ValueError: one of them happened at no time that a calendar has in every zone.
    """
    for event in events:
        if event.at.year not in _YEARS:
            raise ValueError(f"it happened in the year {event.at.year}")
    batch = Batch(events[0].account)
    for said, run in groupby(events, lambda event: isinstance(event, MessageHeard | ButtonPressed)):
        if said:
            heard = [
                _heard(event, shop, platform, is_command)
                for event in run
                if isinstance(event, MessageHeard | ButtonPressed)
            ]
            recorded = await record(
                connection,
                shop_id=shop_id,
                platform=platform,
                account=batch.account,
                heard=heard,
                obey=not history,
            )
            batch.said.extend(one for one in recorded if not one.duplicate)
            alone = [one.member.id for one in recorded if one.group is None]
            if alone and not history:  # who writes to the bot can be written to
                await mark_reachable(connection, alone)
        else:
            for event in run:
                await _move(connection, event, batch, shop_id=shop_id, shop=shop, platform=platform)
    if not history:
        await set_cursor(connection, batch.account, platform, events[-1].cursor)
    return batch


def _heard(
    event: MessageHeard | ButtonPressed, shop: ShopSettings, platform: str, is_command: IsCommand
) -> Heard:
    message, text = (
        (f"press:{event.press}", event.says)
        if isinstance(event, ButtonPressed)
        else (event.message, event.text)
    )
    return Heard(
        message=storable(message),
        chat=storable(event.chat.id) if event.chat else None,
        chat_name=event.chat.name if event.chat else "",
        sender=_seen(event.sender, platform, shop),
        at=event.at,
        day=shop.day_of(event.at),
        kind=kind_of(event, role_of_person(event.sender, platform, shop), is_command),
        text=text,
        pictures=() if isinstance(event, ButtonPressed) else event.pictures,
    )


def _seen(person: Person, platform: str, shop: ShopSettings) -> Seen:
    """Somebody as they are stored: whom the configuration lists is as much staff as an admin."""
    # Ids are looked for as they are stored.
    return Seen(
        storable(person.id), person.name, role_of_person(person, platform, shop) is Role.MANAGER
    )


async def _move(
    connection: AsyncConnection,
    event: Event,
    batch: Batch,
    *,
    shop_id: int,
    shop: ShopSettings,
    platform: str,
) -> None:
    """Somebody came or went, or the group itself changed."""
    if not isinstance(event, MemberJoined | MemberLeft | GroupChanged):
        return
    chat = storable(event.chat.id)
    groups = await ensure_groups(
        connection, shop_id, batch.account, [(chat, event.chat.name)], event.at
    )
    group = groups[chat]
    if isinstance(event, GroupChanged):
        await set_present(connection, group.id, present=event.present)
        return
    seen = _seen(event.member, platform, shop)
    people = await ensure_members(connection, platform, [seen], event.at)
    member = people[seen.person]
    if isinstance(event, MemberLeft):
        await leave(connection, group.id, member.id, event.at)
    elif await sit(connection, [(group.id, member.id, event.at)]):
        batch.newcomers.append(Newcomer(group, member, event.at))
