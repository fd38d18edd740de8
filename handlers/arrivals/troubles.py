"""What can be wrong with a feed, as values that are stored and put into words for the staff."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

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
    }
)
"""What does not pass by itself, and is told at the first look."""


class FeedTrouble(HandlingError):
    """A product feed could not be read."""

    number = 450
    sentence = "The product feed cannot be read: {kind} {reason}."
    mend = "Send /feeds in the staff chat: it says what to do about each feed."

    def __init__(self, kind: Trouble, reason: str = "", rests: timedelta | None = None) -> None:
        super().__init__(kind=kind, reason=reason)
        self.kind = kind
        self.reason = reason
        self.rests = rests  # how long its host asked to be left alone

    def to_json(self) -> dict[str, Any]:
        """The trouble as plain JSON."""
        return {"kind": self.kind, "reason": self.reason}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> FeedTrouble:
        """The trouble that `to_json` wrote."""
        return cls(Trouble(document["kind"]), document["reason"])
