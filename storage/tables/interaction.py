"""What fans do with what the shop offers: coupons, wishes, polls, chains, draws, and questions.

What one person has once (a coupon of a batch, a vote, a ticket) belongs to the customer, whichever
member acts. Where a customer goes, a code stays handed out and a ticket drawn: nobody's any more.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint, text

from storage.columns import Document, Identity, UtcDateTime, Words
from storage.tables.parts import belonging_to, index_where, metadata


def _had_by_customer() -> Column[int]:
    """Whose it is; null: it was somebody's who is forgotten, or nobody's yet."""
    return Column("customer_id", Identity, ForeignKey("customers.id", ondelete="SET NULL"))


coupon_batches = Table(
    "coupon_batches",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("shops.id", "shop_id"),
    Column("name", Words, nullable=False),
    Column("gives", Words, nullable=False),  # what a coupon of it is worth, in the shop's words
    Column("until", UtcDateTime),  # the last moment it can be redeemed; null: no end
    Column("made_by", Words, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    UniqueConstraint("shop_id", "name"),
)

coupons = Table(
    "coupons",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("coupon_batches.id", "batch_id"),
    Column("code", Words, nullable=False, unique=True),
    Column("added", Words, nullable=False),  # the command that brought it
    _had_by_customer(),
    Column("handed_at", UtcDateTime),
    Column("redeemed_at", UtcDateTime),
    Column("redeemed_by", Words),
    UniqueConstraint("batch_id", "customer_id"),
    Index("ix_coupons_customer_id", "customer_id"),
    index_where("ix_coupons_free", "batch_id", "id", where="handed_at IS NULL"),
)

wishes = Table(
    "wishes",
    metadata,
    Column(
        "customer_id", Identity, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("shop_id", Identity, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Words, primary_key=True),
    Column("thing", Words, primary_key=True),  # in its normal form
    Column("written", Words, nullable=False),  # as the fan wrote it
    Column("at", UtcDateTime, nullable=False),
    Index("ix_wishes_shop_id_kind_thing", "shop_id", "kind", "thing"),
)

rounds = Table(
    "rounds",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("shops.id", "shop_id"),
    Column("key", Words, nullable=False, unique=True),  # of the campaign that announces it
    Column("kind", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("options", Document, nullable=False),  # see storage/rounds.py
    Column("closes_at", UtcDateTime, nullable=False),
    Column("made_by", Words, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("secret", Words, nullable=False),  # of a draw: published when it is over
    Column("last_number", Integer, nullable=False, server_default=text("0")),
    Column("closed_at", UtcDateTime),
    Column("result", Document),
    index_where("ix_rounds_open", "shop_id", "closes_at", where="closed_at IS NULL"),
)

round_entries = Table(
    "round_entries",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("rounds.id", "round_id"),
    _had_by_customer(),
    Column("number", Integer, nullable=False),  # in the order they came, never given again
    Column("body", Document, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),  # when a winner was told in private
    UniqueConstraint("round_id", "customer_id"),
    UniqueConstraint("round_id", "number"),
    Index("ix_round_entries_customer_id", "customer_id"),
)

faqs = Table(
    "faqs",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("shops.id", "shop_id"),
    Column("question", Words, nullable=False),
    Column("answer", Words, nullable=False),
    Column("set_by", Words, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    UniqueConstraint("shop_id", "question"),
)

faq_answers = Table(
    "faq_answers",
    metadata,
    Column("message_id", Identity, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    belonging_to("faqs.id", "faq_id"),
    belonging_to("groups.id", "group_id"),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_faq_answers_faq_id_group_id_at", "faq_id", "group_id", "at"),
    Index("ix_faq_answers_group_id", "group_id"),
)
