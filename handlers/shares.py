"""Shares of the speakers as people read them: 25%, or 2.8% where a whole per cent says little."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from insights.trends import Trend

Key = TypeVar("Key", bound=Hashable)

_WHOLE_FROM = 0.1


def percent(share: float) -> str:
    """A share of 0 to 1 in per cent."""
    return f"{share:.0%}" if share >= _WHOLE_FROM or not share else f"{share:.1%}"


def shares_told(trend: Trend[Key]) -> tuple[str, str]:
    """The share in all periods before together, and now."""
    before = sum(trend.speakers[:-1]) / max(sum(trend.active[:-1]), 1)
    return percent(before), percent(trend.shares[-1])
