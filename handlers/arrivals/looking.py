"""One look at a feed: its pages one after another, each read in a thread.

Shops give their products in pages. A page that has not changed brings nothing new; how many
products it had is known, and so whether another page follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog

from handlers.arrivals.formats import read_wares
from handlers.arrivals.rows import MOST_WARES, Reading
from handlers.arrivals.rules import FeedKind, FeedRules
from handlers.arrivals.troubles import BadRow, FeedTrouble, Trouble, Unread
from storage.products import Ware

if TYPE_CHECKING:
    import httpx

_log = structlog.get_logger(__name__)

DEADLINE = 300.0
"""Seconds for a whole look."""

_PATHS = {FeedKind.SHOPIFY: "/products.json", FeedKind.WOOCOMMERCE: "/wp-json/wc/store/v1/products"}
_A_PAGE = {FeedKind.SHOPIFY: ("limit", 250), FeedKind.WOOCOMMERCE: ("per_page", 100)}
"""How many products a page may have at most, and what that is called in its address."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look brought: the products of the pages that changed, and how each page stands.

    `rows` counts the products of every page, unchanged ones included, and `bad` the rows that are
    none; the first of those are `named`.
    """

    wares: tuple[Ware, ...]
    pages: tuple[dict[str, Any], ...]
    rows: int
    bad: int
    named: tuple[BadRow, ...]
    whole: bool  # every page was read: what is not among the products is not in the feed


def page_address(feed: FeedRules, number: int) -> str:
    """The address of a page, counted from 1; a feed of one page has its own."""
    if feed.kind not in _A_PAGE:
        return feed.url
    parts = urlsplit(feed.url)
    path = _PATHS[feed.kind]
    whole = parts.path.rstrip("/")
    if not whole.endswith((".json", "/products")):
        whole += path
    size, most = _A_PAGE[feed.kind]
    asked = urlencode({size: most, "page": number})
    query = f"{parts.query}&{asked}" if parts.query else asked
    return urlunsplit((parts.scheme, parts.netloc, whole, query, ""))


async def look(
    client: httpx.AsyncClient, feed: FeedRules, known: Sequence[Mapping[str, Any]]
) -> Look:
    """Look at every page of a feed; `known` is how each stood at the last look.

    Raises:
        FeedTrouble: it cannot be read to its end.
    """
    try:
        async with asyncio.timeout(DEADLINE):
            return await _pages(client, feed, known)
    except TimeoutError:
        raise FeedTrouble(Trouble.SLOW, f"{DEADLINE:g}") from None


async def _pages(
    client: httpx.AsyncClient, feed: FeedRules, known: Sequence[Mapping[str, Any]]
) -> Look:
    from handlers.arrivals.fetching import fetch  # noqa: PLC0415 (httpx, only where a feed is asked)

    wares: dict[str, Ware] = {}
    pages: list[dict[str, Any]] = []
    rows = 0
    whole = True
    while True:
        number = len(pages) + 1
        before = known[number - 1] if number <= len(known) else {}
        got = await fetch(client, feed, page_address(feed, number), before)
        if got.body is None:
            page = dict(before)
            whole = False
        else:
            read = await read_page(feed, got.body, got.url)
            page = {
                "etag": got.etag,
                "modified": got.modified,
                "rows": read.rows,
                "bad": read.bad,
                "named": [replace(one, page=number).to_json() for one in read.named],
            }
            known_before = len(wares)
            wares = {ware.key: ware for ware in read.wares} | wares
            if number > 1 and len(wares) == known_before and (read.wares or not read.bad):
                break  # it gives the same page whichever is asked for
        pages.append(page)
        rows += page.get("rows", 0)
        if rows > MOST_WARES:
            raise FeedTrouble(Trouble.MANY, str(rows))
        if feed.kind not in _A_PAGE or page.get("rows", 0) < _A_PAGE[feed.kind][1]:
            break
    bad = sum(page.get("bad", 0) for page in pages)
    named = tuple(BadRow.from_json(one) for page in pages for one in page.get("named", ()))
    if bad and whole and not wares:
        raise FeedTrouble(Trouble.UNREADABLE, Unread.NO_PRODUCT, rows=named)
    return Look(tuple(wares.values()), tuple(pages), rows, bad, named, whole)


async def read_page(feed: FeedRules, body: bytes, url: str) -> Reading:
    """The products of one page, or of one push; read in a thread.

    Raises:
        FeedTrouble: they cannot be read.
    """
    try:
        return await asyncio.to_thread(read_wares, feed.kind, body, url, feed.currency)
    except FeedTrouble:
        raise
    except Exception:  # noqa: BLE001 (whatever a feed holds, the other feeds are looked at)
        _log.exception("feed_not_understood", feed=feed.name)
        raise FeedTrouble(Trouble.UNREADABLE, Unread.NO_PRODUCT) from None
