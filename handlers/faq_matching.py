"""Which of the shop's questions a text asks: they are compared by the things that they speak of.

A text that asks something, as `insights/questions.py` reads it, is compared with the questions that
the shop has written down. The closest one is meant where it names at least one thing in its own
words and enough of the rest is the same; none is where the text complains or tells more than it
asks (`faq_left_to_staff.txt`).

The shop's questions are read once for each change of them, or of what is understood. What fans say
is read in a thread, and before anything is written: reading takes longer than storing. What those
say who asked for no record is not read at all.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources

from handlers.desk import Desk
from handlers.events import Event, MessageHeard
from insights.lexicon import Lexicon
from insights.normalise import normalise
from insights.questions import read_asking
from insights.words import Segmenter
from storage.faqs import Faq, all_faqs
from storage.members import unrecorded_among

LONGEST_QUESTION = 120
"""Characters: a longer text is a story, and the staff's to answer."""

_SLASHES = frozenset("/／")  # what begins so is for the bot to do
_ALIKE = 0.4  # of all that either speaks of, so much both do


class FaqBook:
    """The shop's questions, read: each by the things that it speaks of."""

    def __init__(self, faqs: Sequence[Faq], segmenter: Segmenter, lexicon: Lexicon) -> None:
        """Read them with these words."""
        self._faqs, self._segmenter, self._lexicon = tuple(faqs), segmenter, lexicon
        self._written = [normalise(faq.question) for faq in faqs]
        self._about = [read_asking(faq.question, segmenter, lexicon).about for faq in faqs]
        self._speaking_of: defaultdict[str, list[int]] = defaultdict(list)
        for place, about in enumerate(self._about):
            for thing in about:
                self._speaking_of[thing].append(place)

    def is_of(self, faqs: Sequence[Faq], segmenter: Segmenter, lexicon: Lexicon) -> bool:
        """Whether these are its questions, read with the same words."""
        same_words = self._segmenter is segmenter and self._lexicon is lexicon
        return same_words and self._faqs == tuple(faqs)

    def asked_in(self, texts: Mapping[str, str]) -> dict[str, Faq]:
        """Message → the question that its text asks; those that ask none are missing."""
        found = {}
        for message, text in texts.items():
            read = read_asking(text, self._segmenter, self._lexicon)
            place = self._closest(read.about) if read.asks else None
            if place is not None and not _is_left_to_staff(text, self._written[place]):
                found[message] = self._faqs[place]
        return found

    def _closest(self, things: frozenset[str]) -> int | None:
        """The place of the question that speaks of nearly the same; None: none is close enough."""
        best, most = None, 0.0
        for place in sorted({one for thing in things for one in self._speaking_of.get(thing, ())}):
            theirs = self._about[place]
            both = things & theirs
            # A wider name that both come under (delivery) is no thing that the shop wrote of.
            if not any(thing in self._written[place] for thing in both):
                continue
            alike = len(both) / len(things | theirs)
            if alike >= _ALIKE and alike > most:
                best, most = place, alike
        return best


class FaqReader:
    """Finds the shop's questions in what is said, and remembers them as long as they stand."""

    def __init__(self, platform: str) -> None:
        """Nothing is read yet of what is said on this platform."""
        self._platform = platform
        self._book: FaqBook | None = None

    async def asked_in(self, desk: Desk, events: Iterable[Event]) -> dict[str, Faq]:
        """Message → the question that it asks, of what was said and answers nobody."""
        said = [
            event
            for event in events
            if isinstance(event, MessageHeard)
            and event.reply_to is None
            and event.text.lstrip()[:1] not in _SLASHES
            and len(event.text) <= LONGEST_QUESTION
        ]
        if not said:
            return {}
        async with desk.database.reading() as connection:
            faqs = await all_faqs(connection, desk.shop_id)
            if not faqs:
                return {}
            persons = {event.sender.id for event in said}
            unread = await unrecorded_among(connection, self._platform, persons)
        texts = {one.message: one.text for one in said if one.sender.id not in unread}
        return await asyncio.to_thread(self._read, faqs, desk.segmenter, desk.lexicon, texts)

    def _read(
        self,
        faqs: Sequence[Faq],
        segmenter: Segmenter,
        lexicon: Lexicon,
        texts: Mapping[str, str],
    ) -> dict[str, Faq]:
        book = self._book
        if book is None or not book.is_of(faqs, segmenter, lexicon):
            book = self._book = FaqBook(faqs, segmenter, lexicon)
        return book.asked_in(texts)


def _is_left_to_staff(text: str, written: str) -> bool:
    """Whether a text complains, or tells something, in words that the question is not put in."""
    said = normalise(text)
    return any(word in said and word not in written for word in _left_to_staff())


@lru_cache(maxsize=1)
def _left_to_staff() -> tuple[str, ...]:
    text = resources.files("handlers").joinpath("faq_left_to_staff.txt").read_text("utf-8")
    rows = (row.strip() for row in text.splitlines())
    return tuple(normalise(row) for row in rows if row and not row.startswith("#"))
