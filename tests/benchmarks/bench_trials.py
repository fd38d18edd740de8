"""Prints how far the verdicts on trials can be believed, measured where the truth is known.

Campaigns with and without an effect are simulated thousands of times: to people, and to groups of
unlike sizes whose fans are alike. Told are how often the interval of 95% held the true difference,
which should be 95 in a hundred, and how often a difference was claimed: where there is none that is
a false alarm, and where there is one the power. The last table shows what the project does not do:
look every day, and stop at the first difference.

Run it with: python -m tests.benchmarks.bench_trials [TRIALS]
"""

from __future__ import annotations

import sys
import time

import numpy as np

from insights.trials import Share, between_shares, people_needed
from tests.insights.simulated_trials import Groups, People, measure

TRIALS = 4_000
SEED = 20_261_111
DAYS = 14
A_DAY = 60

PEOPLE = (
    (400, 400, 0.05),
    (200, 200, 0.02),
    (80, 80, 0.30),
    (1_000, 1_000, 0.10),
    (1_000, 100, 0.10),
    (5_000, 500, 0.02),
    (2_000, 2_000, 0.01),
)
GROUPS = (
    (5, 5, 0.10),
    (10, 10, 0.05),
    (20, 20, 0.05),
    (100, 100, 0.05),
    (30, 8, 0.05),
    (90, 10, 0.05),
    (100, 20, 0.02),
    (180, 20, 0.05),
)
EFFECTS = (0.0, 0.02)


def main(trials: int) -> None:
    """Measure, and print."""
    began = time.monotonic()
    print(f"{trials} trials of each; in percent", flush=True)
    for title, kinds in (("people in each arm", PEOPLE), ("groups in each arm", GROUPS)):
        print(f"{title:>20}  {'rate':>5}  {'effect':>6}  {'held':>5}  {'told':>5}")
        for one, other, rate in kinds:
            for effect in EFFECTS:
                kind = People if kinds is PEOPLE else Groups
                found = measure(kind(one, other, rate, effect), trials, SEED)
                print(
                    f"{one:>12} / {other:>5}  {rate:>5.0%}  {effect:>6.0%}  "
                    f"{found.held:>5.1%}  {found.told:>5.1%}",
                    flush=True,
                )
    each = people_needed(0.05, 0.08)
    if each is None:
        raise ValueError(each)
    power = measure(People(each, each, 0.05, 0.03), trials, SEED).told
    print(f"5% against 8% takes {each} in each arm, which tell it {power:.1%} of the time")
    print(f"looking on each of {DAYS} days and stopping at the first: {peeking(trials):.1%} alarms")
    print(f"{(time.monotonic() - began):.1f} s")


def peeking(trials: int) -> float:
    """How often somebody who looks every day claims a difference where there is none."""
    dice = np.random.default_rng(SEED)
    alarms = 0
    for _ in range(trials):
        ones, others = (np.cumsum(dice.binomial(A_DAY, 0.05, DAYS)).tolist() for _ in range(2))
        for day, (did, did_too) in enumerate(zip(ones, others, strict=True), 1):
            found = between_shares(Share(did, day * A_DAY), Share(did_too, day * A_DAY))
            if found is not None and found.told:
                alarms += 1
                break
    return alarms / trials


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS)
