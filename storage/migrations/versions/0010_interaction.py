"""Wishes, polls, chains, draws, coupons and questions that are answered."""

from __future__ import annotations

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Forward only."""
