"""Coupons from chat: one code for each fan, told in private, and masked wherever it is listed."""

from __future__ import annotations

import re

import pytest

from handlers.arguments import Unreadable
from handlers.commands.coupons import masked_code
from handlers.coupon_words import CouponOrder
from scheduler.courier import AddressGone
from storage import coupons
from storage.attempts import outcomes_under
from tests.handlers.shop import ACCOUNT, DAY, MANAGER, MINUTE, NOW, Shop, in_group, in_private

READY = "/coupon 双11券 | 满199减30 | 11-30 | AAAA1111 BBBB2222"


async def ready(shop: Shop, order: str = READY) -> None:
    await shop.says(MANAGER, order, group=None)


async def handed_out(shop: Shop) -> int:
    async with shop.desk.database.reading() as connection:
        (batch,) = await coupons.batches(connection, shop.desk.shop_id)
    return batch.handed


async def test_fans_get_one_code_each_in_private(any_shop: Shop) -> None:
    shop = any_shop
    await ready(shop)
    answer = await shop.presses("小鱼", "/claim 双11券", group="一群")
    assert answer.text == (
        "这是你的券：「双11券」满199减30，券码 AAAA1111，有效到 2026-11-30。一人一张，请收好。"
    )
    assert answer.addresses == [in_private("小鱼")]
    assert (await shop.says("小鱼", "/claim 双11券")).text == answer.text
    assert "BBBB2222" in (await shop.says("小美", "/领券 双11券")).text
    assert (await shop.says("小月", "/claim 双11券")).text == "「双11券」已经领完了，下次早点来。"
    mine = await shop.says("小鱼", "/claim")
    assert mine.text == "你的优惠券：\n· 「双11券」满199减30，券码 AAAA1111，有效到 2026-11-30"
    assert "优惠券：1 张" in (await shop.says("小鱼", "/me")).text


async def test_lists_mask_who_has_which_code(shop: Shop) -> None:
    await ready(shop)
    await shop.says("小鱼爱吃鱼", "/claim 双11券")
    shown = await shop.says(MANAGER, "/coupon 双11券", group=None)
    assert "AAAA1111" not in shown.text
    assert "小鱼爱吃鱼" not in shown.text
    assert "11-05 10:00 小**鱼 AA**11" in shown.text
    listed = await shop.says(MANAGER, "/coupon", group=None)
    assert listed.text.endswith("双11券：满199减30，有效到 2026-11-30；共 2 张，发了 1，用了 0")


async def test_a_code_is_redeemed_once(shop: Shop) -> None:
    await ready(shop)
    await shop.says("小鱼", "/claim 双11券")
    for code, answer in (
        ("CCCC", "没有这个券码，核对一下再发一次。"),
        ("BBBB2222", "这张券还没有发给谁，没有核销。"),
        ("aaaa1111", "核销好了：「双11券」满199减30。"),
        ("AAAA1111", "这张券 11-05 10:02 已经核销过了。"),
    ):
        assert (await shop.says(MANAGER, f"/redeem {code}", group=None)).text == answer
        shop.clock.advance_to(shop.clock.now() + MINUTE)
    assert "用掉了" in (await shop.says("小鱼", "/claim")).text
    log = (await shop.says(MANAGER, "/audit", group=None)).text
    assert "核销了券码 AA**11" in log
    assert "AAAA1111" not in log


async def test_what_is_over_is_neither_given_nor_redeemed(shop: Shop) -> None:
    await ready(shop)
    await shop.says("小鱼", "/claim 双11券")
    shop.clock.advance_to(NOW + 26 * DAY)
    assert (await shop.says("小美", "/claim 双11券")).text == "「双11券」已经过期了。"
    redeemed = await shop.says(MANAGER, "/redeem AAAA1111", group=None)
    assert redeemed.text == "这张券过期了（有效到 2026-11-30），没有核销。"


async def test_a_command_that_is_obeyed_again_after_a_crash_makes_nothing_twice(
    shop: Shop,
) -> None:
    orders = await shop.orders(shop.heard(MANAGER, "/coupon 券 | 减5 | 50", group=None))
    await shop.obeys(orders)
    answer = await shop.obeys(orders)
    assert "共 50 张" in answer.text
    claims = await shop.orders(shop.heard("小鱼", "/claim 券"))
    first, again = await shop.obeys(claims), await shop.obeys(claims)
    assert first.text == again.text
    assert await handed_out(shop) == 1


