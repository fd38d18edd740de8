"""Groups: which ones there are, whether the bot may speak in them, and their tags.

A group is one of fans, or a chat of the staff's own (see `staff_chats.py`), which no list of groups
here ever shows. `audiences.py` says which of the groups a post is meant for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new
from storage.tables import group_tags, groups, members, memberships

MUTED_FOR = timedelta(days=1)
"""A group that would not let the bot speak is tried again after so long: not every platform tells
when it may."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group, as one account hears it: of fans, or (`is_staff`) of the staff alone.

    `chat` is the platform's id; `staff_group_id` is the staff's chat that looks after the group.
    Where a post is meant for one of its topics, `topic` is the platform's id of that one.
    `zone` is the fans' time zone where it is not the shop's; since `muted_at` the bot may not
    speak.
    """

    id: int
    account: str
    chat: str
    name: str
    present: bool
    zone: str | None = None
    muted_at: datetime | None = None
    is_staff: bool = False
    staff_group_id: int | None = None
    topic: str | None = None
    topic_name: str = ""

    @property
    def title(self) -> str:
        """What people call it, with the topic that is meant: `一群#上新`."""
        return self.name if self.topic is None else f"{self.name}#{self.topic_name}"

    def is_muted(self, at: datetime) -> bool:
        """Whether nothing is tried in this group at a moment, because the bot may not speak."""
        return self.muted_at is not None and self.muted_at > at - MUTED_FOR


GROUP = (
    groups.c.id,
    groups.c.account,
    groups.c.chat,
    groups.c.name,
    groups.c.present,
    groups.c.zone,
    groups.c.muted_at,
    groups.c.is_staff,
    groups.c.staff_group_id,
)
"""The columns that `group_of` makes a group of."""

ACCEPTED = groups.c.accepted_at.is_not(None)
"""Whether a group is the shop's. No list of groups but `acceptance.py`'s ever shows another one."""


def group_of(row: Any) -> Group:
    """The group in a row with the columns of `GROUP`."""
    return Group(
        row.id,
        row.account,
        row.chat,
        row.name,
        row.present,
        zone=row.zone,
        muted_at=row.muted_at,
        is_staff=row.is_staff,
        staff_group_id=row.staff_group_id,
    )


async def ensure_groups(
    connection: AsyncConnection,
    shop_id: int,
    account: str,
    chats: Iterable[tuple[str, str]],
    at: datetime,
    *,
    present: bool = True,
    accepted: bool = True,
) -> dict[str, Group]:
    """The groups of these (chat, name) pairs by chat; unknown ones are made, new names kept.

    The bot is in the group it hears; with `present` false (a history) that is not known by it.
    One that is made is the shop's, or (`accepted` false) waits to be; see `acceptance.py`.
    """
    named = dict(chats)
    if not named:
        return {}
    found = await _by_chat(connection, account, named)
    missing = [chat for chat in named if chat not in found]
    renamed = [
        chat
        for chat, group in found.items()
        if (named[chat] and group.name != named[chat]) or (present and not group.present)
    ]
    if not missing and not renamed:
        return found
    await insert_new(
        connection,
        groups,
        [
            {
                "shop_id": shop_id,
                "account": account,
                "chat": chat,
                "name": named[chat] or chat,
                "since": at,
                "present": present,
                "accepted_at": at if accepted else None,
            }
            for chat in sorted(missing)  # in one order, processes cannot wait in a circle
        ],
    )
    for chat in sorted(renamed):
        await connection.execute(
            update(groups)
            .where(groups.c.id == found[chat].id)
            .values(name=named[chat] or found[chat].name, present=present or found[chat].present)
        )
    return await _by_chat(connection, account, named)


async def _by_chat(
    connection: AsyncConnection, account: str, chats: Iterable[str]
) -> dict[str, Group]:
    rows = await connection.execute(
        select(*GROUP).where(groups.c.account == account, groups.c.chat.in_(list(chats)))
    )
    return {row.chat: group_of(row) for row in rows}


async def group_in_chat(connection: AsyncConnection, account: str, chat: str) -> Group | None:
    """The group that an account hears in this chat, whether or not it is in it now."""
    return (await _by_chat(connection, account, [chat])).get(chat)


async def set_present(
    connection: AsyncConnection, group_id: int, *, present: bool, muted_at: datetime | None = None
) -> None:
    """Record whether the bot is in the group, and since when it may not speak there.

    A group it left, or is muted in, gets nothing more.
    """
    await connection.execute(
        update(groups).where(groups.c.id == group_id).values(present=present, muted_at=muted_at)
    )


async def set_zone(connection: AsyncConnection, group_id: int, zone: str | None) -> None:
    """Say in which time zone a group's fans live, by its IANA name; None: in the shop's."""
    await connection.execute(update(groups).where(groups.c.id == group_id).values(zone=zone))


async def mark_muted(
    connection: AsyncConnection, account: str, chats: Sequence[str], at: datetime
) -> None:
    """Record that the bot may not speak in these chats; it is tried again after `MUTED_FOR`.

    Those known to be so since less than that keep their moment.
    """
    known = groups.c.muted_at > at - MUTED_FOR
    await connection.execute(
        update(groups)
        .where(
            groups.c.account == account,
            groups.c.chat.in_(list(chats)),
            or_(groups.c.muted_at.is_(None), not_(known)),
        )
        .values(muted_at=at)
    )


async def mark_unmuted(connection: AsyncConnection, account: str, chats: Sequence[str]) -> None:
    """Record that the bot was heard in these chats."""
    await connection.execute(
        update(groups)
        .where(
            groups.c.account == account,
            groups.c.chat.in_(list(chats)),
            groups.c.muted_at.is_not(None),
        )
        .values(muted_at=None)
    )


async def mark_gone(connection: AsyncConnection, account: str, chats: Sequence[str]) -> None:
    """Record that these chats cannot be reached through the account any more."""
    if chats:
        await connection.execute(
            update(groups)
            .where(groups.c.account == account, groups.c.chat.in_(list(chats)))
            .values(present=False)
        )


async def all_groups(connection: AsyncConnection, shop_id: int) -> list[Group]:
    """Every group of fans that the bot is in, by name."""
    rows = await connection.execute(
        select(*GROUP)
        .where(groups.c.shop_id == shop_id, groups.c.present, ~groups.c.is_staff, ACCEPTED)
        .order_by(groups.c.name, groups.c.id)
    )
    return [group_of(row) for row in rows]


async def groups_known_before(
    connection: AsyncConnection, shop_id: int, moment: datetime
) -> list[Group]:
    """The groups of fans that the bot is in, and has known since before a moment, by name."""
    rows = await connection.execute(
        select(*GROUP)
        .where(
            groups.c.shop_id == shop_id,
            groups.c.present,
            ~groups.c.is_staff,
            groups.c.since < moment,
            ACCEPTED,
        )
        .order_by(groups.c.name, groups.c.id)
    )
    return [group_of(row) for row in rows]


async def groups_by_id(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Group]:
    """Groups by their ids, the staff's among them, those left out that the bot is not in."""
    rows = await connection.execute(
        select(*GROUP).where(groups.c.id.in_(list(ids)), groups.c.present, ACCEPTED)
    )
    return {row.id: group_of(row) for row in rows}


