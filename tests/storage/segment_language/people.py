"""A made-up shop's people as plain values, and what a question means of them without any SQL.

This is the oracle of `test_compiling.py`: it is slow, and says what the language means in Python.
What somebody says who asked for no record is neither so nor otherwise (Kleene's logic of three
values, with None as the third); a question finds those alone of whom it is certainly so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.segment_language.questions import (
    Every,
    InGroup,
    InTaggedGroup,
    Joined,
    LastSpoke,
    Mark,
    Not,
    Question,
    Said,
    Some,
    Spoke,
    Tagged,
    Than,
)


@dataclass(frozen=True)
class Seat:
    """A seat in a group: since when, and until when if it was left."""

    group: str
    joined_at: datetime
    left: bool = False


@dataclass(frozen=True)
class Person:
    """One member: `tags` with their ends, `said` with the moments; `customer` is who they are."""

    name: str
    customer: int
    staff: bool = False
    opted_out: bool = False
    no_record: bool = False
    started: bool = False
    closed: bool = False
    tags: Sequence[tuple[str, datetime | None]] = ()
    seats: Sequence[Seat] = ()
    said: Sequence[tuple[datetime, str]] = field(default=())


def meant(
    question: Question, people: Iterable[Person], groups: dict[str, set[str]], now: datetime
) -> set[str]:
    """The names of the members whose customer a question means; `groups` are name → group tags."""
    every = list(people)
    customers = {one.customer for one in every}
    right = {
        customer
        for customer in customers
        if _holds(question, [one for one in every if one.customer == customer], groups, now) is True
    }
    return {one.name for one in every if one.customer in right}


def _holds(
    question: Question, members: list[Person], groups: dict[str, set[str]], now: datetime
) -> bool | None:
    match question:
        case Not(part):
            return _turned(_holds(part, members, groups, now))
        case Every(parts):
            return _least([_holds(part, members, groups, now) for part in parts])
        case Some(parts):
            return _turned(_least([_holds(Not(part), members, groups, now) for part in parts]))
        case LastSpoke() | Spoke() | Said():
            if any(one.no_record for one in members):
                return None
            return _talks(question, [said for one in members for said in one.said], now)
        case _:
            return _stands(question, members, groups, now)


def _turned(held: bool | None) -> bool | None:  # noqa: FBT001 (a value of the logic, not a switch)
    return None if held is None else not held


def _least(held: list[bool | None]) -> bool | None:
    """Whether all hold: one that does not decides, else one that nobody can tell."""
    if False in held:
        return False
    return None if None in held else True


def _is(mark: Mark, one: Person) -> bool:
    reachable = one.started and not one.closed
    marks = {Mark.OPTED_OUT: one.opted_out, Mark.REACHABLE: reachable, Mark.STAFF: one.staff}
    return marks[mark]


def _stands(
    question: Question, members: list[Person], groups: dict[str, set[str]], now: datetime
) -> bool:
    sits = {seat.group for one in members for seat in one.seats if not seat.left}
    match question:
        case Mark():
            return any(_is(question, one) for one in members)
        case Tagged(tags):
            carried = {tag for one in members for tag, end in one.tags if end is None or end > now}
            return not carried.isdisjoint(tags)
        case InGroup(names):
            return not sits.isdisjoint(names)
        case InTaggedGroup(tags):
            return any(not groups[group].isdisjoint(tags) for group in sits)
        case Joined(than, days):
            joined = [seat.joined_at for one in members for seat in one.seats]
            return bool(joined) and _is_so_old(than, now - min(joined), days)
    raise TypeError(question)


def _talks(question: Question, said: list[tuple[datetime, str]], now: datetime) -> bool:
    match question:
        case LastSpoke(than, days):
            if not said:
                return than in {Than.MORE, Than.AT_LEAST}
            return _is_so_old(than, now - max(at for at, _ in said), days)
        case Spoke(than, number, days):
            return bool(than.compare(len(_within(said, days, now)), number))
        case Said(piece, days):
            return any(_folded(piece) in _folded(text) for _, text in _within(said, days, now))
    raise TypeError(question)


def _within(
    said: list[tuple[datetime, str]], days: int | None, now: datetime
) -> list[tuple[datetime, str]]:
    return [(at, text) for at, text in said if days is None or now - at < timedelta(days=days)]


def _is_so_old(than: Than, age: timedelta, days: int) -> bool:
    return bool(than.compare(age, timedelta(days=days)))


def _folded(text: str) -> str:
    """The text with ASCII in small letters, and other alphabets as they are."""
    return "".join(one.lower() if one.isascii() else one for one in text)
