"""What grows and what fades, against the periods before, by a test that small counts do not fool.

`find_trends` takes the period of a report and those before it, and looks at each term, aspect or
demand: how many of the members who spoke said it, period by period. Shares waver by themselves,
because talk comes in bursts; so much wavering as the periods before show is expected of the newest
one too. What is left to chance is a beta-binomial tail:

- the mean is the share in the periods before, one half added to each side (Jeffreys);
- the correlation within a period, ρ, is estimated from how the periods before differ (moments,
  Kleinman, Journal of the American Statistical Association 68:341, 1973), and is never taken to be
  below the mean of all keys, nor below `_WAVERING`: periods that happen to agree prove no calm;
- the concentration is that of a share which wavers by ρ and is known from so few periods.

Many keys are tested at once; of those reported, one in twenty is chance on average (see
`chance.believable`).

`find_topics` then puts together what grows and is said by the same members or in the same
messages: one topic rather than five words.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from insights.chance import believable, beta_binomial_tail, shared_tail
from insights.counted import Spoken
from insights.days import QUOTES, AnalysedDay, Tally

Key = TypeVar("Key", bound=Hashable)

_FALSE = 0.05  # share of the reported that chance brought
_FEWEST = 5  # members, in all periods together: of less nothing can be told
_WAVERING = 0.005  # the least ρ: a share of 10% among 100 wavers by 3.7% rather than by 3%
_UNTOLD = 0.02  # ρ where only one period was before: that of lively talk, to be on the safe side
_ALWAYS = 0.99  # the highest ρ: said by all in one period, by nobody in the next

_TOGETHER = 0.5  # share of the fewer speakers of two terms who say both
_BY_CHANCE = 0.01  # and how likely chance may be to bring so many
_SAME_MESSAGES = 2  # quotes in common that tell the same


@dataclass(frozen=True, slots=True)
class Trend(Generic[Key]):
    """How the share of the speakers who say something has changed.

    `speakers` are those who said it, `active` all who spoke, for each period, the newest last.
    `change` is log2 of the newest share against that of the periods before, one half added to each
    count: 1 is double, -1 half. `chance` is how likely nothing but chance is behind it.
    """

    key: Key
    speakers: tuple[int, ...]
    active: tuple[int, ...]
    change: float
    chance: float

    @property
    def rising(self) -> bool:
        """Whether it grows; else it fades."""
        return self.change > 0

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of the speakers who said it, for each period; 0 where nobody spoke."""
        pairs = zip(self.speakers, self.active, strict=True)
        return tuple(said / everybody if everybody else 0.0 for said, everybody in pairs)


@dataclass(frozen=True, slots=True)
class Topic:
    """Terms that are said together, the most said first.

    `members` are those who said any of them; `quotes` are the newest messages, each of another
    member.
    """

    terms: tuple[str, ...]
    members: frozenset[int]
    quotes: tuple[int, ...]


def find_trends(
    periods: Sequence[Spoken], speakers_of: Callable[[Spoken], Mapping[Key, int]]
) -> tuple[Trend[Key], ...]:
    """What has surely changed in the newest of `periods`, the least likely by chance first.

    Args:
        periods: of the same length each, the earliest first; with fewer than two there are no
            trends.
        speakers_of: what to look at: `attrgetter("terms")`, or "aspects", or "demands".
    """
    active = tuple(period.speakers for period in periods)
    if len(periods) < 2 or not active[-1] or not sum(active[:-1]):  # noqa: PLR2004 (now and before)
        return ()
    nobody = (0,) * (len(periods) - 1)
    silent = _Before(nobody, 0, _correlation(nobody, active[:-1]))
    before = _before(tuple(periods[:-1]), speakers_of)
    counted = _counted(before, speakers_of(periods[-1]), silent)
    # Thousands of keys were said by as few, as often: what is alike is worked out once.
    alike = Counter(counted.values())
    wavering = math.fsum(before.rho * number for (before, _), number in alike.items())
    usual = max(_WAVERING, wavering / max(len(counted), 1))
    tested = {
        (before, said): _tested((*before.speakers, said), active, max(usual, before.rho))
        for before, said in alike
    }
    sure = believable({key: tested[how].chance for key, how in counted.items()}, _FALSE)
    trends = [
        Trend(key, (*counted[key][0].speakers, counted[key][1]), active, *tested[counted[key]])
        for key in sure
    ]
    return tuple(sorted(trends, key=lambda trend: (trend.chance, str(trend.key))))


class _Before(NamedTuple):
    """Who said something in the periods before, and how much their share wavered."""

    speakers: tuple[int, ...]
    together: int
    rho: float


class _Tested(NamedTuple):
    """How a share has changed, and how likely that is chance: see `Trend`."""

    change: float
    chance: float


class _Earlier(NamedTuple):
    """What the periods before hold; `often` are the keys that more than one member said."""

    all: Mapping[Any, _Before]
    often: Mapping[Any, _Before]


