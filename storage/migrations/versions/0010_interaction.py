"""Wishes, polls, chains, draws, coupons and questions that are answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Document, Identity, UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Forward only."""
    _coupons()
    _wishes()
    _rounds()
    _faqs()


def _coupons() -> None:
    op.create_table(
        "coupon_batches",
        sa.Column("id", Identity, nullable=False),
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("gives", sa.Text(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_coupon_batches"),
        sa.UniqueConstraint("shop_id", "name", name="uq_coupon_batches_shop_id_name"),
        _of("coupon_batches", "shop_id", "shops.id"),
    )
    op.create_table(
        "coupons",
        sa.Column("id", Identity, nullable=False),
        sa.Column("batch_id", Identity, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("added", sa.Text(), nullable=False),
        sa.Column("customer_id", Identity, nullable=True),
        sa.Column("handed_at", UtcDateTime(), nullable=True),
        sa.Column("redeemed_at", UtcDateTime(), nullable=True),
        sa.Column("redeemed_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_coupons"),
        sa.UniqueConstraint("code", name="uq_coupons_code"),
        sa.UniqueConstraint("batch_id", "customer_id", name="uq_coupons_batch_id_customer_id"),
        _of("coupons", "batch_id", "coupon_batches.id"),
        _of("coupons", "customer_id", "customers.id", "SET NULL"),
    )
    op.create_index("ix_coupons_customer_id", "coupons", ["customer_id"])
    free = sa.text("handed_at IS NULL")
    op.create_index(
        "ix_coupons_free",
        "coupons",
        ["batch_id", "id"],
        sqlite_where=free,
        postgresql_where=free,
    )


def _wishes() -> None:
    op.create_table(
        "wishes",
        sa.Column("customer_id", Identity, nullable=False),
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "shop_id", "kind", "thing", name="pk_wishes"),
        _of("wishes", "customer_id", "customers.id"),
        _of("wishes", "shop_id", "shops.id"),
    )
    op.create_index("ix_wishes_shop_id_kind_thing", "wishes", ["shop_id", "kind", "thing"])


def _rounds() -> None:
    op.create_table(
        "rounds",
        sa.Column("id", Identity, nullable=False),
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("options", Document(), nullable=False),
        sa.Column("closes_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_number", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("result", Document(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_rounds"),
        sa.UniqueConstraint("key", name="uq_rounds_key"),
        _of("rounds", "shop_id", "shops.id"),
    )
    still_open = sa.text("closed_at IS NULL")
    op.create_index(
        "ix_rounds_open",
        "rounds",
        ["shop_id", "closes_at"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "round_entries",
        sa.Column("id", Identity, nullable=False),
        sa.Column("round_id", Identity, nullable=False),
        sa.Column("customer_id", Identity, nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", Document(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_round_entries"),
        sa.UniqueConstraint(
            "round_id", "customer_id", name="uq_round_entries_round_id_customer_id"
        ),
        sa.UniqueConstraint("round_id", "number", name="uq_round_entries_round_id_number"),
        _of("round_entries", "round_id", "rounds.id"),
        _of("round_entries", "customer_id", "customers.id", "SET NULL"),
    )
    op.create_index("ix_round_entries_customer_id", "round_entries", ["customer_id"])


def _faqs() -> None:
    op.create_table(
        "faqs",
        sa.Column("id", Identity, nullable=False),
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_faqs"),
        sa.UniqueConstraint("shop_id", "question", name="uq_faqs_shop_id_question"),
        _of("faqs", "shop_id", "shops.id"),
    )
    op.create_table(
        "faq_answers",
        sa.Column("message_id", Identity, nullable=False),
        sa.Column("faq_id", Identity, nullable=False),
        sa.Column("group_id", Identity, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_faq_answers"),
        _of("faq_answers", "message_id", "messages.id"),
        _of("faq_answers", "faq_id", "faqs.id"),
        _of("faq_answers", "group_id", "groups.id"),
    )
    op.create_index(
        "ix_faq_answers_faq_id_group_id_at", "faq_answers", ["faq_id", "group_id", "at"]
    )
    op.create_index("ix_faq_answers_group_id", "faq_answers", ["group_id"])


def _of(table: str, column: str, target: str, gone: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete=gone)
