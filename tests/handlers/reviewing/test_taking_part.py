"""A review counts what a post was for: who took part in a round, who got and redeemed a coupon."""

from __future__ import annotations

import pytest

from tests.handlers.reviewing.scenes import FANS, asked
from tests.handlers.round_scenes import CHAIN, DRAW, POLL, newest, opens
from tests.handlers.scenes import made
from tests.handlers.shop import DAY, MANAGER, Shop

WITHIN = "2 天内："


async def figures(shop: Shop) -> str:
    """What fans did after the posts of the first campaign, as its review says two days later."""
    number = min(one.id for one in await made(shop))
    shop.clock.advance(2 * DAY)
    lines = (await asked(shop, f"/review {number}")).text.splitlines()
    (line,) = [one for one in lines if WITHIN in one]
    return line.partition(WITHIN)[2]


@pytest.mark.parametrize(
    ("order", "says"), [(POLL, "/vote {} 2"), (CHAIN, "/join {}"), (DRAW, "/join {}")]
)
async def test_who_takes_part_is_counted_however_they_came(
    any_shop: Shop, order: str, says: str
) -> None:
    shop = any_shop
    await shop.joins(*FANS)
    (post, *_) = await opens(shop, order)
    says = says.format(await newest(shop))
    on = f"receipt-{shop.platform.posts.index(post) + 1}"
    await shop.says(FANS[0], says)
    for name in FANS[1:3]:
        await shop.presses(name, says, group="一群", on=on)
    await shop.says(MANAGER, says)
    assert await figures(shop) == "回复 0 · 点按钮 2 · 参与 3 · 退订 0 · 退群 0"


async def test_a_press_is_no_reply_nor_does_who_leaves_a_draw_take_part(shop: Shop) -> None:
    await shop.joins(*FANS)
    (post, *_) = await opens(shop, DRAW)
    on = f"receipt-{shop.platform.posts.index(post) + 1}"
    for name, says in ((FANS[0], "/join 1"), (FANS[0], "/quit 1"), (FANS[1], "/join 1")):
        await shop.presses(name, says, group="一群", on=on)
    assert await figures(shop) == "回复 0 · 点按钮 2 · 参与 1 · 退订 0 · 退群 0"


async def test_another_campaigns_round_is_no_part_of_it(shop: Shop) -> None:
    await shop.joins(*FANS)
    await opens(shop, POLL)
    await opens(shop, CHAIN)
    await shop.says(FANS[0], "/join 2")
    assert await figures(shop) == "回复 0 · 退订 0 · 退群 0"


async def test_of_a_coupon_who_got_it_and_who_used_it_is_told(any_shop: Shop) -> None:
    shop = any_shop
    await shop.joins(*FANS)
    await asked(shop, "/coupon 双11券 | 满199减30 | 11-30 | AAAA1111 BBBB2222 CCCC3333")
    await asked(shop, "/offer @一群 双11券")
    await asked(shop, "/confirm")
    await shop.delivers()
    for name in FANS[:3]:
        await shop.says(name, "/claim 双11券")
    await asked(shop, "/redeem AAAA1111")
    assert await figures(shop) == "回复 0 · 领到券 3 · 用券 1 · 退订 0 · 退群 0"
