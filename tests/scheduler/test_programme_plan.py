from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.nodes import Node
from scheduler.programme_facts import FactInvalid
from scheduler.programme_file import read_programme
from scheduler.programme_parts import Programme
from scheduler.programme_plan import ProblemKind, ProgrammePlan, campaign_key, resolve
from scheduler.wall_time import ZoneUnknown
from tests.scheduler.programme_files import BALANCE, FACTS, NODES, changed_sale, written


@pytest.fixture(name="sale")
def the_sale(tmp_path: Path) -> Programme:
    return read_programme(written(tmp_path))


def planned(
    programme: Programme,
    facts: Mapping[str, object] = FACTS,
    nodes: Mapping[str, Node] = NODES,
    zone: str = "Asia/Shanghai",
    language: str = "zh",
) -> ProgrammePlan:
    return resolve(programme, 2026, facts, nodes, zone=zone, language=language)


def shown(plan: ProgrammePlan) -> list[str]:
    return [
        f"{post.slot} {post.at:%m-%d %H:%M} - {post.until:%m-%d %H:%M:%S}" for post in plan.posts
    ]


def test_a_year_s_posts_come_by_time_each_with_its_end(sale: Programme) -> None:
    plan = planned(sale)
    assert shown(plan) == [
        "wishes 11-02 12:12 - 11-02 22:12:00",
        "old-fans 11-05 10:42 - 11-05 13:42:00",
        "balance 11-08 18:00 - 11-08 20:00:00",
        "count:d-2 11-09 10:18 - 11-09 20:18:00",
        "count:d-1 11-10 10:18 - 11-10 20:18:00",
        "live 11-11 20:00 - 11-11 23:59:59",
        "thanks 11-11 22:12 - 11-11 23:59:59",
    ]
    assert (plan.anchor, plan.waiting, plan.problems) == (date(2026, 11, 11), (), ())
    assert plan.sound
    assert plan.promotion is not None
    assert plan.promotion.first_day == date(2026, 11, 8)


def test_a_post_knows_its_facts_in_words(sale: Programme) -> None:
    posts = {post.slot: post for post in planned(sale).posts}
    assert posts["wishes"].facts == {
        "gift": "护手霜", "live": "11月11日20:30", "member_day": 18, "days": 9,
    }  # fmt: skip
    assert posts["balance"].facts["node"] == "尾款截止"
    assert posts["balance"].facts["node_days"] == 0
    assert posts["balance"].facts["node_at"] == "11月8日20:00"
    assert posts["balance"].facts["balance_end"] == "11月8日20:00"
    english = {post.slot: post for post in planned(sale, language="en").posts}
    assert english["balance"].facts["node"] == "balances end"
    assert english["balance"].facts["live"] == "20:30 on 11 November"


def test_posts_of_all_groups_share_a_campaign_and_others_have_their_own(sale: Programme) -> None:
    plan = planned(sale)
    assert {post.slot: campaign_key(plan, post) for post in plan.posts} == {
        **dict.fromkeys(("wishes", "balance", "count:d-2", "count:d-1", "thanks"), "sale:2026"),
        "old-fans": "sale:2026:old-fans",
        "live": "sale:2026:live",
    }


def test_what_nobody_has_told_waits_and_nothing_else_does(sale: Programme) -> None:
    plan = planned(sale, {}, {})
    assert [(one.task, one.what, one.slots) for one in plan.waiting] == [
        ("old-fans", "gift", ()),
        ("balance", "node:balance-end", ("balance",)),
        ("live", "live", ("live",)),
    ]
    assert [post.slot for post in plan.posts] == ["wishes", "count:d-2", "count:d-1", "thanks"]
    # Told or not, a fact is known to templates.
    assert plan.posts[-1].facts["gift"] == ""
    assert plan.sound


def test_what_hangs_on_a_node_that_is_only_expected_is_provisional(sale: Programme) -> None:
    plan = planned(sale, nodes={"balance-end": replace(BALANCE, confirmed=False)})
    assert [post.slot for post in plan.posts if post.provisional] == ["balance"]
    assert [post.slot for post in plan.posts if post.told] == ["balance", "live"]


def test_the_shop_s_clock_shows_a_node_at_its_own_time(sale: Programme) -> None:
    posts = {post.slot: post for post in planned(sale, zone="Pacific/Auckland").posts}
    assert posts["balance"].at == datetime.fromisoformat("2026-11-08T23:00")
    assert posts["balance"].until == datetime.fromisoformat("2026-11-09T01:00")
    assert posts["balance"].facts["node_at"] == "11月9日01:00"
    # What the shop itself has told, and days, are on its own clock already.
    assert posts["live"].at == datetime.fromisoformat("2026-11-11T20:00")
    with pytest.raises(ZoneUnknown):
        planned(sale, zone="Mars/Olympus")


def test_a_phase_that_hangs_on_a_fact_waits_with_what_is_counted_in_it(tmp_path: Path) -> None:
    sale = changed_sale(tmp_path, 'first = "d-10"', 'first = "fact:live-9d"')
    sale = replace(sale, tasks=(replace(sale.tasks[0], on=("every mon",)), *sale.tasks[1:]))
    plan = planned(sale, {"gift": "茶"})
    assert (plan.phases[0].first, plan.phases[0].needs) == (None, "live")
    assert ("wishes", "live") in {(one.task, one.what) for one in plan.waiting}
    told = planned(sale)
    assert told.phases[0].first == date(2026, 11, 2)
    assert [post.slot for post in told.posts if post.task == "wishes"] == [
        "wishes:11-02",
        "wishes:11-09",
    ]


