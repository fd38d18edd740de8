"""Reviews that the staff were told: of which campaigns and programmes, and which are still to come.

A campaign is reviewed once it is over, a year of a programme once all its campaigns are, and a year
of one that runs on in the next. What is told has a row here, and so has what nobody need be told of
any more, so that whoever looks next looks at little. A review that reached nobody has one too, and
is not looked at again before `TRIED_AGAIN_AFTER`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.campaigns import CampaignState
from storage.deliveries import DeliveryState
from storage.running_programmes import EVERY_YEAR
from storage.tables import campaigns, deliveries, running_programmes, told_reviews

TRIED_AGAIN_AFTER = timedelta(hours=1)
"""For so long a review that reached nobody is left alone."""

_OVER = (CampaignState.FINISHED, CampaignState.CANCELLED)
_PENDING = (DeliveryState.PLANNED, DeliveryState.SENDING)


class Reviewed(StrEnum):
    """What a review is of."""

    CAMPAIGN = "campaign"
    PROGRAMME = "programme"


def year_of(year: int) -> str:
    """The kind of the review of one year of a programme that runs on."""
    return f"year-{year}"


@dataclass(frozen=True, slots=True)
class Ended:
    """A campaign, or a programme's year, of which nothing more is planned, by its id.

    `last_at` is when its last post went out or was due, None where each was cancelled or there is
    none; `waiting` are the deliveries that are not over.
    """

    id: int
    last_at: datetime | None
    waiting: int


async def untold_campaigns(connection: AsyncConnection, shop_id: int, now: datetime) -> list[Ended]:
    """The campaigns with nothing more to plan that wait for a look, in the order of their ids."""
    return await _ended(
        connection,
        select(campaigns.c.id)
        .where(
            campaigns.c.shop_id == shop_id,
            campaigns.c.state.in_(_OVER),
            ~_settled(Reviewed.CAMPAIGN, campaigns.c.id, now),
        )
        .subquery()
        .c.id,
        campaigns.c.id,
    )


async def untold_programmes(
    connection: AsyncConnection, shop_id: int, now: datetime
) -> list[Ended]:
    """The same of years of programmes. One that runs on from year to year is never over."""
    goes_on = exists().where(
        campaigns.c.running_id == running_programmes.c.id, campaigns.c.state.not_in(_OVER)
    )
    return await _ended(
        connection,
        select(running_programmes.c.id)
        .where(
            running_programmes.c.shop_id == shop_id,
            running_programmes.c.year != EVERY_YEAR,
            ~goes_on,
            ~_settled(Reviewed.PROGRAMME, running_programmes.c.id, now),
        )
        .subquery()
        .c.id,
        campaigns.c.running_id,
    )


async def untold_years(
    connection: AsyncConnection, shop_id: int, year: int, now: datetime
) -> list[int]:
    """The programmes that run on, by their ids, of which this year waits for a look."""
    found = await connection.scalars(
        select(running_programmes.c.id)
        .where(
            running_programmes.c.shop_id == shop_id,
            running_programmes.c.year == EVERY_YEAR,
            running_programmes.c.audience.is_not(None),
            ~_settled(year_of(year), running_programmes.c.id, now),
        )
        .order_by(running_programmes.c.id)
    )
    return list(found)


async def note_reviewed(
    connection: AsyncConnection,
    shop_id: int,
    kind: str,
    ids: Collection[int],
    told_at: datetime | None,
) -> None:
    """Write down that these were told; with None, that they need not be told any more."""
    await _note(connection, shop_id, kind, ids, told_at=told_at, tried_at=None)


async def note_unheard(
    connection: AsyncConnection, shop_id: int, kind: str, ids: Collection[int], tried_at: datetime
) -> None:
    """Write down that these reached nobody."""
    await _note(connection, shop_id, kind, ids, told_at=None, tried_at=tried_at)


async def _note(
    connection: AsyncConnection, shop_id: int, kind: str, ids: Collection[int], **values: Any
) -> None:
    """Write it down, but for what was told before."""
    for one in ids:
        await connection.execute(
            insert(connection, told_reviews)
            .values(shop_id=shop_id, kind=kind, reviewed_id=one, **values)
            .on_conflict_do_update(
                index_elements=["shop_id", "kind", "reviewed_id"],
                set_=values,
                where=told_reviews.c.told_at.is_(None),
            )
        )


def _settled(kind: str, of: Column[Any], now: datetime) -> ColumnElement[bool]:
    """Whether it was told, need not be, or reached nobody a short while ago."""
    return exists().where(
        told_reviews.c.kind == kind,
        told_reviews.c.reviewed_id == of,
        or_(told_reviews.c.tried_at.is_(None), told_reviews.c.tried_at > now - TRIED_AGAIN_AFTER),
    )


async def _ended(
    connection: AsyncConnection, ids: ColumnElement[int], belongs: Column[Any]
) -> list[Ended]:
    """What the deliveries tell of these campaigns, or of those that belong to these programmes."""
    moment = func.coalesce(deliveries.c.began_at, deliveries.c.not_before)
    question: Select[Any] = (
        select(
            ids,
            func.max(moment).filter(deliveries.c.state != DeliveryState.CANCELLED),
            func.count(deliveries.c.id).filter(deliveries.c.state.in_(_PENDING)),
        )
        .join(campaigns, belongs == ids)
        .outerjoin(deliveries, deliveries.c.campaign_id == campaigns.c.id)
        .group_by(ids)
        .order_by(ids)
    )
    return [Ended(*row) for row in await connection.execute(question)]
