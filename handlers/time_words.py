"""Words by which a text names its day or hour: right where it was written for, not elsewhere."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date

_MONTHS = "|".join(month_name[1:])
_DAYS = re.compile(
    r"今[天日晚早夜]|明[天日晚早]|后天|昨[天日晚]|当[天晚]"
    r"|(?:下|本|这)?(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|\d{1,2}\s*月\s*\d{1,2}\s*[日号]?|(?<!\d)\d\d-\d\d(?!\d)|(?<![\d月])\d{1,2}[日号]"
    r"|\b(?:today|tonight|tomorrow|yesterday)\b|\b\d{1,2} (?:" + _MONTHS + r")\b",
    re.IGNORECASE,
)
_HOURS = re.compile(
    r"(?<!\d)\d{1,2}[:：]\d\d|(?:早上|上午|中午|下午|傍晚|晚上|今晚|凌晨|半夜)?\d{1,2}点半?"
    r"|(?:早上|上午|中午|下午|傍晚|晚上|今晚|凌晨|半夜)[一二三四五六七八九十]{1,3}点半?"
    r"|零点|午夜|\bmidnight\b",
    re.IGNORECASE,
)
_DAYS_AHEAD = (
    (re.compile(r"今[天日晚早夜]|\b(?:today|tonight)\b", re.IGNORECASE), 0),
    (re.compile(r"明[天日晚早]|\btomorrow\b", re.IGNORECASE), 1),
    (re.compile(r"后天"), 2),
    (re.compile(r"昨[天日晚]|\byesterday\b", re.IGNORECASE), -1),
)
_HAS_COME = re.compile(r"(?:已经)?[到来][了啦]|这天")
_DATES = (
    re.compile(r"(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]?"),
    re.compile(r"(?<!\d)(?P<month>\d\d)-(?P<day>\d\d)(?!\d)"),
    re.compile(rf"\b(?P<day>\d{{1,2}}) (?P<named>{_MONTHS})\b", re.IGNORECASE),
)
_MONTH_NUMBERS = {name.lower(): number for number, name in enumerate(month_name)}


def time_words(texts: Iterable[str], *, another_day: bool) -> list[str]:
    """The words of these texts that may be wrong elsewhere, each once, in their order.

    On the same day at another hour (not `another_day`) only an hour can have become wrong.
    """
    kinds = (_DAYS, _HOURS) if another_day else (_HOURS,)
    return list(
        dict.fromkeys(found[0] for text in texts for kind in kinds for found in kind.finditer(text))
    )


def days_ahead(text: str, names: Iterable[str] = ()) -> Iterator[tuple[str, int]]:
    """The words that name a day by how far it is, in days: 今天 0, 明天 1; so does 双12到了.

    `names` are those of the days that may come so.
    """
    kinds = [
        *_DAYS_AHEAD,
        *((re.compile(rf"{re.escape(one)}(?:{_HAS_COME.pattern})"), 0) for one in names),
    ]
    for kind, ahead in kinds:
        for found in kind.finditer(text):
            yield found[0], ahead


def dates_named(text: str, near: date) -> Iterator[tuple[str, date]]:
    """The words that name a date (1月28日, 01-28), each with the one nearest to a day."""
    for kind in _DATES:
        for found in kind.finditer(text):
            parts = found.groupdict()
            month = _MONTH_NUMBERS.get((parts.get("named") or "").lower()) or int(parts["month"])
            if (day := _nearest(month, int(parts["day"]), near)) is not None:
                yield found[0], day


def _nearest(month: int, day: int, near: date) -> date | None:
    found = []
    for year in (near.year - 1, near.year, near.year + 1):
        with suppress(ValueError):
            found.append(date(year, month, day))
    return min(found, key=lambda one: abs(one - near), default=None)
