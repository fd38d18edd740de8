"""What the programmes that come with the bot promise: sound in every year, warm in every text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.lexicon import TRADES
from scheduler.campaigns import occurrences_of
from scheduler.caring import CareSettings
from scheduler.decide import Defer, History, Send, Skip, decide
from scheduler.festivals import Region
from scheduler.legal_days import legal_day
from scheduler.nodes import nodes_of
from scheduler.programme import campaign_for, shipped_programmes
from scheduler.programme_facts import suggested_day
from scheduler.programme_parts import Fact, Phase, Task, TaskKind
from scheduler.programme_plan import ProgrammePlan, ProgrammePost, resolve
from scheduler.promotions import Promotion
from scheduler.quiet_days import is_quiet
from scheduler.schedules import Dated, moments
from scheduler.templates import render
from scheduler.wall_time import instant_of
from scheduler.wording_rules import check, rules_for
from tests.scheduler.programme_files import needed_for, nodes_for, told_for
from tests.scheduler.situations import GROUP, NO_LIMITS, PERSON, WEEK, due
from tests.scheduler.strategies import zones

SHANGHAI = ZoneInfo("Asia/Shanghai")
WITH_TASKS = sorted(key for key, one in shipped_programmes().items() if one.tasks)
YEARS = range(2020, 2057)


def planned(
    key: str, year: int, *, zone: str = "Asia/Shanghai", language: str = "zh"
) -> ProgrammePlan:
    return resolve(
        shipped_programmes()[key],
        year,
        told_for(key, year),
        nodes_for(key, year),
        zone=zone,
        language=language,
    )


def test_the_year_s_sales_and_the_closing_are_there() -> None:
    assert WITH_TASKS == [
        "618",
        "double11",
        "double12",
        "member-day",
        "new-year-goods",
        "spring-closing",
        "womens-day",
    ]


@pytest.mark.parametrize("key", WITH_TASKS)
def test_a_programme_is_sound_in_every_year_and_nothing_of_it_waits(key: str) -> None:
    for year in YEARS:
        plan = planned(key, year)
        assert plan.waiting == ()
        assert [problem.sentence for problem in plan.problems if problem.certain] == []
        tasks = {task.key for task in shipped_programmes()[key].tasks}
        assert {post.task for post in plan.posts} == tasks


@pytest.mark.parametrize("key", WITH_TASKS)
def test_with_no_more_than_it_needs_a_programme_is_sound_and_guesses_nothing(key: str) -> None:
    for year in YEARS:
        plan = resolve(shipped_programmes()[key], year, needed_for(key, year), {})
        assert plan.sound
        assert plan.posts
        assert not any(post.told and "node" in post.facts for post in plan.posts)


def test_the_whole_of_double11_and_its_countdown_have_names_of_their_own() -> None:
    double11 = shipped_programmes()["double11"]
    assert double11.names["zh"] == "双11"
    assert campaign_for(double11, 2026, "Asia/Shanghai").name == "双11 倒计时 2026"


def test_double11_has_its_four_phases_and_tasks_of_all_four_kinds() -> None:
    plan = planned("double11", 2026)
    assert [(phase.name["zh"], phase.first, phase.last) for phase in plan.phases] == [
        ("蓄势", date(2026, 10, 10), date(2026, 10, 31)),
        ("预热", date(2026, 11, 1), date(2026, 11, 10)),
        ("爆发", date(2026, 11, 11), date(2026, 11, 11)),
        ("维护", date(2026, 11, 12), date(2026, 11, 30)),
    ]
    assert {post.kind for post in plan.posts} == set(TaskKind)
    countdown = [post.slot for post in plan.posts if post.slot.startswith("d-")]
    assert countdown == [f"d-{left}" for left in range(10, -1, -1)]


def test_double11_of_2024_waits_only_for_what_is_not_known_of_2024() -> None:
    double11 = shipped_programmes()["double11"]
    plan = resolve(double11, 2024, told_for("double11", 2024), nodes_of("tmall", "double11", 2024))
    assert {waiting.what for waiting in plan.waiting} == {"node:balance-end", "node:encore-start"}
    at = {post.slot: f"{post.at:%m-%d %H:%M}" for post in plan.posts}
    assert at["presale-opens"] == "10-14 18:50"
    assert at["balance-opens"] == "10-21 18:50"
    assert at["second-wave"] == "10-31 18:50"


PROMISING = {
    "618": {"unboxing"},
    "double11": {"unboxing", "new-friends", "return-visit", "returns"},
    "spring-closing": {"caught-up"},
    "womens-day": {"care"},
}
"""The tasks that ask fans to come with their troubles: somebody has to be at work then."""


@pytest.mark.parametrize("key", WITH_TASKS)
def test_what_promises_an_answer_falls_on_a_day_that_is_worked(key: str) -> None:
    for year in YEARS:
        kept = {post.task: post for post in planned(key, year).posts if post.day_off is not None}
        assert set(kept) == PROMISING.get(key, set())
        for post in kept.values():
            assert post.meant is not None
            assert not legal_day(post.at.date()).off, (year, post.slot)
            passed = [
                post.meant + timedelta(days=n) for n in range((post.at.date() - post.meant).days)
            ]
            assert all(legal_day(day).off for day in passed), (year, post.slot)
            assert post.unsettled == any(
                legal_day(day).provisional for day in [*passed, post.at.date()]
            )


@pytest.mark.parametrize(
    ("task", "year", "day"),
    [
        ("returns", 2026, "11-23"),  # the 22nd is a Sunday
        ("returns", 2024, "11-22"),
        ("unboxing", 2026, "11-16"),
    ],
)
def test_a_weekend_moves_what_promises_an_answer(task: str, year: int, day: str) -> None:
    (post,) = [one for one in planned("double11", year).posts if one.task == task]
    assert (f"{post.at:%m-%d}", post.unsettled) == (day, False)


def test_the_closing_suggests_the_working_days_around_the_holidays() -> None:
    """By the notices of the State Council: the last day worked before, the first day after."""
    facts = {fact.key: fact for fact in shipped_programmes()["spring-closing"].facts}
    known = {
        2024: ("02-09", "02-18"),  # the 18th is a Sunday that was worked
        2025: ("01-27", "02-05"),
        2026: ("02-14", "02-24"),  # the 14th is a Saturday that was worked
    }
    for year, days in known.items():
        found = [suggested_day(facts[key], year) for key in ("last_parcel", "back_at_work")]
        assert tuple(f"{one.day:%m-%d}" for one in found if one is not None) == days
        assert not any(one is None or one.provisional for one in found)
    for year in range(max(known) + 1, 2057):
        last, first = (suggested_day(facts[key], year) for key in ("last_parcel", "back_at_work"))
        assert last is not None
        assert first is not None
        assert last.provisional
        assert not last.off
        assert not first.off
        assert timedelta(1) < first.day - last.day < timedelta(14)


# ---- What leaves under the default settings -------------------------------------------------


@dataclass(frozen=True, slots=True)
class Post:
    """One post as the sender meets it."""

    name: str
    at: datetime
    until: datetime
    programme: str
    slot: str
    promotion: Promotion | None
    private: bool = False


def as_posts(plan: ProgrammePlan, zone: ZoneInfo = SHANGHAI) -> Iterator[Post]:
    for post in plan.posts:
        at, until = (instant_of(wall, zone) for wall in (post.at, post.until))
        name = f"{plan.programme} {plan.year} {post.slot}"
        private = post.audience is not None
        yield Post(name, at, until, plan.programme, post.slot, plan.promotion, private)


def greetings(year: int) -> Iterator[Post]:
    campaign = campaign_for(shipped_programmes()["festivals"], year, "Asia/Shanghai")
    since = datetime(year - 1, 12, 1, tzinfo=UTC)
    for one in occurrences_of(campaign, since, since + timedelta(days=420)):
        yield Post(one.slot, one.at, one.not_after, "festivals", one.slot, None)


def left_late(posts: Iterable[Post]) -> tuple[list[str], list[str]]:
    """The posts put off, and those left out, when one group and one fan get them all."""
    addressed: dict[bool, list[datetime]] = {False: [], True: []}
    late, left_out = [], []
    waiting = [(post.at, place, post) for place, post in enumerate(posts)]
    heapify(waiting)
    while waiting:
        now, place, post = heappop(waiting)
        delivery = due(
            PERSON if post.private else GROUP,
            programme=post.programme,
            slot=post.slot,
            promotion=post.promotion and post.promotion.to_json(),
            not_before=post.at,
            not_after=post.until,
        )
        before = addressed[post.private]
        history = History(tuple(at for at in before if at > now - WEEK))
        match decide(delivery, delivery.recipient, NO_LIMITS, history, CareSettings(), now):
            case Send():
                before.append(now)
            case Defer(until, reason):
                late.append(f"{post.name} until {until}: {reason}")
                heappush(waiting, (until, place, post))
            case Skip(reason):
                left_out.append(f"{post.name}: {reason}")
    return late, left_out


def loud(posts: Iterable[Post]) -> list[Post]:
    """Those of the posts that do not fall on a quiet day."""
    return [post for post in posts if not is_quiet(post.at.astimezone(SHANGHAI).date())]


@pytest.mark.parametrize("key", WITH_TASKS)
def test_every_post_leaves_at_its_moment_under_the_default_caps_and_quiet_hours(key: str) -> None:
    for year in YEARS:
        assert left_late(loud(as_posts(planned(key, year)))) == ([], [])


@pytest.mark.parametrize("key", WITH_TASKS)
def test_a_private_word_that_nothing_ends_waits_out_the_night_of_a_fan_far_away(key: str) -> None:
    begin, end = (
        timedelta(hours=at.hour) for at in (CareSettings().quiet_from, CareSettings().quiet_until)
    )
    endless = {task.key for task in shipped_programmes()[key].tasks if task.until is None}
    for post in planned(key, 2027).posts:
        if post.audience is not None and post.task in endless:
            assert post.until - post.at >= (end - begin) % timedelta(days=1), post.task


@settings(max_examples=200, deadline=None)
@given(zones, zones, st.integers(0, 23), st.integers(0, 59))
def test_a_private_word_about_a_node_never_comes_after_it_wherever_the_fan_lives(
    shop: ZoneInfo, fan: ZoneInfo, hour: int, minute: int
) -> None:
    """Its end is the node's instant, not a time of the day on the fan's wall or the shop's."""
    end = datetime(2026, 11, 10, hour, minute, tzinfo=SHANGHAI)
    node = replace(nodes_for("double11", 2026)["balance-end"], at=end)
    plan = resolve(shipped_programmes()["double11"], 2026, {}, {node.key: node}, zone=str(shop))
    (post,) = [one for one in plan.posts if one.task == "balance-ends-in-private"]
    (moment,) = moments(Dated((post.moment,)), shop, end - WEEK, end)
    assert moment.until is not None
    # A wall that shows an hour twice cannot say which of them is meant: never the later one.
    assert end - timedelta(hours=1) <= moment.until <= end
    now, person = moment.at, replace(PERSON, zone=str(fan))
    delivery = due(person, programme="double11", not_before=now, not_after=moment.until)
    while isinstance(
        then := decide(delivery, person, NO_LIMITS, History(), CareSettings(), now), Defer
    ):
        now = then.until
    assert isinstance(then, Skip) or now <= end


