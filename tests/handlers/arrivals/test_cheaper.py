"""A lower price is told to those who asked, each once a week, and to nobody else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from handlers.arrivals import taking
from handlers.arrivals.rows import Reading
from handlers.arrivals.taking import take_pushed
from handlers.arrivals.watching import look_now
from storage.database import Database
from storage.products import Product
from tests.handlers.arrivals.feed_server import FeedServer
from tests.handlers.arrivals.samples import shopify_product
from tests.handlers.arrivals.scenes import CATALOGUE, Scene, approved, fan_waits, scene_on
from tests.handlers.scenes import made
from tests.handlers.shop import DAY, MANAGER, MINUTE, in_private


async def test_a_lower_price_is_told_in_private_to_who_asked_and_nobody_else(
    database: Database, server: FeedServer
) -> None:
    scene = await scene_on(database, server, approve=False)
    assert await fan_waits(scene, "1") == "好的，「商品1号」降价了我私下告诉你。"
    scene.has(p1=shopify_product(1, "商品1号", "149.00"), p2=shopify_product(2, "商品2号", "99"))
    await scene.looks()
    posts = await scene.shop.delivers()
    assert [(one.address, one.content.text.splitlines()[0]) for one in posts] == [
        (in_private("小鱼"), "小鱼，你问过的「商品1号」降价了，从 ¥199 降到 ¥149。")
    ]
    scene.has(p1=shopify_product(1, "商品1号", "129.00"))
    await scene.looks(DAY)
    assert len(await made(scene.shop)) == 1  # not twice in a week


async def test_a_price_that_falls_while_nothing_is_left_is_told_when_there_is_some_again(
    sqlite: Database, server: FeedServer
) -> None:
    scene = await scene_on(sqlite, server, approve=False)
    await fan_waits(scene, "1")
    for price, left in (("199.00", False), ("149.00", False), ("159.00", False), ("149.00", True)):
        one = shopify_product(1, "商品1号", price)
        one["variants"][0]["available"] = left
        scene.has(p1=one)
        await scene.looks()
    (post,) = await scene.shop.delivers()
    assert "降到 ¥149。" in post.content.text


async def test_each_who_asked_is_told_once_a_week_and_whoever_asked_later_of_the_next_drop(
    database: Database, server: FeedServer
) -> None:
    scene = await scene_on(database, server, approve=False)
    await fan_waits(scene, "1")
    heard = [await told_of_drop(scene, "149.00")]
    await fan_waits(scene, "1", "小鸟")
    heard.append(await told_of_drop(scene, "139.00", DAY))
    heard.append(await told_of_drop(scene, "129.00", DAY))
    heard.append(await told_of_drop(scene, "119.00", 6 * DAY))
    assert heard == [["小鱼"], ["小鸟"], [], ["小鱼"]]


async def told_of_drop(scene: Scene, price: str, after: timedelta = 15 * MINUTE) -> list[str]:
    """Who is told that a product costs this now."""
    scene.has(p1=shopify_product(1, "商品1号", price))
    await scene.looks(after)
    return [one.content.text.partition("，")[0] for one in await scene.shop.delivers()]


async def test_a_draft_that_nobody_let_go_told_nobody(scene: Scene) -> None:
    await fan_waits(scene, "1")
    scene.has(p1=shopify_product(1, "商品1号", "149.00"))
    await scene.looks()
    (draft,) = await made(scene.shop)
    await scene.shop.says(MANAGER, f"/reject {draft.id}", group=None)
    scene.has(p1=shopify_product(1, "商品1号", "139.00"))
    await scene.looks()
    _, again = await made(scene.shop)
    await approved(scene, again.id)
    assert len(await scene.shop.delivers()) == 1


async def test_what_falls_again_before_anybody_was_told_takes_the_place_of_the_older_word(
    scene: Scene,
) -> None:
    await fan_waits(scene, "1")
    for price in ("149.00", "139.00"):
        scene.has(p1=shopify_product(1, "商品1号", price))
        await scene.looks()
    older, newer = await made(scene.shop)
    assert "批准了" not in await approved(scene, older.id)
    assert "批准了" in await approved(scene, newer.id)
    (post,) = await scene.shop.delivers()
    assert "降到 ¥139。" in post.content.text


async def test_what_is_pushed_twice_at_once_is_told_once(
    database: Database, server: FeedServer
) -> None:
    scene = await scene_on(database, server, approve=False)
    await fan_waits(scene, "1")
    desk = scene.shop.desk
    cheaper = replace((await scene.products())["1"].ware, price=Decimal(149))
    pushes = (
        take_pushed(desk, desk.shop.arrivals.feeds["web"], Reading((cheaper,), 1, 0))
        for _ in range(2)
    )
    await asyncio.gather(*pushes)
    assert len(await made(scene.shop)) == 1
    (post,) = await scene.shop.delivers()
    assert "¥149。" in post.content.text


async def test_what_falls_twice_within_a_second_is_told_as_it_is_last(
    sqlite: Database, server: FeedServer
) -> None:
    scene = await scene_on(sqlite, server, approve=False)
    await fan_waits(scene, "1")
    for price in ("149.00", "139.00"):
        scene.has(p1=shopify_product(1, "商品1号", price))
        await scene.looks(timedelta(milliseconds=400))
        await look_now(scene.shop.desk, scene.shop.desk.shop.arrivals.feeds["web"])
    (post,) = await scene.shop.delivers()
    assert "¥139。" in post.content.text


async def test_only_of_products_that_somebody_waits_for_it_is_asked_whom_to_tell(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def noted(*told: Any) -> None:
        product: Product = told[2]
        asked.append(int(product.ware.key))

    monkeypatch.setattr(taking, "tell_cheaper", noted)
    await fan_waits(scene, "2")
    cheaper = {f"p{n}": shopify_product(n, f"商品{n}号", "149.00") for n in CATALOGUE}
    scene.has(**cheaper)
    await scene.looks()
    assert asked == [2]  # a sale makes a whole catalogue cheaper, in one transaction


@pytest.mark.parametrize(("wish", "says"), [("/optout", "/optin"), ("/norecord", "/record")])
async def test_who_opted_out_or_wants_no_record_is_told_how_and_never_waits(
    scene: Scene, wish: str, says: str
) -> None:
    await scene.shop.says("小鱼", wish, group=None)
    assert says in await fan_waits(scene, "1")
    await fan_waits(scene, "1", "小鸟")
    await scene.shop.says("小鸟", wish, group=None)
    scene.has(p1=shopify_product(1, "商品1号", "149.00"))
    await scene.looks()
    for campaign in await made(scene.shop):
        await scene.shop.says(MANAGER, f"/approve {campaign.id}", group=None)
    assert await scene.shop.delivers() == []
