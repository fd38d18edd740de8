"""Where a feed may be asked: its own host, hosts that the shop allows, and never a private network.

A redirect, a picture's address, or a name that suddenly means another machine, must not let a
feed's owner look into the network that the bot runs in. So a name is looked up here, every address
that it means is judged, and the request goes to that very address. Only what the shop itself
configured may be private, and must look so: an address, a name such as `localhost` or
`shop.internal`, or a host that is listed among those a feed `follows`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from handlers.arrivals.plain import PRIVATE_NAMES, address
from handlers.arrivals.rules import FeedRules
from handlers.arrivals.troubles import FeedTrouble, Trouble

_PORTS = {"http": 80, "https": 443}
_INSIDE_IPV6 = ipaddress.ip_network(
    "64:ff9b::/96"
)  # RFC 6052: its last 32 bits are an IPv4 address


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
    place = Place.of(url)
    return await machines(place, may_be_private=place in private_places(feed))


def private_places(feed: FeedRules) -> frozenset[Place]:
    """Where the shop has configured a feed that may lie in a private network."""
    if not feed.url:
        return frozenset()
    own = Place.of(feed.url)
    if not _looks_private(own.host) and own.host not in feed.follows:
        return frozenset()
    return frozenset({Place(scheme, own.host, own.port) for scheme in _PORTS})


def _looks_private(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(PRIVATE_NAMES)
    return True


async def machines(place: Place, *, may_be_private: bool = False) -> Sequence[str]:
    """The addresses that a place's name means now.

    Raises:
        FeedTrouble: there is no such host, or one of its addresses lies in a private network.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            place.host, place.port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        raise FeedTrouble(Trouble.UNREACHABLE, place.host) from None
    meant = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not may_be_private and not all(map(_is_public, meant)):
        raise FeedTrouble(Trouble.PRIVATE, place.host)
    return meant


def _is_public(machine: str) -> bool:
    """Whether everybody could ask this machine; an address inside another one counts itself."""
    found = ipaddress.ip_address(machine.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour
        if found in _INSIDE_IPV6:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        found = inside or found
    return found.is_global and not found.is_multicast
