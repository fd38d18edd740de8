"""Prints how much of a platform's limit a campaign uses, and how long an answer waits beside it.

In real time, against a platform that judges calls by the moment they arrive: each takes a while to
travel there and back, and one that would be too many in the sliding window of a second is refused
with a 429. A campaign of private messages runs against it, first with answers within 10 ms (the
target is 98% of the limit and not one 429), then with answers that take 50 to 200 ms (not one 429).
At last somebody talks to the bot in the middle of it; what an answer to them waits until it leaves
is compared with the same on an idle lane, and with one slot of the pace.

By itself it scales the limit and not the window: 300 messages a second, so that 10,000 recipients
take half a minute. A shorter window would change what travelling costs: a slot frees one window
after the answer, so a window of 1 s loses 1% to answers of 10 ms, and one of 0.1 s 10%. With
`--full` it is 30 a second as on Telegram, which takes seven minutes.

Run it with: python -m tests.benchmarks.bench_pace [--full]
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from scheduler.content import Content
from scheduler.courier import (
    Action,
    Address,
    Done,
    Limits,
    Lookup,
    Outcome,
    Presence,
    Rate,
    TooFast,
)
from scheduler.sender import Sender
from storage.database import Database
from tests.benchmarks import _engines
from tests.benchmarks._lanes import Lanes
from tests.benchmarks._shop import NOON, make_campaign, make_people, slot_of
from tests.storage.private_deliveries import deliver_to

ACCOUNT = "account"
WINDOW = timedelta(seconds=1)
TARGET = 0.98
NEAR = (0.002, 0.010)
FAR = (0.050, 0.200)
SEED = 20261111
TALK_EVERY = 0.1
"""Seconds between two who talk to the bot; a share of the limit that hardly counts."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large everything is: the limit per second, and the campaigns' recipients."""

    messages: int
    near: int
    far: int
    talks: int


SCALED = Scale(messages=300, near=10_000, far=3_000, talks=100)
FULL = Scale(messages=30, near=10_000, far=1_000, talks=100)


class Platform:
    """Judges each call when it arrives; `latency` is how long answers take, least and most.

    Latency is in seconds from a call's departure; the call arrives somewhere on the way.
    """

    def __init__(self, messages: int, latency: tuple[float, float], expected: int) -> None:
        self.start_link = None
        self.limits = Limits(account=(Rate(messages, WINDOW),), chat=(Rate(1, WINDOW),))
        self.arrivals: list[float] = []
        self.all_arrived = asyncio.Event()
        self.refused = 0
        self.left_at: dict[str, float] = {}
        self._messages = messages
        self._latency = latency
        self._expected = expected
        self._chance = random.Random(SEED)  # noqa: S311 (nothing secret travels)

    def link_to(self, message: str) -> None:
        """Messages have no address here."""

    async def perform(self, action: Action) -> Outcome:
        """Travel there, be judged, and travel back."""
        self.left_at[action.key] = time.monotonic()
        whole = self._chance.uniform(*self._latency)
        there = whole * self._chance.random()
        await asyncio.sleep(there)
        accepted = self._arrive(time.monotonic())
        await asyncio.sleep(whole - there)
        return Done(action.key) if accepted else TooFast(WINDOW, account_wide=True)

    def _arrive(self, now: float) -> bool:
        in_window = self.arrivals[-self._messages :]
        if len(in_window) == self._messages and now - in_window[0] < WINDOW.total_seconds():
            self.refused += 1
            return False
        self.arrivals.append(now)
        if len(self.arrivals) == self._expected:
            self.all_arrived.set()
        return True

    async def finished(self) -> None:
        """Return once as many messages were accepted as were expected."""
        await self.all_arrived.wait()

    async def lookup(self, key: str) -> Lookup:
        """Nothing was remembered."""
        del key
        return Lookup(Presence.UNKNOWN)

    def rate(self) -> float:
        """Messages accepted in a second, after the first window, which may take a burst."""
        settled = self.arrivals[0] + WINDOW.total_seconds()
        after = [moment for moment in self.arrivals if moment >= settled]
        return (len(after) - 1) / (after[-1] - after[0])


