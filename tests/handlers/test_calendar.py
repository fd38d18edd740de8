"""The shop's calendar: looked at, days of mourning, the shop's own days, and unplanned care."""

from __future__ import annotations

from datetime import date

import pytest

from handlers.arguments import Unreadable
from handlers.calendar_arguments import CareKind, DayRule
from handlers.settings import ShopSettings
from handlers.shop_calendar import calendar_between
from handlers.wording import wording
from scheduler.own_days import OwnKind
from storage import audit
from storage.quiet_days import quiet_days
from tests.handlers.shop import DAY, MANAGER, MINUTE, Shop

TODAY = date(2026, 11, 5)
CHINESE = wording("zh")


async def shown(shop: Shop, text: str) -> str:
    return (await shop.says(MANAGER, text, group=None)).text


# Days of mourning


async def test_what_is_planned_for_a_day_of_mourning_does_not_go_out(shop: Shop) -> None:
    await shop.says(MANAGER, "/countdown 双11 @一群")
    await shop.says(MANAGER, "/confirm")
    answer = await shop.says(MANAGER, "/mourn 11-06 全国哀悼日", group=None)
    assert "2026-11-06 是哀悼日（全国哀悼日）" in answer.text
    assert "那天排着 1 条" in answer.text
    assert answer.buttons["收回"] == "/unmourn 2026-11-06"
    shop.clock.advance(DAY + 60 * MINUTE)
    assert await shop.delivers() == []
    shop.clock.advance(DAY)
    (post,) = await shop.delivers()
    assert "离双11还有4天" in post.content.text


async def test_a_day_taken_back_lets_what_is_valid_go_out(shop: Shop) -> None:
    await shop.says(MANAGER, "/mourn 2026-11-05", group=None)
    await shop.says(MANAGER, "/broadcast @一群 今晚八点直播")
    preview = await shop.says(MANAGER, "/confirm")
    assert preview
    assert await shop.delivers() == []
    assert "不再是哀悼日" in await shown(shop, "/unmourn 11-05")
    async with shop.desk.database.reading() as connection:
        assert await quiet_days(connection, shop.desk.shop_id) == frozenset()
        assert await audit.found(connection, "mourning_withdrawn", "2026-11-05") is not None


async def test_a_preview_tells_that_its_day_is_one_of_mourning(shop: Shop) -> None:
    await shop.says(MANAGER, "/mourn 11-05", group=None)
    answer = await shop.says(MANAGER, "/broadcast @一群 今晚八点直播", group=None)
    assert "那天是哀思的日子，不发推广" in answer.text


async def test_care_goes_out_on_a_day_of_mourning(shop: Shop) -> None:
    await shop.says(MANAGER, "/mourn 11-05", group=None)
    await shop.says(MANAGER, "/care 台风 @一群 广东沿海")
    await shop.says(MANAGER, "/confirm")
    (post,) = await shop.delivers()
    assert post.content.text.startswith("广东沿海的朋友，风大雨急")


async def test_the_days_without_marketing_are_listed(shop: Shop) -> None:
    await shop.says(MANAGER, "/mourn 11-20 哀悼", group=None)
    lines = (await shown(shop, "/mourn")).splitlines()
    assert lines[1] == "· 11-20 周五：哀悼"
    assert "· 12-13 周日：国家公祭日（每年）" in lines
    assert "· 04-05 周一：清明节（每年）" in lines


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("/mourn 2026-11-04 哀悼", "2026-11-04 已经过去了。"),
        (
            "/mourn 13-40",
            "日历里没有「13-40」这一天。可以这样写：/mourn 12-05 全国哀悼日",
        ),
        ("/mourn 2027-02-29 哀悼", "日历里没有「2027-02-29」这一天。可以这样写：/mourn 12-05"),
        ("/mourn 2-30 哀悼", "日历里没有「2-30」这一天。可以这样写：/mourn 12-05"),
        ("/mourn 明天", "先写哪天，再写为什么"),
        ("/unmourn 明天", "日子要写成 双11、12-12 或 2026-12-12"),
        ("/unmourn 11-06", "没有定过「11-06」这个哀悼日。"),
        ("/unmourn 13-40", "没有定过「13-40」这个哀悼日。定过的看 /mourn"),
        ("/shopday 店庆 13-40", "可以这样写：/shopday 店庆 2016-10-18"),
        ("/shopday 店庆 农历13-1", "可以这样写：/shopday 店庆 2016-10-18"),
        ("/calendar 400", "天数要在 1 到 366 之间。可以这样写：/calendar 90"),
        ("/countdown 13-40 @所有群", "这一天。可以这样写：/countdown 双11 @所有群"),
    ],
)
async def test_a_wrong_day_is_told_with_the_right_example(
    shop: Shop, said: str, answered: str
) -> None:
    assert answered in await shown(shop, said)


