"""What a post of a programme says on another day than its file's, and what is wrong with it there.

How many days are left is reckoned from the day on which it goes out. Other words that name a day
are wrong for certain where that day is one of the programme's, or is over by then (今天 on the last
day to order, 1月28日); what else names a day or an hour is pointed out, for only a person can tell
whether it is still right. A move into quiet hours or onto a quiet day is refused with the nearest
moment that is open; it is held against the programme's other rules too: phases, caps, other posts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from handlers.desk import Desk
from handlers.programme_entries import Entry
from handlers.programme_problems import problem_lines
from handlers.time_words import dates_named, days_ahead, time_words
from scheduler.bodies import content_of, variants_of
from scheduler.programme_plan import ProgrammePlan
from scheduler.programme_posts import NamedDay
from scheduler.programme_problems import DatedPhase, DatedPost, problems_of
from scheduler.wall_time import zone_named


def ends_before(plan: ProgrammePlan, slot: str, to: datetime) -> datetime | None:
    """The end of what a post is tied to, where `to` is not before it: a node, or a shop's moment.

    None where it may go out then; its words are about nothing that is over.
    """
    tied = (one for one in plan.posts if one.slot == slot and one.told)
    return next((one.until for one in tied if to >= one.until), None)


@dataclass(frozen=True, slots=True)
class WordsThen:
    """The words of a post that name a day or an hour, once it goes out at another moment.

    Those that are `false` are so for certain, each with the day that it meant; whether the
    `doubtful` ones are still right, only a person can tell.
    """

    false: Mapping[str, NamedDay]
    doubtful: Sequence[str]


def words_then(
    desk: Desk, plan: ProgrammePlan, body: Mapping[str, Any], one: Entry, to: datetime
) -> WordsThen:
    """What becomes of the words of a post at `to`, in any of its texts.

    The file's words were written for the file's day, those of a manager for where the post stands.
    """
    name = desk.say("小鱼") if one.in_private else desk.say("群")
    texts = [
        content_of(body, one.slot, name, in_private=one.in_private, variant=variant).text
        for variant in variants_of(body, one.slot)
    ]
    post = next((post for post in plan.posts if post.slot == one.slot), None)
    written_for = one.at.date() if one.rewritten or post is None else post.at.date()
    days = () if post is None else post.days
    false = {
        word: meant for text in texts for word, meant in _false_on(text, days, written_for, to)
    }
    found = time_words(texts, another_day=to.date() != written_for)
    said_already = "".join(false)
    return WordsThen(false, [word for word in found if word not in said_already])


def _false_on(
    text: str, days: Sequence[NamedDay], written_for: date, to: datetime
) -> Iterator[tuple[str, NamedDay]]:
    """The words that are wrong on another day: 今天 which was the last one to order, 1月28日."""
    later = to.date() - written_for
    if not later:
        return
    by_day = {one.day: one for one in reversed(days)}
    names = {name for one in days for name in one.name.values()}
    for word, ahead in days_ahead(text, names):
        if meant := by_day.get(written_for + timedelta(days=ahead)):
            yield word, meant
    for word, day in dates_named(text, written_for):
        if written_for <= day < to.date():
            yield word, by_day.get(day, NamedDay(day, {}))


def false_lines(desk: Desk, false: Mapping[str, NamedDay], to: datetime) -> list[str]:
    """A line for each word that is wrong at `to`, with what it means."""
    say, language, lines = desk.say, desk.shop.language, list[str]()
    for word, meant in false.items():
        name = meant.name.get(language, meant.name.get("zh", ""))
        sentence = (
            "✗ 文案里写着「{word}」，说的是「{name}」（{day}），{to} 发就不对了"
            if name
            else "✗ 文案里写着「{word}」，{to} 发就过了"
        )
        day = f"{meant.day:%m-%d}"
        lines.append(say(sentence, word=word, name=name, day=day, to=f"{to:%m-%d}"))
    return lines


def doubt_lines(desk: Desk, words: Sequence[str]) -> list[str]:
    """A line about the words that may be wrong at another moment."""
    if not words:
        return []
    named = desk.listed((desk.say("「{word}」", word=word) for word in words), len(words))
    return [desk.say("请留意：文案里写着{words}，换了时间还对吗？", words=named)]


def wrong_there(
    desk: Desk, plan: ProgrammePlan, entries: Sequence[Entry], slot: str, to: datetime
) -> list[str]:
    """A line for each thing that is wrong with a post at a local time, beside all the others."""
    times = {one.slot: one.at.replace(tzinfo=None) for one in entries} | {slot: to}
    left = {one.slot for one in entries if one.skipped}
    posts = [
        replace(post, at=times.get(post.slot, post.at))
        for post in plan.posts
        if post.slot not in left
    ]
    found = problems_of(
        [
            DatedPhase(one.key, one.first, one.last)
            for one in plan.phases
            if one.first is not None and one.last is not None
        ],
        [DatedPost(one.slot, one.phase, one.at, one.audience, one.told) for one in posts],
        plan.promotion,
        desk.care,
        zone_named(desk.shop.zone),
    )
    about = [one for one in found if slot in one.slots]
    lines = problem_lines(desk, replace(plan, posts=tuple(posts)), about)
    return [desk.say("请留意："), *lines] if lines else []
