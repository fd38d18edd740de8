"""Identities: who may be whom, where a platform has changed the ids of people and groups.

    kept, decided at once           the likeness was certain: the member has the new id
    kept → told (to the managers) → decided by one of them          it was not

A match names a member (with the id they had `before`) and the id `after` that somebody has now.
What was decided stays, so that whoever is named by an id of old is found again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert, insert_new
from storage.tables import identity_matches, members
from storage.tags import BY_RULE


class Answer(StrEnum):
    """What was decided about a match."""

    SAME = "same"
    OTHER = "other"


BY_LIKENESS = f"{BY_RULE}likeness"
"""Who decided where nobody was asked."""

_UNDECIDED = identity_matches.c.decided.is_(None)


@dataclass(frozen=True, slots=True)
class NewMatch:
    """A member may be who has the id `after` now. `confidence` is in percent, `why` are codes."""

    member_id: int
    before: str
    after: str
    name: str
    confidence: int
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A match as it stands; `name` is of whoever has the id now, `member_name` of the member."""

    id: int
    account: str
    platform: str
    member_id: int
    member_name: str
    before: str
    after: str
    name: str
    confidence: int
    why: tuple[str, ...]
    decided: Answer | None
    decided_by: str | None


async def keep_doubtful(
    connection: AsyncConnection, account: str, new: Sequence[NewMatch], at: datetime
) -> None:
    """Keep matches for a manager to decide; those that are kept already stay as they are."""
    await insert_new(connection, identity_matches, [_row(account, one, at) for one in new])


async def keep_certain(
    connection: AsyncConnection, account: str, new: Sequence[NewMatch], at: datetime
) -> None:
    """Keep matches that need no manager, and ask nothing more about who is in them."""
    if not new:
        return
    decision = {"decided": Answer.SAME, "decided_by": BY_LIKENESS, "decided_at": at}
    statement = insert(connection, identity_matches)
    told = {name: statement.excluded[name] for name in ("confidence", "why", *decision)}
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account", "member_id", "after"], set_=told, where=_UNDECIDED
        ),
        [_row(account, one, at) | decision for one in new],
    )
    found = [(one.member_id, one.after) for one in new]
    await _close_others(connection, account, found, by=BY_LIKENESS, at=at)


def _row(account: str, one: NewMatch, at: datetime) -> dict[str, Any]:
    return {
        "account": account,
        "member_id": one.member_id,
        "before": one.before,
        "after": one.after,
        "name": one.name,
        "confidence": one.confidence,
        "why": list(one.why),
        "at": at,
    }


async def ruled_out(connection: AsyncConnection, account: str) -> set[tuple[int, str]]:
    """The members and ids of which it was decided that they are not the same."""
    rows = await connection.execute(
        select(identity_matches.c.member_id, identity_matches.c.after).where(
            identity_matches.c.account == account, identity_matches.c.decided == Answer.OTHER
        )
    )
    return {(row.member_id, row.after) for row in rows}


async def undecided(connection: AsyncConnection, *, untold_on: str | None = None) -> list[Match]:
    """What waits for a manager, the oldest first; of an account, what they were not told of yet."""
    question = _SELECTED.where(_UNDECIDED)
    if untold_on is not None:
        question = question.where(
            identity_matches.c.account == untold_on, identity_matches.c.told_at.is_(None)
        )
    return await _matches(connection, question)


async def match_by_id(connection: AsyncConnection, match_id: int) -> Match | None:
    """One match."""
    found = await _matches(connection, _SELECTED.where(identity_matches.c.id == match_id))
    return found[0] if found else None


async def mark_told(connection: AsyncConnection, match_ids: Collection[int], at: datetime) -> None:
    """Note that managers were asked."""
    await connection.execute(
        update(identity_matches).where(among(identity_matches.c.id, match_ids)).values(told_at=at)
    )


