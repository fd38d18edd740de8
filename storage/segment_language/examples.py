"""The words that a condition begins with, and a right example for each.

Whatever is wrong with an expression is answered with one of them: the one of the condition in which
the wrong place is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

EXAMPLE = "tag:敏感肌 and not tag:员工 and last_active < 30d"
"""An expression that shows how conditions are joined."""
_EXAMPLES = {
    ("tag", "标签"): "tag:敏感肌",
    ("group", "群"): "group in (一群, 二群)",
    ("grouptag", "群标签"): "grouptag = 福利群",
    ("last_active", "最近发言", "上次发言"): "last_active < 30d",
    ("joined", "入群"): "joined > 7d",
    ("messages", "发言"): "messages >= 5 in 30d",
    ("said", "说过"): "said 补货 in 30d",
    ("segment", "分组"): "segment:常客",
    ("optedout", "退订"): "not optedout",
    ("reachable", "可私聊"): "reachable",
    ("staff", "员工"): "not staff",
}
EXAMPLE_OF: Mapping[str, str] = {
    word: example for words, example in _EXAMPLES.items() for word in words
}
"""The first word of a condition, in small letters → a condition that is right."""
_FIELD = re.compile(
    "|".join(rf"{word}(?!\w)" for word in sorted(EXAMPLE_OF, key=len, reverse=True)),
    re.IGNORECASE,
)


def is_word(name: str) -> bool:
    """Whether a condition may begin with this word, so that it can be nobody's name."""
    return name.lower() in EXAMPLE_OF


def example_at(text: str, at: int) -> str:
    """A right example of the condition that a place belongs to; of all, where it is in none."""
    fields = _FIELD.findall(text, 0, at)
    return EXAMPLE_OF[fields[-1].lower()] if fields else EXAMPLE
