"""`nuanqun doctor`: looks at what the bot needs, and names the mend for what is wrong."""

from __future__ import annotations

import asyncio
import errno
import socket
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.accounts import examine_accounts
from bot.configuration import Configuration, load
from bot.feeds_examining import examine_feeds
from bot.files_examining import examine_files
from bot.findings import Finding
from bot.room.errors import RoomUnreachable
from bot.sections import Room
from handlers.pictures.fonts import find_fonts
from storage.database import Database, missing_file
from storage.errors import NuanqunError
from storage.unheard import count_unheard, last_unheard

_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
_DEADLINE = 10
_NEAR = 2  # seconds for an answer from this machine
_MARK = files("bot.room") / "web" / "mark.svg"
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (where one asks of a room that listens everywhere)


async def examine(file: Path | None) -> list[Finding]:
    """Every finding; with a broken configuration, only that one."""
    try:
        configuration = load(file)
    except NuanqunError as trouble:
        return [Finding.of("configuration", trouble)]
    well = Finding("configuration", True, f"shop {configuration.shop.name}")
    others = [await check(configuration) for check in (_room, _clock, _fonts)]
    if configuration.narrative.url:
        others.append(await _narrative(configuration))
    files = await examine_files(configuration)
    accounts = await examine_accounts(configuration)
    return [well, *await _storage(configuration), *others, *files, *accounts]


async def _storage(configuration: Configuration) -> list[Finding]:
    """The database, and what stands in it that somebody should look at."""
    url = configuration.storage.url.get_secret_value()
    try:
        unmade = missing_file(url)
        if unmade is not None:  # looking must not make it
            well = Finding("storage", True, f"the first run will make {unmade}")
            return [well, *await examine_feeds(configuration, None)]
        database = await Database.open(url)
    except NuanqunError as trouble:
        return [Finding.of("storage", trouble), *await examine_feeds(configuration, None)]
    try:
        events = await _events(configuration, database)
        found = await examine_feeds(configuration, database)
    finally:
        await database.close()
    return [Finding("storage", True, database.place), events, *found]


async def _events(configuration: Configuration, database: Database) -> Finding:
    """Whether all that happened could be handled."""
    async with database.reading() as connection:
        number, last = await count_unheard(connection), await last_unheard(connection)
    if last is None:
        return Finding("events", True, "all that came were handled")
    when = configuration.shop_settings().local(last.kept_at).strftime("%Y-%m-%d %H:%M")
    return Finding(
        "events",
        False,
        f"{number} could not be handled, the last one at {when} on {last.account}: {last.error}.",
        "See what they were with SELECT * FROM unheard_events ORDER BY id, report the error,"
        " and delete the rows once it is mended; they go by themselves with old messages.",
    )


async def _room(configuration: Configuration) -> Finding:
    room = configuration.room
    if room.door:
        return await _room_elsewhere(room)
    if not room.enabled:
        return Finding("room", True, "not used")
    place = f"{room.host}:{room.port}"
    with socket.socket(socket.AF_INET6 if ":" in room.host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((room.host, room.port))
        except OSError as trouble:
            if trouble.errno == errno.EADDRINUSE:
                if await _is_ours(room):
                    return Finding("room", True, f"the bot is running on {place}")
                found = f"another program listens on {place}."
                return Finding("room", False, found, "Stop it, or set room.port.")
            found = f"{place}: {trouble.strerror}."
            return Finding("room", False, found, "Set room.host and room.port.")
    return Finding("room", True, f"{place} is free")


async def _is_ours(room: Room) -> bool:
    """Whether it is a bot of this kind that listens there: it shows the bot's own mark."""
    host = _HERE.get(room.host, room.host)
    address = f"http://{f'[{host}]' if ':' in host else host}:{room.port}/assets/mark.svg"
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=_NEAR) as client:
            shown = (await client.get(address)).content
    except httpx.HTTPError:
        return False
    return shown == await asyncio.to_thread(_MARK.read_bytes)


async def _room_elsewhere(room: Room) -> Finding:
    """A room of its own needs the bot's token, and somebody who listens at its door.

    The doctor does not sign in: that would end the session of a bot that is running.
    """
    try:
        await asyncio.to_thread(room.token)
        address = urlsplit(room.door)
        async with asyncio.timeout(_DEADLINE):
            _, writer = await asyncio.open_connection(address.hostname, address.port)
    except NuanqunError as trouble:
        return Finding.of("room", trouble)
    except (OSError, ValueError) as trouble:
        return Finding.of(
            "room", RoomUnreachable(url=room.door, reason=str(trouble) or "no answer")
        )
    writer.close()
    return Finding("room", True, room.door)


async def _clock(configuration: Configuration) -> Finding:
    now = datetime.now(UTC)
    shown = configuration.shop_settings().local(now).strftime("%Y-%m-%d %H:%M")
    if now < _EARLIEST:
        mend = "Set the machine's clock, e.g. by NTP."
        return Finding("clock", False, f"it shows {shown}, which is past.", mend)
    return Finding("clock", True, f"{shown} in {configuration.shop.zone}")


async def _fonts(_: Configuration) -> Finding:
    """Pictures need a font with Chinese characters; without one, text goes out alone."""
    fonts = await asyncio.to_thread(find_fonts)
    if fonts is not None:
        return Finding("fonts", True, fonts.regular.name)
    mend = (
        "Install one, e.g. the package fonts-noto-cjk, or the extra: pip install 'nuanqun[fonts]'."
    )
    return Finding("fonts", False, "no font with Chinese characters, so no pictures.", mend)


async def _narrative(configuration: Configuration) -> Finding:
    """Whether the model's key can be read; it is not asked, since that may cost something."""
    try:
        endpoint = await asyncio.to_thread(configuration.narrative.endpoint)
    except NuanqunError as trouble:
        return Finding.of("narrative", trouble)
    return Finding("narrative", True, repr(endpoint))
