from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta

import pytest

from scheduler.campaigns import CampaignState
from scheduler.planner import HORIZON, campaign_value
from scheduler.schedules import Countdown, Once, Recurring, Schedule
from storage import campaigns, deliveries
from storage.database import Database
from storage.groups import Audience
from tests.scheduler.stage import DAY, HOUR, MINUTE, NOW, SECOND, Stage, local
from tests.scheduler.test_clock import settle

COUNTDOWN = Countdown(date(2026, 11, 11), 10, time(12, 0))  # from 1 November, noon, which is NOW
BEFORE = NOW - timedelta(microseconds=1)


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def test_an_occurrence_becomes_one_delivery_for_each_group_of_its_audience(
    stage: Stage,
) -> None:
    await stage.groups("一群", "二群", "三群")
    await stage.campaign(audience=Audience((), ("二群",)))
    planner = await stage.planner()
    assert await planner.plan_ahead() == 2
    ledger = await stage.ledger()
    assert {group: one.state for group, one in ledger.items()} == {
        "一群": "planned",
        "三群": "planned",
    }
    assert stage.rings == 1


async def test_planning_twice_changes_nothing(stage: Stage) -> None:
    await stage.groups("一群")
    await stage.campaign(schedule=COUNTDOWN)
    planner = await stage.planner()
    assert [await planner.plan_ahead() for _ in range(3)] == [1, 0, 0]
    assert stage.rings == 1


async def test_the_watermark_moves_to_the_horizon_of_every_round(stage: Stage) -> None:
    await stage.campaign(schedule=COUNTDOWN)
    planner = await stage.planner()
    for _ in range(2):
        await planner.plan_ahead()
        assert (await stage.stored("c1")).planned_until == stage.clock.now() + HORIZON
        stage.clock.advance(MINUTE)


async def test_two_planners_at_once_plan_each_slot_once(
    database: Database, database_url: str
) -> None:
    other = await Database.open(database_url)
    one, two = Stage(database), Stage(other)
    await one.groups("一群", "二群")
    for key in ("c1", "c2", "c3"):
        await one.campaign(key, schedule=COUNTDOWN)
    planners = [await one.planner(), await two.planner()] * 3
    made = await asyncio.gather(*(planner.plan_ahead() for planner in planners))
    await other.close()
    assert sum(made) == 6
    assert [len(await one.ledger(key)) for key in ("c1", "c2", "c3")] == [2, 2, 2]


