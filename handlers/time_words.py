"""Words by which a text names its day or hour: right where it was written for, not elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable

_DAYS = re.compile(
    r"今[天日晚早夜]|明[天日晚早]|后天|昨[天日晚]|当[天晚]"
    r"|(?:下|本|这)?(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|\d{1,2}\s*月\s*\d{1,2}\s*[日号]?|(?<!\d)\d\d-\d\d(?!\d)|(?<![\d月])\d{1,2}[日号]"
    r"|\b(?:today|tonight|tomorrow|yesterday)\b",
    re.IGNORECASE,
)
_HOURS = re.compile(
    r"(?<!\d)\d{1,2}[:：]\d\d|(?:早上|上午|中午|下午|傍晚|晚上|今晚|凌晨|半夜)?\d{1,2}点半?"
    r"|(?:早上|上午|中午|下午|傍晚|晚上|今晚|凌晨|半夜)[一二三四五六七八九十]{1,3}点半?"
    r"|零点|午夜|\bmidnight\b",
    re.IGNORECASE,
)


def time_words(texts: Iterable[str], *, another_day: bool) -> list[str]:
    """The words of these texts that may be wrong elsewhere, each once, in their order.

    On the same day at another hour (not `another_day`) only an hour can have become wrong.
    """
    kinds = (_DAYS, _HOURS) if another_day else (_HOURS,)
    return list(
        dict.fromkeys(found[0] for text in texts for kind in kinds for found in kind.finditer(text))
    )
