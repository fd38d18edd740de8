"""The ledger in a few lines of plain Python, to compare the real one with.

It says what each thing that may happen changes, and nothing about how.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage.deliveries import DeliveryState, InDoubt, Move
from storage.holds import CAMPAIGN_PAUSED, HALTED
from storage.steering import RESOLVED_NOT_SENT, RESOLVED_SENT, RETRIED

DRAWN = {
    "planned": {"planned", "skipped"},
    "sending": {"planned", "sent", "failed", "uncertain"},
    "uncertain": {"sent", "failed", "planned"},
}


@dataclass
class Kept:
    """A delivery as the model knows it."""

    id: int
    key: str
    campaign: int
    group: int
    priority: int
    not_before: datetime
    not_after: datetime
    state: str = "planned"
    reason: str | None = None
    receipt: str | None = None
    tries: int = 0
    resent: bool = False
    began_at: datetime | None = None


@dataclass
class Ledger:
    """Every delivery by its id, and what holds them up.

    `calls` are the attempts: id → (delivery, token, outcome); None where it has not ended.
    """

    rows: dict[int, Kept] = field(default_factory=dict)
    calls: dict[int, tuple[int, int, str | None]] = field(default_factory=dict)
    stopped: set[int] = field(default_factory=set)  # campaigns that are paused
    halted_at: datetime | None = None

    def planned(self, campaign: int | None = None) -> list[Kept]:
        return [
            row
            for row in self.rows.values()
            if row.state == "planned" and campaign in {None, row.campaign}
        ]

    def may_begin(self, asked: Collection[int]) -> set[int]:
        if self.halted_at is not None:
            return set()
        return {
            row.id for row in self.planned() if row.id in asked and row.campaign not in self.stopped
        }

    def holds(self, row: Kept) -> str | None:
        """What a person holds this delivery up with."""
        if self.halted_at is not None:
            return HALTED
        return CAMPAIGN_PAUSED if row.campaign in self.stopped else None

    def begin(self, begun: dict[int, int], token: int, at: datetime) -> None:
        for delivery, call in begun.items():
            row = self.rows[delivery]
            row.state, row.reason, row.began_at = "sending", None, at
            row.tries += 1
            assert call not in self.calls
            self.calls[call] = (delivery, token, None)

    def move(self, moves: Iterable[Move]) -> None:
        for one in moves:
            row = self.rows[one.delivery_id]
            doubted_again = row.resent and (row.state, one.state) == ("planned", "uncertain")
            if one.state.value not in DRAWN.get(row.state, ()) and not doubted_again:
                continue
            row.state, row.reason, row.receipt = one.state.value, one.reason, one.receipt
            row.resent = (row.resent or one.resent) and not one.absent
            if one.not_before is not None:
                row.not_before = one.not_before

    def end(self, calls: Iterable[int], outcome: str) -> None:
        for call in calls:
            delivery, token, ended = self.calls[call]
            self.calls[call] = (delivery, token, ended or outcome)

    def late_receipt(self, delivery: int, receipt: str) -> bool:
        row = self.rows[delivery]
        if row.state != "uncertain":
            return False
        row.state, row.reason, row.receipt = "sent", "late_receipt", receipt
        return True

    def resolve(self, delivery: int, *, sent: bool) -> bool:
        row = self.rows[delivery]
        if row.state != "uncertain":
            return False
        row.state, row.reason = ("sent", RESOLVED_SENT) if sent else ("failed", RESOLVED_NOT_SENT)
        return True

    def cancel(self, campaign: int, reason: str) -> int:
        gone = self.planned(campaign)
        for row in gone:
            row.state, row.reason = "uncertain" if row.resent else "cancelled", reason
        return len(gone)

    def release(self, reason: str, at: datetime, campaign: int | None = None) -> int:
        freed = [
            row for row in self.planned(campaign) if row.reason == reason and row.not_before > at
        ]
        for row in freed:
            row.not_before, row.reason = at, None
        return len(freed)

    def retry(self, campaign: int, at: datetime) -> tuple[int, int]:
        failed = [
            row for row in self.rows.values() if (row.state, row.campaign) == ("failed", campaign)
        ]
        again = [row for row in failed if row.not_after >= at]
        for row in again:
            row.state, row.reason, row.tries, row.not_before = "planned", RETRIED, 0, at
        return len(again), len(failed) - len(again)

    def due(self, at: datetime) -> list[int]:
        there = [row for row in self.planned() if row.not_before <= at]
        return [
            row.id for row in sorted(there, key=lambda row: (row.priority, row.not_before, row.id))
        ]

    def next_due(self) -> datetime | None:
        return min((row.not_before for row in self.planned()), default=None)

    def in_doubt(self, since: datetime, under_way: Collection[int]) -> list[InDoubt]:
        return [
            InDoubt(
                row.id,
                row.key,
                DeliveryState(row.state),
                row.priority,
                row.resent,
                row.not_after,
                max(self.open_calls(row.id), default=None),
            )
            for row in self.rows.values()
            if row.id not in under_way
            and (row.state == "sending" or (row.state == "uncertain" and row.not_after >= since))
        ]

    def open_calls(self, delivery: int) -> Sequence[int]:
        return [
            call
            for call, (of, _, outcome) in self.calls.items()
            if of == delivery and outcome is None
        ]

    def addressed(self, since: datetime) -> dict[int, tuple[datetime, ...]]:
        moments: dict[int, list[datetime]] = {}
        for row in self.rows.values():
            arrived = row.state in {"sending", "sent", "uncertain"}
            if arrived and row.began_at is not None and row.began_at > since:
                moments.setdefault(row.group, []).append(row.began_at)
        return {group: tuple(sorted(each)) for group, each in moments.items()}
