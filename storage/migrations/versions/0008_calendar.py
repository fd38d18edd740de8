"""Quiet days, and the shop's own days."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Forward only."""