async def heard_groups(connection: AsyncConnection, shop_id: int) -> list[Group]:
    """Every group whose fans' words are stored, by name: those left, and histories, too."""
    rows = await connection.execute(
        select(*GROUP)
        .where(groups.c.shop_id == shop_id, ~groups.c.is_staff, ACCEPTED)
        .order_by(groups.c.name, groups.c.id)
    )
    return [group_of(row) for row in rows]


async def set_group_tags(connection: AsyncConnection, group_id: int, tags: Sequence[str]) -> None:
    """Give a group exactly these tags."""
    await connection.execute(delete(group_tags).where(group_tags.c.group_id == group_id))
    await insert_new(
        connection, group_tags, [{"group_id": group_id, "tag": tag} for tag in dict.fromkeys(tags)]
    )


async def tags_of_groups(connection: AsyncConnection, shop_id: int) -> dict[int, set[str]]:
    """Group id → its tags, for every group of the shop."""
    rows = await connection.execute(
        select(groups.c.id, group_tags.c.tag)
        .select_from(groups.outerjoin(group_tags))
        .where(groups.c.shop_id == shop_id)
    )
    found: dict[int, set[str]] = {}
    for row in rows:
        found.setdefault(row.id, set())
        if row.tag is not None:
            found[row.id].add(row.tag)
    return found


@dataclass(frozen=True, slots=True)
class Reach:
    """How many fans a choice of groups reaches, and how many of them sit in more than one."""

    fans: int
    in_several: int


async def reach(connection: AsyncConnection, group_ids: Sequence[int]) -> Reach:
    """Count the fans (not the staff) who are in these groups now, each once."""
    if not group_ids:
        return Reach(0, 0)
    per_member = (
        select(func.count().label("seats"))
        .select_from(memberships.join(members))
        .where(
            memberships.c.group_id.in_(list(group_ids)),
            memberships.c.left_at.is_(None),
            ~members.c.staff,
        )
        .group_by(memberships.c.member_id)
        .subquery()
    )
    row = (
        await connection.execute(
            select(
                func.count().label("fans"),
                func.count().filter(per_member.c.seats > 1).label("in_several"),
            ).select_from(per_member)
        )
    ).one()
    return Reach(row.fans, row.in_several)
