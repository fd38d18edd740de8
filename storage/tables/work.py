"""What people do with the bot: forms, confirmations, choices, and the record of their changes."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

from storage.columns import Document, Identity, UtcDateTime, Words
from storage.tables.parts import belonging_to, metadata

forms = Table(
    "forms",
    metadata,
    Column("member_id", Identity, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True),
    Column("account", Words, nullable=False),
    Column("address", Words, nullable=False),  # where it is filled in
    Column("kind", Words, nullable=False),
    Column("step", Words, nullable=False),
    Column("body", Document, nullable=False),
    Column("left_at", UtcDateTime),  # put aside, to be resumed
    Column("moved_at", UtcDateTime, nullable=False),
)

confirmations = Table(
    "confirmations",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("members.id", "member_id"),
    Column("kind", Words, nullable=False),
    Column("body", Document, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index("ix_confirmations_member_id", "member_id"),
)

last_choices = Table(
    "last_choices",
    metadata,
    Column("member_id", Identity, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True),
    Column("groups", Words, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("details", Document, nullable=False),
    Index("ix_audit_log_at", "at"),
    Index("ix_audit_log_subject", "subject"),
)
