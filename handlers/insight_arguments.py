"""What commands about demand take: a period, a thing that is talked about, a segment.

Each is an `Argument` of the registry. Every one of them keeps how it is `written`, so that a
button can ask the same again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar, Self, TypeVar

from handlers.arguments import Unreadable, in_quotes, is_quoted, quoted, token
from handlers.day_arguments import DATE, WrittenDate
from handlers.people_words import in_brackets, named, why_unreadable
from handlers.period import Period
from insights.lexicon import DemandKind
from insights.opinions import Stance
from storage.segment_language.questions import Question, Saved, Tagged
from storage.segment_language.trouble import SegmentUnreadable
from storage.segments import Segment

Meaning = TypeVar("Meaning", Stance, DemandKind)

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_LONGEST = 366  # days
_LONGEST_THING = 200  # characters: products have long names

_TODAY_WORDS = ("今天", "今日", "today")
_YESTERDAY_WORDS = ("昨天", "昨日", "yesterday")
_THIS_WEEK_WORDS = ("本周", "这周", "这个星期", "thisweek")
_LAST_WEEK_WORDS = ("上周", "上个星期", "lastweek")
_THIS_MONTH_WORDS = ("本月", "这个月", "thismonth")
_LAST_MONTH_WORDS = ("上月", "上个月", "lastmonth")

_STANCE_WORDS = {
    "喜欢": Stance.LIKE,
    "like": Stance.LIKE,
    "讨厌": Stance.DISLIKE,
    "不喜欢": Stance.DISLIKE,
    "dislike": Stance.DISLIKE,
    "介意": Stance.MIND,
    "担心": Stance.MIND,
    "mind": Stance.MIND,
    "关心": Stance.CARE,
    "care": Stance.CARE,
}
_KIND_WORDS = {
    "拼团": DemandKind.GROUP_BUY,
    "groupbuy": DemandKind.GROUP_BUY,
    "售后": DemandKind.AFTER_SALE,
    "aftersale": DemandKind.AFTER_SALE,
    "补货": DemandKind.RESTOCK,
    "restock": DemandKind.RESTOCK,
    "用法": DemandKind.USAGE,
    "usage": DemandKind.USAGE,
    "发货": DemandKind.DELIVERY,
    "delivery": DemandKind.DELIVERY,
    "新品": DemandKind.NEW_PRODUCT,
    "newproduct": DemandKind.NEW_PRODUCT,
    "优惠": DemandKind.PRICE,
    "price": DemandKind.PRICE,
}

_NUMBER_OF_DAYS = re.compile(r"(?:最近|近|过去)?(\d{1,4})(?:天|日|d|days)?", re.IGNORECASE)
_BETWEEN = re.compile(
    r"[ \t\u3000]*(?:\.{2,}|…+|~|～|至|到|—+|–)[ \t\u3000]*|[ \t\u3000]+-[ \t\u3000]+"
)
_OTHERS = re.compile(r"[@＠\-－]|(?:tag|标签|segment|分组)[:：]\S|[pP]\d{1,4}(?!\S)", re.IGNORECASE)
_SEGMENT = re.compile(r"(?:tag|标签|segment|分组)[:：](?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Dates:
    """From one day to another, both included."""

    first: WrittenDate
    last: WrittenDate

    def check(self) -> None:
        """Refuse what ends before it begins, or is longer than a year.

        Raises:
            Unreadable: it does, or is.
        """
        if self.first.year is not None and self.last.year is not None:
            first, last = self.first.in_year(self.first.year), self.last.in_year(self.last.year)
            if last < first:
                raise Unreadable("结束的那天在开始之前")
            if (last - first).days >= _LONGEST:
                raise Unreadable("最多看 366 天")

    def meant(self, today: date) -> Period:
        """The period: without years the last one that has begun."""
        if self.first.year is None and self.last.year is not None:
            last = self.last.in_year(self.last.year)
            return Period(self.first.until(last), last)
        first = self.first.until(today)
        return Period(first, self.last.since(first))


def _read_dates(text: str) -> tuple[str, Callable[[date], Period], str] | None:
    """One day or two, as written and what they mean, and what is left; None where there is none."""
    first = DATE.match(text)
    if first is None:
        return None
    between = _BETWEEN.match(text, first.end())
    last = DATE.match(text, between.end()) if between is not None else None
    end = (last or first).end()
    if text[end : end + 1].strip():
        return None
    dates = _Dates(WrittenDate.of(first), WrittenDate.of(last or first))
    if not (dates.first.exists and dates.last.exists):
        raise Unreadable("日历里没有这一天")
    dates.check()
    written = first[0] if last is None else f"{first[0]}..{last[0]}"
    return written, dates.meant, text[end:]


def _last_days(number: int) -> Callable[[date], Period]:
    return lambda today: Period.ending(today, number)


def _this_week(today: date) -> Period:
    return Period(today - today.weekday() * _DAY, today)


def _last_week(today: date) -> Period:
    monday = today - today.weekday() * _DAY - _WEEK
    return Period.ending(monday + 6 * _DAY, 7)


def _this_month(today: date) -> Period:
    return Period(today.replace(day=1), today)


def _last_month(today: date) -> Period:
    last = today.replace(day=1) - _DAY
    return Period(last.replace(day=1), last)


_NAMED: Mapping[tuple[str, ...], Callable[[date], Period]] = {
    _TODAY_WORDS: lambda today: Period(today, today),
    _YESTERDAY_WORDS: lambda today: Period(today - _DAY, today - _DAY),
    _THIS_WEEK_WORDS: _this_week,
    _LAST_WEEK_WORDS: _last_week,
    _THIS_MONTH_WORDS: _this_month,
    _LAST_MONTH_WORDS: _last_month,
}


@dataclass(frozen=True, slots=True)
class PeriodWords:
    """A period as people say it: `7`, `7天`, 昨天, 本周, 上月, `10-01..10-07`, `10-01`.

    本周 and 本月 end today. What is meant depends on the day it is said: see `meant`.
    """

    label: ClassVar[str] = "时间"
    written: str
    resolve: Callable[[date], Period] = field(compare=False, repr=False)

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A number of days, a word, a day, or two days; at most 366 days."""
        if (dates := _read_dates(rest.lstrip())) is not None:
            return cls(*dates[:2]), dates[2]
        text, left = token(rest)
        if found := _NUMBER_OF_DAYS.fullmatch(text):
            number = int(found[1])
            if not 1 <= number <= _LONGEST:
                raise Unreadable("天数要在 1 到 366 之间")
            return cls(str(number), _last_days(number)), left
        for words, resolve in _NAMED.items():
            if text.lower() in words:
                return cls(text, resolve), left
        raise Unreadable("时间要写成 7、本周、上月 或 10-01..10-07")

    @classmethod
    def days(cls, number: int) -> Self:
        """The last so many days, today included."""
        return cls(str(number), _last_days(number))

    @classmethod
    def of(cls, period: Period) -> Self:
        """These days, whatever day it is."""
        one_day = period.first == period.last
        written = f"{period.first}" if one_day else f"{period.first}..{period.last}"
        return cls(written, lambda _: period)

    def meant(self, today: date) -> Period:
        """The period, when it is said on this day."""
        return self.resolve(today)


