"""Programmes that are switched on, and the campaigns that they make."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Document, Identity, UtcDateTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "running_programmes",
        sa.Column("id", Identity, nullable=False),
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("on_since", UtcDateTime(), nullable=True),
        sa.Column("audience", Document(), nullable=True),
        sa.Column("facts", Document(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_running_programmes"),
        sa.UniqueConstraint(
            "shop_id", "key", "year", name="uq_running_programmes_shop_id_key_year"
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name="fk_running_programmes_shop_id", ondelete="CASCADE"
        ),
    )
    op.add_column("campaigns", sa.Column("running_id", Identity, nullable=True))
    op.add_column("campaigns", sa.Column("skipped", Document(), nullable=True))
    op.create_index(
        "ix_campaigns_running_id",
        "campaigns",
        ["running_id"],
        sqlite_where=sa.text("running_id IS NOT NULL"),
        postgresql_where=sa.text("running_id IS NOT NULL"),
    )
    op.add_column("content_versions", sa.Column("schedule", Document(), nullable=True))
