"""New words: found at night in what fans said lately, and proposed to the managers by day, once.

What counts as a word is decided in `insights.new_words`. A manager learns it or refuses it with a
button (`/learn`, `/unlearn`); `/words` lists what waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from handlers.desk import Desk
from handlers.period import Period, today
from handlers.reading_days import texts_of
from handlers.staff import tell_managers
from insights.background import Background
from insights.days import Utterance
from insights.new_words import NewWord, find_new_words
from scheduler.content import Button, Content
from scheduler.quiet_hours import quiet_until
from storage import members
from storage.groups import heard_groups
from storage.taught_opinions import all_taught
from storage.word_proposals import (
    Decision,
    FoundWord,
    ShopWord,
    decided_words,
    note_asked,
    propose,
    waiting_words,
    withdraw,
)

_DAYS = 14
_LAPSES = timedelta(days=14)  # so long after it was last found a word is not asked about any more
_MOST_TEXTS = 50_000  # as many as `find_new_words` reads
_PROPOSED = 20  # words kept of one night
_ASKED = 5  # words in one message: two buttons stand below for each
_DAY = timedelta(days=1)


async def find_words(desk: Desk) -> int:
    """Look for new words in what fans said in the last two weeks; how many wait for a manager."""
    said = await _said_lately(desk)
    async with desk.database.reading() as connection:
        names = await members.names(connection)
        decided = [
            one.word
            for decision in Decision
            for one in await decided_words(connection, desk.shop_id, decision)
        ]
        taught = [one.word for one in await all_taught(connection, desk.shop_id)]
    known = {*decided, *taught, *desk.vocabulary.whole_words}
    found = await asyncio.to_thread(_find, said, known, names)
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        await propose(
            connection,
            desk.shop_id,
            [FoundWord(one.word, one.mentions, one.speakers) for one in found[:_PROPOSED]],
            now,
        )
        await withdraw(connection, desk.shop_id, known, now - _LAPSES)
        return len(await waiting_words(connection, desk.shop_id))


def _find(
    said: Sequence[Utterance], known: Iterable[str], names: Sequence[str]
) -> tuple[NewWord, ...]:
    return find_new_words(said, Background(), known=set(known), names=names)


async def _said_lately(desk: Desk) -> list[Utterance]:
    """What fans said in the last two weeks, in order; of very much the newest days."""
    async with desk.database.reading() as connection:
        groups = await heard_groups(connection, desk.shop_id)
    said: list[Utterance] = []
    for day in reversed(Period.ending(today(desk) - _DAY, _DAYS).days):
        for group in groups:
            said += await texts_of(desk, group.id, day)
        if len(said) >= _MOST_TEXTS:
            break
    return sorted(said, key=lambda one: (one.at, one.message))


async def propose_words(desk: Desk) -> list[str]:
    """Ask the managers about the words that they were not asked about; who was reached.

    In quiet hours nobody is: they are asked the next day. Whoever nobody could be asked about
    stays to be asked.
    """
    now = desk.clock.now()
    if quiet_until(now, ZoneInfo(desk.shop.zone), desk.care.quiet_hours) is not None:
        return []
    async with desk.database.reading() as connection:
        untold = await waiting_words(connection, desk.shop_id, untold=True)
    asked = untold[:_ASKED]
    if not asked:
        return []
    content = Content(
        "\n".join(_question(desk, asked, len(untold) - len(asked))),
        buttons=word_buttons(desk, [one.word for one in asked]),
    )
    told = await tell_managers(desk, content, f"words/{desk.shop.day_of(now).isoformat()}")
    if told:
        async with desk.database.writing() as connection:
            await note_asked(connection, desk.shop_id, [one.word for one in untold], now)
    return told


def _question(desk: Desk, asked: Sequence[ShopWord], more: int) -> list[str]:
    lines = [
        desk.say(
            "粉丝最近常说 {count} 个我不认识的词，要学吗？学了就当一个词看。",
            count=len(asked) + more,
        )
    ]
    lines += [
        desk.say(
            "「{word}」{speakers} 位说了 {mentions} 次",
            word=one.word,
            speakers=one.speakers,
            mentions=one.mentions,
        )
        for one in asked
    ]
    return [*lines, desk.say("还有 {count} 个，发 /words 看。", count=more)] if more else lines


def word_buttons(desk: Desk, words: Iterable[str]) -> tuple[Button, ...]:
    """Yes and no for each of these words."""
    return tuple(
        button
        for word in words
        for button in (
            Button(desk.say("学「{word}」", word=word), f"/learn {word}"),
            Button(desk.say("不学「{word}」", word=word), f"/unlearn {word}"),
        )
    )