def test_all_of_double11_leaves_also_on_days_that_are_festivals() -> None:
    for year in YEARS:
        posts = [*greetings(year), *as_posts(planned("double11", year))]
        assert left_late(loud(posts)) == ([], [])


FREE = {"member-day", "spring-closing", "new-year-goods"}
"""Programmes whose days the shop tells: any of their posts may fall on any day of another's."""


@pytest.mark.parametrize(("one", "other"), list(combinations([*WITH_TASKS, "festivals"], 2)))
def test_no_two_programmes_ever_post_in_one_minute(one: str, other: str) -> None:
    """By the minute of their posts, and where a shop tells the days, by the clock alone."""
    spoken: list[set[str]] = []
    for key in (one, other):
        at: set[str] = set()
        for year in YEARS:
            if key == "festivals":
                at |= {f"{post.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for post in greetings(year)}
            else:
                at |= {f"{post.at:%Y-%m-%d %H:%M}" for post in planned(key, year).posts}
        spoken.append({minute[-5:] for minute in at} if FREE & {one, other} else at)
    first, second = spoken
    assert first
    assert first & second == set()


@pytest.mark.parametrize("year", [2024, 2026, 2027, 2028, 2033])
def test_with_all_programmes_on_at_once_nothing_is_left_out(year: int) -> None:
    plans = [planned(key, year) for key in WITH_TASKS]
    posts = [*greetings(year), *(post for plan in plans for post in as_posts(plan))]
    _, left_out = left_late(loud(posts))
    assert left_out == []


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(WITH_TASKS), st.sampled_from(YEARS), st.data())
def test_what_is_not_told_waits_and_changes_nothing_else(
    key: str, year: int, data: st.DataObject
) -> None:
    full, told, nodes = planned(key, year), told_for(key, year), nodes_for(key, year)
    known = {name: told[name] for name in told if data.draw(st.booleans())}
    announced = {name: nodes[name] for name in nodes if data.draw(st.booleans())}
    plan = resolve(shipped_programmes()[key], year, known, announced)
    moments_of_all = {post.slot: (post.at, post.until) for post in full.posts}
    assert {
        post.slot: (post.at, post.until) for post in plan.posts
    }.items() <= moments_of_all.items()
    spoken = {post.task for post in plan.posts} | {waiting.task for waiting in plan.waiting}
    assert spoken == {task.key for task in shipped_programmes()[key].tasks}
    untold = (told.keys() - known.keys()) | {f"node:{name}" for name in nodes.keys() - announced}
    assert {waiting.what for waiting in plan.waiting} <= untold


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WITH_TASKS), st.sampled_from(YEARS), zones, st.sampled_from(list(Region)))
def test_the_moments_of_a_plan_are_those_of_its_schedule_in_every_zone(
    key: str, year: int, zone: ZoneInfo, region: Region
) -> None:
    plan = resolve(
        shipped_programmes()[key],
        year,
        told_for(key, year),
        nodes_for(key, year),
        region,
        zone=str(zone),
    )
    assert plan.sound
    schedule = Dated(tuple(post.moment for post in plan.posts))
    since = datetime(year - 1, 10, 1, tzinfo=UTC)
    found = {one.slot: one for one in moments(schedule, zone, since, since + timedelta(days=550))}
    assert set(found) == {post.slot for post in plan.posts}
    for post in plan.posts:
        moment = found[post.slot]
        assert moment.until is not None
        assert moment.at < moment.until
        assert abs((moment.at - post.at.replace(tzinfo=zone)).total_seconds()) <= 3600
        if not post.told:
            assert post.at.date() == post.until.date()


