"""The managers, as far as the bot has met them, and a word to them: in their chats, or in private.

Where the staff have chats of their own, they are told there, and in private only whoever sits in
none of them. A customer with members on several channels is one manager. Telling is best effort: a
private word goes through an account that shares a group with the member, or was spoken to by them.
Who was reached is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import groupby

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.roles import Role, role_of
from handlers.settings import ShopSettings
from scheduler.answers import may_have_arrived, never_again
from scheduler.content import Content
from scheduler.courier import Address, Done, Unclear
from storage import members
from storage.attempts import outcomes_of, outcomes_under
from storage.familiar import lost_members
from storage.groups import Group, groups_by_id
from storage.identities import once_known_as
from storage.members import Member
from storage.seats import heard_through
from storage.staff_chats import customers_in, staff_chats

GREETINGS = "nuanqun:greetings"
BY_ITSELF = {GREETINGS: "自动问候", "command line": "命令行"}
"""Actors that are no people, and what managers read of them: keys of the wording."""

_log = structlog.get_logger(__name__)


async def managers(connection: AsyncConnection, shop: ShopSettings) -> list[Member]:
    """Every member who is a manager, members of one customer side by side.

    Who is lost, as by an id that the platform has changed, is none: nobody could say who they are
    now.
    """
    listed = {part for entry in shop.managers for part in (entry, entry.partition(":")[2])}
    known = await members.staff(connection, sorted(listed))
    lost = await lost_members(connection)
    found = [one for one in known if role_of(one, shop) is Role.MANAGER and one.id not in lost]
    return sorted(found, key=lambda one: (one.customer_id, one.id))


async def needs_another(connection: AsyncConnection, shop: ShopSettings) -> bool:
    """Whether a drafter must wait for somebody else's approval: there is more than one manager."""
    return len({one.customer_id for one in await managers(connection, shop)}) > 1


async def member_of(connection: AsyncConnection, actor: str) -> Member | None:
    """The member behind an actor of the audit log (`platform:person`), if it is one.

    An id that the platform has changed since stands for whoever had it.
    """
    platform, _, person = actor.partition(":")
    found = await members.member_known_as(connection, platform, person)
    if found is not None:
        return found
    once = await once_known_as(connection, platform, person)
    return None if once is None else (await members.members_by_id(connection, [once])).get(once)


async def are_one(connection: AsyncConnection, actor: str, other: str) -> bool:
    """Whether two actors are one person, be it on two channels."""
    if actor == other:
        return True
    first, second = await member_of(connection, actor), await member_of(connection, other)
    return first is not None and second is not None and first.customer_id == second.customer_id


async def name_of(desk: Desk, connection: AsyncConnection, actor: str) -> str:
    """An actor of the audit log by name; as written where nobody is known by it.

    What a part of the bot did by itself is said to be its (see `BY_ITSELF`).
    """
    if actor in BY_ITSELF:
        return desk.say(BY_ITSELF[actor])
    found = await member_of(connection, actor)
    return actor if found is None else found.name


async def tell_managers(
    desk: Desk,
    content: Content,
    key: str,
    *,
    but: Collection[int] = (),
    about: int | None = None,
    not_through: Collection[str] = (),
    once_since: datetime | None = None,
) -> list[str]:
    """Say something to every manager; the names of the staff chats and managers it reached.

    What is about one group (its id) is said in the staff chat that looks after it, and the other
    chats are spared. A manager who sits in no staff chat is told in private, and so is everybody
    where no chat was reached. `but` are customers to leave out in private. A manager with several
    members is told once. `not_through` are accounts that can carry nothing now. The
    key names what is said, so that telling twice can be seen in the attempts; with `once_since`
    nobody is told to whom it was said from that moment on, or cannot be, and counts as reached.
    """
    async with desk.database.reading() as connection:
        everybody = await managers(connection, desk.shop)
        chats = await staff_chats(connection, desk.shop_id)
        tied = await groups_by_id(connection, [] if about is None else [about])
    chats = [chat for chat in chats if chat.account not in not_through]
    near = [chat for chat in chats if chat.id in {group.staff_group_id for group in tied.values()}]
    said = [
        chat for chat in near or chats if await _tell_chat(desk, chat, content, key, once_since)
    ]
    spared = [chat for chat in chats if near and said and chat not in near]
    async with desk.database.reading() as connection:
        there = await customers_in(connection, [chat.id for chat in (*said, *spared)])
    wanted = [one for one in everybody if one.customer_id not in there.union(but)]
    people = [list(some) for _, some in groupby(wanted, key=lambda one: one.customer_id)]
    async with asyncio.TaskGroup() as telling:
        tasks = [
            telling.create_task(
                tell(desk, some, content, key, not_through=not_through, once_since=once_since)
            )
            for some in people
        ]
    reached = [found.name for task in tasks if (found := task.result()) is not None]
    return [*(chat.name for chat in said), *reached]


async def was_told(desk: Desk, key: str, since: datetime) -> bool:
    """Whether `tell_managers` reached anybody under this key since then, or may have.

    Be it from this process, or from another one that ended before it could write that down.
    """
    async with desk.database.reading() as connection:
        outcomes = await outcomes_under(connection, desk.senders.keys(), key, since)
    return any(map(may_have_arrived, outcomes))


async def _tell_chat(
    desk: Desk, chat: Group, content: Content, key: str, once_since: datetime | None
) -> bool:
    """Say something in a staff chat; whether it may have been heard there."""
    to = Address(group=chat.chat)
    whole = f"{key}/{chat.account}/{to}"
    if await _was_said(desk, chat.account, whole, once_since):
        return True
    sender = desk.senders.get(chat.account)
    if sender is None or chat.is_muted(desk.clock.now()):
        return False
    outcome = await sender.say(to, content, whole)
    if not isinstance(outcome, Done):
        _log.warning("staff_chat_not_told", key=key, chat=chat.name, outcome=repr(outcome))
    return isinstance(outcome, Done | Unclear)


async def _was_said(desk: Desk, account: str, key: str, since: datetime | None) -> bool:
    """Whether something was said under this key since then, may have been, or never can be."""
    if since is None:
        return False
    async with desk.database.reading() as connection:
        ended = await outcomes_of(connection, account, key, since)
    return any(never_again(outcome) for outcome in ended)


async def tell(
    desk: Desk,
    whom: Iterable[Member],
    content: Content,
    key: str,
    *,
    not_through: Collection[str] = (),
    once_since: datetime | None = None,
) -> Member | None:
    """Say something in private to one person, as the first of their members that is reached.

    With `once_since` nothing is said again that was said under this key from that moment on.
    """
    for member in whom:
        async with desk.database.reading() as connection:
            accounts = await heard_through(connection, member.id)
        for account in accounts:
            whole = f"{key}/{account}/{member.person}"
            if await _was_said(desk, account, whole, once_since):
                return member
            sender = desk.senders.get(account)
            if sender is None or account in not_through:
                continue
            outcome = await sender.say(Address(person=member.person), content, whole)
            if isinstance(outcome, Done):
                return member
            _log.warning("manager_not_told", key=key, account=account, outcome=repr(outcome))
            if isinstance(outcome, Unclear):
                return None  # it may have arrived: another way would say it twice
    return None
