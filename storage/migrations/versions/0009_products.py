"""Product feeds, products and what was announced of them."""

from __future__ import annotations

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Forward only."""
