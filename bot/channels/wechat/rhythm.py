"""How patient a line to a gateway is: figures that tests make shorter. Real time, all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How patient a line is, in real time.

    The first event of a stream comes within `first`; then a `Dong` is asked for each `ding`, and so
    much `silence` breaks the stream off. An account that is logged in is said to be within `login`,
    and knows its rooms once the gateway says so, or after `ready`. Each `mark` it is written down
    that all was heard, or nothing: what a restart in a quiet hour is said to have missed is so much
    more than it did. A stream is made again after `rest`, and after twice that each further time,
    up to `longest_rest`; after the `taken_` ones where another client listens. What nobody can
    reach for `offline` is told to be so.
    """

    first: timedelta = timedelta(seconds=10)
    ding: timedelta = timedelta(seconds=20)
    silence: timedelta = timedelta(seconds=45)
    mark: timedelta = timedelta(seconds=15)
    login: timedelta = timedelta(seconds=10)
    ready: timedelta = timedelta(seconds=10)
    rest: timedelta = timedelta(seconds=1)
    longest_rest: timedelta = timedelta(seconds=30)
    taken_rest: timedelta = timedelta(seconds=15)
    longest_taken_rest: timedelta = timedelta(minutes=5)
    offline: timedelta = timedelta(seconds=30)
