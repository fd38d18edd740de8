"""Segments that a shop has saved under a name."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from storage.columns import Identity, UtcDateTime, Words
from storage.tables.parts import metadata

saved_segments = Table(
    "saved_segments",
    metadata,
    Column("shop_id", Identity, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Words, primary_key=True),
    Column("expression", Words, nullable=False),  # in its canonical form
    Column("set_by", Words, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)
