"""Whatever happens in whatever order, the ledger stays what its drawing promises.

Hypothesis plays sender, manager and rival process at random, beside a model of a few lines;
after every step the whole ledger is compared with the model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import deliveries, shops
from storage.database import Database
from storage.deliveries import DeliveryState, Move
from storage.errors import LaneLost
from storage.tables import attempts
from storage.tables import deliveries as ledger
from tests.storage.builders import NOW, lane, planned, shop

T = TypeVar("T")

NUMBER = 5
GROUPS = tuple(f"{number}群" for number in range(NUMBER))
DRAWN = {
    "planned": {"planned", "skipped"},
    "sending": {"planned", "sent", "failed", "uncertain"},
    "uncertain": {"sent", "failed", "planned"},
}
MOVABLE = [state for state in DeliveryState if state not in {"sending", "cancelled"}]

some = st.sets(st.integers(0, NUMBER - 1), min_size=1)
wishes = st.dictionaries(st.integers(0, NUMBER - 1), st.sampled_from(MOVABLE), min_size=1)


class LedgerMachine(RuleBasedStateMachine):
    """One campaign's deliveries, in one transaction that is rolled back at the end."""

    runner: asyncio.Runner
    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.transaction = self.database.writing()
        self.connection: AsyncConnection = self.run(self.transaction.__aenter__())
        self.ready = self.run(planned(self.connection, *GROUPS))
        self.lanes = [self.run(lane(self.connection))]
        self.shop = self.run(shop(self.connection))
        self.halted = False
        self.states = dict.fromkeys((one.id for one in self.ready), "planned")
        self.calls: dict[int, list[int]] = {one.id: [] for one in self.ready}

    def run(self, work: Awaitable[T]) -> T:
        async def working() -> T:
            return await work

        return self.runner.run(working())

    def teardown(self) -> None:
        self.run(self.connection.rollback())
        self.run(self.transaction.__aexit__(None, None, None))

    @rule(chosen=some)
    def begin(self, chosen: set[int]) -> None:
        ready = [self.ready[number] for number in chosen]
        begun = self.run(deliveries.begin(self.connection, self.lanes[-1], ready, NOW))
        expected = {one.id for one in ready if self.states[one.id] == "planned"}
        assert set(begun) == (set() if self.halted else expected)
        for delivery, attempt in begun.items():
            self.states[delivery] = "sending"
            self.calls[delivery].append(attempt)

    @rule(wishes=wishes)
    def move(self, wishes: dict[int, DeliveryState]) -> None:
        moves = [self.a_move(number, state) for number, state in wishes.items()]
        self.run(deliveries.move(self.connection, self.lanes[-1], moves, NOW))
        for one in moves:
            before = self.states[one.delivery_id]
            if one.state in DRAWN.get(before, ()):
                self.states[one.delivery_id] = one.state.value

    def a_move(self, number: int, state: DeliveryState) -> Move:
        delivery = self.ready[number].id
        calls = self.calls[delivery]
        return Move(delivery, state, attempt_id=calls[-1] if calls else None)

    @rule()
    def cancel(self) -> None:
        of = self.ready[0].campaign_id
        taken = self.run(deliveries.cancel_planned(self.connection, of, "a manager", NOW))
        there = [delivery for delivery, state in self.states.items() if state == "planned"]
        assert taken == len(there)
        self.states |= dict.fromkeys(there, "cancelled")

    @rule()
    def take_over(self) -> None:
        self.lanes.append(self.run(lane(self.connection, f"bot-{len(self.lanes)}")))

    @rule(chosen=some, wishes=wishes)
    def the_process_that_lost_the_lane_goes_on(
        self, chosen: set[int], wishes: dict[int, DeliveryState]
    ) -> None:
        for old in self.lanes[:-1]:
            ready = [self.ready[number] for number in chosen]
            with pytest.raises(LaneLost):
                self.run(deliveries.begin(self.connection, old, ready, NOW))
            moves = [self.a_move(number, state) for number, state in wishes.items()]
            with pytest.raises(LaneLost):
                self.run(deliveries.move(self.connection, old, moves, NOW))

    @rule()
    def stop_or_go_on(self) -> None:
        self.halted = not self.halted
        moment = NOW if self.halted else None
        assert self.run(shops.set_halt(self.connection, self.shop, moment))

    @rule()
    def plan_again(self) -> None:
        due = self.run(planned(self.connection, *GROUPS))
        planned_now = {delivery for delivery, state in self.states.items() if state == "planned"}
        assert {one.id for one in due} == planned_now

    @invariant()
    def every_delivery_stands_where_the_model_says(self) -> None:
        rows = self.run(self.connection.execute(select(ledger.c.id, ledger.c.state))).all()
        assert {row.id: row.state for row in rows} == self.states

    @invariant()
    def the_attempts_match(self) -> None:
        rows = self.run(self.connection.execute(select(attempts).order_by(attempts.c.id))).all()
        for delivery, state in self.states.items():
            theirs = [row for row in rows if row.delivery_id == delivery]
            assert sorted(row.id for row in theirs) == self.calls[delivery]
            still_open = [row.id for row in theirs if row.ended_at is None]
            assert still_open == (self.calls[delivery][-1:] if state == "sending" else [])
            if state in {"sent", "failed", "uncertain"}:
                assert theirs[-1].outcome == state

    @invariant()
    def tries_are_counted(self) -> None:
        rows = self.run(self.connection.execute(select(ledger.c.id, ledger.c.tries))).all()
        assert {row.id: row.tries for row in rows} == {
            delivery: len(calls) for delivery, calls in self.calls.items()
        }


def test_the_ledger_keeps_its_promises_whatever_happens(database_url: str) -> None:
    with asyncio.Runner() as runner:
        LedgerMachine.runner = runner
        LedgerMachine.database = runner.run(Database.open(database_url))
        try:
            run_state_machine_as_test(
                LedgerMachine,
                settings=settings(max_examples=10, stateful_step_count=15, deadline=None),
            )
        finally:
            runner.run(LedgerMachine.database.close())
