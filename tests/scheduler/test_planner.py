from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from typing import cast

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler import planner as planner_room
from scheduler.campaigns import CampaignState
from scheduler.clock import SimulatedClock
from scheduler.notices import ApprovalMissing
from scheduler.planner import HORIZON, Planner, campaign_value
from scheduler.priorities import Priority
from scheduler.schedules import (
    Changed,
    Countdown,
    Dated,
    DatedMoment,
    Once,
    Recurring,
    Schedule,
)
from storage import campaigns, steering
from storage.audiences import Audience
from storage.bells import Bell
from storage.database import Database
from storage.holds import NOT_APPROVED
from storage.tables import campaigns as campaign_rows
from storage.tables import deliveries as ledger
from tests.scheduler.stage import DAY, HOUR, MINUTE, NOW, SECOND, Stage, local

COUNTDOWN = Countdown(date(2026, 11, 11), 10, time(12, 0))  # from 1 November, noon, which is NOW
TICK = timedelta(microseconds=1)


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def test_an_occurrence_becomes_one_delivery_for_each_group_of_its_audience(
    stage: Stage,
) -> None:
    await stage.groups("一群", "二群", "三群")
    await stage.campaign(audience=Audience((), ("二群",)))
    planner = await stage.planner()
    struck = stage.listen()
    assert await planner.plan_ahead() == 2
    ledger = await stage.ledger()
    assert {group: one.state for group, one in ledger.items()} == {
        "一群": "planned",
        "三群": "planned",
    }
    assert Bell.SENDERS in struck


async def test_planning_twice_changes_nothing(stage: Stage) -> None:
    await stage.groups("一群")
    await stage.campaign(schedule=COUNTDOWN)
    planner = await stage.planner()
    struck = stage.listen()
    assert [await planner.plan_ahead() for _ in range(3)] == [1, 0, 0]
    assert struck == [Bell.SENDERS]


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
        pytest.param(NOW - TICK, True, id="just behind the watermark"),
    ],
)
async def test_only_what_lies_behind_the_watermark_is_planned(
    stage: Stage,
    watermark: datetime,
    planned: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    await stage.groups("一群")
    made = await stage.campaign(made_at=NOW - DAY)
    async with stage.database.writing() as connection:
        await campaigns.advance(connection, [made.id], watermark)
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


async def test_a_draft_is_planned_too_with_the_version_that_waits_and_its_audience(
    stage: Stage,
) -> None:
    await stage.groups("一群", "二群")
    await stage.campaign(schedule=COUNTDOWN)
    planner = await stage.planner()
    await planner.plan_ahead()
    version = await stage.edit("c1", audience=Audience(("二群",)))
    stage.clock.advance(DAY)
    assert await planner.plan_ahead() == 1
    async with stage.database.reading() as connection:
        rows = await connection.execute(
            select(ledger.c.slot, ledger.c.version_id).order_by(ledger.c.id)
        )
        said = [tuple(row) for row in rows]
    first = (await stage.stored("c1")).approved_version
    assert said == [("d-10", first), ("d-10", first), ("d-9", version)]


async def test_a_campaign_that_nobody_has_approved_yet_is_accounted_for_from_its_making_on(
    stage: Stage,
) -> None:
    await stage.groups("一群")
    await stage.campaign(schedule=COUNTDOWN, approved=False)
    planner = await stage.planner()
    assert await planner.plan_ahead() == 1
    stage.clock.advance(3 * DAY)
    assert await planner.plan_ahead() == 3
    await stage.approve("c1")
    assert await planner.plan_ahead() == 0


async def test_deliveries_have_the_priority_of_their_campaign(stage: Stage) -> None:
    await stage.groups("一群")
    made = await stage.campaign()
    async with stage.database.writing() as connection:
        await connection.execute(update(campaign_rows).values(priority=Priority.POST))
    await (await stage.planner()).plan_ahead()
    async with stage.database.reading() as connection:
        assert await connection.scalar(select(ledger.c.priority)) == Priority.POST
    assert campaign_value(await stage.stored(made.key)).priority is Priority.POST


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
    [CampaignState.PAUSED, CampaignState.CANCELLED, CampaignState.FINISHED],
)
async def test_campaigns_that_do_not_speak_are_not_planned(
    stage: Stage, state: CampaignState
) -> None:
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