async def test_made_up_codes_are_all_different(shop: Shop) -> None:
    await ready(shop, "/coupon 券 | 减5 | 200")
    answers = [(await shop.says(f"粉丝{number}", "/claim 券")).text for number in range(20)]
    codes = {found[1] for text in answers if (found := re.search(r"券码 (\w{10})，", text))}
    assert len(codes) == 20


async def test_the_staff_and_who_wants_no_record_get_none(shop: Shop) -> None:
    await ready(shop)
    assert "店里的人不参加" in (await shop.says(MANAGER, "/claim 双11券")).text
    await shop.says("小静", "/norecord")
    assert "先发 /record" in (await shop.says("小静", "/claim 双11券")).text
    assert await handed_out(shop) == 0


async def test_codes_are_not_taken_where_fans_read_them(shop: Shop) -> None:
    answer = await shop.says(MANAGER, READY, group="一群")
    assert answer.text.startswith("券码别发在粉丝群里")
    assert answer.addresses == [in_private(MANAGER)]
    async with shop.desk.database.reading() as connection:
        assert await coupons.batches(connection, shop.desk.shop_id) == []
    made = await shop.says(MANAGER, "/coupon 券 | 减5 | 3", group="一群")
    assert "共 3 张" in made.text


async def test_a_crowd_that_cannot_be_told_in_private_does_not_flood_the_group(
    shop: Shop,
) -> None:
    await ready(shop)
    for name in ("小鱼", "小美", "小月"):
        shop.platform.refuses[in_private(name)] = AddressGone("never started")
    hints = [await shop.presses(name, "/claim 双11券", group="一群") for name in ("小鱼", "小美")]
    assert [len(one) for one in hints] == [1, 0]
    assert hints[0].addresses == [in_group("一群")]
    assert "AAAA1111" not in hints[0].text
    shop.clock.advance_to(NOW + 11 * MINUTE)
    assert len(await shop.presses("小月", "/claim 双11券", group="一群")) == 1
    async with shop.desk.database.reading() as connection:
        said = await outcomes_under(connection, [ACCOUNT], f"hint:{in_group('一群')}", NOW)
    assert len(said) == 2


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("双11券", ("双11券", "", None, 0, ())),
        ("券 | 减5", ("券", "减5", None, 0, ())),
        ("券 ｜ 减5 ｜ 100张", ("券", "减5", None, 100, ())),
        ("券 | 减5 | 不限 | A1,B2\nC3", ("券", "减5", None, 0, ("A1", "B2", "C3"))),
        ("券 | 减5 | 长期", ("券", "减5", None, 0, ())),
        ("券 | 减5 | 11-30", ("券", "减5", "11-30", 0, ())),
        ("券 | 减5 | A1 B2", ("券", "减5", None, 0, ("A1", "B2"))),
    ],
)
def test_an_order_is_read(written: str, expected: tuple[object, ...]) -> None:
    order, left = CouponOrder.read(written)
    until = None if order.until is None else order.until.written
    assert (order.name, order.gives, until, order.make, order.codes) == expected
    assert left == ""


@pytest.mark.parametrize(
    "written",
    [
        "",
        "长" * 21,
        "券 |",
        "券 | 减5 | 0",
        "券 | 减5 | 5001",
        "券 | 减5 | 天天 | 5",
        f"券 | 减5 | {'长' * 65}",
        "券 | 减5 | 11-30 | 5 | 6",
        "券 | 减5 | 11-30 | 1234",
        "券 | 减5 | 2026",
    ],
)
def test_an_order_that_cannot_be_meant_is_not_read(written: str) -> None:
    with pytest.raises(Unreadable):
        CouponOrder.read(written)


async def test_a_post_carries_the_button_that_gives_a_coupon(shop: Shop) -> None:
    await ready(shop)
    await shop.says(MANAGER, "/offer @一群 双11券", group=None)
    done = await shop.says(MANAGER, "/confirm", group=None)
    assert done.text.startswith("好的，「发券：双11券」已确认")
    (post,) = await shop.delivers()
    assert post.content.text == (
        "【领券】双11券：满199减30，有效到 2026-11-30。每人一张，发完为止；点按钮，券码私下给你。"
    )
    (button,) = post.content.buttons
    assert "AAAA1111" in (await shop.presses("小鱼", button.says, group="一群")).text
    none = await shop.says(MANAGER, "/offer @一群 没有的券", group=None)
    assert none.text == "没有叫「没有的券」的券。发 /coupon 看有哪些。"
    asks = await shop.says(MANAGER, "/offer 双11券", group=None)
    preview = await shop.presses(MANAGER, asks.buttons["二群"])
    assert "【领券】双11券" in preview.text


