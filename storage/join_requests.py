"""Requests to be let into a group: who asks, what was decided, and whether the platform knows.

    asked → told (to the staff)                                        it waits for a person
    asked → decided by the group's rule, or by a person → settled      the platform was told

Each step is a moment on the row, so a process that ends between two of them leaves the rest to
the next. A person asks once at a time: asking again while it waits renews the request.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new
from storage.tables import groups, join_requests, members, memberships, tags


class Rule(StrEnum):
    """Who is let into a group without a person's word."""

    EVERYONE = "everyone"
    REGULARS = "regulars"  # who is known from another group, or by a tag


class Verdict(StrEnum):
    """What was decided about a request."""

    ADMITTED = "admitted"
    REFUSED = "refused"


BY_PLATFORM = "platform"
"""Who decided where somebody came in without the bot: an admin let them in by hand."""

# Written out for the index over what is open.
_OPEN = join_requests.c.settled_at.is_(None)
_WAITS = and_(_OPEN, join_requests.c.decided.is_(None))


@dataclass(frozen=True, slots=True)
class NewRequest:
    """Somebody asks; `invite_id` is by whose link, `words` what they say of themselves."""

    group_id: int
    member_id: int
    words: str
    invite_id: int | None
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """A request as it stands: who asks, for which group, and what was decided."""

    id: int
    group_id: int
    account: str
    chat: str
    group_name: str
    member_id: int
    person: str
    name: str
    words: str
    asked_at: datetime
    decided: Verdict | None
    decided_by: str | None
    settled: bool


async def keep_request(connection: AsyncConnection, new: NewRequest) -> int | None:
    """Keep a request; its number, or None where it was known (told again, or asked again)."""
    asker = (
        join_requests.c.group_id == new.group_id,
        join_requests.c.member_id == new.member_id,
    )
    renewed = await connection.execute(
        update(join_requests)
        .where(*asker, _WAITS, join_requests.c.asked_at < new.asked_at)
        .values(words=new.words, asked_at=new.asked_at, invite_id=new.invite_id)
    )
    if renewed.rowcount:
        return None
    made = await insert_new(
        connection,
        join_requests,
        [
            {
                "group_id": new.group_id,
                "member_id": new.member_id,
                "words": new.words,
                "invite_id": new.invite_id,
                "asked_at": new.asked_at,
            }
        ],
        join_requests.c.id,
    )
    return made[0].id if made else None


async def decide(
    connection: AsyncConnection,
    request_ids: Collection[int],
    verdict: Verdict,
    *,
    by: str,
    at: datetime,
) -> set[int]:
    """Decide about requests that wait; the numbers of those that did. The first word counts."""
    done = await connection.execute(
        update(join_requests)
        .where(join_requests.c.id.in_(list(request_ids)), _WAITS)
        .values(decided=verdict, decided_by=by, decided_at=at)
        .returning(join_requests.c.id)
    )
    return set(done.scalars())


async def note_joined(
    connection: AsyncConnection, group_id: int, member_id: int, at: datetime
) -> int | None:
    """Somebody came in: what they asked for is settled. The invite they had asked by, if any."""
    theirs = (
        join_requests.c.group_id == group_id,
        join_requests.c.member_id == member_id,
        join_requests.c.asked_at <= at,
    )
    invite: int | None = await connection.scalar(
        select(join_requests.c.invite_id)
        .where(*theirs)
        .order_by(join_requests.c.asked_at.desc())
        .limit(1)
    )
    await connection.execute(
        update(join_requests)
        .where(*theirs, _WAITS)
        .values(decided=Verdict.ADMITTED, decided_by=BY_PLATFORM, decided_at=at)
    )
    await connection.execute(update(join_requests).where(*theirs, _OPEN).values(settled_at=at))
    return invite


async def mark_told(
    connection: AsyncConnection, request_ids: Collection[int], at: datetime
) -> None:
    """Note that the staff know that these wait."""
    await connection.execute(
        update(join_requests).where(join_requests.c.id.in_(list(request_ids))).values(told_at=at)
    )