TWO_DAYS = Countdown(date(2026, 11, 2), 1, time(12, 0))
DAILY = Recurring("0 12 * * *")


@pytest.mark.parametrize(
    ("schedule", "approved", "over_after"),
    [
        pytest.param(Once(local("2026-11-01T13:00")), True, HOUR - HORIZON, id="once"),
        # Its last day ends at 15:59:59 UTC, and the planner is a quarter of an hour ahead.
        pytest.param(TWO_DAYS, True, DAY + 12 * HOUR - SECOND - HORIZON, id="countdown"),
        pytest.param(Once(local("2026-11-01T13:00")), False, 3 * HOUR + TICK, id="once, draft"),
        pytest.param(
            Dated((DatedMoment("start", local("2026-11-01T13:00")),)),
            True,
            HOUR - HORIZON,
            id="dated",
        ),
        pytest.param(
            Changed(TWO_DAYS, moved={"d-1": local("2026-11-03T13:00")}),
            True,
            2 * DAY + HOUR - HORIZON,
            id="moved beyond its last day",
        ),
        pytest.param(TWO_DAYS, False, DAY + 14 * HOUR - SECOND + TICK, id="countdown, draft"),
    ],
)
async def test_a_campaign_is_over_once_all_is_planned_and_a_draft_once_it_is_too_late(
    stage: Stage,
    schedule: Schedule,
    approved: bool,  # noqa: FBT001 (a column of the table)
    over_after: timedelta,
) -> None:
    await stage.groups("一群")
    before = await stage.campaign(schedule=schedule, approved=approved)
    planner = await stage.planner()
    stage.clock.advance(over_after - TICK)
    await planner.plan_ahead()
    assert (await stage.stored("c1")).state == before.state
    stage.clock.advance(TICK)
    await planner.plan_ahead()
    found = await stage.stored("c1")
    assert found.state == CampaignState.FINISHED
    assert found.reason == (None if approved else NOT_APPROVED)


