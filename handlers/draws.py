"""Draws whose outcome anybody can check: who won follows from what was published, and from no more.

Before anybody takes part the shop publishes the rules and the SHA-256 of a secret seed with them.
At the deadline the numbers that take part are fixed, and the seed is published. So neither could be
chosen after the other:

1. The rules are the lines of the title, of each prize as `NAME xCOUNT`, and of the deadline in UTC
   as `2026-11-10T12:00:00Z`.
2. The commitment is the SHA-256, in hex, of the seed, a line break and the rules.
3. The numbers are written in order, with runs as `1-57,59`.
4. The mix is the SHA-256, in hex, of the seed, a line break and the numbers.
5. Each number is worth the SHA-256, in hex, of the mix, a line break and the number. They win from
   the smallest worth on: the first prize first, as many as there are of it, and so on.

Everything is in UTF-8. A seed is 32 random bytes in hex. What this proves is that nobody picked the
winners; whose accounts took part it cannot prove.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

_SEED_BYTES = 32
_MOST = 10_000_000  # numbers of one draw


@dataclass(frozen=True, slots=True)
class Prize:
    """A prize, and how many of it there are."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What is published before a draw."""

    title: str
    prizes: tuple[Prize, ...]
    closes_at: datetime

    @property
    def written(self) -> str:
        """The rules as they are committed to; see the module."""
        closes = self.closes_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return "\n".join([self.title, *(f"{one.name} x{one.count}" for one in self.prizes), closes])


def new_seed() -> str:
    """A seed that nobody can guess."""
    return secrets.token_hex(_SEED_BYTES)


def commitment(seed: str, rules: Rules) -> str:
    """What is published of a seed together with the rules."""
    return _digest(seed, rules.written)


def in_runs(numbers: Iterable[int]) -> str:
    """Numbers as they are published: `1-57,59`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{first}-{last}" if first < last else str(first) for first, last in runs)


def winners(seed: str, numbers: Iterable[int], prizes: Sequence[Prize]) -> list[list[int]]:
    """The numbers that win each prize, in the order they were drawn; fewer where too few came."""
    every = set(numbers)
    mix = _digest(seed, in_runs(every))
    drawn = iter(sorted(every, key=lambda number: _digest(mix, str(number))))
    return [list(_first(drawn, one.count)) for one in prizes]


def _first(drawn: Iterator[int], count: int) -> Iterator[int]:
    for _, number in zip(range(count), drawn, strict=False):
        yield number


def _digest(*lines: str) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()


def record_of(
    rules: Rules, seed: str, numbers: Iterable[int], won: Sequence[Sequence[int]]
) -> dict[str, Any]:
    """All of a draw that is over, as anybody may have it and `faults_in` checks it."""
    return {
        "title": rules.title,
        "prizes": [[one.name, one.count] for one in rules.prizes],
        "closes_at": rules.closes_at.astimezone(UTC).isoformat(),
        "commitment": commitment(seed, rules),
        "seed": seed,
        "numbers": in_runs(numbers),
        "winners": [list(some) for some in won],
    }


def faults_in(record: Mapping[str, Any]) -> list[str]:
    """What is wrong with the record of a draw; nothing: its winners follow from what was published.

    Raises:
        ValueError: it is no record of a draw; the message says why.
    """
    try:
        rules = Rules(
            str(record["title"]),
            tuple(Prize(str(name), int(count)) for name, count in record["prizes"]),
            datetime.fromisoformat(record["closes_at"]),
        )
        seed, promised = str(record["seed"]), str(record["commitment"])
        numbers = list(_out_of_runs(str(record["numbers"])))
        told = [[int(number) for number in some] for some in record["winners"]]
    except KeyError as missing:
        raise ValueError(f"{missing.args[0]} is missing") from missing
    except (TypeError, ValueError) as wrong:
        raise ValueError(str(wrong)) from wrong
    faults = []
    if commitment(seed, rules) != promised:
        faults.append("The commitment is not that of this seed and these rules.")
    drawn = winners(seed, numbers, rules.prizes)
    if drawn != told:
        faults.append(f"The winners should be {drawn}, and are {told}.")
    return faults


def _out_of_runs(written: str) -> Iterator[int]:
    for run in filter(None, written.split(",")):
        first, _, last = run.partition("-")
        if int(last or first) > _MOST:
            raise ValueError(f"{run} holds more numbers than any draw")
        yield from range(int(first), int(last or first) + 1)
