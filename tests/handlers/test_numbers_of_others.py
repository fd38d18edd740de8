"""The number of another shop's campaign is a number that nobody gave: no command says otherwise."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from handlers.commands import REGISTRY
from handlers.registry import Command
from storage.deliveries import DeliveryState
from storage.shops import ensure_shop
from storage.tables import campaigns, deliveries
from tests.handlers.scenes import broadcast, says, second_manager, the_one
from tests.handlers.shop import Shop

NOBODYS = 99
OF_OTHERS = {"accept", "decline", "confirm"}
"""Those whose numbers are of groups, and of what was asked."""
ABOUT = re.compile(r"(/\w+) \d+(| .*)", re.DOTALL)
"""An example that begins with a number, and what stands behind it."""


def taking_numbers() -> list[Command]:
    """The commands whose first argument is the number of something, but not of a group."""
    return [
        one
        for one in REGISTRY
        if one.name not in OF_OTHERS
        and any("编号" in part.kind.label for part in one.parameters[:1])
    ]


def asking(one: Command, number: int) -> str:
    """The command's example about this number."""
    found = ABOUT.fullmatch(one.example)
    return f"/{one.name} {number}" + ("" if found is None else found[2])


async def theirs(shop: Shop, *, waits: bool) -> int:
    """The number of a campaign of another shop.

    It waits for approval, or it failed in one group and stands in the other.
    """
    if waits:
        await second_manager(shop)
    await broadcast(shop, to="@一群 @二群")
    campaign = await the_one(shop)
    await shop.delivers()
    async with shop.desk.database.writing() as connection:
        other = await ensure_shop(connection, "another")
        await connection.execute(update(campaigns).values(shop_id=other))
        if not waits:
            one = select(deliveries.c.id).limit(1).scalar_subquery()
            await connection.execute(
                update(deliveries).where(deliveries.c.id == one).values(state=DeliveryState.FAILED)
            )
    return campaign.id


async def stand(shop: Shop) -> list[tuple[object, ...]]:
    """How the campaign and its deliveries are stored."""
    async with shop.desk.database.reading() as connection:
        rows = [*await connection.execute(select(campaigns))]
        rows += [*await connection.execute(select(deliveries))]
    return [tuple(row) for row in rows]


def test_the_commands_about_campaigns_are_among_them() -> None:
    names = {one.name for one in taking_numbers()}
    assert names >= {"approve", "cancel", "edit", "pin", "preview", "recall", "reject", "review"}
    assert names >= {"override", "pause", "progress", "resume", "retry", "test", "trial"}


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("one", taking_numbers(), ids=lambda one: one.name)
async def test_the_number_of_another_shops_campaign_is_nobodys(
    shop: Shop, *, one: Command, waits: bool
) -> None:
    number = await theirs(shop, waits=waits)
    before = await stand(shop)
    of_nobody = await says(shop, asking(one, NOBODYS))
    of_theirs = await says(shop, asking(one, number))
    assert of_theirs == of_nobody.replace(str(NOBODYS), str(number))
    assert await stand(shop) == before