@pytest.mark.parametrize("approved", [True, False], ids=["approved", "draft"])
async def test_a_campaign_without_a_last_moment_is_never_over(
    stage: Stage,
    approved: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    before = await stage.campaign(schedule=DAILY, approved=approved)
    stage.clock.advance(30 * DAY)
    await (await stage.planner()).plan_ahead()
    assert (await stage.stored("c1")).state == before.state


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
        await steering.cancel_planned(connection, found.id, "by_manager", NOW)
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


async def test_what_is_approved_in_time_is_over_like_any_other(stage: Stage) -> None:
    await stage.groups("一群")
    await stage.campaign(approved=False)
    planner = await stage.planner()
    await planner.plan_ahead()
    assert (await stage.stored("c1")).state == CampaignState.DRAFT
    await stage.approve("c1")
    await planner.plan_ahead()
    found = await stage.stored("c1")
    assert (found.state, found.reason) == (CampaignState.FINISHED, None)


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three deliveries fill a transaction."""
    monkeypatch.setattr(planner_room, "_AT_ONCE", 3)


@pytest.mark.usefixtures("few_at_once")
async def test_what_does_not_fit_into_one_transaction_takes_several(stage: Stage) -> None:
    names = [f"{number}群" for number in range(7)]
    await stage.groups(*names)
    await stage.campaign("one", schedule=Recurring("*/5 * * * *"))
    await stage.campaign("two")
    await stage.campaign("three", schedule=COUNTDOWN, audience=Audience(("0群",)))
    planner = await stage.planner()
    struck = stage.listen()
    assert await planner.plan_ahead() == 4 * 7 + 7 + 1
    assert len(await stage.slots("one")) == 4
    for key, size in (("one", 7), ("two", 7), ("three", 1)):
        assert len(await stage.ledger(key)) == size
        assert (await stage.stored(key)).planned_until == NOW + HORIZON
    assert struck.count(Bell.SENDERS) > 10  # what is planned first need not wait for the rest
    assert await planner.plan_ahead() == 0


class Interrupted:
    """A database with which something happens after the first transaction that writes."""

    def __init__(self, database: Database, happens: Callable[[], Awaitable[object]]) -> None:
        self.bells = database.bells
        self.reading = database.reading
        self._database = database
        self._happens: Callable[[], Awaitable[object]] | None = happens

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        async with self._database.writing() as connection:
            yield connection
        happens, self._happens = self._happens, None
        if happens is not None:
            await happens()


async def interrupted(stage: Stage, happens: Callable[[], Awaitable[object]]) -> Planner:
    """A planner that something happens to when it has planned three of five groups."""
    await stage.groups(*(f"{number}群" for number in range(5)))
    planner = await stage.planner()
    planner._database = cast("Database", Interrupted(stage.database, happens))
    return planner


@pytest.mark.usefixtures("few_at_once")
async def test_a_campaign_cancelled_in_the_middle_is_planned_no_further(stage: Stage) -> None:
    async def cancel() -> None:
        found = await stage.stored("c1")
        async with stage.database.writing() as connection:
            await steering.cancel_planned(connection, found.id, "by_manager", NOW)
            await campaigns.set_state(connection, found.id, CampaignState.CANCELLED)

    planner = await interrupted(stage, cancel)
    await stage.campaign()
    await stage.campaign("c2")
    assert await planner.plan_ahead() == 3 + 5
    assert [one.state for one in (await stage.ledger("c1")).values()] == ["cancelled"] * 3
    assert len(await stage.ledger("c2")) == 5


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("approved", [True, False], ids=["approved", "draft"])
async def test_an_occurrence_says_one_thing_though_it_is_edited_in_the_middle(
    stage: Stage,
    approved: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    planner = await interrupted(stage, lambda: stage.edit("c1", audience=Audience((), ("1群",))))
    made = await stage.campaign(approved=approved)
    await planner.plan_ahead()
    found = await stage.stored("c1")
    assert found.version_id != made.version_id
    async with stage.database.reading() as connection:
        planned = select(ledger.c.version_id).where(ledger.c.state == "planned")
        said = Counter(await connection.scalars(planned))
    assert said == ({made.version_id: 5} if approved else {found.version_id: 4})


async def test_what_is_made_and_edited_between_two_looks_is_planned_as_it_was_edited(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = await interrupted(stage, lambda: stage.edit("c1", audience=Audience((), ("1群",))))
    look_up = planner._look_up

    async def made_behind_it(connection: AsyncConnection, look: planner_room._Round) -> None:
        await look_up(connection, look)
        monkeypatch.setattr(planner, "_look_up", look_up)
        await stage.campaign()

    monkeypatch.setattr(planner, "_look_up", made_behind_it)
    async with asyncio.timeout(20):  # it went round and round
        assert await planner.plan_ahead() == 4


@pytest.mark.usefixtures("few_at_once")
async def test_a_planner_that_dies_in_the_middle_leaves_the_rest_to_the_next(
    stage: Stage,
) -> None:
    async def die() -> None:
        raise asyncio.CancelledError

    planner = await interrupted(stage, die)
    made = await stage.campaign()
    with pytest.raises(asyncio.CancelledError):
        await planner.plan_ahead()
    assert (await stage.stored("c1")).planned_until == made.planned_until
    assert await (await stage.planner()).plan_ahead() == 2
    assert len(await stage.ledger("c1")) == 5


@pytest.mark.usefixtures("few_at_once")
async def test_another_planner_may_finish_what_one_is_in_the_middle_of(stage: Stage) -> None:
    other = await stage.planner()
    planner = await interrupted(stage, other.plan_ahead)
    await stage.campaign()
    assert await planner.plan_ahead() == 3
    assert len(await stage.ledger("c1")) == 5
    assert (await stage.stored("c1")).state == CampaignState.FINISHED


async def test_staff_are_reminded_once_of_what_nobody_has_approved(stage: Stage) -> None:
    made = await stage.campaign(approved=False, made_at=NOW - DAY)
    missing = ApprovalMissing(made.id, "c1", NOW)
    stage.clock = SimulatedClock(NOW - HOUR - SECOND)
    planner = await stage.planner()
    await planner.plan_ahead()
    assert stage.told == []
    stage.clock.advance(SECOND)
    for again in (planner, planner, await stage.planner()):
        await again.plan_ahead()
        stage.clock.advance(MINUTE)
    assert stage.told == [missing]
    await stage.edit("c1", at=NOW - 2 * HOUR)  # other words wait again
    await planner.plan_ahead()
    assert stage.told == [missing, missing]


async def test_two_processes_remind_staff_once(database: Database, database_url: str) -> None:
    other = await Database.open(database_url)
    one, two = Stage(database), Stage(other)
    for key in ("c1", "c2"):
        await one.campaign(key, approved=False, made_at=NOW - DAY)
        await one.campaign(f"{key} approved", made_at=NOW - DAY)
    for stage in (one, two):
        stage.clock = SimulatedClock(NOW - HOUR)
    planners = [await one.planner(), await two.planner()] * 3
    await asyncio.gather(*(planner.plan_ahead() for planner in planners))
    await other.close()
    told = [notice for notice in one.told + two.told if isinstance(notice, ApprovalMissing)]
    assert sorted(notice.name for notice in told) == ["c1", "c2"]


async def test_who_reaches_nobody_leaves_reminding_to_others(stage: Stage) -> None:
    reaches: list[object] = []
    planner = Planner(
        database=stage.database,
        shop_id=await stage.shop(),
        clock=stage.clock,
        tell=stage.told.append,
        reaches_staff=lambda: bool(reaches),
    )
    await stage.groups("一群")
    draft = await stage.campaign(
        schedule=Once(local("2026-11-01T12:30")), made_at=NOW - DAY, approved=False
    )
    await planner.plan_ahead()
    assert stage.told == []
    reaches.append("the lane")
    await planner.plan_ahead()
    await planner.plan_ahead()
    assert stage.told == [ApprovalMissing(draft.id, draft.name, NOW + 30 * MINUTE)]


async def test_a_draft_that_cannot_be_read_reminds_nobody_and_stops_nobody(stage: Stage) -> None:
    await stage.campaign("broken", approved=False, made_at=NOW - DAY)
    await stage.break_schedule("broken")
    await stage.campaign("sound", approved=False, made_at=NOW - DAY)
    stage.clock = SimulatedClock(NOW - HOUR)
    await (await stage.planner()).plan_ahead()
    assert [notice.name for notice in stage.told if isinstance(notice, ApprovalMissing)] == [
        "sound"
    ]


async def test_running_it_plans_every_minute_and_at_once_when_a_campaign_changes(
    stage: Stage,
) -> None:
    await stage.groups("一群")
    await stage.campaign("waited for", schedule=Once(local("2026-11-01T12:16")))
    running = asyncio.create_task((await stage.planner()).run())
    await stage.until_asleep()
    await stage.campaign("rung")
    await stage.until(lambda: stage.is_planned("rung"))
    await stage.until_asleep()
    assert not await stage.is_planned("waited for")
    stage.clock.advance(MINUTE)
    await stage.until(lambda: stage.is_planned("waited for"))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert stage.database.bells._listeners == []
