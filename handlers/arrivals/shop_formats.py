"""Products as Shopify and WooCommerce tell of them, brought into the names that rows have.

Shopify's `/products.json` gives `{"products": [...]}`, 250 at most, each with `variants` whose
`price` is a text in the shop's currency, which is not named, and `tags` as a list (pushed ones: as
a text). WooCommerce's Store API (`/wp-json/wc/store/v1/products`, 100 at most) gives a list whose
`prices` are whole numbers of the currency's smallest part (`"1800"` with `currency_minor_unit` 2 is
18.00), with a range where they vary; its REST API, which pushes as well, gives `price` as a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from handlers.arrivals.plain import amount
from handlers.arrivals.rows import Row, origin

_SMALLEST = range(5)  # decimals that a currency may have


def shopify_row(product: Mapping[str, Any], base: str) -> Row | None:
    """A product of Shopify's; None of one that is not for sale."""
    if product.get("status", "active") != "active":
        return None
    variants = [one for one in _listed(product.get("variants")) if isinstance(one, Mapping)]
    there = [one for one in variants if one.get("available", True) is not False]
    prices = [
        price[0] for one in there or variants if (price := amount(one.get("price"), "")) is not None
    ]
    handle = product.get("handle")
    images = _listed(product.get("images")) or [product.get("image")]
    return {
        "id": product.get("id"),
        "title": product.get("title"),
        "price": min(prices) if prices else "-" if variants else None,
        "varies": len(set(prices)) > 1,
        "link": f"{origin(base)}/products/{handle}" if isinstance(handle, str) and handle else "",
        "image": images,
        "category": product.get("product_type"),
        "tags": product.get("tags"),
        "available": bool(there) or not variants,
        "updated_at": product.get("updated_at"),
    }


def woocommerce_row(product: Mapping[str, Any], base: str) -> Row | None:  # noqa: ARG001 (as the other's)
    """A product of WooCommerce's, from either API; None of one that is not published."""
    if product.get("status", "publish") != "publish":
        return None
    prices = product.get("prices")
    there = product.get("is_in_stock", product.get("stock_status", "instock") == "instock")
    row: dict[str, Any] = {
        "id": product.get("id"),
        "title": product.get("name"),
        "price": product.get("price"),
        "link": product.get("permalink"),
        "image": _listed(product.get("images")),
        "category": _first_name(product.get("categories")),
        "tags": product.get("tags"),
        "available": there,
        "updated_at": product.get("date_modified_gmt"),
    }
    if isinstance(prices, Mapping):
        lowest = prices.get("price")
        spread = prices.get("price_range")
        if isinstance(spread, Mapping):
            lowest = spread.get("min_amount", lowest)
            row["varies"] = spread.get("max_amount") != lowest
        row["price"] = _whole(lowest, prices.get("currency_minor_unit"))
        row["currency"] = prices.get("currency_code")
    return row


def _whole(found: Any, decimals: Any) -> Decimal | str:
    """A price from its smallest parts; what is none stays none that anybody can read."""
    if not isinstance(found, str) or not found.isascii() or not found.isdigit():
        return "" if found is None or found == "" else "-"
    if not isinstance(decimals, int) or decimals not in _SMALLEST:
        return "-"
    return Decimal(found).scaleb(-decimals)


def _first_name(found: Any) -> str:
    first = next(iter(_listed(found)), None)
    name = first.get("name") if isinstance(first, Mapping) else None
    return name if isinstance(name, str) else ""


def _listed(found: Any) -> Sequence[Any]:
    return found if isinstance(found, list) else ()
