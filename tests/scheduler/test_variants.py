"""Variants in the ledger: who gets which is planned, kept from slot to slot, and sent so."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from scheduler.arms import arm, group_name
from scheduler.bodies import template_body
from scheduler.trial_plan import TrialPlan
from scheduler.variants import parts
from storage import campaigns
from storage.audiences import Audience
from storage.database import Database
from storage.outcome_sources import Metric
from storage.segments import Segment
from storage.slots import HELD_OUT
from storage.tables import deliveries as ledger
from storage.tables import groups as group_rows
from storage.tables import members as people
from tests.scheduler.stage import DAY, HOUR, NOW, Stage
from tests.scheduler.test_planner import COUNTDOWN
from tests.scheduler.test_planning_people import TAGGED, fans

NAMES = [f"{number}群" for number in range(12)]
FANS = [f"粉丝{number}" for number in range(24)]
WORDS = {"content": {"text": "早"}, "variables": {}}
TWO = {"contents": [{"text": "早"}, {"text": "早呀"}]}
HALF_OUT = TrialPlan(Metric.REPLIES, 48 * HOUR, size=4, hold_out=50)


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def planned(stage: Stage, key: str = "c1") -> dict[tuple[str, str], str | None]:
    """(group or fan, slot) → the variant that it is planned with."""
    campaign = await stage.stored(key)
    who = group_rows.c.name, people.c.name
    async with stage.database.reading() as connection:
        rows = await connection.execute(
            select(*who, ledger.c.slot, ledger.c.variant)
            .select_from(ledger.outerjoin(group_rows).outerjoin(people))
            .where(ledger.c.campaign_id == campaign.id, ledger.c.state != "cancelled")
        )
        return {(group or fan, slot): variant for group, fan, slot, variant in rows}


def with_plan(body: dict[str, Any], plan: TrialPlan) -> dict[str, Any]:
    return {**body, "test": plan.to_json()}


async def test_what_says_one_thing_has_no_variants(stage: Stage) -> None:
    await stage.groups(*NAMES)
    await stage.campaign()
    await (await stage.planner()).plan_ahead()
    assert set((await planned(stage)).values()) == {None}


async def test_each_group_gets_its_variant_in_every_slot_and_hears_it(stage: Stage) -> None:
    ids = await stage.groups(*NAMES)
    words = {f"d-{left}": ["a {{ days }}", "b {{ days }}"] for left in range(10)}
    await stage.campaign(schedule=COUNTDOWN, body=template_body(words, {}, "zh"))
    planner = await stage.planner()
    await planner.plan_ahead()
    stage.clock.advance(DAY)
    await planner.plan_ahead()
    found = await planned(stage)
    fell = {name: arm("c1", group_name(ids[name]), ("a", "b"), 0) for name in NAMES}
    assert set(fell.values()) == {"a", "b"}
    assert len({slot for _, slot in found}) == 2
    assert all(variant == fell[name] for (name, _), variant in found.items())
    await (await stage.opened()).drain()
    said = {
        name: text[0]
        for name, text in ((n, stage.platform.texts[f"group:chat-{n}"]) for n in NAMES)
    }
    assert said == fell


async def test_groups_that_a_trial_holds_out_are_accounted_for_and_hear_nothing(
    stage: Stage,
) -> None:
    ids = await stage.groups(*NAMES)
    await stage.campaign(body=with_plan(TWO, HALF_OUT))
    await (await stage.planner()).plan_ahead()
    await (await stage.opened()).drain()
    fell = {name: arm("c1", group_name(ids[name]), ("a", "b"), 50) for name in NAMES}
    assert set(fell.values()) == {"a", "b", HELD_OUT}
    assert await planned(stage) == {(name, "once"): one for name, one in fell.items()}
    stands = {name: (one.state, one.reason) for name, one in (await stage.ledger()).items()}
    out = ("skipped", "hold_out")
    assert stands == {name: out if fell[name] == HELD_OUT else ("sent", None) for name in NAMES}


async def test_people_are_divided_each_by_themselves(stage: Stage) -> None:
    made = await fans(stage, *FANS)
    await stage.campaign(audience=TAGGED, body=with_plan({**TWO, "variables": {}}, HALF_OUT))
    await (await stage.planner()).plan_ahead()
    await (await stage.opened()).drain()
    fell = {one.name: arm("c1", str(one.customer_id), ("a", "b"), 50) for one in made}
    assert set(fell.values()) == {"a", "b", HELD_OUT}
    assert await planned(stage) == {(name, "once"): one for name, one in fell.items()}
    said = {one.name: stage.platform.texts.get(f"person:{one.person}") for one in made}
    words = {"a": "早", "b": "早呀", HELD_OUT: None}
    assert said == {name: words[one] for name, one in fell.items()}


async def test_a_trial_among_a_segment_leaves_the_others_in_peace(stage: Stage) -> None:
    await fans(stage, *FANS)
    await fans(stage, *FANS[:12], tag="老客")
    plan = TrialPlan(Metric.TALK, HOUR, size=4, hold_out=50, segment=Segment("tag:老客"))
    await stage.campaign(audience=TAGGED, body=with_plan(WORDS, plan))
    await (await stage.planner()).plan_ahead()
    found = {name: variant for (name, _), variant in (await planned(stage)).items()}
    assert {found[name] for name in FANS[:12]} == {"a", HELD_OUT}
    assert {found[name] for name in FANS[12:]} == {None}


async def test_what_waits_gets_the_variants_of_other_words(stage: Stage) -> None:
    await stage.groups(*NAMES)
    await stage.campaign(approved=False)
    await (await stage.planner()).plan_ahead()
    found = await stage.stored("c1")
    await _say(stage, found.id, with_plan(TWO, HALF_OUT))
    assert set((await planned(stage)).values()) == {"a", "b", HELD_OUT}
    left_out = (await stage.groups(NAMES[0]))[NAMES[0]]
    await _say(stage, found.id, TWO, Audience(kept_out=(left_out,)))
    assert len(await planned(stage)) == len(NAMES) - 1
    await _say(stage, found.id, TWO)
    now = await planned(stage)
    assert len(now) == len(NAMES)
    assert set(now.values()) == {"a", "b"}
    await _say(stage, found.id, {"content": {"text": "早"}})
    assert set((await planned(stage)).values()) == {None}


async def _say(
    stage: Stage, campaign_id: int, body: dict[str, Any], audience: Audience | None = None
) -> None:
    async with stage.database.writing() as connection:
        await campaigns.add_version(
            connection,
            campaign_id,
            body=body,
            audience=audience or Audience(),
            by="room:p2",
            at=NOW,
            divide=parts,
        )


@pytest.mark.parametrize("body", [{}, {"templates": {}}, {"contents": 3}])
async def test_a_broken_body_is_planned_and_left_out_with_its_reason(
    stage: Stage, body: dict[str, Any]
) -> None:
    await stage.groups("一群")
    await stage.campaign(body=body)
    await (await stage.planner()).plan_ahead()
    await (await stage.opened()).drain()
    assert (await stage.ledger())["一群"].state == "skipped"


@pytest.mark.parametrize("test", [3, {}, {"metric": "love", "window_hours": 1, "size": 1}])
async def test_a_trial_that_cannot_be_read_holds_its_campaign_and_no_other(
    stage: Stage, test: object
) -> None:
    await stage.groups("一群")
    await stage.campaign("c1", body={**TWO, "test": test})
    await stage.campaign("c2")
    assert await (await stage.planner()).plan_ahead() == 1
    assert not await stage.is_planned("c1")
