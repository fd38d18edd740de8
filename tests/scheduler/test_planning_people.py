"""A campaign for the people of a segment: planned in private, once each, and posted to no group."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from scheduler import planner as planner_room
from scheduler.campaigns import CampaignState
from scheduler.courier import AddressGone, Limits
from storage import members, slots, tags
from storage.audiences import Audience
from storage.customers import set_opt_out
from storage.database import Database
from storage.members import Member, Seen
from storage.reach import mark_reachable
from storage.seats import sit
from storage.segments import Segment
from storage.tables import deliveries as ledger
from storage.tables import members as people
from storage.tags import Tag
from tests.scheduler.stage import DAY, NOW, Stage
from tests.scheduler.test_planner import COUNTDOWN

PLATFORM = "room"
TAGGED = Audience(segment=Segment.carrying("敏感肌"))


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def fans(stage: Stage, *names: str, group: str = "一群", tag: str = "敏感肌") -> list[Member]:
    """Fans of these names, who sit in a group and carry a tag."""
    sits_in = (await stage.groups(group))[group]
    async with stage.database.writing() as connection:
        seen = [Seen(f"id-{name}", name) for name in names]
        made = await members.ensure_members(connection, PLATFORM, seen, NOW)
        await sit(connection, [(sits_in, one.id, NOW) for one in made.values()])
        await tags.set_tags(
            connection, [Tag(one.id, tag, "rule:watch", "1", NOW) for one in made.values()]
        )
    return [made[f"id-{name}"] for name in names]


async def stands(stage: Stage, key: str = "c1") -> dict[str, list[tuple[str, str | None]]]:
    """Fan → the state of each of their deliveries with its reason; a group is named 群."""
    campaign = await stage.stored(key)
    async with stage.database.reading() as connection:
        rows = await connection.execute(
            select(people.c.name, ledger.c.state, ledger.c.reason)
            .select_from(ledger.outerjoin(people, people.c.id == ledger.c.member_id))
            .where(ledger.c.campaign_id == campaign.id)
            .order_by(ledger.c.id)
        )
        found: dict[str, list[tuple[str, str | None]]] = {}
        for name, state, reason in rows:
            found.setdefault(name or "群", []).append((state, reason))
    return found


async def test_each_person_gets_a_delivery_of_their_own_and_no_group_one(stage: Stage) -> None:
    await stage.groups("一群", "二群")
    await fans(stage, "小鱼", "小美")
    await fans(stage, "小陈", tag="老客")
    await stage.campaign(audience=TAGGED)
    planner = await stage.planner()
    assert [await planner.plan_ahead() for _ in range(3)] == [2, 0, 0]
    assert await stands(stage) == {"小鱼": [("planned", None)], "小美": [("planned", None)]}


async def test_who_gets_the_tag_before_a_slot_is_planned_gets_that_slot(stage: Stage) -> None:
    await fans(stage, "小鱼")
    await stage.campaign(audience=TAGGED, schedule=COUNTDOWN)
    planner = await stage.planner()
    assert await planner.plan_ahead() == 1
    await fans(stage, "小美")
    assert await planner.plan_ahead() == 0
    stage.clock.advance(DAY)
    assert await planner.plan_ahead() == 2
    found = await stands(stage)
    assert {name: len(each) for name, each in found.items()} == {"小鱼": 2, "小美": 1}


async def test_nobody_who_carries_the_tag_is_nobody_to_write_to(stage: Stage) -> None:
    await stage.groups("一群")
    await stage.campaign(audience=TAGGED)
    assert await (await stage.planner()).plan_ahead() == 0
    assert (await stage.stored("c1")).state is CampaignState.FINISHED


async def test_many_people_take_several_transactions(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner_room, "_AT_ONCE", 3)
    names = [f"粉丝{number}" for number in range(8)]
    await fans(stage, *names)
    await stage.campaign(audience=TAGGED)
    await stage.campaign("c2", audience=TAGGED)
    planner = await stage.planner()
    assert await planner.plan_ahead() == 16
    assert await planner.plan_ahead() == 0
    for key in ("c1", "c2"):
        assert await stands(stage, key) == {name: [("planned", None)] for name in names}


async def test_only_the_people_of_the_groups_that_were_named_are_meant(stage: Stage) -> None:
    here, there = (await stage.groups("一群", "二群")).values()
    await fans(stage, "小鱼")
    await fans(stage, "小美", group="二群")
    await stage.campaign(audience=Audience(taken=(here,), segment=Segment.carrying("敏感肌")))
    await stage.campaign(
        "c2", audience=Audience(kept_out=(there,), segment=Segment.carrying("敏感肌"))
    )
    await stage.campaign("c3", audience=Audience((), ("二群",), segment=Segment.carrying("敏感肌")))
    await (await stage.planner()).plan_ahead()
    for key in ("c1", "c2", "c3"):
        assert await stands(stage, key) == {"小鱼": [("planned", None)]}


async def test_what_waits_follows_an_edit_of_whom_it_is_for(stage: Stage) -> None:
    await fans(stage, "小鱼")
    await fans(stage, "小美", tag="老客")
    await stage.campaign(audience=TAGGED, approved=False)
    planner = await stage.planner()
    await planner.plan_ahead()
    waits, gone = ("planned", None), ("cancelled", "audience_changed")
    await stage.edit("c1", audience=Audience(segment=Segment.carrying("老客")))
    assert await stands(stage) == {"小鱼": [gone], "小美": [waits]}
    await stage.edit("c1", audience=Audience(segment=Segment.carrying("老客", "敏感肌")))
    assert await stands(stage) == {"小鱼": [waits], "小美": [waits]}
    await stage.edit("c1", audience=Audience())
    assert await stands(stage) == {"小鱼": [gone], "小美": [gone], "群": [waits]}
    await stage.edit("c1", audience=TAGGED)
    assert await stands(stage) == {"小鱼": [waits], "小美": [gone], "群": [gone]}
    assert await planner.plan_ahead() == 0


async def test_everybody_is_accounted_for_and_called_by_name(stage: Stage) -> None:
    fish, _, refuses, gone = await fans(stage, "小鱼", "小美", "小陈", "小李")
    async with stage.database.writing() as connection:
        await set_opt_out(connection, fish.customer_id, NOW)
    stage.platform.will_always_in_private(refuses.person, AddressGone("blocked"))
    await stage.campaign(
        audience=TAGGED,
        body={"content": {"text": "{{ fan }}，{{ shop }}想你了"}, "variables": {"shop": "暖群"}},
    )
    await (await stage.planner()).plan_ahead()
    await (await stage.opened()).drain()
    assert await stands(stage) == {
        "小鱼": [("skipped", "opted_out")],
        "小美": [("sent", None)],
        "小陈": [("failed", "blocked")],
        "小李": [("sent", None)],
    }
    assert stage.platform.texts == {
        "person:id-小美": "小美，暖群想你了",
        f"person:{gone.person}": "小李，暖群想你了",
    }
    await stage.campaign("c2", audience=TAGGED)
    await (await stage.planner()).plan_ahead()
    await (await stage.opened()).drain()
    assert (await stands(stage, "c2"))["小陈"] == [("skipped", "unreachable")]


async def test_the_caps_and_quiet_hours_of_people_bind(stage: Stage) -> None:
    await fans(stage, "小鱼")
    for number in range(3):
        await stage.campaign(f"c{number}", audience=TAGGED)
    await (await stage.planner()).plan_ahead()
    await (await stage.opened()).drain()
    states = [(await stands(stage, f"c{number}"))["小鱼"][0] for number in range(3)]
    assert states == [("sent", None), ("sent", None), ("skipped", "daily_cap")]


async def test_nobody_is_written_to_where_a_private_chat_has_to_be_opened_first(
    stage: Stage,
) -> None:
    stage.platform.start_link = "https://t.example/bot?start=x"
    await fans(stage, "小鱼")
    await stage.campaign(audience=TAGGED)
    await (await stage.planner()).plan_ahead()
    await (await stage.opened()).drain()
    assert await stands(stage) == {"小鱼": [("skipped", "unreachable")]}


async def test_where_only_friends_are_written_to_the_others_are_left_out(stage: Stage) -> None:
    stage.platform.limits = Limits(friends=True)
    friend, _ = await fans(stage, "小鱼", "小美")
    async with stage.database.writing() as connection:
        await mark_reachable(connection, [friend.id], NOW)
    await stage.campaign(audience=TAGGED)
    await (await stage.planner()).plan_ahead()
    await (await stage.opened()).drain()
    assert await stands(stage) == {
        "小鱼": [("sent", None)],
        "小美": [("skipped", "unreachable")],
    }


async def test_two_planners_at_once_write_to_each_person_once(
    database: Database, database_url: str
) -> None:
    other = await Database.open(database_url)
    one, two = Stage(database), Stage(other)
    names = [f"粉丝{number}" for number in range(20)]
    await fans(one, *names)
    for key in ("c1", "c2", "c3"):
        await one.campaign(key, audience=TAGGED)
    planners = [await one.planner(), await two.planner()] * 3
    made = await asyncio.gather(*(planner.plan_ahead() for planner in planners))
    await other.close()
    assert sum(made) == 60
    for key in ("c1", "c2", "c3"):
        assert await stands(one, key) == {name: [("planned", None)] for name in names}


async def test_a_crash_in_the_middle_plans_the_rest_and_nobody_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner_room, "_AT_ONCE", 10)
    names = [f"粉丝{number}" for number in range(8)]
    await fans(stage, *names)
    await stage.campaign(audience=TAGGED)
    calls = 0

    async def dies_at_third(*given: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise ConnectionError
        return await slots.plan_for(*given)

    monkeypatch.setattr(planner_room, "plan_for", dies_at_third)
    with pytest.raises(ConnectionError):
        await (await stage.planner()).plan_ahead()
    assert len(await stands(stage)) == 4
    await fans(stage, "后来的")
    assert await (await stage.planner()).plan_ahead() == 5
    assert await stands(stage) == {name: [("planned", None)] for name in [*names, "后来的"]}
