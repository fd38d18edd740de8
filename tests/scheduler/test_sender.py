from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from scheduler.bodies import template_body
from scheduler.campaigns import CampaignState
from scheduler.content import Content
from scheduler.courier import (
    AccountDown,
    Address,
    AddressGone,
    Done,
    NothingSent,
    Outcome,
    TooFast,
    Unable,
    Unclear,
)
from scheduler.doubts import Recovery
from scheduler.sender import Sender, SenderSettings
from storage import deliveries
from storage.database import Database
from storage.errors import LaneLost
from tests.scheduler.fake_platform import AnswerLost, Hangs, Meanwhile, Step
from tests.scheduler.stage import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PATIENT,
    SECOND,
    Delivered,
    Stage,
)
from tests.scheduler.test_clock import settle

SENT = "sent"
HASTY = replace(PATIENT, call_deadline=timedelta(milliseconds=50))


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


def key_of(group: str, campaign: str = "c1") -> str:
    return f"{campaign}/once/room/group:chat-{group}"


def sent(group: str, *, later: timedelta = timedelta(0), reason: str | None = None) -> Delivered:
    return Delivered(SENT, reason, later, f"receipt-{key_of(group)}")


# What is due goes out


async def test_what_is_due_is_sent_once_with_its_receipt(stage: Stage) -> None:
    await stage.due("一群", "二群")
    sender = await stage.opened()
    assert await sender.drain() == 2
    assert await sender.drain() == 0
    assert await stage.ledger() == {"一群": sent("一群"), "二群": sent("二群")}
    assert stage.platform.standing == {key_of("一群"): 1, key_of("二群"): 1}
    assert stage.platform.texts["group:chat-一群"] == "今晚八点直播"
    assert await stage.attempts() == [
        ("post", key_of("一群"), SENT, None),
        ("post", key_of("二群"), SENT, None),
    ]


async def test_more_than_a_batch_goes_out_in_one_drain(stage: Stage) -> None:
    names = [f"{number}群" for number in range(7)]
    await stage.due(*names)
    sender = await stage.opened(SenderSettings(batch=3))
    assert await sender.drain() == 7
    assert set(stage.platform.standing.values()) == {1}


async def test_what_is_not_due_yet_waits(stage: Stage) -> None:
    await stage.due("一群")
    stage.clock = type(stage.clock)(NOW - SECOND)
    sender = await stage.opened()
    assert await sender.drain() == 0
    assert (await stage.ledger())["一群"].state == "planned"


async def test_another_account_s_deliveries_are_left_alone(stage: Stage) -> None:
    await stage.due("一群")
    other = Sender(
        database=stage.database,
        courier=stage.platform,
        account="telegram:shop",
        holder="bot-1",
        clock=stage.clock,
    )
    await other.open()
    assert await other.drain() == 0


async def test_a_sender_must_be_opened_first(stage: Stage) -> None:
    await stage.due("一群")
    with pytest.raises(RuntimeError, match="open the sender first"):
        await stage.sender().drain()


# What a platform can answer


@pytest.mark.parametrize(
    ("step", "stands"),
    [
        pytest.param(
            TooFast(30 * SECOND), Delivered("planned", "too_fast", 30 * SECOND), id="too fast"
        ),
        pytest.param(
            TooFast(timedelta(0)),
            Delivered("planned", "too_fast", SECOND),
            id="too fast by nothing",
        ),
        pytest.param(
            AccountDown("logged out"), Delivered("planned", "logged out", MINUTE), id="account down"
        ),
        pytest.param(AddressGone("kicked"), Delivered("failed", "kicked"), id="address gone"),
        pytest.param(Unable("no rights"), Delivered("failed", "no rights"), id="unable"),
        pytest.param(Unclear("http 502"), Delivered("uncertain", "http 502"), id="unclear"),
        pytest.param(AnswerLost(), Delivered("uncertain", "answer_lost"), id="answer lost"),
        pytest.param(Hangs(stands=True), Delivered("uncertain", "no_answer"), id="no answer"),
        pytest.param(
            ValueError("bad surrogate"),
            Delivered("uncertain", "courier_fault: ValueError"),
            id="a fault of the courier",
        ),
    ],
)
async def test_each_answer_has_its_state_reason_and_next_moment(
    stage: Stage, step: Step, stands: Delivered
) -> None:
    await stage.due("一群")
    stage.platform.will("一群", step)
    sender = await stage.opened(HASTY)
    await sender.drain()
    assert (await stage.ledger())["一群"] == stands
    assert await stage.attempts() == [("post", key_of("一群"), stands.state, stands.reason)]
    assert stage.platform.calls_to("一群") == 1


