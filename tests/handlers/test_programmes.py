"""A programme is switched on from its file, once, approved like any campaign, and off again."""

from __future__ import annotations

import asyncio
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.asking_plan import coming_posts
from bot.configuration import Configuration
from handlers.settings import ShopSettings
from scheduler.campaigns import CampaignState
from scheduler.planner import Planner
from storage.database import Database
from storage.running_programmes import programmes_on
from tests.handlers.programme_scenes import (
    ON,
    SALE,
    by_key,
    shop_with_sale,
    switched_on,
    write_sale,
)
from tests.handlers.scenes import OTHER, made, says, second_manager, state_counts
from tests.handlers.shop import DAY, MANAGER, MINUTE, Shop, in_group, open_shop

EXPECTED_NODE = """
zone = "Asia/Shanghai"

[[node]]
programme = "sale"
key = "end"
name = { zh = "结束", en = "end" }
at = "2026-11-11T20:00"
source = "the platform's rules of last year"
confirmed = false
"""

TWO = {"sale:2026", "sale:2026:regulars"}


@pytest.fixture
async def shop(sqlite: Database, tmp_path: Path) -> Shop:
    """A shop whose folder holds a small programme."""
    return await shop_with_sale(sqlite, tmp_path / "programmes")


@pytest.fixture
async def any_shop(database: Database, tmp_path: Path) -> Shop:
    """The same on SQLite and on PostgreSQL."""
    return await shop_with_sale(database, tmp_path / "programmes")


async def test_every_programme_is_listed_with_those_of_the_shops_folder(shop: Shop) -> None:
    listed = await says(shop, "/programme")
    assert "· 秋季上新节（sale）没开" in listed
    assert "（double11）没开" in listed
    assert "（festivals）没开" in listed
    await switched_on(shop)
    assert "· 秋季上新节（sale）开着" in await says(shop, "/方案")


async def test_a_programme_that_is_off_shows_every_post_it_would_make(shop: Shop) -> None:
    shown = await says(shop, "/programme 秋季上新节")
    assert shown.startswith(
        "「秋季上新节 2026」没开，开了会这样发：\n"
        "【预热 11-06～11-11】让老朋友记起来\n"
        "1 · 11-06 10:18 还有 6 天"
    )
    assert "3 · 11-10 11:12 私信 小鱼" in shown
    assert await made(shop) == []


async def test_what_the_shop_has_not_said_is_asked_for_with_the_right_example(shop: Shop) -> None:
    asked = await says(shop, "/programme on sale @所有群")
    assert asked == (
        "开「秋季上新节」之前还要知道：赠品（文字，例如 护手霜小样）。\n一次写上就行，例如：\n"
        "/programme on sale @所有群 赠品=护手霜小样"
    )
    preview = await says(shop, asked.splitlines()[-1])
    assert "1 · 11-06 10:18 还有 6 天，买就送护手霜小样。" in preview
    assert "· 发货通知：还不知道「发货日」" in preview
    assert "/programme facts sale 发货日=11-12" in preview


async def test_it_is_previewed_as_a_calendar_and_made_by_the_yes(any_shop: Shop) -> None:
    shop = any_shop
    preview = await shop.says(MANAGER, ON, group=None)
    assert preview.text.startswith(
        "「秋季上新节 2026」的安排，一共 4 条要发（群里 3 条，私信 1 条）：\n"
    )
    assert "发到 3 个群：一群、三群、二群" in preview.text
    assert await made(shop) == []
    done = await shop.presses(MANAGER, preview.buttons["确认发送"])
    assert "「秋季上新节 2026」开好了" in done.text
    found = await by_key(shop)
    assert set(found) == TWO
    assert {one.state for one in found.values()} == {CampaignState.APPROVED}
    assert found["sale:2026:regulars"].audience.segment is not None
    shop.clock.advance(DAY + 19 * MINUTE)
    sent = await shop.delivers()
    assert set(sent.addresses) == {in_group(name) for name in ("一群", "二群", "三群")}
    assert set(sent.text.splitlines()) == {"还有 6 天，买就送护手霜小样。"}


async def test_switched_on_again_it_changes_nothing_twice(any_shop: Shop) -> None:
    shop = any_shop
    preview = await shop.says(MANAGER, ON, group=None)
    yes = preview.buttons["确认发送"]
    await shop.presses(MANAGER, yes)
    assert "开好了" in (await shop.presses(MANAGER, yes)).text
    assert await says(shop, ON) == "「秋季上新节 2026」已经开着，没有要变的。"
    assert await says(shop, "/programme on sale") == "「秋季上新节 2026」已经开着，没有要变的。"
    assert set(await by_key(shop)) == TWO
    assert {one.version_number for one in await made(shop)} == {1}


