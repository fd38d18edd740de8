"""A programme's preview tells what it comes to beside the other campaigns of the same groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import Database
from tests.handlers.programme_scenes import ON, SALE, shop_with_sale, write_sale
from tests.handlers.scenes import says
from tests.handlers.shop import Shop

SECOND = SALE.replace('key = "sale"', 'key = "second"', 1).replace("秋季上新节", "第二个节")


@pytest.fixture
async def shop(sqlite: Database, tmp_path: Path) -> Shop:
    """A shop whose folder holds two programmes with the same days and times."""
    folder = tmp_path / "programmes"
    write_sale(folder)
    (folder / "second.toml").write_text(SECOND, encoding="utf-8")
    return await shop_with_sale(sqlite, folder)


async def test_two_programmes_of_one_group_in_one_minute_are_told_before_the_yes(
    shop: Shop,
) -> None:
    first = await says(shop, ON)
    assert "一起算" not in first
    await says(shop, "/confirm")
    preview = await says(shop, ON.replace("sale", "second"))
    assert "请留意：" in preview
    assert "· 跟「秋季上新节 2026」一起算，挤在同一分钟：预告（11-06 10:18）" in preview
    assert "挤在同一分钟：前一晚（11-11 20:12）" in preview
    assert "挤在同一分钟：老客先知道" not in preview
    assert "/confirm" in preview


async def test_other_groups_are_not_in_the_way(shop: Shop) -> None:
    await says(shop, ON.replace("@所有群", "@一群"))
    await says(shop, "/confirm")
    preview = await says(shop, ON.replace("sale", "second").replace("@所有群", "@二群"))
    assert "/confirm" in preview
    assert "一起算" not in preview


async def test_a_campaign_that_was_ended_is_not_in_the_way(shop: Shop) -> None:
    await says(shop, ON)
    await says(shop, "/confirm")
    await says(shop, "/programme off sale")
    assert "一起算" not in await says(shop, ON.replace("sale", "second"))


async def test_a_post_that_was_left_out_is_in_nobodys_way(shop: Shop) -> None:
    second = ON.replace("sale", "second")
    await says(shop, second)
    await says(shop, "/confirm")
    await says(shop, "/programme skip second 1")
    await says(shop, "/programme off second")
    await says(shop, ON)
    await says(shop, "/confirm")
    told = (await says(shop, second)).partition("请留意：")[2]
    assert "11-09 10:18" in told
    assert "11-06 10:18" not in told


MORE = """
[[task]]
key = "more-{place}"
name = {{ zh = "再说一句" }}
phase = "warm"
kind = "关怀互动"
on = "d-6"
at = "{at}"
texts = {{ zh = "今天晚上早点睡。" }}
"""


async def test_too_many_together_are_told(sqlite: Database, tmp_path: Path) -> None:
    more = "".join(MORE.format(place=place, at=at) for place, at in enumerate(("13:24", "17:24")))
    folder = tmp_path / "programmes"
    write_sale(folder)
    own = SECOND.replace("10:18", "11:24") + more
    (folder / "second.toml").write_text(own, encoding="utf-8")
    shop = await shop_with_sale(sqlite, folder)
    await says(shop, ON)
    await says(shop, "/confirm")
    preview = await says(shop, ON.replace("sale", "second"))
    told = "· 跟「秋季上新节 2026」一起算，24 小时内超过 3 条：再说一句（11-06 17:24）"
    assert told in preview


AT_GREETINGS = """
[[task]]
key = "autumn"
name = { zh = "换季说一句" }
phase = "main"
kind = "关怀互动"
on = ["d+10", "d+11", "d+20"]
at = "09:42"
texts = { zh = "换季了，早晚添件衣裳。" }
"""


async def test_greetings_that_are_yet_to_be_prepared_are_looked_at_too(
    sqlite: Database, tmp_path: Path
) -> None:
    """A festival's and a day of the shop's own; on another day there is no greeting."""
    text = SALE.replace('last = "d+4"', 'last = "d+40"').replace(
        'solar = "11-12"', 'solar = "12-12"'
    )
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=text + AT_GREETINGS)
    await says(shop, "/shopday 开店纪念 2016-12-23")
    await says(shop, "/programme on festivals @所有群")
    await says(shop, "/confirm")
    told = (await says(shop, ON)).partition("请留意：")[2]
    assert "· 跟「冬至 12-22」一起算，挤在同一分钟：换季说一句（12-22 09:42）" in told
    assert "· 跟「开店纪念 12-23」一起算，挤在同一分钟：换季说一句（12-23 09:42）" in told
    assert "01-01" in told  # New Year's greeting
    assert told.count("挤在同一分钟") == 3
