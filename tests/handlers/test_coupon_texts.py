"""Coupons in a manager's words: a sample while they are shown, one code each when they are sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.coupon_names import plainly
from handlers.coupon_texts import asks_for_coupon
from handlers.notices import deliver
from scheduler.bodies import SAMPLE_CODE, batch_asked, content_of
from scheduler.campaigns import CampaignState
from scheduler.notices import CouponsGone
from storage import campaigns
from storage.database import Database
from tests.handlers.programme_scenes import ON, SALE, by_key, shop_with_sale, switched_on
from tests.handlers.scenes import state_counts
from tests.handlers.shop import MANAGER, Shop, in_private
from tests.handlers.test_coupons import READY, handed_out, ready
from tests.handlers.test_private_campaigns import previewed, tagged

OTHER = "/coupon 会员券 | 减10 | 不限 | CCCC3333"
WORDS = "{{ fan }}，老朋友的券：{{ coupon }}"


async def test_each_gets_a_code_of_their_own_and_the_preview_shows_a_sample(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await ready(shop)
    await tagged(shop, "小鱼", "小美")
    preview = await previewed(shop, text=WORDS)
    assert f"老朋友的券：{SAMPLE_CODE}" in preview
    assert "每人一张「双11券」（满199减30），还有 2 张；上面的券码只是样子" in preview
    assert "AAAA1111" not in preview
    assert await handed_out(shop) == 0
    await shop.says(MANAGER, "/confirm", group=None)
    answers = await shop.delivers()
    assert {str(one) for one in answers.addresses} == {
        str(in_private(name)) for name in ("小鱼", "小美")
    }
    said = [post.content.text for post in answers]
    assert {text.partition("：")[2] for text in said} == {"AAAA1111", "BBBB2222"}
    assert await handed_out(shop) == 2


async def test_a_test_shows_a_sample_as_well(shop: Shop) -> None:
    await ready(shop)
    await tagged(shop, "小鱼")
    await previewed(shop, text=WORDS)
    await shop.says(MANAGER, "/confirm", group=None)
    shown = await shop.says(MANAGER, "/test 1", group=None)
    assert SAMPLE_CODE in shown.text
    assert await handed_out(shop) == 0


async def test_the_staff_are_told_once_of_those_for_whom_none_was_left(shop: Shop) -> None:
    await ready(shop)
    await tagged(shop, "小鱼", "小美", "小月")
    await previewed(shop, text=WORDS)
    await shop.says(MANAGER, "/confirm", group=None)
    await shop.delivers()
    assert await state_counts(shop) == {"sent": 2, "skipped": 1}
    async with shop.desk.database.reading() as connection:
        (campaign,) = await campaigns.in_states(connection, shop.desk.shop_id, tuple(CampaignState))
    for _ in range(2):  # as two accounts would tell of it
        await deliver(shop.desk, CouponsGone(campaign.id, "双11券", 2))
    told = [post for post in shop.platform.posts if "要带的券「双11券」发完了" in post.content.text]
    assert [post.address for post in told] == [in_private(MANAGER)]


async def test_several_batches_are_asked_about_and_named_in_the_words(shop: Shop) -> None:
    await ready(shop)
    await ready(shop, OTHER)
    await tagged(shop, "小鱼")
    asked = await previewed(shop, text=WORDS)
    assert asked == (
        "要带哪一种券？现在能发的有：会员券、双11券。把名字写进去再发一次，例如："
        "{{ coupon:会员券 }}"
    )
    preview = await previewed(shop, text="你的券：{{ coupon：双11券 }}")
    assert "每人一张「双11券」" in preview
    assert f"你的券：{SAMPLE_CODE}" in preview


@pytest.mark.parametrize(
    ("orders", "words", "answer"),
    [
        ((), WORDS, "没有还能发的券码了"),
        ((READY,), "{{ coupon:别的券 }}", "没有叫「别的券」的券"),
        (("/coupon 双11券 | 满199减30 | 11-30",), WORDS, "没有还能发的券码了"),
        ((READY,), "{{ coupons }}", "这段内容里的花括号没写对"),
    ],
)
async def test_a_coupon_that_cannot_be_given_is_refused_at_once(
    shop: Shop, orders: tuple[str, ...], words: str, answer: str
) -> None:
    for order in orders:
        await ready(shop, order)
    await tagged(shop, "小鱼")
    assert answer in await previewed(shop, text=words)


@pytest.mark.parametrize(
    "command",
    [
        "/broadcast @一群 券码：{{ coupon }}",
        "/broadcast @一群 券码：{{ coupon:双11券 }}",
        "/countdown 双12 @一群 {{ days }} 天，{{coupon}}",
    ],
)
async def test_no_post_in_a_group_gives_a_code(shop: Shop, command: str) -> None:
    await ready(shop)
    answer = await shop.says(MANAGER, command, group=None)
    assert answer.text.startswith("券码一人一张，只能私下发，不能写在群消息里。")
    assert not answer.buttons


async def test_an_edit_may_give_a_code_or_leave_it_out(shop: Shop) -> None:
    await ready(shop)
    await tagged(shop, "小鱼")
    await previewed(shop, text="{{ fan }}，今晚见")
    await shop.says(MANAGER, "/confirm", group=None)
    edited = await shop.says(MANAGER, f"/edit 1 {WORDS}", group=None)
    assert "每人一张「双11券」" in edited.text
    await shop.says(MANAGER, "/confirm", group=None)
    plain = await shop.says(MANAGER, "/edit 1 {{ fan }}，明晚见", group=None)
    assert "每人一张" not in plain.text


async def test_a_group_post_is_not_edited_into_one_that_gives_a_code(shop: Shop) -> None:
    await ready(shop)
    await shop.says(MANAGER, "/broadcast @一群 今晚见", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    answer = await shop.says(MANAGER, "/edit 1 券码：{{ coupon }}", group=None)
    assert answer.text.startswith("券码一人一张")


GIVING = SALE.replace(
    "[[phase]]",
    """[[fact]]
