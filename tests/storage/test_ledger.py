"""Whatever happens in whatever order, the ledger stays what its drawing promises.

Hypothesis plays sender, manager, clock and rival process at random, beside the model in
`ledger_model.py`; after every step all that the ledger holds and answers is compared with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import fields
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import attempts, campaigns, deliveries, due, lanes, shops, slots, steering
from storage.attempts import End
from storage.database import Database
from storage.deliveries import DeliveryState, Move
from storage.errors import LaneLost
from storage.holds import CAMPAIGN_PAUSED, HALTED
from storage.tables import attempts as calls
from storage.tables import deliveries as ledger
from tests.storage.builders import (
    ACCOUNT,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    campaign,
    group,
    lane,
    shop,
    slot_of,
)
from tests.storage.ledger_model import Kept, Ledger

T = TypeVar("T")

CAMPAIGNS = 2
GROUPS = 2
SLOTS = 2
MOVABLE = [state for state in DeliveryState if state not in {"sending", "cancelled"}]
REASONS = (None, HALTED, CAMPAIGN_PAUSED, "太快了")

places = st.integers(0, CAMPAIGNS * GROUPS - 1)
some = st.sets(places, min_size=1)
which_campaign = st.integers(0, CAMPAIGNS - 1)
later = st.none() | st.integers(-10, 90).map(lambda minutes: minutes * MINUTE)
wishes = st.dictionaries(
    places,
    st.tuples(
        st.sampled_from(MOVABLE), st.sampled_from(REASONS), later, st.booleans(), st.booleans()
    ),
    min_size=1,
)


class LedgerMachine(RuleBasedStateMachine):
    """Two campaigns' deliveries, in one transaction that is rolled back at the end."""

    runner: asyncio.Runner
    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.transaction = self.database.writing()
        self.connection: AsyncConnection = self.run(self.transaction.__aenter__())
        self.model = Ledger()
        self.now = NOW
        self.slots = 0
        self.sent: set[int] = set()
        self.shop = self.run(shop(self.connection))
        self.groups = [
            self.run(group(self.connection, f"{number}群")).id for number in range(GROUPS)
        ]
        self.campaigns = [
            self.run(campaign(self.connection, f"c{number}")) for number in range(CAMPAIGNS)
        ]
        self.lanes = [self.run(lane(self.connection))]
        self.plan_the_next_slot()

    def run(self, work: Awaitable[T]) -> T:
        async def working() -> T:
            return await work

        return self.runner.run(working())

    def teardown(self) -> None:
        self.run(self.connection.rollback())
        self.run(self.transaction.__aexit__(None, None, None))

    def ids(self, chosen: set[int]) -> list[int]:
        """The newest deliveries stand behind the numbers, so that all of them have their time."""
        return [sorted(self.model.rows)[-number - 1] for number in sorted(chosen)]

    def moves(self, chosen: dict[int, tuple[Any, ...]]) -> list[Move]:
        return [
            Move(
                self.ids({number})[0],
                state,
                reason,
                f"receipt {number}" if state == "sent" else None,
                None if wait is None else self.now + wait,
                resent,
                absent,
            )
            for number, (state, reason, wait, resent, absent) in chosen.items()
        ]

    # The planner and the clock

    @precondition(lambda self: self.slots < SLOTS)
    @rule()
    def plan_the_next_slot(self) -> None:
        for number, of in enumerate(self.campaigns):
            priority = 3 - (number + self.slots) % 3
            slot = slot_of(of, f"d-{self.slots}", self.now, priority=priority)
            made = self.run(slots.plan_for_groups(self.connection, slot, self.groups, self.now))
            assert made == GROUPS
        rows = self.run(self.connection.execute(select(ledger).order_by(ledger.c.id)))
        for row in rows:
            self.model.rows.setdefault(
                row.id,
                Kept(
                    row.id,
                    row.key,
                    row.campaign_id,
                    row.group_id,
                    row.priority,
                    self.now,
                    self.now + HOUR,
                ),
            )
        self.slots += 1

    @rule()
    def plan_a_slot_again(self) -> None:
        for of in self.campaigns:
            slot = slot_of(of, "d-0", self.now + MINUTE)
            made = slots.plan_for_groups(self.connection, slot, self.groups, self.now)
            assert self.run(made) == 0

    @rule(minutes=st.integers(1, 45))
    def let_time_pass(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    # The sender

    @rule(state=st.sampled_from(MOVABLE), again=st.sampled_from(MOVABLE))
    def send_everything_answer_twice_and_go_on(
        self, state: DeliveryState, again: DeliveryState
    ) -> None:
        everything = set(range(CAMPAIGNS * GROUPS))
        self.begin(everything)
        self.end_calls(everything, "done")
        for answer in (state, again):
            self.move(dict.fromkeys(everything, (answer, None, None, False, False)))
        self.begin(everything)  # what was planned again

    @rule(chosen=some)
    def begin(self, chosen: set[int]) -> None:
        asked = self.ids(chosen)
        right = self.lanes[-1]
        begun = self.run(deliveries.begin(self.connection, right, asked, self.now))
        assert set(begun) == self.model.may_begin(asked)
        self.model.begin(begun, right.token, self.now)

    @rule(chosen=wishes)
    def move(self, chosen: dict[int, tuple[Any, ...]]) -> None:
        moves = self.moves(chosen)
        self.run(deliveries.move(self.connection, self.lanes[-1], moves, self.now))
        self.model.move(moves)

    @rule()
    def put_off_what_is_held(self) -> None:
        moves = [
            Move(row.id, DeliveryState.PLANNED, reason, not_before=row.not_after + SECOND)
            for row in self.model.planned()
            if (reason := self.model.holds(row)) is not None
        ]
        self.run(deliveries.move(self.connection, self.lanes[-1], moves, self.now))
        self.model.move(moves)

    @rule(chosen=some, outcome=st.sampled_from(["done", "unclear"]))
    def end_calls(self, chosen: set[int], outcome: str) -> None:
        theirs = self.ids(chosen)
        ended = [call for call, (of, _, _) in self.model.calls.items() if of in theirs]
        ends = [End(call, outcome, None, self.now) for call in ended]
        self.run(attempts.end_calls(self.connection, ends))
        self.model.end(ended, outcome)

    @rule(number=places)
    def hear_a_late_receipt(self, number: int) -> None:
        (one,) = self.ids({number})
        key = self.model.rows[one].key
        heard = deliveries.late_receipt(self.connection, ACCOUNT, key, "late", self.now)
        assert self.run(heard) == self.model.late_receipt(one, "late")

    # The manager

    @rule(number=which_campaign)
    def cancel(self, number: int) -> None:
        of = self.campaigns[number].id
        gone = self.run(steering.cancel_planned(self.connection, of, "a manager", self.now))
        assert gone == self.model.cancel(of, "a manager")

    @rule(number=which_campaign)
    def pause_or_go_on(self, number: int) -> None:
        of = self.campaigns[number].id
        self.model.stopped ^= {of}
        state = "paused" if of in self.model.stopped else "approved"
        self.run(campaigns.set_state(self.connection, of, state))
        if state == "approved":
            freed = steering.release(self.connection, [CAMPAIGN_PAUSED], self.now, of)
            assert self.run(freed) == self.model.release(CAMPAIGN_PAUSED, self.now, of)

    @rule()
    def halt_or_go_on(self) -> None:
        since = self.now if self.model.halted_at is None else None
        assert self.run(shops.set_halt(self.connection, self.shop, since))
        if self.model.halted_at is not None:
            self.model.release(HALTED, self.model.halted_at)
        self.model.halted_at = since

    @rule(number=which_campaign)
    def retry_the_failed(self, number: int) -> None:
        of = self.campaigns[number].id
        found = self.run(steering.retry_failed(self.connection, of, self.now))
        assert (found.again, found.too_late) == self.model.retry(of, self.now)

    @rule(number=places, sent=st.booleans())
    def resolve(self, number: int, *, sent: bool) -> None:
        (one,) = self.ids({number})
        resolved = steering.resolve(self.connection, one, sent=sent, by="阿玲", at=self.now)
        assert self.run(resolved) == self.model.resolve(one, sent=sent)

    # Another process

    @rule()
    def take_over(self) -> None:
        self.lanes.append(self.run(lane(self.connection, f"bot-{len(self.lanes)}")))
        assert self.lanes[-1].token > self.lanes[-2].token

    @rule(chosen=some, moving=wishes)
    def who_lost_the_lane_goes_on(
        self, chosen: set[int], moving: dict[int, tuple[Any, ...]]
    ) -> None:
        for old in self.lanes[:-1]:
            assert self.is_lost(deliveries.begin(self.connection, old, self.ids(chosen), NOW))
            assert self.is_lost(deliveries.move(self.connection, old, self.moves(moving), NOW))
            assert not self.run(lanes.renew_lane(self.connection, old, MINUTE))

    def is_lost(self, work: Awaitable[object]) -> bool:
        try:
            self.run(work)
        except LaneLost:
            return True
        return False

    # What must be true at any time

    @invariant()
    def every_delivery_stands_as_the_model_says(self) -> None:
        rows = self.run(self.connection.execute(select(*COLUMNS).order_by(ledger.c.id)))
        found = {row.id: Kept(*row) for row in rows}
        assert found == self.model.rows
        sent = {row.id for row in found.values() if row.state == "sent"}
        assert self.sent <= sent
        self.sent = sent

    @invariant()
    def every_call_has_its_row(self) -> None:
        rows = self.run(self.connection.execute(select(calls)))
        found = {row.id: (row.delivery_id, row.token, row.outcome) for row in rows}
        assert found == self.model.calls

    @invariant()
    def what_is_due_is_what_the_model_says(self) -> None:
        found = self.run(due.due(self.connection, ACCOUNT, self.now, 100))
        assert [one.id for one in found] == self.model.due(self.now)
        assert self.run(due.next_due(self.connection, ACCOUNT)) == self.model.next_due()

    @invariant()
    def what_is_in_doubt_is_what_the_model_says(self) -> None:
        mine = self.ids({0})
        found = deliveries.in_doubt(self.connection, ACCOUNT, self.now, under_way=mine)
        assert self.run(found) == self.model.in_doubt(self.now, mine)

    @invariant()
    def the_caps_count_what_may_have_arrived(self) -> None:
        since = self.now - HOUR
        found = self.run(due.addressed_groups(self.connection, self.groups, since))
        assert found == self.model.addressed(since)


NAMES = {"campaign": "campaign_id", "group": "group_id"}
COLUMNS = [ledger.c[NAMES.get(part.name, part.name)] for part in fields(Kept)]


@pytest.fixture
def machine(database_url: str) -> Iterator[type[LedgerMachine]]:
    """The machine on an open database."""
    with asyncio.Runner() as runner:
        LedgerMachine.runner = runner
        LedgerMachine.database = runner.run(Database.open(database_url))
        yield LedgerMachine
        runner.run(LedgerMachine.database.close())


def test_the_ledger_keeps_its_promises_whatever_happens(machine: type[LedgerMachine]) -> None:
    # SQLite is quick, so it plays the many games; PostgreSQL shows that it plays them alike.
    games = 30 if machine.database.is_sqlite else 8
    run_state_machine_as_test(
        machine, settings=settings(max_examples=games, stateful_step_count=25, deadline=None)
    )


# The machine itself: each of these ledgers is broken, and a short story shows that it notices.

Story = Callable[[LedgerMachine], None]
Sabotage = Callable[[pytest.MonkeyPatch], None]


async def _nothing(*_: object) -> int:
    return 0


def lose_the_lane(played: LedgerMachine) -> None:
    played.take_over()
    played.who_lost_the_lane_goes_on({0}, {0: (DeliveryState.SENT, None, None, False, False)})


def fail_what_was_sent(played: LedgerMachine) -> None:
    played.send_everything_answer_twice_and_go_on(DeliveryState.SENT, DeliveryState.FAILED)


def halt_put_off_and_go_on(played: LedgerMachine) -> None:
    played.halt_or_go_on()
    played.move({0: (DeliveryState.PLANNED, HALTED, HOUR, False, False)})
    played.halt_or_go_on()


def begin_what_is_paused(played: LedgerMachine) -> None:
    played.pause_or_go_on(0)
    played.begin({0, 1, 2, 3})


def wait(played: LedgerMachine) -> None:
    played.let_time_pass(1)


BROKEN: dict[str, tuple[Sabotage, Story]] = {
    "nobody checks the token": (
        lambda patch: patch.setattr(deliveries, "guard", _nothing),
        lose_the_lane,
    ),
    "what was sent may fail": (
        lambda patch: patch.setitem(
            deliveries._MOVABLE, DeliveryState.FAILED, deliveries._OF_THE_LANE
        ),
        fail_what_was_sent,
    ),
    "a lifted halt frees nothing": (
        lambda patch: patch.setattr(shops, "release", _nothing),
        halt_put_off_and_go_on,
    ),
    "a paused campaign goes on": (
        lambda patch: patch.setattr(campaigns, "set_state", _nothing),
        begin_what_is_paused,
    ),
    "the oldest goes before the most urgent": (
        lambda patch: patch.setattr(due, "_DUE", due._DUE.order_by(None).order_by(ledger.c.id)),
        wait,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_broken_ledger_would_be_noticed(
    machine: type[LedgerMachine], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sabotage, story = BROKEN[name]
    for broken in (False, True):
        played = machine()
        try:
            if broken:
                sabotage(monkeypatch)
                with pytest.raises(AssertionError):
                    told(story, played)
            else:
                told(story, played)
        finally:
            played.teardown()


def told(story: Story, played: LedgerMachine) -> None:
    """The story, and all that must be true after it."""
    story(played)
    played.every_delivery_stands_as_the_model_says()
    played.every_call_has_its_row()
    played.what_is_due_is_what_the_model_says()
    played.what_is_in_doubt_is_what_the_model_says()
    played.the_caps_count_what_may_have_arrived()
