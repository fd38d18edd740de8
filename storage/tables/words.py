"""What the shop taught the bot about fans' words, and what the bot told the staff of them."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Integer, Table

from storage.columns import Document, Identity, UtcDateTime, Words
from storage.tables.parts import index_where, metadata

shop_words = Table(
    "shop_words",
    metadata,
    Column("shop_id", Identity, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, nullable=False),  # grows with each change of the words
    Column("body", Document, nullable=False),  # as the configuration of the newest start had them
    Column("changed_at", UtcDateTime, nullable=False),
)

taught_opinions = Table(
    "taught_opinions",
    metadata,
    Column("shop_id", Identity, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True),
    Column("aspect", Words, primary_key=True),  # empty: whatever it is said of
    Column("word", Words, primary_key=True),
    Column("stance", Words, nullable=False),
    Column("set_by", Words, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)

word_proposals = Table(
    "word_proposals",
    metadata,
    Column("shop_id", Identity, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True),
    Column("word", Words, primary_key=True),
    Column("mentions", Integer, nullable=False),
    Column("speakers", Integer, nullable=False),
    Column("found_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),  # when the managers were asked
    Column("decided", Words),  # learnt or refused; null: a manager is to say
    Column("decided_by", Words),
    Column("decided_at", UtcDateTime),
    index_where("ix_word_proposals_open", "shop_id", where="decided IS NULL"),
)

told_spikes = Table(
    "told_spikes",
    metadata,
    Column("shop_id", Identity, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True),
    Column("thing", Words, primary_key=True),  # what so many said
    Column("began_at", UtcDateTime, primary_key=True),
    Column("fans", Integer, nullable=False),
    Column("usually", Float, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),  # when it was last seen to go on
    Column("told_at", UtcDateTime),
)

watched_windows = Table(
    "watched_windows",
    metadata,
    Column("shop_id", Identity, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True),
    Column("began_at", UtcDateTime, primary_key=True),
    Column("version", Words, nullable=False),  # of the words and rules it was read with
    Column("speakers", Integer, nullable=False),
    Column("fans", Document, nullable=False),  # thing → how many said it; nobody's name
)

told_questions = Table(
    "told_questions",
    metadata,
    Column("message_id", Identity, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("told_at", UtcDateTime, nullable=False),
)
