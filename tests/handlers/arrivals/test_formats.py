"""Every format gives the same products; whatever is broken is one clear trouble, never a fault."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.arrivals.formats import read_wares
from handlers.arrivals.rows import MOST_WARES, Reading
from handlers.arrivals.rules import FeedKind
from handlers.arrivals.troubles import MOST_NAMED, BadRow, FeedTrouble, Flaw, Trouble
from storage.products import Ware
from tests.handlers.arrivals.samples import (
    BASE,
    CREAM,
    RSS,
    SAMPLES,
    SERUM,
    shopify,
    shopify_product,
    woocommerce_product,
)


def read(kind: FeedKind, body: bytes) -> Reading:
    return read_wares(kind, body, BASE, "CNY")


def wares_or_trouble(kind: FeedKind, body: bytes) -> tuple[Ware, ...] | Trouble:
    try:
        return read(kind, body).wares
    except FeedTrouble as trouble:
        return trouble.kind


def one(kind: FeedKind, document: Any) -> Ware:
    (ware,) = read(kind, json.dumps(document).encode()).wares
    return ware


@pytest.mark.parametrize("name", SAMPLES)
def test_every_format_gives_the_same_products(name: str) -> None:
    found = read(*SAMPLES[name])
    assert [replace(ware, changed_at=None) for ware in found.wares] == [CREAM, SERUM]
    assert (found.rows, found.bad) == (2, 0)


@pytest.mark.parametrize("kind", FeedKind)
@pytest.mark.parametrize(
    "body",
    [
        *(b"<html>404</html>", b"\xff\xfe\x00", b"{", b"[" * 100_000, b'{"products": 7}'),
        *(b"[1, 2, null]", b'{"products": [{"id": 1}]}', b"a,b\n1,2\n", b'"a","b\n', b"null"),
    ],
)
def test_what_is_no_feed_is_unreadable_or_empty(kind: FeedKind, body: bytes) -> None:
    assert wares_or_trouble(kind, body) in {(), Trouble.UNREADABLE}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(FeedKind))
def test_no_bytes_are_a_fault(body: bytes, kind: FeedKind) -> None:
    assert wares_or_trouble(kind, body) in {(), Trouble.UNREADABLE}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "title", "name", "price", "prices", "variants", "images", "tags"]
            ),
            inside,
            max_size=8,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_VALUES, max_size=3),
    st.sampled_from([FeedKind.SHOPIFY, FeedKind.WOOCOMMERCE, FeedKind.JSON]),
)
def test_no_shape_of_a_document_is_a_fault(document: list[Any], kind: FeedKind) -> None:
    found = wares_or_trouble(kind, json.dumps(document).encode())
    if not isinstance(found, tuple):
        assert found is Trouble.UNREADABLE
        return
    assert all(ware.title and ware.key for ware in found)


def test_a_row_that_is_none_is_named_and_loses_no_other() -> None:
    rows = [
        {"id": 1, "title": "面霜", "price": "199"},
        {"id": 2, "title": "精华", "price": "199起"},
        {},
        {"id": 4, "price": 9},
        {"title": "<b>眼霜</b>", "price": 9},
    ]
    found = read(FeedKind.JSON, json.dumps(rows).encode())
    assert [ware.title for ware in found.wares] == ["面霜"]
    assert (found.rows, found.bad) == (5, 4)
    assert found.named == (
        BadRow(2, Flaw.NO_PRICE, "精华", "199起"),
        BadRow(3, Flaw.NO_TITLE, ""),
        BadRow(4, Flaw.NO_TITLE, "4"),
        BadRow(5, Flaw.NO_KEY, "眼霜"),
    )


def test_of_many_bad_rows_the_first_are_named() -> None:
    found = read(FeedKind.JSON, json.dumps([{"id": n} for n in range(500)]).encode())
    assert (found.bad, len(found.named)) == (500, MOST_NAMED)


def test_html_in_a_title_is_never_passed_on() -> None:
    title = "<script>alert(1)</script><b>面霜</b> &amp; <a href='https://evil.example'>精华</a>"
    assert one(FeedKind.SHOPIFY, shopify_product(1, title)).title == "面霜 & 精华"


def test_of_several_variants_the_lowest_price_counts_and_is_called_so() -> None:
    found = one(FeedKind.SHOPIFY, shopify_product(1, "面霜", "299.00", "199.00"))
    assert (found.price, found.varies) == (Decimal("199.00"), True)


def test_a_variant_that_is_sold_out_sets_no_price() -> None:
    variants = [{"price": "99.00", "available": False}, {"price": "199.00", "available": True}]
    found = one(FeedKind.SHOPIFY, shopify_product(variants=variants))
    assert (found.price, found.available) == (Decimal("199.00"), True)


def test_a_product_that_shopify_pushes_is_one_alone_with_its_tags_as_a_text() -> None:
    pushed = shopify_product(7, tags="保湿, 敏感肌", status="active")
    found = one(FeedKind.SHOPIFY, pushed | {"updated_at": "2026-11-05T10:00:00+08:00"})
    assert (found.key, found.tags) == ("7", ("保湿", "敏感肌"))
    assert found.changed_at is not None
    assert found.changed_at.isoformat() == "2026-11-05T02:00:00+00:00"
    drafted = json.dumps(pushed | {"status": "draft"}).encode()
    assert read(FeedKind.SHOPIFY, drafted).wares == ()


def test_woocommerce_s_prices_are_in_the_smallest_parts_of_their_currency() -> None:
    yen = woocommerce_product()
    yen["prices"] |= {"price": "1800", "currency_code": "JPY", "currency_minor_unit": 0}
    found = one(FeedKind.WOOCOMMERCE, yen)
    assert (found.price, found.currency) == (Decimal(1800), "JPY")
    ranged = woocommerce_product()
    ranged["prices"]["price_range"] = {"min_amount": "9900", "max_amount": "19900"}
    found = one(FeedKind.WOOCOMMERCE, ranged)
    assert (found.price, found.varies) == (Decimal("99.00"), True)


def test_woocommerce_s_other_api_is_read_too() -> None:
    pushed = {
        "id": 7,
        "name": "面霜",
        "price": "199.00",
        "permalink": "https://shop.example/p7",
        "status": "publish",
        "stock_status": "outofstock",
        "images": [],
        "categories": [],
        "tags": [],
        "date_modified_gmt": "2026-11-05T02:00:00",
    }
    found = one(FeedKind.WOOCOMMERCE, pushed)
    assert (found.price, found.available) == (Decimal("199.00"), False)
    assert found.changed_at is not None
    body = json.dumps(pushed | {"status": "private"}).encode()
    assert read(FeedKind.WOOCOMMERCE, body).wares == ()


def test_a_sale_price_counts_unless_it_is_only_for_some_days() -> None:
    sale = RSS.replace(b"</g:price>", b"</g:price><g:sale_price>149 CNY</g:sale_price>", 1)
    assert read(FeedKind.RSS, sale).wares[0].price == Decimal(149)
    dated = sale.replace(
        b"</g:sale_price>",
        b"</g:sale_price><g:sale_price_effective_date>x/y</g:sale_price_effective_date>",
    )
    assert read(FeedKind.RSS, dated).wares[0].price == Decimal(199)


@pytest.mark.parametrize(
    "opening",
    [
        '<!DOCTYPE rss [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1/evil.dtd">',
        '<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_xml_that_reaches_out_or_swells_is_refused(opening: str) -> None:
    body = RSS.replace(b"<rss ", opening.encode() + b"<rss ", 1)
    with pytest.raises(FeedTrouble) as trouble:
        read(FeedKind.RSS, body)
    assert trouble.value.kind is Trouble.UNREADABLE


def test_a_feed_without_products_is_empty() -> None:
    assert read(FeedKind.SHOPIFY, shopify()) == Reading((), 0, 0)


def test_more_than_any_catalogue_has_is_too_much() -> None:
    rows = [{"id": n, "title": "x"} for n in range(MOST_WARES + 1)]
    with pytest.raises(FeedTrouble) as trouble:
        read(FeedKind.JSON, json.dumps(rows).encode())
    assert trouble.value.kind is Trouble.MANY


def test_a_product_that_comes_twice_counts_once() -> None:
    twice = shopify(shopify_product(1, "面霜"), shopify_product(1, "面霜二"))
    assert [ware.title for ware in read(FeedKind.SHOPIFY, twice).wares] == ["面霜"]
