"""The wire before a gateway carries, refuses, resets and falls silent when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.peers.wechat.wire import Wire


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say everything again, until nothing comes."""
    while said := await reader.read(100):
        writer.write(said)
    writer.close()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire before somebody who says everything again."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Wire(f"127.0.0.1:{port}") as opened:
        yield opened
    server.close()
    await server.wait_closed()


class Caller:
    """One end of a connection through the wire."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def hears(self, text: bytes, seconds: float = 5.0) -> bytes:
        """What comes back for `text`; nothing when the connection ends."""
        self._writer.write(text)
        async with asyncio.timeout(seconds):
            return await self._reader.read(100)


@asynccontextmanager
async def call(wire: Wire) -> AsyncIterator[Caller]:
    """A connection through the wire."""
    host, port = wire.endpoint.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Caller(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_it_carries_both_ways(wire: Wire) -> None:
    async with call(wire) as caller:
        assert await caller.hears(b"hello") == b"hello"
    assert wire.connections == 1


async def test_a_cut_resets_and_refuses_until_it_is_mended(wire: Wire) -> None:
    async with call(wire) as caller:
        await caller.hears(b"hello")
        await wire.cut()
        with pytest.raises(ConnectionError):
            await caller.hears(b"anybody?")
    with pytest.raises(ConnectionError):
        async with call(wire):
            pass
    await wire.mend()
    async with call(wire) as again:
        assert await again.hears(b"back") == b"back"


async def test_a_reset_lets_new_connections_in(wire: Wire) -> None:
    async with call(wire) as caller:
        await caller.hears(b"hello")
        await wire.reset()
        with pytest.raises(ConnectionError):
            await caller.hears(b"anybody?")
    async with call(wire) as again:
        assert await again.hears(b"back") == b"back"


async def test_a_silent_wire_holds_back_and_tells_nobody(wire: Wire) -> None:
    async with call(wire) as caller:
        await caller.hears(b"hello")
        wire.silence()
        with pytest.raises(TimeoutError):
            await caller.hears(b"one", seconds=0.2)
        wire.speak()
        assert (await caller.hears(b"")) == b"one"


async def test_nobody_beyond_ends_the_connection() -> None:
    async with Wire("127.0.0.1:1") as nowhere, call(nowhere) as caller:
        with suppress(ConnectionError):
            assert await caller.hears(b"hello") == b""
