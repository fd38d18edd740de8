"""Analysed days: one compact document for each (group, day), which are stale, and who reads them.

A day that is over is analysed once. A late message, an import, an edit or a forgotten member
marks it dirty; other words or rules give another version. Either way it is stale: reports use it
as it stands until somebody has read it again.

Whoever reads a day claims it first. A claim is a number that grows: with each claim, and with
each change of the day. What was read is stored under the number it was claimed with, or not at
all, so that a change during the reading, or a reader who was thought dead, never leaves an old
reading behind that looks new. Claims end by themselves, in real time, like the leases of lanes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import (
    Date,
    Text,
    column,
    func,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
    update,
    values,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert
from storage.columns import UtcDateTime
from storage.lanes import now_and_in
from storage.tables import analysed_days, groups, messages

UNREAD = ""
"""The version of a day that somebody claimed and nobody has read yet."""


@dataclass(frozen=True, slots=True)
class DayState:
    """How the analysis of one group's day stands.

    `claim` is its number; `claimed` tells whether somebody is reading it now.
    """

    group_id: int
    day: date
    version: str
    dirty: bool
    claim: int
    claimed: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to store the analysis of one day, until it changes or the claim ends."""

    group_id: int
    day: date
    number: int


async def day_states(
    connection: AsyncConnection, group_ids: Collection[int], first: date, last: date
) -> list[DayState]:
    """How the days of these groups stand that anybody ever claimed, first ≤ day ≤ last."""
    now, _ = now_and_in(connection, timedelta(0))
    claimed = analysed_days.c.claimed_until.is_not(None) & (analysed_days.c.claimed_until > now)
    rows = await connection.execute(
        select(
            analysed_days.c.group_id,
            analysed_days.c.day,
            analysed_days.c.version,
            analysed_days.c.dirty,
            analysed_days.c.claim,
            claimed.label("claimed"),
        ).where(
            among(analysed_days.c.group_id, group_ids), analysed_days.c.day.between(first, last)
        )
    )
    return [DayState(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Standing:
    """How many read days stand by one version, and what changes whenever one of them does."""

    version: str
    days: int
    claims: int
    dirty: int


async def standing(
    connection: AsyncConnection,
    group_ids: Collection[int],
    first: date,
    last: date,
    *,
    but: date,
) -> tuple[Standing, ...]:
    """How the days of these groups stand that have been read, first ≤ day ≤ last, one day left out.

    As long as it is the same, so are their bodies: a day's number grows with each claim and each
    change, and between these only its being read changes its version or makes it clean.
    """
    rows = await connection.execute(
        select(
            analysed_days.c.version,
            func.count(),
            func.sum(analysed_days.c.claim),
            func.count().filter(analysed_days.c.dirty),
        )
        .where(
            among(analysed_days.c.group_id, group_ids),
            analysed_days.c.day.between(first, last),
            analysed_days.c.day != but,
            analysed_days.c.version != UNREAD,
        )
        .group_by(analysed_days.c.version)
        .order_by(analysed_days.c.version)
    )
    return tuple(Standing(row[0], row[1], int(row[2]), row[3]) for row in rows)


async def bodies(
    connection: AsyncConnection, group_id: int, days: Collection[date]
) -> dict[date, str]:
    """Day → its analysis as JSON text, as far as these days of a group have been read."""
    rows = await connection.execute(
        select(analysed_days.c.day, type_coerce(analysed_days.c.body, Text)).where(
            analysed_days.c.group_id == group_id,
            among(analysed_days.c.day, days),
            analysed_days.c.version != UNREAD,
        )
    )
    return {row[0]: row[1] for row in rows}


async def bodies_between(
    connection: AsyncConnection, group_ids: Collection[int], first: date, last: date
) -> dict[int, list[str]]:
    """Group id → its days' analyses as JSON texts, as far as they have been read."""
    rows = await connection.execute(
        select(analysed_days.c.group_id, type_coerce(analysed_days.c.body, Text))
        .where(
            among(analysed_days.c.group_id, group_ids),
            analysed_days.c.day.between(first, last),
            analysed_days.c.version != UNREAD,
        )
        .order_by(analysed_days.c.group_id, analysed_days.c.day)
    )
    found: dict[int, list[str]] = {}
    for group_id, body in rows:
        found.setdefault(group_id, []).append(body)
    return found


async def bodies_of_day(
    connection: AsyncConnection, group_ids: Collection[int], day: date
) -> dict[int, str]:
    """Group id → the analysis of its day as JSON text, of those that have been read."""
    rows = await connection.execute(
        select(analysed_days.c.group_id, type_coerce(analysed_days.c.body, Text)).where(
            among(analysed_days.c.group_id, group_ids),
            analysed_days.c.day == day,
            analysed_days.c.version != UNREAD,
        )
    )
    return {row[0]: row[1] for row in rows}


async def spoken_days(
    connection: AsyncConnection,
    group_ids: Collection[int],
    spans: Mapping[date, tuple[datetime, datetime]],
) -> set[tuple[int, date]]:
    """The (group id, day) pairs on which anything was said that is still stored.

    `spans` maps each day that is asked about to the moments at which it begins and is over.
    """
    if not spans or not group_ids:
        return set()
    asked = values(
        column("day", Date),
        column("since", UtcDateTime),
        column("until", UtcDateTime),
        name="asked",
    ).data([(day, since, until) for day, (since, until) in spans.items()])
    span = asked.cte()
    said = (
        select(messages.c.id)
        .where(
            messages.c.group_id == groups.c.id,
            messages.c.at >= span.c.since,
            messages.c.at < span.c.until,
        )
        .exists()
    )
    found = await connection.execute(
        select(groups.c.id, span.c.day)
        .select_from(groups.join(span, true()))
        .where(among(groups.c.id, group_ids), said)
    )
    return {(row.id, row.day) for row in found}


async def claim_day(
    connection: AsyncConnection,
    group_id: int,
    day: date,
    lasts: timedelta,
    *,
    seen: int | None,
) -> Claim | None:
    """Claim a day for `lasts`, if it still stands as it was seen and nobody is reading it.

    In a transaction before the one that reads, so that no change falls between the two.

    Args:
        connection: an open transaction.
        group_id: the group.
        day: its day.
        lasts: how long the claim holds unless it is kept.
        seen: the day's number as `day_states` told it; None where it told of none.
    """
    now, until = now_and_in(connection, lasts)
    if seen is None:
        # Whoever is storing a message of this group has this row locked for its reference.
        # PostgreSQL makes us wait for it here: its message is read, or it marks the day dirty.
        await connection.execute(
            select(groups.c.id).where(groups.c.id == group_id).with_for_update()
        )
        made = await connection.execute(
            insert(connection, analysed_days)
            .values(
                group_id=group_id,
                day=day,
                version=UNREAD,
                body={},
                dirty=False,
                analysed_at=now,
                claim=1,
                claimed_until=until,
            )
            .on_conflict_do_nothing()
        )
        return Claim(group_id, day, 1) if made.rowcount == 1 else None
    taken = await connection.execute(
        update(analysed_days)
        .where(
            analysed_days.c.group_id == group_id,
            analysed_days.c.day == day,
            analysed_days.c.claim == seen,
            or_(analysed_days.c.claimed_until.is_(None), analysed_days.c.claimed_until <= now),
        )
        .values(claim=seen + 1, claimed_until=until)
    )
    return Claim(group_id, day, seen + 1) if taken.rowcount == 1 else None


async def keep_claim(connection: AsyncConnection, claim: Claim, lasts: timedelta) -> bool:
    """Hold the claim for another `lasts` from now; False where it is worth nothing any more."""
    _, until = now_and_in(connection, lasts)
    return await _change(connection, claim, claimed_until=until)


async def give_up(connection: AsyncConnection, claim: Claim) -> None:
    """Let others claim the day at once."""
    await _change(connection, claim, claimed_until=None)


async def store_day(
    connection: AsyncConnection, claim: Claim, *, version: str, body: str, at: datetime
) -> bool:
    """Keep what was read of a claimed day, as JSON text; False where the claim is worth nothing.

    The day is clean from now on, and its number stays as it is: it names this reading.
    """
    return await _change(
        connection,
        claim,
        version=version,
        body=type_coerce(body, Text),
        dirty=False,
        analysed_at=at,
        claimed_until=None,
    )


async def _change(connection: AsyncConnection, claim: Claim, **fresh: object) -> bool:
    """Change a day that still stands as it was claimed; whether it did."""
    done = await connection.execute(
        update(analysed_days)
        .where(
            analysed_days.c.group_id == claim.group_id,
            analysed_days.c.day == claim.day,
            analysed_days.c.claim == claim.number,
        )
        .values(**fresh)
    )
    return done.rowcount == 1


async def mark_dirty(connection: AsyncConnection, days: Iterable[tuple[int, date]]) -> None:
    """Mark (group id, day) pairs to be analysed again; those never analysed stay as they are.

    What is being read of them now will not be stored.
    """
    pairs = list(days)
    if not pairs:
        return
    await connection.execute(
        update(analysed_days)
        .where(tuple_(analysed_days.c.group_id, analysed_days.c.day).in_(pairs))
        .values(dirty=True, claim=analysed_days.c.claim + 1, claimed_until=None)
    )
