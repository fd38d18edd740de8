"""Friends of an account: who asks to be one, by which rule that is decided, and how far it came.

    asked → told (to the staff)                                       it waits for a person
    asked → decided by the account's rule, or by a person → friends → finished

Each step is a moment on the row, so a process that ends between two of them leaves the rest to
the next. A request that is refused, or that the platform will not grant, is finished at once; but
where somebody of the shop takes it on the platform itself, the two are friends all the same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, case, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert, insert_new
from storage.groups import ACCEPTED, GROUP, Group, group_of
from storage.join_requests import BY_PLATFORM, Verdict
from storage.tables import friend_requests, friend_rules, groups, members, memberships


class Admits(StrEnum):
    """Whose request is granted without a person's word."""

    EVERYONE = "everyone"
    WHO_SAYS = "who_says"  # who says the agreed words
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class FriendRule:
    """An account's rule: whom it `admits`, and the group that new friends are brought into.

    `words` are the agreed ones, where whoever says them is admitted.
    """

    admits: Admits = Admits.NOBODY
    words: str | None = None
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewFriendRequest:
    """Somebody asks an account; `request` is the platform's id, `words` what they say."""

    account: str
    request: str
    member_id: int
    words: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class FriendRequest:
    """A request as it stands: who asks which account, and what became of it."""

    id: int
    account: str
    request: str
    member_id: int
    platform: str
    person: str
    name: str
    words: str
    asked_at: datetime
    decided: Verdict | None
    decided_by: str | None
    friends_at: datetime | None
    finished: bool


# Written out for the index over what is open.
_OPEN = friend_requests.c.finished_at.is_(None)
_WAITS = and_(_OPEN, friend_requests.c.decided.is_(None))
_STRANGERS = friend_requests.c.friends_at.is_(None)


async def set_rule(connection: AsyncConnection, account: str, rule: FriendRule) -> None:
    """Say by which rule who asks an account is made its friend."""
    values = {"rule": rule.admits, "words": rule.words, "group_id": rule.group_id}
    await connection.execute(
        insert(connection, friend_rules)
        .values(account=account, **values)
        .on_conflict_do_update(index_elements=["account"], set_=values)
    )


async def rules(connection: AsyncConnection) -> dict[str, FriendRule]:
    """Account → its rule, where it was given one."""
    rows = await connection.execute(select(friend_rules).order_by(friend_rules.c.account))
    return {row.account: FriendRule(Admits(row.rule), row.words, row.group_id) for row in rows}


async def rule_of(connection: AsyncConnection, account: str) -> FriendRule:
    """An account's rule; where it was given none, a person decides each time."""
    return (await rules(connection)).get(account, FriendRule())


async def group_for(connection: AsyncConnection, rule: FriendRule, member_id: int) -> Group | None:
    """The group that a new friend is to be brought into.

    None where there is none, the bot has left it, it is the shop's no more, or they sit there.
    """
    sits = exists().where(
        memberships.c.group_id == groups.c.id,
        memberships.c.member_id == member_id,
        memberships.c.left_at.is_(None),
    )
    row = (
        await connection.execute(
            select(*GROUP).where(groups.c.id == rule.group_id, groups.c.present, ACCEPTED, ~sits)
        )
    ).one_or_none()
    return None if row is None else group_of(row)


async def keep_request(connection: AsyncConnection, new: NewFriendRequest) -> int | None:
    """Keep a request; its number, or None where it is an old one that is told again.

    Who asks once more while they wait, maybe with other words, has that same request renewed.
    """
    of_account = friend_requests.c.account == new.account
    theirs = and_(of_account, friend_requests.c.member_id == new.member_id)
    old = or_(
        and_(of_account, friend_requests.c.request == new.request),
        and_(theirs, friend_requests.c.asked_at > new.asked_at),
    )
    if await connection.scalar(select(friend_requests.c.id).where(old).limit(1)) is not None:
        return None
    values = {"request": new.request, "words": new.words, "asked_at": new.asked_at}
    newest = select(func.max(friend_requests.c.id)).where(theirs, _WAITS).scalar_subquery()
    renewed: int | None = await connection.scalar(
        update(friend_requests)
        .where(friend_requests.c.id == newest)
        .values(values)
        .returning(friend_requests.c.id)
    )
    if renewed is not None:
        return renewed
    made = await insert_new(
        connection,
        friend_requests,
        [{"account": new.account, "member_id": new.member_id, **values}],
        friend_requests.c.id,
    )
    return made[0].id if made else None


async def keep_newest(connection: AsyncConnection, member_id: int) -> None:
    """Of what a member asks one account for, keep the newest: of two rows that became one."""
    newer = friend_requests.alias()
    await connection.execute(
        delete(friend_requests).where(
            friend_requests.c.member_id == member_id,
            _OPEN,
            exists().where(
                newer.c.account == friend_requests.c.account,
                newer.c.member_id == member_id,
                newer.c.finished_at.is_(None),
                newer.c.id > friend_requests.c.id,
            ),
        )
    )


