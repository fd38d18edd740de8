"""What commands about demand take: periods, things and segments, as people write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.arguments import Unreadable
from handlers.insight_arguments import About, PeriodWords, SegmentWord
from handlers.period import Period
from insights.lexicon import DemandKind
from insights.opinions import Stance

THURSDAY = date(2026, 11, 5)


def days(first: str, last: str) -> Period:
    """A period by its first and last day."""
    return Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("text", "first", "last", "left"),
    [
        ("7", "2026-10-30", "2026-11-05", ""),
        ("7天 @二群", "2026-10-30", "2026-11-05", " @二群"),
        ("最近30天", "2026-10-07", "2026-11-05", ""),
        ("1d", "2026-11-05", "2026-11-05", ""),
        ("今天", "2026-11-05", "2026-11-05", ""),
        ("昨天", "2026-11-04", "2026-11-04", ""),
        ("本周", "2026-11-02", "2026-11-05", ""),
        ("上周 tag:新人", "2026-10-26", "2026-11-01", " tag:新人"),
        ("LastWeek", "2026-10-26", "2026-11-01", ""),
        ("本月", "2026-11-01", "2026-11-05", ""),
        ("上个月", "2026-10-01", "2026-10-31", ""),
        ("10-01..10-07", "2026-10-01", "2026-10-07", ""),
        ("2026-10-01..2026-10-07 @二群", "2026-10-01", "2026-10-07", " @二群"),
        ("10月1日到10月7日", "2026-10-01", "2026-10-07", ""),
        ("10.1 - 10.7", "2026-10-01", "2026-10-07", ""),
        ("10/1～10/7", "2026-10-01", "2026-10-07", ""),
        ("2025-10-01..10-07", "2025-10-01", "2025-10-07", ""),
        ("10-01..2025-10-07", "2025-10-01", "2025-10-07", ""),
        ("11-01..11-30", "2026-11-01", "2026-11-30", ""),
        ("12-28..01-03", "2025-12-28", "2026-01-03", ""),
        ("11-06", "2025-11-06", "2025-11-06", ""),
        ("02-29..03-01", "2026-02-28", "2026-03-01", ""),
    ],
)
def test_a_period_is_read_as_people_say_it(text: str, first: str, last: str, left: str) -> None:
    read, rest = PeriodWords.read(text)
    assert read.meant(THURSDAY) == days(first, last)
    assert rest == left
    again, nothing = PeriodWords.read(read.written)
    assert (again.meant(THURSDAY), nothing) == (days(first, last), "")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "时间要写成 7、本周、上月 或 10-01..10-07"),
        ("明天", "时间要写成 7、本周、上月 或 10-01..10-07"),
        ("10-01..10-07abc", "时间要写成 7、本周、上月 或 10-01..10-07"),
        ("0", "天数要在 1 到 366 之间"),
        ("367天", "天数要在 1 到 366 之间"),
        ("2026-02-29", "日历里没有这一天"),
        ("13-01..13-07", "日历里没有这一天"),
        ("2026-10-07..2026-10-01", "结束的那天在开始之前"),
        ("2024-10-07..2026-10-01", "最多看 366 天"),
    ],
)
def test_what_is_no_period_is_refused_with_a_reason(text: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as refused:
        PeriodWords.read(text)
    assert refused.value.sentence == sentence


@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)), st.dates(), st.dates())
def test_days_without_years_are_at_most_a_year_and_have_begun(
    today: date, first: date, last: date
) -> None:
    period = PeriodWords.read(f"{first:%m-%d}..{last:%m-%d}")[0].meant(today)
    assert period.first <= today
    assert 1 <= len(period.days) <= 366


@pytest.mark.parametrize(
    ("text", "meant", "written", "left"),
    [
        ("气味", About("气味"), "气味", ""),
        ("气味 讨厌", About("气味", Stance.DISLIKE), "气味 讨厌", ""),
        ("气味 Mind 7", About("气味", Stance.MIND), "气味 介意", " 7"),
        ("气味 7 @二群", About("气味"), "气味", " 7 @二群"),
        ("补货", About("", kind=DemandKind.RESTOCK), "补货", ""),
        ("补货 面膜 本周", About("面膜", kind=DemandKind.RESTOCK), "补货 面膜", " 本周"),
        ("面膜 补货", About("面膜", kind=DemandKind.RESTOCK), "补货 面膜", ""),
        ("补货 本周", About("", kind=DemandKind.RESTOCK), "补货", " 本周"),
        ("补货 -二群", About("", kind=DemandKind.RESTOCK), "补货", " -二群"),
        ("售后 讨厌", About("售后", Stance.DISLIKE), "售后 讨厌", ""),
        ('"the smell" dislike', About("the smell", Stance.DISLIKE), '"the smell" 讨厌', ""),
    ],
)
def test_a_thing_is_read_with_how_it_is_spoken_of(
    text: str, meant: About, written: str, left: str
) -> None:
    assert About.read(text) == (meant, left)
    assert meant.written == written
    assert About.read(written)[0] == meant


NAMES = [
    "300",
    "今天",
    "12-12",
    "讨厌",
    "补货",
    "p2",
    "@喜",
    "-10℃冰箱",
    "tag:x",
    '7"屏',
    '"好" 霜',
]


@given(
    st.one_of(st.sampled_from(NAMES), st.text(st.sampled_from('气味3 @-"“”「」\\'), min_size=1)),
    st.sampled_from([None, *Stance, *DemandKind]),
    st.sampled_from(["", " 7 @二群", " 2026-10-30..2026-11-05 mark"]),
)
def test_a_button_names_any_thing_so_that_it_is_read_again(
    thing: str, how: Stance | DemandKind | None, behind: str
) -> None:
    thing = thing.strip() or "气味"
    kind, stance = (how, None) if isinstance(how, DemandKind) else (None, how)
    about = About(thing, stance, kind)
    assert About.read(f"{about.written}{behind}") == (about, behind)


def test_a_product_may_have_a_long_name_but_not_any() -> None:
    assert About.read("霜" * 200)[0].thing == "霜" * 200
    with pytest.raises(Unreadable):
        About.read("霜" * 201)


@pytest.mark.parametrize("text", ["", "7", "本周 @二群", "@二群", "tag:新人", "p2"])
def test_nothing_that_is_something_else_is_a_thing(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        About.read(text)
    assert refused.value.sentence == "还没说是什么"


@pytest.mark.parametrize(
    ("text", "tag", "left"),
    [
        ("tag:敏感肌", "敏感肌", ""),
        ("标签：敏感肌 p2", "敏感肌", " p2"),
        ('tag:"常问 成分"', "常问 成分", ""),
        ("tag:介意:气味", "介意:气味", ""),
    ],
)
def test_a_segment_is_a_tag(text: str, tag: str, left: str) -> None:
    read, rest = SegmentWord.read(text)
    assert (read.tag, rest) == (tag, left)
    assert SegmentWord.read(read.written)[0] == read


@pytest.mark.parametrize("text", ["", "敏感肌", "tag:", "tag: 敏感肌"])
def test_a_segment_without_its_word_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        SegmentWord.read(text)
