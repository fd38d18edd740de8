"""Insights: taught words, what the staff were told of them, and what a message replies to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Document, Identity, UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Forward only."""
    op.add_column("messages", sa.Column("reply_to", sa.Text(), nullable=True))
    op.add_column(
        "messages", sa.Column("edits", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_table(
        "shop_words",
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", Document(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", name="pk_shop_words"),
        _of_shop("shop_words"),
    )
    op.create_table(
        "taught_opinions",
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("aspect", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("stance", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "aspect", "word", name="pk_taught_opinions"),
        _of_shop("taught_opinions"),
    )
    op.create_table(
        "word_proposals",
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("speakers", sa.Integer(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("decided", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("shop_id", "word", name="pk_word_proposals"),
        _of_shop("word_proposals"),
    )
    undecided = sa.text("decided IS NULL")
    op.create_index(
        "ix_word_proposals_open",
        "word_proposals",
        ["shop_id"],
        sqlite_where=undecided,
        postgresql_where=undecided,
    )
    op.create_table(
        "told_spikes",
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("fans", sa.Integer(), nullable=False),
        sa.Column("usually", sa.Float(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("shop_id", "thing", "began_at", name="pk_told_spikes"),
        _of_shop("told_spikes"),
    )
    op.create_table(
        "watched_windows",
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("speakers", sa.Integer(), nullable=False),
        sa.Column("fans", Document(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "began_at", name="pk_watched_windows"),
        _of_shop("watched_windows"),
    )
    op.create_table(
        "told_questions",
        sa.Column("message_id", Identity, nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_told_questions"),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name="fk_told_questions_message_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "comings",
        sa.Column("id", Identity, nullable=False),
        sa.Column("group_id", Identity, nullable=False),
        sa.Column("member_id", Identity, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("came", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_comings"),
        sa.UniqueConstraint(
            "group_id", "member_id", "at", "came", name="uq_comings_group_id_member_id_at_came"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name="fk_comings_group_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name="fk_comings_member_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_comings_group_id_at", "comings", ["group_id", "at"])
    op.create_index("ix_comings_member_id", "comings", ["member_id"])
    op.create_index("ix_comings_at", "comings", ["at"])


def _of_shop(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["shop_id"], ["shops.id"], name=f"fk_{table}_shop_id", ondelete="CASCADE"
    )
