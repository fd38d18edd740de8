"""Identities: who may be whom, where a platform has changed the ids of people and groups.

    kept, decided at once           the likeness was certain: the member has the new id
    kept → told (to the managers) → decided by one of them          it was not
    kept → closed                   what was said of another match answers this one

A match names a member (with the id they had `before`) and the id `after` that somebody has now.
What was decided stays, so that whoever is named by an id of old is found again. Ids may change
again while a match is open: the id `after` has then ended as well, the member who had it is
somebody to be found too, and a member can be who had it as well as who has another one now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert
from storage.tables import identity_matches, members
from storage.tags import BY_RULE


class Answer(StrEnum):
    """What was decided about a match."""

    SAME = "same"
    OTHER = "other"
    CLOSED = "closed"  # nobody said anything of it, and nobody need any more


BY_LIKENESS = f"{BY_RULE}likeness"
"""Who decided where nobody was asked."""

_UNDECIDED = identity_matches.c.decided.is_(None)
_DECIDED = identity_matches.c.decided.is_not(None)
# Written out for the indexes over them.
_SAME = identity_matches.c.decided == literal_column("'same'")
_DENIED = identity_matches.c.decided.in_([literal_column("'other'"), literal_column("'closed'")])
_NOT_DENIED = identity_matches.c.decided != Answer.OTHER


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
    """Keep matches for a manager to decide; those that wait or were denied stay as they are.

    An id may come back that a member had before: whether they are who has it is asked anew.
    """
    if not new:
        return
    asked = {"told_at": None, "decided": None, "decided_by": None, "decided_at": None}
    rows = [_row(account, one, at) | asked for one in new]
    await _keep(connection, rows, _DECIDED & _NOT_DENIED)


async def keep_certain(
    connection: AsyncConnection, account: str, new: Sequence[NewMatch], at: datetime
) -> None:
    """Keep matches that need no manager, and ask nothing more about who is in them."""
    if not new:
        return
    decision = {"decided": Answer.SAME, "decided_by": BY_LIKENESS, "decided_at": at}
    rows = [_row(account, one, at) | decision for one in new]
    await _keep(connection, rows, or_(_UNDECIDED, _NOT_DENIED))
    found = {one.member_id: one.after for one in new}
    ended = await _ended(connection, account) - {*found.values()}
    await _close_others(connection, account, found, ended, decision)


async def _keep(
    connection: AsyncConnection, rows: Sequence[dict[str, Any]], again: ColumnElement[bool]
) -> None:
    """Keep matches; those that are there already are kept anew where they are as `again` says."""
    statement = insert(connection, identity_matches)
    unchanged = {"account", "member_id", "after"}
    anew = {name: statement.excluded[name] for name in rows[0] if name not in unchanged}
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account", "member_id", "after"], set_=anew, where=again
        ),
        rows,
    )


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

    With `SAME`, nothing else need be asked about either as far as this answers it.
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
        found = {match.member_id: match.after}
        ended = await _ended(connection, match.account)
        await _close_others(connection, match.account, found, ended, decision)
    return True


async def _close_others(
    connection: AsyncConnection,
    account: str,
    found: Mapping[int, str],
    ended: Collection[str],
    decision: Mapping[str, Any],
) -> None:
    """Close what is answered by these members having these ids.

    Nobody else has or had such an id. And a member has one id now; which they had before that,
    between two changes, is another question, and stays open.
    """
    here = select(
        identity_matches.c.id, identity_matches.c.member_id, identity_matches.c.after
    ).where(identity_matches.c.account == account, _UNDECIDED)
    theirs = among(identity_matches.c.member_id, [*found])
    rivals = await connection.execute(here.where(among(identity_matches.c.after, found.values())))
    others = await connection.execute(here.where(theirs))
    closed = {row.id for row in rivals} | {
        row.id for row in others if row.after not in ended and found[row.member_id] not in ended
    }
    await connection.execute(
        update(identity_matches)
        .where(among(identity_matches.c.id, closed))
        .values({**decision, "decided": Answer.CLOSED})
    )


async def _ended(connection: AsyncConnection, account: str) -> set[str]:
    """The ids asked about whose own members are to be found by others, or can be by none."""
    itself = identity_matches.alias()
    asked_about = exists().where(
        itself.c.account == account,
        itself.c.member_id == members.c.id,
        itself.c.decided.is_(None),
    )
    found = await connection.scalars(
        select(members.c.person)
        .join(identity_matches, identity_matches.c.after == members.c.person)
        .where(
            identity_matches.c.account == account,
            or_(_UNDECIDED, identity_matches.c.decided == Answer.SAME),
            or_(members.c.unreachable_at.is_not(None), asked_about),
        )
    )
    return set(found)


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


async def delete_denied_before(connection: AsyncConnection, before: datetime, *, batch: int) -> int:
    """Forget who is not somebody, decided before a moment, where nobody is known by that id.

    They are `batch` at most; how many there were.
    """
    known = exists().where(members.c.person == identity_matches.c.after)
    old = (
        select(identity_matches.c.id)
        .where(
            _DENIED,
            identity_matches.c.decided_at < before,
            ~known,
        )
        .limit(batch)
    )
    gone = await connection.execute(delete(identity_matches).where(identity_matches.c.id.in_(old)))
    return gone.rowcount


async def follow(connection: AsyncConnection, account: str, moved: Mapping[str, str]) -> None:
    """Who was asked about by an id has another one now; who has, by `moved`: what is asked, too."""
    found = await connection.execute(
        select(
            identity_matches.c.id,
            identity_matches.c.member_id,
            identity_matches.c.after,
            identity_matches.c.decided,
        ).where(
            identity_matches.c.account == account,
            among(identity_matches.c.after, [*moved, *moved.values()]),
        )
    )
    rows = found.all()
    there = {(row.member_id, row.after) for row in rows}
    for row in rows:
        if row.decided is not None or row.after not in moved:
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
            or_(identity_matches.c.before == person, identity_matches.c.after == person),
            _SAME,
        )
        .order_by(identity_matches.c.id.desc())
        .limit(1)
    )
    return found


_SELECTED = select(identity_matches, members.c.name.label("member_name"), members.c.platform).join(
    members
)


async def _matches(connection: AsyncConnection, question: Select[Any]) -> list[Match]:
    ordered = question.order_by(identity_matches.c.account, identity_matches.c.id)
    rows = await connection.execute(ordered)
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
