"""What fans wish for and what they keep as favourites, each thing once for each person.

A thing is kept in its normal form, so that the same thing is counted as one however it was
written, and as the fan wrote it, to be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new
from storage.tables import customers, wishes


class WishKind(StrEnum):
    """What a thing is to somebody."""

    WISH = "wish"  # they would like to have it
    FAVOURITE = "favourite"  # they like it, and want to find it again


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing of somebody's, as they wrote it."""

    kind: WishKind
    thing: str
    written: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Wished:
    """A thing with how many people wish for it, or like it; `written` is how somebody wrote it."""

    thing: str
    written: str
    people: int


async def keep_wish(
    connection: AsyncConnection, shop_id: int, customer_id: int, wish: Wish, *, most: int
) -> bool | None:
    """Keep a thing of somebody's; False where it is kept already, None where `most` things are."""
    await connection.execute(
        select(customers.c.id).where(customers.c.id == customer_id).with_for_update()
    )
    before = [
        one.thing for one in await wishes_of(connection, customer_id) if one.kind == wish.kind
    ]
    if wish.thing in before:
        return False
    if len(before) >= most:
        return None
    row = {
        "customer_id": customer_id,
        "shop_id": shop_id,
        "kind": wish.kind,
        "thing": wish.thing,
        "written": wish.written,
        "at": wish.at,
    }
    return bool(await insert_new(connection, wishes, [row], wishes.c.thing))


async def drop_wish(
    connection: AsyncConnection, customer_id: int, kind: WishKind, thing: str
) -> bool:
    """Let go of a thing of somebody's; False where it was not kept."""
    gone = await connection.execute(
        delete(wishes).where(
            wishes.c.customer_id == customer_id, wishes.c.kind == kind, wishes.c.thing == thing
        )
    )
    return gone.rowcount > 0


async def wishes_of(connection: AsyncConnection, customer_id: int) -> list[Wish]:
    """All that somebody wishes for or likes, the newest first."""
    rows = await connection.execute(
        select(wishes.c.kind, wishes.c.thing, wishes.c.written, wishes.c.at)
        .where(wishes.c.customer_id == customer_id)
        .order_by(wishes.c.at.desc(), wishes.c.thing)
    )
    return [Wish(WishKind(row.kind), row.thing, row.written, row.at) for row in rows]


async def most_wished(
    connection: AsyncConnection, shop_id: int, kind: WishKind, *, skip: int, most: int
) -> list[Wished]:
    """The shop's things by how many people wish for them, or like them, the most first."""
    people = func.count(wishes.c.customer_id)
    rows = await connection.execute(
        select(wishes.c.thing, func.min(wishes.c.written), people)
        .where(wishes.c.shop_id == shop_id, wishes.c.kind == kind)
        .group_by(wishes.c.thing)
        .order_by(people.desc(), wishes.c.thing)
        .offset(skip)
        .limit(most)
    )
    return [Wished(*row) for row in rows]
