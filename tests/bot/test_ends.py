"""The bot is ended and begun again at random moments while a room talks: nothing is lost or twice.

Ear, hands, storage and the room are the real ones, each on its SQLite file.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.channels.room import RoomChannel
from bot.ear import Ear
from bot.room.connection import LocalConnection
from bot.room.room import Room
from bot.room.values import Person
from scheduler.courier import Action, Address, Lookup, Outcome
from storage.tables import messages
from tests.bot.program import PATIENCE
from tests.faults.processes import RoomLog
from tests.handlers.shop import Platform, Shop

DEEDS = 250
SEED = 20_261_111


@dataclass(slots=True)
class Talk:
    """What people did in the room: what was said in its order, what was asked, who came."""

    said: list[str] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    came: list[str] = field(default_factory=list)
    over: bool = False


async def talk(room: Room, chance: random.Random, done: Talk) -> None:
    """Fans come, chat and ask, sometimes in a rush and sometimes not."""
    owner, _ = await room.people.sign_in(room.people.new_link(), "店长")
    group = await room.create_group(owner, "福利群")
    fans: list[Person] = []
    for number in range(DEEDS):
        match chance.choice(("come", "chat", "chat", "chat", "ask")) if fans else "come":
            case "come":
                fan, _ = await room.people.enter(f"粉丝{number}")
                await room.join(fan, group.id)
                fans.append(fan)
                done.came.append(fan.name)
            case deed:
                text = "/me" if deed == "ask" else f"第 {number} 句"
                message = await room.say(chance.choice(fans), Address(group=group.id), text)
                done.said.append(text)
                if deed == "ask":
                    done.asked.append(message.seq)
        if chance.random() < 0.3:
            await asyncio.sleep(chance.uniform(0, 0.01))
    done.over = True


async def stored(shop: Shop) -> list[str]:
    async with shop.desk.database.reading() as connection:
        return list(await connection.scalars(select(messages.c.text).order_by(messages.c.id)))


async def test_whenever_it_is_ended_everything_is_heard_obeyed_and_greeted_once(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, done = random.Random(SEED), Talk()  # noqa: S311 (no secret)
    room = await Room.open(tmp_path / "room", shop.clock)
    log = RoomLog(tmp_path)
    channel = RoomChannel(LocalConnection(room))
    await channel.open()

    async def perform(_: Platform, action: Action) -> Outcome:
        return await channel.perform(action)

    async def lookup(_: Platform, key: str) -> Lookup:
        return await channel.lookup(key)

    monkeypatch.setattr(Platform, "perform", perform)
    monkeypatch.setattr(Platform, "lookup", lookup)
    ear = Ear(channel=channel, desk=shop.desk, dispatcher=shop.dispatcher, commander=shop.commander)
    sending = asyncio.create_task(shop.sender.run())
    talking = asyncio.create_task(talk(room, random.Random(SEED), done))  # noqa: S311 (no secret)
    ends = 0
    async with asyncio.timeout(PATIENCE):
        while not done.over or await stored(shop) != done.said or ends < 30:
            hearing = asyncio.create_task(ear.run())
            await asyncio.sleep(chance.expovariate(8))  # seconds: an eighth of one on average
            hearing.cancel()
            await asyncio.wait([hearing])
            assert hearing.cancelled()
            ends += 1
        await talking
        hearing = asyncio.create_task(ear.run())
        while not await all_done(shop, log, done):  # noqa: ASYNC110 (storage rings for nobody)
            await asyncio.sleep(0.01)
        for task in (hearing, sending):
            task.cancel()
        await asyncio.wait([hearing, sending])
    assert await stored(shop) == done.said
    assert log.posts("reply:") == {f"reply:room/{seq}/0": 1 for seq in done.asked}
    assert set(log.posts("welcome:").values()) == {1}
    assert log.greeted() == len(done.came)
    await room.close()


async def all_done(shop: Shop, log: RoomLog, done: Talk) -> bool:
    """Whether every command was finished and everybody greeted."""
    return not await shop.dispatcher.last_left_over() and log.greeted() >= len(done.came)
