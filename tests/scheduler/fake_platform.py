"""A platform at the network's edge: does what a test tells it, and remembers what arrived.

It implements `Courier`. Everything that stands in a chat is in `standing`, by delivery key, so a
message that came twice is seen whatever the sender believes.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from scheduler.courier import (
    Action,
    Done,
    Limits,
    Lookup,
    Outcome,
    Post,
    Presence,
    Unclear,
)


@dataclass(frozen=True, slots=True)
class Stands:
    """The message gets there, and its receipt is answered."""


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The message gets there, and the answer does not come back."""


@dataclass(frozen=True, slots=True)
class Hangs:
    """No answer ever comes; the message got there, or not."""

    stands: bool


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Something else happens during the call, which then succeeds."""

    happens: Callable[[], Awaitable[object]]


async def _nothing() -> None:
    pass


def _nobody_to_kill() -> None:
    raise AssertionError("let it live with `Stage.lives`")


@dataclass(frozen=True, slots=True)
class Dies:
    """The sender's process ends during the call; the message got there, or not.

    `first` happens before, for example that the lane is taken: then nothing is recorded any more.
    """

    stands: bool
    first: Callable[[], Awaitable[object]] = _nothing


Step: TypeAlias = Outcome | Stands | AnswerLost | Hangs | Meanwhile | Dies | Exception


class FakePlatform:
    """A courier whose answers are scripted by address; without a script, everything succeeds."""

    def __init__(self) -> None:
        self.arrived: list[Action] = []
        self.standing: Counter[str] = Counter()
        self.texts: dict[str, str] = {}
        self.asked: list[str] = []
        self.remembers = True  # whether a look-up can tell
        self.lookup_hangs = False
        self.kills: Callable[[], object] = _nobody_to_kill  # ends the process that is calling
        self.limits = Limits()
        self.start_link: str | None = None
        self._steps: defaultdict[str, deque[Step]] = defaultdict(deque)
        self._always: dict[str, Step] = {}

    def link_to(self, message: str) -> None:
        """Messages have no address here."""

    def will(self, group: str, *steps: Step) -> None:
        """Answer the next calls to the group of this name so."""
        self._steps[f"group:chat-{group}"].extend(steps)

    def will_always(self, group: str, step: Step) -> None:
        """Answer every call to the group of this name so, once its steps are used up."""
        self._always[f"group:chat-{group}"] = step

    def will_always_in_private(self, person: str, step: Step) -> None:
        """Answer every call to the person with this id so."""
        self._always[f"person:{person}"] = step

    def forget(self, group: str) -> None:
        """Answer no more as was said for the next calls to the group of this name."""
        self._steps.pop(f"group:chat-{group}", None)

    def calls_to(self, group: str) -> int:
        """How many calls came for the group of this name."""
        return sum(str(action.address) == f"group:chat-{group}" for action in self.arrived)

    async def perform(self, action: Action) -> Outcome:
        self.arrived.append(action)
        address = str(action.address)
        steps = self._steps[address]
        match steps.popleft() if steps else self._always.get(address, Stands()):
            case Stands():
                return self._stand(action)
            case AnswerLost():
                self._stand(action)
                return Unclear("answer_lost")
            case Hangs(stands):
                if stands:
                    self._stand(action)
                await asyncio.Event().wait()
                raise AssertionError("nobody wakes it")
            case Dies(stands, first):
                await first()
                if stands:
                    self._stand(action)
                self.kills()
                await asyncio.Event().wait()
                raise AssertionError("nobody wakes it")
            case Meanwhile(happens):
                await happens()
                return self._stand(action)
            case Exception() as fault:
                raise fault
            case outcome:
                return outcome

    def _stand(self, action: Action) -> Done:
        self.standing[action.key] += 1
        if isinstance(action, Post):
            self.texts[str(action.address)] = action.content.text
        return Done(f"receipt-{action.key}")

    async def lookup(self, key: str) -> Lookup:
        self.asked.append(key)
        if self.lookup_hangs:
            await asyncio.Event().wait()
        if not self.remembers:
            return Lookup(Presence.UNKNOWN)
        if key in self.standing:
            return Lookup(Presence.SENT, f"receipt-{key}")
        return Lookup(Presence.ABSENT)