@pytest.mark.parametrize(
    ("at", "planned"),
    [
        pytest.param(NOW + HORIZON, True, id="at the horizon"),
        pytest.param(NOW + HORIZON + MINUTE, False, id="behind the horizon"),
    ],
)
async def test_it_looks_a_quarter_of_an_hour_ahead(
    stage: Stage,
    at: datetime,
    planned: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    assert timedelta(minutes=15) == HORIZON
    await stage.groups("一群")
    wall = (at + 8 * HOUR).replace(tzinfo=None)
    await stage.campaign(schedule=Once(wall))
    assert await (await stage.planner()).plan_ahead() == planned


@pytest.mark.parametrize(
    ("watermark", "planned"),
    [
        pytest.param(NOW, False, id="exactly at the watermark"),
        pytest.param(BEFORE, True, id="just behind the watermark"),
    ],
)
async def test_only_what_lies_behind_the_watermark_is_planned(
    stage: Stage,
    watermark: datetime,
    planned: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    await stage.groups("一群")
    await stage.campaign(approved_at=watermark)
    assert await (await stage.planner()).plan_ahead() == planned


async def test_what_fell_due_during_a_downtime_is_planned_too_and_once(stage: Stage) -> None:
    await stage.groups("一群")
    await stage.campaign(schedule=COUNTDOWN)
    planner = await stage.planner()
    await planner.plan_ahead()
    stage.clock.advance(3 * DAY)
    assert await planner.plan_ahead() == 3
    assert await planner.plan_ahead() == 0
    assert await stage.slots("c1") == [
        ("d-10", NOW),
        ("d-9", NOW + DAY),
        ("d-8", NOW + 2 * DAY),
        ("d-7", NOW + 3 * DAY),
    ]


async def test_rounds_that_end_at_any_time_plan_what_one_round_plans(stage: Stage) -> None:
    await stage.groups("一群")
    every_seven_minutes = Recurring("*/7 * * * *")
    await stage.campaign("in rounds", schedule=every_seven_minutes)
    planner = await stage.planner()
    for step in (SECOND, 7 * MINUTE, 14 * MINUTE, 59 * SECOND, HOUR, 15 * MINUTE):
        await planner.plan_ahead()
        stage.clock.advance(step)
    await stage.campaign("at once", schedule=every_seven_minutes)
    await planner.plan_ahead()
    slots = await stage.slots("in rounds")
    assert slots == await stage.slots("at once")
    assert len(slots) > 10


async def test_a_campaign_approved_late_plans_nothing_from_before_its_approval(
    stage: Stage,
) -> None:
    await stage.groups("一群")
    await stage.campaign(schedule=COUNTDOWN, approved_at=None)
    planner = await stage.planner()
    stage.clock.advance(3 * DAY + HOUR)
    assert await planner.plan_ahead() == 0
    found = await stage.stored("c1")
    async with stage.database.writing() as connection:
        await campaigns.approve(
            connection,
            found.id,
            state=CampaignState.APPROVED,
            by="room:p1",
            at=stage.clock.now(),
            plan_after=stage.clock.now(),
        )
    stage.clock.advance(DAY)
    await planner.plan_ahead()
    assert await stage.slots("c1") == [("d-6", NOW + 4 * DAY)]


async def test_a_group_that_joins_later_hears_what_is_planned_from_then_on(stage: Stage) -> None:
    await stage.groups("一群")
    await stage.campaign(schedule=COUNTDOWN)
    planner = await stage.planner()
    await planner.plan_ahead()
    await stage.groups("二群")
    assert await planner.plan_ahead() == 0
    stage.clock.advance(DAY)
    assert await planner.plan_ahead() == 2
    assert (await stage.ledger())["二群"].later == DAY


@pytest.mark.parametrize(
    "state",
    [CampaignState.DRAFT, CampaignState.PAUSED, CampaignState.CANCELLED, CampaignState.FINISHED],
)
async def test_only_approved_campaigns_are_planned(stage: Stage, state: CampaignState) -> None:
    await stage.groups("一群")
    await stage.campaign()
    await stage.set_state("c1", state)
    assert await (await stage.planner()).plan_ahead() == 0
    assert (await stage.stored("c1")).state == state


async def test_what_a_paused_campaign_missed_is_accounted_for_once_it_goes_on(
    stage: Stage,
) -> None:
    await stage.groups("一群")
    await stage.campaign(schedule=COUNTDOWN)
    planner = await stage.planner()
    await stage.set_state("c1", CampaignState.PAUSED)
    await planner.plan_ahead()
    stage.clock.advance(2 * DAY)
    await stage.set_state("c1", CampaignState.APPROVED)
    assert await planner.plan_ahead() == 3


async def test_a_halt_holds_up_sending_and_not_planning(stage: Stage) -> None:
    await stage.groups("一群")
    await stage.campaign()
    await stage.halt(on=True)
    assert await (await stage.planner()).plan_ahead() == 1


@pytest.mark.parametrize(
    ("schedule", "over_after"),
    [
        pytest.param(Once(local("2026-11-01T12:00")), timedelta(0), id="once"),
        # Its last day ends at 15:59:59 UTC, and the planner is a quarter of an hour ahead.
        pytest.param(
            Countdown(date(2026, 11, 2), 1, time(12, 0)), DAY + 12 * HOUR - HORIZON, id="countdown"
        ),
        pytest.param(Recurring("0 12 * * *"), None, id="recurring"),
    ],
)
async def test_a_campaign_is_finished_once_its_last_moment_is_planned(
    stage: Stage, schedule: Schedule, over_after: timedelta | None
) -> None:
    await stage.groups("一群")
    await stage.campaign(schedule=schedule)
    planner = await stage.planner()
    finished_at = None
    for hours in range(72):
        for minute in (0, 45):
            stage.clock.advance_to(NOW + hours * HOUR + minute * MINUTE)
            await planner.plan_ahead()
            over = (await stage.stored("c1")).state == CampaignState.FINISHED
            if over and finished_at is None:
                finished_at = stage.clock.now() - NOW
        if finished_at is not None:
            break
    assert finished_at == over_after


async def test_a_cancel_is_never_undone_by_a_planner_that_read_before_it(
    database: Database, database_url: str
) -> None:
    other = await Database.open(database_url)
    stage = Stage(database)
    await stage.groups("一群")
    found = await stage.campaign()
    planner = await Stage(other).planner()
    async with database.writing() as connection:
        await campaigns.set_state(connection, found.id, CampaignState.CANCELLED)
        await deliveries.cancel_planned(connection, found.id, "by_manager", NOW)
        planning = asyncio.create_task(planner.plan_ahead())
        await asyncio.sleep(0.05)
    assert await planning == 0
    await other.close()
    assert (await stage.stored("c1")).state == CampaignState.CANCELLED


async def test_a_campaign_that_cannot_be_read_holds_up_no_other_and_keeps_its_watermark(
    stage: Stage,
) -> None:
    await stage.groups("一群")
    broken = await stage.campaign("broken")
    await stage.campaign("sound")
    await stage.break_schedule("broken")
    assert await (await stage.planner()).plan_ahead() == 1
    assert await stage.slots("sound") == [("once", NOW)]
    assert (await stage.stored("broken")).planned_until == broken.planned_until


async def test_a_stored_campaign_is_the_value_its_schedule_is_reckoned_with(stage: Stage) -> None:
    value = campaign_value(await stage.campaign(schedule=COUNTDOWN))
    assert (value.key, value.programme, value.state) == ("c1", "broadcast", "approved")
    assert (value.schedule, value.zone, value.valid_for) == (COUNTDOWN, "Asia/Shanghai", 2 * HOUR)


async def test_running_it_plans_every_minute_and_at_once_when_rung(stage: Stage) -> None:
    await stage.groups("一群")
    planner = await stage.planner()
    running = asyncio.create_task(planner.run())
    await stage.until_asleep()
    await stage.campaign("rung")
    planner.ring()
    await stage.until_asleep(lambda: stage.rings == 1)
    await stage.campaign("waited for")
    await settle()
    assert stage.rings == 1
    stage.clock.advance(MINUTE)
    await stage.until_asleep(lambda: stage.rings == 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (len(await stage.slots("rung")), len(await stage.slots("waited for"))) == (1, 1)
