"""The judge: holds a platform's log against the ledger, and names every promise that was broken.

Pure; nothing here asks the senders or believes them. What is judged, and how exactly:

- Every delivery is final, and says why where it was not sent.
- No message stands twice. Where the platform told nothing (a lost answer, a 5xx, a hang), a
  second call is already wrong, whether or not either one stands: only an oath of the platform
  that the first one is absent allows it, or the one resending of a notice, which is marked.
- What is sent stands, under the receipt that the ledger has; what is failed, skipped or cancelled
  does not stand.
- Nothing stays uncertain that the platform could tell. What does has a ground: a call that was
  told nothing, or too late; a lease that ended with its process, or was lost by a living one; a
  connection that the platform cut when the call was on its way.
- No window was above the limit by the platform's clock, and no silence was broken that it asked
  for. An answer to a fan counts like everything else.
- No call is made after its delivery's `not_after`. Judged at the departure, which the caller
  stamps when it has the call in hand: between the sender's last look at the clock and that stamp
  lies one turn of its event loop, for which `LOOP_TURN` is allowed. What the wire adds is nobody's
  promise, but bounded, by the platform's own clock: `FLIGHT` after the departure it turns a call
  away, so nothing may arrive later than that.
- Leases follow each other: once a call departs under a newer one, none does under an older.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise

from scheduler.priorities import Priority
from storage.deliveries import DeliveryState
from tests.faults.notes import Note
from tests.faults.platform import Arrival, Log, Told

LOOP_TURN = 0.05  # seconds
FINAL = frozenset(DeliveryState) - {DeliveryState.PLANNED, DeliveryState.SENDING}
SETTLED_UNSENT = frozenset({DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.CANCELLED})
ANSWERS = "answer/"
"""How the keys of answers begin: they have no delivery."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A delivery as the ledger has it at the end; `token` is the lease of its last call."""

    key: str
    account: str
    state: DeliveryState
    reason: str | None
    priority: int
    resent: bool
    not_after: datetime
    receipt: str | None
    token: int | None


@dataclass(frozen=True)
class Case:
    """Everything there is to judge.

    Args:
        log: what the platform saw.
        ledger: every delivery.
        flight: how long a call may travel, in seconds.
        expected: the keys of deliveries that must be in the ledger.
        notes: what the processes noted of themselves.
        interrupted: the keys that a killed or frozen process had in hand.
        remembered: the accounts whose look-ups can tell.
    """

    log: Log
    ledger: Sequence[Entry]
    flight: float
    expected: Collection[str] = ()
    notes: Sequence[Note] = ()
    interrupted: Collection[str] = ()
    remembered: Collection[str] = ()

    @cached_property
    def calls(self) -> dict[str, list[Arrival]]:
        """Key → the calls that arrived with it, in their order."""
        found: dict[str, list[Arrival]] = {}
        for arrival in self.log.arrivals:
            found.setdefault(arrival.key, []).append(arrival)
        return found

    @cached_property
    def ends(self) -> dict[str, float]:
        """Key → its delivery's not_after, in seconds since the epoch."""
        return {entry.key: entry.not_after.timestamp() for entry in self.ledger}

    @property
    def latest(self) -> float:
        """By how many seconds the latest call departed after its not_after; 0 where none did."""
        late = (
            call.departed - self.ends.get(call.key, call.departed) for call in self.log.arrivals
        )
        return max(0.0, max(late, default=0.0))


def violations(case: Case) -> list[str]:
    """One line for every broken promise, with the delivery's key; empty where all were kept."""
    judged = (not_accounted_for, doubled, denied, groundless, too_fast, too_late, out_of_lease)
    return [line for rule in judged for line in rule(case)]


def not_accounted_for(case: Case) -> Iterator[str]:
    """Deliveries that were lost, are not final or do not say why; messages nobody planned."""
    for entry in case.ledger:
        if entry.state not in FINAL:
            yield f"{entry.key} is not final: {entry.state} ({entry.reason})"
        if entry.state is not DeliveryState.SENT and not entry.reason:
            yield f"{entry.key} is {entry.state} and does not say why"
    known = Counter(entry.key for entry in case.ledger)
    for key, times in known.items():
        if times > 1:
            yield f"{key} stands {times} times in the ledger"
    for key in case.expected:
        if key not in known:
            yield f"{key} was never planned"
    for key in case.calls:
        if key not in known and not key.startswith(ANSWERS):
            yield f"{key} was sent, and is no delivery"


