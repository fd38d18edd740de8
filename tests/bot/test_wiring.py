"""A running bot: one at a time on a file, through a lost lane, and nothing left at the end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.room import RoomChannel
from bot.configuration import Configuration
from bot.demo.life import room_and_bot
from bot.room.connection import LocalConnection
from bot.room.errors import RoomUnreachable
from bot.room.room import Room
from bot.wiring import Bot, open_desk
from scheduler.clock import RealClock
from scheduler.content import Content
from scheduler.courier import Address, Done, Post
from scheduler.lease import LeaseTerms, try_lease
from storage.database import Database
from storage.errors import DatabaseInUse
from storage.lanes import lease_lane
from storage.passing_posts import keep_passing
from storage.taught_opinions import TaughtOpinion, teach_opinion
from tests.bot.program import until


async def test_a_bot_runs_until_it_is_cancelled_and_leaves_no_task(
    configured: Configuration,
) -> None:
    async with room_and_bot(configured, RealClock()) as (room, bot):
        before = asyncio.all_tasks()
        running = asyncio.create_task(bot.run())
        fish, _ = await room.people.enter("小鱼")
        before_help = room.log.last
        await LocalConnection(room, fish).say(Address(person=fish.id), "/help")
        await until(lambda: room.log.last >= before_help + 2)  # the question and its answer
        assert len(asyncio.all_tasks()) > len(before) + 5
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await until(lambda: asyncio.all_tasks() < before)  # the lane is given back as well


async def test_a_running_bot_takes_back_what_passes(configured: Configuration) -> None:
    async with room_and_bot(configured, RealClock()) as (room, bot):
        fish, _ = await room.people.enter("小鱼")
        address = Address(person=fish.id)
        said = await bot.channels[0].perform(Post("hello", address, Content("你好")))
        assert isinstance(said, Done)
        async with bot.desk.database.writing() as connection:
            now = bot.desk.clock.now()
            await keep_passing(connection, "room", str(address), said.receipt, now)
        running = asyncio.create_task(bot.run())
        before = room.log.last
        await until(lambda: room.log.last > before)
        (changed,) = await room.log.read(before)
        assert changed.message is not None
        assert (str(changed.message.seq), changed.message.deleted) == (said.receipt, True)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_bot_whose_lane_was_taken_waits_for_it_and_serves_again(
    configured: Configuration,
) -> None:
    async with room_and_bot(configured, RealClock()) as (room, bot):
        running = asyncio.create_task(bot.run())
        fish, _ = await room.people.enter("小鱼")
        fan = LocalConnection(room, fish)
        await fan.say(Address(person=fish.id), "/help")
        await until(lambda: room.log.last >= 2)
        (seat,) = bot.seats
        async with bot.desk.database.writing() as connection:
            taken = await lease_lane(connection, "room", "another", timedelta(0), alone=True)
        assert taken is not None
        mine = seat._lease
        await until(lambda: seat._lease is not mine)  # it lost its own, and leased it again
        await until(lambda: seat._lease is not None)
        before = room.log.last
        await fan.say(Address(person=fish.id), "/help")
        await until(lambda: room.log.last >= before + 2)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_bot_that_ends_gives_its_lane_back(configured: Configuration) -> None:
    async with room_and_bot(configured, RealClock()) as (_, bot):
        running = asyncio.create_task(bot.run())
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await bot.close()
        await bot.close()
        again = await Database.open(configured.storage.url.get_secret_value())
        lane = await try_lease(again, "room", "another", LeaseTerms())
        await again.close()
    assert lane is not None


class ShutChannel(RoomChannel):
    """An account on the room, at a door that is shut at first."""

    is_shut = True

    async def open(self) -> None:
        if self.is_shut:
            raise RoomUnreachable(url="ws://shut", reason="refused")
        await super().open()


async def test_an_account_that_cannot_be_opened_is_tried_again_while_another_one_works(
    here: Path, configured: Configuration
) -> None:
    room = await Room.open(here / "room", RealClock())
    works = RoomChannel(LocalConnection(room), data=here / "room")
    shut = ShutChannel(LocalConnection(room), "shut", data=here / "room")
    bot = await Bot.open(configured, RealClock(), [shut, works])
    running = asyncio.create_task(bot.run())
    try:
        await until(lambda: bot.desk.senders["room"].is_open)
        assert not bot.desk.senders["shut"].is_open
        shut.is_shut = False
        await until(lambda: bot.desk.senders["shut"].is_open)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await bot.close()
        await room.close()


async def test_a_bot_of_which_no_account_can_be_opened_ends_with_what_the_first_one_met(
    here: Path, configured: Configuration
) -> None:
    room = await Room.open(here / "room", RealClock())
    try:
        shut = ShutChannel(LocalConnection(room), "shut", data=here / "room")
        with pytest.raises(RoomUnreachable):
            await Bot.open(configured, RealClock(), [shut])
    finally:
        await room.close()


async def test_a_part_that_fails_for_good_ends_the_bot(configured: Configuration) -> None:
    async with room_and_bot(configured, RealClock()) as (_, bot):

        async def broken() -> None:
            raise RuntimeError("a fault of ours")

        bot.desk.planner.run = broken  # type: ignore[method-assign]  # as if it had a fault
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.timeout(20):
                await bot.run()
        assert caught.group_contains(RuntimeError)


async def test_a_second_bot_on_the_same_database_is_refused_and_the_first_goes_on(
    here: Path, configured: Configuration
) -> None:
    async with room_and_bot(configured, RealClock()) as (_, first):
        room = await Room.open(here / "other-room", RealClock())
        channel = RoomChannel(LocalConnection(room), data=here / "other-room")
        try:
            with pytest.raises(
                DatabaseInUse, match=r"Another bot is running on .*nuanqun\.sqlite3"
            ):
                await Bot.open(with_words("云絮霜"), RealClock(), [channel])
        finally:
            await room.close()
        assert await first.desk.planner.plan_ahead() == 0
        assert await first.desk.vocabulary.refresh() is False  # nor does it read with its words


def with_words(*words: str) -> Configuration:
    """The configuration of a shop that knows these words."""
    return Configuration.model_validate({"insights": {"words": words}})


@pytest.mark.usefixtures("configured")
async def test_the_command_line_reads_with_the_words_of_the_bot_that_started_last() -> None:
    async def known() -> frozenset[str]:
        desk = await open_desk(with_words("小云"), RealClock())
        try:
            return desk.vocabulary.whole_words
        finally:
            await desk.database.close()

    assert await known() == {"小云"}  # no bot has started yet
    for words in (["云絮霜"], ["云絮霜", "柿柿茶"]):
        async with room_and_bot(with_words(*words), RealClock()) as (_, bot):
            assert bot.desk.vocabulary.whole_words == set(words)
            assert await known() == set(words)
        assert await known() == set(words)


async def test_a_running_bot_reads_with_what_is_taught_beside_it(
    configured: Configuration,
) -> None:
    async with room_and_bot(configured, RealClock()) as (_, bot):
        desk = bot.desk
        running = asyncio.create_task(bot.run())
        try:
            number = desk.vocabulary.number
            async with desk.database.writing() as connection:
                one = TaughtOpinion("", "鲛珠绡", "like", "room:1", desk.clock.now())
                await teach_opinion(connection, desk.shop_id, one)
            await until(lambda: desk.vocabulary.number > number)
            assert desk.lexicon.terms["鲛珠绡"].own
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
