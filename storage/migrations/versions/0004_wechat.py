"""WeChat: accounts that log in, gaps in hearing, friends, new ids; and claims on days to read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Document, Identity, UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forward only."""
    for name in ("me", "me_name", "state", "state_reason"):
        op.add_column("accounts", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("state_since", UtcDateTime(), nullable=True))
    for name in ("scan_code", "told_state"):
        op.add_column("accounts", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("stopped_at", UtcDateTime(), nullable=True))
    op.add_column("accounts", sa.Column("stop_reason", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("told_stop_at", UtcDateTime(), nullable=True))
    op.add_column("members", sa.Column("alias", sa.Text(), nullable=True))
    op.add_column("memberships", sa.Column("invited_by", Identity, nullable=True))
    op.add_column("memberships", sa.Column("nickname", sa.Text(), nullable=True))
    _index_where("ix_members_alias", "members", ["alias"], "alias IS NOT NULL")
    _index_where("ix_memberships_nickname", "memberships", ["nickname"], "nickname IS NOT NULL")
    _index_where(
        "ix_memberships_invited_by", "memberships", ["invited_by"], "invited_by IS NOT NULL"
    )
    op.create_index("ix_invites_member_id", "invites", ["member_id"])
    op.create_index("ix_join_requests_member_id", "join_requests", ["member_id"])
    op.drop_index("ix_deliveries_of_group", "deliveries")
    _index_where(
        "ix_deliveries_of_group", "deliveries", ["group_id", "began_at"], "group_id IS NOT NULL"
    )
    op.create_table(
        "hearing_gaps",
        sa.Column("id", Identity, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hearing_gaps"),
    )
    op.create_index("ix_hearing_gaps_account_until", "hearing_gaps", ["account", "until"])
    op.add_column(
        "analysed_days",
        sa.Column("claim", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("analysed_days", sa.Column("claimed_until", UtcDateTime(), nullable=True))
    op.add_column(
        "attempts",
        sa.Column("messages", sa.Integer(), server_default=sa.text("1"), nullable=False),
    )
    _befriend()
    _remember_own_words()
    _recognise()


def _index_where(name: str, table: str, columns: list[str], where: str) -> None:
    part = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=part, postgresql_where=part)


def _belongs_to_member(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["member_id"], ["members.id"], name=f"fk_{table}_member_id", ondelete="CASCADE"
    )


def _befriend() -> None:
    op.create_table(
        "friend_rules",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("group_id", Identity, nullable=True),
        sa.PrimaryKeyConstraint("account", name="pk_friend_rules"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name="fk_friend_rules_group_id", ondelete="SET NULL"
        ),
    )
    op.create_table(
        "friend_requests",
        sa.Column("id", Identity, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("member_id", Identity, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("decided", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("friends_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_friend_requests"),
        sa.UniqueConstraint("account", "request", name="uq_friend_requests_account_request"),
        _belongs_to_member("friend_requests"),
    )
    op.create_index("ix_friend_requests_member_id", "friend_requests", ["member_id"])
    _index_where(
        "ix_friend_requests_open", "friend_requests", ["account", "id"], "finished_at IS NULL"
    )


def _remember_own_words() -> None:
    op.create_table(
        "own_posts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("piece", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("account", "key", "piece", name="pk_own_posts"),
    )
    op.create_index("ix_own_posts_began_at", "own_posts", ["began_at"])
    _index_where("ix_own_posts_open", "own_posts", ["account", "address"], "receipt IS NULL")
    op.create_table(
        "numbered_choices",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("choices", Document(), nullable=False),
        sa.Column("offered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "address", name="pk_numbered_choices"),
    )
    op.create_index("ix_numbered_choices_offered_at", "numbered_choices", ["offered_at"])


def _recognise() -> None:
    for name in ("opt_out_lent", "no_record_lent"):
        op.add_column(
            "customers",
            sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False),
        )
        _index_where(f"ix_customers_{name}", "customers", ["id"], name)
    op.create_table(
        "identity_matches",
        sa.Column("id", Identity, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("member_id", Identity, nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("why", Document(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("decided", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_identity_matches"),
        sa.UniqueConstraint(
            "account", "member_id", "after", name="uq_identity_matches_account_member_id_after"
        ),
        _belongs_to_member("identity_matches"),
    )
    op.create_index("ix_identity_matches_member_id", "identity_matches", ["member_id"])
    for column, where, name in (
        (["account", "id"], "decided IS NULL", "open"),
        (["before"], "decided = 'same'", "before"),
        (["after"], "decided = 'same'", "after"),
        (["decided_at"], "decided IN ('other', 'closed')", "denied"),
    ):
        _index_where(f"ix_identity_matches_{name}", "identity_matches", column, where)
