"""What the test reads in the ledger, in a process of its own, while others write it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select, tuple_

from storage.attempts import INTERRUPTED
from storage.database import Database
from storage.deliveries import DeliveryState
from storage.tables import attempts, deliveries, lanes
from tests.faults.judge import Entry


@dataclass(frozen=True, slots=True)
class InHand:
    """A delivery that a process had begun and not recorded; others may have settled it since."""

    key: str
    account: str
    began_at: float
    settled: bool


class Ledger:
    """The ledger in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holders(self) -> set[str]:
        """Who holds lanes, or did so when they were last leased."""
        async with self._database.reading() as connection:
            return set(await connection.scalars(select(lanes.c.holder).distinct()))

    async def in_hand(self, leases: Collection[tuple[str, int]]) -> list[InHand]:
        """What was begun under these leases, by account and token, and never recorded by them."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(
                    deliveries.c.key,
                    attempts.c.account,
                    attempts.c.began_at,
                    attempts.c.ended_at,
                )
                .join(attempts, attempts.c.delivery_id == deliveries.c.id)
                .where(
                    tuple_(attempts.c.account, attempts.c.token).in_(list(leases)),
                    or_(attempts.c.ended_at.is_(None), attempts.c.outcome == INTERRUPTED),
                )
                .order_by(attempts.c.id)
            )
            return [
                InHand(key, account, began_at.timestamp(), settled=ended_at is not None)
                for key, account, began_at, ended_at in rows
            ]

    async def entries(self) -> list[Entry]:
        """Every delivery as it stands."""
        last = (
            select(attempts.c.delivery_id, func.max(attempts.c.token).label("token"))
            .group_by(attempts.c.delivery_id)
            .subquery()
        )
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(
                    deliveries.c.key,
                    deliveries.c.account,
                    deliveries.c.state,
                    deliveries.c.reason,
                    deliveries.c.priority,
                    deliveries.c.resent,
                    deliveries.c.not_after,
                    deliveries.c.receipt,
                    last.c.token,
                ).join_from(deliveries, last, last.c.delivery_id == deliveries.c.id, isouter=True)
            )
            return [
                Entry(key, account, DeliveryState(state), *rest)
                for key, account, state, *rest in rows
            ]

    async def unsettled(self, remembered: Collection[str]) -> int:
        """How many deliveries are still to be settled; of remembered accounts the uncertain too."""
        async with self._database.reading() as connection:
            found = await connection.scalar(
                select(func.count()).where(
                    or_(
                        deliveries.c.state.in_([DeliveryState.PLANNED, DeliveryState.SENDING]),
                        and_(
                            deliveries.c.state == DeliveryState.UNCERTAIN,
                            deliveries.c.account.in_(list(remembered)),
                        ),
                    )
                )
            )
        return found or 0
