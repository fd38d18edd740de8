"""Tags on members: what, who set it, why, when and until when; and the words that set tags.

A tag set by hand is never overwritten or taken away by a rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import members, messages, tags, watches


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag on one member. `set_by` is `manager:NAME` or `rule:NAME`; `until` None: for good."""

    member_id: int
    tag: str
    set_by: str
    why: str
    set_at: datetime
    until: datetime | None = None


BY_RULE = "rule:"
BY_MANAGER = "manager:"


def _valid(now: datetime) -> Any:
    return or_(tags.c.until.is_(None), tags.c.until > now)


async def set_tags(connection: AsyncConnection, wanted: Sequence[Tag]) -> None:
    """Set tags; one that stands is renewed, but a rule never touches a manager's tag.

    Nor does a rule that comes with something older, as from a history, shorten what is newer.
    """
    if not wanted:
        return
    statement = insert(connection, tags)
    renewed = statement.on_conflict_do_update(
        index_elements=["member_id", "tag"],
        set_={
            name: getattr(statement.excluded, name) for name in ("set_by", "why", "set_at", "until")
        },
        where=or_(
            statement.excluded.set_by.startswith(BY_MANAGER),
            and_(
                tags.c.set_by.startswith(BY_RULE),
                tags.c.set_at <= statement.excluded.set_at,
            ),
        ),
    )
    await connection.execute(
        renewed,
        [
            {
                "member_id": one.member_id,
                "tag": one.tag,
                "set_by": one.set_by,
                "why": one.why,
                "set_at": one.set_at,
                "until": one.until,
            }
            for one in sorted(wanted, key=lambda one: (one.member_id, one.tag))
        ],
    )


async def remove_tag(connection: AsyncConnection, member_id: int, tag: str) -> bool:
    """Take a tag away; False where it was not set."""
    gone = await connection.execute(
        delete(tags).where(tags.c.member_id == member_id, tags.c.tag == tag)
    )
    return gone.rowcount == 1


async def remove_rule_tags(connection: AsyncConnection, pairs: Iterable[tuple[int, str]]) -> None:
    """Take these (member id, tag) pairs away where a rule had set them."""
    wanted = [{"of": member_id, "which": tag} for member_id, tag in sorted(set(pairs))]
    if wanted:
        await connection.execute(
            delete(tags).where(
                tags.c.member_id == bindparam("of"),
                tags.c.tag == bindparam("which"),
                tags.c.set_by.startswith(BY_RULE),
            ),
            wanted,
        )


async def forget_rule_tags(connection: AsyncConnection, customer_id: int) -> None:
    """Take away what rules have set on this customer's members: it came from what they said."""
    theirs = select(members.c.id).where(members.c.customer_id == customer_id)
    await connection.execute(
        delete(tags).where(tags.c.member_id.in_(theirs), tags.c.set_by.startswith(BY_RULE))
    )


async def tags_of(connection: AsyncConnection, member_id: int, now: datetime) -> list[Tag]:
    """A member's valid tags, the newest first."""
    rows = await connection.execute(
        select(tags)
        .where(tags.c.member_id == member_id, _valid(now))
        .order_by(tags.c.set_at.desc(), tags.c.tag)
    )
    return [Tag(*row) for row in rows]


async def standing(
    connection: AsyncConnection, member_ids: Collection[int], names: Collection[str]
) -> dict[tuple[int, str], str]:
    """Which of these tags these members carry, as (member id, tag) → who set it."""
    rows = await connection.execute(
        select(tags.c.member_id, tags.c.tag, tags.c.set_by).where(
            tags.c.member_id.in_(list(member_ids)), tags.c.tag.in_(list(names))
        )
    )
    return {(row.member_id, row.tag): row.set_by for row in rows}


async def tag_counts(connection: AsyncConnection, now: datetime) -> list[tuple[str, int]]:
    """Every valid tag with the number of members who carry it, the most frequent first."""
    carriers = func.count().label("carriers")
    rows = await connection.execute(
        select(tags.c.tag, carriers)
        .where(_valid(now))
        .group_by(tags.c.tag)
        .order_by(carriers.desc(), tags.c.tag)
    )
    return [(row.tag, row.carriers) for row in rows]


async def members_tagged(connection: AsyncConnection, tag: str, now: datetime) -> list[str]:
    """The names of the members who carry a valid tag."""
    rows = await connection.execute(
        select(members.c.name)
        .select_from(tags.join(members))
        .where(tags.c.tag == tag, _valid(now))
        .order_by(members.c.name, members.c.id)
    )
    return [row.name for row in rows]


async def tags_set_since(connection: AsyncConnection, moment: datetime) -> list[tuple[str, Tag]]:
    """The tags that were set or renewed since a moment, each with the member's name."""
    rows = await connection.execute(
        select(members.c.name, tags)
        .select_from(tags.join(members))
        .where(tags.c.set_at >= moment)
        .order_by(tags.c.set_at, members.c.name, tags.c.tag)
    )
    return [(name, Tag(*tag)) for name, *tag in rows]


async def delete_expired(connection: AsyncConnection, now: datetime) -> int:
    """Delete the tags whose time is over; how many there were."""
    gone = await connection.execute(delete(tags).where(tags.c.until <= now))
    return gone.rowcount


async def set_watch(
    connection: AsyncConnection, shop_id: int, word: str, tag: str, *, set_by: str, at: datetime
) -> None:
    """Bind a word to a tag: who says the word is given the tag."""
    bound = {"tag": tag, "set_by": set_by, "set_at": at}
    await connection.execute(
        insert(connection, watches)
        .values(shop_id=shop_id, word=word, **bound)
        .on_conflict_do_update(index_elements=["shop_id", "word"], set_=bound)
    )


async def remove_watch(connection: AsyncConnection, shop_id: int, word: str) -> bool:
    """Unbind a word; False where it was not bound."""
    gone = await connection.execute(
        delete(watches).where(watches.c.shop_id == shop_id, watches.c.word == word)
    )
    return gone.rowcount == 1


async def all_watches(connection: AsyncConnection, shop_id: int) -> Mapping[str, str]:
    """Word → tag."""
    rows = await connection.execute(
        select(watches.c.word, watches.c.tag)
        .where(watches.c.shop_id == shop_id)
        .order_by(watches.c.word)
    )
    return {row.word: row.tag for row in rows}


@dataclass(frozen=True, slots=True)
class Activity:
    """How much a member has said since some moment, and when they last spoke."""

    member_id: int
    first_seen_at: datetime
    messages: int
    last_spoke_at: datetime | None


async def activity(
    connection: AsyncConnection, since: datetime, member_ids: Collection[int]
) -> list[Activity]:
    """How much these members said themselves since a moment, and when they last did; no staff.

    For each member only the messages since then are read, and the last one before.
    """
    theirs = (messages.c.member_id == members.c.id, messages.c.kind == "fan")
    said = select(func.count()).where(*theirs, messages.c.at >= since)
    last = select(messages.c.at).where(*theirs).order_by(messages.c.at.desc()).limit(1)
    rows = await connection.execute(
        select(
            members.c.id, members.c.first_seen_at, said.scalar_subquery(), last.scalar_subquery()
        )
        .where(members.c.id.in_(list(member_ids)), ~members.c.staff)
        .order_by(members.c.id)
    )
    return [Activity(*row) for row in rows]
