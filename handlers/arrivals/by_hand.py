"""What a manager has announced by hand: written down with the yes, and not before.

A preview gives a product that is typed for the first time its number, by which the button below
the post names it; nobody else sees that. What it is called and costs, and that it is announced, is
in the body of the campaign to be, `"announces": {"product": NUMBER, "ware": {...}}`, and is taken
over when the campaign is made: who only looks, or is refused, changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arrivals.arguments import TypedWare
from storage.products import (
    BY_HAND,
    Product,
    ProductState,
    Ware,
    add_products,
    note_by_hand,
    products_by_id,
    products_of,
    update_products,
)

_ANNOUNCES = "announces"


async def typed_product(
    connection: AsyncConnection, shop_id: int, typed: TypedWare, at: datetime
) -> Product:
    """A product as it is stored; its link, or else its name, tells which one it is.

    One that is new has its number from now on, and no price yet that anything is compared with.
    """
    ware = ware_of(typed)
    new = (replace(ware, price=None), ProductState.KNOWN)
    await add_products(connection, shop_id, BY_HAND, [new], at)
    return (await products_of(connection, shop_id, BY_HAND, [ware.key]))[ware.key]


def ware_of(typed: TypedWare) -> Ware:
    """What was typed, as a product's source would tell of it."""
    return Ware(
        key=typed.link or typed.title,
        title=typed.title,
        price=typed.price,
        currency=typed.currency,
        link=typed.link,
    )


def announces_part(product: Product, typed: TypedWare | None) -> dict[str, Any]:
    """The part of a body that says which product it announces, and how it was typed, if it was."""
    written = {} if typed is None else {"ware": _written(typed)}
    return {_ANNOUNCES: {"product": product.id, **written}}


def _written(typed: TypedWare) -> dict[str, Any]:
    return {
        "title": typed.title,
        "price": None if typed.price is None else str(typed.price),
        "currency": typed.currency,
        "link": typed.link,
    }


async def note_announcement(
    connection: AsyncConnection, campaign: str, body: Mapping[str, Any]
) -> None:
    """Take over what the body of a campaign that is made now announces by hand, if it does."""
    part = body.get(_ANNOUNCES)
    if part is None:
        return
    number = part["product"]
    if "ware" in part:
        ware = part["ware"]
        price = None if ware["price"] is None else Decimal(ware["price"])
        typed = TypedWare(ware["title"], price, ware["currency"], ware["link"])
        for found in await products_by_id(connection, [number]):
            meant = replace(ware_of(typed), key=found.ware.key)
            await update_products(connection, {number: meant})
    await note_by_hand(connection, number, campaign)