async def mark_settled(connection: AsyncConnection, request_id: int, at: datetime) -> None:
    """Note that the platform knows what was decided, or does not care any more."""
    await connection.execute(
        update(join_requests).where(join_requests.c.id == request_id).values(settled_at=at)
    )


async def request_by_id(
    connection: AsyncConnection, shop_id: int, request_id: int
) -> JoinRequest | None:
    """One request of a shop's groups."""
    found = await _requests(
        connection, _SELECTED.where(groups.c.shop_id == shop_id, join_requests.c.id == request_id)
    )
    return found[0] if found else None


async def waiting(
    connection: AsyncConnection, shop_id: int, *, group_ids: Collection[int] | None = None
) -> list[JoinRequest]:
    """What waits for a person, of these groups or of all, the oldest first."""
    question = _SELECTED.where(groups.c.shop_id == shop_id, _WAITS)
    if group_ids is not None:
        question = question.where(join_requests.c.group_id.in_(list(group_ids)))
    return await _requests(connection, question)


async def untold(connection: AsyncConnection, account: str) -> list[JoinRequest]:
    """What waits in the groups of an account, and the staff do not know of."""
    return await _requests(
        connection,
        _SELECTED.where(groups.c.account == account, _WAITS, join_requests.c.told_at.is_(None)),
    )


async def to_settle(connection: AsyncConnection, account: str) -> list[JoinRequest]:
    """What is decided in the groups of an account, and the platform does not know."""
    return await _requests(
        connection,
        _SELECTED.where(groups.c.account == account, _OPEN, join_requests.c.decided.is_not(None)),
    )


async def set_rule(connection: AsyncConnection, group_id: int, rule: Rule | None) -> None:
    """Say by which rule who asks is let into a group; None: a person decides each time."""
    await connection.execute(update(groups).where(groups.c.id == group_id).values(admits=rule))


async def rules_of(
    connection: AsyncConnection, group_ids: Collection[int]
) -> dict[int, Rule | None]:
    """Group id → the rule by which who asks is let in."""
    rows = await connection.execute(
        select(groups.c.id, groups.c.admits).where(groups.c.id.in_(list(group_ids)))
    )
    return {row.id: None if row.admits is None else Rule(row.admits) for row in rows}


async def known_elsewhere(
    connection: AsyncConnection, member_ids: Collection[int], tag: str, now: datetime
) -> set[int]:
    """Those of these members whose customer sits in a fan group of ours, or carries the tag."""
    theirs = members.alias()
    same = theirs.c.customer_id == members.c.customer_id
    sits = exists(
        select(memberships.c.member_id)
        .select_from(memberships.join(theirs).join(groups))
        .where(same, memberships.c.left_at.is_(None), ~groups.c.is_staff)
        .correlate(members)
    )
    tagged = exists(
        select(tags.c.member_id)
        .select_from(tags.join(theirs))
        .where(same, tags.c.tag == tag, func.coalesce(tags.c.until > now, True))
        .correlate(members)
    )
    found = await connection.scalars(
        select(members.c.id).where(members.c.id.in_(list(member_ids)), sits | tagged)
    )
    return set(found)


_SELECTED = select(
    join_requests.c.id,
    join_requests.c.group_id,
    groups.c.account,
    groups.c.chat,
    groups.c.name.label("group_name"),
    join_requests.c.member_id,
    members.c.person,
    members.c.name,
    join_requests.c.words,
    join_requests.c.asked_at,
    join_requests.c.decided,
    join_requests.c.decided_by,
    join_requests.c.settled_at,
).select_from(join_requests.join(groups).join(members))


async def _requests(connection: AsyncConnection, question: Select[Any]) -> list[JoinRequest]:
    rows = await connection.execute(question.order_by(join_requests.c.id))
    return [
        JoinRequest(
            id=row.id,
            group_id=row.group_id,
            account=row.account,
            chat=row.chat,
            group_name=row.group_name,
            member_id=row.member_id,
            person=row.person,
            name=row.name,
            words=row.words,
            asked_at=row.asked_at,
            decided=None if row.decided is None else Verdict(row.decided),
            decided_by=row.decided_by,
            settled=row.settled_at is not None,
        )
        for row in rows
    ]
