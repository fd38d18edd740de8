"""The shop's calendar: the days on which it mourns, and the days that are its own."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Table

from storage.columns import Identity, UtcDateTime, Words
from storage.tables.parts import metadata

quiet_days = Table(
    "quiet_days",
    metadata,
    Column("shop_id", Identity, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("reason", Words, nullable=False),
    Column("declared_by", Words, nullable=False),
    Column("declared_at", UtcDateTime, nullable=False),
)

shop_days = Table(
    "shop_days",
    metadata,
    Column("shop_id", Identity, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("day", Words, nullable=False),  # a rule, as `scheduler/own_days.py` reads it
    Column("set_by", Words, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)
