"""A web server inside the running bot: one application on one port, as a task of this process.

uvicorn would like to own the process: its signals and its logs. Here it owns neither, and says
when it is ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

_QUEUE = 512  # connections that wait to be taken


class AddressRefused(Exception):
    """The machine does not let this program listen there; `in_use` if another one does."""

    def __init__(self, reason: str, *, in_use: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.in_use = in_use


class WebServer:
    """Serves an application from `start` to `stop`, once.

    Args:
        application: what answers.
        stop_seconds: how long requests that are under way may take when it stops.
        socket_bytes: the largest frame of a WebSocket.
    """

    def __init__(
        self, application: ASGIApp, *, stop_seconds: int, socket_bytes: int = 64 * 1024
    ) -> None:
        config = uvicorn.Config(
            application,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="on",
            ws="websockets-sansio",
            ws_max_size=socket_bytes,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=stop_seconds,
            server_header=False,
        )
        self._server = _QuietServer(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns once requests are answered.

        Args:
            host: the address to listen on.
            port: the port, or 0 for any free one.

        Returns:
            The port.

        Raises:
            AddressRefused: it cannot listen there.
        """
        listener = _bind(host, port)
        task = asyncio.create_task(self._server.serve([listener]), name=f"web server {host}")
        self._task = task
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({ready, task}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if task.done():
            task.result()  # it failed before it was ready, and says why
        return int(listener.getsockname()[1])

    async def stop(self) -> None:
        """Close every socket and end the task. Safe to call twice."""
        if self._task is not None:
            self._server.should_exit = True
            await self._task


class _QuietServer(uvicorn.Server):
    """A server that says when it is ready, and leaves signals to whoever owns the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_QUEUE)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise AddressRefused(reason, in_use=error.errno == errno.EADDRINUSE) from error
    except OverflowError as error:
        listener.close()
        raise AddressRefused(str(error)) from error
    return listener
