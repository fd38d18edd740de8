"""Messages: heard in batches, stored once, read by day, and forgotten in time.

`record` is the one way in, for the live bot and for an imported history alike: it takes a batch,
makes the groups and members it does not know, stores what is new, moves the account's cursor,
and marks the analysed days that the batch changes, all in the caller's one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import FromClause, Join, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.accounts import set_cursor
from storage.analysis import mark_dirty
from storage.bulk import among, insert_new
from storage.groups import Group, ensure_groups
from storage.members import Member, Seen, ensure_members
from storage.nicknames import note_nicknames
from storage.seats import sit
from storage.tables import customers, groups, members, messages, pending_commands

COMMAND = "command"
"""The kind of a message that asks the bot to do something."""

FAN = "fan"
"""The kind of a fan's own words: the only ones that are analysed."""

STAFF = "staff"
"""The kind of what the shop's people say."""

BOT = "bot"
"""The kind of what comes out of the bot's own account, whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it came. `day` is the shop's day; `chat` is None for a private message.

    `topic` is the forum topic it was said in, and of a pressed button `pressed_on` the message
    that it stands below. `pictures` are the sources of the pictures that came with it; only a
    command's are kept. `nickname` is what the sender calls themselves in the chat, and `reply_to`
    the message that this one replies to, where the platform says. `to_another` tells that it calls
    somebody, and not the bot; that is not kept.
    """

    message: str
    chat: str | None
    chat_name: str
    sender: Seen
    at: datetime
    day: date
    kind: str
    text: str
    topic: str | None = None
    pressed_on: str | None = None
    pictures: tuple[str, ...] = ()
    nickname: str | None = None
    reply_to: str | None = None
    to_another: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one heard message: its row, or a duplicate of one stored before.

    `first_word` is true where the sender was not known to sit in the group until now.
    """

    heard: Heard
    group: Group | None
    member: Member
    id: int | None
    first_word: bool

    @property
    def duplicate(self) -> bool:
        """Whether the platform had delivered it before."""
        return self.id is None


async def record(
    connection: AsyncConnection,
    *,
    shop_id: int,
    platform: str,
    account: str,
    heard: Sequence[Heard],
    cursor: str | None = None,
    obey: bool = True,
) -> list[Recorded]:
    """Store a batch in the order heard; a message that is stored already is left alone.

    Unless `obey` is false (a history), commands are kept as pending, to be obeyed, and the bot and
    the senders are in the groups it hears: of a history nobody knows who is still there. The bot's
    own account is given no seat: whoever sits in a group may be written to. The text of a member
    who asked for no record is not stored (a command's is, until it is obeyed).
    """
    if cursor is not None:
        await set_cursor(connection, account, platform, cursor)
    if not heard:
        return []
    start = heard[0].at
    chats = {one.chat: one.chat_name for one in heard if one.chat is not None}
    groups = await ensure_groups(connection, shop_id, account, chats.items(), start, present=obey)
    people = await ensure_members(connection, platform, (one.sender for one in heard), start)
    seats = {
        (groups[one.chat].id, people[one.sender.person].id): one.at
        for one in reversed(heard)
        if obey and one.chat is not None and one.kind != BOT
    }
    come = await sit(connection, [(group, member, at) for (group, member), at in seats.items()])
    await note_nicknames(
        connection,
        {
            (groups[one.chat].id, people[one.sender.person].id): one.nickname
            for one in heard
            if one.chat is not None and one.nickname is not None
        },
    )
    ids = await _store(connection, account, heard, groups, people)
    if obey:
        await _keep_pending(connection, heard, ids)
    recorded = []
    for one in heard:
        group = groups[one.chat] if one.chat is not None else None
        member = people[one.sender.person]
        first_word = group is not None and (group.id, member.id) in come
        if group is not None:
            come.discard((group.id, member.id))
        # A message that comes twice in one batch is stored for its first coming only.
        recorded.append(Recorded(one, group, member, ids.pop(one.message, None), first_word))
    changed = {
        (one.group.id, one.heard.day)
        for one in recorded
        if one.group is not None and not one.duplicate and one.heard.kind == FAN
    }
    await mark_dirty(connection, changed)
    return recorded


async def _store(
    connection: AsyncConnection,
    account: str,
    heard: Sequence[Heard],
    groups: dict[str, Group],
    people: dict[str, Member],
) -> dict[str, int]:
    """Insert what is new; message → id of the rows that this batch made."""
    once: dict[str, Heard] = {}
    for one in heard:
        once.setdefault(one.message, one)
    rows = [
        {
            "account": account,
            "message": one.message,
            "group_id": groups[one.chat].id if one.chat is not None else None,
            "member_id": people[one.sender.person].id,
            "at": one.at,
            "kind": one.kind,
            "text": "" if people[one.sender.person].no_record and one.kind != COMMAND else one.text,
            "topic": one.topic,
            "pressed_on": one.pressed_on,
            "pictures": list(one.pictures) if one.pictures and one.kind == COMMAND else None,
            "reply_to": one.reply_to,
        }
        for one in once.values()
    ]
    stored = await insert_new(connection, messages, rows, messages.c.id, messages.c.message)
    return {row.message: row.id for row in stored}


async def _keep_pending(
    connection: AsyncConnection, heard: Sequence[Heard], ids: Mapping[str, int]
) -> None:
    commands = dict.fromkeys(one.message for one in heard if one.kind == COMMAND)
    await insert_new(
        connection,
        pending_commands,
        [{"message_id": ids[message]} for message in commands if message in ids],
    )


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A command that was stored but not seen to its end, e.g. because the bot was killed."""

    message_id: int
    message: str
    account: str
    group_id: int | None
    member_id: int
    at: datetime
    text: str
    topic: str | None
    pressed_on: str | None
    pictures: tuple[str, ...] = ()


async def pending(
    connection: AsyncConnection, account: str, *, after: int = 0, limit: int = 50
) -> list[PendingCommand]:
    """The first commands of an account that nobody has finished, behind a message's number."""
    rows = await connection.execute(
        select(
            messages.c.id,
            messages.c.message,
            messages.c.account,
            messages.c.group_id,
            messages.c.member_id,
            messages.c.at,
            messages.c.text,
            messages.c.topic,
            messages.c.pressed_on,
            messages.c.pictures,
        )
        .select_from(pending_commands.join(messages))
        .where(messages.c.account == account, pending_commands.c.message_id > after)
        .order_by(pending_commands.c.message_id)
        .limit(limit)
    )
    return [_pending(row) for row in rows]


def _pending(row: Any) -> PendingCommand:
    return PendingCommand(
        message_id=row.id,
        message=row.message,
        account=row.account,
        group_id=row.group_id,
        member_id=row.member_id,
        at=row.at,
        text=row.text,
        topic=row.topic,
        pressed_on=row.pressed_on,
        pictures=tuple(row.pictures or ()),
    )


async def last_pending(connection: AsyncConnection, account: str) -> int:
    """The message's number of the newest command of an account that nobody has finished; or 0."""
    found = await connection.scalar(
        select(func.max(pending_commands.c.message_id))
        .select_from(pending_commands.join(messages))
        .where(messages.c.account == account)
    )
    return found or 0


async def finish_command(connection: AsyncConnection, message_id: int) -> None:
    """Note that a command was carried out or answered.

    The text of a member who asked for no record was kept only until now.
    """
    await connection.execute(
        delete(pending_commands).where(pending_commands.c.message_id == message_id)
    )
    unrecorded = select(members.c.id).join(customers).where(customers.c.no_record)
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.member_id.in_(unrecorded))
        .values(text="", pictures=None)
    )


