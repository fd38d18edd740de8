"""What `/segment` is asked: to look at people, to save how they are found, or to forget that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.arguments import Unreadable, token
from storage.segment_language.examples import is_word

_LONGEST_NAME = 30  # characters, as tags
_DELETE_WORDS = frozenset({"delete", "删除"})
_EQUALS = re.compile(r"\s*[=＝](?![=＝])\s*")
# A name without quotes ends before the sign that may stand right behind it: 常客=tag:老客.
_NAME = re.compile(r"\s*([^\s=＝()（）:：<>＜＞!！\"“「]+)")


@dataclass(frozen=True, slots=True)
class SegmentDeed:
    """`EXPRESSION` or a name: look; `NAME = EXPRESSION`: save; `delete NAME`: forget.

    `name` is None where people are looked at, and `expression` is empty where a name is forgotten.
    """

    label: ClassVar[str] = "名字 = 条件"
    name: str | None
    expression: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """All that is left. A word of the language is no name: `messages = 5` looks."""
        text = rest.strip()
        if not text:
            raise Unreadable("还没写要找谁")
        word, left = token(text)
        if word.lower() in _DELETE_WORDS and left.strip():
            name, behind = token(left)
            if behind.strip():
                raise Unreadable("一次删一个分组，名字有空格就加引号")
            return cls(name, ""), ""
        saved = cls._saved(text)
        return (cls(None, text) if saved is None else saved), ""

    @classmethod
    def _saved(cls, text: str) -> Self | None:
        """The name in front of an equals sign, with what is to be saved; None where there is none.

        Raises:
            Unreadable: the name is too long, or nothing is behind the sign.
        """
        plain = _NAME.match(text)
        name, left = (plain[1], text[plain.end() :]) if plain else token(text)
        sign = _EQUALS.match(left)
        if sign is None or is_word(name):
            return None
        if len(name) > _LONGEST_NAME:
            raise Unreadable("分组的名字太长了，最多 30 个字")
        if not left[sign.end() :].strip():
            raise Unreadable("等号后面还没写条件")
        return cls(name, left[sign.end() :])
