"""The kinds of argument a command can take; each reads itself from the rest of the line.

A command's signature names these types, and that is all the parser needs: see `registry.py`.
Each class has a `label` for the help and a `read` that takes its part from the front of the
text and gives back the value with what is left. `read` raises `Unreadable` with a Chinese
sentence (a key of the wording) that says what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self, TypeVar

from handlers.people_words import People, in_brackets, why_unreadable
from scheduler.wall_time import ZoneUnknown, zone_named
from storage.audiences import Audience
from storage.join_requests import Rule
from storage.segment_language.trouble import SegmentUnreadable

Meaning = TypeVar("Meaning")

_QUOTED = re.compile(r"[\"“「](?P<inside>(?:\\[\"”」\\]|[^\"”」])+)[\"”」]")
_ESCAPED = re.compile(r"\\([\"”」\\])")
_TO_ESCAPE = re.compile(r"[\"”」\\]")
_TO_QUOTE = re.compile(r"\s|^[\"“「]")
_BLANKS = " \t\u3000"
_EVERY_GROUP = frozenset({"所有群", "全部群", "全部", "all"})
_LAST_CHOICE = frozenset({"上次", "last"})

_SURE_WORDS = {"sure": True, "确定": True}
_ARRIVED_WORDS = {
    "sent": True,
    "已收到": True,
    "收到": True,
    "收到了": True,
    "notsent": False,
    "没收到": False,
    "未收到": False,
}
_ADMISSION_WORDS = {
    "所有人": Rule.EVERYONE,
    "everyone": Rule.EVERYONE,
    "老客": Rule.REGULARS,
    "regulars": Rule.REGULARS,
    "人工": None,
    "manual": None,
}


class Unreadable(ValueError):
    """The text is not what the argument expects: a key of the wording, with its facts."""

    def __init__(self, sentence: str, **facts: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.facts = facts


class Argument(Protocol):
    """A kind of argument."""

    label: ClassVar[str]

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """The value at the front of `rest`, and what is left.

        Raises:
            Unreadable: there is none.
        """
        ...


def token(rest: str) -> tuple[str, str]:
    """The text up to the next blank or line break, or inside quotes, and what is left.

    Inside quotes a quotation mark is written with a backslash before it.
    """
    rest = rest.lstrip()
    if found := _QUOTED.match(rest):
        return _ESCAPED.sub(r"\1", found["inside"]), rest[found.end() :]
    front = re.match(r"\S*", rest)
    end = front.end() if front else 0
    return rest[:end], rest[end:]


def one_of(words: Mapping[str, Meaning], rest: str, otherwise: str) -> tuple[Meaning, str]:
    """What the word at the front means, written small or large, and what is left.

    Raises:
        Unreadable: it is none of the `words`; `otherwise` is the sentence.
    """
    word, left = token(rest)
    if word.lower() not in words:
        raise Unreadable(otherwise)
    return words[word.lower()], left


def _called(rest: str) -> tuple[str, str]:
    """The name at the front, with or without @, and what is left."""
    rest = rest.lstrip()
    return token(rest[1:] if rest[:1] in ("@", "＠") else rest)


def is_quoted(rest: str) -> bool:
    """Whether a text begins with a word in quotes: a name, whatever it would mean without them."""
    return _QUOTED.match(rest.lstrip()) is not None


def quoted(name: str) -> str:
    """A name as it must be written to be read again: in quotes where it holds a blank."""
    return in_quotes(name) if _TO_QUOTE.search(name) else name


def in_quotes(name: str) -> str:
    """A name in quotes, as `token` reads it."""
    escaped = _TO_ESCAPE.sub(r"\\\g<0>", name)
    return f'"{escaped}"'


@dataclass(frozen=True, slots=True)
class Nickname:
    """A member by name: `@小鱼`, `小鱼`, or `@"小 鱼"` where the name has blanks."""

    label: ClassVar[str] = "@昵称"
    name: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A name, with or without @."""
        name, left = _called(rest)
        if not name:
            raise Unreadable("还没说是哪一位")
        return cls(name), left


@dataclass(frozen=True, slots=True)
class Word:
    """One word, e.g. a tag."""

    label: ClassVar[str] = "词"
    text: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """The text up to the next blank; at most 30 characters."""
        text, left = token(rest)
        if not text:
            raise Unreadable("还少一个词")
        if len(text) > 30:  # noqa: PLR2004 (a tag people can still read in a list)
            raise Unreadable("这个词太长了，最多 30 个字")
        return cls(text), left


@dataclass(frozen=True, slots=True)
class Rest:
    """Everything that is left, line breaks included."""

    label: ClassVar[str] = "内容"
    missing: ClassVar[str] = "还没有写内容"
    text: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """All of it, stripped; not nothing."""
        if not rest.strip():
            raise Unreadable(cls.missing)
        return cls(rest.strip()), ""


@dataclass(frozen=True, slots=True)
class FormAnswer(Rest):
    """What is said to the guided form: the form itself reads it."""

    label: ClassVar[str] = "回答"


@dataclass(frozen=True, slots=True)
class Number:
    """The number of a campaign, a preview or a message, as the bot showed it: `12` or `#12`."""

    label: ClassVar[str] = "编号"
    number: int

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A whole number with or without #."""
        text, left = token(rest)
        found = re.fullmatch(r"[#＃]?(\d{1,18})", text)
        if not found:
            raise Unreadable("编号要写成数字")
        return cls(int(found[1])), left


