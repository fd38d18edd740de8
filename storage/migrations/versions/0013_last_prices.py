"""What a product cost when it could last be had; who was told of a lower price the ledger knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Forward only."""
    op.add_column("products", sa.Column("last_price", sa.Text(), nullable=True))
    op.drop_column("products", "dropped_at")
