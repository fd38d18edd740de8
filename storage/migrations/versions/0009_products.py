"""Product feeds, products and what was announced of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Document, Identity, UtcDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "product_feeds",
        sa.Column("id", Identity, nullable=False),
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("baseline_at", UtcDateTime(), nullable=True),
        sa.Column("looked_at", UtcDateTime(), nullable=True),
        sa.Column("next_look_at", UtcDateTime(), nullable=False),
        sa.Column("pages", Document(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", Document(), nullable=True),
        sa.Column("trouble_told", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("held", Document(), nullable=True),
        sa.Column("held_told", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_product_feeds"),
        sa.UniqueConstraint("shop_id", "name", name="uq_product_feeds_shop_id_name"),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name="fk_product_feeds_shop_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "products",
        sa.Column("id", Identity, nullable=False),
        sa.Column("shop_id", Identity, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("price", sa.Text(), nullable=True),
        sa.Column("varies", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("tags", Document(), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        sa.Column("doubt", sa.Text(), nullable=True),
        sa.Column("doubt_told", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("dropped_at", UtcDateTime(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_products"),
        sa.UniqueConstraint("shop_id", "source", "key", name="uq_products_shop_id_source_key"),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name="fk_products_shop_id", ondelete="CASCADE"
        ),
    )
    for name, columns, which in (
        ("ix_products_link", ["shop_id", "link"], "link <> ''"),
        ("ix_products_new", ["shop_id"], "state = 'new'"),
        ("ix_products_doubted", ["shop_id"], "doubt IS NOT NULL"),
    ):
        where = sa.text(which)
        op.create_index(name, "products", columns, sqlite_where=where, postgresql_where=where)
