"""The shop's calendar as people look at it: greetings, quiet days, and when offices are closed.

Days off and weekends worked for them are those of mainland China's law; before the notice of a year
is out they follow from the standing law alone, and are marked as provisional.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.settings import ShopSettings
from handlers.wording import Say
from scheduler.festivals import Festival, Region, all_festivals, greeting_days
from scheduler.legal_days import DayKind, LegalDay, legal_day
from scheduler.own_days import OwnDay, OwnDayInvalid, OwnKind, own_days_on
from scheduler.quiet_days import is_quiet, silent_days
from storage.quiet_days import Mourning
from storage.shop_days import shop_days_of

_DAY = timedelta(days=1)
_LONGEST_BREAK = timedelta(days=14)
_NEAR = 20  # days between a weekend that is worked and the day off given for it
_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


@dataclass(frozen=True, slots=True)
class Noted:
    """A day of the calendar with what is to be said of it."""

    day: date
    words: tuple[str, ...]


async def own_days(connection: AsyncConnection, shop_id: int) -> list[OwnDay]:
    """The shop's own days; one that only a newer release can read is left out."""
    return [
        day
        for kept in await shop_days_of(connection, shop_id)
        if (day := _own_day(kept.name, kept.kind, kept.day)) is not None
    ]


def _own_day(name: str, kind: str, rule: str) -> OwnDay | None:
    try:
        return OwnDay(name, OwnKind(kind), rule)
    except (OwnDayInvalid, ValueError):
        return None


def calendar_between(
    shop: ShopSettings,
    say: Say,
    first: date,
    last: date,
    *,
    own: Sequence[OwnDay] = (),
    mourning: Sequence[Mourning] = (),
) -> list[Noted]:
    """Every day from one to another, both included, of which there is something to say."""
    festivals: dict[date, tuple[Festival, ...]] = {
        found.day: (found.festival, *found.others)
        for year in range(first.year, last.year + 1)
        for found in greeting_days(year, Region(shop.region))
    }
    mourned = {one.day: one.reason for one in mourning}
    noted = []
    for number in range((last - first).days + 1):
        day = first + number * _DAY
        words = [_name(shop, one) for one in festivals.get(day, ())]
        words += [one.name for one in own_days_on(own, day)]
        words += _remembered(shop, day)
        if day in mourned:
            words.append(say("哀悼日：{reason}", reason=mourned[day]))
        if is_quiet(day, mourned):
            words.append(say("不发推广"))
        words += _by_law(shop, say, day, first, words)
        if words:
            noted.append(Noted(day, tuple(words)))
    return noted


def day_words(say: Say, day: date) -> str:
    """A day as a line of the calendar begins: `09-25 周五`."""
    return f"{day:%m-%d} {say(_WEEKDAYS[day.weekday()])}"


def rule_words(say: Say, day: OwnDay) -> str:
    """When a day of the shop's own falls, in words."""
    kind, _, number = day.rule.rpartition(":")
    if kind == "monthly":
        return say("每月 {day} 日", day=number)
    if kind == "lunar":
        return say("农历 {day}", day=number)
    if day.since is not None:
        return say("每年 {day}，从 {year} 年起", day=number[5:], year=day.since)
    return say("每年 {day}", day=number)


def _name(shop: ShopSettings, festival: Festival) -> str:
    return festival.chinese if shop.language == "zh" else festival.english


def _remembered(shop: ShopSettings, day: date) -> Iterator[str]:
    for one in silent_days():
        if (one.month, one.day) == (day.month, day.day):
            yield one.chinese if shop.language == "zh" else one.english


def _by_law(
    shop: ShopSettings, say: Say, day: date, first: date, told: Sequence[str]
) -> Iterator[str]:
    """Where days off begin (or the calendar does, in their midst), and each weekend worked.

    A holiday is called by its name, unless that has been `told` of the day.
    """
    today = legal_day(day)
    unsure = say("（暂定，通知还没出）") if today.provisional else ""
    if today.kind is DayKind.MADE_UP:
        names = _holidays(shop, _off_for(day))
        sentence = "调休上班（{holiday}）" if names else "调休上班"
        yield say(sentence, holiday=say("、").join(names)) + unsure
    if not today.off or (day > first and legal_day(day - _DAY).off):
        return
    off = list(_off_from(today))
    if any(one.kind is DayKind.HOLIDAY for one in off):
        names = [name for name in _holidays(shop, off) if name not in told]
        last = f"{off[-1].day:%m-%d}"
        sentence = (
            "{holiday}放假到 {last}，共 {days} 天" if names else "放假到 {last}，共 {days} 天"
        )
        yield say(sentence, holiday=say("、").join(names), last=last, days=len(off)) + unsure


def _off_from(first: LegalDay) -> Iterator[LegalDay]:
    """The days off in a row from this one on."""
    day = first
    while day.off and day.day - first.day < _LONGEST_BREAK:
        yield day
        day = legal_day(day.day + _DAY)


def _off_for(worked: date) -> list[LegalDay]:
    """The days off in a row that a weekend is worked for; none where the notice names none."""
    near = (legal_day(worked + number * _DAY) for number in range(-_NEAR, _NEAR + 1))
    given = next((one for one in near if worked.isoformat() in one.name), None)
    while given is not None and (before := legal_day(given.day - _DAY)).off:
        given = before
    return [] if given is None else list(_off_from(given))


def _holidays(shop: ShopSettings, off: Sequence[LegalDay]) -> list[str]:
    """The festivals that days off are given for, as the shop calls them, each once."""
    if not off:
        return []
    run = [*_off_before(off[0]), *off]
    known = {one.chinese: _name(shop, one) for one in all_festivals()}
    names = dict.fromkeys(name for one in run for name in one.holidays)
    return [known[name] for name in names if name in known]


def _off_before(first: LegalDay) -> list[LegalDay]:
    """The days off in a row up to this one, which a calendar that begins with it leaves out."""
    found: list[LegalDay] = []
    while len(found) < _NEAR and (before := legal_day(first.day - (len(found) + 1) * _DAY)).off:
        found.append(before)
    return found[::-1]