def test_a_number_is_how_many_or_a_code_as_it_says() -> None:
    assert CouponOrder.read("券 | 减5 | 11-30 | 1234张")[0].make == 1234
    assert CouponOrder.read("券 | 减5 | 11-30 | 1234 pieces")[0].make == 1234
    assert CouponOrder.read("券 | 减5 | 11-30 | 券码 1234")[0].codes == ("1234",)


async def test_no_post_offers_what_is_over_or_empty(shop: Shop) -> None:
    await ready(shop, "/coupon 空券 | 减10 | 11-30 | 1")
    await shop.says("小鱼", "/claim 空券")
    empty = await shop.says(MANAGER, "/offer @一群 空券", group=None)
    assert empty.text == "「空券」没有券可发，先备券。"
    await ready(shop, "/coupon 旧券 | 减10 | 11-05 | 2")
    shop.clock.advance_to(shop.clock.now() + 2 * DAY)
    over = await shop.says(MANAGER, "/offer @一群 旧券", group=None)
    assert over.text == "「旧券」过期了，不发了。"


@pytest.mark.parametrize("gives", ["晒图返现5元", "好评返5元", "写评价送10元"])
async def test_no_coupon_pays_for_praise(shop: Shop, gives: str) -> None:
    answer = await shop.says(MANAGER, f"/coupon 好评券 | {gives} | 不限 | 10", group=None)
    assert "备好了" not in answer.text


async def test_no_coupon_rewards_sharing(shop: Shop) -> None:
    order = "/coupon 分享券 | 转发朋友圈领红包 | 11-30 | 5"
    assert (await shop.says(MANAGER, order, group=None)).text.startswith("这段话先别发")


async def test_a_day_that_does_not_exist_is_said(shop: Shop) -> None:
    answer = await shop.says(MANAGER, "/coupon 券 | 减5 | 2026-02-30 | 5", group=None)
    assert answer.text == "日历里没有「2026-02-30」这一天。可以这样写：12-12"


@pytest.mark.parametrize(
    ("order", "example"),
    [
        ("/coupon 券 | 减5", "/coupon 券 | 减5 | 不限 | 100"),
        ("/coupon 券 | 减5 | 11-30", "/coupon 券 | 减5 | 11-30 | 100"),
        ("/coupon 券 | 减5 | 11-30 |", "/coupon 券 | 减5 | 11-30 | 100"),
    ],
)
async def test_a_batch_without_codes_is_asked_for_them(
    shop: Shop, order: str, example: str
) -> None:
    answer = await shop.says(MANAGER, order, group=None)
    assert answer.text == f"还没写要几张，或者券码。可以这样写：{example}"
    assert "还没有优惠券" in (await shop.says(MANAGER, "/coupon", group=None)).text
    assert "共 100 张" in (await shop.says(MANAGER, example, group=None)).text
    changed = await shop.says(MANAGER, "/coupon 券 | 减8 | 12-31", group=None)
    assert changed.text == ("好的，备好了。\n券：减8，有效到 2026-12-31；共 100 张，发了 0，用了 0")


@pytest.mark.parametrize(
    ("day", "answer"),
    [
        ("11-04", "「11-04」刚过。要到明年这天，就写 2027-11-04。"),
        ("09-01", "「09-01」刚过。要到明年这天，就写 2027-09-01。"),
        ("2026-11-04", "「2026-11-04」已经过了，券要到以后的一天。"),
        ("11-05", "有效到 2026-11-05"),
        ("01-15", "有效到 2027-01-15"),
        ("06-18", "有效到 2027-06-18"),
        ("2027-11-04", "有效到 2027-11-04"),
    ],
)
async def test_a_day_gone_by_is_no_last_day(shop: Shop, day: str, answer: str) -> None:
    said = await shop.says(MANAGER, f"/coupon 券 | 减5 | {day} | 5", group=None)
    assert answer in said.text
    assert ("备好了" in said.text) == ("有效到" in answer)


def test_codes_are_masked_however_short_they_are() -> None:
    assert [masked_code(code) for code in ("A", "ABC123", "AB2C4D6E8F")] == [
        "A**",
        "A**",
        "AB**8F",
    ]