async def test_a_day_is_declared_once(shop: Shop) -> None:
    await shop.says(MANAGER, "/mourn 11-06", group=None)
    assert await shown(shop, "/mourn 11-06 又一次") == "2026-11-06 已经是哀悼日了。"


# The shop's own days


async def test_a_day_of_the_shops_own_is_kept_listed_and_dropped(shop: Shop) -> None:
    assert "还没有记店里自己的日子。" in await shown(shop, "/shopday")
    answer = await shop.says(MANAGER, "/shopday 店庆 2016-11-18", group=None)
    assert answer.text.startswith("记下了：店庆，每年 11-18，从 2016 年起。")
    assert answer.buttons["收回"] == "/unshopday 店庆"
    await shop.says(MANAGER, "/shopday 会员日 每月28", group=None)
    assert (await shown(shop, "/shopday")).splitlines()[:3] == [
        "店里自己的日子：",
        "· 会员日：每月 28 日",
        "· 店庆：每年 11-18，从 2016 年起",
    ]
    calendar = await shown(shop, "/calendar 30")
    assert "11-18 周三：店庆" in calendar
    assert "11-28 周六：会员日" in calendar
    assert await shown(shop, "/unshopday 店庆") == "好的，「店庆」不再记了。"
    assert "没有叫「店庆」的店日" in await shown(shop, "/unshopday 店庆")


async def test_a_day_of_the_shops_own_needs_its_date(shop: Shop) -> None:
    assert "先写叫什么，再写哪天" in await shown(shop, "/shopday 店庆")


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("10-18", "10-18"),
        ("2016-10-18", "2016-10-18"),
        ("10月18日", "10-18"),
        ("2016年10月8日", "2016-10-08"),
        ("2/29", "02-29"),
        ("农历8-8", "lunar:08-08"),
        ("农历 八-8", None),
        ("lunar:12-23", "lunar:12-23"),
        ("农历 8月8日", "lunar:08-08"),
        ("每月18", "monthly:18"),
        ("每月 18日", "monthly:18"),
        ("monthly:1", "monthly:1"),
        ("每月32", None),
        ("13-01", None),
        ("02-30", None),
        ("农历", None),
        ("", None),
    ],
)
def test_a_day_is_read_as_managers_write_it(written: str, rule: str | None) -> None:
    if rule is None:
        with pytest.raises(Unreadable, match="2016-10-18"):
            DayRule.read(written)
        return
    found, left = DayRule.read(f"{written} 后面")
    assert (found.rule, left.strip()) == (rule, "后面")


@pytest.mark.parametrize(
    ("name", "rule", "kind"),
    [
        ("店庆", "10-18", OwnKind.ANNIVERSARY),
        ("会员日", "06-18", OwnKind.MEMBER_DAY),
        ("老友日", "monthly:8", OwnKind.MEMBER_DAY),
    ],
)
def test_a_day_of_every_month_or_called_so_is_the_members(
    name: str, rule: str, kind: OwnKind
) -> None:
    assert DayRule(rule).named(name).kind is kind


# The calendar


def test_the_calendar_tells_festivals_quiet_days_and_days_off_by_law() -> None:
    found = calendar_between(ShopSettings(), CHINESE, date(2026, 9, 20), date(2026, 10, 20))
    assert {f"{one.day:%m-%d}": one.words for one in found} == {
        "09-20": ("调休上班（国庆节）",),
        "09-25": ("中秋节", "放假到 09-27，共 3 天"),
        "10-01": ("国庆节", "放假到 10-07，共 7 天"),
        "10-10": ("调休上班（国庆节）",),
        "10-18": ("重阳节",),
    }


def test_what_no_notice_has_decided_is_provisional() -> None:
    found = calendar_between(ShopSettings(), CHINESE, date(2055, 10, 1), date(2055, 10, 1))
    assert "（暂定，通知还没出）" in found[0].words[-1]
    published = calendar_between(ShopSettings(), CHINESE, date(2026, 10, 1), date(2026, 10, 1))
    assert "暂定" not in published[0].words[-1]


