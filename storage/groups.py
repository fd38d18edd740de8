"""Groups, their tags, and the choice of groups that a post is meant for.

An `Audience` names groups by their name or by a group tag, and may leave some out:
`@福利群 -二群` is every group named or tagged 福利群 but not 二群 (a part of a name will do where
only one group has it). It is stored as it was said and
resolved when it is needed, so a group that joins later belongs to it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new
from storage.tables import group_tags, groups, members, memberships


@dataclass(frozen=True, slots=True)
class Group:
    """One fan group, as one account hears it. `chat` is the platform's id."""

    id: int
    account: str
    chat: str
    name: str
    present: bool


@dataclass(frozen=True, slots=True)
class Audience:
    """Which groups: names or group tags wanted (none: every group), and those left out."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    def to_json(self) -> dict[str, list[str]]:
        """The audience as plain JSON."""
        return {"wanted": list(self.wanted), "unwanted": list(self.unwanted)}

    @classmethod
    def from_json(cls, document: dict[str, list[str]]) -> Audience:
        """The audience that `to_json` wrote."""
        return cls(tuple(document["wanted"]), tuple(document["unwanted"]))


@dataclass(frozen=True, slots=True)
class Resolved:
    """What an audience comes to: its groups by id, and the words that name no group."""

    groups: tuple[Group, ...]
    unknown: tuple[str, ...] = field(default=())


_GROUP = (groups.c.id, groups.c.account, groups.c.chat, groups.c.name, groups.c.present)


def _group(row: Any) -> Group:
    return Group(row.id, row.account, row.chat, row.name, row.present)


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


async def set_present(connection: AsyncConnection, group_id: int, *, present: bool) -> None:
    """Record whether the bot is in the group; a group it left gets nothing more."""
    await connection.execute(update(groups).where(groups.c.id == group_id).values(present=present))


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
    words = {*audience.wanted, *audience.unwanted}
    meant = {word: _meant(word, everywhere, tagged) for word in words}
    chosen = (
        set().union(*(meant[word] for word in audience.wanted))
        if audience.wanted
        else {group.id for group in everywhere}
    )
    for word in audience.unwanted:
        chosen -= meant[word]
    asked = (*audience.wanted, *audience.unwanted)
    return Resolved(
        groups=tuple(group for group in everywhere if group.id in chosen),
        unknown=tuple(word for word in asked if not meant[word]),
    )


def _meant(word: str, everywhere: Sequence[Group], tagged: dict[int, set[str]]) -> set[int]:
    """The groups of this name or tag; else the one group whose name has the word in it."""
    exact = {group.id for group in everywhere if word == group.name or word in tagged[group.id]}
    if exact:
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
