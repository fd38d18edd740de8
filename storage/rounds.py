"""Rounds: a poll, a chain (接龙) or a draw that is open in some groups until its deadline.

A round is announced by the campaign of its own key, and is open to whoever sits in a group that
was sent that post. Each customer has one entry, which they may change or take back until the round
closes. Whoever changes a round's entries, or closes it, holds its row until that is committed: so
numbers are given once, nothing comes in behind the close, and a round is closed once, by whichever
process. The secret of a draw is made with it and published when it is over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Text, cast, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert_new
from storage.members import name_of_customer
from storage.tables import campaigns, members, memberships, round_entries, rounds


class RoundKind(StrEnum):
    """What is done in a round; also the programme of the campaign that announces it."""

    POLL = "poll"
    CHAIN = "chain"
    DRAW = "draw"


@dataclass(frozen=True, slots=True)
class NewRound:
    """What a round is made from.

    `options` are what is chosen from, or each prize with how many; of a chain nothing at first.
    """

    key: str
    kind: RoundKind
    title: str
    options: Sequence[Any]
    closes_at: datetime
    made_by: str
    made_at: datetime
    secret: str


@dataclass(frozen=True, slots=True)
class Round:
    """A round as it stands; `result` is there once it is closed, unless it was called off."""

    id: int
    key: str
    kind: RoundKind
    title: str
    options: tuple[Any, ...]
    closes_at: datetime
    made_by: str
    made_at: datetime
    secret: str
    closed_at: datetime | None
    result: Mapping[str, Any] | None

    @property
    def called_off(self) -> bool:
        """Whether it is over without anything having come of it."""
        return self.closed_at is not None and self.result is None

    @property
    def over_at(self) -> datetime:
        """From when on it takes no entries: somebody may have closed it before its time."""
        return self.closes_at if self.closed_at is None else min(self.closed_at, self.closes_at)

    def takes(self, at: datetime) -> bool:
        """Whether an entry of this moment counts."""
        return self.closed_at is None and at <= self.closes_at


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did in a round; without a customer it was somebody's who is forgotten."""

    number: int
    customer_id: int | None
    name: str
    body: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """What was entered in a round, without whose it is: each thing, and by how many people."""

    entered: tuple[tuple[Mapping[str, Any], int], ...] = ()

    @property
    def people(self) -> int:
        """How many took part."""
        return sum(count for _, count in self.entered)


ROUND = (
    rounds.c.id,
    rounds.c.key,
    rounds.c.kind,
    rounds.c.title,
    rounds.c.options,
    rounds.c.closes_at,
    rounds.c.made_by,
    rounds.c.made_at,
    rounds.c.secret,
    rounds.c.closed_at,
    rounds.c.result,
)
"""The columns that `round_of` makes a round of."""


def round_of(row: Any) -> Round:
    """The round in a row of the columns `ROUND`."""
    values: dict[str, Any] = {column.name: getattr(row, column.name) for column in ROUND}
    return Round(**{**values, "kind": RoundKind(row.kind), "options": tuple(row.options)})


async def open_round(connection: AsyncConnection, shop_id: int, new: NewRound) -> Round:
    """Make a round; one with this key is left as it stands."""
    row = {
        "shop_id": shop_id,
        "key": new.key,
        "kind": new.kind,
        "title": new.title,
        "options": list(new.options),
        "closes_at": new.closes_at,
        "made_by": new.made_by,
        "made_at": new.made_at,
        "secret": new.secret,
    }
    await insert_new(connection, rounds, [row])
    found = await connection.execute(select(*ROUND).where(rounds.c.key == new.key))
    return round_of(found.one())


async def round_numbered(connection: AsyncConnection, shop_id: int, number: int) -> Round | None:
    """The shop's round of this number."""
    return await _one(connection, rounds.c.id == number, rounds.c.shop_id == shop_id)


async def round_keyed(connection: AsyncConnection, shop_id: int, key: str) -> Round | None:
    """The shop's round that the campaign of this key announces."""
    return await _one(connection, rounds.c.key == key, rounds.c.shop_id == shop_id)


async def _one(connection: AsyncConnection, *which: Any, hold: bool = False) -> Round | None:
    asking = select(*ROUND).where(*which)
    row = (await connection.execute(asking.with_for_update() if hold else asking)).one_or_none()
    return None if row is None else round_of(row)


