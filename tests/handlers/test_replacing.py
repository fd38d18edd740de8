"""A new campaign takes the place of those that it makes superfluous, and of no others."""

from __future__ import annotations

import pytest

from handlers.replacing import replaced_by
from tests.handlers.scenes import broadcast, made, second_manager
from tests.handlers.shop import MANAGER, Shop

GREETINGS = {"kind": "festivals", "at": "09:42", "region": "north"}


async def replaced(shop: Shop, programme: str, name: str, schedule: dict[str, object]) -> list[int]:
    """The numbers of the campaigns that one made of these parts would replace."""
    async with shop.desk.database.reading() as connection:
        found = await replaced_by(
            connection,
            shop.desk.shop_id,
            key="new",
            programme=programme,
            name=name,
            schedule=schedule,
        )
    return [one.id for one in found]


async def confirmed(shop: Shop, says: str) -> None:
    """A campaign that a manager asks for and confirms."""
    await shop.says(MANAGER, says, group=None)
    await shop.says(MANAGER, "/confirm", group=None)


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        (["winter-solstice"], [1]),
        (["spring-festival"], [2]),
        (["spring-festival", "winter-solstice"], [1, 2]),
        (["mid-autumn"], []),
        (None, [1, 2]),
    ],
)
async def test_greetings_replace_those_of_the_same_festivals(
    shop: Shop, keys: list[str] | None, numbers: list[int]
) -> None:
    await confirmed(shop, "/greet 冬至 @一群")
    await confirmed(shop, "/greet 春节 @一群")
    schedule: dict[str, object] = {**GREETINGS, "keys": keys}
    assert await replaced(shop, "festivals", "节日问候", schedule) == numbers
    assert await replaced(shop, "birthday", "节日问候", schedule) == []


async def test_a_countdown_replaces_the_one_of_its_name(shop: Shop) -> None:
    await confirmed(shop, "/countdown 双12 @一群")
    await shop.says(MANAGER, "/pause 1")
    schedule = {"kind": "countdown", "day": "2026-12-12", "first_days_left": 10, "at": "10:18"}
    assert await replaced(shop, "countdown", "双12 2026", schedule) == [1]
    assert await replaced(shop, "countdown", "12-12 2026", schedule) == []
    await confirmed(shop, "/cancel 1")
    assert await replaced(shop, "countdown", "双12 2026", schedule) == []


async def test_a_post_of_one_moment_replaces_nothing(shop: Shop) -> None:
    await broadcast(shop, "早上好")
    await broadcast(shop, "早上好")
    assert [one.state.value for one in await made(shop)] == ["approved", "approved"]


async def test_what_was_never_approved_is_not_replaced(shop: Shop) -> None:
    await second_manager(shop)
    await confirmed(shop, "/greet 冬至 @一群")
    schedule: dict[str, object] = {**GREETINGS, "keys": ["winter-solstice"]}
    assert await replaced(shop, "festivals", "节日问候", schedule) == []
