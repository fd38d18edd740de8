"""Telegram: topics, staff chats, reach, forms, invitations, and posts that pass."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Document, Identity, UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward only."""
    _widen()
    op.create_table(
        "topics",
        _owner("group_id"),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("group_id", "topic", name="pk_topics"),
        _belongs("topics", "group_id", "groups"),
    )
    op.create_table(
        "passing_posts",
        sa.Column("id", Identity, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passing_posts"),
    )
    op.create_index("ix_passing_posts_account_until", "passing_posts", ["account", "until"])
    op.create_table(
        "forms",
        _owner("member_id"),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("body", Document(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name="pk_forms"),
        _belongs("forms", "member_id", "members"),
    )
    op.create_table(
        "button_words",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_button_words"),
    )
    op.create_index("ix_button_words_used_at", "button_words", ["used_at"])
    op.create_table(
        "appointment_codes",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_appointment_codes"),
    )
    _invite()


def _owner(name: str) -> sa.Column[int]:
    return sa.Column(name, Identity, nullable=False)


def _belongs(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )


def _index_where(name: str, table: str, columns: list[str], where: str) -> None:
    part = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=part, postgresql_where=part)


def _widen() -> None:
    op.add_column(
        "groups", sa.Column("is_staff", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("groups", sa.Column("staff_group_id", Identity, nullable=True))
    op.add_column("groups", sa.Column("admits", sa.Text(), nullable=True))
    op.add_column("groups", sa.Column("accepted_at", UtcDateTime(), nullable=True))
    op.add_column("groups", sa.Column("asked_at", UtcDateTime(), nullable=True))
    op.add_column("groups", sa.Column("declined_at", UtcDateTime(), nullable=True))
    # Until now only the shop's own people could bring the bot into a group.
    op.execute(sa.text("UPDATE groups SET accepted_at = since"))
    _index_where(
        "ix_groups_staff_group_id", "groups", ["staff_group_id"], "staff_group_id IS NOT NULL"
    )
    op.add_column("members", sa.Column("started_at", UtcDateTime(), nullable=True))
    op.add_column("members", sa.Column("appointed_at", UtcDateTime(), nullable=True))
    _index_where(
        "ix_members_appointed", "members", ["platform", "person"], "appointed_at IS NOT NULL"
    )
    op.add_column("memberships", sa.Column("invite_id", Identity, nullable=True))
    _index_where("ix_memberships_invite_id", "memberships", ["invite_id"], "invite_id IS NOT NULL")
    op.add_column("messages", sa.Column("topic", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("pressed_on", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("pictures", Document(), nullable=True))
    op.add_column("messages", sa.Column("edited_at", UtcDateTime(), nullable=True))


def _invite() -> None:
    op.create_table(
        "invites",
        sa.Column("id", Identity, nullable=False),
        _owner("group_id"),
        _owner("member_id"),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invites"),
        sa.UniqueConstraint("group_id", "member_id", name="uq_invites_group_id_member_id"),
        _belongs("invites", "group_id", "groups"),
        _belongs("invites", "member_id", "members"),
    )
    op.create_index("ix_invites_link", "invites", ["link"])
    op.create_table(
        "join_requests",
        sa.Column("id", Identity, nullable=False),
        _owner("group_id"),
        _owner("member_id"),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("invite_id", Identity, nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("decided", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_join_requests"),
        sa.UniqueConstraint(
            "group_id",
            "member_id",
            "asked_at",
            name="uq_join_requests_group_id_member_id_asked_at",
        ),
        _belongs("join_requests", "group_id", "groups"),
        _belongs("join_requests", "member_id", "members"),
    )
    _index_where("ix_join_requests_open", "join_requests", ["group_id", "id"], "settled_at IS NULL")