async def prepare(url: str, recipients: int) -> None:
    """A shop with a campaign that is due for so many people."""
    database = await Database.open(url)
    async with database.writing() as connection:
        people = await make_people(connection, max(recipients, 1))
        slot = slot_of(await make_campaign(connection, "bench"))
        await deliver_to(connection, slot, ACCOUNT, people[:recipients], NOON)
    await database.close()


async def campaign(messages: int, recipients: int, latency: tuple[float, float]) -> Platform:
    """Send a campaign; the platform it was sent through."""
    platform = Platform(messages, latency, recipients)
    with _engines.sqlite() as url:
        await prepare(url, recipients)
        database = await Database.open(url)
        lanes = await Lanes.take(database, {ACCOUNT: platform})
        await lanes.run_until(platform.finished())
        await database.close()
    return platform


async def talk(messages: int, recipients: int, talks: int) -> list[float]:
    """Seconds that answers waited until they left, in the middle of a campaign; 0: an idle lane."""
    platform = Platform(messages, NEAR, recipients + talks)
    chance = random.Random(SEED)  # noqa: S311 (when somebody talks is no secret)
    waits: list[float] = []

    async def answer(sender: Sender) -> None:
        await asyncio.sleep(2 * WINDOW.total_seconds())  # the first burst is over
        for number in range(talks):
            await asyncio.sleep(chance.uniform(0.5, 1.5) * TALK_EVERY)
            key = f"answer-{number}"
            asked = time.monotonic()
            await sender.say(Address(person=f"fan-{number}"), Content("在的，亲"), key)
            waits.append(platform.left_at[key] - asked)

    with _engines.sqlite() as url:
        await prepare(url, recipients)
        database = await Database.open(url)
        lanes = await Lanes.take(database, {ACCOUNT: platform})
        await lanes.run_until(answer(lanes.senders[ACCOUNT]))
        await database.close()
    if recipients and platform.all_arrived.is_set():
        raise SystemExit("the campaign ended before the talk did")
    return waits


def show_campaign(name: str, scale: Scale, platform: Platform) -> None:
    """Print what a campaign came to."""
    rate = platform.rate()
    print(
        f"{name:<28} {len(platform.arrivals):>6,} recipients  {rate:>6.1f}/s of "
        f"{scale.messages}/s: {rate / scale.messages:.1%}  refused (429): {platform.refused}",
        flush=True,
    )


def show_waits(name: str, waits: Sequence[float]) -> None:
    """Print how long answers waited."""
    by_length = sorted(wait * 1000 for wait in waits)
    print(
        f"{name:<28} median {statistics.median(by_length):.1f} ms, nine in ten within "
        f"{by_length[len(by_length) * 9 // 10]:.1f} ms, longest {by_length[-1]:.1f} ms",
        flush=True,
    )


def main() -> None:
    """Measure, and say whether the targets were met."""
    scale = FULL if "--full" in sys.argv[1:] else SCALED
    near = asyncio.run(campaign(scale.messages, scale.near, NEAR))
    show_campaign("answers within 10 ms", scale, near)
    far = asyncio.run(campaign(scale.messages, scale.far, FAR))
    show_campaign("answers in 50 to 200 ms", scale, far)
    met = near.rate() >= TARGET * scale.messages and not near.refused and not far.refused
    print(f"target {TARGET:.0%} and not one 429: {'met' if met else 'MISSED'}")
    show_waits("an answer, idle lane", asyncio.run(talk(scale.messages, 0, scale.talks)))
    beside = scale.messages * (scale.talks // 5)
    show_waits(
        "an answer beside a campaign", asyncio.run(talk(scale.messages, beside, scale.talks))
    )
    print(f"one slot of the pace is {WINDOW.total_seconds() / scale.messages * 1000:.1f} ms")


if __name__ == "__main__":
    main()