@dataclass(frozen=True, slots=True)
class Utterance:
    """A fan's own words in a group; `reply_to` is the id of the stored message they reply to."""

    id: int
    member_id: int
    at: datetime
    text: str
    reply_to: int | None = None


async def message_saying(  # noqa: PLR0917 (where, what and when: nothing of it can be left out)
    connection: AsyncConnection,
    account: str,
    chat: str,
    text: str,
    since: datetime,
    until: datetime,
) -> str | None:
    """The platform's id of the newest message in a chat with this text, since ≤ at ≤ until."""
    found: str | None = await connection.scalar(
        select(messages.c.message)
        .select_from(messages.join(groups))
        .where(
            groups.c.account == account,
            groups.c.chat == chat,
            messages.c.at >= since,
            messages.c.at <= until,
            messages.c.text == text,
        )
        .order_by(messages.c.at.desc(), messages.c.id.desc())
        .limit(1)
    )
    return found


REPLIED_TO = messages.alias("replied_to")
"""The message that another one replies to."""


def with_replied_to(source: FromClause) -> Join:
    """What is read of messages, with the stored message that each one replies to, if any."""
    return source.outerjoin(
        REPLIED_TO,
        and_(
            REPLIED_TO.c.account == messages.c.account,
            REPLIED_TO.c.message == messages.c.reply_to,
        ),
    )


