from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights import trends
from insights.chance import believable
from insights.counted import Spoken, spoken
from insights.days import AnalysedDay, Tally, analyse_day
from insights.lexicon import DemandKind, standard_lexicon
from insights.trends import Topic, Trend, find_topics, find_trends
from insights.words import RjiebaSegmenter
from tests.insights.groups import said

TERMS = attrgetter("terms")


def period(active: int, **counts: int) -> AnalysedDay:
    """A period of `active` members, the first of whom said each term once."""
    return AnalysedDay(
        messages=dict.fromkeys(range(active), 1),
        terms={term: tally(range(count)) for term, count in counts.items() if count},
    )


def tally(members: Iterable[int], quotes: Mapping[int, int] | None = None) -> Tally:
    return Tally(dict.fromkeys(members, 1), quotes or {})


def found(*periods: AnalysedDay) -> dict[str, Trend[str]]:
    return {trend.key: trend for trend in find_trends([*map(spoken, periods)], TERMS)}


@pytest.mark.parametrize(
    ("counts", "active", "grows"),
    [
        ((0, 0, 0, 12), (60, 60, 60, 60), True),
        ((5, 4, 6, 25), (100, 100, 100, 100), True),
        ((25, 22, 27, 3), (100, 100, 100, 100), False),
        ((0, 12), (60, 60), True),  # one period before is enough where the change is loud
        ((0, 0, 0, 2), (60, 60, 60, 60), None),  # two fans are no trend
        ((1, 2, 1, 5), (60, 60, 60, 60), None),
        ((4, 40), (100, 1000), None),  # the same share of a larger group
        ((5, 40, 3, 25), (100, 100, 100, 100), None),  # it comes and goes
        ((0, 12), (0, 60), None),  # nobody spoke before
    ],
)
def test_a_trend_is_what_neither_chance_nor_bursts_explain(
    counts: tuple[int, ...], active: tuple[int, ...], *, grows: bool | None
) -> None:
    trends = found(*[period(n, 闷痘=k) for k, n in zip(counts, active, strict=True)])
    assert (trends["闷痘"].rising if trends else None) == grows


def test_a_trend_tells_its_figures() -> None:
    trend = found(period(50, 闷痘=1), period(100, 闷痘=3), period(0), period(80, 闷痘=31))["闷痘"]
    assert (trend.speakers, trend.active) == ((1, 3, 0, 31), (50, 100, 0, 80))
    assert trend.shares == (0.02, 0.03, 0.0, 31 / 80)
    assert trend.change == pytest.approx(3.71, abs=0.01)  # log2 of (31.5 / 81) / (4.5 / 151)
    assert trend.chance < 0.001


def test_without_a_period_before_nothing_is_a_trend() -> None:
    assert find_trends([spoken(period(50, 闷痘=40))], TERMS) == ()
    assert find_trends([], TERMS) == ()


def test_aspects_and_demands_have_trends_as_well() -> None:
    before = said(*[(member, "早上好") for member in range(40)])
    now = said(*[(member, "面霜什么时候补货") for member in range(40)])
    days = [analyse_day(day, RjiebaSegmenter(), standard_lexicon()) for day in (before, now)]
    [demand] = find_trends([*map(spoken, days)], attrgetter("demands"))
    assert (demand.key.kind, demand.key.thing) == (DemandKind.RESTOCK, "面霜")
    assert {
        trend.key.aspect for trend in find_trends([*map(spoken, days)], attrgetter("aspects"))
    } == {"库存"}


@pytest.mark.parametrize("rho", [0.0, 0.01])
def test_where_nothing_changes_hardly_any_report_tells_a_trend(rho: float) -> None:
    """100 reports of 80 terms over 5 periods, shares that waver round means of 0.5% to 30%."""
    draw = random.Random(11)  # noqa: S311 (a simulation)
    means = [draw.uniform(0.005, 0.3) for _ in range(80)]
    told = 0
    for _ in range(100):
        periods = [period(150, **wavering(draw, means, rho, 150)) for _ in range(5)]
        told += bool(find_trends([*map(spoken, periods)], TERMS))
    assert told <= 10


