"""Promotion windows (大促): days on which a campaign may speak more often, and later at night.

A shop's ordinary caps and quiet hours are meant for ordinary weeks. Around a sale, fans expect
more, so a campaign may carry a `Promotion`: its days, its own caps for a group, and late nights.
It is shown to whoever approves the campaign, and `decide` applies it, by the recipient's calendar,
to that campaign's deliveries alone. Storage keeps it as a document beside the campaign; a
programme's file writes the same with the year left open (see `programme.py`):

    {"first_day": "2026-10-14", "last_day": "2026-11-14", "posts_a_day": 6, "posts_a_week": 42,
     "late_nights": ["2026-11-10", "2026-11-11"]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from storage.errors import SchedulingError

_PARTS = frozenset({"first_day", "last_day", "posts_a_day", "posts_a_week", "late_nights"})


class PromotionInvalid(SchedulingError):
    """A part of a promotion window has a value that it cannot have."""

    number = 320
    sentence = "The promotion's {part} cannot be {found!r}."
    mend = "Give {allowed}."


@dataclass(frozen=True, slots=True)
class Promotion:
    """Caps for a group from `first_day` to `last_day`, both included, and late nights among them.

    The caps roll over 24 hours and 7 days like the ordinary ones. The quiet hours of a late
    night begin at 24:00 instead of in the evening.
    """

    first_day: date
    last_day: date
    posts_a_day: int
    posts_a_week: int
    late_nights: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        for part in ("posts_a_day", "posts_a_week"):
            if (found := getattr(self, part)) < 1:
                raise PromotionInvalid(part=part, found=found, allowed="a number above 0")
        if self.first_day > self.last_day:
            raise PromotionInvalid(
                part="last_day",
                found=self.last_day.isoformat(),
                allowed=f"a day from {self.first_day} on",
            )
        for night in self.late_nights:
            if not self.covers(night):
                raise PromotionInvalid(
                    part="late_nights",
                    found=night.isoformat(),
                    allowed=f"days from {self.first_day} to {self.last_day}",
                )

    def covers(self, day: date) -> bool:
        """Whether this is one of its days."""
        return self.first_day <= day <= self.last_day

    def to_json(self) -> dict[str, Any]:
        """The promotion as plain JSON."""
        return {
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "posts_a_day": self.posts_a_day,
            "posts_a_week": self.posts_a_week,
            "late_nights": [night.isoformat() for night in self.late_nights],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Promotion:
        """The promotion that `to_json` wrote, or that a person wrote in this shape.

        `late_nights` may be left out.

        Raises:
            PromotionInvalid: a part is missing, unknown or cannot be what it is.
        """
        if unknown := sorted(document.keys() - _PARTS):
            raise PromotionInvalid(
                part="list of parts",
                found=", ".join(unknown),
                allowed="only " + ", ".join(sorted(_PARTS)),
            )
        nights = document.get("late_nights", [])
        if not isinstance(nights, list):
            raise PromotionInvalid(part="late_nights", found=nights, allowed="a list of days")
        return cls(
            first_day=_day("first_day", document.get("first_day")),
            last_day=_day("last_day", document.get("last_day")),
            posts_a_day=_whole_number("posts_a_day", document.get("posts_a_day")),
            posts_a_week=_whole_number("posts_a_week", document.get("posts_a_week")),
            late_nights=tuple(_day("late_nights", night) for night in nights),
        )


def _day(part: str, found: Any) -> date:
    allowed = "a date, 2026-11-11"
    if not isinstance(found, str):
        raise PromotionInvalid(part=part, found=found, allowed=allowed)
    try:
        return date.fromisoformat(found)
    except ValueError as error:
        raise PromotionInvalid(part=part, found=found, allowed=allowed) from error


def _whole_number(part: str, found: Any) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise PromotionInvalid(part=part, found=found, allowed="a whole number")
    return found