def _counted(
    earlier: _Earlier, now: Mapping[Key, int], silent: _Before
) -> dict[Key, tuple[_Before, int]]:
    """What was said by enough members: as it was before, and by how many now.

    Most keys were said by one member, once: they are passed over at once.
    """
    counted = {}
    for key, known in earlier.often.items():
        said = now.get(key, 0)
        if known.together + said >= _FEWEST:
            counted[key] = known, said
    many = [key for key, said in now.items() if said >= _FEWEST - 1]
    for key in many:
        known = earlier.all.get(key, silent)
        if known.together + now[key] >= _FEWEST:
            counted[key] = known, now[key]
    return counted


@lru_cache(maxsize=12)
def _before(
    periods: tuple[Spoken, ...], speakers_of: Callable[[Spoken], Mapping[Any, int]]
) -> _Earlier:
    """What the periods before hold; reports ask for the same ones again and again."""
    active = tuple(period.speakers for period in periods)
    found = [speakers_of(period) for period in periods]
    alike: dict[tuple[int, ...], _Before] = {}
    before = {}
    for key in set().union(*found):
        speakers = tuple(said.get(key, 0) for said in found)
        known = alike.get(speakers)
        if known is None:
            known = alike[speakers] = _Before(
                speakers, sum(speakers), _correlation(speakers, active)
            )
        before[key] = known
    often = {key: known for key, known in before.items() if known.together > 1}
    return _Earlier(before, often)


def find_topics(now: AnalysedDay, rising: Sequence[str]) -> tuple[Topic, ...]:
    """Rising terms put together where the same members or messages say them.

    Around the term with the most speakers stand those that belong to it, then around the next one
    that is left; so a topic is no chain of strangers. The topics with the most members come first.

    Args:
        now: the period in which they rise.
        rising: terms of that period; others are passed over.
    """
    tallies = {term: now.terms[term] for term in rising if term in now.terms}
    left = sorted(tallies, key=lambda term: (-tallies[term].speakers, -len(term), term))
    topics = []
    while left:
        head = tallies[left[0]]
        terms = [
            term
            for term in left
            if term == left[0] or _belong_together(head, tallies[term], now.speakers)
        ]
        left = [term for term in left if term not in terms]
        topics.append(_topic(terms, tallies))
    return tuple(sorted(topics, key=lambda topic: (-len(topic.members), topic.terms)))


def _tested(speakers: tuple[int, ...], active: tuple[int, ...], rho: float) -> _Tested:
    said, everybody = speakers[-1], active[-1]
    said_before, everybody_before = sum(speakers[:-1]), sum(active[:-1])
    mean = (said_before + 0.5) / (everybody_before + 1.0)
    # Each period tells as much of the mean as n members who waver together do.
    known = sum(n / (1.0 + (n - 1.0) * rho) for n in active[:-1] if n)
    wavering = rho + (1.0 - rho) / (known + 2.0)
    concentration = 1.0 / wavering - 1.0
    share = (said + 0.5) / (everybody + 1.0)
    change = round(math.log2(share / mean), 2)
    spread = mean * (1.0 - mean) * (1.0 / everybody + wavering)
    if (said / everybody - mean) ** 2 < spread:  # within a standard deviation: nobody would ask
        return _Tested(change, chance=1.0)
    more = beta_binomial_tail(said, everybody, mean, concentration)
    more_yet = beta_binomial_tail(said + 1, everybody, mean, concentration)
    # Two sides, and each side with half of what was seen itself (mid-p): counts are coarse.
    upper = (more + more_yet) / 2
    return _Tested(change, chance=min(1.0, 2 * min(upper, 1.0 - upper)))


def _correlation(speakers: Sequence[int], active: Sequence[int]) -> float:
    """How much more the shares of these periods differ than chance makes them: ρ, below 1.

    Below 0 where they differ less; 0 where nothing can be told.
    """
    counted = [(k, n) for k, n in zip(speakers, active, strict=True) if n]
    total = sum(n for _, n in counted)
    mean = sum(k for k, _ in counted) / total
    spread = mean * (1.0 - mean)
    room = total - sum(n * n for _, n in counted) / total - (len(counted) - 1)
    if len(counted) == 1:
        return _UNTOLD
    if spread == 0.0 or room <= 0.0:
        return 0.0
    seen = sum(n * (k / n - mean) ** 2 for k, n in counted) / spread
    return min((seen - (len(counted) - 1)) / room, _ALWAYS)


def _belong_together(first: Tally, second: Tally, everybody: int) -> bool:
    quoted = set(first.quotes.values()) & set(second.quotes.values())
    if len(quoted) >= _SAME_MESSAGES:
        return True
    both = len(first.members.keys() & second.members.keys())
    fewer = min(first.speakers, second.speakers)
    return (
        both >= _TOGETHER * fewer
        and shared_tail(both, first.speakers, second.speakers, everybody) <= _BY_CHANCE
    )


def _topic(terms: Sequence[str], tallies: Mapping[str, Tally]) -> Topic:
    latest: dict[int, int] = {}
    for term in terms:
        for member, message in tallies[term].quotes.items():
            latest[member] = max(message, latest.get(member, message))
    return Topic(
        terms=tuple(terms),
        members=frozenset(member for term in terms for member in tallies[term].members),
        quotes=tuple(heapq.nlargest(QUOTES, latest.values())),
    )
