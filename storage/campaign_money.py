"""What a campaign cost and what it brought, where a manager says so.

Money is kept in the smallest coin (分), as a whole number. Orders will tell what a campaign brought
by themselves once they are known; what a manager has said stays until it is said anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import campaign_money


@dataclass(frozen=True, slots=True)
class Money:
    """Cost and return in 分; None: nobody has said."""

    cost: int | None = None
    returned: int | None = None

    @property
    def ratio(self) -> float | None:
        """How much came back of each coin that was spent; None where that is not known."""
        if self.returned is None or not self.cost:
            return None
        return self.returned / self.cost


async def money_of(connection: AsyncConnection, campaign_id: int) -> Money:
    """What is said of a campaign."""
    found = await connection.execute(
        select(campaign_money.c.cost, campaign_money.c.returned).where(
            campaign_money.c.campaign_id == campaign_id
        )
    )
    row = found.one_or_none()
    return Money() if row is None else Money(*row)


async def say_money(
    connection: AsyncConnection, campaign_id: int, said: Money, *, by: str, at: datetime
) -> None:
    """Keep what a manager says; what is None stays as it was said before."""
    news: dict[str, Any] = {
        name: value
        for name, value in (("cost", said.cost), ("returned", said.returned))
        if value is not None
    }
    news |= {"set_by": by, "set_at": at}
    await connection.execute(
        insert(connection, campaign_money)
        .values(campaign_id=campaign_id, **news)
        .on_conflict_do_update(index_elements=["campaign_id"], set_=news)
    )
