"""Campaigns, the ledger of their deliveries, and every call to a platform."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, UniqueConstraint, false, text

from storage.columns import Document, Identity, UtcDateTime, Words
from storage.tables.parts import belonging_to, index_where, metadata

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("shops.id", "shop_id"),
    Column("key", Words, nullable=False, unique=True),
    Column("programme", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("schedule", Document, nullable=False),
    Column("zone", Words, nullable=False),
    Column("valid_seconds", Integer, nullable=False),
    Column("priority", Integer, nullable=False, server_default=text("3")),  # see deliveries
    Column("hold_out", Integer, nullable=False, server_default=text("0")),  # percent of people
    Column("promotion", Document),  # caps and late nights of a promotion window
    Column("state", Words, nullable=False),
    Column("reason", Words),
    Column("created_by", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("version_id", Identity),  # the newest content version: what is planned says this
    Column("approved_version", Identity),  # the last one approved; null until somebody approves
    Column("planned_until", UtcDateTime),  # the planning watermark
    Column("running_id", Identity),  # the programme that made it; null: a person asked for it
    Column("skipped", Document),  # slots that a manager left out; null: none
    Index("ix_campaigns_state", "state"),
    index_where("ix_campaigns_running_id", "running_id", where="running_id IS NOT NULL"),
)

content_versions = Table(
    "content_versions",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("campaigns.id", "campaign_id"),
    Column("number", Integer, nullable=False),
    Column("body", Document, nullable=False),
    Column("audience", Document, nullable=False, server_default=text("'{}'")),
    Column("schedule", Document),  # the moments that it was shown with; null: the campaign's own
    Column("created_by", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("approved_by", Words),
    Column("approved_at", UtcDateTime),
    Column("reminded_at", UtcDateTime),  # when staff were told that it waits for approval
    UniqueConstraint("campaign_id", "number"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("key", Words, nullable=False, unique=True),  # campaign, slot and address
    belonging_to("campaigns.id", "campaign_id"),
    belonging_to("content_versions.id", "version_id"),
    Column("slot", Words, nullable=False),
    Column("variant", Words),  # which of its texts, or held-out; null: the only one, or the first
    Column("account", Words, nullable=False),
    Column("address", Words, nullable=False),
    belonging_to("groups.id", "group_id", nullable=True),
    belonging_to("members.id", "member_id", nullable=True),
    Column("priority", Integer, nullable=False, server_default=text("3")),  # 1 goes first
    Column("state", Words, nullable=False),
    Column("reason", Words),
    Column("not_before", UtcDateTime, nullable=False),
    Column("not_after", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("resent", Boolean, nullable=False, server_default=false()),  # a notice, the one time
    Column("began_at", UtcDateTime),  # when it was last begun: what caps count
    Column("receipt", Words),
    Column("recalled_at", UtcDateTime),
    Column("moved_at", UtcDateTime, nullable=False),
    Index("ix_deliveries_campaign_id_state", "campaign_id", "state"),
    index_where(
        "ix_deliveries_planned",
        "account",
        "priority",
        "not_before",
        "id",
        where="state = 'planned'",
    ),
    index_where(
        "ix_deliveries_doubted", "account", "state", where="state IN ('sending', 'uncertain')"
    ),
    # For the caps, and for whom the platform moves: each row is for a group or for a fan.
    index_where("ix_deliveries_of_group", "group_id", "began_at", where="group_id IS NOT NULL"),
    index_where("ix_deliveries_of_member", "member_id", "began_at", where="member_id IS NOT NULL"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    Column("address", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("action", Words, nullable=False),
    belonging_to("deliveries.id", "delivery_id", nullable=True),  # null: a reply
    Column("token", Identity, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", Words),
    Column("reason", Words),
    Column("holds_until", UtcDateTime),  # the platform asked for silence until then
    Column("messages", Integer, nullable=False, server_default=text("1")),  # that its rates count
    Index("ix_attempts_account_began_at", "account", "began_at"),
    Index("ix_attempts_delivery_id", "delivery_id"),
    index_where("ix_attempts_held", "account", "holds_until", where="holds_until IS NOT NULL"),
    index_where(
        "ix_attempts_unanswered", "account", where="ended_at IS NULL AND delivery_id IS NULL"
    ),
)