async def test_two_managers_who_switch_it_on_at_once_have_it_once(shop: Shop) -> None:
    await second_manager(shop)
    await says(shop, ON)
    await says(shop, ON, OTHER)
    assert "等另一位管理员批准后才会发" in await says(shop, "/confirm")
    assert "别人改过或停了它" in await says(shop, "/confirm", OTHER)
    assert set(await by_key(shop)) == TWO


async def test_what_becomes_known_later_is_added_to_what_stands(shop: Shop) -> None:
    await switched_on(shop)
    said = await says(shop, "/programme facts sale 发货日=11-15")
    assert "· 发货日：11-15" in said
    assert "现在还能补上 1 条，发 /programme on sale 看看。" in await says(shop, "/programme sale")
    preview = await says(shop, "/programme on sale")
    assert "新增 1 条，改 0 条" in preview
    assert "5 · 11-15 10:24 订单从今天开始发货啦。" in preview
    await says(shop, "/confirm")
    found = await by_key(shop)
    assert {key: one.version_number for key, one in found.items()} == {
        "sale:2026": 2,
        "sale:2026:regulars": 1,
    }
    shop.clock.advance(10 * DAY + 25 * MINUTE)
    assert "订单从今天开始发货啦。" in (await shop.delivers()).text


async def test_switched_off_it_says_nothing_more_and_can_be_switched_on_again(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await switched_on(shop)
    shop.clock.advance(DAY + 10 * MINUTE)
    await shop.desk.planner.plan_ahead()
    off = await says(shop, "/programme off sale")
    assert "「秋季上新节」关了" in off
    assert "已经排好的 3 条也取消了" in off
    assert await says(shop, "/programme off sale") == "「秋季上新节」没有开着。"
    assert await state_counts(shop) == {"cancelled": 3}
    async with shop.desk.database.reading() as connection:
        assert await programmes_on(connection, shop.desk.shop_id) == []
    await switched_on(shop)
    states = {key: one.state for key, one in (await by_key(shop)).items()}
    assert states == {
        "sale:2026": CampaignState.CANCELLED,
        "sale:2026:regulars": CampaignState.CANCELLED,
        "sale:2026~2": CampaignState.APPROVED,
        "sale:2026:regulars~2": CampaignState.APPROVED,
    }
    shop.clock.advance(9 * MINUTE)
    assert (await shop.delivers()).text.count("还有 6 天") == 3


async def test_what_was_changed_for_this_year_stays_when_it_is_switched_on_again(
    shop: Shop,
) -> None:
    await switched_on(shop)
    await says(shop, "/programme text sale 2 只剩 {{ days }} 天")
    await says(shop, "/confirm")
    await says(shop, "/programme move sale 4 11-11 19:36")
    await says(shop, "/confirm")
    await says(shop, "/programme skip sale 1")
    await says(shop, "/programme off sale")
    again = await says(shop, "/programme on sale")
    await says(shop, "/confirm")
    shown = await says(shop, "/programme sale")
    for calendar in (again, shown):
        assert "1 · 11-06 10:18 [跳过] " in calendar
        assert "2 · 11-09 10:18 [改过文案] 只剩 3 天" in calendar
        assert "4 · 11-11 19:36 [改过时间] " in calendar


async def test_a_restart_between_the_preview_and_the_yes_changes_nothing(
    sqlite: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    yes = (await shop.says(MANAGER, ON, group=None)).buttons["确认发送"]
    event = shop.heard(MANAGER, yes, group=None)
    orders = await shop.orders(event)
    await shop.obeys(orders)
    assert "开好了" in (await shop.obeys(orders)).text
    assert set(await by_key(shop)) == TWO


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("/programme on", "还没说是哪个方案。可以这样写：/programme on double11 @所有群"),
        ("/programme on 没有的 @所有群", "没有叫「没有的」的方案。现有："),
        ("/programme on sale @四群 赠品=小样", "没有叫「四群」的群或群标签"),
        ("/programme on sale @所有群 礼物=小样", "这个方案里没有「礼物」。能说的有：赠品、发货日"),
        ("/programme on sale @所有群 小样", "要写成“名字=内容”，几样之间空一格，例如：赠品="),
        ("/programme facts sale 发货日=明天", "「发货日」要写成日期，例如 11-12，写的是「明天」。"),
        (
            "/programme facts sale 赠品={{ x }}",
            "「赠品」要写成文字，例如 护手霜小样，写的是「{{ x }}」。",
        ),
        ("/programme text sale 1 你好", "「秋季上新节」没有开着，先开再改：/programme on sale"),
        ("/programme sale 99", "没有「99」这一条。编号看日历：/programme sale"),
    ],
)
async def test_what_is_written_wrong_is_answered_with_an_example(
    shop: Shop, written: str, answer: str
) -> None:
    assert (await says(shop, written)).startswith(answer)
    assert await made(shop) == []


