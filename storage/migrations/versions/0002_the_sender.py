"""The sender: leases, priorities, caps, approvals that are waited for, events kept unheard.

An audience belongs to a content version from here on, so that it is approved with its text.
Nothing is rebuilt: on SQLite, moving `deliveries` into a new table would take the attempts that
point to it along.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Document, Identity, UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Forward only."""
    _lease_lanes()
    _know_recipients()
    _move_audiences()
    _widen_deliveries()
    op.add_column("attempts", sa.Column("holds_until", UtcDateTime(), nullable=True))
    op.create_table(
        "unheard_events",
        sa.Column("id", Identity, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("kept_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unheard_events"),
    )
    op.create_index("ix_unheard_events_kept_at", "unheard_events", ["kept_at"], unique=False)


def _lease_lanes() -> None:
    op.add_column("lanes", sa.Column("expires_at", UtcDateTime(), nullable=True))
    op.add_column("lanes", sa.Column("rests_until", UtcDateTime(), nullable=True))
    op.add_column("lanes", sa.Column("rest_reason", sa.Text(), nullable=True))


def _know_recipients() -> None:
    op.add_column("groups", sa.Column("muted_at", UtcDateTime(), nullable=True))
    op.add_column("groups", sa.Column("zone", sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("zone", sa.Text(), nullable=True))
    op.add_column("members", sa.Column("unreachable_at", UtcDateTime(), nullable=True))


def _move_audiences() -> None:
    op.add_column(
        "content_versions",
        sa.Column("audience", Document(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("content_versions", sa.Column("reminded_at", UtcDateTime(), nullable=True))
    op.add_column(
        "campaigns",
        sa.Column("priority", sa.Integer(), server_default=sa.text("3"), nullable=False),
    )
    op.add_column(
        "campaigns",
        sa.Column("hold_out", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("campaigns", sa.Column("promotion", Document(), nullable=True))
    op.add_column("campaigns", sa.Column("version_id", Identity, nullable=True))
    op.execute(
        "UPDATE content_versions SET audience = "
        "(SELECT audience FROM campaigns WHERE campaigns.id = content_versions.campaign_id)"
    )
    op.execute(
        "UPDATE campaigns SET version_id = "
        "(SELECT max(id) FROM content_versions WHERE campaign_id = campaigns.id)"
    )
    op.drop_column("campaigns", "audience")


def _widen_deliveries() -> None:
    # In one clause, because SQLite cannot add a constraint to a table that stands.
    identity = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f"ALTER TABLE deliveries ADD COLUMN member_id {identity} "
        "CONSTRAINT fk_deliveries_member_id REFERENCES members (id) ON DELETE CASCADE"
    )
    op.add_column(
        "deliveries",
        sa.Column("priority", sa.Integer(), server_default=sa.text("3"), nullable=False),
    )
    op.add_column(
        "deliveries",
        sa.Column("resent", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("deliveries", sa.Column("began_at", UtcDateTime(), nullable=True))
    op.execute(
        "UPDATE deliveries SET began_at = "
        "(SELECT max(began_at) FROM attempts WHERE delivery_id = deliveries.id)"
    )
    op.drop_index("ix_deliveries_account_state_not_before", "deliveries")
    planned, doubted = sa.text("state = 'planned'"), sa.text("state IN ('sending', 'uncertain')")
    op.create_index(
        "ix_deliveries_planned",
        "deliveries",
        ["account", "priority", "not_before"],
        sqlite_where=planned,
        postgresql_where=planned,
    )
    op.create_index(
        "ix_deliveries_doubted",
        "deliveries",
        ["account", "state"],
        sqlite_where=doubted,
        postgresql_where=doubted,
    )
    op.create_index("ix_deliveries_group_id_began_at", "deliveries", ["group_id", "began_at"])
    op.create_index("ix_deliveries_member_id_began_at", "deliveries", ["member_id", "began_at"])