async def decide(
    connection: AsyncConnection, match: Match, answer: Answer, *, by: str, at: datetime
) -> bool:
    """Decide about a match; False where somebody has before. The first word counts.

    Somebody is one person, and was one: with `SAME`, whatever else was asked about either is
    decided, too.
    """
    decision = {"decided_by": by, "decided_at": at}
    done = await connection.execute(
        update(identity_matches)
        .where(identity_matches.c.id == match.id, _UNDECIDED)
        .values(decided=answer, **decision)
    )
    if not done.rowcount:
        return False
    if answer is Answer.SAME:
        await _close_others(
            connection, match.account, [(match.member_id, match.after)], by=by, at=at
        )
    return True


async def _close_others(
    connection: AsyncConnection,
    account: str,
    found: Sequence[tuple[int, str]],
    *,
    by: str,
    at: datetime,
) -> None:
    """Of members who are known by an id again: nothing is to be asked about either any more."""
    members_found = among(identity_matches.c.member_id, [member for member, _ in found])
    ids_found = among(identity_matches.c.after, [person for _, person in found])
    await connection.execute(
        update(identity_matches)
        .where(identity_matches.c.account == account, _UNDECIDED, members_found | ids_found)
        .values(decided=Answer.OTHER, decided_by=by, decided_at=at)
    )


async def drop_outdated(connection: AsyncConnection, account: str, shown: Collection[str]) -> None:
    """Ask no more about ids that ended before anybody spoke by them: nobody has them now."""
    known = exists().where(members.c.person == identity_matches.c.after)
    open_ = await connection.execute(
        select(identity_matches.c.id, identity_matches.c.after).where(
            identity_matches.c.account == account, _UNDECIDED, ~known
        )
    )
    outdated = [row.id for row in open_ if row.after not in shown]
    await connection.execute(delete(identity_matches).where(among(identity_matches.c.id, outdated)))


async def follow(connection: AsyncConnection, account: str, moved: Mapping[str, str]) -> None:
    """Who was asked about by an id has another one now; who has, by `moved`: what is asked, too."""
    asked = identity_matches.c.account == account, _UNDECIDED
    found = await connection.execute(
        select(identity_matches.c.id, identity_matches.c.member_id, identity_matches.c.after).where(
            *asked, among(identity_matches.c.after, [*moved, *moved.values()])
        )
    )
    rows = found.all()
    there = {(row.member_id, row.after) for row in rows}
    for row in rows:
        if row.after not in moved:
            continue
        one = identity_matches.c.id == row.id
        if (row.member_id, moved[row.after]) in there:
            await connection.execute(delete(identity_matches).where(one))
        else:
            await connection.execute(
                update(identity_matches).where(one).values(after=moved[row.after])
            )


async def is_asked_about(connection: AsyncConnection, member_id: int) -> bool:
    """Whether a manager is still to say who a member is now."""
    question = select(identity_matches.c.id).where(
        identity_matches.c.member_id == member_id, _UNDECIDED
    )
    return await connection.scalar(question.limit(1)) is not None


async def once_known_as(connection: AsyncConnection, platform: str, person: str) -> int | None:
    """The member who had this id before a platform changed it; None where nobody is known to."""
    found: int | None = await connection.scalar(
        select(identity_matches.c.member_id)
        .join(members)
        .where(
            members.c.platform == platform,
            identity_matches.c.before == person,
            identity_matches.c.decided == Answer.SAME,
        )
        .order_by(identity_matches.c.id.desc())
        .limit(1)
    )
    return found


_SELECTED = select(identity_matches, members.c.name.label("member_name"), members.c.platform).join(
    members
)


async def _matches(connection: AsyncConnection, question: Select[Any]) -> list[Match]:
    rows = await connection.execute(question.order_by(identity_matches.c.id))
    return [
        Match(
            id=row.id,
            account=row.account,
            platform=row.platform,
            member_id=row.member_id,
            member_name=row.member_name,
            before=row.before,
            after=row.after,
            name=row.name,
            confidence=row.confidence,
            why=tuple(row.why),
            decided=None if row.decided is None else Answer(row.decided),
            decided_by=row.decided_by,
        )
        for row in rows
    ]