async def test_a_programme_with_certain_problems_is_not_switched_on(
    sqlite: Database, tmp_path: Path
) -> None:
    folder = write_sale(tmp_path / "programmes", SALE.replace('at = "20:12"', 'at = "23:12"'))
    shop = await open_shop(sqlite, ShopSettings(programmes=folder))
    await shop.opens("一群")
    answer = await says(shop, ON)
    assert answer.startswith("「秋季上新节 2026」现在还不能开，有 1 处要先改：\n")
    assert "落在免打扰时段：前一晚（11-11 23:12）" in answer
    assert await says(shop, "/confirm") != ""
    assert await made(shop) == []


async def test_a_broken_file_is_told_of_and_the_others_stay(
    sqlite: Database, tmp_path: Path
) -> None:
    folder = write_sale(tmp_path / "programmes")
    (folder / "broken.toml").write_text("key = ", encoding="utf-8")
    shop = await open_shop(sqlite, ShopSettings(programmes=folder))
    listed = await says(shop, "/programme")
    assert "秋季上新节（sale）" in listed
    assert "这些文件读不了，怎么改看 nuanqun doctor：\n· broken.toml（" in listed


async def test_fans_are_not_told_that_there_are_programmes(shop: Shop) -> None:
    answer = await shop.says("小鱼", ON)
    assert "上新节" not in answer.text
    assert await made(shop) == []