async def test_what_was_certainly_not_sent_is_tried_again_after_growing_pauses(
    stage: Stage,
) -> None:
    await stage.due("一群")
    stage.platform.will_always("一群", NothingSent("connection refused"))
    sender = await stage.opened()
    pauses = []
    for _ in range(10):
        await sender.drain()
        stands = (await stage.ledger())["一群"]
        assert (stands.state, stands.reason) == ("planned", "connection refused")
        pauses.append((NOW + stands.later - stage.clock.now()).total_seconds())
        stage.clock.advance_to(NOW + stands.later)
    for number, pause in enumerate(pauses):
        longest = min(2 * 2**number, 300)
        assert longest / 2 <= pause <= longest
    assert stage.platform.calls_to("一群") == 10


async def test_it_is_tried_again_until_it_is_too_late_and_then_skipped(stage: Stage) -> None:
    await stage.due("一群")
    stage.platform.will_always("一群", TooFast(SECOND))
    stage.platform.will_always("二群", TooFast(SECOND))
    sender = await stage.opened()
    await sender.drain()
    stage.clock.advance(2 * HOUR + SECOND)
    await sender.drain()
    assert (await stage.ledger())["一群"] == Delivered("skipped", "too_late", SECOND)


async def test_after_a_thousand_tries_the_pause_can_still_be_reckoned(stage: Stage) -> None:
    sender = stage.sender()
    assert sender._back_off(5_000) <= 5 * MINUTE


async def test_a_chat_that_is_too_fast_holds_up_no_other(stage: Stage) -> None:
    await stage.due("一群", "二群", "三群")
    stage.platform.will("二群", TooFast(MINUTE))
    sender = await stage.opened()
    await sender.drain()
    assert {group: one.state for group, one in (await stage.ledger()).items()} == {
        "一群": SENT,
        "二群": "planned",
        "三群": SENT,
    }


@pytest.mark.parametrize(
    ("step", "rest"),
    [
        pytest.param(AccountDown("logged out"), MINUTE, id="account down"),
        pytest.param(TooFast(5 * SECOND, account_wide=True), 5 * SECOND, id="too fast everywhere"),
    ],
)
async def test_a_resting_account_calls_nobody_until_its_rest_is_over(
    stage: Stage, step: Outcome, rest: timedelta
) -> None:
    await stage.due("一群", "二群", "三群")
    stage.platform.will("二群", step)
    sender = await stage.opened(SenderSettings(batch=20))
    await sender.drain()
    ledger = await stage.ledger()
    assert ledger["一群"] == sent("一群")
    assert ledger["二群"].later == ledger["三群"].later == rest
    assert ledger["三群"] == Delivered("planned", "account_resting", rest)
    assert stage.platform.calls_to("三群") == 0
    stage.clock.advance(rest - SECOND / 2)
    assert await sender.drain() == 0
    stage.clock.advance(SECOND / 2)
    await sender.drain()
    assert await stage.ledger() == {
        "一群": sent("一群"),
        "二群": sent("二群", later=rest),
        "三群": sent("三群", later=rest),
    }


async def test_a_rest_also_holds_what_is_not_in_the_batch(stage: Stage) -> None:
    await stage.due(*(f"{number}群" for number in range(9)))
    stage.platform.will("0群", AccountDown("logged out"))
    sender = await stage.opened(SenderSettings(batch=3))
    await sender.drain()
    assert len(stage.platform.arrived) == 1
    assert [one.state for one in (await stage.ledger()).values()] == ["planned"] * 9


async def test_a_group_that_is_gone_is_marked_and_the_others_go_on(stage: Stage) -> None:
    await stage.due("一群", "二群", "三群")
    await stage.due("一群", "二群", key="c2")
    stage.platform.will_always("二群", AddressGone("kicked"))
    sender = await stage.opened(SenderSettings(batch=3))
    await sender.drain()
    assert {group: one.state for group, one in (await stage.ledger("c1")).items()} == {
        "一群": SENT,
        "二群": "failed",
        "三群": SENT,
    }
    later = await stage.ledger("c2")
    assert later["一群"].state == SENT
    assert later["二群"] == Delivered("skipped", "group_gone")
    assert stage.platform.calls_to("二群") == 1
    assert await stage.present_groups() == ["一群", "三群"]


