"""What commands about words take: a word with what it counts as, and a word of the shop's.

Words are compared in their normal form, as texts are read: small letters, half width, an emoji as
its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.arguments import Unreadable, quoted, token
from insights.lexicon import Taught
from insights.normalise import normalise

_LONGEST = 30  # characters

COUNTS_AS = {
    Taught.LIKE: "喜欢",
    Taught.DISLIKE: "讨厌",
    Taught.MIND: "介意",
    Taught.CARE: "关心",
    Taught.NOTHING: "不算看法",
}
"""What a word is taught to count as → a key of the wording."""

_TAUGHT_WORDS = {
    "喜欢": Taught.LIKE,
    "like": Taught.LIKE,
    "讨厌": Taught.DISLIKE,
    "不喜欢": Taught.DISLIKE,
    "dislike": Taught.DISLIKE,
    "介意": Taught.MIND,
    "担心": Taught.MIND,
    "mind": Taught.MIND,
    "关心": Taught.CARE,
    "care": Taught.CARE,
    "不算": Taught.NOTHING,
    "nothing": Taught.NOTHING,
}


def _in_normal_form(word: str) -> str:
    """The word as texts are read.

    Raises:
        Unreadable: nothing is left of it, or it is too long.
    """
    normal = normalise(word)
    if not normal:
        nothing = "还少一个词"
        raise Unreadable("这里没有我读得懂的词，有的表情我也不懂" if word.strip() else nothing)
    if len(normal) > _LONGEST:
        raise Unreadable("这个词太长了，最多 30 个字")
    return normal


@dataclass(frozen=True, slots=True)
class AspectWord:
    """A word, said of one aspect or of anything: `气味 刺鼻`, or `刺鼻`."""

    label: ClassVar[str] = "[方面] 词"
    aspect: str
    word: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """One word or two; in quotes where one has blanks."""
        first, left = token(rest)
        second, left = token(left)
        if left.strip():
            raise Unreadable("最多写两个词：方面和词，有空格的加引号")
        aspect, word = (first, second) if second else ("", first)
        return cls(_in_normal_form(aspect) if aspect else "", _in_normal_form(word)), ""

    @property
    def written(self) -> str:
        """How it is written, to be read again."""
        return " ".join(quoted(part) for part in (self.aspect, self.word) if part)


@dataclass(frozen=True, slots=True)
class Teaching:
    """What a word counts as: `气味 刺鼻 = 讨厌`, or `刺鼻 = 不算`."""

    label: ClassVar[str] = "[方面] 词 = 喜欢|讨厌|介意|关心|不算"
    said: AspectWord
    taught: Taught

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A word, an equals sign, and one of five words."""
        said, equals, counts_as = rest.replace("＝", "=").rpartition("=")
        taught = _TAUGHT_WORDS.get(counts_as.strip().lower())
        if not equals or "=" in said or taught is None:
            raise Unreadable("要写成“气味 刺鼻 = 讨厌”，后面是 喜欢、讨厌、介意、关心 或 不算")
        return cls(AspectWord.read(said)[0], taught), ""


@dataclass(frozen=True, slots=True)
class WholeWord:
    """A word to be kept whole when texts are cut."""

    label: ClassVar[str] = "词"
    text: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """Two letters, characters or digits at least, and nothing else."""
        text, left = token(rest)
        normal = _in_normal_form(text)
        if len(normal) == 1 or not normal.isalnum():
            raise Unreadable("要学的词至少两个字，只有汉字、字母和数字")
        return cls(normal), left
