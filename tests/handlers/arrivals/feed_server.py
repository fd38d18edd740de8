"""A shop's server on this machine that serves a feed, or fails, as a test wants it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Answer:
    """One answer: status, headers, body; `pause` seconds before it, and between its bytes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    drip: float = 0.0
    cut: int | None = None  # hang up after so many bytes of the body

    def head(self) -> bytes:
        """Status and headers."""
        headers = {"Content-Length": str(len(self.body)), "Connection": "close"} | self.headers
        lines = [f"HTTP/1.1 {self.status} X", *(f"{name}: {one}" for name, one in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass
class Asked:
    """One request: its path with the query, and its headers in small letters."""

    path: str
    headers: dict[str, str]


@dataclass
class FeedServer:
    """What it was asked, and what it answers."""

    url: str = ""
    answer: Callable[[Asked], Answer] = lambda _: Answer(status=404)
    asked: list[Asked] = field(default_factory=list)

    def serves(self, body: bytes, **headers: str) -> None:
        """Answer everything with this body, and what has not changed with 304."""

        def answer(asked: Asked) -> Answer:
            etag = headers.get("ETag")
            if etag is not None and asked.headers.get("if-none-match") == etag:
                return Answer(status=304, headers=headers)
            return Answer(body, headers=headers)

        self.answer = answer

    def gives(self, answer: Answer) -> None:
        """Answer everything so."""
        self.answer = lambda _: answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and hang up."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.splitlines()
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines if line)
            }
            asked = Asked(first.split()[1], headers)
            self.asked.append(asked)
            answer = self.answer(asked)
            await asyncio.sleep(answer.pause)
            writer.write(answer.head())
            body = answer.body if answer.cut is None else answer.body[: answer.cut]
            size = 1 if answer.drip else 64 * 1024
            for start in range(0, len(body), size):
                writer.write(body[start : start + size])
                await writer.drain()
                await asyncio.sleep(answer.drip)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # who asked has hung up: that is what some tests want
        finally:
            writer.close()


@asynccontextmanager
async def feed_server() -> AsyncIterator[FeedServer]:
    """A server that listens while the context lasts."""
    shop = FeedServer()
    server = await asyncio.start_server(shop.serve, "127.0.0.1", 0)
    shop.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield shop
    finally:
        server.close()
        await server.wait_closed()