async def hold_round(connection: AsyncConnection, round_id: int) -> Round:
    """The round as it stands, so that entries and other closings wait for this transaction.

    Raises:
        LookupError: there is none.
    """
    found = await _one(connection, rounds.c.id == round_id, hold=True)
    if found is None:
        raise LookupError(round_id)
    return found


async def latest_rounds(
    connection: AsyncConnection, shop_id: int, kind: RoundKind, most: int
) -> list[Round]:
    """The last rounds of a kind that were announced, the newest first."""
    rows = await connection.execute(
        select(*ROUND)
        .where(
            rounds.c.shop_id == shop_id,
            rounds.c.kind == kind,
            exists().where(campaigns.c.key == rounds.c.key),
        )
        .order_by(rounds.c.id.desc())
        .limit(most)
    )
    return [round_of(row) for row in rows]


async def overdue_rounds(connection: AsyncConnection, shop_id: int, now: datetime) -> list[int]:
    """The numbers of the rounds whose deadline is over and which nobody has closed."""
    found = await connection.scalars(
        select(rounds.c.id)
        .where(rounds.c.shop_id == shop_id, rounds.c.closed_at.is_(None), rounds.c.closes_at < now)
        .order_by(rounds.c.id)
    )
    return list(found)


async def enter(
    connection: AsyncConnection,
    round_id: int,
    customer_id: int,
    body: Mapping[str, Any],
    at: datetime,
) -> int | None:
    """Take part with this, instead of what the customer entered before; the entry's number.

    None where the round takes nothing of this moment any more.
    """
    held = await hold_round(connection, round_id)
    if not held.takes(at):
        return None
    mine = (round_entries.c.round_id == round_id, round_entries.c.customer_id == customer_id)
    before = await connection.scalar(select(round_entries.c.number).where(*mine))
    if before is not None:
        await connection.execute(update(round_entries).where(*mine).values(body=dict(body)))
        return int(before)
    counted = await connection.execute(
        update(rounds)
        .where(rounds.c.id == round_id)
        .values(last_number=rounds.c.last_number + 1)
        .returning(rounds.c.last_number)
    )
    number = int(counted.scalar_one())
    row = {
        "round_id": round_id,
        "customer_id": customer_id,
        "number": number,
        "body": dict(body),
        "at": at,
    }
    await insert_new(connection, round_entries, [row])
    return number


async def leave(
    connection: AsyncConnection, round_id: int, customer_id: int, at: datetime
) -> bool | None:
    """Take the customer's entry back; False where there is none, None where it is too late."""
    held = await hold_round(connection, round_id)
    if not held.takes(at):
        return None
    gone = await connection.execute(
        delete(round_entries).where(
            round_entries.c.round_id == round_id, round_entries.c.customer_id == customer_id
        )
    )
    return gone.rowcount > 0


async def pass_over(
    connection: AsyncConnection, round_id: int, digests: Sequence[str], *, most: int
) -> None:
    """Note lines of a chain that count for nobody, by their digests; the last so many are kept.

    They stand in the chain's `options`, as there is nothing in it to choose from.
    """
    held = await hold_round(connection, round_id)
    known = list(dict.fromkeys([*held.options, *digests]))[-most:]
    await connection.execute(update(rounds).where(rounds.c.id == round_id).values(options=known))


async def drop_entries_of(
    connection: AsyncConnection, round_id: int, customer_ids: Collection[int]
) -> None:
    """Take what these customers entered out of a round; their numbers are never given again."""
    await connection.execute(
        delete(round_entries).where(
            round_entries.c.round_id == round_id, among(round_entries.c.customer_id, customer_ids)
        )
    )


async def drop_entries_from_outside(
    connection: AsyncConnection, round_id: int, group_ids: Collection[int]
) -> None:
    """The same of everybody who sits in none of these groups any more."""
    there = (
        select(members.c.id)
        .join(memberships, memberships.c.member_id == members.c.id)
        .where(
            members.c.customer_id == round_entries.c.customer_id,
            among(memberships.c.group_id, group_ids),
            memberships.c.left_at.is_(None),
        )
    )
    await connection.execute(
        delete(round_entries).where(round_entries.c.round_id == round_id, ~there.exists())
    )


async def tally(connection: AsyncConnection, round_id: int) -> Tally:
    """What was entered in a round; quick however many took part."""
    rows = await connection.execute(
        select(round_entries.c.body, func.count())
        .where(round_entries.c.round_id == round_id)
        .group_by(round_entries.c.body)
        .order_by(func.min(round_entries.c.number))
    )
    return Tally(tuple((body, count) for body, count in rows))


