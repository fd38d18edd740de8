"""A year on paper: per month what went out when, and the totals of states and reasons."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.simulation.judge import SENT, Planned, Post


@dataclass(slots=True)
class _Line:
    first: datetime
    last: datetime
    reached: int = 0
    not_sent: Counter[str] = field(default_factory=Counter)
    private: bool = False
    name: str = ""


def calendar(planned: Iterable[Planned], posts: Iterable[Post], zone: ZoneInfo) -> Iterator[str]:
    """One line for each post of a campaign under its month, by the shop's clock.

    It tells from when to when it arrived, how many it reached, and why others were left out.
    """
    arrived = {post.planned.key: post.at for post in posts}
    lines: dict[tuple[str, str], _Line] = {}
    for one in planned:
        at = arrived.get(one.key)
        new = _Line(one.opens, one.opens, private=one.private, name=one.name)
        line = lines.setdefault((one.campaign, one.slot), new)
        if at is None:
            line.not_sent[one.reason or one.state] += 1
            continue
        line.first = at if not line.reached else min(line.first, at)
        line.last = max(line.last, at)
        line.reached += 1
    months: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for (campaign, slot), line in lines.items():
        first = line.first.astimezone(zone)
        months[f"{first:%Y-%m}"].append((first, _written(campaign, slot, line, zone)))
    for month in sorted(months):
        yield f"{month}  ({len(months[month])} posts)"
        yield from (written for _, written in sorted(months[month]))


def _written(campaign: str, slot: str, line: _Line, zone: ZoneInfo) -> str:
    first, last = line.first.astimezone(zone), line.last.astimezone(zone)
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%m-%d %H:%M}"
    whom = "fans" if line.private else "groups"
    label = campaign if campaign.endswith(slot) else f"{campaign} {slot}"
    left_out = "".join(f", {count} {why}" for why, count in line.not_sent.most_common())
    return f"  {first:%m-%d %H:%M}-{until}  {line.name} [{label}]: {line.reached} {whom}{left_out}"


def totals(planned: Iterable[Planned]) -> Iterator[str]:
    """Per programme how many deliveries ended in which state, and why."""
    counted: Mapping[str, Counter[str]] = defaultdict(Counter)
    for one in planned:
        word = one.state if one.reason is None or one.state == SENT else f"{one.state} {one.reason}"
        counted[one.programme][word] += 1
        counted["all"][word] += 1
    for programme, states in counted.items():
        if programme != "all":
            yield f"  {programme}: {_listed(states)}"
    yield f"  all: {_listed(counted['all'])}"


def _listed(states: Counter[str]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in states.most_common())


def verdicts(found: Mapping[str, Sequence[str]], shown: int = 5) -> Iterator[str]:
    """Each thing that was looked at, with its first breaches."""
    for name, breaches in found.items():
        yield f"  {name}: {'none' if not breaches else f'{len(breaches):,} BREACHES'}"
        yield from (f"    {breach}" for breach in breaches[:shown])
