"""While a version waits for approval, what it leaves as it was approved goes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from scheduler.campaigns import CampaignState
from scheduler.courier import Post
from scheduler.left_alone import alike, stand_by_approved
from scheduler.notices import ApprovalMissing
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Countdown, Dated, DatedMoment, Schedule, changed
from storage import approvals, campaigns
from storage.audiences import Audience
from storage.content_versions import ContentVersion
from storage.database import Database
from storage.tables import deliveries
from tests.scheduler.stage import DAY, HOUR, MINUTE, Stage, local

MORNING = DatedMoment("morning", local("2026-11-01T12:10"))
NOON = DatedMoment("noon", local("2026-11-01T12:12"), local("2026-11-01T20:00"))
TWO = Dated((MORNING, NOON))
WORDS: dict[str, Any] = {
    "templates": {"morning": "早，{{ shop }}", "noon": ["还有 {{ days }} 天", "{{ days }} 天"]},
    "variables": {"shop": "小店", "slogan": "慢慢来"},
    "language": "zh",
    "facts": {"noon": {"days": 3, "gift": "小样"}},
    "pictures": {"noon": [{"source": "a.png", "caption": ""}]},
}
BOTH = {"morning", "noon"}
APPROVED = ContentVersion(WORDS, Audience(), schedule_to_json(TWO))
A_TRIAL = {"metric": "talk", "window_hours": 6, "size": 3, "hold_out": 10}


def words(**parts: Any) -> ContentVersion:
    return replace(APPROVED, body={**WORDS, **parts})


def when(schedule: Schedule) -> ContentVersion:
    return replace(APPROVED, schedule=schedule_to_json(schedule))


@pytest.mark.parametrize(
    ("after", "left"),
    [
        pytest.param(APPROVED, BOTH, id="the same again"),
        pytest.param(
            words(templates={**WORDS["templates"], "noon": "换了"}), {"morning"}, id="other words"
        ),
        pytest.param(
            words(facts={"noon": {"days": 4, "gift": "小样"}}), {"morning"}, id="another fact"
        ),
        pytest.param(
            words(facts={"noon": {"days": 3, "gift": "面膜"}}), BOTH, id="a fact nobody asks for"
        ),
        pytest.param(
            words(variables={"shop": "小店", "slogan": "快"}), BOTH, id="a variable nobody asks for"
        ),
        pytest.param(
            words(variables={"shop": "大店", "slogan": "慢慢来"}), {"noon"}, id="the shop's name"
        ),
        pytest.param(
            words(pictures={"noon": [{"source": "b.png", "caption": ""}]}),
            {"morning"},
            id="another picture",
        ),
        pytest.param(
            words(buttons={"morning": [{"label": "许愿", "says": "/wish"}]}),
            {"noon"},
            id="a button",
        ),
        pytest.param(words(language="en"), set(), id="another language"),
        pytest.param(words(overrides=["best"]), set(), id="what is let pass, alone"),
        pytest.param(
            words(overrides=["best"], templates={**WORDS["templates"], "noon": "最"}),
            {"morning"},
            id="what new words are let pass",
        ),
        pytest.param(words(rewritten=["noon"]), BOTH, id="who wrote it is no matter"),
        pytest.param(words(test=A_TRIAL), set(), id="a trial is of all posts"),
        pytest.param(words(test={**A_TRIAL, "size": 4}), set(), id="another trial"),
        pytest.param(
            replace(APPROVED, audience=Audience(taken=(1,), written="@一群")),
            set(),
            id="other groups",
        ),
        pytest.param(
            when(changed(TWO, skipped=frozenset(), moved={"noon": local("2026-11-02T12:12")})),
            {"morning"},
            id="moved",
        ),
        pytest.param(
            when(changed(TWO, skipped=frozenset({"noon"}), moved={})), {"morning"}, id="left out"
        ),
        pytest.param(
            when(Dated((MORNING, replace(NOON, until=local("2026-11-01T19:00"))))),
            {"morning"},
            id="another end",
        ),
        pytest.param(when(Dated((MORNING,))), {"morning"}, id="not said at all"),
        pytest.param(
            when(Dated((*TWO.moments, DatedMoment("night", local("2026-11-01T21:00"))))),
            BOTH,
            id="one more",
        ),
        pytest.param(words(templates={}), set(), id="no words"),
        pytest.param(
            words(templates={**WORDS["templates"], "noon": "{{ days"}), {"morning"}, id="broken"
        ),
        pytest.param(replace(APPROVED, schedule={"kind": "never"}), set(), id="a broken schedule"),
    ],
)
def test_what_a_new_version_leaves_alone(after: ContentVersion, left: set[str]) -> None:
    assert alike(APPROVED, after, BOTH) == left
    assert alike(after, APPROVED, BOTH) == left


def test_the_same_trial_leaves_posts_alone_while_its_arms_stay() -> None:
    tried = words(test=A_TRIAL)
    late = {**WORDS["templates"], "morning": "早安"}
    reworded = words(test=A_TRIAL, templates=late)
    assert alike(tried, reworded, BOTH) == {"noon"}
    one_arm = words(test=A_TRIAL, templates={**WORDS["templates"], "noon": "来"})
    assert alike(tried, one_arm, BOTH) == set()


def test_a_rule_for_all_days_is_the_same_but_for_the_moved_one() -> None:
    rule = Countdown(date(2026, 11, 11), 3, time(10, 18))
    body = {**WORDS, "templates": {f"d-{left}": "来" for left in range(4)}, "pictures": {}}
    before = ContentVersion(body, Audience(), schedule_to_json(rule))
    moved = changed(rule, skipped=frozenset(), moved={"d-2": local("2026-11-09T12:12")})
    after = ContentVersion(body, Audience(), schedule_to_json(moved))
    assert alike(before, after, ["d-3", "d-2", "d-1"]) == {"d-3", "d-1"}


@given(st.sets(st.sampled_from([f"s{n}" for n in range(6)])), st.sets(st.integers(0, 5)))
def test_what_is_reworded_or_moved_waits_and_nothing_else(
    reworded: set[str], moved: set[int]
) -> None:
    slots = [f"s{n}" for n in range(6)]
    start = datetime(2026, 11, 1, 10, 0)  # noqa: DTZ001 (a local time)
    dated = Dated(tuple(DatedMoment(slot, start + n * DAY) for n, slot in enumerate(slots)))
    body = {"templates": dict.fromkeys(slots, "早"), "variables": {}, "language": "zh"}
    before = ContentVersion(body, Audience(), schedule_to_json(dated))
    later = {f"s{n}": start + n * DAY + timedelta(hours=1) for n in moved}
    after = ContentVersion(
        {**body, "templates": {slot: "晚" if slot in reworded else "早" for slot in slots}},
        Audience(),
        schedule_to_json(changed(dated, skipped=frozenset(), moved=later)),
    )
    assert alike(before, after, slots) == set(slots) - reworded - later.keys()


@pytest.fixture
async def stage(database: Database) -> Stage:
    """A shop with one group, on each engine."""
    made = Stage(database)
    await made.groups("a")
    return made


async def edit(stage: Stage, key: str = "c1", **templates: str) -> None:
    """Other words for some posts, which nobody has approved."""
    found = await stage.stored(key)
    async with stage.database.writing() as connection:
        body = (await campaigns.bodies(connection, [found.version_id]))[found.version_id]
        await campaigns.add_version(
            connection,
            found.id,
            body={**body, "templates": {**body["templates"], **templates}},
            audience=found.audience,
            by="room:p2",
            at=stage.clock.now(),
        )
        await stand_by_approved(connection, found.id, stage.clock.now())


async def plain(stage: Stage, *, approved: bool = True) -> int:
    """A campaign of two posts, in ten and in twelve minutes; its first version."""
    body = {"templates": {"morning": "早", "noon": "午"}, "variables": {}, "language": "zh"}
    made = await stage.campaign(schedule=TWO, body=body, approved=approved)
    return made.version_id


async def versions_planned(stage: Stage) -> dict[str, int]:
    """Slot → the version that its one delivery says."""
    async with stage.database.reading() as connection:
        rows = await connection.execute(select(deliveries.c.slot, deliveries.c.version_id))
        return {row.slot: row.version_id for row in rows}


async def sent_texts(stage: Stage) -> list[str]:
    """What has reached the group until an hour later."""
    sender = await stage.opened()
    stage.clock.advance(HOUR)
    await sender.drain()
    await sender.close()
    return [one.content.text for one in stage.platform.arrived if isinstance(one, Post)]


async def test_what_a_change_leaves_alone_goes_out_while_it_waits(stage: Stage) -> None:
    first = await plain(stage)
    await edit(stage, noon="午安")
    planner = await stage.planner()
    assert await planner.plan_ahead() == 2
    second = (await stage.stored("c1")).version_id
    assert await versions_planned(stage) == {"morning": first, "noon": second}
    assert await sent_texts(stage) == ["早"]


async def test_a_campaign_of_which_nothing_was_approved_waits_whole(stage: Stage) -> None:
    await plain(stage, approved=False)
    await edit(stage, noon="午安")
    await (await stage.planner()).plan_ahead()
    assert await sent_texts(stage) == []


async def test_an_edit_that_takes_a_change_back_lets_its_post_go(stage: Stage) -> None:
    first = await plain(stage)
    await edit(stage, noon="午安")
    await (await stage.planner()).plan_ahead()
    stage.clock.advance(13 * MINUTE)
    sender = await stage.opened()
    await sender.drain()  # puts off what waits
    await sender.close()
    await edit(stage, noon="午", morning="早安")
    assert await versions_planned(stage) == {"morning": first, "noon": first}
    assert await sent_texts(stage) == ["早", "午"]


async def test_a_no_lets_the_approved_words_go_and_a_yes_the_new_ones(stage: Stage) -> None:
    await plain(stage)
    await edit(stage, noon="午安")
    await (await stage.planner()).plan_ahead()
    found = await stage.stored("c1")
    async with stage.database.writing() as connection:
        assert await approvals.reject(
            connection, found.id, version=found.version_id, by="room:p1", at=stage.clock.now()
        )
    assert await sent_texts(stage) == ["早", "午"]


async def test_a_yes_lets_the_new_words_go_and_nothing_twice(stage: Stage) -> None:
    await plain(stage)
    await edit(stage, noon="午安")
    planner = await stage.planner()
    await planner.plan_ahead()
    await stage.approve("c1")
    assert await planner.plan_ahead() == 0
    assert await sent_texts(stage) == ["早", "午安"]


async def test_staff_are_reminded_of_what_waits_alone(stage: Stage) -> None:
    body = {"templates": {"morning": "早", "noon": "午"}, "variables": {}, "language": "zh"}
    later = Dated(
        (
            DatedMoment("morning", local("2026-11-01T14:00")),
            DatedMoment("noon", local("2026-11-01T16:00")),
        )
    )
    await stage.campaign(schedule=later, body=body)
    await edit(stage, noon="午安")
    planner = await stage.planner()
    stage.clock.advance(HOUR + 30 * MINUTE)
    await planner.plan_ahead()
    assert stage.told == []
    stage.clock.advance(2 * HOUR)
    await planner.plan_ahead()
    (told,) = stage.told
    assert isinstance(told, ApprovalMissing)
    assert told.at.hour == 8


async def test_a_post_that_is_refused_before_its_moment_stops_no_other(stage: Stage) -> None:
    await plain(stage)
    found = await stage.stored("c1")
    more = Dated((*TWO.moments, DatedMoment("soon", local("2026-11-01T12:05"))))
    async with stage.database.writing() as connection:
        body = (await campaigns.bodies(connection, [found.version_id]))[found.version_id]
        await campaigns.add_version(
            connection,
            found.id,
            body={**body, "templates": {**body["templates"], "soon": "快了"}},
            audience=found.audience,
            by="room:p2",
            at=stage.clock.now(),
            schedule=schedule_to_json(more),
        )
    await (await stage.planner()).plan_ahead()
    waiting = await stage.stored("c1")
    async with stage.database.writing() as connection:
        assert await approvals.reject(
            connection, found.id, version=waiting.version_id, by="room:p1", at=stage.clock.now()
        )
    assert await sent_texts(stage) == ["早", "午"]
    assert (await stage.stored("c1")).state is not CampaignState.PAUSED
