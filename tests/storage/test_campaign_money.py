"""What a manager says that a campaign cost and brought."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.campaign_money import Money, money_of, say_money
from tests.storage.builders import HOUR, NOW, campaign


async def test_what_is_said_is_kept_until_it_is_said_anew(connection: AsyncConnection) -> None:
    of = await campaign(connection)
    assert await money_of(connection, of.id) == Money()
    await say_money(connection, of.id, Money(cost=30_000), by="room:p1", at=NOW)
    assert await money_of(connection, of.id) == Money(30_000, None)
    await say_money(connection, of.id, Money(returned=500_000), by="room:p2", at=NOW + HOUR)
    assert await money_of(connection, of.id) == Money(30_000, 500_000)
    await say_money(connection, of.id, Money(0, 1), by="room:p2", at=NOW + HOUR)
    assert await money_of(connection, of.id) == Money(0, 1)


@pytest.mark.parametrize(
    ("money", "ratio"),
    [
        (Money(), None),
        (Money(100), None),
        (Money(None, 100), None),
        (Money(0, 100), None),
        (Money(200, 500), 2.5),
    ],
)
def test_what_came_back_is_told_where_both_are_known(money: Money, ratio: float | None) -> None:
    assert money.ratio == ratio
