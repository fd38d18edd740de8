"""How a sender works: its settings, shared by the rooms around `sender.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """Every figure of the sender.

    `ahead` is how far ahead of their moment calls are written down; with the calls under way that
    is what a kill can leave in doubt. While planned calls are under way, answers are gathered for
    `gather` and recorded together. `calls_at_once` bounds the planned calls under way,
    `most_in_batch` what is written down at once, and `call_deadline` one call, in real time.
    `first_question` is how long after a lost answer the platform is first asked about it; the
    pause doubles up to `last_question`. An account that does not answer rests for `first_rest`,
    doubling up to `longest_rest`. After `permanent_run` addresses in a row that refuse for good,
    a campaign pauses itself. An answer to a fan is tried for `answer_patience`. `farewell` is how
    long the answers under way are waited for at the end, in real time.
    """

    ahead: timedelta = timedelta(milliseconds=100)
    gather: timedelta = timedelta(milliseconds=5)
    calls_at_once: int = 64
    most_in_batch: int = 500
    call_deadline: timedelta = timedelta(seconds=15)
    first_question: timedelta = timedelta(seconds=5)
    last_question: timedelta = timedelta(minutes=5)
    first_rest: timedelta = timedelta(seconds=20)
    longest_rest: timedelta = timedelta(minutes=15)
    permanent_run: int = 10
    answer_patience: timedelta = timedelta(seconds=60)
    longest_sleep: timedelta = timedelta(minutes=1)
    farewell: timedelta = timedelta(seconds=2)
