"""A programme whose posts somebody refused or cancelled does not say that it is on."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.greetings_ahead import prepare_greetings
from handlers.settings import ShopSettings
from storage.database import Database
from tests.handlers.conftest import with_groups
from tests.handlers.programme_scenes import ON, by_key, switched_on, write_sale
from tests.handlers.scenes import OTHER, says, second_manager
from tests.handlers.shop import NOW, Shop, TickingClock, open_shop


@pytest.fixture
async def shop(database: Database, tmp_path: Path) -> Shop:
    """A shop whose folder holds a small programme, by a clock that ticks."""
    settings = ShopSettings(programmes=write_sale(tmp_path / "programmes"))
    return await with_groups(await open_shop(database, settings, clock=TickingClock(NOW)))


async def numbers(shop: Shop) -> list[int]:
    return sorted(one.id for one in (await by_key(shop)).values())


async def cancelled(shop: Shop, number: int) -> None:
    """A manager cancels a campaign, and says yes where that is asked."""
    if "/confirm" in await says(shop, f"/cancel {number}"):
        await says(shop, "/confirm")


async def test_one_whose_parts_were_all_refused_is_off_and_says_by_whom(shop: Shop) -> None:
    await second_manager(shop)
    await switched_on(shop)
    first, second = await numbers(shop)
    await says(shop, f"/reject {first}", OTHER)
    page = await says(shop, "/programme sale")
    assert f"「秋季上新节 2026」（编号 {first}）阿强 11-05 10:00 退回了" in page
    assert "「秋季上新节 2026」开着：" in page
    await says(shop, f"/reject {second}", OTHER)
    assert "· 秋季上新节（sale）没开（退回了）" in await says(shop, "/programme")
    page = await says(shop, "/programme sale")
    assert page.startswith(
        "阿强 11-05 10:00 退回了，没发的都不发了。改好再开：/programme on sale\n"
        "「秋季上新节 2026」没开，开了会这样发：\n"
    )
    assert "现在还能补上" not in page


async def test_one_that_was_cancelled_is_off_and_can_be_switched_on_again(shop: Shop) -> None:
    await switched_on(shop)
    for number in await numbers(shop):
        await cancelled(shop, number)
    assert "· 秋季上新节（sale）没开（取消了）" in await says(shop, "/programme")
    page = await says(shop, "/programme sale")
    assert page.startswith(
        "阿玲 11-05 10:00 取消了，没发的都不发了。要再开：/programme on sale\n"
        "「秋季上新节 2026」没开，开了会这样发：\n"
    )
    await says(shop, ON)
    assert "开好了" in await says(shop, "/confirm")
    assert "· 秋季上新节（sale）开着" in await says(shop, "/programme")
    assert "取消了" not in await says(shop, "/programme sale")


async def test_of_one_that_goes_on_the_part_that_was_cancelled_is_named(shop: Shop) -> None:
    await switched_on(shop)
    number = (await by_key(shop))["sale:2026:regulars"].id
    await cancelled(shop, number)
    page = await says(shop, "/programme sale")
    assert page.startswith(
        f"「秋季上新节 2026 · 老客先知道」（编号 {number}）阿玲 11-05 10:00 取消了\n"
        "「秋季上新节 2026」开着：\n"
    )


async def test_one_that_was_switched_off_says_by_whom(shop: Shop) -> None:
    await switched_on(shop)
    await says(shop, "/programme off sale")
    assert "· 秋季上新节（sale）没开\n" in await says(shop, "/programme")
    page = await says(shop, "/programme sale")
    assert page.startswith("阿玲 11-05 10:00 关的。要再开：/programme on sale\n")


async def test_greetings_stay_on_when_one_of_them_is_refused(shop: Shop) -> None:
    await second_manager(shop)
    await says(shop, "/programme on festivals @所有群")
    await says(shop, "/confirm")
    shop.clock.advance(NOW.replace(month=12, day=18) - NOW)
    await prepare_greetings(shop.desk)
    (number,) = await numbers(shop)
    assert "退回" in await says(shop, f"/reject {number}", OTHER)
    assert "（festivals）开着" in await says(shop, "/programme")