key = "coupon"
kind = "text"
name = { zh = "优惠券", en = "coupon" }

[[phase]]""",
    1,
).replace(
    "{{ gift }}给你留了一份。",
    "{{ gift }}给你留了一份{% if coupon %}，券 {{ coupon }}{% endif %}。",
)


async def test_a_programme_gives_codes_of_the_batch_that_its_fact_names(
    database: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(database, tmp_path / "programmes", text=GIVING)
    await ready(shop)
    await tagged(shop, "小鱼")
    unknown = await shop.says(MANAGER, f"{ON} 优惠券=会员券", group=None)
    assert unknown.text == "没有叫「会员券」的券。发 /coupon 看有哪些。"
    preview = await shop.says(MANAGER, f"{ON} 优惠券=双11券", group=None)
    assert "每人一张「双11券」" in preview.text
    await shop.says(MANAGER, "/confirm", group=None)
    own = (await by_key(shop))["sale:2026:regulars"]
    async with shop.desk.database.reading() as connection:
        body = (await campaigns.bodies(connection, [own.version_id]))[own.version_id]
    assert body["coupon"] == "双11券"
    assert batch_asked(body, "regulars", None) == "双11券"
    said = content_of(body, "regulars", "小鱼", in_private=True, code="AAAA1111").text
    assert said == "小鱼，护手霜小样给你留了一份，券 AAAA1111。"
    again = await shop.says(MANAGER, f"{ON} 优惠券=双11券", group=None)
    assert "没有要变的" in again.text


async def test_a_programme_without_the_fact_says_the_same_without_codes(
    database: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(database, tmp_path / "programmes", text=GIVING)
    await tagged(shop, "小鱼")
    await switched_on(shop)
    own = (await by_key(shop))["sale:2026:regulars"]
    async with shop.desk.database.reading() as connection:
        body = (await campaigns.bodies(connection, [own.version_id]))[own.version_id]
    said = content_of(body, "regulars", "小鱼", in_private=True).text
    assert said == "小鱼，护手霜小样给你留了一份。"


@pytest.mark.parametrize(
    ("text", "plain", "named"),
    [
        ("{{ coupon }}", "{{ coupon }}", ""),
        ("{{ coupon:双11券 }}！", "{{ coupon }}！", "双11券"),
        ("{{coupon： 会员 券}}", "{{ coupon }}", "会员 券"),
        ("{{ coupon:甲 }}{{ coupon:甲 }}", "{{ coupon }}{{ coupon }}", "甲"),
        ("coupon:甲", "coupon:甲", ""),
    ],
)
def test_words_name_their_batch(text: str, plain: str, named: str) -> None:
    assert plainly(text) == (plain, named)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("{{ coupon }}", True),
        ("{{coupon|default('')}}", True),
        ("{% if coupon %}有{% endif %}", True),
        ("{{ coupons }}", False),
        ("coupon {{ fan }}", False),
    ],
)
def test_what_asks_for_a_code(text: str, *, asks: bool) -> None:
    assert asks_for_coupon(text) is asks