async def test_words_that_cannot_be_filled_in_fail_their_own_delivery_alone(
    stage: Stage,
) -> None:
    await stage.due("一群", key="broken", body=template_body({"once": "{{ price }}"}, {}, "zh"))
    await stage.due("一群", key="wordless", body=template_body({"d-1": "好"}, {}, "zh"))
    await stage.due("一群", key="shapeless", body={"text": "好"})
    await stage.due("一群", key="sound")
    sender = await stage.opened()
    await sender.drain()
    reasons = {}
    for key, number in (("broken", "NQ315"), ("wordless", "NQ330"), ("shapeless", "NQ331")):
        stands = (await stage.ledger(key))["一群"]
        assert stands.state == "failed"
        reasons[number] = stands.reason or ""
    assert all(number in reason for number, reason in reasons.items())
    assert (await stage.ledger("sound"))["一群"].state == SENT
    assert stage.platform.standing == {key_of("一群", "sound"): 1}


# What happens meanwhile


@pytest.mark.parametrize("moment", ["between read and begin", "during the call before"])
async def test_what_is_cancelled_before_it_is_begun_is_never_called(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    await stage.due("一群", "二群")
    found = await stage.stored("c1")

    async def cancel() -> None:
        async with stage.database.writing() as connection:
            await deliveries.cancel_planned(connection, found.id, "by_manager", NOW)

    sender = await stage.opened(SenderSettings(batch=1))
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
    assert await sender.drain() == 0
    assert stage.platform.arrived == []
    assert {one.state for one in (await stage.ledger()).values()} == {"planned"}
    assert await stage.attempts() == []
    await stage.halt(on=False)
    assert await sender.drain() == 2


async def test_a_halt_or_a_cancellation_during_a_call_stops_the_rest_of_its_batch(
    stage: Stage,
) -> None:
    await stage.due("一群", "二群", "三群")
    stage.platform.will("一群", Meanwhile(lambda: stage.halt(on=True)))
    sender = await stage.opened()
    await sender.drain()
    assert [stage.platform.calls_to(name) for name in ("一群", "二群", "三群")] == [1, 0, 0]
    assert (await stage.ledger())["二群"] == Delivered("planned", "halted")
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
    assert (await stage.ledger())["一群"] == Delivered("skipped", "too_late")
    assert isinstance(await sender.say(Address(group="chat-一群"), Content("已停"), "r1"), Done)


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        (CampaignState.CANCELLED, Delivered("skipped", "campaign_cancelled")),
        (CampaignState.PAUSED, Delivered("planned", "campaign_paused", MINUTE)),
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
    sender = await stage.opened(SenderSettings(batch=1))
    await stage.sender(holder="bot-2").open()
    with pytest.raises(LaneLost):
        await sender.drain()
    assert stage.platform.arrived == []
    with pytest.raises(LaneLost):
        await sender.say(Address(group="chat-一群"), Content("你好"), "r1")
    assert stage.platform.arrived == []


async def test_a_lane_lost_during_a_call_leaves_the_record_to_its_new_holder(
    stage: Stage,
) -> None:
    await stage.due("一群", "二群")
    sender, rival = await stage.opened(), stage.sender(holder="bot-2")

    async def take_over() -> None:
        await stage.take_over("bot-2")

    stage.platform.will("一群", Meanwhile(take_over))
    with pytest.raises(LaneLost):
        await sender.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {"sending"}
    await rival.open()
    await rival.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {SENT}
    assert set(stage.platform.standing.values()) == {1}


def _after_reading(monkeypatch: pytest.MonkeyPatch, sender: Sender, happens: object) -> None:
    """Have something happen once, after the sender has read what is due."""
    read = sender._next_batch

    async def read_and_then() -> list[deliveries.Due]:
        monkeypatch.setattr(sender, "_next_batch", read)
        batch = await read()
        await happens()  # type: ignore[operator]  # an async function
        return batch

    monkeypatch.setattr(sender, "_next_batch", read_and_then)


# Ends and beginnings


async def test_cancelled_between_calls_it_records_what_was_answered_and_settles_the_rest(
    stage: Stage,
) -> None:
    await stage.due("一群", "二群", "三群")
    stage.platform.will("二群", Hangs(stands=True))
    sender = await stage.opened()
    draining = asyncio.create_task(sender.drain())
    async with asyncio.timeout(5):
        while stage.platform.calls_to("二群") == 0:  # noqa: ASYNC110 (the platform rings nobody)
            await asyncio.sleep(0.002)
    draining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await draining
    assert {group: one.state for group, one in (await stage.ledger()).items()} == {
        "一群": SENT,
        "二群": "sending",
        "三群": "sending",
    }
    again = stage.sender(holder="bot-2")
    assert await again.open() == Recovery(sent=1, planned_again=1, uncertain=0)
    await again.drain()
    assert await stage.ledger() == {
        "一群": sent("一群"),
        "二群": sent("二群", reason="looked_up"),
        "三群": sent("三群"),
    }
    assert set(stage.platform.standing.values()) == {1}


@pytest.mark.parametrize("uncertain", [False, True], ids=["sending", "uncertain"])
@pytest.mark.parametrize("found", ["sent", "absent", "unknown", "silent"])
async def test_what_an_ended_process_left_in_doubt_is_settled_by_asking(
    stage: Stage, found: str, *, uncertain: bool
) -> None:
    await stage.due("一群")
    await stage.left_behind("一群", uncertain=uncertain)
    if found == "sent":
        stage.platform.standing[key_of("一群")] = 1
    stage.platform.remembers = found != "unknown"
    stage.platform.lookup_hangs = found == "silent"
    recovery = await stage.sender(HASTY).open()
    nothing = Recovery(sent=0, planned_again=0, uncertain=0)
    stands, counted = {
        ("sent", False): (sent("一群", reason="looked_up"), replace(nothing, sent=1)),
        ("sent", True): (sent("一群", reason="looked_up"), replace(nothing, sent=1)),
        ("absent", False): (
            Delivered("planned", "looked_up_absent"),
            replace(nothing, planned_again=1),
        ),
        ("absent", True): (
            Delivered("planned", "looked_up_absent"),
            replace(nothing, planned_again=1),
        ),
        ("unknown", False): (Delivered("uncertain", "interrupted"), replace(nothing, uncertain=1)),
        ("unknown", True): (Delivered("uncertain", "no_answer"), replace(nothing, uncertain=1)),
        ("silent", False): (Delivered("uncertain", "interrupted"), replace(nothing, uncertain=1)),
        ("silent", True): (Delivered("uncertain", "no_answer"), replace(nothing, uncertain=1)),
    }[found, uncertain]
    assert (await stage.ledger())["一群"] == stands
    assert recovery == counted
    ((_, _, outcome, _),) = await stage.attempts()
    assert outcome == ("uncertain" if uncertain else stands.state)


async def test_a_platform_that_falls_silent_is_not_asked_about_every_delivery(
    stage: Stage,
) -> None:
    names = [f"{number}群" for number in range(9)]
    await stage.due(*names)
    await stage.left_behind(*names, uncertain=False)
    stage.platform.lookup_hangs = True
    recovery = await stage.sender(HASTY).open()
    assert recovery.uncertain == 9
    assert len(stage.platform.asked) == 1


async def test_what_was_proved_absent_goes_out_while_it_is_valid(
    stage: Stage,
) -> None:
    await stage.due("一群", "二群")
    await stage.left_behind("一群", uncertain=False)
    await stage.left_behind("二群", uncertain=True)
    sender = await stage.opened()
    await sender.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {SENT}
    assert stage.platform.standing == {key_of("一群"): 1, key_of("二群"): 1}


async def test_what_is_doubted_is_never_sent_again_by_itself(stage: Stage) -> None:
    await stage.due("一群")
    await stage.left_behind("一群", uncertain=True)
    stage.platform.remembers = False
    sender = await stage.opened()
    stage.clock.advance(HOUR)
    await sender.drain()
    assert (await stage.ledger())["一群"].state == "uncertain"
    assert stage.platform.standing == {}


async def test_while_it_runs_the_platform_is_asked_again_about_a_lost_answer(
    stage: Stage,
) -> None:
    await stage.due("一群")
    stage.platform.will("一群", AnswerLost())
    stage.platform.remembers = False
    sender = await stage.opened()
    for _ in range(9):
        await sender.drain()
        stage.clock.advance_to(await sender._next_look())
    assert stage.platform.asked
    assert (await stage.ledger())["一群"] == Delivered("uncertain", "answer_lost")
    stage.platform.remembers = True
    stage.clock.advance(5 * MINUTE)
    await sender.drain()
    assert (await stage.ledger())["一群"] == sent("一群", reason="looked_up")
    asked = len(stage.platform.asked)
    stage.clock.advance(DAY)
    await sender.drain()
    assert len(stage.platform.asked) == asked
    assert stage.platform.calls_to("一群") == 1


async def test_the_first_question_comes_soon_and_the_pauses_double(stage: Stage) -> None:
    await stage.due("一群")
    stage.platform.will("一群", AnswerLost())
    stage.platform.remembers = False
    sender = await stage.opened()
    asked_at: list[float] = []
    for second in range(400):
        await sender.drain()
        if len(stage.platform.asked) > len(asked_at):
            asked_at.append(second)
        stage.clock.advance(SECOND)
    assert asked_at == [5, 10, 20, 40, 80, 160, 320]


async def test_answers_the_database_refused_are_asked_about_before_anything_is_sent_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.due("一群", "二群")
    sender = await stage.opened()
    move = deliveries.move

    async def refuse(*_: object) -> None:
        monkeypatch.setattr(deliveries, "move", move)
        raise OperationalError("UPDATE", {}, OSError("the server has gone away"))

    monkeypatch.setattr(deliveries, "move", refuse)
    with pytest.raises(OperationalError):
        await sender.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {"sending"}
    await sender.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {SENT}
    assert set(stage.platform.standing.values()) == {1}


# Replies


async def test_a_reply_writes_its_attempt_before_and_after_the_call(stage: Stage) -> None:
    sender = await stage.opened()
    seen: list[object] = []

    async def look() -> None:
        seen.extend(await stage.attempts())

    await stage.groups("一群")
    stage.platform.will("一群", Meanwhile(look), TooFast(SECOND), NothingSent("refused"))
    address = Address(group="chat-一群")
    assert isinstance(await sender.say(address, Content("在的"), "r1"), Done)
    assert isinstance(await sender.say(address, Content("在的"), "r2"), TooFast)
    assert isinstance(await sender.say(address, Content("在的"), "r3"), NothingSent)
    assert isinstance(await sender.take_back(address, "receipt-r1", "r1"), Done)
    assert seen == [("reply", "r1", None, None)]
    assert await stage.attempts() == [
        ("reply", "r1", "done", None),
        ("reply", "r2", "toofast", None),
        ("reply", "r3", "nothingsent", "refused"),
        ("delete", "r1/delete", "done", None),
    ]


@pytest.mark.parametrize(
    ("stood", "remembers", "calls"),
    [
        pytest.param(True, True, 0, id="it was said"),
        pytest.param(False, True, 1, id="it was not said"),
        pytest.param(True, False, 1, id="nobody can tell"),
    ],
)
async def test_a_reply_that_may_have_been_said_is_said_only_if_nothing_proves_it(
    stage: Stage, *, stood: bool, remembers: bool, calls: int
) -> None:
    sender = await stage.opened()
    stage.platform.standing["r1"] = int(stood)
    if not stood:
        del stage.platform.standing["r1"]
    stage.platform.remembers = remembers
    outcome = await sender.say(Address(person="p1"), Content("在的"), "r1", again=True)
    assert outcome == Done("receipt-r1")
    assert len(stage.platform.arrived) == calls


# The loop


class Looks:
    """Counts how often a running sender looks at the database while the clock stands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, sender: Sender) -> None:
        self.number = 0
        look = sender._next_look

        async def counted() -> object:
            self.number += 1
            return await look()

        monkeypatch.setattr(sender, "_next_look", counted)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(TooFast(timedelta(0)), id="too fast by nothing"),
        pytest.param(NothingSent("refused"), id="nothing sent"),
        pytest.param(AccountDown("logged out"), id="account down"),
        pytest.param(AnswerLost(), id="answer lost"),
        pytest.param(ValueError("fault"), id="fault"),
        pytest.param(None, id="halted"),
    ],
)
async def test_nothing_makes_the_loop_busy_while_the_clock_stands(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: Step | None
) -> None:
    await stage.due("一群")
    stage.platform.remembers = False
    if step is None:
        await stage.halt(on=True)
    else:
        stage.platform.will_always("一群", step)
    sender = await stage.opened()
    looks = Looks(monkeypatch, sender)
    running = asyncio.create_task(sender.run())
    await stage.until_asleep(lambda: looks.number > 0)
    await asyncio.sleep(0.05)
    assert looks.number == 1
    assert stage.platform.calls_to("一群") == (step is not None)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert stage.clock._sleepers == []


async def test_the_loop_sends_when_rung_and_when_something_falls_due(stage: Stage) -> None:
    await stage.groups("一群", "二群")
    sender = await stage.opened()
    running = asyncio.create_task(sender.run())
    await stage.until_asleep()
    await stage.due("一群")
    await settle()
    assert stage.platform.arrived == []
    sender.ring()
    await stage.until_asleep(lambda: stage.platform.calls_to("一群") == 1)
    stage.platform.will("二群", TooFast(10 * SECOND))
    await stage.due("二群", key="c2")
    sender.ring()
    await stage.until_asleep(lambda: stage.platform.calls_to("二群") == 1)
    stage.clock.advance(10 * SECOND)
    await stage.until_asleep(lambda: stage.platform.calls_to("二群") == 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert set(stage.platform.standing.values()) == {1}
