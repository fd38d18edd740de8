"""Programmes that the shop has switched on, or has said something about."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, UniqueConstraint

from storage.columns import Document, Identity, UtcDateTime, Words
from storage.tables.parts import belonging_to, metadata

running_programmes = Table(
    "running_programmes",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("shops.id", "shop_id"),
    Column("key", Words, nullable=False),  # of the programme's file
    Column("year", Integer, nullable=False),  # 0: it runs on from year to year
    Column("on_since", UtcDateTime),  # null: it is off
    Column("audience", Document),  # the groups of its posts; null: it was never on
    Column("facts", Document, nullable=False),  # what the shop said of itself, by fact
    Column("changed_by", Words, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("shop_id", "key", "year"),
)
