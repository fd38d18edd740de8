"""The door: who is let in, what is answered, and that a dead bot's frames are never carried out."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

import bot.room.door as door_module
from bot.room.book import Book
from bot.room.door import CLOSED_BAD_FRAME, CLOSED_STRANGER, CLOSED_TAKEN, CLOSED_TOO_BIG
from bot.room.room import Room
from bot.room.server import RoomServer, bot_token
from bot.room.values import Person, RoomGroup
from scheduler.content import Content
from scheduler.courier import Address
from tests.bot.room.test_room import PNG


@asynccontextmanager
async def knock(server: RoomServer, **options: Any) -> AsyncIterator[ClientConnection]:
    async with connect(server.door_url, proxy=None, **options) as socket:
        yield socket


async def ask(socket: ClientConnection, **frame: Any) -> Any:
    await socket.send(json.dumps(frame))
    async with asyncio.timeout(5):
        return json.loads(await socket.recv())


@asynccontextmanager
async def inside(server: RoomServer, token: str) -> AsyncIterator[ClientConnection]:
    async with knock(server) as socket:
        assert "ok" in await ask(socket, id=0, do="hello", token=token)
        yield socket


async def close_code(socket: ClientConnection) -> int:
    async with asyncio.timeout(5):
        await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code


async def test_a_nickname_is_enough_for_a_fan(server: RoomServer, group: RoomGroup) -> None:
    async with knock(server) as socket:
        entered = await ask(socket, id=1, do="enter", nickname="小雨")
        assert entered["ok"]["person"]["name"] == "小雨"
        assert await ask(socket, id=2, do="join", group=group.id) == {"id": 2, "ok": {}}
        said = await ask(socket, id=3, do="say", address=f"group:{group.id}", text="大家好")
        assert said["ok"]["message"]["content"] == {"text": "大家好"}
    async with inside(server, entered["ok"]["token"]) as socket:
        answer = await ask(socket, id="x", do="history", address=f"group:{group.id}")
        assert [one["seq"] for one in answer["ok"]["messages"]] == [said["ok"]["message"]["seq"]]


async def test_a_manager_comes_in_by_a_link(server: RoomServer, room: Room) -> None:
    link = room.people.new_link()
    async with knock(server) as socket:
        answer = await ask(socket, id=1, do="sign_in", link=link, nickname="店长")
        assert answer["ok"]["person"]["role"] == "manager"
        assert "ok" in await ask(socket, id=2, do="create_group", name="新品群")
    async with knock(server) as socket:
        answer = await ask(socket, id=1, do="sign_in", link=link, nickname="小偷")
        assert answer["error"]["reason"] == "link_used"
        assert await close_code(socket) == CLOSED_STRANGER


async def test_the_token_may_come_as_a_header(server: RoomServer, room: Room) -> None:
    header = {"Authorization": f"Bearer {await bot_token(room)}"}
    async with knock(server, additional_headers=header) as socket:
        answer = await ask(socket, id=1, do="hello")
        assert answer["ok"]["person"]["role"] == "bot"


@pytest.mark.parametrize(
    "frame",
    [
        {"do": "hello", "token": "wrong"},
        {"do": "hello"},
        {"do": "groups"},
        {"do": "enter"},
        {"do": "enter", "nickname": "x" * 5_000},
        {"do": ["hello"]},
    ],
    ids=str,
)
async def test_a_stranger_is_shown_out(server: RoomServer, frame: dict[str, Any]) -> None:
    async with knock(server) as socket:
        await socket.send(json.dumps(frame))
        assert await close_code(socket) == CLOSED_STRANGER


async def test_whoever_says_nothing_is_shown_out(
    server: RoomServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "HELLO_SECONDS", 0.05)
    async with knock(server) as socket:
        assert await close_code(socket) == CLOSED_STRANGER


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "rebound.example"},
        {"Host": "[broken"},
    ],
    ids=str,
)
async def test_a_page_from_elsewhere_cannot_reach_the_door(
    server: RoomServer, headers: dict[str, str]
) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    lines = {
        "Host": f"{host}:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(b"0" * 16).decode(),
        "Sec-WebSocket-Version": "13",
    } | headers
    reader, writer = await asyncio.open_connection(host, int(port))
    request = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"GET /door HTTP/1.1\r\n{request}\r\n".encode())
    assert b" 403 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_the_rooms_own_origin_is_welcome(server: RoomServer) -> None:
    async with knock(server, origin=server.url) as socket:
        assert "ok" in await ask(socket, id=1, do="enter", nickname="小雨")
    with pytest.raises(InvalidStatus):
        async with knock(server, origin="http://localhost"):
            pytest.fail("the origin is another one")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"do": "say", "text": "' + "长" * 70_000 + '"}', CLOSED_TOO_BIG),
        ("[1, 2]", CLOSED_BAD_FRAME),
        ("{", CLOSED_BAD_FRAME),
        ("[" * 50_000, CLOSED_BAD_FRAME),
        ('{"do": "say", "text": "\\ud83d"}', CLOSED_BAD_FRAME),
        ('{"do": "events"}', CLOSED_BAD_FRAME),
        ('{"do": "events", "after": 1e400}', CLOSED_BAD_FRAME),
    ],
    ids=["too long", "a list", "broken", "nested", "half a character", "no after", "infinite"],
)
async def test_a_broken_frame_ends_the_session(
    server: RoomServer, room: Room, fan: Person, text: str, code: int
) -> None:
    async with inside(server, await room.people.new_token(fan)) as socket:
        await socket.send(text)
        assert await close_code(socket) == code


async def test_a_frame_beyond_every_bound_is_cut_off(
    server: RoomServer, room: Room, fan: Person
) -> None:
    async with inside(server, await room.people.new_token(fan)) as socket:
        with suppress(ConnectionClosed):  # the door may shut while it is still being sent
            await socket.send('{"do": "picture", "data": "' + "A" * (9 * 1024 * 1024) + '"}')
        assert await close_code(socket) == CLOSED_TOO_BIG


@pytest.mark.parametrize(
    "frame",
    [
        {"do": "dance"},
        {"do": "say", "text": "hi"},
        {"do": "say", "text": "hi", "address": "nowhere"},
        {"do": "say", "text": 7, "address": "group:g1"},
        {"do": "say", "text": "hi", "address": "group:g1", "pictures": [1]},
        {"do": "history", "address": "group:g1", "limit": True},
        {"do": "history", "address": "group:g1", "before": 10**30},
        {"do": "post", "address": "group:g1", "content": {"words": "hi"}},
        {"do": "post", "address": "group:g1", "content": {"text": ["hi"]}},
        {"do": "post", "address": "group:g1", "content": {"text": "hi", "buttons": [{"a": 1}]}},
        {"do": "post", "address": "group:g1", "content": {"text": "hi", "buttons": 7}},
        {"do": "picture", "data": "not base64"},
    ],
    ids=str,
)
@pytest.mark.usefixtures("group")
async def test_a_wish_of_the_wrong_shape_is_refused_and_the_session_goes_on(
    server: RoomServer, room: Room, frame: dict[str, Any]
) -> None:
    async with inside(server, await bot_token(room)) as socket:
        answer = await ask(socket, id=1, **frame)
        assert answer["error"]["reason"] == "bad_frame"
        assert "ok" in await ask(socket, id=2, do="groups")


async def test_a_fan_may_not_do_what_bots_and_managers_do(
    server: RoomServer, room: Room, group: RoomGroup, fan: Person
) -> None:
    post = await room.post(room.bot, Address(group=group.id), Content("在"), key="secret-campaign")
    async with inside(server, await room.people.new_token(fan)) as socket:
        for frame in (
            {"do": "post", "address": f"group:{group.id}", "content": {"text": "假"}},
            {"do": "edit", "seq": post.seq, "content": {"text": "假"}},
            {"do": "delete", "seq": post.seq},
            {"do": "pin", "seq": post.seq},
            {"do": "lookup", "key": "secret-campaign"},
            {"do": "create_group", "name": "我的"},
            {"do": "leave", "group": group.id, "person": room.bot.id},
        ):
            assert (await ask(socket, id=1, **frame))["error"]["reason"] == "not_allowed"
        seen = await ask(socket, id=2, do="history", address=f"group:{group.id}")
        assert "secret-campaign" not in json.dumps(seen)


async def test_events_are_pushed_from_the_number_on_past_and_present(
    server: RoomServer, room: Room, group: RoomGroup, fan: Person
) -> None:
    start = room.log.last
    first = await room.say(fan, Address(group=group.id), "一")
    async with inside(server, await bot_token(room)) as socket:
        assert await ask(socket, id=1, do="events", after=start) == {"id": 1, "ok": {}}
        assert json.loads(await socket.recv())["event"]["seq"] == first.seq
        second = await room.say(fan, Address(group=group.id), "二")
        assert json.loads(await socket.recv())["event"]["seq"] == second.seq


async def test_a_window_holds_the_events_back_until_they_are_seen(
    server: RoomServer, room: Room, group: RoomGroup, fan: Person
) -> None:
    start = room.log.last
    for number in range(5):
        await room.say(fan, Address(group=group.id), str(number))
    async with inside(server, await bot_token(room)) as socket:
        await ask(socket, id=1, do="events", after=start, window=2)
        for _ in range(2):
            await socket.recv()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await socket.recv()
        await socket.send(json.dumps({"do": "seen", "count": 2}))
        for _ in range(2):
            assert "event" in json.loads(await socket.recv())


async def test_a_picture_passes_through_the_door(server: RoomServer, room: Room) -> None:
    data = base64.b64encode(PNG + b"\0" * 200_000).decode()
    async with inside(server, await bot_token(room)) as socket:
        answer = await ask(socket, id=1, do="picture", data=data)
        assert room.pictures.has(answer["ok"]["source"])


async def test_a_second_bot_ends_the_first_one_s_session(server: RoomServer, room: Room) -> None:
    token = await bot_token(room)
    async with inside(server, token) as old, inside(server, token) as new:
        assert await close_code(old) == CLOSED_TAKEN
        assert "ok" in await ask(new, id=1, do="groups")


async def test_a_bot_is_let_in_only_after_its_predecessors_frames_are_done_or_dropped(
    server: RoomServer, room: Room, group: RoomGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed bot had sent is carried out before the new one's look-up, or never."""
    token = await bot_token(room)
    commit, gate = Book._commit, asyncio.Event()

    async def slow_disk(book: Book, batch: Any) -> None:
        await gate.wait()
        await commit(book, batch)

    async with knock(server) as old:
        await ask(old, id=0, do="hello", token=token)
        monkeypatch.setattr(Book, "_commit", slow_disk)
        for number in range(1, 201):  # more than may be in flight: the rest lies in buffers
            frame = {"id": number, "do": "post", "key": f"k{number}"}
            frame |= {"address": f"group:{group.id}", "content": {"text": str(number)}}
            await old.send(json.dumps(frame))
        async with knock(server) as new:
            greeting = asyncio.create_task(ask(new, id=0, do="hello", token=token))
            await asyncio.sleep(0.1)
            assert not greeting.done(), "the old session's posts are still on their way"
            gate.set()
            assert "ok" in await greeting
            found = [await room.lookup(room.bot, f"k{number}") for number in range(1, 201)]
            sent = sum(one is not None for one in found)
            assert 0 < sent < 200
            await asyncio.sleep(0.1)
            posts = await room.history(room.bot, Address(group=group.id), limit=200)
            assert len(posts) == sent, "a dead bot's post came after the look-up"


async def test_the_bots_token_is_private_and_stays_the_same(room: Room) -> None:
    token = await bot_token(room)
    path = room.folder / "bot-token"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().strip() == token == await bot_token(room)
    path.unlink()
    assert room.people.owner(await bot_token(room)) == room.bot