@dataclass(frozen=True, slots=True)
class PageNumber:
    """A page of a list, as the buttons below it say: `p2`, or `第2页`."""

    label: ClassVar[str] = "页"
    number: int

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A number from 1 to 9999 with what makes it a page's."""
        text, left = token(rest)
        found = re.fullmatch(r"(?:[pP](\d{1,4})|第(\d{1,4})页)", text)
        number = int(found[1] or found[2]) if found else 0
        if not number:
            raise Unreadable("页要写成 p2 或 第2页")
        return cls(number), left


@dataclass(frozen=True, slots=True)
class Sure:
    """A yes to what was asked back: `sure`, or 确定."""

    label: ClassVar[str] = "确定"

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """The one word."""
        _, left = one_of(_SURE_WORDS, rest, "要确定的话，写 sure")
        return cls(), left


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a message arrived, by somebody who has looked: `sent` or `notsent`."""

    label: ClassVar[str] = "sent|notsent"
    sent: bool

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """One word, in English or Chinese."""
        otherwise = "要说清楚收到没有：sent（已收到）或 notsent（没收到）"
        sent, left = one_of(_ARRIVED_WORDS, rest, otherwise)
        return cls(sent), left


@dataclass(frozen=True, slots=True)
class Admission:
    """Who is let into a group: `everyone`, `regulars`, or whom a manager admits (`manual`)."""

    label: ClassVar[str] = "所有人|老客|人工"
    rule: Rule | None

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """One word, in English or Chinese."""
        otherwise = "要说清楚谁能进：所有人、老客，还是人工"
        rule, left = one_of(_ADMISSION_WORDS, rest, otherwise)
        return cls(rule), left


@dataclass(frozen=True, slots=True)
class GroupName:
    """One group by its whole name: `@一群`, or `@"一 群"` where the name has blanks."""

    label: ClassVar[str] = "@群"
    name: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A name, with or without @."""
        name, left = _called(rest)
        if not name:
            raise Unreadable("还没说是哪个群")
        return cls(name), left


@dataclass(frozen=True, slots=True)
class ZoneName:
    """A time zone by its IANA name: `America/New_York`."""

    label: ClassVar[str] = "时区"
    name: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A name of the time zone database."""
        text, left = token(rest)
        try:
            zone_named(text)
        except ZoneUnknown as unknown:
            raise Unreadable("没有这个时区") from unknown
        return cls(text), left


@dataclass(frozen=True, slots=True)
class Binding:
    """A word bound to a tag: `补水 = 兴趣:补水`."""

    label: ClassVar[str] = "词 = 标签"
    word: str
    tag: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """Two words around an equals sign."""
        word, _, tag = (part.strip() for part in rest.replace("＝", "=").partition("="))
        if not (word and tag) or max(len(word), len(tag)) > 30:  # noqa: PLR2004 (as Word)
            raise Unreadable("要写成“词 = 标签”")
        return cls(word, tag), ""


@dataclass(frozen=True, slots=True)
class Groups:
    """A choice of groups: `@福利群 -二群`, `@所有群`, or `@上次` for the last choice.

    With fans among them it is the people in these groups, or in all of them, who are meant: not
    every command takes that. Fans are named by a tag (`@标签:老客`, `@tag:老客 -tag:敏感肌`), as a
    saved segment (`@分组:常客`), or by an expression in brackets (`@(last_active < 30d)`); see
    `people_words.py`. It stands on one line, so that a text on the next line may begin with @ or -
    itself. `audience` is None for the last choice, which the asker's own history resolves;
    `written` is then what is added to it (`@上次 -二群`).
    """

    label: ClassVar[str] = "@群 -群"
    written: str
    audience: Audience | None

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """The words at the front that begin with @ (wanted) or - (left out)."""
        try:
            return cls._read(rest)
        except SegmentUnreadable as unreadable:
            sentence, facts = why_unreadable(unreadable.trouble)
            raise Unreadable(sentence, **facts) from unreadable

    @classmethod
    def _read(cls, rest: str) -> tuple[Self, str]:
        wanted: list[str] = []
        unwanted: list[str] = []
        written: list[str] = []
        people = People()
        rest = rest.lstrip()
        while sign := re.match(r"[@＠\-－](?=\S)", rest):
            wants = sign[0] in "@＠"
            asked = in_brackets(rest[1:])
            name, left = (asked.written, asked.left) if asked else token(rest[1:])
            written.append(f"{'@' if wants else '-'}{name if asked else quoted(name)}")
            if not people.take(name, asked, wants=wants):
                (wanted if wants else unwanted).append(name)
            rest = left.lstrip(_BLANKS)
        if not written:
            raise Unreadable("还没说发到哪些群")
        if not _LAST_CHOICE.isdisjoint(wanted):
            others = [word for word in written if word.removeprefix("@") not in _LAST_CHOICE]
            return cls(" ".join(others), None), rest
        everywhere = any(name in _EVERY_GROUP for name in wanted)
        segment = people.segment()
        audience = Audience(() if everywhere else tuple(wanted), tuple(unwanted), segment=segment)
        return cls(" ".join(written), audience), rest
