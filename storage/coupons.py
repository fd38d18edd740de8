"""Coupons: batches of codes, each code handed out once, and each person given one of a batch.

Who hands out a code holds the batch until it is committed. So two processes never give one code to
two people, nor two codes to one; and a command that is handled again after a crash finds what it
handed out before. A code that was handed out stays so, also where its owner is forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert, insert_new
from storage.members import name_of_customer
from storage.tables import coupon_batches, coupons


@dataclass(frozen=True, slots=True)
class Batch:
    """Coupons of one kind. `until` is the last moment they can be redeemed, None: no end.

    Of its codes so many are there at all, handed out, and redeemed.
    """

    id: int
    name: str
    gives: str
    until: datetime | None
    codes: int
    handed: int
    redeemed: int

    @property
    def left(self) -> int:
        """How many codes nobody has been given."""
        return self.codes - self.handed

    def is_over(self, now: datetime) -> bool:
        """Whether its coupons cannot be redeemed any more."""
        return self.until is not None and now > self.until


@dataclass(frozen=True, slots=True)
class Coupon:
    """One code with what it is worth, and what became of it."""

    code: str
    batch: str
    gives: str
    until: datetime | None
    customer_id: int | None
    handed_at: datetime | None
    redeemed_at: datetime | None
    redeemed_by: str | None

    def is_over(self, now: datetime) -> bool:
        """Whether it cannot be redeemed any more."""
        return self.until is not None and now > self.until


_COUPON = select(
    coupons.c.code,
    coupon_batches.c.name,
    coupon_batches.c.gives,
    coupon_batches.c.until,
    coupons.c.customer_id,
    coupons.c.handed_at,
    coupons.c.redeemed_at,
    coupons.c.redeemed_by,
).join_from(coupons, coupon_batches)


async def make_batch(
    connection: AsyncConnection,
    shop_id: int,
    name: str,
    gives: str,
    until: datetime | None,
    *,
    by: str,
    at: datetime,
) -> int:
    """The id of the shop's batch of this name, which is worth this from now on."""
    worth = {"gives": gives, "until": until}
    made = await connection.execute(
        insert(connection, coupon_batches)
        .values(shop_id=shop_id, name=name, made_by=by, made_at=at, **worth)
        .on_conflict_do_update(index_elements=["shop_id", "name"], set_=worth)
        .returning(coupon_batches.c.id)
    )
    return int(made.scalar_one())


async def add_codes(
    connection: AsyncConnection, batch_id: int, codes: Sequence[str], added: str
) -> int | None:
    """Put codes into a batch; how many are new.

    Args:
        connection: an open transaction.
        batch_id: the batch.
        codes: the codes; one that is known already, in whichever batch, is left alone.
        added: names the command that brings them. None is given back, and nothing is added, where
            that command has brought codes before.
    """
    await _hold(connection, batch_id)
    before = await connection.scalar(
        select(coupons.c.id)
        .where(coupons.c.batch_id == batch_id, coupons.c.added == added)
        .limit(1)
    )
    if before is not None:
        return None
    rows = [{"batch_id": batch_id, "code": code, "added": added} for code in dict.fromkeys(codes)]
    return len(await insert_new(connection, coupons, rows, coupons.c.id))


async def batches(connection: AsyncConnection, shop_id: int) -> list[Batch]:
    """The shop's batches, the newest first."""
    return await _batches(connection, shop_id)


async def batch_named(connection: AsyncConnection, shop_id: int, name: str) -> Batch | None:
    """The shop's batch of this name."""
    found = await _batches(connection, shop_id, coupon_batches.c.name == name)
    return found[0] if found else None


async def _batches(connection: AsyncConnection, shop_id: int, *which: Any) -> list[Batch]:
    rows = await connection.execute(
        select(
            coupon_batches.c.id,
            coupon_batches.c.name,
            coupon_batches.c.gives,
            coupon_batches.c.until,
            func.count(coupons.c.id),
            func.count(coupons.c.handed_at),
            func.count(coupons.c.redeemed_at),
        )
        .select_from(coupon_batches.outerjoin(coupons))
        .where(coupon_batches.c.shop_id == shop_id, *which)
        .group_by(coupon_batches.c.id)
        .order_by(coupon_batches.c.id.desc())
    )
    return [Batch(*row) for row in rows]


