"""Prints how often a spike alert is wrong, and with which fan of an incident it is right.

The groups are simulated (`tests/insights/simulated_talk.py`). Whatever is said in them is chance,
so every alert is a false one, but for those of the weekly live show, which are told until they are
known as usual. Then incidents of 6, 8 and 12 fans in twenty minutes are added at five hours of a
day, and it is told with which fan the first alert came.

Run it with: python -m tests.benchmarks.bench_spikes
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from insights.watched import WINDOW
from tests.insights.simulated_talk import ALLERGY, DAY, PRICE, START, Group, alarms, incident

DAYS = 200
GROUPS = (
    (Group(seed=0, messages=150, fans=200), 3),
    (Group(seed=0, messages=1_000, fans=800), 3),
    (Group(seed=0, messages=5_000, fans=3_000), 3),
)
HOURS = (1, 4, 8, 11, 13)
FANS = (6, 8, 12)


def wrong(group: Group) -> tuple[int, int]:
    """How many false alarms there are in so many days, and how many alarms of live shows."""
    found = [thing for _, thing in alarms(list(group.days(DAYS)))]
    shows = found.count(PRICE)
    return len(found) - shows, shows


def seen_with(group: Group) -> list[int]:
    """With which fan each incident is seen; 0 where it is not."""
    said = list(group.days(30))
    numbers = []
    for hour in HOURS:
        begin = START + 29 * DAY + timedelta(hours=hour)
        for fans in FANS:
            found = alarms([*said, *incident(begin, fans)])
            told = next((at for at, thing in found if thing == ALLERGY), None)
            numbers.append(0 if told is None else round((told - begin) / (WINDOW / fans)))
    return numbers


def main() -> None:
    """Print the figures of each group."""
    for group, runs in GROUPS:
        found = [wrong(replace(group, seed=seed)) for seed in range(runs)]
        false, shows = (sum(part) for part in zip(*found, strict=True))
        numbers = seen_with(group)
        print(
            f"{group.messages:,} messages a day, {runs * DAYS} days: {false} false alarms, "
            f"{shows / runs:.0f} live shows told in each {DAYS} days; incidents seen with fan "
            f"{min(numbers)} to {max(numbers)}"
        )


if __name__ == "__main__":
    main()