def wavering(draw: random.Random, means: list[float], rho: float, active: int) -> dict[str, int]:
    """How many of `active` say each term in one period."""
    counts = {}
    for place, mean in enumerate(means):
        size = 1 / rho - 1 if rho else 0.0
        share = draw.betavariate(mean * size, (1 - mean) * size) if rho else mean
        counts[f"t{place}"] = sum(draw.random() < share for _ in range(active))
    return counts


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=5))
def test_whatever_was_counted_the_figures_stay_in_bounds(counts: list[tuple[int, int]]) -> None:
    periods = [period(k + others, 闷痘=k) for k, others in counts]
    for trend in find_trends([*map(spoken, periods)], TERMS):
        assert 0.0 <= trend.chance <= 0.05
        assert trend.rising == (
            trend.shares[-1] > sum(trend.speakers[:-1]) / sum(trend.active[:-1])
        )


def test_what_the_same_members_say_is_one_topic() -> None:
    now = AnalysedDay(
        messages=dict.fromkeys(range(60), 1),
        terms={
            "泵头": tally(range(12), {11: 90, 10: 80}),
            "漏液": tally(range(2, 10), {9: 70}),
            "尾款": tally(range(30, 45)),
            "米酵水": tally([*range(44, 50), 3]),
        },
    )
    topics = find_topics(now, ["泵头", "漏液", "米酵水", "尾款", "没人说的"])
    assert topics == (
        Topic(("尾款",), frozenset(range(30, 45)), ()),
        Topic(("泵头", "漏液"), frozenset(range(12)), (90, 80, 70)),
        Topic(("米酵水",), frozenset([*range(44, 50), 3]), ()),
    )


def test_what_stands_in_the_same_messages_is_one_topic_though_everybody_says_everything() -> None:
    now = AnalysedDay(
        messages=dict.fromkeys(range(5), 1),
        terms={
            "漏液": tally(range(5), {1: 10, 2: 11, 3: 12}),
            "泵头": tally(range(4), {1: 10, 2: 11, 3: 14}),
            "尾款": tally(range(4), {1: 20, 2: 21, 3: 12}),
        },
    )
    topics = [topic.terms for topic in find_topics(now, ["漏液", "泵头", "尾款"])]
    assert topics == [("漏液", "泵头"), ("尾款",)]


@given(st.dictionaries(st.sampled_from("甲乙丙丁"), st.sets(st.integers(1, 9), min_size=1)))
def test_each_term_is_in_one_topic(spoken: dict[str, set[int]]) -> None:
    now = AnalysedDay(
        messages=dict.fromkeys(range(1, 10), 1),
        terms={term: tally(members) for term, members in spoken.items()},
    )
    topics = find_topics(now, list(spoken))
    assert sorted(term for topic in topics for term in topic.terms) == sorted(spoken)
    for topic in topics:
        assert topic.members == set().union(*(spoken[term] for term in topic.terms))


PERIODS = st.lists(
    st.tuples(
        st.sampled_from((0, 5, 40)),
        st.dictionaries(st.sampled_from("甲乙丙丁"), st.integers(1, 40)),
    ),
    min_size=2,
    max_size=5,
)


@given(PERIODS)
def test_trends_worked_out_together_are_those_worked_out_one_by_one(
    made: list[tuple[int, dict[str, int]]],
) -> None:
    periods = [
        Spoken(active, {key: min(said, active) for key, said in terms.items() if active})
        for active, terms in made
    ]
    active = tuple(one.speakers for one in periods)
    if not active[-1] or not sum(active[:-1]):
        assert find_trends(periods, TERMS) == ()
        return
    every = {key for one in periods for key in one.terms}
    said = {key: tuple(one.terms.get(key, 0) for one in periods) for key in every}
    said = {key: speakers for key, speakers in said.items() if sum(speakers) >= 5}
    rho = {key: trends._correlation(said[key][:-1], active[:-1]) for key in said}
    usual = max(trends._WAVERING, sum(rho.values()) / max(len(rho), 1))
    tested = {key: trends._tested(said[key], active, max(usual, rho[key])) for key in said}
    sure = believable({key: one.chance for key, one in tested.items()}, 0.05)
    found = {one.key: one for one in find_trends(periods, TERMS)}
    assert found.keys() == sure
    for key, one in found.items():
        assert (one.speakers, one.active, one.change) == (said[key], active, tested[key].change)
        assert one.chance == pytest.approx(tested[key].chance)
