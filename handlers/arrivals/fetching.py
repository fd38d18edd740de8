"""Fetches one page of a feed: bounded in size and time, on condition that it has changed.

A page that says how it is recognised (`ETag`, `Last-Modified`) is only asked for anew if it is
another by now (RFC 9110, section 13). What is compressed is unpacked piece by piece and never
beyond the limit. No proxy is used: it would look names up where nobody judges what they mean.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from handlers.arrivals.hosts import Place, addresses, followed
from handlers.arrivals.rules import FeedRules
from handlers.arrivals.troubles import FeedTrouble, Trouble, Unread

LARGEST = 10 * 1024 * 1024
"""Bytes of one page, unpacked."""

DEADLINE = 30.0
"""Seconds for one page, redirects included."""

_REDIRECTS = 5
_LONGEST_REST = timedelta(hours=24)
_ANY_ZIP = 32 + zlib.MAX_WBITS  # gzip or zlib, whichever it is
_MOVED = frozenset({301, 302, 303, 307, 308})
_DENIED = frozenset({401, 403})
_BUSY = frozenset({429, 503})
_OK, _UNCHANGED = 200, 304
_PLAIN, _ZIPPED = frozenset({"", "identity"}), frozenset({"gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page: its bytes (None: unchanged), where they came from, and how it is recognised."""

    body: bytes | None
    url: str
    etag: str | None = None
    modified: str | None = None


async def open_client() -> httpx.AsyncClient:
    """A client for one look at the feeds; it reads the authorities' certificates, in a thread."""
    return await asyncio.to_thread(
        httpx.AsyncClient, timeout=None, trust_env=False, follow_redirects=False
    )


async def fetch(
    client: httpx.AsyncClient, feed: FeedRules, url: str, known: Mapping[str, Any]
) -> Fetched:
    """One page, unless it is still as `known` says (`etag`, `modified`; either may be missing).

    Raises:
        FeedTrouble: it cannot be had.
    """
    try:
        async with asyncio.timeout(DEADLINE):
            for _ in range(_REDIRECTS):
                got = await _ask(client, feed, url, known)
                if isinstance(got, Fetched):
                    return got
                url = got
    except TimeoutError:
        raise FeedTrouble(Trouble.SLOW, f"{DEADLINE:g}") from None
    except httpx.InvalidURL:  # httpx looks at every redirect, also where it follows none
        raise FeedTrouble(Trouble.REDIRECTED, "?") from None
    except (httpx.HTTPError, OSError, ValueError) as trouble:
        raise FeedTrouble(Trouble.UNREACHABLE, type(trouble).__name__) from None
    raise FeedTrouble(Trouble.REDIRECTED, Place.of(url).host)


async def _ask(
    client: httpx.AsyncClient, feed: FeedRules, url: str, known: Mapping[str, Any]
) -> Fetched | str:
    """What one address answers: a page, or the address that it redirects to."""
    machines = await addresses(feed, url)
    for place, machine in enumerate(machines, start=1):
        try:
            got = await client.send(_request(client, feed, url, machine, known), stream=True)
        except httpx.ConnectError:
            if place == len(machines):
                raise
            continue
        try:
            return await _answer(feed, url, got)
        finally:
            await got.aclose()
    raise FeedTrouble(Trouble.UNREACHABLE, Place.of(url).host)


def _request(
    client: httpx.AsyncClient, feed: FeedRules, url: str, machine: str, known: Mapping[str, Any]
) -> httpx.Request:
    """A request to this very machine, in the name of the host that the address has."""
    whole = httpx.URL(url)
    headers = {
        "Host": whole.netloc.decode("ascii"),
        "Accept-Encoding": "gzip",
        "User-Agent": "Nuanqun",
    }
    if known.get("etag"):
        headers["If-None-Match"] = known["etag"]
    if known.get("modified"):
        headers["If-Modified-Since"] = known["modified"]
    request = client.build_request(
        "GET",
        whole.copy_with(host=machine),
        headers=headers,
        extensions={"sni_hostname": whole.host},
    )
    if feed.password is not None and Place.of(url) == Place.of(feed.url):
        auth = httpx.BasicAuth(feed.user, feed.password.get_secret_value())
        return next(auth.auth_flow(request))
    return request


async def _answer(feed: FeedRules, url: str, got: httpx.Response) -> Fetched | str:
    status, headers = got.status_code, got.headers
    if status in _MOVED and "location" in headers:
        return followed(feed, url, headers["location"])
    if status == _UNCHANGED:
        return Fetched(None, url)
    if status in _DENIED:
        raise FeedTrouble(Trouble.DENIED, str(status))
    if status in _BUSY:
        raise FeedTrouble(Trouble.BUSY, str(status), _rest(headers))
    if status != _OK:
        raise FeedTrouble(Trouble.STATUS, str(status))
    body = await _body(got)
    return Fetched(body, url, _sayable(headers, "etag"), _sayable(headers, "last-modified"))


def _sayable(headers: httpx.Headers, name: str) -> str | None:
    """A header that can be said again; one with other letters than HTTP has cannot."""
    found = headers.get(name)
    return found if found is not None and found.isascii() and found.isprintable() else None


def _rest(headers: httpx.Headers) -> timedelta | None:
    """How long to leave the host alone, where it says so: in seconds, or until a moment.

    The moment is by the host's own clock (RFC 9110, sections 6.6.1 and 10.2.3).
    """
    written = headers.get("retry-after", "")
    if written.isascii() and written.isdigit():
        return min(timedelta(seconds=min(int(written), 10**6)), _LONGEST_REST)
    try:
        rest = parsedate_to_datetime(written) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return min(max(rest, timedelta(0)), _LONGEST_REST)


async def _body(got: httpx.Response) -> bytes:
    """The bytes of an answer, unpacked.

    Raises:
        FeedTrouble: there are too many, or they are packed in a way that was not asked for.
    """
    packed = got.headers.get("content-encoding", "").strip().lower()
    if packed not in _PLAIN | _ZIPPED:
        raise FeedTrouble(Trouble.UNREADABLE, Unread.PACKED)
    unzip = zlib.decompressobj(_ANY_ZIP) if packed in _ZIPPED else None
    body = bytearray()
    async for piece in got.aiter_raw():
        try:
            body += piece if unzip is None else unzip.decompress(piece, LARGEST + 1 - len(body))
        except zlib.error:
            raise FeedTrouble(Trouble.UNREADABLE, Unread.PACKED) from None
        if len(body) > LARGEST:
            raise FeedTrouble(Trouble.LARGE, str(LARGEST // 1024 // 1024))
    if unzip is not None and not unzip.eof:
        raise FeedTrouble(Trouble.UNREADABLE, Unread.CUT_SHORT)
    return bytes(body)
