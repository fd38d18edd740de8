"""Words that name a day or an hour are found, and words that only look like it are not."""

from __future__ import annotations

from datetime import date

import pytest

from handlers.time_words import dates_named, days_ahead, time_words


@pytest.mark.parametrize(
    ("text", "days", "hours"),
    [
        ("今晚20:00开播，11月10日23:00截止", ["今晚", "11月10日"], ["20:00", "23:00"]),
        ("今晚24点双11就收尾了", ["今晚"], ["今晚24点"]),
        ("明天见，周五也在", ["明天", "周五"], []),
        ("心愿单收到31号", ["31号"], []),
        ("晚上八点半，零点结束", [], ["晚上八点半", "零点"]),
        ("See you tonight at 8:30, or tomorrow", ["tonight", "tomorrow"], ["8:30"]),
        ("有一点点贵，早一点说，3-5天到，满199减30，9.9元", [], []),
        ("双11这些天，48小时内发货", [], []),
        ("截止日期 11-10", ["11-10"], []),
    ],
)
def test_what_names_a_day_or_an_hour(text: str, days: list[str], hours: list[str]) -> None:
    assert sorted(time_words([text], another_day=True)) == sorted([*days, *hours])
    assert time_words([text], another_day=False) == hours


def test_each_is_named_once_for_all_texts() -> None:
    assert time_words(["今天来", "今天也来，明天见"], another_day=True) == ["今天", "明天"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "今天最后一天，明晚开始，后天发货，昨天的看下面",
            [("今天", 0), ("明晚", 1), ("后天", 2), ("昨天", -1)],
        ),
        ("双12到了，双12这天几点开抢", [("双12到了", 0), ("双12这天", 0)]),
        ("双12这些天，双12快到了", []),
        ("Today we pack, tomorrow we ship", [("Today", 0), ("tomorrow", 1)]),
    ],
)
def test_a_day_may_be_named_by_how_far_it_is(text: str, found: list[tuple[str, int]]) -> None:
    assert sorted(days_ahead(text, ["双12"])) == sorted(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1月3日截止", [("1月3日", date(2027, 1, 3))]),
        ("12-28 以前", [("12-28", date(2026, 12, 28))]),
        ("until 3 January", [("3 January", date(2027, 1, 3))]),
        ("2月30日，满199减30", []),
    ],
)
def test_a_date_is_the_one_nearest_to_where_it_is_said(
    text: str, found: list[tuple[str, date]]
) -> None:
    assert list(dates_named(text, date(2026, 12, 30))) == found
