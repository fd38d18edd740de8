"""What `/programme` takes: what is to be done, and which programme."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self

from handlers.arguments import Unreadable, one_of, token

_LONGEST = 30  # characters


class Doing(StrEnum):
    """What is done to a programme, or to one of its posts."""

    ON = "on"
    OFF = "off"
    TEXT = "text"
    MOVE = "move"
    SKIP = "skip"
    KEEP = "keep"
    FACTS = "facts"


_DOING_WORDS = {
    **{one.value: one for one in Doing},
    "开": Doing.ON,
    "启用": Doing.ON,
    "关": Doing.OFF,
    "停用": Doing.OFF,
    "改文案": Doing.TEXT,
    "文案": Doing.TEXT,
    "改时间": Doing.MOVE,
    "移": Doing.MOVE,
    "跳过": Doing.SKIP,
    "恢复": Doing.KEEP,
    "资料": Doing.FACTS,
}


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be done: on, off, text, move, skip, keep or facts."""

    label: ClassVar[str] = "on|off|text|move|skip|keep|facts"
    doing: Doing

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """One word, in English or Chinese."""
        otherwise = "要做什么，写 on、off、text、move、skip、keep 或 facts"
        doing, left = one_of(_DOING_WORDS, rest, otherwise)
        return cls(doing), left


@dataclass(frozen=True, slots=True)
class ProgrammeName:
    """A programme by its key or name: `double11`, `双11`."""

    label: ClassVar[str] = "方案"
    written: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """One word that is neither a choice of groups nor a page."""
        text, left = token(rest)
        if not text or text[0] in "@＠" or re.fullmatch(r"[pP]\d{1,4}", text):
            raise Unreadable("还没说是哪个方案")
        if len(text) > _LONGEST:
            raise Unreadable("没有这个方案")
        return cls(text), left