# ---- What is said ----------------------------------------------------------------------------


def texts_of(key: str, language: str, *, told: bool) -> Iterator[tuple[ProgrammePost, str]]:
    """Every text of a programme, filled in; without what the shop need not tell."""
    facts = told_for(key, 2027) if told else needed_for(key, 2027)
    nodes = nodes_for(key, 2027) if told else {}
    plan = resolve(shipped_programmes()[key], 2027, facts, nodes, language=language)
    for post in plan.posts:
        who = {"group": "一群"} if post.audience is None else {"fan": "小林"}
        shop = {"shop": "小满杂货", "slogan": "慢慢来。" if told else ""}
        for text in post.texts[language]:
            yield post, render(text, **{**post.facts, **shop, **who})


LONGEST = {"zh": 150, "en": 380}


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("key", WITH_TASKS)
def test_a_text_is_short_whole_and_keeps_the_wording_rules(
    key: str, language: str, *, told: bool
) -> None:
    rules = rules_for("wechat", TRADES)
    for post, text in texts_of(key, language, told=told):
        assert 20 <= len(text) <= LONGEST[language], (post.slot, len(text))
        assert not re.search(r"[{}]|None|  |[：，、（]。|（）|\.\.", text), (post.slot, text)
        assert check(text, rules) == (), (post.slot, text)
        assert not re.search(r"(?:双1[12]|618)\d", text), "two numbers run into one"
        if language == "zh":
            assert not re.search(r"[,;:!?](?!\d)", text), (post.slot, text)
        if post.audience is not None and "node" not in post.facts:
            opt_out = "/退订" if language == "zh" else "/optout"
            assert opt_out in text or post.task == "old-friends-first", post.slot


@pytest.mark.parametrize("key", WITH_TASKS)
def test_both_languages_say_as_much(key: str) -> None:
    programme = shipped_programmes()[key]
    named: Sequence[Fact | Phase | Task] = [
        *programme.facts,
        *programme.phases,
        *programme.tasks,
    ]
    assert all(set(one.name) == {"zh", "en"} for one in named)
    for task in programme.tasks:
        for texts in task.texts.values():
            assert set(texts) == {"zh", "en"}
            assert all(len(set(variants)) == len(variants) for variants in texts.values())


@pytest.mark.parametrize("key", WITH_TASKS)
def test_posts_keep_off_the_whole_and_half_hours(key: str) -> None:
    for post in planned(key, 2026).posts:
        assert post.at.minute % 30 not in {0, 1, 2}, post.slot
