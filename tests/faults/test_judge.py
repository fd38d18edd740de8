"""The judge lets a clean run pass, and notices every way in which a promise can be broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scheduler.priorities import Priority
from storage.deliveries import DeliveryState
from tests.faults.judge import LOOP_TURN, Case, Entry, violations
from tests.faults.notes import Note
from tests.faults.platform import Arrival, Log, Told

END = 1_000.0
FLIGHT = 1.0
KEY = "c1/once/a1/group:g1"
SENT = Entry(
    key=KEY,
    account="a1",
    state=DeliveryState.SENT,
    reason=None,
    priority=Priority.CAMPAIGN,
    resent=False,
    not_after=datetime.fromtimestamp(END, UTC),
    receipt="r1",
    token=7,
)
CALL = Arrival(
    key=KEY,
    account="a1",
    address="group:g1",
    token=7,
    departed=500.0,
    at=500.01,
    told=Told.DONE,
    why="none",
    receipt="r1",
)
UNANSWERED = replace(CALL, told=Told.NOTHING, why="lost")
REFUSED = replace(CALL, told=Told.REFUSED, why="too_fast", receipt=None)


def entry(state: str, reason: str | None = "because", **changed: Any) -> Entry:
    """The delivery in another state."""
    receipt = SENT.receipt if state == "sent" else None
    whole = {"state": DeliveryState(state), "reason": reason, "receipt": receipt} | changed
    return replace(SENT, **whole)


def again(call: Arrival = CALL, after: float = 10.0, **changed: Any) -> Arrival:
    """A second call like the first, so many seconds after it."""
    moments = {"departed": CALL.departed + after, "at": CALL.at + after}
    return replace(call, **(moments | changed))


def judged(one: Entry, *calls: Arrival, log: Log | None = None, **parts: Any) -> list[str]:
    """What the judge says of one delivery and its calls."""
    log = log or Log()
    log.arrivals += calls
    return violations(Case(log=log, ledger=[one], flight=FLIGHT, **parts))


NOTICE = replace(SENT, priority=Priority.NOTICE)
RESENT = replace(NOTICE, resent=True, receipt="r2")
SECOND = again(receipt="r2")


@pytest.mark.parametrize(
    ("one", "calls"),
    [
        pytest.param(SENT, [CALL], id="sent"),
        pytest.param(SENT, [REFUSED, again()], id="refused, then sent"),
        pytest.param(entry("sent", "looked_up"), [UNANSWERED], id="the answer was lost"),
        pytest.param(entry("failed"), [REFUSED], id="refused for good"),
        pytest.param(entry("skipped", token=None), [], id="left out"),
        pytest.param(entry("cancelled", token=None), [], id="cancelled"),
        pytest.param(entry("uncertain"), [UNANSWERED], id="nobody can tell"),
        pytest.param(RESENT, [UNANSWERED, SECOND], id="a notice twice"),
        pytest.param(SENT, [replace(CALL, departed=END)], id="in the last moment"),
    ],
)
def test_a_clean_delivery_passes(one: Entry, calls: list[Arrival]) -> None:
    assert judged(one, *calls) == []


@pytest.mark.parametrize(
    ("one", "calls", "said"),
    [
        pytest.param(entry("planned"), [], "is not final: planned", id="planned for ever"),
        pytest.param(
            entry("sending"), [UNANSWERED], "is not final: sending", id="sending for ever"
        ),
        pytest.param(entry("skipped", None), [], "does not say why", id="no reason"),
        pytest.param(SENT, [CALL, SECOND], "stands 2 times", id="twice"),
        pytest.param(NOTICE, [CALL, SECOND], "stands 2 times", id="a notice twice, not marked"),
        pytest.param(
            RESENT,
            [UNANSWERED, again(UNANSWERED, receipt="r3"), again(after=20.0, receipt="r2")],
            "stands 3 times",
            id="a notice thrice",
        ),
        pytest.param(
            SENT,
            [replace(UNANSWERED, receipt=None), again()],
            "1 of them without proof",
            id="tried again by itself",
        ),
        pytest.param(
            replace(SENT, resent=True),
            [UNANSWERED, again(receipt=None)],
            "1 of them without proof",
            id="marketing marked as resent",
        ),
        pytest.param(SENT, [], "is lost", id="sent, and never called"),
        pytest.param(SENT, [REFUSED], "is lost", id="sent, and refused"),
        pytest.param(replace(SENT, receipt="r9"), [CALL], "the ledger has r9", id="false receipt"),
        pytest.param(entry("failed"), [UNANSWERED], "the ledger calls it failed", id="denied"),
        pytest.param(entry("skipped"), [UNANSWERED], "the ledger calls it skipped", id="skipped"),
        pytest.param(
            entry("cancelled"), [UNANSWERED], "the ledger calls it cancelled", id="cancelled"
        ),
        pytest.param(entry("uncertain"), [REFUSED], "without a ground", id="groundless doubt"),
        pytest.param(
            SENT, [replace(CALL, above="more than 5 in 2 s")], "came too fast", id="too fast"
        ),
        pytest.param(SENT, [replace(CALL, early=True)], "in the silence", id="not silent"),
        pytest.param(
            SENT,
            [replace(CALL, departed=END + LOOP_TURN + 0.01, at=END + 0.2)],
            "departed 0.060 s after",
            id="departed too late",
        ),
        pytest.param(
            SENT,
            [replace(CALL, departed=END, at=END + LOOP_TURN + FLIGHT + 0.01)],
            "arrived 1.060 s after",
            id="arrived too late",
        ),
        pytest.param(
            SENT,
            [again(REFUSED, token=8), again(after=11.0)],
            "under the old lease 7",
            id="an old lease",
        ),
        pytest.param(
            SENT, [CALL, again(key="c9/once/a1/group:g1")], "is no delivery", id="a stranger"
        ),
    ],
)
def test_a_broken_promise_is_named(one: Entry, calls: list[Arrival], said: str) -> None:
    broken = judged(one, *calls)
    assert any(said in line for line in broken), broken


def test_a_delivery_that_nobody_planned_is_missed() -> None:
    missing = judged(SENT, CALL, expected=[KEY, "c1/once/a1/group:g2"])
    assert missing == ["c1/once/a1/group:g2 was never planned"]


def test_a_delivery_that_stands_twice_in_the_ledger_is_seen() -> None:
    case = Case(log=Log([CALL]), ledger=[SENT, SENT], flight=FLIGHT)
    assert violations(case) == [f"{KEY} stands 2 times in the ledger"]


def test_an_answer_needs_no_delivery() -> None:
    assert judged(SENT, CALL, replace(CALL, key="answer/a1/7/0")) == []


def oath_at(moment: float) -> Log:
    """A log in which the platform swore then that the key was absent."""
    log = Log()
    log.oaths[KEY].append(moment)
    return log


@pytest.mark.parametrize(
    ("priority", "sworn_at", "right"),
    [
        (Priority.CAMPAIGN, 499.0, False),
        (Priority.CAMPAIGN, 505.0, True),
        (Priority.CAMPAIGN, 511.0, False),
        (Priority.NOTICE, 499.0, False),
        (Priority.NOTICE, 505.0, True),
        (Priority.NOTICE, 511.0, True),  # resent in doubt, and then neither had arrived
    ],
)
def test_a_second_call_needs_an_oath(priority: Priority, sworn_at: float, *, right: bool) -> None:
    lost = replace(UNANSWERED, receipt=None)
    again_lost, last = again(lost), again(after=20.0)
    calls = [lost, again_lost, last] if sworn_at > again_lost.at else [lost, last]
    broken = judged(replace(SENT, priority=priority), *calls, log=oath_at(sworn_at))
    assert (broken == []) == right


def cut_at(moment: float) -> Log:
    """A log of a platform that ended connections then."""
    return Log(cuts=[moment])


BEGUN = Note(500.0, "begun", KEY)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"interrupted": {KEY}}, id="its process was killed"),
        pytest.param({"notes": [Note(600.0, "lost", "a1/7")]}, id="its lease was lost"),
        pytest.param({"notes": [Note(501.0, "late", KEY)]}, id="the answer was late"),
        pytest.param({"notes": [BEGUN], "log": cut_at(500.3)}, id="the connection was cut"),
    ],
)
def test_a_doubt_may_have_a_ground_the_platform_cannot_see(parts: dict[str, Any]) -> None:
    assert judged(entry("uncertain"), **parts) == []


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"interrupted": {"c2/other"}}, id="another was in hand"),
        pytest.param({"notes": [Note(600.0, "lost", "a1/6")]}, id="another lease was lost"),
        pytest.param({"notes": [Note(501.0, "late", "c2/other")]}, id="another answer was late"),
        pytest.param({"notes": [BEGUN], "log": cut_at(400.0)}, id="the connection was cut before"),
        pytest.param({"notes": [BEGUN], "log": cut_at(502.0)}, id="the connection was cut later"),
        pytest.param({"log": cut_at(500.3)}, id="no call was begun"),
    ],
)
def test_what_does_not_touch_a_delivery_is_no_ground_for_doubt(parts: dict[str, Any]) -> None:
    (broken,) = judged(entry("uncertain"), **parts)
    assert "without a ground" in broken


def test_nothing_stays_uncertain_that_the_platform_remembers() -> None:
    (broken,) = judged(entry("uncertain"), UNANSWERED, remembered={"a1"})
    assert "the platform was not asked" in broken
    assert judged(entry("uncertain"), UNANSWERED, remembered={"a2"}) == []


def test_the_latest_departure_is_measured() -> None:
    case = Case(log=Log([CALL, again(departed=END + 0.05)]), ledger=[SENT], flight=FLIGHT)
    assert case.latest == pytest.approx(0.05)
    assert Case(log=Log([CALL]), ledger=[SENT], flight=FLIGHT).latest == 0.0
