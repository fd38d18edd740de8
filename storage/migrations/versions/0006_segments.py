"""Saved segments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Identity, UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "saved_segments",
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("expression", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "name", name="pk_saved_segments"),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name="fk_saved_segments_shop_id", ondelete="CASCADE"
        ),
    )
