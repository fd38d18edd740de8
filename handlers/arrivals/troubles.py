"""What can be wrong with a feed, as values that are stored and put into words for the staff.

A feed that cannot be read at all is one thing; one of which some rows cannot be (`Trouble.ROWS`) is
another: its good rows are used, and the bad ones are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from storage.errors import HandlingError


class Trouble(StrEnum):
    """Why a feed could not be read."""

    UNREACHABLE = "unreachable"  # no such host, nobody there, a broken connection
    SLOW = "slow"
    BUSY = "busy"  # 429, 503: it asks to be left alone
    STATUS = "status"
    DENIED = "denied"  # 401, 403
    LARGE = "large"
    MANY = "many"  # more products than a catalogue has
    REDIRECTED = "redirected"  # to a host that the shop does not allow
    PRIVATE = "private"  # into a network that is nobody's business
    UNREADABLE = "unreadable"
    ROWS = "rows"  # some of them; the others are used


class Unread(StrEnum):
    """Why what came cannot be understood: the reason of UNREADABLE."""

    NO_JSON = "no_json"
    NO_XML = "no_xml"
    NO_CSV = "no_csv"
    NO_TEXT = "no_text"
    NO_LIST = "no_list"
    NO_PRODUCT = "no_product"  # rows, but none with a title and a price that can be read
    DOCUMENT_TYPE = "document_type"  # or entities, which no feed needs
    PACKED = "packed"  # in a way that was not asked for, or wrongly
    CUT_SHORT = "cut_short"


LASTING = frozenset(
    {
        Trouble.DENIED,
        Trouble.LARGE,
        Trouble.MANY,
        Trouble.REDIRECTED,
        Trouble.PRIVATE,
        Trouble.UNREADABLE,
        Trouble.ROWS,
    }
)
"""What does not pass by itself, and is told at the first look."""

MOST_NAMED = 20
"""So many bad rows of a page are kept by name; the others are counted."""


class Flaw(StrEnum):
    """Why a row of a feed is no product."""

    NO_TITLE = "no_title"
    NO_KEY = "no_key"  # neither a number nor a link tells it from others
    NO_PRICE = "no_price"  # what stands for one is no number


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no product: where it stands, counted from 1, what is wrong, and its words.

    `name` is its title, or else its number or link; `written` what stands for its price.
    """

    row: int
    flaw: Flaw
    name: str
    written: str = ""
    page: int = 1

    def to_json(self) -> dict[str, Any]:
        """It as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        return cls(**{**document, "flaw": Flaw(document["flaw"])})

    def is_like(self, other: BadRow) -> bool:
        """Whether it is the same flaw of the same product, wherever that stands by now."""
        mine = (self.flaw, self.name, self.written)
        return mine == (other.flaw, other.name, other.written)


class FeedTrouble(HandlingError):
    """A product feed could not be read, or not all of it: then `rows` are some that could not."""

    number = 450
    sentence = "The product feed cannot be read: {kind} {reason}."
    mend = "Send /feeds in the staff chat: it says what to do about each feed."

    def __init__(
        self,
        kind: Trouble,
        reason: str = "",
        rests: timedelta | None = None,
        rows: Sequence[BadRow] = (),
    ) -> None:
        super().__init__(kind=kind, reason=reason)
        self.kind = kind
        self.reason = reason
        self.rests = rests  # how long its host asked to be left alone
        self.rows = tuple(rows[:MOST_NAMED])

    def to_json(self) -> dict[str, Any]:
        """The trouble as plain JSON."""
        return {
            "kind": self.kind,
            "reason": self.reason,
            "rows": [one.to_json() for one in self.rows],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> FeedTrouble:
        """The trouble that `to_json` wrote, now or before rows were named."""
        rows = [BadRow.from_json(one) for one in document.get("rows", ())]
        return cls(Trouble(document["kind"]), document["reason"], rows=rows)

    @classmethod
    def of_rows(cls, count: int, rows: Sequence[BadRow]) -> FeedTrouble | None:
        """What is wrong with a feed of which so many rows are bad, some by name; None: nothing."""
        return cls(Trouble.ROWS, str(count), rows=rows) if count else None

    @property
    def count(self) -> int:
        """How many rows are bad, named or not; for `Trouble.ROWS` alone."""
        return int(self.reason)

    def has_more_than(self, before: FeedTrouble) -> bool:
        """Whether there are bad rows that were not there before; both are `Trouble.ROWS`.

        Where not all were named, there are where there are more: a feed may change its order with
        every look, and others of the same rows be the first.
        """
        if max(self.count, before.count) > MOST_NAMED:
            return self.count > before.count
        return any(not any(row.is_like(known) for known in before.rows) for row in self.rows)


def rows_told(stored: Mapping[str, Any] | None, *, told: bool) -> Mapping[str, Any] | None:
    """Of a feed's trouble, as it is stored, the bad rows that the staff know of; None: of none.

    They stand behind another trouble as long as nobody was `told` of that: it may pass by itself.
    """
    if stored is None:
        return None
    if stored["kind"] == Trouble.ROWS:
        return stored if told else None
    return None if told else stored.get("behind")
