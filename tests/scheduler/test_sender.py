"""What is due goes out, and every answer of a platform has its place in the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.bodies import template_body
from scheduler.courier import (
    AccountDown,
    AddressGone,
    Muted,
    NothingSent,
    Outcome,
    TooFast,
    Unable,
    Unclear,
)
from scheduler.lease import LeaseTerms, try_lease
from scheduler.sender import Sender
from storage.database import Database
from tests.scheduler.fake_platform import AnswerLost, Hangs, Step
from tests.scheduler.stage import (
    HASTY,
    HOUR,
    MINUTE,
    NOW,
    ONE_BY_ONE,
    PATIENT,
    SECOND,
    SENT,
    Delivered,
    Stage,
    key_of,
    sent,
)


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


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
        ("post", key_of("一群"), "done", None),
        ("post", key_of("二群"), "done", None),
    ]


async def test_more_than_a_batch_goes_out_in_one_drain(stage: Stage) -> None:
    names = [f"{number}群" for number in range(7)]
    await stage.due(*names)
    sender = await stage.opened(replace(PATIENT, most_in_batch=3))
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
        clock=stage.clock,
    )
    lease = await try_lease(stage.database, other.account, "bot-1", LeaseTerms())
    assert lease is not None
    await other.open(lease)
    assert await other.drain() == 0


async def test_a_sender_must_be_opened_first(stage: Stage) -> None:
    await stage.due("一群")
    with pytest.raises(RuntimeError, match="open the sender first"):
        await stage.sender().drain()


# What a platform can answer


@pytest.mark.parametrize(
    ("step", "word", "stands"),
    [
        pytest.param(
            TooFast(30 * SECOND),
            "too_fast",
            Delivered("planned", "too_fast", 30 * SECOND),
            id="too fast",
        ),
        pytest.param(
            TooFast(timedelta(0)),
            "too_fast",
            Delivered("planned", "too_fast", SECOND),
            id="too fast by nothing",
        ),
        pytest.param(
            TooFast(30 * SECOND, account_wide=True),
            "too_fast_account",
            Delivered("planned", "too_fast", 30 * SECOND),
            id="too fast everywhere",
        ),
        pytest.param(
            AccountDown("logged out"),
            "account_down",
            Delivered("planned", "logged out", MINUTE),
            id="account down",
        ),
        pytest.param(
            AddressGone("kicked"), "address_gone", Delivered("failed", "kicked"), id="address gone"
        ),
        pytest.param(Muted("silenced"), "muted", Delivered("failed", "silenced"), id="muted"),
        pytest.param(Unable("no rights"), "unable", Delivered("failed", "no rights"), id="unable"),
        pytest.param(
            Unclear("http 502"), "unclear", Delivered("uncertain", "http 502"), id="unclear"
        ),
        pytest.param(
            AnswerLost(), "unclear", Delivered("uncertain", "answer_lost"), id="answer lost"
        ),
        pytest.param(
            Hangs(stands=True), "unclear", Delivered("uncertain", "no_answer"), id="no answer"
        ),
        pytest.param(
            ValueError("bad surrogate"),
            "unclear",
            Delivered("uncertain", "courier_fault: ValueError"),
            id="a fault of the courier",
        ),
    ],
)
async def test_each_answer_has_its_state_reason_and_next_moment(
    stage: Stage, step: Step, word: str, stands: Delivered
) -> None:
    await stage.due("一群")
    stage.platform.will("一群", step)
    sender = await stage.opened(HASTY)
    await sender.drain()
    assert (await stage.ledger())["一群"] == stands
    assert await stage.attempts() == [
        ("post", key_of("一群"), word, None if word.startswith("too_fast") else stands.reason)
    ]
    assert stage.platform.calls_to("一群") == 1


async def test_what_was_certainly_not_sent_is_tried_again_after_growing_pauses(
    stage: Stage,
) -> None:
    await stage.due("一群")
    stage.platform.will_always("一群", NothingSent("connection refused"))
    no_rest = timedelta(microseconds=1)
    sender = await stage.opened(replace(PATIENT, first_rest=no_rest, longest_rest=no_rest))
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
    ("step", "rest", "reason"),
    [
        pytest.param(AccountDown("logged out"), MINUTE, "account_down", id="account down"),
        pytest.param(
            TooFast(5 * SECOND, account_wide=True), 5 * SECOND, "pace", id="too fast everywhere"
        ),
    ],
)
async def test_a_resting_account_calls_nobody_until_its_rest_is_over(
    stage: Stage, step: Outcome, rest: timedelta, reason: str
) -> None:
    await stage.due("一群", "二群", "三群")
    stage.platform.will("二群", step)
    sender = await stage.opened(ONE_BY_ONE)
    await sender.drain()
    ledger = await stage.ledger()
    assert ledger["一群"] == sent("一群")
    assert ledger["二群"].later == rest
    assert ledger["三群"] == Delivered("planned", reason, rest)
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


async def test_a_rest_that_somebody_ends_holds_nothing_up_any_more(stage: Stage) -> None:
    await stage.due("一群", "二群")
    stage.platform.will("一群", AccountDown("logged out"))
    sender = await stage.opened(ONE_BY_ONE)
    sender.end_rest()  # it does not rest: nothing happens
    await sender.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {"planned"}
    sender.end_rest()
    await sender.drain()
    assert await stage.ledger() == {
        "一群": Delivered("planned", "logged out", MINUTE),  # which met the trouble itself
        "二群": sent("二群"),
    }
    await sender.close()
    sender.end_rest()  # nor does an account that is another process's


async def test_a_rest_also_holds_what_is_not_in_the_batch(stage: Stage) -> None:
    await stage.due(*(f"{number}群" for number in range(9)))
    stage.platform.will("0群", AccountDown("logged out"))
    sender = await stage.opened(replace(ONE_BY_ONE, most_in_batch=3))
    await sender.drain()
    assert len(stage.platform.arrived) == 1
    assert [one.state for one in (await stage.ledger()).values()] == ["planned"] * 9


async def test_a_group_that_is_gone_is_marked_and_the_others_go_on(stage: Stage) -> None:
    await stage.due("一群", "二群", "三群")
    await stage.due("一群", "二群", key="c2")
    stage.platform.will_always("二群", AddressGone("kicked"))
    sender = await stage.opened(replace(ONE_BY_ONE, most_in_batch=3))
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


async def test_words_that_cannot_be_filled_in_keep_back_their_own_delivery_alone(
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
        assert stands.state == "skipped"
        reasons[number] = stands.reason or ""
    assert all(number in reason for number, reason in reasons.items())
    assert (await stage.ledger("sound"))["一群"].state == SENT
    assert stage.platform.standing == {key_of("一群", "sound"): 1}
