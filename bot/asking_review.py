"""The review that the command line shows, as a text, a document, a page and a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.asking import opened_desk
from bot.configuration import Configuration
from handlers.arguments import Unreadable
from handlers.reviewing.arguments import ReviewWords
from handlers.reviewing.asking import asked_review, reviewable
from handlers.reviewing.document import review_document
from handlers.reviewing.page import review_page
from handlers.reviewing.picture import review_png
from handlers.reviewing.text import review_text
from storage.errors import RunningError

_KNOWN = 20


class ReviewUnknown(RunningError):
    """There is nothing of this name to look back on."""

    number = 530
    sentence = "There is no campaign {name!r}, and no programme of that name was on."
    mend = "There is: {known}."


class ReviewNotDrawn(RunningError):
    """The picture of a review could not be drawn."""

    number = 531
    sentence = "The picture of the review could not be drawn."
    mend = "Look at the log for the reason; nuanqun doctor checks the fonts."


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """A review in each of its forms; `picture` is a PNG file, None where it was not drawn.

    Before it has `begun` there is nothing to draw.
    """

    document: dict[str, Any]
    text: str
    page: str
    picture: bytes | None
    begun: bool


async def review(
    configuration: Configuration, written: str, *, pictured: bool = False
) -> ReviewAnswer:
    """The review of a campaign by its number or key, or of a programme, `double11:2026`.

    Raises:
        ReviewUnknown: there is none.
    """
    async with opened_desk(configuration) as desk:
        try:
            words, _ = ReviewWords.read(written)
            found = await asked_review(desk, words)
        except Unreadable:
            found = None
        if found is None:
            known = ", ".join(
                f"{one.asked.replace(' ', ':')}" for one in await reviewable(desk, _KNOWN)
            )
            raise ReviewUnknown(name=written, known=known or "nothing yet")
        return ReviewAnswer(
            review_document(desk, found),
            review_text(desk, found),
            review_page(desk, found),
            await review_png(desk, found) if pictured else None,
            found.begun,
        )
