"""The doctor names each thing that is wrong, with its mend, and touches nothing."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from bot import doctor
from bot.configuration import Configuration
from bot.doctor import examine
from bot.findings import Finding
from handlers.arrivals.judging import Held, Hold
from handlers.arrivals.troubles import BadRow, FeedTrouble, Flaw
from storage.database import Database
from storage.product_feeds import change_feed, ensure_feed
from storage.shops import ensure_shop
from storage.unheard import UnheardEvent, keep_unheard
from tests.bot.program import call
from tests.handlers.shop import NOW


async def findings(here: Path, configuration: str) -> dict[str, Finding]:
    file = here / "shop.toml"
    file.write_text(configuration, encoding="utf-8")
    return {one.check: one for one in await examine(file)}


async def test_in_an_empty_folder_all_is_well_and_nothing_is_made(here: Path) -> None:
    found = await findings(here, "[room]\nport = 0\n")
    assert [one.check for one in found.values() if not one.well] == []
    assert "first run will make data/nuanqun.sqlite3" in found["storage"].found
    assert not (here / "data").exists()


async def test_a_broken_configuration_is_the_only_finding(here: Path) -> None:
    found = await findings(here, "[shop]\nzone = 'Mars'\n")
    assert found.keys() == {"configuration"}
    assert not found["configuration"].well
    assert "shop.zone" in found["configuration"].found
    assert "config.example.toml" in found["configuration"].mend


@pytest.mark.parametrize(
    ("configuration", "check", "said", "mend"),
    [
        ('[storage]\nurl = "nonsense"\n', "storage", "no address", "sqlite+aiosqlite:///FILE"),
        ('[storage]\nurl = "sqlite+aiosqlite:///recipes"\n', "storage", "not a database", "path"),
        ('[room]\nhost = "203.0.113.7"\n', "room", "203.0.113.7:8766", "room.host"),
        ('[room]\ndoor = "ws://127.0.0.1:1/door"\n', "room", "not set", "room.token_file"),
        (
            '[room]\ndoor = "ws://127.0.0.1:1/door"\ntoken_file = "gone"\n',
            "room",
            "gone cannot be read: No such file",
            "room.token_file",
        ),
        (
            '[room]\ndoor = "ws://127.0.0.1:1/door"\ntoken_file = "token"\n',
            "room",
            "ws://127.0.0.1:1/door cannot be reached",
            "Start the room first",
        ),
    ],
)
async def test_what_is_wrong_is_named_with_its_mend(
    here: Path, configuration: str, check: str, said: str, mend: str
) -> None:
    (here / "recipes").write_bytes(b"flour and water\n" * 100)
    (here / "token").write_text("a token\n")
    found = (await findings(here, configuration))[check]
    assert not found.well
    assert said in found.found
    assert mend in found.mend


async def test_events_that_could_not_be_handled_are_told_with_how_to_look_at_them(
    here: Path, configured: Configuration
) -> None:
    ready = f'[storage]\nurl = "{configured.storage.url.get_secret_value()}"\n[room]\nport = 0\n'
    assert (await findings(here, ready))["events"].well
    database = await Database.open(configured.storage.url.get_secret_value())
    async with database.writing() as connection:
        for error in ("KeyError: 'a'", "ValueError: b (handlers.taggers:88)"):
            await keep_unheard(connection, UnheardEvent("room", "7", None, "{}", error, NOW))
    await database.close()
    found = (await findings(here, ready))["events"]
    assert not found.well
    assert found.found == (
        "2 could not be handled, the last one at 2026-11-05 10:00 on room:"
        " ValueError: b (handlers.taggers:88)."
    )
    assert "SELECT * FROM unheard_events" in found.mend


async def test_a_port_in_use_is_named(here: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = (await findings(here, f"[room]\nport = {port}\n"))["room"]
    assert not found.well
    assert f"another program listens on 127.0.0.1:{port}" in found.found
    assert "room.port" in found.mend


@pytest.mark.parametrize(("mark", "well"), [("<svg>another</svg>", False), (None, True)])
async def test_with_the_bot_running_its_port_is_well(
    here: Path, mark: str | None, *, well: bool
) -> None:
    shown = doctor._MARK.read_bytes() if mark is None else mark.encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        assert asked.startswith(b"GET /assets/mark.svg ")
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(shown)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + shown)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = (await findings(here, f"[room]\nport = {port}\n"))["room"]
    assert found.well == well
    if well:
        assert found.found == f"the bot is running on 127.0.0.1:{port}"


async def test_a_room_elsewhere_that_listens_is_well(here: Path) -> None:
    (here / "token").write_text("a token\n")
    with socket.create_server(("127.0.0.1", 0)) as other:
        door = f"ws://127.0.0.1:{other.getsockname()[1]}/door"
        found = await findings(here, f'[room]\ndoor = "{door}"\ntoken_file = "token"\n')
    assert found["room"].well


async def test_a_clock_in_the_past_and_a_missing_font_are_named(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "find_fonts", lambda: None)
    monkeypatch.setattr(doctor, "_EARLIEST", doctor._EARLIEST.replace(year=9000))
    found = await findings(here, "[room]\nport = 0\n")
    assert (found["clock"].well, found["fonts"].well) == (False, False)
    assert "Set the machine's clock" in found["clock"].mend
    assert "fonts-noto-cjk" in found["fonts"].mend


def test_the_exit_code_tells_whether_all_is_well(here: Path) -> None:
    (here / "nuanqun.toml").write_text("[room]\nport = 0\n")
    well = call("doctor", "--json")
    assert (well.code, {one["check"] for one in well.document}) == (
        0,
        {"configuration", "storage", "room", "clock", "fonts", "programmes"},
    )
    (here / "nuanqun.toml").write_text("[room]\nporty = 0\n")
    bad = call("doctor")
    assert (bad.code, bad.out.count("\n")) == (1, 1)
    assert bad.out.startswith("BAD configuration: In nuanqun.toml, room.porty is given")


FEED = """[room]
port = 0
[feeds.web]
url = "http://127.0.0.1:9/"
"""


@pytest.mark.parametrize(
    ("feed", "said", "mend"),
    [
        ('url = "http://127.0.0.1:9/"\nsecret_file = "gone"', "gone", "feeds.web.secret_file"),
        ('url = "http://nobody.invalid/"', "there is no host nobody.invalid", "url"),
        ('kind = "shopify"', "neither a url nor a secret", "secret_file"),
        ('secret = "ein-langes-geheimnis-1"', "the door is closed", "arrivals.port"),
    ],
)
async def test_a_feed_that_cannot_work_is_named(
    here: Path, feed: str, said: str, mend: str
) -> None:
    found = (await findings(here, f"[room]\nport = 0\n[feeds.web]\n{feed}\n"))["feeds.web"]
    assert not found.well
    assert said in found.found
    assert mend in f"{found.found} {found.mend}"


async def test_a_feed_whose_name_means_a_private_machine_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def inside(*_: object, **__: object) -> list[object]:
        return [(2, 1, 6, "", ("10.0.0.5", 80))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", inside)
    found = await findings(here, FEED.replace("127.0.0.1:9", "shop.example"))
    assert "lies in a private network" in found["feeds.web"].found
    assert "follows" in found["feeds.web"].mend


async def test_a_feed_that_keeps_failing_is_named_with_its_last_look(here: Path) -> None:
    found = await findings(here, FEED)
    assert (found["feeds.web"].well, found["feeds.web"].found) == (True, "not read yet")
    (here / "data").mkdir()
    database = await Database.open("sqlite+aiosqlite:///data/nuanqun.sqlite3")
    try:
        async with database.writing() as connection:
            shop_id = await ensure_shop(connection, "shop")
            row = await ensure_feed(connection, shop_id, "web", "x", NOW)
            trouble = {"kind": "status", "reason": "500"}
            await change_feed(connection, row.id, failures=4, looked_at=NOW, trouble=trouble)
    finally:
        await database.close()
    met = (await findings(here, FEED))["feeds.web"]
    assert not met.well
    assert "4 looks in a row have failed, the last one at" in met.found
    assert "(status 500)" in met.found


@pytest.mark.parametrize("url", ['url = "http://127.0.0.1:9/"', 'secret_file = "secret"'])
async def test_a_feed_that_is_held_is_not_well(here: Path, url: str) -> None:
    (here / "data").mkdir()
    (here / "secret").write_text("0123456789abcdef0123456789abcdef\n")
    database = await Database.open("sqlite+aiosqlite:///data/nuanqun.sqlite3")
    try:
        async with database.writing() as connection:
            shop_id = await ensure_shop(connection, "shop")
            row = await ensure_feed(connection, shop_id, "web", "x", NOW)
            held = Held(Hold.MANY_NEW, 60, ("面霜",)).to_json()
            await change_feed(connection, row.id, looked_at=NOW, held=held)
    finally:
        await database.close()
    text = f"[room]\nport = 0\n[arrivals]\nport = 9790\n[feeds.web]\n{url}\n"
    met = (await findings(here, text))["feeds.web"]
    assert not met.well
    assert met.found == "what it says is held: 60 products that nobody knew came at once."
    assert "/feeds" in met.mend


async def test_rows_of_a_feed_that_nobody_can_read_are_named(here: Path) -> None:
    (here / "data").mkdir()
    trouble = FeedTrouble.of_rows(
        12, [BadRow(3, Flaw.NO_PRICE, "面霜", "面议"), BadRow(1, Flaw.NO_TITLE, "", page=2)]
    )
    assert trouble is not None
    database = await Database.open("sqlite+aiosqlite:///data/nuanqun.sqlite3")
    try:
        async with database.writing() as connection:
            shop_id = await ensure_shop(connection, "shop")
            row = await ensure_feed(connection, shop_id, "web", "x", NOW)
            await change_feed(connection, row.id, looked_at=NOW, trouble=trouble.to_json())
    finally:
        await database.close()
    met = (await findings(here, FEED))["feeds.web"]
    assert not met.well
    assert met.found == (
        "12 rows are not understood, such as row 3 (面霜): the price “面议” is no number, "
        "row 1 of page 2: no name."
    )
