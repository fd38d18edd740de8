"""Where a feed may be asked: its own host, hosts that the shop allows, and never a private network.

A redirect, or a name that suddenly means another machine, must not let a feed's owner look into the
network that the bot runs in. So a name is looked up here, every address that it means is judged,
and the request goes to that very address. Only what the shop itself configured may be private.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from handlers.arrivals.plain import address
from handlers.arrivals.rules import FeedRules
from handlers.arrivals.troubles import FeedTrouble, Trouble

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads: by which scheme, to which host and port."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Place:
        """The place of a whole address of the web."""
        parts = urlsplit(url)
        return cls(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])


def followed(feed: FeedRules, before: str, to: str) -> str:
    """The address that a redirect leads to, where it may be followed.

    That is on the feed's own host, or on one that the shop allows; from https never back to http.

    Raises:
        FeedTrouble: it may not.
    """
    target = address(urljoin(before, to), before)
    if not target:
        raise FeedTrouble(Trouble.REDIRECTED, "?")
    own, place = Place.of(feed.url), Place.of(target)
    on_its_own = place.host == own.host and place.port in {own.port, _PORTS[place.scheme]}
    allowed = on_its_own or place.host in feed.follows
    if not allowed or (urlsplit(before).scheme == "https" and place.scheme != "https"):
        raise FeedTrouble(Trouble.REDIRECTED, place.host)
    return target


async def addresses(feed: FeedRules, url: str) -> Sequence[str]:
    """The addresses of the machine to ask, in the order to try them.

    Raises:
        FeedTrouble: there is no such host, or one of its addresses lies in a private network.
    """
    place, own = Place.of(url), Place.of(feed.url)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            place.host, place.port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        raise FeedTrouble(Trouble.UNREACHABLE, place.host) from None
    machines = list(dict.fromkeys(str(one[4][0]) for one in found))
    configured = (place.host, place.port) == (own.host, own.port)
    if not configured and not all(map(_is_public, machines)):
        raise FeedTrouble(Trouble.PRIVATE, place.host)
    return machines


def _is_public(machine: str) -> bool:
    """Whether everybody could ask this machine; an address inside another one counts itself."""
    found = ipaddress.ip_address(machine.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour
        found = inside or found
    return found.is_global and not found.is_multicast
