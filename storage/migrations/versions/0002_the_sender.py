"""The sender: leases, priorities, caps, approvals waited for; events kept, welcomes to be said.

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
    _close_attempts()
    op.create_table(
        "unheard_events",
        sa.Column("id", Identity, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("kept_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unheard_events"),
    )
    op.create_index("ix_unheard_events_kept_at", "unheard_events", ["kept_at"], unique=False)
    op.create_table(
        "pending_welcomes",
        sa.Column("id", Identity, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("body", Document(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pending_welcomes"),
        sa.UniqueConstraint("key", name="uq_pending_welcomes_key"),
    )


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
    # A draft is planned as well from here on, and held: nothing of it is lost from its first day.
    op.execute("UPDATE campaigns SET planned_until = created_at WHERE planned_until IS NULL")


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
    _index_where("planned", ["account", "priority", "not_before", "id"], "state = 'planned'")
    _index_where("doubted", ["account", "state"], "state IN ('sending', 'uncertain')")
    begun = "group_id IS NOT NULL AND began_at IS NOT NULL"
    _index_where("of_group", ["group_id", "began_at"], begun)
    _index_where("of_member", ["member_id", "began_at"], "member_id IS NOT NULL")


def _close_attempts() -> None:
    op.add_column("attempts", sa.Column("holds_until", UtcDateTime(), nullable=True))
    unanswered = "ended_at IS NULL AND delivery_id IS NULL"
    _index_where("unanswered", ["account"], unanswered, table="attempts")
    held = "holds_until IS NOT NULL"
    _index_where("held", ["account", "holds_until"], held, table="attempts")


def _index_where(name: str, columns: list[str], where: str, *, table: str = "deliveries") -> None:
    part = sa.text(where)
    op.create_index(f"ix_{table}_{name}", table, columns, sqlite_where=part, postgresql_where=part)
