"""The door's reference page: its conversations are real, and it leaves nothing out."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from bot.room.deeds import DEEDS
from bot.room.errors import Reason
from bot.room.room import Room
from bot.room.server import RoomServer, bot_token
from bot.room.values import EventKind
from tests.bot.room.test_door import knock

PAGE = (Path(__file__).parents[3] / "docs/reference/room-door.md").read_text(encoding="utf-8")
CONVERSATIONS = re.findall(r"^```door.*?\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=range(len(CONVERSATIONS)))
async def test_a_conversation_goes_as_it_is_written(
    conversation: str, server: RoomServer, room: Room
) -> None:
    token = await bot_token(room)
    async with knock(server) as socket, asyncio.timeout(10):
        for line in conversation.splitlines():
            arrow, written = line[0], json.loads(line[2:])
            if arrow == "→":
                await socket.send(
                    json.dumps(written | ({"token": token} if "token" in written else {}))
                )
                continue
            answer = json.loads(await socket.recv())
            if "token" in answer.get("ok", {}):
                answer["ok"]["token"] = "…"
            assert answer == written


def test_every_deed_reason_and_kind_is_on_the_page() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert CONVERSATIONS
    assert {*DEEDS, *(one.value for one in (*Reason, *EventKind))} <= named
