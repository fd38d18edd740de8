"""A simulated group of fans, and somebody who watches it for spikes.

Fans chat by day and sleep at night, answer each other ("me too"), and rush into a live show on
Thursday evenings, in which one in four asks for the price. What they say of all that is watched is
chance, each thing by its own rate; an `incident` is none.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from insights.lexicon import DemandKind
from insights.watched import (
    WINDOW,
    Saying,
    Sort,
    Thing,
    UsualTalk,
    Window,
    count_window,
    spikes_in,
    usual_of,
)

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
A_DAY = DAY // WINDOW
ALLERGY = Thing(Sort.WORD, "过敏")
PRICE = Thing(Sort.DEMAND, "", DemandKind.PRICE)

_QUIET_FOR = timedelta(hours=4)
_THINGS = [Thing(Sort.WORD, str(number)) for number in range(120)]
_RATES = [0.03 * random.Random(3).random() ** 4 for _ in _THINGS]  # noqa: S311 (a simulation)
_ANSWERS = 0.06  # of the messages
_ASKS_PRICE = 0.25  # of the messages in a show
_RUSH = 8  # times as many messages in a show
_DAYLIGHT = 0.47  # of the mean of the day's curve


@dataclass(frozen=True, slots=True)
class Group:
    """So many fans, who say so many messages a day."""

    seed: int
    messages: int = 150
    fans: int = 200

    def days(self, count: int) -> Iterator[Saying]:
        """Every message of so many days, in order."""
        draw = random.Random(self.seed)  # noqa: S311 (a simulation)
        last: deque[Saying] = deque(maxlen=6)
        minute, message = 0.0, 0
        while minute < count * DAY / MINUTE:
            minute += draw.expovariate(self._rate(minute))
            message += 1
            things = _things(draw, minute)
            if last and draw.random() < _ANSWERS:
                things |= draw.choice(last).things
            member = int(self.fans * draw.random() ** 2)  # some talk far more than others
            said = Saying(message, member, 1, START + minute * MINUTE, things)
            last.append(said)
            yield said

    def _rate(self, minute: float) -> float:
        """Messages a minute."""
        hour = (minute / 60 + 8) % 24
        daylight = max(0.02, math.sin((hour - 7) / 17 * math.pi)) if hour >= 7 else 0.02
        rush = _RUSH if _in_show(minute) else 1
        return self.messages * MINUTE / DAY * daylight / _DAYLIGHT * rush


def incident(begin: datetime, fans: int) -> list[Saying]:
    """So many fans complain of what nobody ever says, evenly over twenty minutes."""
    return [
        Saying(-n, -n, 1, begin + WINDOW / fans * n, frozenset({ALLERGY}))
        for n in range(1, fans + 1)
    ]


def alarms(said: Collection[Saying]) -> list[tuple[datetime, Thing]]:
    """What the staff would be told, by one who looks at every message as it comes."""
    found: list[tuple[datetime, Thing]] = []
    seen: dict[Thing, datetime] = {}
    counted: deque[Window] = deque(maxlen=28 * A_DAY)
    newest: deque[Saying] = deque()
    window: list[Saying] = []
    begin = START
    usual: UsualTalk | None = None
    for one in sorted(said, key=lambda one: one.at):
        while one.at >= begin + WINDOW:
            counted.append(count_window(begin, window))
            begin, window = begin + WINDOW, []
            if (begin - START) % DAY == timedelta():  # the bot does so after every window
                usual = usual_of(counted)
        window.append(one)
        newest.append(one)
        while newest[0].at <= one.at - WINDOW:
            newest.popleft()
        if usual is None or not one.things:
            continue
        for spike in spikes_in(count_window(begin, newest), usual):
            last = seen.get(spike.key)
            if last is None or one.at - last >= _QUIET_FOR:
                found.append((one.at, spike.key))
            seen[spike.key] = one.at
    return found


def _things(draw: random.Random, minute: float) -> frozenset[Thing]:
    said = []
    if draw.random() < sum(_RATES):
        said += draw.choices(_THINGS, _RATES)
    if _in_show(minute) and draw.random() < _ASKS_PRICE:
        said.append(PRICE)
    return frozenset(said)


def _in_show(minute: float) -> bool:
    """Whether it is Thursday, between 20:00 and 21:00 in Shanghai."""
    day, left = divmod(minute, DAY / MINUTE)
    return day % 7 == 3 and 12 <= left / 60 < 13
