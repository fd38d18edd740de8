"""How managers correct what the bot understands: what a word counts as, and which words are words.

Each change takes effect at once in every process, and past days are read again in the background
(`rereading`); here it does so before the answer is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.period import Period, today
from handlers.reading_days import first_readable, unread_days
from handlers.word_arguments import AspectWord
from insights.lexicon import WHOLE, Lexicon, Taught, Term, stop_words
from storage import audit, taught_opinions, word_proposals
from storage.groups import heard_groups
from storage.taught_opinions import TaughtOpinion
from storage.word_proposals import Decision


class Unteachable(Enum):
    """Why a word is not taught."""

    STEERS = "it steers the words around it: every sentence would be read otherwise"
    PRODUCT = "what it should be said of is a product, and no aspect"
    NO_ASPECT = "what it should be said of steers or judges, and is no aspect"
    NAMES = "it only names an aspect or a product, and says nothing of it"


@dataclass(frozen=True, slots=True)
class Corrected:
    """A word as it counts now.

    `before` is what was taught of it, None where nothing was; `new_aspect` tells that nobody had
    heard of the aspect. `days` past days will be read again.
    """

    said: AspectWord
    taught: Taught
    before: Taught | None
    new_aspect: bool
    days: int


async def teach(
    desk: Desk, actor: str, said: AspectWord, taught: Taught
) -> Corrected | Unteachable:
    """Let a word count as this, about one aspect or whatever it is said of."""
    known = WHOLE if said.aspect == WHOLE else desk.lexicon.aspect_called(said.aspect)
    if why := _unteachable(desk.lexicon, said, taught, known):
        return why
    meant = AspectWord(known or said.aspect, said.word)
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        stood = await taught_opinions.opinion_taught(
            connection, desk.shop_id, meant.aspect, meant.word
        )
        before = None if stood is None else Taught(stood.stance)
        if before is not taught:
            one = TaughtOpinion(meant.aspect, meant.word, taught.value, actor, now)
            await taught_opinions.teach_opinion(connection, desk.shop_id, one)
            details = {"stance": taught.value}
            await _note(connection, desk, actor, "opinion", meant.written, **details)
            await word_proposals.withdraw(connection, desk.shop_id, [meant.word])
    new = bool(meant.aspect) and not known
    return Corrected(meant, taught, before, new, await _read_anew(desk))


def _unteachable(
    lexicon: Lexicon, said: AspectWord, taught: Taught, known: str
) -> Unteachable | None:
    """Why a word is not taught; `known` is the aspect that it is said of, if we know that."""
    term = lexicon.terms.get(said.word, Term())
    if term.roles and not term.polarity and not term.own:
        return Unteachable.STEERS
    if said.aspect and not known:
        new = lexicon.terms.get(said.aspect, Term())
        if new.thing:
            return Unteachable.PRODUCT
        speaks = bool(new.roles or new.polarity or new.feeling) or said.aspect in stop_words()
        if speaks or not any(map(str.isalpha, said.aspect)):
            return Unteachable.NO_ASPECT
    names = (term.aspect or term.thing) and not term.polarity and not term.own
    # That it is there at all can be minded or cared for: 成分 酒精 = 介意.
    mere = taught in (Taught.MIND, Taught.CARE) and term.aspect == known != said.word
    return Unteachable.NAMES if names and not mere else None


async def take_back(desk: Desk, actor: str, said: AspectWord) -> int | None:
    """Let a word count as it did before; how many past days will be read again.

    None where nothing was taught of it.
    """
    aspect = desk.lexicon.aspect_called(said.aspect) or said.aspect
    meant = AspectWord(aspect, said.word)
    async with desk.database.writing() as connection:
        gone = await taught_opinions.take_back_opinion(
            connection, desk.shop_id, meant.aspect, meant.word, desk.clock.now()
        )
        if gone:
            await _note(connection, desk, actor, "unopinion", meant.written)
    return await _read_anew(desk) if gone else None


async def decide(desk: Desk, actor: str, word: str, decision: Decision) -> int | None:
    """Learn a word, or refuse it; how many past days will be read again.

    None where that is decided already.
    """
    async with desk.database.writing() as connection:
        new = await word_proposals.decide_on(
            connection, desk.shop_id, word, decision, by=actor, at=desk.clock.now()
        )
        if new:
            action = "learn" if decision is Decision.LEARNT else "unlearn"
            await _note(connection, desk, actor, action, word)
    return await _read_anew(desk) if new else None


async def _note(
    connection: AsyncConnection, desk: Desk, actor: str, action: str, subject: str, **details: str
) -> None:
    await audit.note(connection, audit.Entry(desk.clock.now(), actor, action, subject, details))


async def _read_anew(desk: Desk) -> int:
    """Read with the words as they are now; how many past days were read with others."""
    await desk.vocabulary.refresh()
    async with desk.database.reading() as connection:
        groups = await heard_groups(connection, desk.shop_id)
    readable = Period(first_readable(desk), today(desk))
    unread = await unread_days(desk, [group.id for group in groups], readable)
    return len({one.day for one in unread})