async def test_two_processes_that_hear_a_yes_at_once_make_everything_once(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await second_manager(shop)
    yes = [(await shop.says(name, ON, group=None)).buttons["确认发送"] for name in (MANAGER, OTHER)]
    events = [
        shop.heard(name, text, group=None) for name, text in zip((MANAGER, OTHER), yes, strict=True)
    ]
    orders = [order for event in events for order in await shop.orders(event)]
    await asyncio.gather(*map(shop.commander.obey, [*orders, orders[0]]))
    found = await by_key(shop)
    assert set(found) == TWO
    assert {one.version_number for one in found.values()} == {1}
    async with shop.desk.database.reading() as connection:
        assert len(await programmes_on(connection, shop.desk.shop_id)) == 1


async def test_a_process_that_starts_anew_goes_on_with_what_was_switched_on(
    sqlite: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    await switched_on(shop)
    shop.clock.advance(DAY + 10 * MINUTE)
    await shop.desk.planner.plan_ahead()
    again = Planner(database=sqlite, shop_id=shop.desk.shop_id, clock=shop.clock)
    assert await again.plan_ahead() == 0
    shop.clock.advance(9 * MINUTE)
    assert (await shop.delivers()).text.count("还有 6 天") == 3
    assert await again.plan_ahead() == 0
    assert await state_counts(shop) == {"sent": 3}


async def test_a_programme_whose_file_is_gone_can_be_switched_off(
    sqlite: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    await switched_on(shop)
    (tmp_path / "programmes" / "sale.toml").unlink()
    assert "没有叫「sale」的方案" in await says(shop, "/programme sale")
    assert "「sale」关了" in await says(shop, "/programme off sale")
    assert {one.state for one in await made(shop)} == {CampaignState.CANCELLED}


async def test_next_year_is_another_one(shop: Shop) -> None:
    await switched_on(shop)
    shop.clock.advance(100 * DAY)
    assert (await says(shop, "/programme sale")).startswith("「秋季上新节 2027」没开")
    assert "「秋季上新节 2027」的安排" in await says(shop, ON)
    await says(shop, "/confirm")
    assert {"sale:2026", "sale:2027", "sale:2027:regulars"} <= set(await by_key(shop))


async def test_the_command_line_shows_what_a_programme_says_and_what_waits(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    file = tmp_path / "nuanqun.db"
    shutil.copy(migrated_sqlite, file)
    url = f"sqlite+aiosqlite:///{file}"
    opened = await Database.open(url)
    shop = await shop_with_sale(opened, tmp_path / "programmes")
    await second_manager(shop)
    await switched_on(shop)
    await opened.close()
    configuration = Configuration.model_validate(
        {"storage": {"url": url}, "programmes": {"folder": str(tmp_path / "programmes")}}
    )
    days = (date(2026, 11, 5), date(2026, 11, 12))
    posts = (await coming_posts(configuration, first=days[0], last=days[1])).posts
    sale = [post.to_json() for post in posts if post.planned.programme == "sale"]
    assert [(one["slot"], one["approved"]) for one in sale] == [
        ("hello:1", False),
        ("hello:2", False),
        ("regulars", False),
        ("eve", False),
    ]
    assert sale[0]["text"] == "还有 6 天，买就送护手霜小样。"
    assert {post.planned.programme for post in posts} >= {"double11", "sale"}
    alone = await coming_posts(configuration, first=days[0], last=days[1], programme="sale")
    assert [post.to_json() for post in alone.posts] == sale
    assert alone.notes == ("dispatch (sent) waits for parcel of 2026",)


async def test_what_is_over_already_is_not_made(shop: Shop) -> None:
    shop.clock.advance(5 * DAY + 120 * MINUTE)  # 12:00 on the 10th: the regulars were written to
    assert "· 11-10 11:12 私信" not in await says(shop, ON)
    await says(shop, "/confirm")
    assert set(await by_key(shop)) == {"sale:2026"}


async def test_a_year_that_is_over_is_not_called_on(shop: Shop) -> None:
    await switched_on(shop)
    shop.clock.advance(300 * DAY)
    assert "· 秋季上新节（sale）没开" in await says(shop, "/programme")


async def test_days_that_the_shop_has_still_to_say_are_those_of_the_next_festival(
    shop: Shop,
) -> None:
    shop.clock.advance(35 * DAY)  # December: this year's Spring Festival is long over
    days = "年前最后发货日=01-28 年后复工发货日=02-14"
    preview = await says(shop, f"/programme on spring-closing @所有群 {days}")
    assert "「春节打烊与复工 2027」的安排" in preview


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("valid_hours = 8", "valid_hours = 99999999999"),
        ('solar = "11-12"', 'solar = "9999-12-31+5d"'),
    ],
)
async def test_a_number_beyond_all_bounds_breaks_nothing_else(
    sqlite: Database, tmp_path: Path, before: str, after: str
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=SALE.replace(before, after))
    assert "（double11）没开" in await says(shop, "/programme")
    assert "NQ400" not in await says(shop, "/programme sale")
    assert "NQ400" not in await says(shop, "/programme off sale")
    assert "双11" in await says(shop, "/programme double11")


async def test_a_saved_segment_that_is_gone_is_named(sqlite: Database, tmp_path: Path) -> None:
    text = SALE.replace('audience = "tag:老客"', 'audience = "segment:老朋友"')
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=text)
    answer = await says(shop, "/programme on sale @所有群 赠品=小样")
    assert answer.startswith("这个方案现在排不出来：")
    assert "老朋友" in answer


async def test_names_in_an_audience_that_the_shop_does_not_have_are_told_whenever_it_is_shown(
    sqlite: Database, tmp_path: Path
) -> None:
    people = 'audience = "not group = 员工福力 and not tag:敏感鸡"'
    text = SALE.replace('audience = "tag:老客"', people)
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=text)
    await shop.says("小鱼", "你好")
    group = "的名单里写了「group = 员工福力」，店里现在还没有"
    tag = "还没有人带着标签「敏感鸡」，排除它没有避开谁"
    for answer in (
        await says(shop, "/programme sale"),
        await says(shop, ON),
        (await switched_on(shop)).text and await says(shop, "/programme sale"),
    ):
        assert group in answer
        assert tag in answer


async def test_what_was_said_is_shown_as_a_manager_writes_it(
    sqlite: Database, tmp_path: Path
) -> None:
    live = '[[fact]]\nkey = "live"\nkind = "moment"\nname = { zh = "直播" }\n\n'
    price = '[[fact]]\nkey = "price"\nkind = "money"\nname = { zh = "到手价" }\ndefault = "99"\n\n'
    text = SALE.replace("[[phase]]", live + price + "[[phase]]", 1)
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=text)
    before = await says(shop, "/programme facts sale")
    assert "赠品（文字，例如 护手霜小样）：还没说，开之前要说" in before
    assert "到手价：99元" in before
    told = "/programme facts sale 直播=11-07 20:00 到手价=89.90 发货日=2027-01-03 开卖=11-10 20:00"
    said = await says(shop, told)
    assert "直播：11-07 20:00\n" in said
    assert "到手价：89.90元\n" in said
    assert "发货日：2027-01-03\n" in said
    assert "· 开卖：11-10 20:00\n" in said


