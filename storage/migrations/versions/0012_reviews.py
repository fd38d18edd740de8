"""Which reviews the staff were told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Identity, UtcDateTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "told_reviews",
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reviewed_id", Identity, nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("shop_id", "kind", "reviewed_id", name="pk_told_reviews"),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name="fk_told_reviews_shop_id", ondelete="CASCADE"
        ),
    )
