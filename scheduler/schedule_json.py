"""A schedule as plain JSON, and back: how storage keeps it and how a programme's file writes it.

    {"kind": "once", "at": "2026-11-05T10:18", "slot": "once"}
    {"kind": "countdown", "day": "2026-11-11", "first_days_left": 10, "at": "10:18"}
    {"kind": "festivals", "at": "09:42", "keys": ["mid-autumn"], "region": "north"}
    {"kind": "recurring", "cron": "18 10 * * mon"}
    {"kind": "dated", "moments": [
        {"slot": "wish-list", "at": "2026-10-20T10:18", "until": "2026-10-20T20:18"},
        {"slot": "returns", "at": "2026-11-22T12:12", "day_off": "next working day"}]}

Each may carry what a manager changed in it, by slot:

    "skipped": ["d-4"], "moved": {"d-3": "2026-11-08T12:12"}

Reading is strict: a part that is missing, unknown or of another shape is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar

from scheduler.festivals import Region
from scheduler.legal_days import DayOff
from scheduler.schedules import (
    Changed,
    Countdown,
    Dated,
    DatedMoment,
    Festivals,
    Once,
    Recurring,
    Schedule,
    ScheduleInvalid,
    Unchanged,
    changed,
)

_Value = TypeVar("_Value")

_PARTS = {
    "once": {"at", "slot", "second_time"},
    "countdown": {"day", "first_days_left", "at", "last_day"},
    "festivals": {"at", "keys", "region"},
    "recurring": {"cron"},
    "dated": {"moments"},
}
_CHANGES = {"skipped", "moved"}
_DATED_PARTS = {"slot", "at", "until", "day_off"}
_LOCAL_TIME = "a local time, 2026-11-05T10:18"


def schedule_to_json(schedule: Schedule) -> dict[str, Any]:
    """The schedule as plain JSON, every part written out."""
    if isinstance(schedule, Changed):
        moved = {slot: at.isoformat() for slot, at in schedule.moved.items()}
        changes = {"skipped": sorted(schedule.skipped), "moved": moved}
        return _unchanged_to_json(schedule.schedule) | changes
    return _unchanged_to_json(schedule)


def _unchanged_to_json(schedule: Unchanged) -> dict[str, Any]:
    match schedule:
        case Once(at, slot):
            second_time = {"second_time": True} if at.fold else {}
            return {"kind": "once", "at": at.isoformat(), "slot": slot} | second_time
        case Countdown(day, first_days_left, at, last_day):
            return {
                "kind": "countdown",
                "day": day.isoformat(),
                "first_days_left": first_days_left,
                "at": at.isoformat(),
                "last_day": last_day,
            }
        case Festivals(at, keys, region):
            return {
                "kind": "festivals",
                "at": at.isoformat(),
                "keys": None if keys is None else list(keys),
                "region": region.value,
            }
        case Recurring(cron):
            return {"kind": "recurring", "cron": cron}
        case Dated(moments):
            return {"kind": "dated", "moments": [_moment_to_json(moment) for moment in moments]}


def _moment_to_json(moment: DatedMoment) -> dict[str, Any]:
    until = {} if moment.until is None else {"until": moment.until.isoformat()}
    day_off = {} if moment.day_off is None else {"day_off": moment.day_off.value}
    return {"slot": moment.slot, "at": moment.at.isoformat()} | until | day_off


def schedule_from_json(document: Mapping[str, Any]) -> Schedule:
    """The schedule that `schedule_to_json` wrote, or that a person wrote in this shape.

    `slot`, `second_time`, `last_day`, `keys`, `region` and the changes may be left out.

    Raises:
        ScheduleInvalid: a part is missing, unknown or cannot be what it is.
        FestivalUnknown: it names a festival that the calendar does not have.
    """
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in _PARTS:
        raise ScheduleInvalid(part="kind", found=kind, allowed=" or ".join(_PARTS))
    _refuse_unknown(document, _PARTS[kind], besides=_CHANGES | {"kind"})
    return changed(
        _unchanged_from_json(kind, document), skipped=_skipped(document), moved=_moved(document)
    )


def keeps_off_days_off(document: Mapping[str, Any]) -> bool:
    """Whether reckoning with this schedule asks for legal holidays, be it readable or not."""
    found = document.get("moments")
    rows = found if isinstance(found, list) else []
    return any(isinstance(row, dict) and "day_off" in row for row in rows)


def _unchanged_from_json(kind: str, document: Mapping[str, Any]) -> Unchanged:
    if kind == "once":
        at = _parsed(document, "at", datetime.fromisoformat, _LOCAL_TIME)
        fold = int(_flag(document, "second_time", usual=False))
        return Once(at.replace(fold=fold), _text(document, "slot", usual="once"))
    if kind == "recurring":
        return Recurring(_text(document, "cron"))
    if kind == "dated":
        return Dated(_dated(document))
    at_time = _parsed(document, "at", time.fromisoformat, "a local time of the day, 10:18")
    if kind == "festivals":
        usual = Region.NORTH.value
        region = _parsed(document, "region", Region, "north or south", usual=usual)
        return Festivals(at_time, _keys(document), region)
    return Countdown(
        day=_parsed(document, "day", date.fromisoformat, "a date, 2026-11-11"),
        first_days_left=_whole_number(document, "first_days_left"),
        at=at_time,
        last_day=_flag(document, "last_day", usual=True),
    )


def _refuse_unknown(document: Mapping[str, Any], parts: set[str], besides: set[str]) -> None:
    if unknown := sorted(document.keys() - parts - besides):
        allowed = "only " + ", ".join(sorted(parts))
        raise ScheduleInvalid(part="list of parts", found=", ".join(unknown), allowed=allowed)


def _skipped(document: Mapping[str, Any]) -> frozenset[str]:
    found = document.get("skipped", [])
    if not isinstance(found, list) or not all(isinstance(slot, str) for slot in found):
        raise ScheduleInvalid(part="skipped", found=found, allowed="a list of slots")
    return frozenset(found)


def _moved(document: Mapping[str, Any]) -> dict[str, datetime]:
    found = document.get("moved", {})
    if not isinstance(found, dict):
        raise ScheduleInvalid(part="moved", found=found, allowed="a table from slot to local time")
    return {slot: _parsed(found, slot, datetime.fromisoformat, _LOCAL_TIME) for slot in found}


def _dated(document: Mapping[str, Any]) -> tuple[DatedMoment, ...]:
    found = document.get("moments")
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ScheduleInvalid(part="moments", found=found, allowed="a list of moments")
    moments = []
    for row in found:
        _refuse_unknown(row, _DATED_PARTS, besides=set())
        at = _parsed(row, "at", datetime.fromisoformat, _LOCAL_TIME)
        until = None
        if "until" in row:
            until = _parsed(row, "until", datetime.fromisoformat, _LOCAL_TIME)
        day_off = None
        if "day_off" in row:
            day_off = _parsed(row, "day_off", DayOff, " or ".join(DayOff))
        moments.append(DatedMoment(_text(row, "slot"), at, until, day_off))
    return tuple(moments)


def _parsed(
    document: Mapping[str, Any],
    part: str,
    parse: Callable[[str], _Value],
    allowed: str,
    usual: str | None = None,
) -> _Value:
    found = _text(document, part, usual, allowed)
    try:
        return parse(found)
    except ValueError as error:
        raise ScheduleInvalid(part=part, found=found, allowed=allowed) from error


def _text(
    document: Mapping[str, Any], part: str, usual: str | None = None, allowed: str = "a text"
) -> str:
    found = document.get(part, usual)
    if not isinstance(found, str):
        raise ScheduleInvalid(part=part, found=found, allowed=allowed)
    return found


def _flag(document: Mapping[str, Any], part: str, *, usual: bool) -> bool:
    found = document.get(part, usual)
    if not isinstance(found, bool):
        raise ScheduleInvalid(part=part, found=found, allowed="true or false")
    return found


def _whole_number(document: Mapping[str, Any], part: str) -> int:
    found = document.get(part)
    if not isinstance(found, int) or isinstance(found, bool):
        raise ScheduleInvalid(part=part, found=found, allowed="a whole number")
    return found


def _keys(document: Mapping[str, Any]) -> tuple[str, ...] | None:
    found = document.get("keys")
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(key, str) for key in found):
        raise ScheduleInvalid(part="keys", found=found, allowed="a list of festivals' keys")
    return tuple(found)
