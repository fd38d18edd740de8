"""`nuanqun run`: the room and the bot in one process, until a signal."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import start_http_server

from bot.arrivals_door import arrivals_door
from bot.channels.port import Channel
from bot.channels.room import RoomChannel
from bot.collecting import keep_what_stands
from bot.configuration import Configuration
from bot.console import ACCOUNTS_PATH
from bot.room.connection import LocalConnection
from bot.room.remote import SocketConnection
from bot.room.room import Room
from bot.room.server import RoomServer, bot_token
from bot.sections import Room as RoomSection
from bot.wiring import Bot
from handlers.appointing import first_manager_code
from scheduler.clock import Clock, RealClock
from storage.errors import RunningError

_log = structlog.get_logger(__name__)


class MetricsPortInUse(RunningError):
    """The counters cannot be served on their port."""

    number = 506
    sentence = "The metrics cannot be served on port {port}: {reason}."
    mend = "Set metrics.port to a free port, or to 0."


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """A room this process serves, and the bot's channel to it."""

    room: Room
    channel: Channel
    server: RoomServer


@asynccontextmanager
async def open_room(
    settings: RoomSection,
    clock: Clock,
    zone: ZoneInfo,
    links: Mapping[str, str] | None = None,
) -> AsyncIterator[OpenRoom]:
    """Open the room on its folder and serve its page, as long as the context lasts.

    The page shows times in `zone`, and to managers `links` to further pages.

    Raises:
        RunningError: its file cannot be read, or the port is in use.
    """
    room = await Room.open(settings.data, clock)
    server = RoomServer(
        room,
        host=settings.host,
        port=settings.port,
        names=settings.names,
        zone=zone,
        links=links,
    )
    try:
        await bot_token(room)
        await server.start()
        yield OpenRoom(room, RoomChannel(LocalConnection(room), data=settings.data), server)
    finally:
        await server.stop()
        await room.close()


async def serve(configuration: Configuration) -> None:
    """Run the bot until SIGINT or SIGTERM, then end every task and close every file.

    Raises:
        NuanqunError: something it cannot do without is missing or refuses it.
    """
    clock = RealClock()
    async with AsyncExitStack() as stack:
        stack.enter_context(_metrics(configuration.metrics.port))
        channels: list[Channel] = []
        opened: OpenRoom | None = None
        if configuration.room.door:
            channels.append(await _room_elsewhere(configuration.room))
        elif configuration.room.enabled:
            zone = ZoneInfo(configuration.shop.zone)
            opened = await stack.enter_async_context(
                open_room(configuration.room, clock, zone, _links(configuration))
            )
            channels.append(opened.channel)
            tell(f"The room: {opened.server.url}")
            tell(f"Manager, once: {opened.server.new_sign_in_url()}")
        bot = await Bot.open(configuration, clock, channels)
        stack.push_async_callback(bot.close)
        if opened is not None and configuration.wechat:
            from bot.console.accounts_page import add_accounts_page  # noqa: PLC0415 (only with them)

            add_accounts_page(opened.room, bot.desk)
            tell(f"The accounts, for managers: {opened.server.url}{ACCOUNTS_PATH}")
        for channel in bot.channels:
            if channel.start_link is not None:
                tell(f"{channel.account}: {channel.start_link}")
            if channel.account in bot.desk.shop.open_accounts:
                await _tell_of_first_manager(bot, channel)
        if configuration.arrivals.port:
            door = arrivals_door(bot.desk, configuration.arrivals.host, configuration.arrivals.port)
            tell(f"Products are pushed to port {await stack.enter_async_context(door)}")
        keep_what_stands()
        await until_signal(bot, lambda: tell("The bot is ready. Ctrl-C ends it."))


def _links(configuration: Configuration) -> Mapping[str, str]:
    """The pages beside the room's: that of the accounts, where somebody has to log one in."""
    return {"accounts": ACCOUNTS_PATH} if configuration.wechat else {}


async def _tell_of_first_manager(bot: Bot, channel: Channel) -> None:
    """Show what makes the first manager of an account, where there is none yet."""
    code = await first_manager_code(bot.desk, channel.account, channel.platform)
    if code is None:
        return
    if channel.start_link is not None:
        tell(f"Manager, once: {channel.start_link.partition('?')[0]}?start={code}")
    else:
        tell(f"Manager, once: send {channel.account} in private: /start {code}")


@contextmanager
def _metrics(port: int) -> Iterator[None]:
    """Serve the counters on this machine, where a port is given.

    Raises:
        MetricsPortInUse: another program has the port.
    """
    if not port:
        yield
        return
    try:
        server, thread = start_http_server(port, addr="127.0.0.1")
    except OSError as trouble:
        raise MetricsPortInUse(port=port, reason=trouble.strerror) from trouble
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def until_signal(bot: Bot, ready: Callable[[], None]) -> None:
    """Let the bot run until a signal comes, or until it fails for good.

    `ready` is called once a signal ends it properly, so that nobody sends one too early.
    """
    running = asyncio.ensure_future(bot.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    ready()
    try:
        with suppress(asyncio.CancelledError):
            await running
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    _log.info("ended")


def tell(line: str) -> None:
    """Say something to whoever started the program; stdout stays free for documents."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


async def _room_elsewhere(settings: RoomSection) -> Channel:
    """The channel to a room that is a process of its own."""
    token = await asyncio.to_thread(settings.token)
    connection = SocketConnection(settings.door, token)
    return RoomChannel(connection, data=settings.data)
