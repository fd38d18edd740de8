"""A trial as it stands: what came of each arm, by the plan that was fixed before it began."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from insights.verdicts import Finding
from scheduler.trial_plan import TrialPlan
from scheduler.trials import Trial, compares_with_held_out, read_trial, trial_of
from storage import messages
from storage.campaign_money import Money
from storage.database import Database
from storage.members import Seen
from storage.messages import FAN, Heard
from storage.outcome_sources import Metric
from storage.outcomes import Counted, Outcomes, Tally
from storage.segments import Segment
from storage.slots import HELD_OUT
from tests.scheduler.stage import ACCOUNT, DAY, HOUR, NOW, Stage
from tests.scheduler.test_planning_people import TAGGED, fans

PLAN = TrialPlan(Metric.TALK, 48 * HOUR, size=3, hold_out=20)


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


def tally(arm: str | None, did: int, of: int, group: int | None = None, *, new: int = 0) -> Tally:
    counts: Mapping[Metric, Counted] = {
        metric: Counted(did, new) if metric is Metric.TALK else Counted() for metric in Metric
    }
    return Tally(arm, group, 1, 0 if arm == HELD_OUT else 1, Counted(of, new), counts)


def read(*tallies: Tally, plan: TrialPlan | None = PLAN, over: bool = True) -> Trial:
    return read_trial(Outcomes(tallies, 0, NOW), plan, over=over, money=Money())


def test_groups_are_compared_by_their_rates() -> None:
    found = read(
        *(tally("a", did, 100, group) for group, did in enumerate((2, 3, 4), 1)),
        *(tally("b", did, 100, group) for group, did in enumerate((20, 22, 24), 4)),
        *(tally(HELD_OUT, did, 100, group) for group, did in enumerate((2, 3, 3), 7)),
    )
    assert [(one.name, one.groups, one.posts, one.reached) for one in found.arms] == [
        ("a", 3, 3, 3),
        ("b", 3, 3, 3),
        (HELD_OUT, 3, 3, 0),
    ]
    assert found.arms[1].did[Metric.TALK] == Counted(66, 0)
    assert {(one.arm, one.against): one.finding for one in found.compared} == {
        ("a", HELD_OUT): Finding.OPEN,
        ("b", HELD_OUT): Finding.MORE,
        ("b", "a"): Finding.MORE,
    }


def test_the_share_shown_of_groups_is_the_one_that_is_compared() -> None:
    of_a = [(1, 10), (1, 10), (1, 10), (60, 300)]
    found = read(
        *(tally("a", did, of, group) for group, (did, of) in enumerate(of_a, 1)),
        *(tally("b", did, of, 9 + did) for did, of in ((2, 10), (15, 300))),
    )
    assert [one.rates[Metric.TALK] for one in found.arms] == pytest.approx([0.125, 0.125])
    assert found.arms[0].did[Metric.TALK].people == 63


def test_people_are_compared_by_their_shares() -> None:
    found = read(tally("a", 5, 200, new=3), tally("b", 30, 200))
    assert not found.by_groups
    assert found.arms[0].did[Metric.TALK] == Counted(5, 3)
    (compared,) = found.compared
    assert compared.finding is Finding.MORE


def test_in_groups_more_may_speak_than_sat_there_and_none_may_sit_there() -> None:
    found = read(
        tally("a", 5, 3, 1), tally("a", 5, 10, 2), tally("a", 0, 0, 3), tally("b", 0, 10, 4)
    )
    assert found.arms[0].did[Metric.TALK].people == 10
    assert found.compared[0].finding is Finding.TOO_FEW


def test_who_is_not_of_the_segment_is_no_part_of_it() -> None:
    among = TrialPlan(Metric.TALK, HOUR, 3, segment=Segment("tag:老客"))
    found = read(tally("a", 1, 5), tally("b", 1, 5), tally(None, 3, 50), plan=among)
    assert ([one.name for one in found.arms], found.others) == (["a", "b"], 50)


def test_without_a_plan_or_variants_there_are_figures_alone() -> None:
    found = read(tally(None, 1, 5), plan=None)
    assert ([one.name for one in found.arms], found.compared) == (["a"], ())
    found = read(tally("a", 1, 5), tally("b", 5, 5), plan=None)
    assert [one.finding for one in found.compared] == [Finding.NO_PLAN]


@pytest.mark.parametrize(
    ("metric", "by_groups", "can"),
    [
        (Metric.REPLIES, True, False),
        (Metric.REPLIES, False, True),
        (Metric.PRESSES, False, False),
        (Metric.ENTRIES, False, False),
        (Metric.TALK, True, True),
    ],
)
def test_who_got_nothing_is_compared_by_what_they_can_do(
    metric: Metric, *, by_groups: bool, can: bool
) -> None:
    assert compares_with_held_out(metric, by_groups=by_groups) is can
    plan = TrialPlan(metric, HOUR, 1, hold_out=20)
    group = 1 if by_groups else None
    found = read(tally("a", 0, 9, group), tally(HELD_OUT, 0, 9, group), plan=plan)
    assert bool(found.compared) is can
    assert found.incomparable is not can


async def now_seen(stage: Stage, key: str = "c1") -> Trial:
    campaign = await stage.stored(key)
    async with stage.database.reading() as connection:
        return await trial_of(connection, campaign, "暖群", stage.clock.now())


async def says(stage: Stage, *names: str, text: str = "好呀") -> None:
    async with stage.database.writing() as connection:
        await messages.record(
            connection,
            shop_id=await stage.shop_in(connection),
            platform="room",
            account=ACCOUNT,
            heard=[
                Heard(
                    f"{name}-{text}",
                    None,
                    "",
                    Seen(f"id-{name}", name),
                    stage.clock.now(),
                    stage.clock.now().date(),
                    FAN,
                    text,
                )
                for name in names
            ],
        )


TWO_WAYS: dict[str, Any] = {
    "contents": [{"text": "早"}, {"text": "早呀"}],
    "variables": {"product": "面霜"},
}


async def test_a_campaign_is_followed_from_its_plan_to_its_verdict(stage: Stage) -> None:
    names = [f"粉丝{number}" for number in range(40)]
    await fans(stage, *names)
    body = {**TWO_WAYS, "test": TrialPlan(Metric.TALK, 48 * HOUR, size=5).to_json()}
    await stage.campaign(audience=TAGGED, body=body)
    before = await now_seen(stage)
    assert (before.arms, before.over, before.ends) == ((), False, None)
    await (await stage.planner()).plan_ahead()
    assert not (await now_seen(stage)).over
    await (await stage.opened()).drain()
    stage.clock.advance(HOUR)
    (one, other) = (await now_seen(stage)).arms
    assert one.reached + other.reached == 40
    await says(stage, *await got(stage, "早呀"), text="面霜真好")
    early = await now_seen(stage)
    assert (early.over, early.ends) == (False, NOW + 48 * HOUR)
    assert [each.finding for each in early.compared] == [Finding.TOO_EARLY]
    stage.clock.advance(2 * DAY)
    late = await now_seen(stage)
    assert late.over
    assert [each.finding for each in late.compared] == [Finding.MORE]
    assert late.arms[1].did[Metric.MENTIONS] == late.arms[1].fans


async def got(stage: Stage, text: str) -> list[str]:
    """The fans who were told so."""
    return [
        address.removeprefix("person:id-")
        for address, said in stage.platform.texts.items()
        if said == text
    ]


async def test_an_edit_after_the_beginning_does_not_change_the_question(stage: Stage) -> None:
    await fans(stage, "小鱼", "小美")
    plan = TrialPlan(Metric.TALK, timedelta(hours=3), size=5)
    await stage.campaign(audience=TAGGED, body={**TWO_WAYS, "test": plan.to_json()})
    await (await stage.planner()).plan_ahead()
    await (await stage.opened()).drain()
    await stage.edit("c1", audience=TAGGED)
    assert (await now_seen(stage)).plan == plan
