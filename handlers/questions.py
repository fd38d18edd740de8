"""Fans' questions: found in what was said, and told to the staff once where nobody answers them.

What a question and an answer are, says `insights/questions.py`. A question that neither the staff
nor another fan has answered for half an hour is told in the staff chat that looks after the group,
several at once where there are several. At night it waits until the quiet hours are over. What was
asked or may have been answered while nothing was heard is never told: nobody knows.

The watch looks once a minute at what was said lately; behind a night, or a pause, as far back as
it had not looked yet, or the staff could not be told, but for a day at most. What is older stands
in the morning report. A question of an imported history is never told.

What is told together is noted under one moment, which is also in the key of the calls that tell it.
So whoever looks next, be it another process, sees in the attempts whether it was said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from itertools import groupby
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import structlog

from handlers.desk import Desk
from handlers.hearing_gaps import gaps_of
from handlers.quoting import masked
from handlers.staff import tell_managers, was_told
from insights.lexicon import Lexicon
from insights.masking import mask_name
from insights.questions import Asking, Line, Question, ReadAsking, read_asking, read_questions
from insights.words import Segmenter
from scheduler.content import Content
from scheduler.quiet_hours import quiet_until
from storage.database import Database
from storage.faqs import answered_at
from storage.groups import Group, all_groups
from storage.hearing_gaps import Gap
from storage.lately_said import IMPORTED
from storage.questions import Talk, note_told, note_untold, talk, told_at
from storage.quotes import Said

_log = structlog.get_logger(__name__)

OVERDUE = timedelta(minutes=30)
"""So long a question may stand without an answer before the staff are told."""

_TOLD_FOR = timedelta(days=1)  # what was asked before is told no more
_LATE = timedelta(hours=2)  # so much later something may be heard than it was said
_BEFORE = timedelta(hours=1)  # what was said before a question tells whom it is meant for
_APART = timedelta(microseconds=1)  # each telling has a moment of its own
_LISTED = 6  # questions in one message
_QUOTE = 60  # characters
_TEXTS = 20_000  # that are remembered as they were read: some 20 MB
_GROUPS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class GroupQuestion:
    """A question of a group, who asked it, and the platform's id of the message."""

    group: Group
    question: Question
    name: str
    sent_as: str

    @property
    def said(self) -> Said:
        """The message, to be quoted."""
        one = self.question
        return Said(one.message, self.group.id, one.member, self.name, one.at, one.text)


async def questions_in(
    desk: Desk, groups: Sequence[Group], since: datetime, until: datetime, *, heard: datetime
) -> list[GroupQuestion]:
    """The questions asked in these groups, since ≤ t < until, with what answered them.

    Args:
        desk: the shop's.
        groups: where they were asked.
        since: from when on.
        until: up to when.
        heard: up to when answers count.
    """
    found: list[GroupQuestion] = []
    read = _memory(desk).reader(desk)
    for start in range(0, len(groups), _GROUPS_AT_ONCE):
        some = {group.id: group for group in groups[start : start + _GROUPS_AT_ONCE]}
        async with desk.database.reading() as connection:
            said = await talk(connection, list(some), since - _BEFORE, heard)
        by_group = await asyncio.to_thread(_questions, said, read)
        asked = [(one, said) for one, said in by_group if since <= one.at < until]
        async with desk.database.reading() as connection:
            ours = await answered_at(connection, [one.message for one, _ in asked])
        found += [
            GroupQuestion(
                some[said.group_id],
                _answered_by_us(one, ours.get(one.message)),
                "".join(said.called[:1]),
                said.message,
            )
            for one, said in asked
        ]
    return found


def _answered_by_us(one: Question, at: datetime | None) -> Question:
    """A question that the shop's own written answer was given to: the shop has answered it."""
    if at is None or (one.staff_at is not None and one.staff_at <= at):
        return one
    return replace(one, staff_at=max(at, one.at))  # who asks behind an answer has it at once


def _questions(said: Sequence[Talk], read: ReadAsking) -> list[tuple[Question, Talk]]:
    """The questions in talk that is in order group by group, each with the message it is."""
    found = []
    for _, talked in groupby(said, key=lambda one: one.group_id):
        there = {one.id: one for one in talked}
        questions = read_questions(_lines(there.values()), read)
        found += [(one, there[one.message]) for one in questions]
    return found


def _lines(said: Iterable[Talk]) -> Iterator[Line]:
    for one in said:
        yield Line(
            message=one.id,
            member=one.member_id,
            at=one.at,
            text=one.text,
            staff=one.staff,
            called=one.called,
            reply_to=one.reply_to,
            to_fan=one.to_fan,
        )


@dataclass(slots=True)
class _Memory:
    """What a process remembers of one database: its last look, what was said, texts it has read."""

    looked_at: datetime | None = None
    said: set[datetime] = field(default_factory=set)  # moments of what was surely told
    _words: tuple[Segmenter, Lexicon] | None = None
    _read: ReadAsking | None = field(default=None, repr=False)

    def reader(self, desk: Desk) -> ReadAsking:
        """Reads texts with the shop's words as they are now, each text once."""
        words = desk.segmenter, desk.lexicon
        if self._read is None or self._words is None or not _same(words, self._words):
            self._words = words
            self._read = _remembering(*words)
        return self._read


def _same(words: tuple[object, ...], others: tuple[object, ...]) -> bool:
    return all(one is other for one, other in zip(words, others, strict=True))


def _remembering(segmenter: Segmenter, lexicon: Lexicon) -> Callable[[str], Asking]:
    read = partial(read_asking, segmenter=segmenter, lexicon=lexicon)
    return lru_cache(maxsize=_TEXTS)(read)


