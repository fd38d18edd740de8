"""The shop, its accounts on platforms, and what keeps them running."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table

from storage.columns import Identity, UtcDateTime, Words
from storage.tables.parts import metadata

shops = Table(
    "shops",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("key", Words, nullable=False, unique=True),
    Column("halted_at", UtcDateTime),  # 急停: nothing leaves while this is set
)

accounts = Table(
    "accounts",
    metadata,
    Column("account", Words, primary_key=True),
    Column("platform", Words, nullable=False),
    Column("cursor", Words),  # how far this account's events are stored
    Column("me", Words),  # who the account is, by the platform's id
    Column("me_name", Words),
    Column("state", Words),  # online, scan or offline; null: its platform says nothing of it
    Column("state_reason", Words),
    Column("state_since", UtcDateTime),
    Column("scan_code", Words),  # what is to be scanned to log it in
    Column("told_state", Words),  # the state that staff were told last
    Column("stopped_at", UtcDateTime),  # nothing leaves until a manager says so
    Column("stop_reason", Words),
    Column("told_stop_at", UtcDateTime),  # the `stopped_at` that staff were told last
)

hearing_gaps = Table(
    "hearing_gaps",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Index("ix_hearing_gaps_account_until", "account", "until"),
)

lanes = Table(
    "lanes",
    metadata,
    Column("account", Words, primary_key=True),
    Column("holder", Words, nullable=False),
    Column("token", Identity, nullable=False),  # fencing: rises with every takeover
    Column("taken_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),  # of the lease, in real time; null: nobody holds it
    Column("rests_until", UtcDateTime),  # the account is paused until then
    Column("rest_reason", Words),
)

appointment_codes = Table(
    "appointment_codes",
    metadata,
    Column("account", Words, primary_key=True),
    Column("digest", Words, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

unheard_events = Table(
    "unheard_events",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    Column("cursor", Words, nullable=False),
    Column("person", Words),  # whose it was, by the platform's id
    Column("event", Words, nullable=False),  # what it was, for who mends it
    Column("error", Words, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
    Index("ix_unheard_events_kept_at", "kept_at"),
)

chores = Table(
    "chores",
    metadata,
    Column("name", Words, primary_key=True),
    Column("done_at", UtcDateTime, nullable=False),
)
