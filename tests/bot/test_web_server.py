"""The web server inside the bot: it starts and stops, and leaves the process alone."""

from __future__ import annotations

import asyncio
import signal
import time

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.web_server import AddressRefused, WebServer


async def greet(request: Request) -> PlainTextResponse:
    await asyncio.sleep(float(request.query_params.get("after", "0")))
    return PlainTextResponse("你好")


def server() -> WebServer:
    return WebServer(Starlette(routes=[Route("/", greet)]), stop_seconds=1)


async def get(port: int, after: float = 0) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://127.0.0.1:{port}/?after={after}")).text


async def test_it_answers_from_start_to_stop_and_frees_its_port() -> None:
    port = 0
    for _ in range(2):
        one = server()
        port = await one.start("127.0.0.1", port)
        assert await get(port) == "你好"
        await one.stop()
        await one.stop()
        with pytest.raises(httpx.ConnectError):
            await get(port)


@pytest.mark.parametrize(
    ("host", "port", "in_use"),
    [("203.0.113.1", 0, False), ("127.0.0.1", 70_000, False), ("127.0.0.1", None, True)],
)
async def test_where_it_cannot_listen_is_said_with_the_reason(
    host: str,
    port: int | None,
    in_use: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    other = server()
    taken = await other.start("127.0.0.1", 0)
    with pytest.raises(AddressRefused) as refused:
        await server().start(host, taken if port is None else port)
    assert refused.value.in_use is in_use
    assert refused.value.reason
    await other.stop()


async def test_what_is_under_way_may_end_when_it_stops_but_not_for_long() -> None:
    one = server()
    port = await one.start("127.0.0.1", 0)
    short = asyncio.create_task(get(port, after=0.3))
    long = asyncio.create_task(get(port, after=60))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await one.stop()
    assert await short == "你好"
    assert await long != "你好"
    assert time.monotonic() - began < 5


async def test_signals_stay_with_the_process() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    one = server()
    await one.start("127.0.0.1", 0)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    await one.stop()


async def test_one_that_never_started_stops() -> None:
    await server().stop()
