"""A chat endpoint on this machine that answers, or fails, as a test wants it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ModelServer:
    """What it was asked, and what it does: `answer` as a completion, or `raw` bytes instead.

    After `pause` seconds; `slow` lets each byte of the answer take 50 ms.
    """

    url: str = ""
    answer: str = ""
    raw: bytes | None = None
    pause: float = 0.0
    slow: bool = False
    heads: list[str] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and hang up."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            length = next(
                int(line.split(":")[1])
                for line in head.splitlines()
                if line.lower().startswith("content-length")
            )
            self.asked.append(json.loads(await reader.readexactly(length)))
            self.was_asked.set()
            await asyncio.sleep(self.pause)
            for part in self._parts():
                writer.write(part)
                await writer.drain()
                if self.slow:
                    await asyncio.sleep(0.05)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # who asked has hung up: that is what some tests want
        finally:
            writer.close()

    def _parts(self) -> list[bytes]:
        whole = self.raw if self.raw is not None else answered(completion(self.answer))
        return [whole[n : n + 1] for n in range(len(whole))] if self.slow else [whole]


def completion(text: object) -> bytes:
    """The JSON of an answer."""
    message = {"role": "assistant", "content": text}
    return json.dumps({"choices": [{"index": 0, "message": message}]}).encode()


def answered(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    """An HTTP answer with this body; with a `length` that need not be true."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    """A server that listens while the context lasts."""
    model = ModelServer()
    server = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    model.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield model
    finally:
        server.close()
        await server.wait_closed()
