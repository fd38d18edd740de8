"""What makes a trial's arms comparable: one moment to look from, one arm for each, for ever."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from insights.verdicts import Finding
from scheduler.bodies import reworded
from scheduler.campaigns import CampaignState
from scheduler.schedules import Dated, DatedMoment
from scheduler.trial_plan import BEYOND_REACH, TrialPlan
from scheduler.trials import Trial
from scheduler.variants import parts
from storage import approvals, campaigns, tags
from storage.database import Database
from storage.outcome_sources import Metric
from storage.outcomes import begun_version
from storage.segments import Segment
from storage.slots import HELD_OUT
from storage.tables import deliveries as ledger
from storage.tables import members as people
from tests.scheduler.stage import DAY, HOUR, MINUTE, NOW, Stage, local
from tests.scheduler.test_planning_people import TAGGED, fans
from tests.scheduler.test_trials import TWO_WAYS, got, now_seen, says

FANS = [f"粉丝{number}" for number in range(40)]
ONE_TEXT: dict[str, Any] = {"content": {"text": "早"}, "variables": {}}
TWO_DAYS = Dated(
    (
        DatedMoment("s1", local("2026-11-01T12:00"), None),
        DatedMoment("s2", local("2026-11-02T12:00"), None),
    )
)


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def step(stage: Stage) -> None:
    """Plan what is coming up, and send what is due."""
    await (await stage.planner()).plan_ahead()
    await (await stage.opened()).drain()


async def written(stage: Stage) -> dict[tuple[str, str], tuple[str | None, str]]:
    """(fan, slot) → the variant, and what became of it."""
    async with stage.database.reading() as connection:
        rows = await connection.execute(
            select(people.c.name, ledger.c.slot, ledger.c.variant, ledger.c.state).join(
                people, people.c.id == ledger.c.member_id
            )
        )
        return {(name, slot): (variant, state) for name, slot, variant, state in rows}


def did(trial: Trial) -> dict[str, int]:
    """Arm → how many talked."""
    return {one.name: one.did[Metric.TALK].people for one in trial.arms}


def fans_of(trial: Trial) -> dict[str, int]:
    return {one.name: one.fans.people for one in trial.arms}


async def test_late_approval_moves_the_window_of_those_held_out_as_well(stage: Stage) -> None:
    await fans(stage, *FANS)
    plan = TrialPlan(Metric.TALK, HOUR, size=2, hold_out=30)
    await stage.campaign(audience=TAGGED, approved=False, body={**ONE_TEXT, "test": plan.to_json()})
    await step(stage)
    stage.clock.advance(90 * MINUTE)
    await stage.approve("c1")
    await (await stage.opened()).drain()
    stage.clock.advance(20 * MINUTE)
    await says(stage, *FANS)
    found = await now_seen(stage)
    assert found.arms[-1].name == HELD_OUT
    assert did(found) == fans_of(found)


async def test_quiet_hours_move_the_window_of_those_held_out_as_well(stage: Stage) -> None:
    await fans(stage, *FANS)
    plan = TrialPlan(Metric.TALK, 6 * HOUR, size=2, hold_out=30)
    late = Dated(
        (DatedMoment("s1", local("2026-11-01T22:30"), local("2026-11-02T12:00")),),
    )
    await stage.campaign(audience=TAGGED, body={**ONE_TEXT, "test": plan.to_json()}, schedule=late)
    stage.clock.advance(local("2026-11-01T22:31") - local("2026-11-01T12:00"))
    await step(stage)
    stage.clock.advance(11 * HOUR + 30 * MINUTE)
    await step(stage)
    await says(stage, *FANS)
    found = await now_seen(stage)
    assert found.arms[-1].name == HELD_OUT
    assert did(found) == fans_of(found)


async def test_nobody_is_held_out_of_what_nobody_approved(stage: Stage) -> None:
    await fans(stage, *FANS)
    later = Dated((DatedMoment("s1", local("2026-11-01T13:00"), None),))
    await stage.campaign(audience=TAGGED, body=ONE_TEXT, schedule=later)
    found = await stage.stored("c1")
    plan = TrialPlan(Metric.TALK, HOUR, size=2, hold_out=30)
    async with stage.database.writing() as connection:
        version = await campaigns.add_version(
            connection,
            found.id,
            body={**ONE_TEXT, "test": plan.to_json()},
            audience=TAGGED,
            by="room:p2",
            at=NOW,
            divide=parts,
        )
    stage.clock.advance(HOUR)
    await step(stage)
    assert {state for _, state in (await written(stage)).values()} == {"planned"}
    async with stage.database.writing() as connection:
        assert await begun_version(connection, found.id, BEYOND_REACH) is None
        assert await approvals.reject(
            connection,
            found.id,
            version=version,
            by="room:p3",
            at=stage.clock.now(),
            divide=parts,
        )
    await step(stage)
    assert Counter((await written(stage)).values()) == {(None, "sent"): len(FANS)}


async def test_a_post_that_nobody_approved_begins_nothing(stage: Stage) -> None:
    await fans(stage, *FANS[:3])
    await stage.campaign(audience=TAGGED, body=ONE_TEXT, schedule=TWO_DAYS, approved=False)
    await step(stage)
    stage.clock.advance(20 * HOUR)
    await step(stage)
    assert {state for _, state in (await written(stage)).values()} == {"skipped"}
    found = await stage.stored("c1")
    async with stage.database.reading() as connection:
        assert await begun_version(connection, found.id, BEYOND_REACH) is None


async def test_an_edit_after_the_first_post_leaves_everybody_in_their_arm(stage: Stage) -> None:
    await fans(stage, *FANS)
    plan = TrialPlan(Metric.TALK, 3 * HOUR, size=5, hold_out=20)
    await stage.campaign(
        audience=TAGGED, body={**TWO_WAYS, "test": plan.to_json()}, schedule=TWO_DAYS
    )
    await step(stage)
    found = await stage.stored("c1")
    async with stage.database.writing() as connection:
        body = (await campaigns.bodies(connection, [found.version_id]))[found.version_id]
        await campaigns.add_version(
            connection,
            found.id,
            body=reworded(body, "改了"),
            audience=TAGGED,
            by="room:p2",
            at=stage.clock.now(),
            divide=parts,
        )
    await stage.approve("c1")
    stage.clock.advance(DAY)
    await step(stage)
    said = await written(stage)
    assert {said[name, "s1"][0] for name in FANS} == {"a", "b", HELD_OUT}
    assert all(said[name, "s2"] == said[name, "s1"] for name in FANS)
    assert sum(fans_of(await now_seen(stage)).values()) == len(FANS)


async def test_who_leaves_the_trials_segment_keeps_their_arm(stage: Stage) -> None:
    made = await fans(stage, *FANS)
    async with stage.database.writing() as connection:
        until = NOW + 5 * HOUR
        await tags.set_tags(
            connection, [tags.Tag(one.id, "沉睡", "rule:x", "1", NOW, until) for one in made[:30]]
        )
    asleep = Segment.parse("tag:沉睡")
    plan = TrialPlan(Metric.TALK, 48 * HOUR, size=2, hold_out=30, segment=asleep)
    await stage.campaign(
        audience=TAGGED, body={**TWO_WAYS, "test": plan.to_json()}, schedule=TWO_DAYS
    )
    await step(stage)
    stage.clock.advance(DAY)
    await step(stage)
    said = await written(stage)
    assert {said[name, "s1"][0] for name in FANS} == {"a", "b", HELD_OUT, None}
    assert all(said[name, "s2"] == said[name, "s1"] for name in FANS)
    assert (await now_seen(stage)).others == 10


async def test_a_plan_that_comes_after_the_first_post_holds_nobody_out(stage: Stage) -> None:
    await fans(stage, *FANS)
    await stage.campaign(audience=TAGGED, body=ONE_TEXT, schedule=TWO_DAYS)
    await step(stage)
    plan = TrialPlan(Metric.TALK, HOUR, size=2, hold_out=50)
    found = await stage.stored("c1")
    async with stage.database.writing() as connection:
        await campaigns.add_version(
            connection,
            found.id,
            body={**ONE_TEXT, "test": plan.to_json()},
            audience=TAGGED,
            by="room:p2",
            at=stage.clock.now(),
            divide=parts,
        )
    await stage.approve("c1")
    stage.clock.advance(DAY)
    await step(stage)
    said = await written(stage)
    assert {said[name, "s2"] for name in FANS} == {(None, "sent")}


async def test_who_cancels_a_trial_when_it_looks_good_gets_no_verdict(stage: Stage) -> None:
    await fans(stage, *FANS)
    plan = TrialPlan(Metric.TALK, 3 * HOUR, size=5)
    await stage.campaign(
        audience=TAGGED, body={**TWO_WAYS, "test": plan.to_json()}, schedule=TWO_DAYS
    )
    await step(stage)
    stage.clock.advance(HOUR)
    await says(stage, *await got(stage, "早呀"))
    await stage.set_state("c1", CampaignState.CANCELLED)
    stage.clock.advance(6 * HOUR)
    assert [one.finding for one in (await now_seen(stage)).compared] == [Finding.CUT_SHORT]
