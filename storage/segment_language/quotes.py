"""The quotes of the language: `"…"`, `“…”` and `「…」`, with a backslash before a quote inside."""

from __future__ import annotations

import re

_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|“(?:\\.|[^”\\])*”|「(?:\\.|[^」\\])*」', re.DOTALL)
_ESCAPED = re.compile(r'\\(["”」\\])')


def without_quotes(text: str) -> str:
    """The text with as many signs, and nothing in quotes that could mean anything."""
    return _QUOTED.sub(lambda quote: "_" * len(quote[0]), text)


def inside(quote: str) -> str:
    """The name that stands in a pair of quotes."""
    return _ESCAPED.sub(r"\1", quote[1:-1])