async def numbers_in(connection: AsyncConnection, round_id: int) -> list[int]:
    """The numbers of a round's entries, in no order; many thousands come as one text, quickly."""
    listed = func.aggregate_strings(cast(round_entries.c.number, Text), ",")
    found = await connection.scalar(select(listed).where(round_entries.c.round_id == round_id))
    return [int(number) for number in (found or "").split(",") if number]


async def names_of(
    connection: AsyncConnection, round_id: int, numbers: Collection[int]
) -> dict[int, str]:
    """Number → whose it is, by name; who is forgotten has none."""
    meant = among(round_entries.c.number, numbers)
    found = await _entries(connection, round_entries.c.round_id == round_id, meant)
    return {one.number: one.name for one in found if one.name}


async def entries(connection: AsyncConnection, round_id: int) -> list[Entry]:
    """What everybody entered, in the order they first came."""
    return await _entries(connection, round_entries.c.round_id == round_id)


async def _entries(
    connection: AsyncConnection, *which: Any, most: int | None = None
) -> list[Entry]:
    name = name_of_customer(round_entries.c.customer_id)
    rows = await connection.execute(
        select(
            round_entries.c.number,
            round_entries.c.customer_id,
            name,
            round_entries.c.body,
            round_entries.c.at,
        )
        .where(*which)
        .order_by(round_entries.c.number)
        .limit(most)
    )
    return [
        Entry(number, customer, called or "", body, at)
        for number, customer, called, body, at in rows
    ]


async def entry_of(connection: AsyncConnection, round_id: int, customer_id: int) -> Entry | None:
    """What a customer entered."""
    theirs = (round_entries.c.round_id == round_id, round_entries.c.customer_id == customer_id)
    return next(iter(await _entries(connection, *theirs)), None)


async def close_round(
    connection: AsyncConnection, round_id: int, result: Mapping[str, Any] | None, at: datetime
) -> bool:
    """Close a round with its result, None where it is called off; False: it was closed already."""
    done = await connection.execute(
        update(rounds)
        .where(rounds.c.id == round_id, rounds.c.closed_at.is_(None))
        .values(closed_at=at, result=None if result is None else dict(result))
    )
    return done.rowcount == 1


async def note_told(connection: AsyncConnection, round_id: int, number: int, at: datetime) -> bool:
    """Note that who has this number is told in private; False where that was noted before."""
    noted = await connection.execute(
        update(round_entries)
        .where(
            round_entries.c.round_id == round_id,
            round_entries.c.number == number,
            round_entries.c.told_at.is_(None),
        )
        .values(told_at=at)
    )
    return noted.rowcount == 1


async def told_before(
    connection: AsyncConnection, round_id: int, numbers: Collection[int], before: datetime
) -> set[int]:
    """Those of these numbers whose telling was noted before a moment, and who are still known."""
    found = await connection.scalars(
        select(round_entries.c.number).where(
            round_entries.c.round_id == round_id,
            among(round_entries.c.number, numbers),
            round_entries.c.told_at < before,
            round_entries.c.customer_id.is_not(None),
        )
    )
    return set(found)


async def note_untold(connection: AsyncConnection, round_id: int, number: int) -> None:
    """Take it back that who has this number is told."""
    await connection.execute(
        update(round_entries)
        .where(round_entries.c.round_id == round_id, round_entries.c.number == number)
        .values(told_at=None)
    )


async def untold(
    connection: AsyncConnection, round_id: int, numbers: Collection[int], *, most: int
) -> list[Entry]:
    """The first of these numbers, so many at most, who were not told yet, and are still known."""
    return await _entries(
        connection,
        round_entries.c.round_id == round_id,
        among(round_entries.c.number, numbers),
        round_entries.c.told_at.is_(None),
        round_entries.c.customer_id.is_not(None),
        most=most,
    )


async def delete_rounds_before(
    connection: AsyncConnection, before: datetime, *, batch: int = 1_000
) -> int:
    """Delete at most `batch` rounds that were over before a moment, entries and all; how many."""
    old = select(rounds.c.id).where(rounds.c.closes_at < before).order_by(rounds.c.id).limit(batch)
    gone = await connection.execute(delete(rounds).where(rounds.c.id.in_(old)))
    return gone.rowcount
