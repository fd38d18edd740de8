"""Products as their sources told of them last, and what was announced of each.

A product is known by its source and what the source calls it, for ever: one that is sold out and
comes back, or is given another title, is the one it was. What a feed holds when it is read for the
first time is its baseline: known, and never announced. A price is a decimal number with its
currency, never a float.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, exists, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert_new, update_each
from storage.tables import campaigns, products

BY_HAND = "hand"
"""The source of what a manager typed."""


class ProductState(StrEnum):
    """What became of a product."""

    KNOWN = "known"  # there before anybody looked, or not to be announced
    NEW = "new"  # waits to be announced
    ANNOUNCED = "announced"
    HELD = "held"  # pushed, and not believed: nobody knows of it before a manager has looked


@dataclass(frozen=True, slots=True)
class Ware:
    """A product as its source tells of it; `price` None where it names none.

    Where it `varies` the price is the lowest of several. `changed_at` is when its shop says that it
    changed last. Texts are plain and may be empty.
    """

    key: str
    title: str
    price: Decimal | None
    currency: str
    link: str = ""
    picture: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    available: bool = True
    varies: bool = False
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A stored product. `doubt` is a price that was not believed, `campaign` what announced it.

    `last_price` is what it cost when it could be had last, where that was another than now.
    """

    id: int
    source: str
    ware: Ware
    state: ProductState
    first_seen_at: datetime
    doubt: str | None
    doubt_told: bool
    last_price: Decimal | None
    campaign: str | None

    @property
    def seen_price(self) -> Decimal | None:
        """What people saw it cost: a price that changes while it is sold out nobody has paid."""
        return self.ware.price if self.last_price is None else self.last_price


_EVERY = true()
_BELIEVED = products.c.state != ProductState.HELD
# What a manager only looked at, and did not have announced, has no campaign.
_SPOKEN_OF = exists().where(
    campaigns.c.shop_id == products.c.shop_id, campaigns.c.key == products.c.campaign
)


async def products_of(
    connection: AsyncConnection,
    shop_id: int,
    source: str,
    keys: Collection[str] | None = None,
) -> dict[str, Product]:
    """Key → product, of one source; all of it, or these."""
    meant = _EVERY if keys is None else among(products.c.key, keys)
    rows = await connection.execute(
        select(products).where(products.c.shop_id == shop_id, products.c.source == source, meant)
    )
    return {row.key: _product(row) for row in rows}


def _product(row: Row[Any]) -> Product:
    ware = Ware(
        key=row.key,
        title=row.title,
        price=None if row.price is None else Decimal(row.price),
        currency=row.currency,
        link=row.link,
        picture=row.picture,
        category=row.category,
        tags=tuple(row.tags),
        available=row.available,
        varies=row.varies,
        changed_at=row.changed_at,
    )
    return Product(
        id=row.id,
        source=row.source,
        ware=ware,
        state=ProductState(row.state),
        first_seen_at=row.first_seen_at,
        doubt=row.doubt,
        doubt_told=row.doubt_told,
        last_price=None if row.last_price is None else Decimal(row.last_price),
        campaign=row.campaign,
    )


def _written(ware: Ware) -> dict[str, Any]:
    return {
        "title": ware.title,
        "price": None if ware.price is None else str(ware.price),
        "currency": ware.currency,
        "link": ware.link,
        "picture": ware.picture,
        "category": ware.category,
        "tags": list(ware.tags),
        "available": ware.available,
        "varies": ware.varies,
        "changed_at": ware.changed_at,
    }


async def add_products(
    connection: AsyncConnection,
    shop_id: int,
    source: str,
    wares: Sequence[tuple[Ware, ProductState]],
    at: datetime,
) -> dict[str, int]:
    """Write products down that were not known; key → id of those that really were not.

    What was held of them until now is over.
    """
    keys = [ware.key for ware, _ in wares]
    await connection.execute(delete(products).where(*_held(shop_id, source, keys)))
    rows = [
        {
            "shop_id": shop_id,
            "source": source,
            "key": ware.key,
            "state": state,
            "first_seen_at": at,
            **_written(ware),
        }
        for ware, state in wares
    ]
    made = await insert_new(connection, products, rows, products.c.key, products.c.id)
    return {row.key: row.id for row in made}


def _held(
    shop_id: int, source: str, keys: Collection[str] | None = None
) -> list[ColumnElement[bool]]:
    """The condition that a product of a source, one of these keys or any, is held."""
    meant = _EVERY if keys is None else among(products.c.key, keys)
    held = products.c.state == ProductState.HELD
    return [products.c.shop_id == shop_id, products.c.source == source, held, meant]


async def held_count(connection: AsyncConnection, shop_id: int, source: str) -> int:
    """How many products of a source are held."""
    which = _held(shop_id, source)
    return int(await connection.scalar(select(func.count()).where(*which)) or 0)


async def accept_held(connection: AsyncConnection, shop_id: int, source: str) -> None:
    """Let the products of a source that are held be known, and never announced."""
    known = {"state": ProductState.KNOWN}
    await connection.execute(update(products).where(*_held(shop_id, source)).values(known))


async def drop_held(connection: AsyncConnection, shop_id: int, source: str) -> None:
    """Forget the products of a source that are held."""
    await connection.execute(delete(products).where(*_held(shop_id, source)))


