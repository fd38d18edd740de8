"""Quiet days, and the shop's own days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Identity, UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "quiet_days",
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("declared_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "day", name="pk_quiet_days"),
        _of_shop("quiet_days"),
    )
    op.create_table(
        "shop_days",
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "name", name="pk_shop_days"),
        _of_shop("shop_days"),
    )


def _of_shop(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["shop_id"], ["shops.id"], name=f"fk_{table}_shop_id", ondelete="CASCADE"
    )
