"""The words that the bot reads with, the same in every process of the shop.

They come from the shop's configuration (its own words, products and trades, as the newest start
wrote them down), from the words that managers learnt, and from what they taught of words
(`/opinion`). `Vocabulary` holds them as a segmenter and a lexicon. When they change, by whichever
process, it reads them anew: at once where it hears the bell, at the latest after a minute. Both
are then others than before, and never changed in place: what is just being read is read to its end
with the words it was begun with.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.settings import ConfiguredWords
from insights.lexicon import Lexicon, Taught, standard_lexicon
from insights.normalise import normalise
from insights.teaching import TaughtWord, teach
from insights.words import Segmenter, open_segmenter
from storage.bells import Bell
from storage.database import Database
from storage.shop_words import adopt, configured_words, number_of_words
from storage.taught_opinions import all_taught
from storage.word_proposals import Decision, decided_words

_log = structlog.get_logger(__name__)

_LOOK_EVERY = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Lessons:
    """All that the shop says of words."""

    configured: ConfiguredWords
    learnt: tuple[str, ...] = ()
    opinions: tuple[TaughtWord, ...] = ()

    @property
    def whole_words(self) -> frozenset[str]:
        """What is kept whole, whether the dictionary knows it or not, in normal form."""
        things = self.configured.things
        names = (name for names in things.values() for name in names)
        written = (*self.configured.words, *things, *names, *self.learnt)
        return frozenset(filter(None, map(normalise, written)))

    @property
    def opinion_words(self) -> frozenset[str]:
        """What was taught of that can be kept whole: no single character, and no [emoji]."""
        return frozenset(
            row.word for row in self.opinions if len(row.word) > 1 and row.word.isalnum()
        )


def segmenter_for(lessons: Lessons, *, alone: bool = False) -> Segmenter:
    """A segmenter that keeps the shop's words whole. Slow (0.1 s): call it in a thread.

    A taught opinion that the dictionary knows keeps its part of speech. Words are learnt in one
    order, for how one is kept whole depends on those before it. For `alone` see `open_segmenter`.
    """
    segmenter = open_segmenter(alone=alone)
    unknown = {word for word in lessons.opinion_words if not segmenter.knows(word)}
    segmenter.learn(sorted(lessons.whole_words | unknown))
    return segmenter


def lexicon_for(lessons: Lessons) -> Lexicon:
    """The lexicon as the shop extends and corrects it. Slow (0.1 s): call it in a thread."""
    lexicon = standard_lexicon(lessons.configured.trades).with_things(lessons.configured.things)
    return teach(lexicon, lessons.opinions)


class Vocabulary:
    """What this process reads with. `open` it, and let `keep_fresh` run while the bot does.

    `number` names the state of the words: another number, other words.
    """

    def __init__(
        self,
        database: Database,
        shop_id: int,
        own: ConfiguredWords,
        segmenter: Segmenter,
        lexicon: Lexicon,
    ) -> None:
        """Read with these; `own` is what the configuration of this process says."""
        self._database = database
        self._shop_id = shop_id
        self._own = own
        self._lessons = Lessons(own)
        self._refreshing = asyncio.Lock()
        self._changed = asyncio.Event()
        self.segmenter = segmenter
        self.lexicon = lexicon
        self.number = 0

    @classmethod
    async def open(
        cls, database: Database, shop_id: int, own: ConfiguredWords, *, adopting: bool = False
    ) -> Self:
        """Know all that the shop says of words now.

        Where a bot has started before, that is what its configuration said, unless we are about to
        `adopt` what ours says.
        """
        async with database.reading() as connection:
            number, lessons = await _look(connection, shop_id, own)
        if lessons.configured != own:
            _log.info("words_of_another_configuration", adopting=adopting)
        if adopting:
            lessons = Lessons(own, lessons.learnt, lessons.opinions)
        segmenter, lexicon = await asyncio.to_thread(
            lambda: (segmenter_for(lessons), lexicon_for(lessons))
        )
        vocabulary = cls(database, shop_id, own, segmenter, lexicon)
        vocabulary._lessons = lessons
        vocabulary.number = number
        return vocabulary

    @property
    def whole_words(self) -> frozenset[str]:
        """The shop's own words, products and learnt words, in normal form."""
        return self._lessons.whole_words

    async def adopt(self, at: datetime) -> None:
        """Have everybody read with the words of our configuration, from this start on."""
        async with self._database.writing() as connection:
            await adopt(connection, self._shop_id, self._own.to_json(), at)
        await self.refresh()

    async def refresh(self) -> bool:
        """Look whether the words are others by now, and read with them if so."""
        async with self._refreshing:
            async with self._database.reading() as connection:
                if await number_of_words(connection, self._shop_id) == self.number:
                    return False
                number, lessons = await _look(connection, self._shop_id, self._own)
            before, segmenter, lexicon = self._lessons, self.segmenter, self.lexicon
            if _is_cut_otherwise(segmenter, before, lessons):
                segmenter = await asyncio.to_thread(segmenter_for, lessons, alone=True)
            if (lessons.configured, lessons.opinions) != (before.configured, before.opinions):
                lexicon = await asyncio.to_thread(lexicon_for, lessons)
            self._lessons, self.segmenter, self.lexicon = lessons, segmenter, lexicon
            self.number = number
            self._changed.set()
            self._changed = asyncio.Event()
            _log.info("words_changed", number=number)
            return True

    async def keep_fresh(self, *, look_every: float = _LOOK_EVERY) -> None:
        """Refresh whenever the bell rings, and now and then without it, until cancelled."""
        rung = asyncio.Event()

        def note(bell: Bell) -> None:
            if bell is Bell.WORDS:
                rung.set()

        stop = self._database.bells.listen(note)
        try:
            while True:
                rung.clear()
                await self.refresh()
                await _within(look_every, rung)
        finally:
            stop()

    async def wait(self, number: int, within: float) -> None:
        """Wait until the words have another number than this, at most so many seconds."""
        if number == self.number:
            await _within(within, self._changed)


def _is_cut_otherwise(segmenter: Segmenter, before: Lessons, now: Lessons) -> bool:
    """Whether texts are to be cut otherwise than by this segmenter, which was made before."""
    if now.whole_words != before.whole_words:
        return True
    new, gone = now.opinion_words - before.opinion_words, before.opinion_words - now.opinion_words
    lost = (gone & segmenter.changes.keys()) - now.whole_words
    return bool(lost) or not all(map(segmenter.knows, new))


async def _look(
    connection: AsyncConnection, shop_id: int, own: ConfiguredWords
) -> tuple[int, Lessons]:
    """What the shop says of words now, and its number."""
    number = await number_of_words(connection, shop_id)
    written = await configured_words(connection, shop_id)
    learnt = await decided_words(connection, shop_id, Decision.LEARNT)
    taught = await all_taught(connection, shop_id)
    return number, Lessons(
        configured=own if written is None else ConfiguredWords.from_json(written),
        learnt=tuple(sorted(one.word for one in learnt)),
        opinions=tuple(
            sorted(TaughtWord(one.aspect, one.word, Taught(one.stance)) for one in taught)
        ),
    )


async def _within(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