async def hand_out(
    connection: AsyncConnection, batch_id: int, customer_id: int, at: datetime
) -> Coupon | None:
    """The customer's coupon of a batch: the one they have, or the next free one.

    None where they have none and none is left.
    """
    await _hold(connection, batch_id)
    theirs = (coupons.c.batch_id == batch_id, coupons.c.customer_id == customer_id)
    found = await _one(connection, *theirs)
    if found is not None:
        return found
    free = (
        select(coupons.c.id)
        .where(coupons.c.batch_id == batch_id, coupons.c.handed_at.is_(None))
        .order_by(coupons.c.id)
        .limit(1)
        .scalar_subquery()
    )
    await connection.execute(
        update(coupons).where(coupons.c.id == free).values(customer_id=customer_id, handed_at=at)
    )
    return await _one(connection, *theirs)


async def hand_out_to_all(
    connection: AsyncConnection, batch_id: int, customer_ids: Collection[int], at: datetime
) -> dict[int, Coupon]:
    """Customer → their coupon of a batch: the one they have, or one of those that are free.

    The codes go out in the order of the customers; who is missing in the answer has none, and none
    is left.
    """
    await _hold(connection, batch_id)
    before = await _theirs(connection, batch_id, customer_ids)
    wanting = [one for one in dict.fromkeys(customer_ids) if one not in before]
    if not wanting:
        return before
    free = await connection.scalars(
        select(coupons.c.id)
        .where(coupons.c.batch_id == batch_id, coupons.c.handed_at.is_(None))
        .order_by(coupons.c.id)
        .limit(len(wanting))
    )
    given = [
        {"coupon": coupon, "whose": customer}
        for coupon, customer in zip(free.all(), wanting, strict=False)
    ]
    if given:
        await connection.execute(
            update(coupons)
            .where(coupons.c.id == bindparam("coupon"))
            .values(customer_id=bindparam("whose"), handed_at=at),
            given,
        )
    return await _theirs(connection, batch_id, customer_ids)


async def _theirs(
    connection: AsyncConnection, batch_id: int, customer_ids: Collection[int]
) -> dict[int, Coupon]:
    """Customer → the coupon of a batch that they have."""
    rows = await connection.execute(
        _COUPON.where(
            coupons.c.batch_id == batch_id, among(coupons.c.customer_id, list(customer_ids))
        )
    )
    return {row.customer_id: Coupon(*row) for row in rows}


async def _hold(connection: AsyncConnection, batch_id: int) -> None:
    """Let others who hand codes of the batch out wait for this transaction."""
    await connection.execute(
        select(coupon_batches.c.id).where(coupon_batches.c.id == batch_id).with_for_update()
    )


async def _one(connection: AsyncConnection, *which: Any) -> Coupon | None:
    row = (await connection.execute(_COUPON.where(*which))).one_or_none()
    return None if row is None else Coupon(*row)


async def coupons_of(connection: AsyncConnection, customer_id: int) -> list[Coupon]:
    """The coupons that a customer was given, the newest first."""
    rows = await connection.execute(
        _COUPON.where(coupons.c.customer_id == customer_id).order_by(
            coupons.c.handed_at.desc(), coupons.c.id.desc()
        )
    )
    return [Coupon(*row) for row in rows]


async def coupon_of_code(connection: AsyncConnection, code: str) -> Coupon | None:
    """The coupon with this code."""
    return await _one(connection, coupons.c.code == code)


async def redeem(connection: AsyncConnection, code: str, by: str, at: datetime) -> bool:
    """Redeem a coupon that was handed out and not redeemed yet; whether it was that.

    Redeeming it again by the same person at the same moment is the same redeeming.
    """
    done = await connection.execute(
        update(coupons)
        .where(
            coupons.c.code == code,
            coupons.c.handed_at.is_not(None),
            coupons.c.redeemed_at.is_(None),
        )
        .values(redeemed_at=at, redeemed_by=by)
    )
    if done.rowcount == 1:
        return True
    found = await coupon_of_code(connection, code)
    return found is not None and (found.redeemed_at, found.redeemed_by) == (at, by)


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A coupon in a list: its code, whose it is (None: nobody's any more), and its moments."""

    code: str
    name: str | None
    handed_at: datetime
    redeemed_at: datetime | None


async def last_handed_out(connection: AsyncConnection, batch_id: int, most: int) -> list[HandedOut]:
    """The last coupons of a batch that were handed out, the newest first, `most` at most."""
    name = name_of_customer(coupons.c.customer_id)
    rows = await connection.execute(
        select(coupons.c.code, name, coupons.c.handed_at, coupons.c.redeemed_at)
        .where(coupons.c.batch_id == batch_id, coupons.c.handed_at.is_not(None))
        .order_by(coupons.c.handed_at.desc(), coupons.c.id.desc())
        .limit(most)
    )
    return [HandedOut(*row) for row in rows]
