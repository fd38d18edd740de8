"""The same two products in every format of feed, and what they are read as."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from handlers.arrivals.rules import FeedKind
from storage.products import Ware

BASE = "https://shop.example/feed"


def shopify(*products: dict[str, Any]) -> bytes:
    """A page of Shopify's."""
    return json.dumps({"products": list(products)}).encode()


def shopify_product(number: int = 1, title: str = "面霜", *prices: str, **more: Any) -> Any:
    """A product of Shopify's with a variant at each price."""
    return {
        "id": number,
        "title": title,
        "handle": f"p{number}",
        "body_html": "<p>long</p>",
        "product_type": "护肤",
        "tags": ["保湿"],
        "variants": [
            {"id": number * 100 + n, "title": "x", "price": price, "available": True}
            for n, price in enumerate(prices or ("199.00",))
        ],
        "images": [{"id": 1, "src": f"https://cdn.example/{number}.png"}],
        **more,
    }


def woocommerce_product(number: int = 1, title: str = "面霜", price: str = "19900") -> Any:
    """A product as WooCommerce's Store API tells of it."""
    return {
        "id": number,
        "name": title,
        "permalink": f"https://shop.example/products/p{number}",
        "prices": {
            "price": price,
            "regular_price": price,
            "currency_code": "CNY",
            "currency_minor_unit": 2,
            "price_range": None,
        },
        "images": [{"id": 1, "src": f"https://cdn.example/{number}.png"}],
        "categories": [{"id": 3, "name": "护肤"}],
        "tags": [{"id": 4, "name": "保湿"}],
        "is_in_stock": True,
    }


RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>
<title>店</title><link>https://shop.example</link>
<item><title>面霜</title><link>https://shop.example/products/p1</link><g:id>1</g:id>
<g:price>199.00 CNY</g:price><g:image_link>https://cdn.example/1.png</g:image_link>
<g:product_type>护肤</g:product_type><tags>保湿</tags><g:availability>in stock</g:availability>
</item>
<item><g:title>精华</g:title><g:link>https://shop.example/products/p2</g:link><g:id>2</g:id>
<g:price>99 CNY</g:price><g:image_link>https://cdn.example/2.png</g:image_link>
<g:product_type>护肤</g:product_type><tags>保湿</tags><g:availability>out_of_stock</g:availability>
</item></channel></rss>""".encode()

ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<title>店</title>
<entry><title>面霜</title><link href="https://shop.example/products/p1"/><id>urn:1</id>
<g:id>1</g:id><g:price>199.00 CNY</g:price><g:image_link>https://cdn.example/1.png</g:image_link>
<g:product_type>护肤</g:product_type><tags>保湿</tags></entry>
<entry><title>精华</title><link rel="alternate" href="/products/p2"/><id>urn:2</id><g:id>2</g:id>
<g:price>99 CNY</g:price><g:image_link>https://cdn.example/2.png</g:image_link>
<g:product_type>护肤</g:product_type><tags>保湿</tags><g:availability>out of stock</g:availability>
</entry></feed>""".encode()

CSV = """编号,商品名称,价格,商品链接,主图,分类,标签,有货
1,面霜,¥199.00,https://shop.example/products/p1,https://cdn.example/1.png,护肤,保湿,有
2,精华,99元,/products/p2,https://cdn.example/2.png,护肤,保湿,无货
""".encode("gb18030")

JSON = json.dumps(
    {
        "total": 2,
        "items": [
            {
                "sku": 1,
                "name": "面霜",
                "price": 199.00,
                "url": "/products/p1",
                "image": ["https://cdn.example/1.png"],
                "category": "护肤",
                "tags": "保湿",
            },
            {
                "sku": "2",
                "name": "<b>精华</b>",
                "price": {"amount": "99", "currency": "CNY"},
                "url": "https://shop.example/products/p2",
                "image": {"src": "https://cdn.example/2.png"},
                "category": "护肤",
                "tags": ["保湿"],
                "in_stock": False,
            },
        ],
    }
).encode()

SHOPIFY = shopify(
    shopify_product(),
    shopify_product(2, "精华", "99", variants=[{"price": "99.00", "available": False}]),
)
WOOCOMMERCE = json.dumps(
    [woocommerce_product(), woocommerce_product(2, "精华", "9900") | {"is_in_stock": False}]
).encode()

SAMPLES: dict[str, tuple[FeedKind, bytes]] = {
    "shopify": (FeedKind.SHOPIFY, SHOPIFY),
    "woocommerce": (FeedKind.WOOCOMMERCE, WOOCOMMERCE),
    "rss": (FeedKind.RSS, RSS),
    "atom": (FeedKind.RSS, ATOM),
    "json": (FeedKind.JSON, JSON),
    "csv": (FeedKind.CSV, CSV),
}

CREAM = Ware(
    key="1",
    title="面霜",
    price=Decimal(199),
    currency="CNY",
    link="https://shop.example/products/p1",
    picture="https://cdn.example/1.png",
    category="护肤",
    tags=("保湿",),
)
SERUM = Ware(
    key="2",
    title="精华",
    price=Decimal(99),
    currency="CNY",
    link="https://shop.example/products/p2",
    picture="https://cdn.example/2.png",
    category="护肤",
    tags=("保湿",),
    available=False,
)
