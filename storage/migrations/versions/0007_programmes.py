"""Programmes that are switched on, and the campaigns that they make."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forward only."""
