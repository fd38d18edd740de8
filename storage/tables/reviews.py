"""Which reviews the staff were told."""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, Table

from storage.columns import Identity, UtcDateTime, Words
from storage.tables.parts import belonging_to, metadata

told_reviews = Table(
    "told_reviews",
    metadata,
    belonging_to("shops.id", "shop_id"),
    Column("kind", Words, nullable=False),  # campaign, programme, or the year of one that runs on
    Column("reviewed_id", Identity, nullable=False),  # of the campaign, or of its running programme
    Column("told_at", UtcDateTime),  # null: it was over for too long, or nothing came of it
    Column("tried_at", UtcDateTime),  # when it last reached nobody; null once that is settled
    PrimaryKeyConstraint("shop_id", "kind", "reviewed_id"),
)
