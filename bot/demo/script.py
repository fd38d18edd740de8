"""The demo's script as values: who there is, and what happens when.

Day 0 is the demo's first day, by the shop's clock. The seed moves every line within its minute
(the order within a chat stays), so that different seeds live through slightly different days
and the same seed through the same.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

_FOLDER = Path(__file__).parent
PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody of the sample shop: a fan, or one of the staff."""

    id: str
    name: str
    groups: tuple[str, ...]
    staff: bool


@dataclass(frozen=True, slots=True)
class SampleGroup:
    """One of the sample shop's groups."""

    id: str
    name: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Says:
    """A line in a group, or to the bot in private (`group` None)."""

    member: str
    group: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Joins:
    """Somebody comes into a group."""

    member: str
    group: str


@dataclass(frozen=True, slots=True)
class Leaves:
    """Somebody leaves a group."""

    member: str
    group: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happens at one time."""

    at: datetime
    deed: Says | Joins | Leaves


@dataclass(frozen=True, slots=True)
class Script:
    """The whole play. `opening` is when the groups were made, days before `begin`, day 0."""

    shop: dict[str, Any]
    things: dict[str, list[str]]
    groups: tuple[SampleGroup, ...]
    people: tuple[Resident, ...]
    opening: datetime
    begin: datetime
    moments: tuple[Moment, ...]
    end: datetime


_OPENED_BEFORE = timedelta(days=10)


def read_script(first_day: date, days: int, seed: int) -> Script:
    """The script of so many days from the first one."""
    shop = _toml("shop.toml")
    zone = ZoneInfo(shop["shop"]["zone"])

    def at(day: int, clock: str, seconds: float = 0.0) -> datetime:
        moment = datetime.combine(first_day + timedelta(days=day), time.fromisoformat(clock), zone)
        return moment + timedelta(seconds=seconds)

    chat = [json.loads(line) for line in _lines("chat.jsonl")]
    lines = _spread([*chat, *_toml("manager.toml")["commands"]], random.Random(seed))  # noqa: S311 (a demo's seed, no secret)
    moments = [
        Moment(
            at(line["day"], line["time"], seconds),
            Says(
                line["member"],
                None if line.get("place") == PRIVATE else line.get("place") or line["group"],
                line.get("says") or line["text"],
            ),
        )
        for line, seconds in lines
    ]
    for fan in shop["fans"]:
        for deed, when in ((Joins, fan.get("joined")), (Leaves, fan.get("left"))):
            if when:
                moments += [
                    Moment(at(when["day"], when["time"]), deed(fan["id"], group))
                    for group in fan["groups"]
                ]
    end = at(days - 1, "23:59")
    moments = sorted((one for one in moments if one.at <= end), key=lambda one: one.at)
    every_group = tuple(one["id"] for one in shop["groups"])
    return Script(
        shop=shop["shop"],
        things={one["name"]: one.get("short", []) for one in shop["products"]},
        groups=tuple(
            SampleGroup(one["id"], one["name"], tuple(one["tags"])) for one in shop["groups"]
        ),
        people=(
            *(Resident(one["id"], one["name"], every_group, staff=True) for one in shop["staff"]),
            *(
                Resident(
                    one["id"],
                    one["name"],
                    () if one.get("joined") else tuple(one["groups"]),
                    staff=False,
                )
                for one in shop["fans"]
            ),
        ),
        opening=at(0, "10:00") - _OPENED_BEFORE,
        begin=at(0, "00:00"),
        moments=tuple(moments),
        end=end,
    )


def _spread(
    lines: Sequence[dict[str, Any]], chance: random.Random
) -> Iterator[tuple[dict[str, Any], float]]:
    """Each line with its second in the minute; lines of one minute keep their order."""
    by_minute: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for line in lines:
        by_minute.setdefault((line["day"], line["time"]), []).append(line)
    for minute in by_minute.values():
        seconds = sorted(round(chance.uniform(0, 59), 1) for _ in minute)
        yield from zip(minute, seconds, strict=True)


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _lines(name: str) -> list[str]:
    return (_FOLDER / name).read_text(encoding="utf-8").splitlines()
