"""Lists that are longer than a message: a page at a time, with buttons to leaf through.

A page is asked for by the command itself (`/tags p2`), so that its buttons need no memory; the
answer to such a button takes the place of the page before (see `answering.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from handlers.arguments import PageNumber
from handlers.desk import Desk
from handlers.previews import in_one_message
from handlers.replies import Reply, reply
from scheduler.content import Button

Row = TypeVar("Row")

PAGE = 20
"""Rows on a page: what a phone shows without much scrolling, and fits into one message."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list; `number` counts from 1, and `more` tells whether a page follows."""

    rows: Sequence[Row]
    number: int
    more: bool

    @property
    def only(self) -> bool:
        """Whether this page is the whole list."""
        return self.number == 1 and not self.more


@dataclass(frozen=True, slots=True)
class Slice:
    """Which rows to read of a list: so many behind the first `skip`, one more than a page holds."""

    skip: int
    most: int


def slice_of(wanted: PageNumber | None, size: int = PAGE) -> Slice:
    """The rows that a page needs, and one more, which tells whether another page follows."""
    number = 1 if wanted is None else wanted.number
    return Slice((number - 1) * size, size + 1)


def page_read(found: Sequence[Row], wanted: PageNumber | None, size: int = PAGE) -> Page[Row]:
    """The page that the rows of its `slice_of` make."""
    return Page(found[:size], 1 if wanted is None else wanted.number, len(found) > size)


def page_of(rows: Sequence[Row], wanted: PageNumber | None, size: int = PAGE) -> Page[Row]:
    """One page of a whole list."""
    part = slice_of(wanted, size)
    return page_read(rows[part.skip : part.skip + part.most], wanted, size)


def leafing(desk: Desk, page: Page[Row], opening: str, ending: str = "") -> tuple[Button, ...]:
    """The buttons to the pages before and behind; from behind the end, to the first.

    `opening` and `ending` surround the number.
    """
    beside = []
    if page.number > 1 and not page.rows:
        beside.append((desk.say("回第一页"), 1))
    elif page.number > 1:
        beside.append((desk.say("上一页"), page.number - 1))
    if page.more:
        beside.append((desk.say("下一页"), page.number + 1))
    return tuple(Button(label, f"{opening} p{number}{ending}") for label, number in beside)


def page_reply(
    desk: Desk,
    page: Page[Row],
    lines: Sequence[str],
    *buttons: Button,
    opening: str,
    empty: str,
    wanted: PageNumber | None,
) -> Reply:
    """A page of a list as the private answer to a manager.

    `lines` are the rows in words, with their title; `empty` is said of a list that has none, and
    behind the end of one, which may have grown shorter, that there is nothing more. `opening` is
    the command that asks for the list.
    """
    none = empty if page.only else desk.say("后面没有了。")
    shown = lines if page.rows else [none]
    number = [] if page.only else [desk.say("第 {number} 页", number=page.number)]
    text = in_one_message(desk, shown, number) if number else "\n".join(shown)
    turns = leafing(desk, page, opening)
    return reply(text, *buttons, *turns, private=True, replaces=wanted is not None)