async def utterances(
    connection: AsyncConnection, group_id: int, since: datetime, until: datetime
) -> list[Utterance]:
    """What fans themselves said in a group, since ≤ at < until, in order; staff left out."""
    rows = await connection.execute(
        select(messages.c.id, messages.c.member_id, messages.c.at, messages.c.text, REPLIED_TO.c.id)
        .select_from(with_replied_to(messages.join(members)))
        .where(
            messages.c.group_id == group_id,
            messages.c.at >= since,
            messages.c.at < until,
            messages.c.kind == FAN,
            messages.c.text != "",
            ~members.c.staff,
        )
        .order_by(messages.c.at, messages.c.id)
    )
    return [Utterance(*row) for row in rows]


async def count_messages(connection: AsyncConnection) -> int:
    """How many messages are stored."""
    return int((await connection.execute(select(func.count()).select_from(messages))).scalar_one())


async def last_heard(connection: AsyncConnection, group_ids: Collection[int]) -> datetime | None:
    """When anybody last said anything in these groups; None before the first message."""
    said = select(func.max(messages.c.at)).where(among(messages.c.group_id, group_ids))
    found = await connection.execute(said)
    latest: datetime | None = found.scalar_one()
    return latest


@dataclass(frozen=True, slots=True)
class Quote:
    """A stored message, to be masked before anybody sees it."""

    id: int
    text: str


async def quotes(connection: AsyncConnection, ids: Sequence[int]) -> list[Quote]:
    """The texts of these messages; those that retention or forgetting took are missing."""
    rows = await connection.execute(
        select(messages.c.id, messages.c.text).where(
            messages.c.id.in_(list(ids)), messages.c.text != ""
        )
    )
    return [Quote(*row) for row in rows]


async def first_said(
    connection: AsyncConnection, group_id: int, since: datetime | None, until: datetime
) -> datetime | None:
    """When the first stored message of a group was said, since ≤ at < until; None without one."""
    earliest = [] if since is None else [messages.c.at >= since]
    found = await connection.execute(
        select(func.min(messages.c.at)).where(
            messages.c.group_id == group_id, messages.c.at < until, *earliest
        )
    )
    first: datetime | None = found.scalar_one()
    return first


async def delete_before(
    connection: AsyncConnection, moment: datetime, *, batch: int = 1_000
) -> int:
    """Delete at most `batch` messages said before `moment`; how many there were.

    Called in a transaction of its own for each batch, so that nobody waits long for it.
    """
    old = select(messages.c.id).where(messages.c.at < moment).order_by(messages.c.at).limit(batch)
    gone = await connection.execute(delete(messages).where(messages.c.id.in_(old)))
    return gone.rowcount
