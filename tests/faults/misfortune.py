"""What goes wrong at the platform: drawn for each call from the seed, whoever makes it and when.

The draw depends on nothing but the seed, the delivery's key and how often that key has arrived,
so the same deliveries meet the same faults in every run with the same seed, in whatever order
they come.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """How a call is answered. What is not said to stand or not is drawn as well."""

    NONE = "none"  # it stands, and is answered at once
    SLOW = "slow"  # it stands, and is answered in time, but not soon
    LATE = "late"  # it stands, and is answered after the sender has given it up
    LOST = "lost"  # the connection ends where the answer should come
    RESET = "reset"  # the connection is reset
    BROKEN = "broken"  # a 5xx
    HANG = "hang"  # no answer, ever
    TOO_FAST = "too_fast"  # a 429 that means the chat; never stands
    TOO_FAST_EVERYWHERE = "too_fast_everywhere"  # a 429 that means the account; never stands
    GONE = "gone"  # the recipient is gone, for good; never stands


ALWAYS_STANDS = frozenset({Fault.NONE, Fault.SLOW, Fault.LATE})
NEVER_STANDS = frozenset({Fault.TOO_FAST, Fault.TOO_FAST_EVERYWHERE, Fault.GONE})

SHARES: Mapping[Fault, float] = {
    Fault.SLOW: 0.03,
    Fault.LATE: 0.002,
    Fault.LOST: 0.008,
    Fault.RESET: 0.006,
    Fault.BROKEN: 0.008,
    Fault.HANG: 0.003,
    Fault.TOO_FAST: 0.02,
    Fault.TOO_FAST_EVERYWHERE: 0.0005,
    Fault.GONE: 0.0005,
}
"""Which share of the calls meets which fault; the rest meets none."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one call: its fault, whether the message stands, and a draw in 0..1.

    The draw sets how long: the pause before a slow answer, the silence that a 429 asks for.
    """

    fault: Fault
    stands: bool
    draw: float


def fate_of(seed: str, key: str, arrival: int, shares: Mapping[Fault, float] = SHARES) -> Fate:
    """The fate of the `arrival`-th call (from 1) with this delivery key."""
    chance = random.Random(f"{seed}/{key}/{arrival}")  # noqa: S311 (a fault is no secret)
    point = chance.random()
    fault = Fault.NONE
    for each, share in shares.items():
        if point < share:
            fault = each
            break
        point -= share
    stands = fault in ALWAYS_STANDS or (fault not in NEVER_STANDS and chance.random() < 0.5)
    return Fate(fault, stands, chance.random())
