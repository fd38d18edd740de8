"""A wire between the bot and a gateway, which a test can cut, mend, silence and count on.

It carries bytes and understands none: it stands before a gateway with or without TLS alike.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from types import TracebackType
from typing import Self

PIECE = 1 << 16  # bytes
RESETTING = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Wire:
    """Listens at `endpoint` while the context lasts, and carries to the endpoint beyond."""

    def __init__(self, beyond: str) -> None:
        self._beyond = beyond
        self._port = 0
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.connections = 0
        """How many connections were taken so far."""

    @property
    def endpoint(self) -> str:
        """Where to connect, as `host:port`; the same after a cut."""
        return f"127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Reset every connection, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.reset()

    async def mend(self) -> None:
        """Take connections again, at the same place."""
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def reset(self) -> None:
        """Reset every connection there is; new ones are taken."""
        for end in list(self._ends):
            # To close a socket that does not linger resets its connection.
            end.get_extra_info("socket").setsockopt(*RESETTING)
            end.transport.abort()
        await asyncio.gather(*self._tasks)

    def silence(self) -> None:
        """Carry nothing more, in either direction, without anybody being told."""
        self._flows.clear()

    def speak(self) -> None:
        """Carry again, what was held back first."""
        self._flows.set()

    async def _carry(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        self.connections += 1
        host, port = self._beyond.split(":")
        try:
            far_in, far_out = await asyncio.open_connection(host, int(port))
        except OSError:
            near_out.transport.abort()
            return
        self._ends |= {near_out, far_out}
        pumps = [
            asyncio.create_task(self._pump(near_in, far_out)),
            asyncio.create_task(self._pump(far_in, near_out)),
        ]
        self._tasks.update(pumps)
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for end in (near_out, far_out):
            end.transport.abort()
            self._ends.discard(end)
        for pump in pumps:
            pump.cancel()
        await asyncio.wait(pumps)
        self._tasks.difference_update(pumps)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while piece := await source.read(PIECE):
                await self._flows.wait()
                sink.write(piece)
                await sink.drain()
        except (ConnectionError, asyncio.CancelledError):
            return  # the other pump ends with this one
