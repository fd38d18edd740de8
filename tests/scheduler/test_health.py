"""When an account rests, for how long, and when it works again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from scheduler.courier import (
    AccountDown,
    AddressGone,
    Done,
    NothingSent,
    Outcome,
    TooFast,
    Unable,
    Unclear,
)
from scheduler.health import Fallen, Health, Recovered
from tests.scheduler.stage import MINUTE, NOW, SECOND

LOST = Unclear("http 502")
REFUSED = NothingSent("refused")
DONE = Done("7")


def health() -> Health:
    return Health(first_rest=MINUTE, longest_rest=3 * MINUTE)


@pytest.mark.parametrize(
    ("outcomes", "falls"),
    [
        pytest.param([LOST, LOST], False, id="two lost answers"),
        pytest.param([LOST, LOST, LOST], True, id="three lost answers"),
        pytest.param([REFUSED, REFUSED, REFUSED], True, id="three refused connections"),
        pytest.param([LOST, REFUSED, LOST], True, id="three of either"),
        pytest.param([LOST, LOST, DONE, LOST, LOST], False, id="not in a row"),
        pytest.param([LOST, LOST, AddressGone("kicked"), LOST], False, id="a refusal is an answer"),
        pytest.param([LOST, LOST, TooFast(SECOND), LOST], False, id="too fast is an answer"),
        pytest.param([LOST, LOST, Unable("no rights"), LOST], False, id="unable is an answer"),
        pytest.param([AccountDown("logged out")], True, id="the account is refused"),
    ],
)
def test_three_calls_in_a_row_without_a_clear_answer_or_a_refused_account_rest(
    outcomes: Sequence[Outcome], *, falls: bool
) -> None:
    account = health()
    changes = [account.note(outcome, NOW) for outcome in outcomes]
    assert changes[:-1] == [None] * (len(outcomes) - 1)
    assert isinstance(changes[-1], Fallen) is falls
    assert account.rests(NOW) is falls


def test_the_reason_is_the_last_outcome_s() -> None:
    account = health()
    account.note(LOST, NOW)
    account.note(LOST, NOW)
    assert account.note(REFUSED, NOW) == Fallen(NOW + MINUTE, "refused")


def test_a_late_answer_ends_a_rest_for_lost_answers_but_none_of_a_refused_account() -> None:
    account = health()
    account.note(LOST, NOW)
    account.note(LOST, NOW)
    assert account.heal() is None
    assert account.note(LOST, NOW) is None, "those before it were answered after all"
    account.note(LOST, NOW)
    assert isinstance(account.note(LOST, NOW), Fallen)
    assert account.heal() == Recovered()
    assert not account.rests(NOW)
    account.note(AccountDown("logged out"), NOW)
    assert account.heal() is None
    assert account.rests(NOW), "it had left before"


def test_what_was_under_way_when_the_rest_began_changes_nothing() -> None:
    account = health()
    account.note(AccountDown("logged out"), NOW)
    assert account.note(LOST, NOW + SECOND) is None
    assert account.rests_until == NOW + MINUTE


def test_rests_double_up_to_the_longest_until_a_clear_answer_comes() -> None:
    account, now, rests = health(), NOW, []
    for _ in range(4):
        fallen = account.note(AccountDown("logged out"), now)
        assert isinstance(fallen, Fallen)
        rests.append(fallen.until - now)
        now = fallen.until
    assert rests == [MINUTE, 2 * MINUTE, 3 * MINUTE, 3 * MINUTE]
    assert not account.rests(now)
    assert account.note(DONE, now) == Recovered()
    assert account.note(AccountDown("again"), now) == Fallen(now + MINUTE, "again")


def test_after_a_clear_answer_nobody_wonders_whether_the_rest_helped() -> None:
    account = health()
    account.restore(NOW)
    account.note(DONE, NOW)
    assert not account.probing


def test_whose_trouble_was_mended_is_as_well_as_ever() -> None:
    account = health()
    assert account.recover() is None
    account.note(AccountDown("logged out"), NOW)
    assert account.recover() == Recovered()
    assert not account.rests(NOW)
    assert account.note(LOST, NOW) is None
    assert account.note(AccountDown("again"), NOW) == Fallen(NOW + MINUTE, "again")


def test_after_a_rest_the_first_failure_means_another_rest() -> None:
    account = health()
    account.restore(NOW)
    assert account.probing
    assert account.note(LOST, NOW + timedelta(microseconds=1)) is not None


def test_a_rest_that_was_written_down_goes_on() -> None:
    account = health()
    account.restore(NOW + MINUTE)
    assert account.rests(NOW)
    assert not account.rests(NOW + MINUTE)


@pytest.mark.parametrize(
    ("outcomes", "news"),
    [
        pytest.param([AccountDown("logged out")] * 3, [True, False, False], id="the same"),
        pytest.param(
            [AccountDown("logged out"), AccountDown("restricted")], [True, True], id="a worse one"
        ),
        pytest.param(
            [AccountDown("logged out"), LOST, AccountDown("logged out")],
            [True, False, False],
            id="the network besides",
        ),
        pytest.param([AccountDown("gone"), DONE, AccountDown("gone")], [True, True], id="again"),
    ],
)
def test_a_trouble_is_news_once(outcomes: Sequence[Outcome], news: list[bool]) -> None:
    account, now, told = health(), NOW, []
    for outcome in outcomes:
        change = account.note(outcome, now)
        if isinstance(change, Fallen):
            told.append(change.new)
            now = change.until
    assert told == news


def test_a_trouble_from_before_a_restart_is_no_news() -> None:
    account = health()
    account.restore(NOW, "logged out")
    again = account.note(AccountDown("logged out"), NOW)
    assert again == Fallen(NOW + MINUTE, "logged out", new=False)