async def decide(
    connection: AsyncConnection,
    request_ids: Collection[int],
    verdict: Verdict,
    *,
    by: str,
    at: datetime,
) -> set[int]:
    """Decide about requests that wait; the numbers of those that did. The first word counts.

    Who asks is told nothing of a refusal, so that is the end of it.
    """
    done = await connection.execute(
        update(friend_requests)
        .where(friend_requests.c.id.in_(list(request_ids)), _WAITS)
        .values(
            decided=verdict,
            decided_by=by,
            decided_at=at,
            finished_at=at if verdict is Verdict.REFUSED else None,
        )
        .returning(friend_requests.c.id)
    )
    return set(done.scalars())


async def note_friends(
    connection: AsyncConnection, account: str, member_id: int, at: datetime
) -> None:
    """The platform says that an account and a member are friends now, by whosever hand.

    The member's newest request has come that far; one that was refused stays so. Who never asked
    has no request, and nothing changes.
    """
    newest = (
        select(func.max(friend_requests.c.id))
        .where(friend_requests.c.account == account, friend_requests.c.member_id == member_id)
        .scalar_subquery()
    )
    waited = friend_requests.c.decided.is_(None)
    await connection.execute(
        update(friend_requests)
        .where(
            friend_requests.c.id == newest,
            _STRANGERS,
            or_(waited, friend_requests.c.decided == Verdict.ADMITTED),
        )
        .values(
            decided=Verdict.ADMITTED,
            decided_by=case((waited, BY_PLATFORM), else_=friend_requests.c.decided_by),
            decided_at=func.coalesce(friend_requests.c.decided_at, at),
            friends_at=at,
            finished_at=None,
        )
    )


async def mark_friends(connection: AsyncConnection, request_id: int, at: datetime) -> None:
    """Note that the platform granted a request."""
    await connection.execute(
        update(friend_requests)
        .where(friend_requests.c.id == request_id, _STRANGERS)
        .values(friends_at=at)
    )


async def finish(connection: AsyncConnection, request_id: int, at: datetime) -> None:
    """Note that nothing is left to be done about a request."""
    await connection.execute(
        update(friend_requests).where(friend_requests.c.id == request_id).values(finished_at=at)
    )


async def mark_told(
    connection: AsyncConnection, request_ids: Collection[int], at: datetime
) -> None:
    """Note that the staff know that these wait."""
    await connection.execute(
        update(friend_requests)
        .where(friend_requests.c.id.in_(list(request_ids)))
        .values(told_at=at)
    )


async def request_by_id(connection: AsyncConnection, request_id: int) -> FriendRequest | None:
    """One request by its number."""
    found = await _requests(connection, _SELECTED.where(friend_requests.c.id == request_id))
    return found[0] if found else None


async def waiting(connection: AsyncConnection, account: str | None = None) -> list[FriendRequest]:
    """What waits for a person, of one account or of all, the oldest first."""
    question = _SELECTED.where(_WAITS)
    if account is not None:
        question = question.where(friend_requests.c.account == account)
    return await _requests(connection, question)


async def untold(connection: AsyncConnection, account: str) -> list[FriendRequest]:
    """What waits for a person at an account, and the staff do not know of."""
    of_account = friend_requests.c.account == account
    question = _SELECTED.where(of_account, _WAITS, friend_requests.c.told_at.is_(None))
    return await _requests(connection, question)


async def granted(connection: AsyncConnection, account: str) -> list[FriendRequest]:
    """What was granted at an account and is not finished: to befriend, or friends to welcome."""
    return await _requests(
        connection,
        _SELECTED.where(
            friend_requests.c.account == account,
            _OPEN,
            friend_requests.c.decided == Verdict.ADMITTED,
        ),
    )


_SELECTED = select(
    friend_requests.c.id,
    friend_requests.c.account,
    friend_requests.c.request,
    friend_requests.c.member_id,
    members.c.platform,
    members.c.person,
    members.c.name,
    friend_requests.c.words,
    friend_requests.c.asked_at,
    friend_requests.c.decided,
    friend_requests.c.decided_by,
    friend_requests.c.friends_at,
    friend_requests.c.finished_at,
).select_from(friend_requests.join(members))


async def _requests(connection: AsyncConnection, question: Select[Any]) -> list[FriendRequest]:
    rows = await connection.execute(question.order_by(friend_requests.c.id))
    return [
        FriendRequest(
            id=row.id,
            account=row.account,
            request=row.request,
            member_id=row.member_id,
            platform=row.platform,
            person=row.person,
            name=row.name,
            words=row.words,
            asked_at=row.asked_at,
            decided=None if row.decided is None else Verdict(row.decided),
            decided_by=row.decided_by,
            friends_at=row.friends_at,
            finished=row.finished_at is not None,
        )
        for row in rows
    ]
