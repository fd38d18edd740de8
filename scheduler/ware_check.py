"""Whether the products that a post is about are still as they were when it was written.

A post that the shop's sources brought about names them in its body, `"wares": {NUMBER: {"price":
"199", "currency": "CNY"}}`. Before it is approved, and again before it leaves, that is compared
with what the sources say now: another price, or none to be had, holds it back like a wording rule,
and a manager may let it pass like one. No text is read for it, so it holds for any wording.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.wording_rules import Hit, Severity
from storage.products import Product, products_by_id

WARES = "wares"
"""The part of a body that names the products it is about."""

CHANGED = "product-changed"
"""The rule that another price breaks."""


def wares_part(products: Iterable[Product]) -> dict[str, Any]:
    """The part of a body that says which products it is about, and what they cost."""
    return {
        WARES: {
            str(one.id): {
                "price": None if one.ware.price is None else str(one.ware.price),
                "currency": one.ware.currency,
            }
            for one in products
        }
    }


async def ware_hits(connection: AsyncConnection, body: Mapping[str, Any]) -> tuple[Hit, ...]:
    """What is not as a body says it is; nothing that a manager let pass."""
    named: Mapping[str, Mapping[str, Any]] = body.get(WARES, {})
    if not named:
        return ()
    found = await products_by_id(connection, [int(number) for number in named])
    passed = body.get("overrides", ())
    hits = [_hit(one, named[str(one.id)]) for one in found]
    return tuple(hit for hit in hits if hit is not None and hit.rule not in passed)


def _hit(product: Product, said: Mapping[str, Any]) -> Hit | None:
    ware = product.ware
    before = None if said["price"] is None else Decimal(said["price"])
    if not ware.available:
        return _told("gone", product, "")
    if (ware.price, ware.currency) != (before, said["currency"]):
        return _told("changed", product, f"{ware.price or '?'} {ware.currency}")
    if product.doubt is not None:
        return _told("changed", product, product.doubt)
    return None


def _told(kind: str, product: Product, now: str) -> Hit:
    row = _sentences()[kind]
    facts = {"title": product.ware.title, "now": now}
    why = {language: text.format(**facts) for language, text in row["why"].items()}
    return Hit(row["id"], product.ware.title, 0, Severity.BLOCK, why, row["instead"])


@lru_cache(maxsize=1)
def _sentences() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
