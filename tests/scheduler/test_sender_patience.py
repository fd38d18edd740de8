"""Nobody waits for an answer longer than an answer is worth, whoever drives the sender."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.content import Content
from scheduler.courier import (
    Address,
    AddressGone,
    Admit,
    Done,
    Invite,
    Limits,
    Rate,
    TooFast,
    Unclear,
)
from scheduler.sender import Sender
from storage.database import Database
from tests.scheduler.fake_platform import Hangs, Meanwhile
from tests.scheduler.stage import HOUR, MINUTE, PATIENT, SECOND, Stage

HELLO = Content("在的")
HERE, THERE = Address(group="chat-一群"), Address(group="chat-二群")
IMPATIENT = replace(PATIENT, answer_patience=timedelta(milliseconds=200))


@pytest.fixture
async def stage(database: Database) -> Stage:
    stage = Stage(database)
    await stage.groups("一群", "二群")
    return stage


@asynccontextmanager
async def running(stage: Stage, sender: Sender) -> AsyncIterator[None]:
    """The sender runs; nobody waits longer than this test does."""
    task = asyncio.create_task(sender.run())
    await stage.until_asleep()
    try:
        async with asyncio.timeout(20):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_who_asks_just_before_the_sender_runs_is_told_as_soon_as_it_was_said(
    stage: Stage,
) -> None:
    sender = await stage.opened()
    answer = asyncio.Event()
    stage.platform.will("一群", Meanwhile(answer.wait))
    first = asyncio.create_task(sender.say(HERE, HELLO, "r1"))
    await stage.until_called("一群")
    loop = asyncio.create_task(sender.run())  # it waits for the first answer to end
    await asyncio.sleep(0)
    second = asyncio.create_task(sender.say(THERE, HELLO, "r2"))
    await asyncio.sleep(0)
    answer.set()
    async with asyncio.timeout(20):
        assert [await first, await second] == [Done("receipt-r1"), Done("receipt-r2")]
    assert not loop.done()
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


async def test_who_gives_up_waiting_for_the_wheel_leaves_it_to_others(stage: Stage) -> None:
    sender = await stage.opened()
    answer = asyncio.Event()
    stage.platform.will("一群", Meanwhile(answer.wait))
    first = asyncio.create_task(sender.say(HERE, HELLO, "r1"))
    await stage.until_called("一群")
    second = asyncio.create_task(sender.say(THERE, HELLO, "r2"))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    answer.set()
    assert await first == Done("receipt-r1")
    assert await sender.say(THERE, HELLO, "r3") == Done("receipt-r3")
    assert stage.platform.calls_to("二群") == 1


async def test_a_chat_that_was_silenced_for_long_keeps_nobody_waiting(stage: Stage) -> None:
    stage.platform.will("一群", TooFast(HOUR))
    sender = await stage.opened(IMPATIENT)
    async with running(stage, sender):
        assert await sender.say(HERE, HELLO, "r1") == TooFast(HOUR)
        assert await sender.say(HERE, HELLO, "r2") == TooFast(HOUR)
        assert await sender.say(THERE, HELLO, "r3") == Done("receipt-r3")
    assert stage.platform.calls_to("一群") == 1


async def test_what_could_not_leave_in_time_was_certainly_not_sent(stage: Stage) -> None:
    stage.platform.limits = Limits(chat=(Rate(1, MINUTE),))
    stage.platform.will("一群", Hangs(stands=False))
    await stage.due("一群")
    sender = await stage.opened(IMPATIENT)
    async with running(stage, sender):
        await stage.until_called("一群")  # by a post, which holds the only slot for 5 s
        assert await sender.say(HERE, HELLO, "r1") == TooFast(SECOND)
    assert stage.platform.calls_to("一群") == 1


async def test_nobody_knows_of_an_answer_that_left_and_takes_too_long(stage: Stage) -> None:
    stage.platform.will("一群", Hangs(stands=True))
    sender = await stage.opened(replace(IMPATIENT, answer_patience=2 * SECOND))
    async with running(stage, sender):
        assert await sender.say(HERE, HELLO, "r1") == Unclear("no_answer")


async def test_nobody_waits_for_a_silent_chat_to_take_back_or_let_in(stage: Stage) -> None:
    stage.platform.will("一群", TooFast(HOUR))
    sender = await stage.opened(IMPATIENT)
    async with running(stage, sender):
        assert await sender.say(HERE, HELLO, "r1") == TooFast(HOUR)
        assert await sender.take_back(HERE, "m1", "r0") == TooFast(HOUR)
        assert await sender.carry_out(Invite("i1", HERE, "小鱼")) == TooFast(HOUR)
    assert stage.platform.calls_to("一群") == 1


async def test_somebody_who_cannot_be_let_in_leaves_the_group_what_it_is(stage: Stage) -> None:
    stage.platform.will("一群", AddressGone("user is deactivated"))
    sender = await stage.opened()
    assert isinstance(await sender.carry_out(Admit("a1", HERE, "7")), AddressGone)
    await sender.drain()
    assert await stage.present_groups() == ["一群", "二群"]
