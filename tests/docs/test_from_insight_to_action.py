"""The page on acting upon insights shows what the bot really answers."""

from __future__ import annotations

import re

from docs.generate import TOP
from storage import customers, reach
from tests.docs.test_insights import as_shown
from tests.handlers.conftest import opened, sqlite  # noqa: F401 (fixtures)
from tests.handlers.shop import MANAGER, MINUTE, Opener, Shop

PAGE = (TOP / "docs/how-to/from-insight-to-action.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```chat\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
HERE = "福利群"


async def talk(shop: Shop) -> None:
    """A morning in the group: a smell that some dislike, friends who help, a pair of products."""
    await shop.joins("小鱼", "小美", "小陈", "小李", group=HERE)
    await shop.says("小鱼", "面霜的气味太难闻了", group=HERE)
    await shop.says("小美", "气味好难闻，受不了", group=HERE)
    await shop.says("小陈", "气味有点刺鼻", group=HERE)
    await shop.says("小李", "气味很好闻，喜欢", group=HERE)
    now = shop.clock.now()
    async with shop.desk.database.writing() as connection:
        await reach.mark_unreachable(connection, [(await shop.member("小美")).id], now)
        opted_out = (await shop.member("小陈")).customer_id
        await customers.set_opt_out(connection, opted_out, now)
    for number in range(12):
        await shop.says(f"粉丝{number}", "口红和粉底液都想再买", group=HERE)
    for number in range(40):
        await shop.says(f"别人{number}", "面膜什么时候发货", group=HERE)
    for thing in ("面霜", "精华", "面膜"):
        shop.clock.advance(20 * MINUTE)
        await shop.says("小李", f"{thing}真的很好用，强烈安利，闭眼入", group=HERE)
        await shop.says("小李", f"{thing}多久能用完？", group=HERE)
        await shop.says("小陈", f"{thing}我一般用两个月", group=HERE)


async def test_the_bot_answers_as_the_page_shows(opened: Opener) -> None:  # noqa: F811 (a fixture)
    shop = await opened()
    await shop.opens(HERE, "新客群")
    await talk(shop)
    assert len(SHOWN) == 7
    for block in SHOWN:
        asks, _, answer = block.partition("\n")
        said = await shop.says(MANAGER, asks.removeprefix("> "), group=None)
        assert as_shown(said) == answer
