"""Feeds of products, as they were read last, and the products that came with them or by hand."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, Table, UniqueConstraint, false

from storage.columns import Document, Identity, UtcDateTime, Words
from storage.tables.parts import belonging_to, index_where, metadata

product_feeds = Table(
    "product_feeds",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("shops.id", "shop_id"),
    Column("name", Words, nullable=False),
    Column("address", Words, nullable=False),  # its fingerprint: another address is another feed
    Column("baseline_at", UtcDateTime),  # what was there then is not new; null: not read yet
    Column("looked_at", UtcDateTime),
    Column("next_look_at", UtcDateTime, nullable=False),
    Column("pages", Document, nullable=False),  # what each page said of itself, and how many
    Column("failures", Integer, nullable=False, server_default="0"),  # looks in a row
    Column("trouble", Document),  # what the last look failed with
    Column("trouble_told", Boolean, nullable=False, server_default=false()),
    Column("held", Document),  # why what it said is not believed; null: it is
    Column("held_told", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("shop_id", "name"),
)

products = Table(
    "products",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("shops.id", "shop_id"),
    Column("source", Words, nullable=False),  # the feed's name, or hand
    Column("key", Words, nullable=False),  # what the source calls it, for ever
    Column("title", Words, nullable=False),
    Column("price", Words),  # a decimal number; null: it has none
    Column("last_price", Words),  # what it cost when it could be had last; null: that is the price
    Column("varies", Boolean, nullable=False),  # the price is the lowest of several
    Column("currency", Words, nullable=False),
    Column("link", Words, nullable=False),
    Column("picture", Words, nullable=False),
    Column("category", Words, nullable=False),
    Column("tags", Document, nullable=False),
    Column("available", Boolean, nullable=False),
    Column("state", Words, nullable=False),  # known, new, announced or held
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime),  # when its shop changed it last, where it says so
    Column("doubt", Words),  # a price that was not believed
    Column("doubt_told", Boolean, nullable=False, server_default=false()),
    Column("campaign", Words),  # the key of the campaign that announced it
    UniqueConstraint("shop_id", "source", "key"),
    index_where("ix_products_link", "shop_id", "link", where="link <> ''"),
    index_where("ix_products_new", "shop_id", where="state = 'new'"),
    index_where("ix_products_doubted", "shop_id", where="doubt IS NOT NULL"),
)
