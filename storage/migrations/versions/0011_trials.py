"""Variants of what is sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Forward only."""
    op.add_column("deliveries", sa.Column("variant", sa.Text(), nullable=True))