def doubled(case: Case) -> Iterator[str]:
    """What stands more often, or was tried again with less proof, than it may."""
    entries = {entry.key: entry for entry in case.ledger}
    for key, calls in case.calls.items():
        entry = entries.get(key)
        is_notice = entry is not None and entry.priority == Priority.NOTICE
        again = int(is_notice and entry is not None and entry.resent)
        standing = sum(call.stands for call in calls)
        if standing > 1 + again:
            yield f"{key} stands {standing} times (resent: {bool(again)})"
        oaths = case.log.oaths.get(key, [])
        tried = [call for call in calls if call.told is not Told.REFUSED]
        unproven = sum(
            # A notice may be sent again in doubt; an oath later says that neither call counts.
            not any(
                before.departed <= oath and (is_notice or oath <= after.departed) for oath in oaths
            )
            for before, after in pairwise(tried)
        )
        if unproven > again:
            yield f"{key} was tried {len(tried)} times, {unproven} of them without proof"


def denied(case: Case) -> Iterator[str]:
    """Where ledger and platform contradict each other about what was sent."""
    for entry in case.ledger:
        receipts = {call.receipt for call in case.calls.get(entry.key, []) if call.stands}
        if entry.state in SETTLED_UNSENT and receipts:
            yield f"{entry.key} stands, and the ledger calls it {entry.state} ({entry.reason})"
        if entry.state is DeliveryState.SENT:
            if not receipts:
                yield f"{entry.key} is lost: called sent ({entry.reason}), and stands nowhere"
            elif entry.receipt not in receipts:
                yield f"{entry.key} stands under {receipts}, and the ledger has {entry.receipt}"


def groundless(case: Case) -> Iterator[str]:
    """What is uncertain without a reason that the platform, a kill or a busy machine could give."""
    lost = {note.lease for note in case.notes if note.what == "lost"}
    grounds = {*case.interrupted, *_cut_off(case)}
    grounds |= {call.key for call in case.log.arrivals if call.told is Told.NOTHING}
    grounds |= {note.of for note in case.notes if note.what == "late"}
    for entry in case.ledger:
        if entry.state is not DeliveryState.UNCERTAIN:
            continue
        if entry.account in case.remembered:
            yield f"{entry.key} is uncertain ({entry.reason}), and the platform was not asked"
        elif entry.key not in grounds and (entry.account, entry.token) not in lost:
            yield f"{entry.key} is uncertain ({entry.reason}) without a ground"


def _cut_off(case: Case) -> Iterator[str]:
    """The keys of calls that never arrived, and were begun just before the platform hung up."""
    arrived = {(call.key, call.departed) for call in case.log.arrivals}
    for note in case.notes:
        if (
            note.what == "begun"
            and (note.of, note.at) not in arrived
            and any(-LOOP_TURN < cut - note.at < case.flight for cut in case.log.cuts)
        ):
            yield note.of


def too_fast(case: Case) -> Iterator[str]:
    """Calls above a limit, or into a silence that was asked for."""
    for call in case.log.arrivals:
        if call.above is not None:
            yield f"{call.key} came too fast to {call.account}/{call.address}: {call.above}"
        if call.early:
            yield f"{call.key} came to {call.account}/{call.address} in the silence it asked for"


def too_late(case: Case) -> Iterator[str]:
    """Calls after the end of their delivery's time."""
    for call in case.log.arrivals:
        end = case.ends.get(call.key)
        if end is None:
            continue
        if call.departed > end + LOOP_TURN:
            yield f"{call.key} departed {call.departed - end:.3f} s after its not_after"
        elif call.stands and call.at > end + LOOP_TURN + case.flight:
            yield f"{call.key} arrived {call.at - end:.3f} s after its not_after"


def out_of_lease(case: Case) -> Iterator[str]:
    """Calls made under a lease after a newer one has been used for the same account."""
    newest: dict[str, int] = {}
    for call in sorted(case.log.arrivals, key=lambda call: call.departed):
        if call.token < newest.get(call.account, 0):
            yield f"{call.key} departed under the old lease {call.token} of {call.account}"
        newest[call.account] = max(call.token, newest.get(call.account, 0))
