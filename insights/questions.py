"""Which questions fans ask in a group, and who answers them first: the staff, or another fan.

A **question** is a fan's text of which a clause asks (see `clauses`: what only has the form of a
question asks nothing) and which either names something (a term, an aspect, a product, a demand) or
says that it wants an answer (请问, 在哪, 老板在吗). A thing with one of a few endings asks too
(我的快递呢, 还有货没). It is none where it asks along with somebody (同问), only marvels
(为什么这么香啊), or is meant for one other fan: it replies to a fan, or calls one by name.

An **answer** is the first later text of somebody else in the group that meets the question:

1. it replies to it, or to something else that its asker said: then it is about nothing else;
2. it calls the asker by name (@小雨): likewise;
3. it speaks of something that the question names;
4. of the staff only: it comes within ten minutes, and no other question fits better (可以的亲).

Of a fan, only what asks nothing itself and does not speak along (同问, 我也没收到) answers, and it
answers one question; where it is no reply, of the last quarter of an hour. The staff may also ask
back, and what they say of a thing answers everybody who asked about it, for half a day.

Pure: who is staff, and who replies to whom, is handed in with the texts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources

from insights.clauses import Clause, read_clauses
from insights.lexicon import Lexicon, Role
from insights.normalise import normalise
from insights.terms import read_terms
from insights.words import Segmenter

STAFF_ANSWERS = timedelta(hours=12)
"""How long what the staff say of a thing may be the answer to a question about it."""

_FAN_ANSWERS = timedelta(minutes=15)
_RIGHT_AFTER = timedelta(minutes=10)
_SHORTEST_NAME = 2  # characters: a shorter one begins too many words
_TURNING = frozenset({Role.DENIAL, Role.SCORN})  # 难道不香吗 means its opposite
_END = " 。.!！~～？?"
_BORDERS = r"[\s，,。.！!？?；;~～]"
_INSIDE = r"[^\s，,。.！!？?；;~～]*"
_SOMEBODY = -1  # of whom nothing is known but that a message replies to them


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a group, by whomever.

    Attributes:
        message: its id.
        member: who said it.
        at: when.
        text: what was said.
        staff: whether somebody of the shop said it.
        called: what the speaker is called there.
        reply_to: the id of the message that it replies to, where the platform tells.
        to_fan: whether it replies to a fan other than the speaker.
    """

    message: int
    member: int
    at: datetime
    text: str
    staff: bool = False
    called: tuple[str, ...] = ()
    reply_to: int | None = None
    to_fan: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """What a text is, to whoever looks for questions: whether it asks, and what it speaks of."""

    asks: bool
    along: bool  # it only joins in with what another one says
    about: frozenset[str]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and when the staff and another fan (`helper`) first answered it, if they did."""

    message: int
    member: int
    at: datetime
    text: str
    staff_at: datetime | None = None
    fan_at: datetime | None = None
    helper: int | None = None

    @property
    def answered_at(self) -> datetime | None:
        """When anybody first answered."""
        return min((at for at in (self.staff_at, self.fan_at) if at is not None), default=None)

    def waited(self, now: datetime) -> timedelta:
        """How long it stood without any answer, so far."""
        return (self.answered_at or now) - self.at


ReadAsking = Callable[[str], Asking]


def read_asking(text: str, segmenter: Segmenter, lexicon: Lexicon) -> Asking:
    """Whether a text asks something that wants an answer, and what it speaks of."""
    normal = normalise(text)
    tagged = segmenter.tag(normal)
    clauses = read_clauses(normal, tagged, lexicon)
    about = frozenset(read_terms(tagged)) | frozenset(_named(clauses))
    words = _words()
    left = words.marvelling.sub("", normal)
    meant = clauses if left == normal else read_clauses(left, segmenter.tag(left), lexicon)
    turned = any(not clause.roles.isdisjoint(_TURNING) for clause in meant)
    asks = (
        (any(clause.question for clause in meant) or (words.ends_asking(left) and not turned))
        and not _has_any(normal, words.asking_along)
        and (bool(about) or _has_any(normal, words.wanting))
    )
    return Asking(asks, _has_any(normal, words.echoes), about)


def read_questions(lines: Iterable[Line], read: ReadAsking) -> list[Question]:
    """The questions of one group in the order they were asked, with their first answers.

    Args:
        lines: what was said, in the order it was said.
        read: reads one text (`read_asking` with its words).
    """
    reading = _Reading(read)
    for line in lines:
        reading.take(line)
    return reading.questions


def _named(clauses: Sequence[Clause]) -> Iterator[str]:
    """What the lexicon knows of what is named: the same thing by whichever word."""
    for clause in clauses:
        for mark in clause.marks:
            term = mark.term
            yield from (name for name in (term.aspect, term.thing) if name)
            yield from (kind.value for kind in (term.always, term.asked) if kind is not None)


@dataclass(frozen=True, slots=True)
class _Words:
    asking_along: tuple[str, ...]
    wanting: tuple[str, ...]
    echoes: tuple[str, ...]
    asking: re.Pattern[str]  # a clause that asks without a word that asks
    marvelling: re.Pattern[str]  # a clause that has the form of a question and only marvels

    def ends_asking(self, text: str) -> bool:
        """Whether the last clause of a text asks without a word that asks."""
        last = re.split(_BORDERS, text.rstrip(_END))[-1]
        return self.asking.fullmatch(last) is not None


@lru_cache(maxsize=1)
def _words() -> _Words:
    def read(name: str) -> dict[str, list[str]]:
        text = resources.files(__package__).joinpath(name).read_text("utf-8")
        return tomllib.loads(text)

    own, people = read("questions.toml"), read("people.toml")
    return _Words(
        asking_along=tuple(own["asking_along"]),
        wanting=tuple(own["wanting"]),
        echoes=tuple(people["echoes"]),
        asking=re.compile("|".join(own["asking"])),
        marvelling=re.compile(f"{_INSIDE}(?:{'|'.join(own['marvelling'])}){_INSIDE}[？?]?"),
    )


def _has_any(text: str, words: Iterable[str]) -> bool:
    return any(word in text for word in words)


@dataclass(slots=True)
class _Reading:
    """One pass over what was said in a group."""

    read: ReadAsking
    questions: list[Question] = field(default_factory=list)
    about: list[frozenset[str]] = field(default_factory=list)  # of each question
    asked_by: dict[int, list[int]] = field(default_factory=dict)  # member → places of questions
    members: dict[int, int] = field(default_factory=dict)  # message → who said it
    # What somebody is called → the fan it is; None: somebody of the staff.
    names: dict[str, int | None] = field(default_factory=dict)
    lengths: set[int] = field(default_factory=set)  # of the names
    # Places of the questions that the staff, and the fans, have not answered, in order.
    open: dict[bool, dict[int, None]] = field(default_factory=lambda: {True: {}, False: {}})

    def take(self, line: Line) -> None:
        """Take in the next message."""
        asking = self.read(line.text)
        if line.staff or not (asking.asks or asking.along):
            self._answer(line, asking)
        self.members[line.message] = line.member
        if line.staff:
            self._know(line, None)
            return
        if asking.asks and not line.to_fan and self._called(line) in (None, line.member):
            self.asked_by.setdefault(line.member, []).append(len(self.questions))
            for places in self.open.values():
                places[len(self.questions)] = None
            self.questions.append(Question(line.message, line.member, line.at, line.text))
            self.about.append(asking.about)
        self._know(line, line.member)

    def _know(self, line: Line, fan: int | None) -> None:
        """Keep what the speaker is called."""
        for name in line.called:
            if len(name) >= _SHORTEST_NAME:
                self.names[name] = fan
                self.lengths.add(len(name))

    def _answer(self, line: Line, asking: Asking) -> None:
        """Let a message answer what it answers."""
        for place in self._answered(line, asking):
            question = self.questions[place]
            self.open[line.staff].pop(place, None)
            self.questions[place] = (
                replace(question, staff_at=line.at)
                if line.staff
                else replace(question, fan_at=line.at, helper=line.member)
            )

    def _answered(self, line: Line, asking: Asking) -> list[int]:
        """The places of the questions that a message answers, the newest first."""
        asker = self._meant_for(line)
        if asker is not None:
            asked = reversed(self.asked_by.get(asker, []))
            theirs = [place for place in asked if self._is_open(place, line)]
            replied_to = [p for p in theirs if self.questions[p].message == line.reply_to]
            return replied_to or theirs[: None if line.staff else 1]
        lately = self._lately(line, STAFF_ANSWERS if line.staff else _FAN_ANSWERS)
        fitting = [place for place in lately if self.about[place] & asking.about]
        if fitting or not line.staff:
            return fitting[: None if line.staff else 1]
        soon = (place for place in lately if line.at - self.questions[place].at <= _RIGHT_AFTER)
        return [*soon][:1]

    def _lately(self, line: Line, within: timedelta) -> list[int]:
        """The places of the open questions that were asked within this time, the newest first."""
        found = []
        for place in reversed(self.open[line.staff]):
            if line.at - self.questions[place].at > within:
                break
            if self.questions[place].member != line.member:
                found.append(place)
        return found

    def _is_open(self, place: int, line: Line) -> bool:
        """Whether a question is somebody else's, and the speaker's side has not answered it."""
        question = self.questions[place]
        answered = question.staff_at if line.staff else question.fan_at
        return answered is None and question.member != line.member

    def _meant_for(self, line: Line) -> int | None:
        """Whom alone a message is meant for, by reply or by name."""
        if line.reply_to is not None:
            return self.members.get(line.reply_to, _SOMEBODY)
        return self._called(line)

    def _called(self, line: Line) -> int | None:
        """The fan whom a text calls by name; the longest name that fits is meant."""
        text = line.text
        at = text.find("@")
        while at >= 0:
            called = [text[at + 1 : at + 1 + length] for length in self.lengths]
            known = [name for name in called if name in self.names]
            if known:
                fan = self.names[max(known, key=len)]
                if fan is not None:
                    return fan
            at = text.find("@", at + 1)
        return None
