"""What managers say of campaigns afterwards."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table

from storage.columns import Identity, UtcDateTime, Words
from storage.tables.parts import metadata

campaign_money = Table(
    "campaign_money",
    metadata,
    Column(
        "campaign_id", Identity, ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("cost", BigInteger),  # in 分
    Column("returned", BigInteger),
    Column("set_by", Words, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)
