"""A new product is announced once: to the groups it fits, as it is now, and never by silence."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.arrivals import announcing
from storage.database import Database
from storage.products import known_links
from storage.tags import Tag, set_tags
from tests.handlers.arrivals.feed_server import FeedServer
from tests.handlers.arrivals.samples import shopify_product
from tests.handlers.arrivals.scenes import HOUR, Scene, approved, scene_on
from tests.handlers.scenes import made, second_manager
from tests.handlers.shop import DAY, MANAGER, MINUTE, NOW, TickingClock, in_group


async def test_a_new_product_waits_for_approval_and_then_goes_out_once(
    database: Database, server: FeedServer
) -> None:
    scene = await scene_on(database, server)
    scene.has(shopify_product(99, "<b>新面霜</b>", "199.00"))
    await scene.looks()
    (told,) = scene.told()
    assert told.startswith("「上新：新面霜」")
    assert "上新啦：新面霜\n¥199\n" in told
    assert await scene.shop.delivers() == []  # nothing goes out by silence
    (campaign,) = await made(scene.shop)
    answer = await scene.shop.says(MANAGER, f"/approve {campaign.id}", group=None)
    assert "批准了" in answer.text
    posts = await scene.shop.delivers()
    assert len(posts) == 3
    assert posts[0].content.pictures[0].source == "https://cdn.example/99.png"
    assert posts[0].content.buttons[0].says.startswith("/pricedrop ")
    for _ in range(3):
        await scene.looks(DAY)
    assert len(await made(scene.shop)) == 1


async def test_it_can_be_approved_where_time_goes_by_while_it_is_written(
    sqlite: Database, server: FeedServer
) -> None:
    scene = await scene_on(sqlite, server, clock=TickingClock(NOW))
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    (campaign,) = await made(scene.shop)
    assert "批准了" in await approved(scene, campaign.id)
    assert len(await scene.shop.delivers()) == 3


async def test_a_restock_or_another_title_is_not_announced_again(scene: Scene) -> None:
    gone = shopify_product(3, "商品3号")
    gone["variants"][0]["available"] = False
    scene.has(p3=gone)
    await scene.looks()
    scene.has(p3=shopify_product(3, "商品3号 新包装"), without=4)
    await scene.looks()
    scene.has()
    await scene.looks()
    assert await made(scene.shop) == []
    assert (await scene.products())["3"].ware.title == "商品3号"


async def test_without_approval_by_rule_it_goes_straight_out_and_the_manager_hears_of_it(
    sqlite: Database, server: FeedServer
) -> None:
    scene = await scene_on(sqlite, server, approve=False)
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    assert [one for one in scene.told() if "按店里的规则自动发" in one]
    assert len(await scene.shop.delivers()) == 3


async def test_many_new_ones_are_one_list_and_soon_after_the_next_wait(scene: Scene) -> None:
    scene.has(*(shopify_product(n, f"新品{n}", "99.00", "199.00") for n in range(101, 118)))
    await scene.looks()
    (campaign,) = await made(scene.shop)
    assert campaign.name == "上新：新品101 等 17 款"
    (told,) = scene.told()
    assert "这次上新了 17 款：" in told
    assert "· 新品101 ¥99 起" in told
    assert "还有 5 款，店里都能看到。" in told
    scene.has(shopify_product(200, "又一件"), *(shopify_product(n) for n in range(101, 118)))
    await scene.looks()
    assert len(await made(scene.shop)) == 1
    await scene.looks(6 * HOUR)
    assert [one.name for one in await made(scene.shop)][1:] == ["上新：又一件"]


async def test_nobody_is_told_or_asked_at_night(scene: Scene) -> None:
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks(13 * HOUR)
    assert (await made(scene.shop), scene.told()) == ([], [])
    await scene.looks(11 * HOUR)
    assert len(await made(scene.shop)) == 1


async def test_only_the_groups_it_fits_hear_of_it(scene: Scene) -> None:
    await scene.shop.opens("护肤群", tagged=["护肤"])
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    (told,) = scene.told()
    assert "只发给合适的群：护肤群" in told
    (campaign,) = await made(scene.shop)
    await scene.shop.says(MANAGER, f"/approve {campaign.id}", group=None)
    posts = await scene.shop.delivers()
    assert [one.address for one in posts] == [in_group("护肤群")]


async def test_what_nobody_approved_in_time_may_be_announced_by_hand(scene: Scene) -> None:
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    number = (await scene.products())["99"].id
    again = await scene.shop.says(MANAGER, f"/arrive #{number}", group=None)
    assert "已经播报过了" in again.text
    scene.shop.clock.advance(2 * DAY)
    assert await scene.shop.delivers() == []
    again = await scene.shop.says(MANAGER, f"/arrive #{number}", group=None)
    assert "上新啦：新面霜" in again.text


async def test_with_two_managers_one_of_them_approves(scene: Scene) -> None:
    await second_manager(scene.shop)
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    (campaign,) = await made(scene.shop)
    answer = await scene.shop.says(MANAGER, f"/approve {campaign.id}", group=None)
    assert "批准了" in answer.text


async def test_what_breaks_a_wording_rule_waits_even_where_all_else_goes_out(
    database: Database, server: FeedServer
) -> None:
    scene = await scene_on(database, server, approve=False)
    scene.has(shopify_product(98, "普通面霜"), shopify_product(99, "全网最好用的面霜"))
    await scene.looks()
    told = "\n".join(scene.told())
    assert "✗ 广告里不能说“全网最”" in told
    assert "等着批准" in told


async def drafted(scene: Scene, price: str = "199.00", *more: str) -> int:
    """A new product is found; the number of its draft."""
    scene.has(shopify_product(99, "新面霜", price, *more))
    await scene.looks()
    (draft,) = await made(scene.shop)
    return draft.id


@pytest.mark.parametrize("title", ["新面霜", "玫瑰面霜"])
@pytest.mark.parametrize("more", [(), ("299.00",)])
async def test_a_price_that_changed_meanwhile_never_goes_out(
    scene: Scene, title: str, more: tuple[str, ...]
) -> None:
    number = await drafted(scene, "199.00", *more)
    scene.has(shopify_product(99, title, "259.00", *more))
    await scene.looks()
    assert "的价格变了，现在是 259.00 CNY" in await approved(scene, number)
    assert await scene.shop.delivers() == []


async def test_what_is_sold_out_meanwhile_is_not_announced(scene: Scene) -> None:
    number = await drafted(scene)
    gone = shopify_product(99, "新面霜", "199.00")
    gone["variants"][0]["available"] = False
    scene.has(gone)
    await scene.looks()
    assert "“新面霜”现在没有货" in await approved(scene, number)
    assert await scene.shop.delivers() == []


async def test_a_price_that_changes_behind_the_approval_is_held_at_the_last_moment(
    sqlite: Database, server: FeedServer
) -> None:
    scene = await scene_on(sqlite, server, approve=False, early=2 * HOUR)
    await drafted_for_regulars(scene)
    scene.has(shopify_product(99, "新面霜", "259.00"))
    await scene.looks()
    assert await scene.shop.delivers() == []
    await scene.looks(2 * HOUR)
    assert await scene.shop.delivers() == []


async def drafted_for_regulars(scene: Scene) -> None:
    """A new product goes out by itself, to an old customer first."""
    member = await scene.shop.member("小鱼")
    async with scene.shop.desk.database.writing() as connection:
        given = Tag(member.id, "老客", "manager:阿玲", "", scene.shop.clock.now())
        await set_tags(connection, [given])
    scene.has(shopify_product(99, "新面霜", "199.00"))
    await scene.looks()
    assert len(await made(scene.shop)) == 2


async def test_what_was_withdrawn_by_night_is_not_announced_in_the_morning(
    sqlite: Database, server: FeedServer
) -> None:
    scene = await scene_on(sqlite, server, approve=False)
    scene.shop.clock.advance(13 * HOUR)  # 23:00
    scene.has(shopify_product(99, "手滑上架的新品", "199.00"))
    await scene.looks()
    scene.has()
    await scene.looks()
    await scene.looks(12 * HOUR)
    assert await made(scene.shop) == []


async def test_a_draft_is_told_of_even_if_the_process_ended_before(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ends(*_: Any) -> None:
        raise RuntimeError("killed")

    scene.has(shopify_product(99, "新面霜", "199.00"))
    with monkeypatch.context() as patched:
        patched.setattr(announcing, "tell_of", ends)
        with pytest.raises(RuntimeError, match="killed"):
            await scene.looks()
    assert scene.told() == []
    for _ in range(3):
        await scene.looks(MINUTE)
    assert len(scene.told()) == 1
    assert "等着批准" in scene.told()[0]


async def test_a_product_that_was_only_looked_at_by_hand_is_announced_all_the_same(
    scene: Scene,
) -> None:
    gone = shopify_product(99, "新面霜", "199.00")
    gone["variants"][0]["available"] = False
    scene.has(gone)
    await scene.looks()
    product = (await scene.products())["99"]
    await scene.shop.says(MANAGER, f"/arrive @一群 #{product.id}", group=None)
    await scene.shop.says(MANAGER, "/dismiss", group=None)
    scene.has(shopify_product(99, "新面霜", "199.00"))
    await scene.looks()
    assert len(await made(scene.shop)) == 1


async def test_a_link_that_was_only_typed_uses_nothing_up(scene: Scene) -> None:
    link = scene.server.url.replace("127.0.0.1", "shop.example")
    await scene.shop.says(MANAGER, f"/arrive @一群 新面霜 199 {link}/products/p99", group=None)
    await scene.shop.says(MANAGER, "/dismiss", group=None)
    async with scene.shop.desk.database.reading() as connection:
        known = await known_links(connection, scene.shop.desk.shop_id, [f"{link}/products/p99"])
    assert known == set()


async def test_fans_hear_nothing_of_products_that_are_still_to_come(scene: Scene) -> None:
    number = await drafted(scene)
    product = (await scene.products())["99"]
    asked = f"/pricedrop {product.id}"
    assert (await scene.shop.says("小鱼", asked, group=None)).text == "没有这件商品。"
    await approved(scene, number)
    assert "新面霜" in (await scene.shop.says("小鱼", asked, group=None)).text
