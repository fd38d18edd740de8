"""The feed: what is due, decided about, with its words; what was read once is not read again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler import feed as feed_room
from scheduler.bodies import literal_body, template_body
from scheduler.campaigns import CampaignState
from scheduler.caring import CareSettings
from scheduler.content import Content
from scheduler.courier import Address, Limits, Post
from scheduler.decide import Reason
from scheduler.feed import Batch, Feed
from scheduler.priorities import Priority
from storage import campaigns, deliveries, due, groups
from storage.database import Database
from storage.deliveries import DeliveryState, Move
from storage.members import Seen, ensure_members
from storage.reach import mark_reachable
from storage.slots import PlannedSlot
from storage.tables import deliveries as ledger
from storage.tables import members
from tests.scheduler.stage import ACCOUNT, HOUR, MINUTE, NOW, SECOND, Stage, key_of
from tests.storage.private_deliveries import deliver_to

ALL = 100


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


def feed_of(stage: Stage, care: CareSettings | None = None, limits: Limits | None = None) -> Feed:
    stage.platform.limits = limits or Limits()
    return Feed(stage.database, ACCOUNT, stage.platform, care or CareSettings())


async def batch(
    feed: Feed,
    now: datetime = NOW,
    *,
    most: int = ALL,
    rests_until: datetime | None = None,
) -> Batch:
    return await feed.next_batch(now, most, rests_until)


def texts(found: Batch) -> dict[str, str]:
    """Delivery key → the words it goes out with."""
    return {post.key: post.content.text for _, post in found.going.values()}


async def moved(stage: Stage, moves: Sequence[Move]) -> dict[str, tuple[str, str | None, Any]]:
    """Group → (state, reason, how long it is put off) as these moves say."""
    async with stage.database.reading() as connection:
        names = await _names(connection)
    return {
        names[one.delivery_id]: (
            one.state.value,
            one.reason,
            one.not_before and one.not_before - NOW,
        )
        for one in moves
    }


async def _names(connection: AsyncConnection) -> dict[int, str]:
    return {one.id: one.recipient.name for one in await due.due(connection, ACCOUNT, NOW, ALL)}


# What is due


async def test_nothing_due_is_an_empty_batch(stage: Stage) -> None:
    await stage.shop()
    feed = feed_of(stage)
    assert await batch(feed) == Batch()
    assert await feed.next_due() is None


async def test_what_may_go_is_handed_out_in_its_words_and_to_its_address(stage: Stage) -> None:
    await stage.due("一群")
    found = await batch(feed_of(stage))
    ((number, (one, post)),) = found.going.items()
    assert number == one.id
    assert post == Post(key_of("一群"), Address(group="chat-一群"), Content("今晚八点直播"))
    assert (found.moves, found.more) == ([], False)


async def test_the_most_urgent_comes_first_and_no_more_than_was_asked_for(stage: Stage) -> None:
    await stage.due("一群", "二群", key="c1")
    await stage.due("一群", "二群", key="c2", priority=Priority.POST)
    await stage.due("一群", key="c3", priority=Priority.NOTICE)
    feed = feed_of(stage)
    found = await batch(feed, most=3)
    assert [one.campaign_key for one, _ in found.going.values()] == ["c3", "c2", "c2"]
    assert found.more
    assert not (await batch(feed, most=6)).more


async def test_it_tells_when_the_next_is_due(stage: Stage) -> None:
    await stage.due("一群", "二群")
    async with stage.database.writing() as connection:
        await connection.execute(update(ledger).values(not_before=NOW + HOUR))
    feed = feed_of(stage)
    assert await feed.next_due() == NOW + HOUR
    assert await batch(feed, NOW + HOUR - SECOND) == Batch()
    assert len((await batch(feed, NOW + HOUR)).going) == 2


# What is decided


async def test_what_does_not_go_is_moved_where_the_decision_says(stage: Stage) -> None:
    await stage.due("可以")
    await stage.due("停着", key="c2")
    await stage.set_state("c2", CampaignState.PAUSED)
    await stage.due("走了", "禁言")
    async with stage.database.writing() as connection:
        await groups.mark_gone(connection, ACCOUNT, ["chat-走了"])
        await groups.mark_muted(connection, ACCOUNT, ["chat-禁言"], NOW)
    found = await batch(feed_of(stage))
    assert texts(found) == {key_of("可以"): "今晚八点直播"}
    assert await moved(stage, found.moves) == {
        "停着": ("planned", Reason.CAMPAIGN_PAUSED, 2 * HOUR + SECOND),
        "走了": ("skipped", Reason.GROUP_GONE, None),
        "禁言": ("skipped", Reason.MUTED, None),
    }


async def test_while_the_account_rests_everything_is_put_off_until_then(stage: Stage) -> None:
    await stage.due("一群", "二群")
    found = await batch(feed_of(stage), rests_until=NOW + MINUTE)
    assert found.going == {}
    assert set((await moved(stage, found.moves)).values()) == {
        ("planned", Reason.ACCOUNT_DOWN, MINUTE)
    }


async def test_the_limits_of_the_platform_and_the_care_of_the_shop_are_asked(stage: Stage) -> None:
    await stage.due("一群")
    on_the_hour = await batch(feed_of(stage, limits=Limits(quiet_minutes=5)))
    assert [one.reason for one in on_the_hour.moves] == [Reason.QUIET_MINUTES]
    siesta = CareSettings(quiet_from=time(11), quiet_until=time(13))  # it is noon there
    at_noon = await batch(feed_of(stage, siesta))
    assert [one.reason for one in at_noon.moves] == [Reason.QUIET_HOURS]


async def test_that_a_notice_went_out_twice_is_not_forgotten_when_it_is_put_off(
    stage: Stage,
) -> None:
    await stage.due("一群", priority=Priority.NOTICE)
    async with stage.database.writing() as connection:
        await connection.execute(update(ledger).values(resent=True))
    found = await batch(feed_of(stage), rests_until=NOW + MINUTE)
    assert [one.resent for one in found.moves] == [True]


async def test_a_notice_left_out_the_second_time_may_have_arrived_the_first(stage: Stage) -> None:
    await stage.due("一群", priority=Priority.NOTICE)
    async with stage.database.writing() as connection:
        await connection.execute(update(ledger).values(resent=True))
    found = await batch(feed_of(stage), NOW + 3 * HOUR)
    assert await moved(stage, found.moves) == {"一群": ("uncertain", Reason.TOO_LATE, None)}


# What counts


async def _sent_before(stage: Stage, at: datetime, *keys: str) -> None:
    """One post of each campaign to 一群 that was sent at a moment."""
    lane = (await stage.lease()).lane
    for key in keys:
        await stage.due("一群", key=key)
    async with stage.database.writing() as connection:
        ready = [one.id for one in await due.due(connection, ACCOUNT, NOW, ALL)]
        await deliveries.begin(connection, lane, ready, at)
        moves = [Move(one, DeliveryState.SENT) for one in ready]
        await deliveries.move(connection, lane, moves, at)


@pytest.mark.parametrize(
    ("before", "going"),
    [
        pytest.param(0, ["c1", "c2", "c3"], id="none before"),
        pytest.param(2, ["c1"], id="two before"),
        pytest.param(3, [], id="three before"),
    ],
)
async def test_what_went_before_and_what_goes_in_the_same_batch_fills_the_caps(
    stage: Stage, before: int, going: list[str]
) -> None:
    await _sent_before(stage, NOW - HOUR, *(f"before{number}" for number in range(before)))
    for number in range(1, 6):
        await stage.due("一群", key=f"c{number}")
    await stage.due("二群", key="c6")  # another group's caps are its own
    found = await batch(feed_of(stage))
    assert [one.campaign_key for one, _ in found.going.values()] == [*going, "c6"]
    assert [one.reason for one in found.moves] == [Reason.DAILY_CAP] * (5 - len(going))


async def test_a_notice_passes_full_caps_and_fills_them_for_the_others(stage: Stage) -> None:
    care = CareSettings(posts_a_day=1)
    await stage.due("一群", key="c1")
    await stage.due("一群", key="c2", priority=Priority.NOTICE)
    found = await batch(feed_of(stage, care))
    assert [one.campaign_key for one, _ in found.going.values()] == ["c2"]
    assert [one.reason for one in found.moves] == [Reason.DAILY_CAP]


async def test_a_customer_is_counted_whichever_member_they_are_spoken_to_as(stage: Stage) -> None:
    of = await stage.campaign()
    async with stage.database.writing() as connection:
        people = [Seen(f"p{number}", "小美") for number in range(3)]
        made = await ensure_members(connection, "room", people, NOW)
        ids = [made[one.person].id for one in people]
        same = made["p0"].customer_id
        await connection.execute(
            update(members).where(members.c.id == ids[1]).values(customer_id=same)
        )
        slot = PlannedSlot(of.id, of.key, of.version_id, "once", NOW, NOW + HOUR)
        await deliver_to(connection, slot, ACCOUNT, ids, NOW)
    found = await batch(feed_of(stage, CareSettings(private_a_day=1)))
    assert [one.address for one, _ in found.going.values()] == ["person:p0", "person:p2"]
    assert [one.reason for one in found.moves] == [Reason.DAILY_CAP]


async def test_who_never_opened_the_private_chat_is_left_out_where_they_must(stage: Stage) -> None:
    of = await stage.campaign()
    async with stage.database.writing() as connection:
        shown = [Seen(f"p{number}", f"粉丝{number}") for number in range(2)]
        made = await ensure_members(connection, "room", shown, NOW)
        await mark_reachable(connection, [made["p0"].id], NOW)
        slot = PlannedSlot(of.id, of.key, of.version_id, "once", NOW, NOW + HOUR)
        ids = [one.id for one in made.values()]
        await deliver_to(connection, slot, ACCOUNT, ids, NOW)
    assert len((await batch(feed_of(stage))).going) == 2
    stage.platform.start_link = "https://t.example/our_bot?start=hello"
    found = await batch(feed_of(stage))
    assert [one.address for one, _ in found.going.values()] == ["person:p0"]
    assert [one.reason for one in found.moves] == [Reason.UNREACHABLE]


# The words


async def test_words_that_cannot_be_made_are_skipped_and_fill_no_cap(stage: Stage) -> None:
    await stage.due("一群", key="broken", body=template_body({"once": "{{ price }}"}, {}, "zh"))
    await stage.due("一群", key="wordless", body=template_body({"d-1": "好"}, {}, "zh"))
    await stage.due("一群", key="shapeless", body={"text": "好"})
    await stage.due("一群", key="sound")
    found = await batch(feed_of(stage, CareSettings(posts_a_day=1)))
    assert list(texts(found)) == [key_of("一群", "sound")]
    assert {one.state for one in found.moves} == {DeliveryState.SKIPPED}
    said = [one.reason or "" for one in found.moves]
    for reason, part in zip(said, ("price", "NQ330", "NQ331"), strict=True):
        assert part in reason


async def test_a_template_is_filled_in_for_each_group(stage: Stage) -> None:
    body = template_body({"once": "{{ group }}的大家，{{ shop }}"}, {"shop": "小店"}, "zh")
    await stage.due("一群", "二群", body=body)
    assert texts(await batch(feed_of(stage))) == {
        key_of("一群"): "一群的大家，小店",
        key_of("二群"): "二群的大家，小店",
    }


async def test_what_is_said_is_the_version_that_was_planned(stage: Stage) -> None:
    await stage.due("一群")
    await stage.edit("c1")
    assert list(texts(await batch(feed_of(stage))).values()) == ["今晚八点直播"]


async def test_a_body_is_read_once_and_no_more_are_kept_than_a_few(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []
    read = campaigns.bodies

    async def noted(connection: AsyncConnection, versions: list[int]) -> dict[int, dict[str, Any]]:
        asked.append(versions)
        return await read(connection, versions)

    monkeypatch.setattr(campaigns, "bodies", noted)
    monkeypatch.setattr(feed_room, "_BODIES_KEPT", 3)
    care = CareSettings(posts_a_day=100, posts_a_week=700)
    feed = feed_of(stage, care)
    versions = {}
    for number in range(5):
        key = f"c{number}"
        await stage.due("一群", key=key, body=literal_body(Content(key)))
        versions[key] = (await stage.stored(key)).version_id
    first, *_ = versions.values()

    assert list(texts(await batch(feed, most=1)).values()) == ["c0"]
    assert list(texts(await batch(feed, most=1)).values()) == ["c0"]
    assert asked == [[first]]
    # A batch with more versions than are kept has the words of all of them.
    assert list(texts(await batch(feed)).values()) == list(versions)
    assert asked == [[first], list(versions.values())[1:]]
    assert len(feed._bodies) == 5
    assert list(texts(await batch(feed, most=2)).values()) == ["c0", "c1"]
    assert list(feed._bodies)[-2:] == list(versions.values())[:2]  # who was used last stays
    assert len(feed._bodies) == 3
    assert len(asked) == 2


async def test_a_batch_takes_no_more_than_a_few_questions(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.due(*(f"{number}群" for number in range(60)))
    asked: list[str] = []
    for name in ("due", "addressed_groups", "addressed_customers"):
        question = getattr(due, name)

        async def noted(
            *given: Any, question: Any = question, name: str = name, **named: Any
        ) -> Any:
            asked.append(name)
            return await question(*given, **named)

        monkeypatch.setattr(due, name, noted)
    assert len((await batch(feed_of(stage))).going) == 60
    assert asked == ["due", "addressed_groups", "addressed_customers"]


@pytest.mark.parametrize(("later", "reasons"), [(timedelta(0), []), (SECOND, [Reason.WEEKLY_CAP])])
async def test_what_went_a_week_ago_counts_no_more(
    stage: Stage, later: timedelta, reasons: list[Reason]
) -> None:
    await _sent_before(stage, NOW - timedelta(days=7) + later, "old")
    await stage.due("一群", key="c1")
    found = await batch(feed_of(stage, CareSettings(posts_a_week=1)))
    assert [one.reason for one in found.moves] == reasons
    assert len(found.going) == 1 - len(reasons)
