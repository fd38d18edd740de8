"""Takes over what a source says of its products: judged first, then written down in one go.

What was looked at by whoever asked the feed, and what was pushed to the door, comes here alike. How
the pages of a feed stood is written with what came of them, so what was not taken is looked at
again. What is pushed comes but once: what is not believed of it is kept until a manager has looked.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, TypeVar

from handlers.arrivals.campaigns import tell_of
from handlers.arrivals.cheaper import tell_cheaper, waited_for
from handlers.arrivals.judging import Held, Judged, Known, is_cheaper, judge
from handlers.arrivals.looking import Look
from handlers.arrivals.rows import Reading
from handlers.arrivals.rules import FeedRules
from handlers.arrivals.troubles import FeedTrouble, rows_told
from handlers.desk import Desk
from storage.product_feeds import Feed, change_feed, ensure_feed
from storage.products import (
    Product,
    ProductState,
    Ware,
    add_products,
    count_new_since,
    drop_held,
    held_count,
    known_links,
    note_doubts,
    note_missing,
    products_by_id,
    products_of,
    update_products,
)

Row = TypeVar("Row")

_A_DAY = timedelta(days=1)
_BELIEVED = {"held": None, "held_told": False}
_STILL_NEW = timedelta(days=3)  # longer than any announcement waits
_AT_ONCE = 1_000  # products in one transaction


def fingerprint(feed: FeedRules) -> str:
    """What tells a feed's address from another, and shows nobody what stands in it."""
    return sha256(f"{feed.kind} {feed.url}".encode()).hexdigest()[:32]


