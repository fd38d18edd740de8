"""Whether so many fans at once are unusual: "过敏 6 fans in 20 minutes, usually 0.3".

Time is cut into windows of the same length. From the windows of the last weeks the caller sums up
what is `Usual` for each thing it watches; `find_spikes` then looks at the newest window. It asks
how likely so many fans would be by chance (a negative binomial, see `chance.burst_tail`), against
the higher of two expectations:

- so many a window as usual, for talk comes at all hours;
- so large a share of those who speak as usual, for on the night of a sale everything is said more.

Fans answer each other, so they come in bursts. How strongly is seen in the windows before, and is
never taken to be below `_BURSTY`.

False alarms: with w windows a day and k things watched, a spike is what chance brings less often
than `FALSE_ALARMS` / (w·k), so that over all things together there is one false alarm in
`1 / FALSE_ALARMS` days at most, for a caller who looks once a window. Simulated days stay far
below that, also where the last twenty minutes are looked at with every message (`bench_spikes`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from insights.chance import burst_tail

Key = TypeVar("Key", bound=Hashable)

FALSE_ALARMS = 0.1
"""False alarms a day, at most: one in ten days, over everything that one call watches."""

_FEWEST = 4  # fans: three who chat about one thing are a chat
_BURSTY = 1.1  # the least dispersion: of ten who say it, one is drawn along
_UNSEEN = 0.5  # fans, counted on top of all windows: what was never said may still be said once
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Usual:
    """What the windows before brought: `windows` of them, silent ones included.

    `fans` is the sum of the fans who said it in each window, `squares` the sum of the squares of
    these numbers, `speakers` the sum of all who spoke in each window.
    """

    windows: int
    fans: int
    squares: int
    speakers: int

    @classmethod
    def of(cls, counts: Iterable[int], windows: int, speakers: int) -> Usual:
        """From the fans of each window in which it was said at all.

        Args:
            counts: how many fans said it, for each of those windows.
            windows: how many windows there were, those without it included.
            speakers: the sum of all who spoke in each window.
        """
        said = list(counts)
        return cls(windows, sum(said), sum(count * count for count in said), speakers)

    @property
    def rate(self) -> float:
        """How many fans are usual in one window."""
        return self.fans / self.windows if self.windows else 0.0

    def expected(self, speakers: int) -> float:
        """How many fans to expect where so many speak; above 0, for nothing is impossible."""
        fans = self.fans + _UNSEEN
        by_time = fans / max(self.windows, 1)
        by_share = fans / max(self.speakers, 1) * speakers
        return max(by_time, by_share)

    @property
    def dispersion(self) -> float:
        """The variance of the fans in a window, divided by their mean; at least `_BURSTY`."""
        if self.windows < 2 or not self.fans:  # noqa: PLR2004 (one window has no variance)
            return _BURSTY
        variance = (self.squares - self.fans * self.rate) / (self.windows - 1)
        return max(_BURSTY, variance / self.rate)


@dataclass(frozen=True, slots=True)
class Spike(Generic[Key]):
    """Far more fans say something than usual. `usually` is how many do in a window."""

    key: Key
    fans: int
    usually: float
    chance: float


def find_spikes(
    fans: Mapping[Key, int],
    speakers: int,
    usual: Mapping[Key, Usual],
    never: Usual,
    window: timedelta,
    *,
    watched: int,
) -> tuple[Spike[Key], ...]:
    """The spikes of the newest window, the least likely by chance first.

    Args:
        fans: how many fans said each thing in it.
        speakers: how many fans spoke in it at all.
        usual: what the windows before brought.
        never: what is usual of a thing that is missing there, for nobody said it in these windows.
        window: how long a window is.
        watched: how many things are watched in all, said or not.

    Raises:
        ValueError: no window before was summed up.
    """
    if not never.windows:
        raise ValueError("without a window before, nothing is usual")
    allowed = FALSE_ALARMS / (_DAY / window * max(watched, len(fans), 1))
    spikes = []
    for key, count in fans.items():
        if count < _FEWEST:
            continue
        known = usual.get(key, never)
        chance = burst_tail(count, known.expected(speakers), known.dispersion)
        if chance <= allowed:
            spikes.append(Spike(key, count, round(known.rate, 2), chance))
    return tuple(sorted(spikes, key=lambda spike: (spike.chance, str(spike.key))))
