"""How far a campaign has got: what is done, what waits and why, and how fast it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries import DeliveryState
from storage.tables import deliveries

LOOK_BACK = timedelta(minutes=1)
"""How far back the pace is measured."""

_ENDED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class PutOff:
    """Deliveries that were put off for one reason: how many, and when the next and last may go."""

    count: int
    next_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the deliveries of a campaign stand.

    Attributes:
        counts: state → how many; every state is named.
        put_off: reason → the planned ones that wait for it now.
        failed: reason → how many failed for it.
        skipped: reason → how many were skipped for it.
        next_at: when the next planned one may go; None where nothing is planned.
        last_at: when the last planned one may go.
        began: how many were begun within the last minute, `began_first` being the first of them.
        ended: how many of those have their answer, or have lost it.
    """

    counts: Mapping[str, int]
    put_off: Mapping[str, PutOff]
    failed: Mapping[str, int]
    skipped: Mapping[str, int]
    next_at: datetime | None
    last_at: datetime | None
    began: int
    ended: int
    began_first: datetime | None

    @property
    def left(self) -> int:
        """How many are not over: planned, or under way."""
        return self.counts[DeliveryState.PLANNED] + self.counts[DeliveryState.SENDING]


async def progress(connection: AsyncConnection, campaign_id: int, now: datetime) -> Progress:
    """Where the deliveries of a campaign stand at `now`, in one look at them."""
    lately = deliveries.c.began_at > now - LOOK_BACK
    later = deliveries.c.not_before > now
    rows = await connection.execute(
        select(
            deliveries.c.state,
            deliveries.c.reason,
            later.label("later"),
            func.count().label("number"),
            func.min(deliveries.c.not_before).label("next_at"),
            func.max(deliveries.c.not_before).label("last_at"),
            func.count().filter(lately).label("began"),
            func.min(deliveries.c.began_at).filter(lately).label("began_first"),
        )
        .where(deliveries.c.campaign_id == campaign_id)
        .group_by(deliveries.c.state, deliveries.c.reason, "later")
    )
    found = rows.all()
    planned = [row for row in found if row.state == DeliveryState.PLANNED]
    lately_begun = [row for row in found if row.began]
    return Progress(
        counts={
            state.value: sum(row.number for row in found if row.state == state)
            for state in DeliveryState
        },
        put_off={
            row.reason: PutOff(row.number, row.next_at, row.last_at)
            for row in planned
            if row.reason is not None and row.later
        },
        failed=_by_reason(found, DeliveryState.FAILED),
        skipped=_by_reason(found, DeliveryState.SKIPPED),
        next_at=min((row.next_at for row in planned), default=None),
        last_at=max((row.last_at for row in planned), default=None),
        began=sum(row.began for row in lately_begun),
        ended=sum(row.began for row in lately_begun if row.state in _ENDED),
        began_first=min((row.began_first for row in lately_begun), default=None),
    )


def _by_reason(rows: Sequence[Row[Any]], state: DeliveryState) -> dict[str, int]:
    """Reason → number of deliveries in this state."""
    found: Counter[str] = Counter()
    for row in rows:
        if row.state == state:
            found[row.reason or ""] += row.number
    return dict(found)
