"""Variants of what is sent, and what a campaign cost and brought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Identity, UtcDateTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Forward only."""
    op.add_column("deliveries", sa.Column("variant", sa.Text(), nullable=True))
    op.create_table(
        "campaign_money",
        sa.Column("campaign_id", Identity, nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("returned", sa.BigInteger(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", name="pk_campaign_money"),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name="fk_campaign_money_campaign_id",
            ondelete="CASCADE",
        ),
    )
