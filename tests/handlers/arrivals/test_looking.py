"""Every kind of feed over real HTTP: the same products, the same faults, the same troubles."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from handlers.arrivals import fetching, hosts
from handlers.arrivals.fetching import LARGEST, open_client
from handlers.arrivals.looking import Look, look, page_address
from handlers.arrivals.rules import FeedKind, FeedRules
from handlers.arrivals.troubles import FeedTrouble, Trouble
from tests.handlers.arrivals.feed_server import Answer, Asked, FeedServer, feed_server
from tests.handlers.arrivals.samples import SAMPLES, shopify, shopify_product, woocommerce_product

Pages = Sequence[dict[str, Any]]


def feed(server: FeedServer, kind: FeedKind = FeedKind.RSS, **more: Any) -> FeedRules:
    return FeedRules("web", kind, url=f"{server.url}/feed", **more)


async def seen(rules: FeedRules, pages: Pages = ()) -> Look:
    async with await open_client() as client:
        return await look(client, rules, pages)


async def trouble(rules: FeedRules) -> FeedTrouble:
    with pytest.raises(FeedTrouble) as raised:
        await seen(rules)
    return raised.value


@pytest.mark.parametrize("name", SAMPLES)
async def test_every_kind_of_feed_is_read(server: FeedServer, name: str) -> None:
    kind, body = SAMPLES[name]
    server.serves(body, ETag='"1"', **{"Last-Modified": "Sun, 01 Nov 2026 00:00:00 GMT"})
    found = await seen(feed(server, kind))
    assert [ware.title for ware in found.wares] == ["面霜", "精华"]
    assert (found.rows, found.bad, found.whole) == (2, 0, True)


@pytest.mark.parametrize("name", SAMPLES)
async def test_what_has_not_changed_is_not_sent_again(server: FeedServer, name: str) -> None:
    kind, body = SAMPLES[name]
    server.serves(body, ETag='W/"1"', **{"Last-Modified": "Sun, 01 Nov 2026 00:00:00 GMT"})
    first = await seen(feed(server, kind))
    again = await seen(feed(server, kind), first.pages)
    assert (again.wares, again.rows, again.whole, again.pages) == ((), 2, False, first.pages)
    assert server.asked[-1].headers["if-none-match"] == 'W/"1"'
    assert server.asked[-1].headers["if-modified-since"] == "Sun, 01 Nov 2026 00:00:00 GMT"


_FAULTS: dict[str, tuple[Answer, Trouble]] = {
    "gone": (Answer(status=404), Trouble.STATUS),
    "broken": (Answer(status=500), Trouble.STATUS),
    "denied": (Answer(status=403), Trouble.DENIED),
    "busy": (Answer(status=429, headers={"Retry-After": "120"}), Trouble.BUSY),
    "closed": (Answer(status=503), Trouble.BUSY),
    "html": (Answer(b"<html><body>Not a feed</html>"), Trouble.UNREADABLE),
    "empty": (Answer(b""), Trouble.UNREADABLE),
    "cut": (Answer(b"x" * 1_000, cut=10), Trouble.UNREACHABLE),
    "brotli": (Answer(b"x", headers={"Content-Encoding": "br"}), Trouble.UNREADABLE),
    "no gzip": (Answer(b"xxxx", headers={"Content-Encoding": "gzip"}), Trouble.UNREADABLE),
    "huge": (Answer(b" " * (LARGEST + 1)), Trouble.LARGE),
    "bomb": (
        Answer(gzip.compress(b" " * (20 * LARGEST)), headers={"Content-Encoding": "gzip"}),
        Trouble.LARGE,
    ),
    "slow": (Answer(b"x" * 1_000, pause=5), Trouble.SLOW),
    "drip": (Answer(b"x" * 1_000, drip=0.02), Trouble.SLOW),
    "elsewhere": (
        Answer(status=302, headers={"Location": "https://other.example/feed"}),
        Trouble.REDIRECTED,
    ),
    "nowhere": (Answer(status=301, headers={"Location": "javascript:1"}), Trouble.REDIRECTED),
    "round": (Answer(status=301, headers={"Location": "/feed"}), Trouble.REDIRECTED),
}


@pytest.mark.parametrize("kind", FeedKind)
@pytest.mark.parametrize("fault", _FAULTS)
async def test_every_fault_is_one_clear_trouble(
    server: FeedServer, kind: FeedKind, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "DEADLINE", 0.4)
    answer, expected = _FAULTS[fault]
    server.gives(answer)
    met = await trouble(feed(server, kind))
    assert met.kind is expected
    if fault == "busy":
        assert met.rests == timedelta(seconds=120)
    assert len(server.asked) <= 6


async def test_a_host_that_is_not_there_is_out_of_reach() -> None:
    async with feed_server() as closed:
        rules = feed(closed)
    assert (await trouble(rules)).kind is Trouble.UNREACHABLE
    nobody = replace(rules, url="http://nobody.invalid/feed")
    assert (await trouble(nobody)).kind is Trouble.UNREACHABLE


async def test_nothing_waits_while_a_slow_feed_is_read(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "DEADLINE", 0.5)
    server.gives(Answer(b"x" * 1_000, drip=0.02))
    looking = asyncio.create_task(seen(feed(server)))
    beats = 0
    while not looking.done():
        await asyncio.sleep(0.01)
        beats += 1
    assert beats > 20
    assert isinstance(looking.exception(), FeedTrouble)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
async def test_what_is_packed_is_unpacked(server: FeedServer, pack: Any) -> None:
    kind, body = SAMPLES["rss"]
    encoding = "gzip" if pack is gzip.compress else "deflate"
    server.gives(Answer(pack(body), headers={"Content-Encoding": encoding}))
    assert len((await seen(feed(server, kind))).wares) == 2


async def test_a_redirect_on_its_own_host_is_followed(server: FeedServer) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/feed":
            return Answer(status=308, headers={"Location": "/new"})
        return Answer(SAMPLES["rss"][1])

    server.answer = answer
    assert len((await seen(feed(server))).wares) == 2


async def test_a_redirect_into_a_private_network_is_never_followed(server: FeedServer) -> None:
    async with feed_server() as inside:
        inside.serves(SAMPLES["rss"][1])
        server.gives(Answer(status=302, headers={"Location": f"{inside.url}/secret"}))
        met = await trouble(feed(server))
        assert met.kind is Trouble.REDIRECTED  # another port is another place
        allowed = feed(server, follows=("127.0.0.1",))
        assert (await trouble(allowed)).kind is Trouble.PRIVATE
        assert inside.asked == []


async def test_a_name_that_means_a_private_machine_is_never_asked(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(server.url.rpartition(":")[2])
    server.gives(Answer(status=302, headers={"Location": f"http://rebound.example:{port}/secret"}))

    async def rebound(*_: object, **__: object) -> list[Any]:
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    rules = feed(server, follows=("rebound.example",))
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", rebound)
    assert (await trouble(rules)).kind is Trouble.PRIVATE
    assert len(server.asked) == 1


async def test_a_feeds_own_name_that_means_a_private_machine_is_not_asked(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(server.url.rpartition(":")[2])

    async def rebound(*_: object, **__: object) -> list[Any]:
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebound)
    rules = replace(feed(server), url=f"http://shop.example:{port}/feed")
    assert (await trouble(rules)).kind is Trouble.PRIVATE
    assert server.asked == []
    listed = replace(rules, follows=("shop.example",))
    inside = replace(rules, url=f"http://shop.internal:{port}/feed")
    for allowed in (listed, inside):
        await trouble(allowed)
    assert len(server.asked) == 2


async def test_a_mark_that_cannot_be_said_again_is_not_kept(server: FeedServer) -> None:
    headers = {"ETag": '"新品"'.encode().decode("latin-1")}
    server.gives(Answer(b'[{"id":1,"title":"x","price":1}]', headers=headers))
    first = await seen(feed(server, FeedKind.JSON))
    assert first.pages[0]["etag"] is None


async def test_a_host_may_say_by_a_moment_how_long_it_rests(server: FeedServer) -> None:
    moments = {
        "Date": "Sun, 01 Nov 2026 04:00:00 GMT",
        "Retry-After": "Sun, 01 Nov 2026 04:07:00 GMT",
    }
    server.gives(Answer(status=503, headers=moments))
    assert (await trouble(feed(server))).rests == timedelta(minutes=7)


@pytest.mark.parametrize(
    ("machine", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.1.2.3", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("224.0.0.1", False),
    ],
)
def test_which_machines_are_public(machine: str, *, public: bool) -> None:
    assert hosts._is_public(machine) is public


async def test_a_password_is_shown_to_its_own_host_only(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "_is_public", lambda _: True)
    async with feed_server() as other:
        other.serves(SAMPLES["rss"][1])
        port = other.url.rpartition(":")[2]
        server.gives(Answer(status=302, headers={"Location": f"http://localhost:{port}/feed"}))
        rules = feed(server, follows=("localhost",), user="ck", password=SecretStr("geheim"))
        assert len((await seen(rules)).wares) == 2
    assert "authorization" in server.asked[0].headers
    assert "authorization" not in other.asked[0].headers
    assert other.asked[0].headers["host"] == f"localhost:{port}"
    assert "geheim" not in repr(rules)


@pytest.mark.parametrize(
    ("kind", "url", "whole"),
    [
        (FeedKind.SHOPIFY, "https://a.example", "https://a.example/products.json?limit=250&page=2"),
        (
            FeedKind.SHOPIFY,
            "https://a.example/",
            "https://a.example/products.json?limit=250&page=2",
        ),
        (
            FeedKind.SHOPIFY,
            "https://a.example/collections/new/products.json",
            "https://a.example/collections/new/products.json?limit=250&page=2",
        ),
        (
            FeedKind.WOOCOMMERCE,
            "https://a.example",
            "https://a.example/wp-json/wc/store/v1/products?per_page=100&page=2",
        ),
        (
            FeedKind.WOOCOMMERCE,
            "https://a.example/wp-json/wc/v3/products?status=publish",
            "https://a.example/wp-json/wc/v3/products?status=publish&per_page=100&page=2",
        ),
        (FeedKind.JSON, "https://a.example/x?y=1", "https://a.example/x?y=1"),
    ],
)
def test_the_address_of_a_page(kind: FeedKind, url: str, whole: str) -> None:
    assert page_address(FeedRules("web", kind, url=url), 2) == whole


@pytest.mark.parametrize(("kind", "size"), [(FeedKind.SHOPIFY, 250), (FeedKind.WOOCOMMERCE, 100)])
async def test_every_page_is_read_and_those_that_stand_are_not_sent_again(
    server: FeedServer, kind: FeedKind, size: int
) -> None:
    first = 0

    def body(number: int) -> bytes:
        numbers = range(number * size, number * size + (size if number < 2 else 3))
        if kind is FeedKind.SHOPIFY:
            return shopify(*(shopify_product(n, f"{first if n == 0 else n}号") for n in numbers))
        return json.dumps(
            [woocommerce_product(n, f"{first if n == 0 else n}号") for n in numbers]
        ).encode()

    def answer(asked: Asked) -> Answer:
        page = body(int(asked.path.rpartition("=")[2]) - 1)
        etag = f'"{zlib.crc32(page)}"'
        if asked.headers.get("if-none-match") == etag:
            return Answer(status=304)
        return Answer(page, headers={"ETag": etag})

    server.answer = answer
    whole = await seen(replace(feed(server, kind), url=server.url))
    assert (len(whole.wares), len(whole.pages), whole.rows) == (2 * size + 3, 3, 2 * size + 3)
    first = 999
    part = await seen(replace(feed(server, kind), url=server.url), whole.pages)
    assert (len(part.wares), len(part.pages), part.rows) == (size, 3, 2 * size + 3)
    assert part.wares[0].title == "999号"
    assert not part.whole


async def test_a_server_that_gives_one_page_for_every_number_is_read_once(
    server: FeedServer,
) -> None:
    server.serves(shopify(*(shopify_product(n) for n in range(250))))
    found = await seen(replace(feed(server, FeedKind.SHOPIFY), url=server.url))
    assert len(found.wares) == 250
    assert len(server.asked) == 2