async def feed_row(desk: Desk, feed: FeedRules) -> Feed:
    """How a feed stands; one without an address has nothing that would have to be known first."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        row = await ensure_feed(connection, desk.shop_id, feed.name, fingerprint(feed), now)
        if not feed.url and row.baseline_at is None:
            await change_feed(connection, row.id, baseline_at=now)
            row = await ensure_feed(connection, desk.shop_id, feed.name, fingerprint(feed), now)
    return row


@dataclass(frozen=True, slots=True)
class _Before:
    """What was known before."""

    products: Mapping[str, Product]
    known: Known


async def take_look(desk: Desk, feed: FeedRules, row: Feed, found: Look) -> Judged:
    """Take over what a look at a feed brought, and when it is looked at next."""
    now = desk.clock.now()
    looked = {
        "looked_at": now,
        "next_look_at": now + feed.every,
        "failures": 0,
        **_troubled(row, FeedTrouble.of_rows(found.bad, found.named)),
    }
    return await _take(
        desk, feed, row, found.wares, whole=found.whole, looked=looked, pages=found.pages
    )


def _troubled(row: Feed, trouble: FeedTrouble | None) -> dict[str, Any]:
    """What is written of the rows of a feed that are bad; it is told again where there are more."""
    known = rows_told(row.trouble, told=row.trouble_told)
    if trouble is None:
        return {"trouble": None, "trouble_told": row.trouble_told or known is not None}
    told = known is not None and not trouble.has_more_than(FeedTrouble.from_json(known))
    return {"trouble": trouble.to_json(), "trouble_told": told}


async def take_pushed(desk: Desk, feed: FeedRules, read: Reading) -> Judged:
    """Take over products that a shop has pushed.

    What is not believed of them is kept as held; what was known before is taken over all the same.
    """
    row = await feed_row(desk, feed)
    if row.baseline_at is None:
        return Judged()  # the first look at its feed finds it among what was there before
    looked: dict[str, Any] = {}
    if read.bad:
        looked = _troubled(row, FeedTrouble.of_rows(read.bad, read.named))
    elif row.trouble_told and not feed.url:
        looked = {"trouble": None, "trouble_told": False}  # that was another push, and is told
    judged = await _take(desk, feed, row, read.wares, whole=False, looked=looked, pages=None)
    if judged.held is None:
        return judged
    unbelieved = {one.key for one in judged.unbelieved}
    known = [one for one in read.wares if one.key not in unbelieved]
    await _take(desk, feed, row, known, whole=False, looked={}, pages=None)
    return judged


async def _take(
    desk: Desk,
    feed: FeedRules,
    row: Feed,
    wares: Sequence[Ware],
    *,
    whole: bool,
    looked: dict[str, Any],
    pages: Sequence[dict[str, Any]] | None,
) -> Judged:
    now = desk.clock.now()
    # A moment to come would make every later one an older one.
    wares = [
        replace(one, changed_at=None)
        if one.changed_at is not None and one.changed_at > now + _A_DAY
        else one
        for one in wares
    ]
    before = await _known(desk, feed, row, wares, now)
    judged = await asyncio.to_thread(
        partial(judge, wares, before.known, desk.shop.arrivals, whole=whole)
    )
    if judged.held is not None:
        kept = judged.unbelieved if pages is None else ()
        await _hold(desk, row, judged.held, kept, looked)
        return judged
    if pages is not None:
        # A shop that is empty at first is closed for a moment, or has nothing yet.
        known_from = row.baseline_at or (now if wares else None)
        looked |= {"pages": list(pages), "baseline_at": known_from, **_BELIEVED}
    numbers = await _write(desk, feed, row, judged, looked)
    if whole:
        await _miss(desk, before.products, wares, now)
    for number in numbers:
        await tell_of(desk, number)
    return judged


async def _known(
    desk: Desk, feed: FeedRules, row: Feed, wares: Sequence[Ware], now: datetime
) -> _Before:
    since = now - _A_DAY if row.baseline_at is None else max(row.baseline_at, now - _A_DAY)
    async with desk.database.reading() as connection:
        every = await products_of(connection, desk.shop_id, feed.name)
        products = {key: one for key, one in every.items() if one.state is not ProductState.HELD}
        unknown = [one.link for one in wares if one.key not in products]
        shared = {link for link, count in Counter(unknown).items() if count > 1}
        links = await known_links(connection, desk.shop_id, set(unknown) - shared)
        new_today = await count_new_since(connection, desk.shop_id, feed.name, since)
    return _Before(products, Known(products, links, new_today, row.baseline_at is None))


async def _miss(
    desk: Desk, products: Mapping[str, Product], wares: Sequence[Ware], now: datetime
) -> None:
    """Note which products that nobody may have heard of yet are not there any more."""
    there = {one.key for one in wares}
    missing = [
        one.id
        for one in products.values()
        if one.ware.key not in there
        and one.ware.available
        and one.state is not ProductState.KNOWN
        and now - one.first_seen_at < _STILL_NEW
    ]
    if missing:
        async with desk.database.writing() as connection:
            await note_missing(connection, missing)


async def _hold(
    desk: Desk, row: Feed, held: Held, kept: Sequence[Ware], looked: Mapping[str, Any]
) -> None:
    """Note that a feed is not believed; it is told anew only for another reason.

    `kept` is what nobody gets to hear of otherwise.
    """
    now = desk.clock.now()
    told = row.held_told and row.held is not None and row.held["why"] == held.why
    async with desk.database.writing() as connection:
        if kept:
            unbelieved = [(one, ProductState.HELD) for one in kept]
            await add_products(connection, desk.shop_id, row.name, unbelieved, now)
            held = replace(held, count=await held_count(connection, desk.shop_id, row.name))
        await change_feed(connection, row.id, held=held.to_json(), held_told=told, **looked)


async def _write(
    desk: Desk,
    feed: FeedRules,
    row: Feed,
    judged: Judged,
    looked: Mapping[str, Any],
) -> list[int]:
    """Write down what was judged; the campaigns that tell of lower prices, by their numbers.

    Much is written in pieces, what anybody hears of in the last one: whoever ends in between looks
    again and finds the rest. What is pushed twice at once is told by whoever writes it down first.
    """
    now = desk.clock.now()
    quiet = {one: ware for one, ware in judged.changed.items() if one not in judged.cheaper}
    heard = {one: judged.changed[one] for one in judged.cheaper}
    known = [one for one in judged.fresh if one[1] is ProductState.KNOWN]
    new = [one for one in judged.fresh if one[1] is not ProductState.KNOWN]
    for some in _pieces(list(quiet.items())):
        async with desk.database.writing() as connection:
            await update_products(connection, dict(some))
    for part in _pieces(known):
        async with desk.database.writing() as connection:
            await add_products(connection, desk.shop_id, feed.name, part, now)
    async with desk.database.writing() as connection:
        ids = await add_products(connection, desk.shop_id, feed.name, new, now)
        strange = {ids[key]: price for key, price in judged.strange.items() if key in ids}
        await note_doubts(connection, {**judged.doubts, **strange})
        before = {one.id: one for one in await products_by_id(connection, heard, hold=True)}
        await update_products(connection, heard)
        still = [one for one, ware in heard.items() if is_cheaper(ware, before[one])]
        numbers = [
            await tell_cheaper(connection, desk, before[one], heard[one], now)
            for one in await waited_for(connection, desk, still, now)
        ]
        if "pages" in looked:
            await drop_held(connection, desk.shop_id, feed.name)  # the feed tells what there is
        elif not feed.url and not await held_count(connection, desk.shop_id, feed.name):
            looked = {**looked, **_BELIEVED}
        if looked:
            await change_feed(connection, row.id, **looked)
    return [number for number in numbers if number is not None]


def _pieces(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))