def test_an_anchor_that_hangs_on_a_fact_is_what_everything_waits_for(tmp_path: Path) -> None:
    sale = changed_sale(tmp_path, 'solar = "11-11"', 'fact = "live"')
    plan = planned(sale, {"gift": "茶"})
    assert plan.anchor is None
    assert {one.what for one in plan.waiting} == {"live"}
    assert planned(sale).anchor == date(2026, 11, 11)
    assert plan.promotion is None


def test_an_anchor_that_the_year_does_not_have_is_a_problem(tmp_path: Path) -> None:
    sale = changed_sale(tmp_path, 'solar = "11-11"', 'lunar = "12-08"')
    plan = resolve(sale, 2023, FACTS, NODES)
    assert ProblemKind.NO_SUCH_DAY in {problem.kind for problem in plan.problems}
    assert not plan.sound


@pytest.mark.parametrize(
    ("old", "new", "kind", "certain", "sentence"),
    [
        (
            'first = "d-0"\nlast = "d-0"',
            'first = "d-1"\nlast = "d-0"',
            ProblemKind.PHASES_OVERLAP,
            True,
            "The phases before and day overlap from 2026-11-10 to 2026-11-10.",
        ),
        (
            'first = "d-10"',
            'first = "d-0"',
            ProblemKind.PHASE_BACKWARDS,
            True,
            "The phase before ends on 2026-11-10, before it begins on 2026-11-11.",
        ),
        (
            'on = "d-9"',
            'on = "d-12"',
            ProblemKind.OUTSIDE_PHASE,
            True,
            "wishes falls on 2026-10-30, outside its phase before from 2026-11-01 to",
        ),
        (
            'at = "node:balance-end-2h"',
            'at = "node:balance-end-9d"',
            ProblemKind.OUTSIDE_PHASE,
            False,
            "balance falls on 2026-10-30, outside its phase before",
        ),
        (
            'on = "d-9"\nat = "12:12"',
            'on = "d-2"\nat = "10:18"',
            ProblemKind.SAME_MINUTE,
            True,
            "count:d-2 and wishes reach the groups in the same minute, 2026-11-09 10:18.",
        ),
        (
            'at = "12:12"',
            'at = "08:12"',
            ProblemKind.QUIET_HOURS,
            True,
            "wishes falls on 2026-11-02 08:12, in quiet hours that end at 09:00",
        ),
        (
            'until = "24:00"',
            'until = "21:00"',
            ProblemKind.OVER_BEFORE_IT_BEGINS,
            True,
            "thanks begins at 2026-11-11 22:12, after its end at 2026-11-11 21:00.",
        ),
        (
            'on = "d-9"',
            'on = "02-29"',
            ProblemKind.NO_SUCH_DAY,
            True,
            "The year 2026 has no day '02-29'.",
        ),
        (
            'on = "d-9"',
            'on = "d+1"',
            ProblemKind.NO_TEXT,
            True,
            "wishes tells the days left on 2026-11-12, when the day is over.",
        ),
        (
            "posts_a_day = 5",
            "posts_a_day = 1",
            ProblemKind.DAILY_CAP,
            True,
            "count:d-2 on 2026-11-09 10:18 is one more than the 1 posts that are",
        ),
        (
            "posts_a_week = 20",
            "posts_a_week = 2",
            ProblemKind.WEEKLY_CAP,
            True,
            "count:d-2 on 2026-11-09 10:18 is one more than the 2 posts that are",
        ),
        (
            'first_day = "d-3"',
            'first_day = "02-29"',
            ProblemKind.PROMOTION,
            True,
            "The year 2026 has no day '02-29'.",
        ),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_switched_on(
    tmp_path: Path, old: str, new: str, kind: ProblemKind, *, certain: bool, sentence: str
) -> None:
    plan = planned(changed_sale(tmp_path, old, new))
    found = [problem for problem in plan.problems if problem.kind is kind]
    assert sentence in found[0].sentence
    assert found[0].certain is certain
    assert plan.sound is not any(one.certain for one in plan.problems)


def test_a_countdown_may_aim_at_any_node(tmp_path: Path) -> None:
    sale = changed_sale(
        tmp_path,
        'at = "node:balance-end-2h"',
        'on = "node:balance-end-2d..node:balance-end"\nat = "12:42"',
    )
    plan = planned(sale)
    left = {post.slot: post.facts["node_days"] for post in plan.posts if post.task == "balance"}
    assert left == {"balance:d-2": 2, "balance:d-1": 1, "balance:d-0": 0}
    moved = {"balance-end": replace(BALANCE, at=BALANCE.at + timedelta(days=1))}
    assert {post.slot for post in planned(sale, nodes=moved).posts} == {
        post.slot for post in plan.posts
    }


def test_a_fact_of_another_kind_is_refused(sale: Programme) -> None:
    with pytest.raises(FactInvalid, match="'tonight' as its live"):
        planned(sale, {"live": "tonight"})
