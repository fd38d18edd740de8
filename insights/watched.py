"""What is watched for spikes, in what one text says, and what is usual of it.

Watched is what a shop would have to act on at once:

- a **word** that judges badly, or names what is feared: 过敏, 漏液, 刺鼻;
- an **aspect** that is disliked or minded, whatever the word;
- a **demand**.

Nothing else is: not what is liked or only cared for, no plain word, however many say it, and no
judgement that only the model saw. So a raid of 红包雨, 签到 or 哈哈 is no spike.

Time is cut into windows of `WINDOW`. What is usual of a thing comes from the windows of some weeks.
In these, the loudest days (one in seven, two at most) count as no louder than the next: what was
said on one day by many, as in an incident, must not make the watch deaf to the next one, while
what comes every week is soon known as usual.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from insights.lexicon import DemandKind, Lexicon
from insights.opinions import Stance
from insights.spikes import Spike, Usual, find_spikes
from insights.understanding import Understanding

WINDOW = timedelta(minutes=20)
"""How long a window is."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_BAD = (Stance.DISLIKE, Stance.MIND)
_DAYS_TO_A_LOUD_ONE, _LOUD_DAYS = 7, 2


class Sort(StrEnum):
    """What a thing is."""

    WORD = "word"
    ASPECT = "aspect"
    DEMAND = "demand"


class Thing(NamedTuple):
    """Something that is watched; of a demand also its kind, and no name where none is named."""

    sort: Sort
    name: str
    kind: DemandKind | None = None

    @property
    def key(self) -> str:
        """The thing in one word, to be stored."""
        return f"{self.sort}:{self.kind or ''}:{self.name}"

    @classmethod
    def of(cls, key: str) -> Self:
        """The thing that was stored by this key.

        Raises:
            ValueError: nothing has such a key.
        """
        sort, kind, name = key.split(":", 2)
        return cls(Sort(sort), name, DemandKind(kind) if kind else None)


def things_in(read: Understanding, lexicon: Lexicon) -> frozenset[Thing]:
    """What one text says of all that is watched."""
    bad = [
        opinion
        for opinion in read.opinions
        if opinion.stance in _BAD and _judges(opinion.opinion, lexicon)
    ]
    return frozenset(
        [
            *(Thing(Sort.WORD, opinion.opinion) for opinion in bad),
            *(Thing(Sort.ASPECT, opinion.aspect) for opinion in bad),
            *(Thing(Sort.DEMAND, demand.thing, demand.kind) for demand in read.demands),
        ]
    )


def _judges(words: str, lexicon: Lexicon) -> bool:
    """Whether a word that is known to judge is among these; the model's guesses alarm nobody."""
    pieces = (words[start:end] for end in range(len(words) + 1) for start in range(end))
    return any((term := lexicon.terms.get(one)) and term.polarity for one in pieces)


@dataclass(frozen=True, slots=True)
class Saying:
    """What one member said of the things that are watched, with one message in one group."""

    message: int
    member: int
    group: int
    at: datetime
    things: frozenset[Thing]


@dataclass(frozen=True, slots=True)
class Window:
    """How many members spoke in a window, and how many of them said each thing."""

    began_at: datetime
    speakers: int
    fans: Mapping[Thing, int]


def window_of(moment: datetime) -> datetime:
    """When the window began that a moment lies in."""
    return _EPOCH + (moment - _EPOCH) // WINDOW * WINDOW


def count_window(began_at: datetime, sayings: Iterable[Saying]) -> Window:
    """Count the members, each once, of what was said in a window."""
    said = list(sayings)
    pairs = {(thing, one.member) for one in said for thing in one.things}
    return Window(
        began_at=began_at,
        speakers=len({one.member for one in said}),
        fans=Counter(thing for thing, _ in pairs),
    )


@dataclass(frozen=True, slots=True)
class UsualTalk:
    """What is usual of each thing that was said, and of whatever nobody said in all that time."""

    things: Mapping[Thing, Usual]
    never: Usual


def usual_of(windows: Sequence[Window]) -> UsualTalk:
    """What is usual, from all windows of some weeks, silent ones included."""
    speakers = sum(window.speakers for window in windows)
    days = len({window.began_at.date() for window in windows})
    counts: dict[Thing, list[tuple[int, int]]] = {}  # of each: the day, and the fans of a window
    for window in windows:
        day = window.began_at.toordinal()
        for thing, fans in window.fans.items():
            counts.setdefault(thing, []).append((day, fans))
    loud = min(days // _DAYS_TO_A_LOUD_ONE, _LOUD_DAYS)
    things = {
        thing: Usual.of(_without_loud(found, loud), len(windows), speakers)
        for thing, found in counts.items()
    }
    return UsualTalk(things, Usual.of((), len(windows), speakers))


def spikes_in(window: Window, usual: UsualTalk) -> tuple[Spike[Thing], ...]:
    """The spikes of the newest window, the least likely by chance first.

    Raises:
        ValueError: no window before was counted.
    """
    things = len(usual.things.keys() | window.fans.keys())
    return find_spikes(
        window.fans, window.speakers, usual.things, usual.never, WINDOW, watched=things
    )


def _without_loud(counts: Iterable[tuple[int, int]], loud: int) -> list[int]:
    """The fans of each window, on the loudest days no more than on the next; one is not loud."""
    of_day: dict[int, int] = {}
    every = list(counts)
    for day, fans in every:
        of_day[day] = max(fans, of_day.get(day, 0))
    ranked = sorted(of_day.values(), reverse=True)
    if loud == 0:
        return [fans for _, fans in every]
    most = max(ranked[loud], 1) if len(ranked) > loud else 1
    return [min(fans, most) for _, fans in every]
