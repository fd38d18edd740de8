"""Groups, their tags, and the choice of groups that a post is meant for.

An `Audience` names groups by their name or by a group tag, and may leave some out:
`@福利群 -二群` is every group named or tagged 福利群 but not 二群 (a part of a name will do where
only one group has it). It is stored as it was said and
resolved when it is needed, so a group that joins later belongs to it too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new
from storage.tables import group_tags, groups, members, memberships


@dataclass(frozen=True, slots=True)
class Group:
    """One fan group, as one account hears it. `chat` is the platform's id.

    `zone` is the fans' time zone where it is not the shop's; while `muted` the bot may not speak.
    """

    id: int
    account: str
    chat: str
    name: str
    present: bool
    zone: str | None = None
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """Which groups: those wanted (nothing wanted: every group), without those left out.

    `wanted` and `unwanted` are words, names of groups or group tags; `taken` and `kept_out` are
    ids of groups, which mean the same group whatever it is called later. `written` is how the
    manager wrote it, for showing.
    """

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    taken: tuple[int, ...] = ()
    kept_out: tuple[int, ...] = ()
    written: str = ""

    def to_json(self) -> dict[str, Any]:
        """The audience as plain JSON."""
        return {
            "wanted": list(self.wanted),
            "unwanted": list(self.unwanted),
            "taken": list(self.taken),
            "kept_out": list(self.kept_out),
            "written": self.written,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Audience:
        """The audience that `to_json` wrote."""
        return cls(
            wanted=tuple(document["wanted"]),
            unwanted=tuple(document["unwanted"]),
            taken=tuple(document["taken"]),
            kept_out=tuple(document["kept_out"]),
            written=document["written"],
        )


@dataclass(frozen=True, slots=True)
class Resolved:
    """What an audience comes to: its groups by id, and the words that name no group.

    `pinned` is the audience as it is approved: groups that were named are held by their ids, so
    that a new name or a new group never changes who was left out; tags stay open to groups that
    are given them later.
    """

    groups: tuple[Group, ...]
    unknown: tuple[str, ...]
    pinned: Audience


_GROUP = (
    groups.c.id,
    groups.c.account,
    groups.c.chat,
    groups.c.name,
    groups.c.present,
    groups.c.zone,
    groups.c.muted_at,
)


def _group(row: Any) -> Group:
    return Group(
        row.id,
        row.account,
        row.chat,
        row.name,
        row.present,
        zone=row.zone,
        muted=row.muted_at is not None,
    )


async def ensure_groups(
    connection: AsyncConnection,
    shop_id: int,
    account: str,
    chats: Iterable[tuple[str, str]],
    at: datetime,
    *,
    present: bool = True,
) -> dict[str, Group]:
    """The groups of these (chat, name) pairs by chat; unknown ones are made, new names kept.

    The bot is in the group it hears; with `present` false (a history) that is not known by it.
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
        select(*_GROUP).where(groups.c.account == account, groups.c.chat.in_(list(chats)))
    )
    return {row.chat: _group(row) for row in rows}


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
    """Record that the bot may not speak in these chats; those known to be so keep their moment."""
    await connection.execute(
        update(groups)
        .where(
            groups.c.account == account, groups.c.chat.in_(list(chats)), groups.c.muted_at.is_(None)
        )
        .values(muted_at=at)
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
    """Every group of the shop that the bot is in, by name."""
    rows = await connection.execute(
        select(*_GROUP)
        .where(groups.c.shop_id == shop_id, groups.c.present)
        .order_by(groups.c.name, groups.c.id)
    )
    return [_group(row) for row in rows]


async def groups_by_id(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Group]:
    """Groups by their ids, those left out that the bot is not in."""
    rows = await connection.execute(
        select(*_GROUP).where(groups.c.id.in_(list(ids)), groups.c.present)
    )
    return {row.id: _group(row) for row in rows}


async def heard_groups(connection: AsyncConnection, shop_id: int) -> list[Group]:
    """Every group of the shop whose words are stored, by name: those left, and histories, too."""
    rows = await connection.execute(
        select(*_GROUP).where(groups.c.shop_id == shop_id).order_by(groups.c.name, groups.c.id)
    )
    return [_group(row) for row in rows]


async def resolve(connection: AsyncConnection, shop_id: int, audience: Audience) -> Resolved:
    """The groups that an audience means, by name; words that mean none are listed as unknown."""
    everywhere = await all_groups(connection, shop_id)
    tagged = await tags_of_groups(connection, shop_id)
    asked = (*audience.wanted, *audience.unwanted)
    by_tag = {word: {one for one in tagged if word in tagged[one]} for word in asked}
    meant = {word: by_tag[word] | _named(word, everywhere, by_tag[word]) for word in asked}
    wanted = {*audience.taken}.union(*(meant[word] for word in audience.wanted))
    unwanted = {*audience.kept_out}.union(*(meant[word] for word in audience.unwanted))
    every_one = not (audience.wanted or audience.taken)
    named = {*audience.taken}.union(*(meant[word] - by_tag[word] for word in audience.wanted))
    return Resolved(
        groups=tuple(
            group
            for group in everywhere
            if (every_one or group.id in wanted) and group.id not in unwanted
        ),
        unknown=tuple(word for word in asked if not meant[word]),
        pinned=replace(
            audience,
            wanted=tuple(word for word in audience.wanted if by_tag[word]),
            unwanted=tuple(word for word in audience.unwanted if by_tag[word]),
            taken=tuple(sorted(named)),
            kept_out=tuple(sorted(unwanted)),
        ),
    )


async def ids_of(connection: AsyncConnection, shop_id: int, audience: Audience) -> list[int]:
    """The ids of the groups that an audience means; quick where it is made of ids alone."""
    if audience.wanted or audience.unwanted:
        return [group.id for group in (await resolve(connection, shop_id, audience)).groups]
    present = await connection.scalars(
        select(groups.c.id)
        .where(groups.c.shop_id == shop_id, groups.c.present)
        .order_by(groups.c.id)
    )
    taken, kept_out = {*audience.taken}, {*audience.kept_out}
    return [one for one in present if (not taken or one in taken) and one not in kept_out]


def _named(word: str, everywhere: Sequence[Group], tagged: set[int]) -> set[int]:
    """The groups of this name; where no group has it or is tagged so, the one whose name has it."""
    exact = {group.id for group in everywhere if word == group.name}
    if exact or tagged:
        return exact
    parts = {group.id for group in everywhere if word in group.name}
    return parts if len(parts) == 1 else set()


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
