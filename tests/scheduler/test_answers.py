"""Where each outcome takes a delivery, and what is written about the attempt."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.answers import (
    HeldBack,
    back_off,
    end_of,
    may_have_arrived,
    move_after,
    never_again,
    word_for,
)
from scheduler.courier import (
    AccountDown,
    AddressGone,
    Done,
    Muted,
    NothingSent,
    Outcome,
    TooFast,
    Unable,
    Unclear,
)
from storage.attempts import INTERRUPTED, End
from storage.deliveries import DeliveryState, Move
from storage.due import Due, Recipient
from tests.scheduler.stage import HOUR, MINUTE, NOW, SECOND

PLANNED, SENT, FAILED, UNCERTAIN = (
    DeliveryState.PLANNED,
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.UNCERTAIN,
)


def due(*, tries: int = 0, not_after: datetime = NOW + HOUR, resent: bool = False) -> Due:
    return Due(
        id=1,
        key="c1/once/room/group:1",
        campaign_id=1,
        campaign_key="c1",
        shop_id=1,
        programme="broadcast",
        campaign_state="approved",
        halted=False,
        approved=True,
        hold_out=0,
        promotion=None,
        version_id=1,
        slot="once",
        address="group:1",
        member_id=None,
        priority=3,
        not_before=NOW,
        not_after=not_after,
        tries=tries,
        resent=resent,
        variant=None,
        recipient=Recipient(group_id=1, name="一群"),
    )


@pytest.mark.parametrize(
    ("outcome", "move", "word"),
    [
        (Done("7"), Move(1, SENT, None, "7"), "done"),
        (AddressGone("kicked"), Move(1, FAILED, "kicked"), "address_gone"),
        (Muted("silenced"), Move(1, FAILED, "silenced"), "muted"),
        (Unable("no rights"), Move(1, FAILED, "no rights"), "unable"),
        (Unclear("http 502"), Move(1, UNCERTAIN, "http 502"), "unclear"),
        (
            TooFast(9 * SECOND),
            Move(1, PLANNED, "too_fast", not_before=NOW + 9 * SECOND),
            "too_fast",
        ),
        (
            TooFast(9 * SECOND, account_wide=True),
            Move(1, PLANNED, "too_fast", not_before=NOW + 9 * SECOND),
            "too_fast_account",
        ),
        (
            NothingSent("refused"),
            Move(1, PLANNED, "refused", not_before=NOW + 2 * SECOND),
            "nothing_sent",
        ),
        (
            AccountDown("logged out"),
            Move(1, PLANNED, "logged out", not_before=NOW + SECOND),
            "account_down",
        ),
        (HeldBack(), Move(1, PLANNED, None, not_before=NOW), "held_back"),
        (
            HeldBack("pace", NOW + MINUTE),
            Move(1, PLANNED, "pace", not_before=NOW + MINUTE),
            "held_back",
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_each_outcome_has_its_move_and_its_word(
    outcome: Outcome | HeldBack, move: Move, word: str
) -> None:
    assert move_after(due(), outcome, NOW, rests_until=None, spread=0.0) == move
    end = end_of(5, outcome, NOW)
    assert (end.attempt_id, end.outcome, end.at) == (5, word, NOW)


@pytest.mark.parametrize(
    ("outcome", "never"),
    [
        (Done("7"), True),
        (Unclear("http 502"), True),
        (AddressGone("kicked"), True),
        (Muted("silenced"), True),
        (Unable("no rights"), True),
        (NothingSent("refused"), False),
        (TooFast(SECOND), False),
        (TooFast(SECOND, account_wide=True), False),
        (AccountDown("logged out"), False),
        (HeldBack(), False),
    ],
)
def test_only_what_certainly_did_nothing_is_made_again(
    outcome: Outcome | HeldBack, *, never: bool
) -> None:
    assert never_again(word_for(outcome)) is never


@pytest.mark.parametrize("outcome", [None, INTERRUPTED])
def test_a_call_without_an_answer_is_not_made_again(outcome: str | None) -> None:
    assert never_again(outcome)


@pytest.mark.parametrize(
    ("outcome", "may"),
    [
        (word_for(Done("7")), True),
        (word_for(Unclear("http 502")), True),
        (INTERRUPTED, True),
        (None, True),
        (word_for(AddressGone("kicked")), False),
        (word_for(NothingSent("refused")), False),
        (word_for(AccountDown("logged out")), False),
        (word_for(HeldBack()), False),
    ],
)
def test_what_was_said_may_have_been_read_unless_it_certainly_was_not(
    outcome: str | None, *, may: bool
) -> None:
    assert may_have_arrived(outcome) is may


def test_a_platform_s_wish_for_silence_is_written_with_the_attempt() -> None:
    assert end_of(5, TooFast(9 * SECOND), NOW) == End(5, "too_fast", None, NOW, NOW + 9 * SECOND)
    assert end_of(5, TooFast(timedelta(0)), NOW).holds_until == NOW + SECOND


@pytest.mark.parametrize("outcome", [NothingSent("refused"), AccountDown("logged out")])
def test_while_the_account_rests_nothing_is_tried_again(outcome: Outcome) -> None:
    after = move_after(due(), outcome, NOW, rests_until=NOW + MINUTE, spread=0.0)
    assert after.not_before == NOW + MINUTE


@pytest.mark.parametrize(
    "outcome",
    [
        TooFast(2 * HOUR),
        NothingSent("refused"),
        HeldBack("pace", NOW + 2 * HOUR),
        AccountDown("down"),
    ],
)
def test_nothing_is_put_off_beyond_the_moment_it_is_too_late(outcome: Outcome | HeldBack) -> None:
    one = due(tries=8, not_after=NOW + 20 * SECOND)
    after = move_after(one, outcome, NOW, rests_until=NOW + 2 * HOUR, spread=0.0)
    assert after.not_before == NOW + 21 * SECOND


def test_a_notice_that_goes_out_again_stays_marked_so() -> None:
    one = due(resent=True)
    assert move_after(one, Done("7"), NOW, rests_until=None, spread=0.0).reason == "resent"
    assert move_after(one, TooFast(SECOND), NOW, rests_until=None, spread=0.0).resent


@pytest.mark.parametrize("outcome", [AddressGone("kicked"), Muted("silenced"), Unable("no rights")])
def test_a_notice_refused_the_second_time_may_have_arrived_the_first(outcome: Outcome) -> None:
    after = move_after(due(resent=True), outcome, NOW, rests_until=None, spread=0.0)
    assert after.state is UNCERTAIN


@given(st.integers(0, 100_000), st.floats(0, 1))
def test_the_pause_before_a_retry_doubles_up_to_five_minutes(tries: int, spread: float) -> None:
    longest = min(2 * 2 ** min(tries, 20), 300)
    assert longest / 2 <= back_off(tries, spread).total_seconds() <= longest