@dataclass(frozen=True, slots=True)
class About:
    """What is talked about: `气味`, `气味 讨厌`, `补货`, `补货 面膜`.

    `thing` is an aspect, a category, a term or a product, and empty for whatever is asked for in
    one way (`kind`). Only one of `stance` and `kind` is given, or none. In quotes a word is a thing
    whatever it means without them: `"300"`, `"补货"`.
    """

    label: ClassVar[str] = "什么 [喜欢|讨厌|介意|关心]"
    thing: str
    stance: Stance | None = None
    kind: DemandKind | None = None

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A thing with a stance or a kind of demand behind it; or a kind, with a thing behind."""
        thing, left = token(rest)
        if not thing or _begins_another(rest):
            raise Unreadable("还没说是什么")
        if len(thing) > _LONGEST_THING:
            raise Unreadable("这个名字太长了，最多 200 个字")
        word, behind = token(left)
        if (stance := _meant(left, _STANCE_WORDS)) is not None:
            return cls(thing, stance=stance), behind
        if (kind := _meant(rest, _KIND_WORDS)) is not None:
            if not word or len(word) > _LONGEST_THING or _begins_another(left):
                return cls("", kind=kind), left
            return cls(word, kind=kind), behind
        if (kind := _meant(left, _KIND_WORDS)) is not None:
            return cls(thing, kind=kind), behind
        return cls(thing), left

    @property
    def written(self) -> str:
        """How it is written, to be read again: in quotes where it would be read otherwise."""
        plain = self._with(quoted(self.thing))
        return plain if self._is_read_from(plain) else self._with(in_quotes(self.thing))

    def _with(self, thing: str) -> str:
        """How it is written with the thing in this form."""
        stance = "" if self.stance is None else _word_of(self.stance, _STANCE_WORDS)
        kind = "" if self.kind is None else _word_of(self.kind, _KIND_WORDS)
        return " ".join(filter(None, (kind, thing, stance)))

    def _is_read_from(self, written: str) -> bool:
        try:
            return About.read(written) == (self, "")
        except Unreadable:
            return False


@dataclass(frozen=True, slots=True)
class SegmentWord:
    """Whose words alone are meant: `tag:敏感肌`, `分组:常客`, or an expression in brackets.

    `written` is how it is written, to be read again.
    """

    label: ClassVar[str] = "tag:标签"
    segment: Segment
    written: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A tag or a saved segment, in quotes where it has blanks; or what stands in brackets."""
        rest = rest.lstrip()
        asked = in_brackets(rest)
        if asked is not None:
            try:
                return cls(Segment.asking(asked.question), asked.written), asked.left
            except SegmentUnreadable as unreadable:
                sentence, facts = why_unreadable(unreadable.trouble)
                raise Unreadable(sentence, **facts) from unreadable
        opening = _SEGMENT.match(rest)
        if opening is None:
            raise Unreadable("只看带某个标签的人，要写成 tag:敏感肌")
        name, left = token(rest[opening.end() :])
        question = named(f"{opening[0]}{name}")
        if question is None:
            raise Unreadable("只看带某个标签的人，要写成 tag:敏感肌")
        return cls.asking(question), left

    @classmethod
    def asking(cls, question: Question) -> Self:
        """The words of those that a question means."""
        if isinstance(question, Tagged) and len(question.tags) == 1:
            written = f"tag:{quoted(question.tags[0])}"
        elif isinstance(question, Saved):
            written = f"segment:{quoted(question.name)}"
        else:
            written = f"({Segment.asking(question).expression})"
        return cls(Segment.asking(question), written)

    @property
    def tag(self) -> str | None:
        """The one tag that is asked for; None where it is another question."""
        question = self.segment.question
        one = isinstance(question, Tagged) and len(question.tags) == 1
        return question.tags[0] if one and isinstance(question, Tagged) else None


def _word_of(value: Meaning, words: Mapping[str, Meaning]) -> str:
    """The first word that means this."""
    return next(word for word, meant in words.items() if meant is value)


def _meant(rest: str, words: Mapping[str, Meaning]) -> Meaning | None:
    """What the word at the front means; nothing in quotes, or where it is no such word."""
    return None if is_quoted(rest) else words.get(token(rest)[0].lower())


def _begins_another(rest: str) -> bool:
    """Whether a period, groups, a segment or a page begins here, and no thing."""
    rest = rest.lstrip()
    if is_quoted(rest):
        return False
    if not rest or _OTHERS.match(rest) or in_brackets(rest) is not None:
        return True
    try:
        PeriodWords.read(rest)
    except Unreadable:
        return False
    return True