async def update_products(connection: AsyncConnection, changed: Mapping[int, Ware]) -> None:
    """Let products (id → ware) be as their source tells now; a doubt about a price is over.

    Of one that cannot be had any more it is kept what it cost before.
    """
    await _keep_last_prices(
        connection, [one for one, ware in changed.items() if not ware.available]
    )
    rows = [
        {"id": product, **_written(ware), "doubt": None, "doubt_told": False}
        for product, ware in changed.items()
    ]
    await update_each(connection, products, rows, _EVERY)
    back = [one for one, ware in changed.items() if ware.available]
    await connection.execute(
        update(products).where(among(products.c.id, back)).values(last_price=None)
    )


async def _keep_last_prices(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Keep what products cost that could be had until now, and cannot be from now on."""
    await connection.execute(
        update(products)
        .where(among(products.c.id, ids), products.c.available)
        .values(last_price=products.c.price)
    )


async def note_doubts(connection: AsyncConnection, doubted: Mapping[int, str]) -> None:
    """Note prices (id → as they are told) that are not believed, and that nobody knows yet."""
    rows = [
        {"id": product, "doubt": price, "doubt_told": False} for product, price in doubted.items()
    ]
    await update_each(connection, products, rows, _EVERY)


async def doubted(connection: AsyncConnection, shop_id: int) -> list[Product]:
    """The products whose newest price is not believed, in the order they came."""
    rows = await connection.execute(
        select(products)
        .where(products.c.shop_id == shop_id, products.c.doubt.is_not(None))
        .order_by(products.c.id)
    )
    return [_product(row) for row in rows]


async def note_doubts_told(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Note that the staff know of the doubts about these products' prices."""
    await connection.execute(
        update(products).where(among(products.c.id, ids)).values(doubt_told=True)
    )


async def waiting(connection: AsyncConnection, shop_id: int) -> list[Product]:
    """The products that wait to be announced, the oldest first."""
    rows = await connection.execute(
        select(products)
        .where(products.c.shop_id == shop_id, products.c.state == ProductState.NEW, ~_SPOKEN_OF)
        .order_by(products.c.first_seen_at, products.c.id)
    )
    return [_product(row) for row in rows]


async def count_new_since(
    connection: AsyncConnection, shop_id: int, source: str, since: datetime
) -> int:
    """How many products of a source were found to be new since a moment, announced or not.

    Those that are held were not believed to be.
    """
    found = await connection.scalar(
        select(func.count())
        .select_from(products)
        .where(
            products.c.shop_id == shop_id,
            products.c.source == source,
            products.c.first_seen_at >= since,
            products.c.state.in_((ProductState.NEW, ProductState.ANNOUNCED)),
        )
    )
    return int(found or 0)


async def product_counts(connection: AsyncConnection, shop_id: int) -> dict[str, int]:
    """Source → how many products are known of it."""
    rows = await connection.execute(
        select(products.c.source, func.count().label("known"))
        .where(products.c.shop_id == shop_id, _BELIEVED)
        .group_by(products.c.source)
    )
    return {row.source: row.known for row in rows}


async def product_by_id(
    connection: AsyncConnection, shop_id: int, product_id: int
) -> Product | None:
    """The product with this number, unless it is held."""
    rows = await connection.execute(
        select(products).where(
            products.c.shop_id == shop_id, products.c.id == product_id, _BELIEVED
        )
    )
    row = rows.one_or_none()
    return None if row is None else _product(row)


async def products_by_id(
    connection: AsyncConnection, ids: Collection[int], *, hold: bool = False
) -> list[Product]:
    """The products with these numbers; with `hold`, whoever would change them waits for us."""
    asking = select(products).where(among(products.c.id, ids)).order_by(products.c.id)
    rows = await connection.execute(asking.with_for_update() if hold else asking)
    return [_product(row) for row in rows]


async def note_missing(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Note that products are not in their source any more: they cannot be had."""
    await _keep_last_prices(connection, ids)
    await connection.execute(
        update(products).where(among(products.c.id, ids)).values(available=False)
    )


async def known_links(
    connection: AsyncConnection, shop_id: int, links: Collection[str]
) -> set[str]:
    """Those of these links that lead to a product that is known, from whichever source."""
    found = await connection.scalars(
        select(products.c.link).where(
            products.c.shop_id == shop_id,
            products.c.link != "",
            _BELIEVED,
            or_(products.c.source != BY_HAND, _SPOKEN_OF),
            among(products.c.link, [link for link in links if link]),
        )
    )
    return set(found)


async def known_prices(
    connection: AsyncConnection, shop_id: int
) -> dict[str, frozenset[tuple[Decimal, str]]]:
    """Title → the prices, each with its currency, that the shop's sources name for it.

    None of a product whose price varies: any that is not the lowest would look wrong.
    """
    rows = await connection.execute(
        select(products.c.title, products.c.price, products.c.currency).where(
            products.c.shop_id == shop_id,
            products.c.price.is_not(None),
            products.c.varies.is_(False),
            _BELIEVED,
        )
    )
    prices: dict[str, frozenset[tuple[Decimal, str]]] = {}
    for row in rows:
        one = frozenset({(Decimal(row.price), row.currency)})
        prices[row.title] = prices.get(row.title, frozenset()) | one
    return prices


async def note_announced(
    connection: AsyncConnection, ids: Collection[int], campaign: str | None
) -> None:
    """Note that a campaign announces these products; None: they are never to be."""
    state = ProductState.KNOWN if campaign is None else ProductState.ANNOUNCED
    await connection.execute(
        update(products).where(among(products.c.id, ids)).values(state=state, campaign=campaign)
    )


async def note_by_hand(connection: AsyncConnection, product_id: int, campaign: str) -> None:
    """Note the campaign that a manager wants to announce a product with.

    Once there is that campaign the product waits for no other.
    """
    await connection.execute(
        update(products).where(products.c.id == product_id).values(campaign=campaign)
    )
