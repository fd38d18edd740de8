"""What happens while a sender works: cancellations, 急停, pauses, and a lane that is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scheduler.campaigns import CampaignState
from scheduler.content import Content
from scheduler.courier import Address, AddressGone, Done, NothingSent, Unclear
from scheduler.feed import Batch
from scheduler.notices import AccountBack, AccountPaused, CampaignPaused
from scheduler.sender import Sender
from storage import attempts, deliveries, steering
from storage.bells import Bell
from storage.database import Database
from storage.errors import LaneLost
from tests.scheduler.fake_platform import Meanwhile
from tests.scheduler.stage import (
    HOUR,
    MINUTE,
    NOW,
    ONE_BY_ONE,
    SECOND,
    SENT,
    Delivered,
    Stage,
    sent,
)

HELD = 2 * HOUR + SECOND  # just after the end of what is due on the stage


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


@pytest.mark.parametrize("moment", ["between read and begin", "during the call before"])
async def test_what_is_cancelled_before_it_is_begun_is_never_called(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    await stage.due("一群", "二群")
    found = await stage.stored("c1")

    async def cancel() -> None:
        async with stage.database.writing() as connection:
            await steering.cancel_planned(connection, found.id, "by_manager", NOW)

    sender = await stage.opened(replace(ONE_BY_ONE, most_in_batch=1))
    if moment == "during the call before":
        stage.platform.will("一群", Meanwhile(cancel))
        await sender.drain()
        assert (await stage.ledger())["一群"].state == SENT
    else:
        _after_reading(monkeypatch, sender, cancel)
        assert await sender.drain() == 0
        assert (await stage.ledger())["一群"] == Delivered("cancelled", "by_manager")
    assert (await stage.ledger())["二群"] == Delivered("cancelled", "by_manager")
    assert stage.platform.calls_to("二群") == 0


async def test_a_halt_between_read_and_begin_lets_nothing_out_until_it_is_lifted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.due("一群", "二群")
    sender = await stage.opened()

    async def halt() -> None:
        await stage.halt(on=True)

    _after_reading(monkeypatch, sender, halt)
    await sender.drain()
    assert stage.platform.arrived == []
    put_off = Delivered("planned", "halted", HELD)
    assert await stage.ledger() == {"一群": put_off, "二群": put_off}
    assert await stage.attempts() == []
    await stage.halt(on=False)
    assert await sender.drain() == 2


async def test_a_halt_or_a_cancellation_during_a_call_stops_the_rest_of_its_batch(
    stage: Stage,
) -> None:
    await stage.due("一群", "二群", "三群")
    stage.platform.will("一群", Meanwhile(lambda: stage.halt(on=True)))
    sender = await stage.opened(ONE_BY_ONE)
    await sender.drain()
    assert [stage.platform.calls_to(name) for name in ("一群", "二群", "三群")] == [1, 0, 0]
    assert (await stage.ledger())["二群"] == Delivered("planned", "halted", HELD)
    assert None not in [outcome for _, _, outcome, _ in await stage.attempts()]
    await stage.halt(on=False)
    await sender.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {SENT}


async def test_a_halt_still_lets_what_is_too_late_be_skipped_and_managers_be_answered(
    stage: Stage,
) -> None:
    await stage.due("一群", not_after=NOW)
    sender = await stage.opened()
    await stage.halt(on=True)
    stage.clock.advance(SECOND)
    await sender.drain()
    assert (await stage.ledger())["一群"] == Delivered("skipped", "halted")
    assert isinstance(await sender.say(Address(group="chat-一群"), Content("已停"), "r1"), Done)


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        (CampaignState.CANCELLED, Delivered("skipped", "campaign_cancelled")),
        (CampaignState.PAUSED, Delivered("planned", "campaign_paused", HELD)),
        (CampaignState.FINISHED, sent("一群")),
    ],
)
async def test_what_is_due_follows_its_campaign_s_state(
    stage: Stage, state: CampaignState, stands: Delivered
) -> None:
    await stage.due("一群")
    await stage.set_state("c1", state)
    sender = await stage.opened()
    await sender.drain()
    assert (await stage.ledger())["一群"] == stands


async def test_a_lost_lane_stops_before_the_next_call(stage: Stage) -> None:
    await stage.due("一群", "二群")
    sender = await stage.opened(replace(ONE_BY_ONE, most_in_batch=1))
    await stage.take_over("bot-2")
    with pytest.raises(LaneLost):
        await sender.drain()
    assert stage.platform.arrived == []
    said = await sender.say(Address(group="chat-一群"), Content("你好"), "r1")
    assert said == NothingSent("lane_elsewhere")
    assert stage.platform.arrived == []


async def test_a_lane_lost_during_a_call_leaves_the_record_to_its_new_holder(
    stage: Stage,
) -> None:
    await stage.due("一群", "二群")
    sender, rival = await stage.opened(), stage.sender()
    leases = []

    async def take_over() -> None:
        leases.append(await stage.lease("bot-2"))

    stage.platform.will("一群", Meanwhile(take_over))
    with pytest.raises(LaneLost):
        await sender.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {"sending"}
    await rival.open(leases[0])
    await rival.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {SENT}
    assert set(stage.platform.standing.values()) == {1}


def _after_reading(
    monkeypatch: pytest.MonkeyPatch, sender: Sender, happens: Callable[[], Awaitable[object]]
) -> None:
    """Have something happen once, after the sender has read what is due."""
    feed = sender._feed
    read = feed.next_batch

    async def read_and_then(*asked: Any) -> Batch:
        monkeypatch.setattr(feed, "next_batch", read)
        batch = await read(*asked)
        await happens()
        return batch

    monkeypatch.setattr(feed, "next_batch", read_and_then)


async def test_an_approval_between_read_and_record_is_not_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.due("一群", approved=False)
    sender = await stage.opened()

    async def approve() -> None:
        await stage.approve("c1")

    _after_reading(monkeypatch, sender, approve)
    await sender.drain()
    assert (await stage.ledger())["一群"] == sent("一群")


async def test_a_run_of_addresses_that_refuse_for_good_pauses_its_campaign_alone(
    stage: Stage,
) -> None:
    names = [f"{number}群" for number in range(12)]
    await stage.due(*names)
    await stage.due("好群", key="c2")
    for name in names:
        stage.platform.will_always(name, AddressGone("kicked"))
    sender = await stage.opened(replace(ONE_BY_ONE, most_in_batch=1))
    await sender.drain()
    states = [one.state for one in (await stage.ledger("c1")).values()]
    assert states == ["failed"] * 10 + ["planned"] * 2
    assert (await stage.ledger("c1"))["11群"].reason == "campaign_paused"
    campaign = await stage.stored("c1")
    assert (campaign.state, campaign.reason) == (CampaignState.PAUSED, "permanent_errors")
    assert stage.told == [CampaignPaused(campaign.id, "permanent_errors")]
    assert (await stage.ledger("c2"))["好群"].state == SENT


async def test_what_is_begun_together_leaves_in_the_order_it_fell_due(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number}群" for number in range(4)]
    await stage.due(*names)
    begin = deliveries.begin

    async def begun_backwards(*arguments: Any) -> dict[int, int]:
        # A database hands back what it wrote in an order of its own.
        return dict(reversed((await begin(*arguments)).items()))

    monkeypatch.setattr(deliveries, "begin", begun_backwards)
    sender = await stage.opened(ONE_BY_ONE)
    await sender.drain()
    assert [str(one.address) for one in stage.platform.arrived] == [
        f"group:chat-{name}" for name in names
    ]


async def test_an_account_that_does_not_answer_rests_staff_are_told_and_one_call_goes_first(
    stage: Stage,
) -> None:
    names = [f"{number}群" for number in range(9)]
    await stage.due(*names)
    stage.platform.remembers = False
    for name in names:
        stage.platform.will(name, Unclear("http 502"))
    sender = await stage.opened(ONE_BY_ONE)
    await sender.drain()
    assert len(stage.platform.arrived) == 3
    assert stage.told == [AccountPaused("room", "http 502", NOW + MINUTE)]
    assert (await stage.ledger())["8群"] == Delivered("planned", "account_down", MINUTE)
    stage.clock.advance(MINUTE)
    await sender.drain()
    assert len(stage.platform.arrived) == 4
    assert stage.told[1:] == []  # that it still does not work is no news
    for name in names:
        stage.platform.will_always(name, Done("7"))
        stage.platform.forget(name)
    stage.clock.advance(2 * MINUTE)
    await sender.drain()
    assert stage.told[1:] == [AccountBack("room")]
    assert Counter(one.state for one in (await stage.ledger()).values()) == {
        "uncertain": 4,
        SENT: 5,
    }


async def test_when_an_account_is_back_what_waited_for_it_goes_at_once(stage: Stage) -> None:
    names = [f"{number}群" for number in range(4)]
    await stage.due(*names)
    stage.platform.remembers = False
    for name in names[:3]:
        stage.platform.will(name, Unclear("http 502"))
    sender = await stage.opened(ONE_BY_ONE)
    await sender.drain()
    assert (await stage.ledger())["3群"].reason == "account_down"
    assert isinstance(await sender.say(Address(person="p1"), Content("在的"), "r1"), Done)
    await sender.drain()
    assert (await stage.ledger())["3群"].state == SENT


async def test_a_halt_right_behind_the_commit_still_stops_the_batch(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.due("一群", "二群")
    sender = await stage.opened()
    begin_calls = attempts.begin_calls
    halts = iter([Bell.STOP])

    async def rung_meanwhile(*arguments: Any) -> dict[str, int]:
        for bell in halts:
            sender._rung(bell)  # as another process's bell, before this one's next step
        return await begin_calls(*arguments)

    monkeypatch.setattr(attempts, "begin_calls", rung_meanwhile)
    shift = sender._opened()
    async with sender._driven(shift):
        await shift.turn(ahead=timedelta(0))
        assert stage.platform.arrived == []
    assert {one.state for one in (await stage.ledger()).values()} == {"planned"}