async def test_an_example_of_a_platforms_moment_is_near_the_last_one(shop: Shop) -> None:
    shop.clock.advance(300 * DAY)  # before the sale of 2027
    shown = await says(shop, "/programme double11")
    assert "还不知道「预售开始」" in shown
    assert re.search(r"/programme facts double11 预售开始=10-\d\d \d\d:00", shown)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('on = "d-1"\nat = "20:12"', 'on = "02-29"\nat = "20:12"', "前一晚（02-29）"),
        ('at = "20:12"', 'at = "20:12"\nuntil = "09:00"', "还没到时间就过期了：前一晚"),
    ],
)
async def test_a_post_that_cannot_be_planned_is_told_by_its_name(
    sqlite: Database, tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = tmp_path / "programmes"
    shop = await shop_with_sale(sqlite, folder, text=SALE.replace(old, new))
    answer = await says(shop, ON)
    assert "现在还不能开" in answer
    assert said in answer
    assert "eve" not in answer


async def test_a_task_for_no_group_is_told_of_one_that_runs_as_well(
    sqlite: Database, tmp_path: Path
) -> None:
    text = SALE.replace('at = "20:12"', 'at = "20:12"\ngroups = "@五群"')
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=text)
    nobody = "「前一晚」现在没有群可发，先不排"
    assert nobody in await says(shop, ON)
    await says(shop, "/confirm")
    again = await says(shop, ON)
    assert again == f"「秋季上新节 2026」已经开着，没有要变的。\n{nobody}"


async def test_a_promotion_is_told_once_by_the_plan(sqlite: Database, tmp_path: Path) -> None:
    window = '[promotion]\nfirst_day = "d-6"\nlast_day = "d-0"\nposts_a_day = 4\n'
    window += 'posts_a_week = 20\nlate_nights = ["d-1"]\n\n'
    text = SALE.replace("[[fact]]", window + "[[fact]]", 1)
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=text)
    assert "；11-11 这晚可以发到 24:00" in await says(shop, ON)
    await says(shop, "/confirm")
    planned = await says(shop, "/plan 14")
    assert "私信" in planned
    assert planned.count("大促时段 11-06 至 11-12") == 1


async def test_a_picture_that_lies_beside_the_file_goes_out_with_its_post(
    sqlite: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "programmes"
    folder.mkdir()
    (folder / "礼盒.png").write_bytes(b"\x89PNG")
    text = SALE.replace('at = "10:18"', 'at = "10:18"\npicture = "礼盒.png"')
    shop = await shop_with_sale(sqlite, folder, text=text)
    await switched_on(shop)
    shop.clock.advance(DAY + 19 * MINUTE)
    before = len(shop.platform.posts)
    await shop.delivers()
    sent = [post.content.pictures for post in shop.platform.posts[before:]]
    assert [one.source for (one,) in sent] == [str((folder / "礼盒.png").resolve())] * 3


async def test_what_is_not_known_yet_stands_in_the_words_by_its_name(
    sqlite: Database, tmp_path: Path
) -> None:
    offered = SALE.replace(
        "买就送{{ gift }}。", "买就送{{ gift }}{% if gift %}，不送别的{% endif %}。"
    )
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=offered)
    page = await says(shop, "/programme sale")
    assert "1 · 11-06 10:18 还有 6 天，买就送（赠品）。" in page
    assert "\n还有 6 天，买就送（赠品）。\n" in await says(shop, "/programme sale 1") + "\n"
    await says(shop, "/programme on sale @所有群 赠品=小样")
    await says(shop, "/confirm")
    assert "买就送小样，不送别的。" in await says(shop, "/programme sale 1")


async def test_an_expected_post_is_shown_in_words_and_not_as_it_is_written(
    sqlite: Database, tmp_path: Path
) -> None:
    text = SALE.replace('on = "d-1"\nat = "20:12"', 'at = "node:end-2h"\nuntil = "node:end"')
    text = text.replace("先把购物车看一看。", "{{ node_at }}截止。")
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes" / "tmall-2026.toml").write_text(EXPECTED_NODE, encoding="utf-8")
    shop = await shop_with_sale(
        sqlite, tmp_path / "programmes", text=text, nodes=tmp_path / "nodes"
    )
    line = "3 · 11-11 18:00 [暂定，先不发] 暖群小店明天上新，11月11日20:00截止"
    assert line in await says(shop, "/programme sale")
    assert "\n暖群小店明天上新，11月11日20:00截止。" in await says(shop, "/programme sale eve")
