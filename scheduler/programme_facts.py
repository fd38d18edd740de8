"""The facts that a shop tells when it switches a programme on: read strictly, said in words.

Facts come as plain JSON values, from a command or from storage. `read_fact` makes the value that
dates are reckoned with; `in_words` makes what a template puts into a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from scheduler.festivals import Region
from scheduler.legal_days import LegalDay, legal_day, worked_on
from scheduler.programme_calendar import Calendar, DayMissing, NotKnownYet, day_of
from scheduler.programme_dates import read_day
from scheduler.programme_parts import CHINESE, Fact, FactKind, Programme
from storage.errors import SchedulingError

FactValue = str | int | Decimal | date | datetime
"""A text, a number, an amount of money, a day, or a naive local time."""

_LONGEST_TEXT = 200  # characters
_ALLOWED = {
    FactKind.TEXT: f"a text of 1 to {_LONGEST_TEXT} characters",
    FactKind.DAY: "a day, 2026-11-20 or 11-20",
    FactKind.MONEY: "an amount above 0 with at most two decimals, 199 or 19.90",
    FactKind.NUMBER: "a whole number from 0 on",
    FactKind.MOMENT: "a local time without a zone, 2026-11-20T18:00",
}


class FactInvalid(SchedulingError):
    """What a shop tells for a programme is not what the programme asks for."""

    number = 340
    sentence = "The programme {programme} cannot have {found!r} as its {fact}."
    mend = "Give {allowed}."


def facts_for(
    programme: Programme, year: int, told: Mapping[str, object]
) -> Mapping[str, FactValue]:
    """The programme's facts that are known: as the shop told them, else by their defaults.

    Raises:
        FactInvalid: one is of another kind than the file says, or the file has no such fact.
    """
    known = {fact.key: fact for fact in programme.facts}
    for key in told.keys() - known.keys():
        allowed = "one of " + ", ".join(sorted(known)) if known else "no facts: it asks for none"
        raise FactInvalid(programme=programme.key, found=told[key], fact=key, allowed=allowed)
    values: dict[str, FactValue] = {}
    for key, fact in known.items():
        found = told.get(key, fact.default)
        if found is not None:
            values[key] = read_fact(programme.key, fact, found, year)
    return values


def read_fact(programme: str, fact: Fact, found: object, year: int) -> FactValue:
    """The value of a fact; a day without a year is one of `year`.

    Raises:
        FactInvalid: it is not of the fact's kind.
    """
    value = _value_of(fact.kind, found, year)
    if value is None:
        raise FactInvalid(
            programme=programme, found=found, fact=fact.key, allowed=_ALLOWED[fact.kind]
        )
    return value


def suggested_day(fact: Fact, year: int, region: Region = Region.NORTH) -> LegalDay | None:
    """The day that the example of a fact shows for a year; None where its file suggests none.

    Raises:
        DayMissing: the year does not have it.
    """
    if fact.suggested is None:
        return None
    day = day_of(read_day(fact.suggested), Calendar(year, region))
    return legal_day(day) if fact.day_off is None else worked_on(day, fact.day_off)


def season_of(programme: Programme, fact: Fact | None, year: int, region: Region) -> date | None:
    """A day of a year near which a fact is likely to fall: the suggested, else the programme's own.

    None where neither is known beforehand.
    """
    written = programme.anchor if fact is None or fact.suggested is None else fact.suggested
    if written is None:
        return None
    try:
        return day_of(read_day(written), Calendar(year, region))
    except (NotKnownYet, DayMissing):
        return None


def _value_of(kind: FactKind, found: object, year: int) -> FactValue | None:
    match kind, found:
        case FactKind.TEXT, str():
            text = found.strip()
            return text if 1 <= len(text) <= _LONGEST_TEXT else None
        case FactKind.NUMBER, int() if not isinstance(found, bool) and found >= 0:
            return found
        case FactKind.MONEY, int() | str() if not isinstance(found, bool):
            return _money(str(found))
        case FactKind.DAY, str():
            return _day(found) or _day(f"{year}-{found}")
        case FactKind.MOMENT, str():
            return _moment(found)
        case _:
            return None


def _money(written: str) -> Decimal | None:
    try:
        amount = Decimal(written)
    except InvalidOperation:
        return None
    cents = amount * 100 if amount.is_finite() else None
    return amount if cents is not None and amount > 0 and cents == cents.to_integral() else None


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if len(written) == len("2026-11-20") else None
    except ValueError:
        return None


def _moment(written: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    return at if at.tzinfo is None and "T" in written else None


def in_words(value: FactValue, language: str) -> str | int:
    """A fact as a text says it: 11月20日, 11月20日18:00, 199元; a text or a number as it is."""
    chinese = language == CHINESE
    match value:
        case datetime():
            clock = f"{value:%H:%M}"
            day = in_words(value.date(), language)
            return f"{day}{clock}" if chinese else f"{clock} on {day}"
        case date():
            return f"{value.month}月{value.day}日" if chinese else f"{value.day} {value:%B}"
        case Decimal():
            amount = f"{value:.2f}".removesuffix(".00")
            return f"{amount}元" if chinese else f"{amount} yuan"
        case _:
            return value
