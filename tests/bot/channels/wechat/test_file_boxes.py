"""Files as a gateway takes and gives them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.file_boxes import (
    LARGEST_FILE,
    FileTooLarge,
    fetched,
    file_of,
    text_of,
)
from bot.channels.wechat.gateway import FileBox
from bot.channels.wechat.protocol import Nonsense
from handlers.arrivals.hosts import Place

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
FILES = st.one_of(
    st.builds(FileBox, NAMES, data=st.binary(min_size=1, max_size=500)),
    st.builds(FileBox, NAMES, url=st.just("https://shop.example/新品.png")),
    st.builds(FileBox, NAMES, upload=st.uuids().map(str)),
)


@given(FILES)
def test_a_file_is_read_as_it_was_written(file: FileBox) -> None:
    assert file_of(text_of(file)) == file


def test_old_gateways_are_told_a_files_type_by_its_old_name_as_well() -> None:
    told = json.loads(text_of(FileBox("a.png", data=b"abc")))
    assert told == {"name": "a.png", "type": 1, "boxType": 1, "base64": "YWJj", "size": 3}


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        ({"boxType": 1, "name": "a", "base64": "YWJj"}, FileBox("a", data=b"abc")),
        ({"boxType": 2, "remoteUrl": "http://a"}, FileBox("", url="http://a")),
        ({"type": 2, "boxType": 2, "name": "a", "url": "http://a"}, FileBox("a", url="http://a")),
        ({"type": 7, "name": "a", "uuid": "u-1", "size": 9}, FileBox("a", upload="u-1")),
    ],
)
def test_files_of_old_gateways_and_new_ones_are_read(
    fields: dict[str, object], meant: FileBox
) -> None:
    assert file_of(json.dumps(fields)) == meant


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no JSON object"),
        ("{}", "of the type None"),
        ('{"type": 3, "name": "code.png", "qrCode": "https://a"}', "of the type 3"),
        ('{"type": 1, "name": "a", "base64": "a b"}', "base64 cannot be read"),
        ('{"type": 1, "name": "a", "base64": "图"}', "base64 cannot be read"),
        ('{"type": 1, "name": "a"}', "base64 is no text"),
        ('{"type": 2, "name": "a", "url": ""}', "url is no text"),
        ('{"type": 7, "name": 5, "uuid": "u"}', "name is no text"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(text: str, why: str) -> None:
    with pytest.raises(Nonsense, match=why):
        file_of(text)


def test_a_file_is_not_unpacked_where_it_has_too_many_bytes() -> None:
    one_more = base64.b64encode(bytes(LARGEST_FILE + 9)).decode()
    with pytest.raises(FileTooLarge, match="more than 20 MB"):
        file_of(json.dumps({"type": 1, "name": "a", "base64": one_more}))


@asynccontextmanager
async def serving(answer: bytes) -> AsyncIterator[str]:
    """A web server that gives one answer to everybody, head and all; its address."""

    async def give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        with suppress(ConnectionError):  # whoever asked has had enough of it
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(give, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.png"


async def test_bytes_are_fetched_from_a_place_that_the_shop_configured() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") as url:
        assert await fetched(url, {Place.of(url)}) == b"abc"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "localhost", "[::1]"])
async def test_nothing_is_fetched_from_a_private_network(host: str) -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") as url:
        with pytest.raises(Nonsense, match=r"private network|nowhere"):
            await fetched(url.replace("127.0.0.1", host))


async def test_a_redirect_into_a_private_network_is_not_followed() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret") as inside:
        away = f"HTTP/1.1 302 Found\r\nLocation: {inside}\r\nContent-Length: 0\r\n\r\n"
        async with serving(away.encode()) as url:
            with pytest.raises(Nonsense, match="private network"):
                await fetched(url, {Place.of(url)})
            assert await fetched(url, {Place.of(url), Place.of(inside)}) == b"secret"


async def test_redirects_that_never_end_are_given_up() -> None:
    async with serving(
        b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    ) as url:
        with pytest.raises(Nonsense, match="on and on"):
            await fetched(url, {Place.of(url)})


async def test_fetching_stops_where_there_are_too_many_bytes() -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + bytes(LARGEST_FILE + 1)
    async with serving(endless) as url:
        with pytest.raises(FileTooLarge):
            await fetched(url, {Place.of(url)})


async def test_an_address_that_refuses_is_an_error() -> None:
    async with serving(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as url:
        with pytest.raises(httpx.HTTPStatusError):
            await fetched(url, {Place.of(url)})


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://a/b", "a.png", ""])
async def test_only_the_web_is_fetched_from(url: str) -> None:
    with pytest.raises(Nonsense, match="none of the web"):
        await fetched(url)