_MEMORIES: WeakKeyDictionary[Database, _Memory] = WeakKeyDictionary()


def _memory(desk: Desk) -> _Memory:
    return _MEMORIES.setdefault(desk.database, _Memory())


def was_heard(asked: GroupQuestion, gaps: Collection[Gap], until: datetime) -> bool:
    """Whether all was heard from a question on until a moment, or until it was answered."""
    end = min(asked.question.answered_at or until, until)
    return not any(
        gap.account == asked.group.account
        and gap.since < end
        and (gap.until is None or gap.until > asked.question.at)
        for gap in gaps
    )


async def tell_unanswered(desk: Desk) -> int:
    """Tell the staff of the questions that nobody has answered for half an hour; how many.

    The first look of a process tells nothing: what was said while it was off is still coming in.
    """
    now = desk.clock.now()
    if quiet_until(now, ZoneInfo(desk.care.zone), desk.care.quiet_hours) is not None:
        return 0
    memory = _memory(desk)
    if memory.looked_at is None:
        memory.looked_at = now - _TOLD_FOR
        return 0
    async with desk.database.reading() as connection:
        groups = await all_groups(connection, desk.shop_id)
    since = max(memory.looked_at - _LATE, now - _TOLD_FOR)
    waiting = await _untold(desk, await _waiting(desk, groups, since, now))
    told = 0
    looked_at = now
    for place, chat in enumerate({one.group.staff_group_id for one in waiting}):
        theirs = [one for one in waiting if one.group.staff_group_id == chat]
        if await _tell(desk, theirs, now + place * _APART):
            told += len(theirs)
        else:
            oldest = min(one.question.at for one in theirs)
            looked_at = min(looked_at, oldest + _LATE)  # so the next look still sees it
    memory.looked_at = looked_at
    return told


async def _waiting(
    desk: Desk, groups: Sequence[Group], since: datetime, now: datetime
) -> list[GroupQuestion]:
    """The questions that stand too long without any answer, as far as that is known."""
    last = now - OVERDUE + timedelta(microseconds=1)  # half an hour ago counts
    asked = await questions_in(desk, groups, since, last, heard=now + timedelta(microseconds=1))
    open_ones = [
        one
        for one in asked
        if one.question.answered_at is None and not one.sent_as.startswith(IMPORTED)
    ]
    if not open_ones:
        return []
    accounts = {one.group.account for one in open_ones}
    gaps = await gaps_of(desk, accounts, since, now)
    return [one for one in open_ones if was_heard(one, gaps, now)]


async def _untold(desk: Desk, waiting: Sequence[GroupQuestion]) -> list[GroupQuestion]:
    """Those of which the staff were not told, the oldest first.

    What was noted and never said, because a process ended or nobody was reached, is noted no more.
    """
    ids = [one.question.message for one in waiting]
    async with desk.database.reading() as connection:
        noted = await told_at(connection, ids)
    said = _memory(desk).said
    said.intersection_update(noted.values())
    for moment in {*noted.values()} - said:
        if await was_told(desk, _key(moment), moment):
            said.add(moment)
    unsaid = [message for message, moment in noted.items() if moment not in said]
    if unsaid:
        async with desk.database.writing() as connection:
            await note_untold(connection, unsaid)
    left = {*ids}.difference(noted).union(unsaid)
    untold = [one for one in waiting if one.question.message in left]
    return sorted(untold, key=lambda one: (one.question.at, one.question.message))


def _key(moment: datetime) -> str:
    return f"questions/{moment.astimezone(UTC).isoformat()}"


async def _tell(desk: Desk, new: Sequence[GroupQuestion], moment: datetime) -> bool:
    """Tell those who look after these groups; whether anybody was reached."""
    texts = await masked(desk, [one.said for one in new[:_LISTED]])
    ids = [one.question.message for one in new]
    async with desk.database.writing() as connection:
        await note_told(connection, ids, moment)
    content = Content("\n".join(_words(desk, new, texts)))
    if await tell_managers(desk, content, _key(moment), about=new[0].group.id):
        _memory(desk).said.add(moment)
        return True
    _log.warning("questions_unheard", count=len(new))
    return False


def _words(desk: Desk, new: Sequence[GroupQuestion], texts: Mapping[int, str]) -> list[str]:
    minutes = int(OVERDUE / timedelta(minutes=1))
    title = (
        desk.say("这个问题 {minutes} 分钟没人回了：", minutes=minutes)
        if len(new) == 1
        else desk.say(
            "有 {count} 个问题超过 {minutes} 分钟没人回：", count=len(new), minutes=minutes
        )
    )
    left = len(new) - _LISTED
    return [
        title,
        *(question_line(desk, one, texts) for one in new[:_LISTED]),
        *([desk.say("还有 {count} 个，翻翻群里吧。", count=left)] if left > 0 else []),
    ]


def question_line(desk: Desk, asked: GroupQuestion, texts: Mapping[int, str]) -> str:
    """A question as a line: where, when, who and what, the last two masked; and the way there."""
    text = " ".join(texts[asked.question.message].split())
    sender = desk.senders.get(asked.group.account)
    link = None if sender is None else sender.link_to(asked.sent_as)
    line = desk.say(
        "「{group}」{time} {name}：“{quote}”",
        group=asked.group.name,
        time=desk.show_time(asked.question.at),
        name=mask_name(asked.name),
        quote=text if len(text) <= _QUOTE else f"{text[: _QUOTE - 1]}…",
    )
    return line if link is None else f"{line}\n{link}"
