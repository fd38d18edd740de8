"""What would be said twice, or not at all any more, is told before it is confirmed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from storage.database import Database
from tests.handlers.programme_scenes import SALE, shop_with_sale, switched_on
from tests.handlers.scenes import says
from tests.handlers.shop import DAY, MINUTE, Shop

CLOSING = SALE.replace('on = "d-1"\nat = "20:12"', 'on = "fact:parcel-7d"\nat = "12:12"')
TOLD_LATE = SALE.replace('phase = "main"', 'phase = "warm"').replace(
    'on = "fact:parcel"', 'on = "d-5"'
)


@pytest.fixture
async def shop(database: Database, tmp_path: Path) -> Shop:
    """A shop, on each engine, whose programme has a notice seven days before its parcels leave."""
    opened = await shop_with_sale(database, tmp_path / "programmes", text=CLOSING)
    await says(opened, "/programme on sale @所有群 赠品=小样 发货日=11-13")
    await says(opened, "/confirm")
    opened.clock.advance(DAY + timedelta(hours=2) + 13 * MINUTE)
    assert "先把购物车看一看" in (await opened.delivers()).text
    return opened


async def test_what_was_said_before_it_was_switched_off_is_told_to_come_again(shop: Shop) -> None:
    await says(shop, "/programme off sale")
    preview = await says(shop, "/programme on sale 发货日=11-16")
    assert "之前发过，这次会再发一遍：3 · 前一晚（11-09 12:12）" in preview
    assert "/programme skip sale 3" in preview
    await says(shop, "/confirm")
    await says(shop, "/programme skip sale 3")
    shop.clock.advance(3 * DAY)
    assert "先把购物车看一看" not in (await shop.delivers()).text


async def test_what_has_gone_out_does_not_go_out_again_on_its_new_day(shop: Shop) -> None:
    preview = await says(shop, "/programme on sale 发货日=11-16")
    assert "已经发过，不会再发：3 · 前一晚（11-09 12:12）" in preview
    await says(shop, "/confirm")
    shop.clock.advance(3 * DAY)
    assert "先把购物车看一看" not in (await shop.delivers()).text


async def test_what_is_told_too_late_is_pointed_out_and_goes_out_where_it_is_moved(
    database: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(database, tmp_path / "programmes", text=TOLD_LATE)
    await switched_on(shop)
    shop.clock.advance(2 * DAY + timedelta(hours=1))
    await shop.delivers()
    preview = await says(shop, "/programme on sale 发货日=11-15")
    late = "时间已经过了，不会发：2 · 发货通知（11-07 10:24）"
    assert f"{late}。要发，确认以后改时间：/programme move sale 2 11-07 12:00" in preview
    await says(shop, "/confirm")
    answer = await says(shop, "/programme text sale 2 今天发货")
    assert answer.startswith("2 · 发货通知 的时间（11-07 10:24）已经过了，没有发。要发就改时间：")
    await says(shop, "/programme move sale 2 11-07 12:00")
    assert "改好了" in await says(shop, "/confirm")
    shop.clock.advance(timedelta(hours=1, minutes=1))
    assert (await shop.delivers()).text.count("订单从今天开始发货啦。") == 3
