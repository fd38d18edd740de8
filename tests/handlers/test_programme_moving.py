"""A post is moved only to where it can go out, and where its words are still right."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers.settings import ShopSettings
from storage.database import Database
from tests.handlers.conftest import with_groups
from tests.handlers.programme_scenes import SALE, shop_with_sale, switched_on
from tests.handlers.scenes import says
from tests.handlers.shop import Shop, TickingClock, open_shop

MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in the shop
YEAR = ("/programme on 年货节 @所有群 最后下单日=01-28", "new-year-goods")
MEMBERS = ("/programme on 会员日 @所有群 每月几号=28 优惠=满99减10", "member-day")
DOUBLE_12 = ("/programme on 双12 @所有群", "double12")
LIVE = SALE.replace(
    "{{ shop }}明天上新，先把购物车看一看。", "11月13日截止，今天先把购物车看一看，20:00 见。"
)


async def running(database: Database, switching: str) -> Shop:
    """A shop whose programme is on, by a clock that ticks."""
    shop = await with_groups(await open_shop(database, ShopSettings(), clock=TickingClock(MORNING)))
    await says(shop, switching)
    assert "开好了" in await says(shop, "/confirm")
    return shop


@pytest.mark.parametrize(
    ("programme", "move", "wrong"),
    [
        (
            YEAR,
            "5 02-01 10:08",
            "「今天」，说的是「年前发货的最后下单日」（01-28），02-01",
        ),
        (
            YEAR,
            "5 01-27 10:08",
            "「今天」，说的是「年前发货的最后下单日」（01-28），01-27",
        ),
        (YEAR, "4 01-30 10:08", "「1月28日」，说的是「年前发货的最后下单日」（01-28）"),
        (MEMBERS, "22 11-29 11:08", "「今天」，说的是「会员日」（11-28），11-29 发就不对了"),
        (MEMBERS, "21 11-26 20:38", "「明天」，说的是「会员日」（11-28），11-26 发就不对了"),
        (DOUBLE_12, "4 12-14 09:12", "「双12到了」，说的是「双12」（12-12），12-14 发就不对了"),
        (DOUBLE_12, "3 12-10 19:12", "「明天」，说的是「双12」（12-12），12-10 发就不对了"),
    ],
)
async def test_a_post_is_not_moved_to_where_its_words_are_wrong(
    sqlite: Database, programme: tuple[str, str], move: str, wrong: str
) -> None:
    switching, key = programme
    shop = await running(sqlite, switching)
    answer = await says(shop, f"/programme move {key} {move}")
    assert f"✗ 文案里写着{wrong}" in answer
    assert f"先改文案，再改时间：/programme text {key} {move.partition(' ')[0]} 新的文案" in answer
    assert ("/programme facts" in answer) == (programme != DOUBLE_12)
    assert "没有等着确认的内容" in await says(shop, "/confirm 9")


async def test_on_the_same_day_and_before_a_date_the_words_stay_right(sqlite: Database) -> None:
    shop = await running(sqlite, YEAR[0])
    for move in ("5 01-28 19:08", "4 01-23 10:08", "4 01-28 10:08"):
        answer = await says(shop, f"/programme move new-year-goods {move}")
        assert "✗" not in answer
        assert "没问题的话" in answer


async def test_a_manager_s_own_words_are_pointed_out_and_left_to_them(sqlite: Database) -> None:
    shop = await running(sqlite, YEAR[0])
    await says(shop, "/programme text new-year-goods 5 今天还能补，1月29日再寄最后一车")
    await says(shop, "/confirm")
    preview = await says(shop, "/programme move new-year-goods 5 01-30 10:08")
    assert "✗ 文案里写着「今天」，说的是「年前发货的最后下单日」（01-28），01-30" in preview
    assert "✗ 文案里写着「1月29日」，01-30 发就过了" in preview
    assert "改好了" in await says(shop, "/confirm")


async def test_other_words_of_time_are_left_to_a_person(sqlite: Database, tmp_path: Path) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=LIVE)
    await switched_on(shop)
    preview = await says(shop, "/programme move sale 4 11-10 20:12")
    assert "✗" not in preview
    assert "请留意：文案里写着「11月13日」、「今天」、「20:00」，换了时间还对吗？" in preview
    preview = await says(shop, "/programme move sale 4 11-11 12:12")
    assert "请留意：文案里写着「20:00」，换了时间还对吗？" in preview


@pytest.mark.parametrize(
    ("move", "why", "instead"),
    [
        ("2 12-09 23:30", "12-09 23:30 是免打扰时段，不会发出去。", "2 12-09 21:59"),
        ("2 12-09 22:00", "12-09 22:00 是免打扰时段，不会发出去。", "2 12-09 21:59"),
        ("2 12-10 06:00", "12-10 06:00 是免打扰时段，不会发出去。", "2 12-10 09:00"),
        ("6 12-13 20:30", "12-13 20:30 这天不做营销，不会发出去。", "6 12-14 09:00"),
        ("6 12-15 12:12", "12-15 12:12 这天不做营销，不会发出去。", "6 12-14 21:59"),
    ],
)
async def test_a_move_to_where_nothing_goes_out_is_refused_with_the_nearest_moment(
    sqlite: Database, move: str, why: str, instead: str
) -> None:
    shop = await running(sqlite, DOUBLE_12[0])
    await says(shop, "/mourn 12-15 停售")
    await says(shop, "/confirm")
    answer = await says(shop, f"/programme move double12 {move}")
    near = f"离它最近、能发的时间：/programme move double12 {instead}"
    assert answer == f"{why}\n{near}"
    assert "改到" in await says(shop, f"/programme move double12 {instead}")


async def test_a_late_night_of_the_sale_is_open(sqlite: Database) -> None:
    shop = await running(sqlite, DOUBLE_12[0])
    preview = await says(shop, "/programme move double12 5 12-12 23:30")
    assert "改到 12-12 23:30：" in preview
    assert "免打扰" not in preview