def test_a_calendar_that_begins_within_days_off_tells_how_long_they_last() -> None:
    found = calendar_between(ShopSettings(), CHINESE, date(2026, 10, 3), date(2026, 10, 4))
    assert [one.words for one in found] == [("国庆节放假到 10-07，共 5 天",)]


@pytest.mark.parametrize(
    ("language", "day", "words"),
    [
        ("zh", date(2027, 4, 3), "清明节放假到 04-05，共 3 天（暂定，通知还没出）"),
        ("zh", date(2026, 2, 15), "春节放假到 02-23，共 9 天"),
        ("zh", date(2025, 10, 1), "中秋节放假到 10-08，共 8 天"),
        ("zh", date(2025, 9, 28), "调休上班（国庆节、中秋节）"),
        ("en", date(2026, 2, 15), "days off for Chinese New Year until 02-23, 9 in all"),
        ("en", date(2026, 1, 4), "worked for a day off (New Year's Day)"),
    ],
)
def test_days_off_are_called_by_the_festival_they_are_given_for(
    language: str, day: date, words: str
) -> None:
    settings = ShopSettings(language=language)
    (found,) = calendar_between(settings, wording(language), day, day)
    assert found.words[-1] == words


def test_the_calendar_speaks_english() -> None:
    settings = ShopSettings(language="en")
    (found,) = calendar_between(settings, wording("en"), date(2026, 12, 13), date(2026, 12, 13))
    assert found.words == ("National Memorial Day", "no marketing")


async def test_a_year_is_leafed_through_with_its_years_in_the_head(shop: Shop) -> None:
    answer = await shop.says(MANAGER, "/calendar", group=None)
    assert answer.text.startswith("2026-11-05 到 2027-01-04：")
    assert answer.buttons == {"看一年": "/calendar 366"}
    shown, pages = await shop.says(MANAGER, "/calendar 366", group=None), list[str]()
    while True:
        pages.append(shown.text)
        assert shown.text.startswith("2026-11-05 到 2027-11-06：")
        if "下一页" not in shown.buttons:
            break
        shown = await shop.says(MANAGER, shown.buttons["下一页"], group=None)
    assert len(pages) > 1
    assert "【2027 年】\n01-01 周五：元旦" in pages[0]
    assert all("【2027 年】" in page for page in pages[1:])
    assert "10-01 周五：国庆节、放假到 10-05，共 5 天（暂定，通知还没出）" in pages[-1]


async def test_a_calendar_without_anything_says_so(shop: Shop) -> None:
    assert await shown(shop, "/calendar 1") == (
        "2026-11-05 到 2026-11-06：\n没有节日，也没有放假。"
    )


# Unplanned care


async def test_care_is_previewed_and_goes_out_as_checked(shop: Shop) -> None:
    preview = await shop.says(MANAGER, "/care 暴雨 @所有群", group=None)
    assert "不少地方这两天雨很大" in preview.text
    await shop.says(MANAGER, "/confirm", group=None)
    posts = await shop.delivers()
    assert len(posts) >= 1
    assert all(post.content.text.startswith("不少地方这两天雨很大") for post in posts)


async def test_the_kinds_of_care_are_listed_with_a_button_each(shop: Shop) -> None:
    answer = await shop.says(MANAGER, "/care", group=None)
    assert answer.buttons["台风"] == "/care 台风"
    assert "快递停运" in answer.text


async def test_care_without_groups_asks_which(shop: Shop) -> None:
    answer = await shop.says(MANAGER, "/care 台风", group=None)
    assert any(says.startswith("/care 台风 @") for says in answer.buttons.values())


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("/care 外星人 @一群", "没有这件事的关怀话"),
        (f"/care 台风 @一群 {'很远' * 20}", "地方写短一点"),
    ],
)
async def test_wrong_care_is_told(shop: Shop, said: str, answered: str) -> None:
    assert answered in await shown(shop, said)


def test_care_is_called_by_any_name() -> None:
    assert CareKind.read("台风 @一群")[0].care.key == "typhoon"
    assert CareKind.read("strike")[0].care.key == "courier-strike"


async def test_fans_cannot_touch_the_calendar(shop: Shop) -> None:
    await shop.joins("小美")
    for said in ("/mourn 11-06", "/shopday 店庆 11-18", "/care 台风 @一群"):
        await shop.says("小美", said)
    async with shop.desk.database.reading() as connection:
        assert await quiet_days(connection, shop.desk.shop_id) == frozenset()
    assert await shop.delivers() == []
