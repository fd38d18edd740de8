"""The room on a port: as a task, and as a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import httpx
import pytest

from bot.room.errors import RoomAddressRefused, RoomPortInUse
from bot.room.remote import SocketConnection
from bot.room.room import Room
from bot.room.server import RoomServer
from bot.room.values import Role

REPOSITORY = Path(__file__).parents[3]


async def test_health_tells_the_last_number(server: RoomServer, room: Room) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{server.url}/health")
        assert answer.json() == {"last": room.log.last}
        refused = await client.get(f"{server.url}/health", headers={"Host": "rebound.example"})
        assert refused.status_code == 403


async def test_a_port_in_use_is_named_with_the_mend(server: RoomServer, room: Room) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(RoomPortInUse) as in_use:
        await RoomServer(room, port=port, page=False).start()
    assert str(port) in str(in_use.value)
    assert in_use.value.advice


@pytest.mark.parametrize(("host", "port"), [("203.0.113.1", 0), ("127.0.0.1", 70_000)])
async def test_an_address_that_cannot_be_listened_on_is_refused(
    room: Room, host: str, port: int
) -> None:
    with pytest.raises(RoomAddressRefused):
        await RoomServer(room, host=host, port=port, page=False).start()


async def test_a_server_stops_with_a_program_still_inside_and_stops_twice(room: Room) -> None:
    server = RoomServer(room, page=False)
    await server.start()
    _, token = await room.people.enter("小雨")
    connection = SocketConnection(server.door_url, token)
    await connection.open()
    async with asyncio.timeout(10):
        await server.stop()
        await server.stop()
    await connection.close()


async def test_the_process_prints_where_it_is_and_does_without_the_page(tmp_path: Path) -> None:
    program = [sys.executable, "-X", "importtime", "-m", "bot.room"]
    process = await asyncio.create_subprocess_exec(
        *program, "--data", str(tmp_path), "--no-page",
        cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(60):
        ready = json.loads(await process.stdout.readline())
        token = await asyncio.to_thread(Path(ready["token_file"]).read_text)
        connection = SocketConnection(ready["door"], token.strip())
        assert (await connection.open()).role is Role.BOT
        await connection.close()
        process.terminate()
        _, imported = await process.communicate()
    assert process.returncode == 0
    assert b"bot.room.door" in imported
    assert b"nicegui" not in imported


async def test_the_process_says_in_one_sentence_why_it_cannot_run(
    tmp_path: Path, server: RoomServer
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.room", "--data", str(tmp_path), "--no-page",
        "--port", server.url.rpartition(":")[2],
        cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, said = await process.communicate()
    assert (process.returncode, printed) == (1, b"")
    assert said.decode().count("\n") == 1
    assert "already in use" in said.decode()
