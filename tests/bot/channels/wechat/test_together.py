from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.channels.wechat.people import for_each
from bot.channels.wechat.together import both, together


async def slow(ran: list[str]) -> str:
    await asyncio.sleep(0.02)
    ran.append("on")
    return "slow"


async def wrong() -> str:
    raise ZeroDivisionError


async def one_of_many(ran: list[str]) -> object:
    return await for_each(range(100), lambda number: slow(ran) if number else wrong())


async def of_two(ran: list[str]) -> object:
    return await both(wrong(), slow(ran))


async def of_some(ran: list[str]) -> object:
    return await together([slow(ran), wrong(), slow(ran)])


@pytest.mark.parametrize("asking", [one_of_many, of_two, of_some])
async def test_where_one_fails_none_of_the_others_runs_on(
    asking: Callable[[list[str]], Awaitable[object]],
) -> None:
    before, ran = asyncio.all_tasks(), list[str]()
    with pytest.raises(ZeroDivisionError):
        await asking(ran)
    assert asyncio.all_tasks() == before
    await asyncio.sleep(0.05)
    assert ran == []


async def test_who_gives_up_ends_what_was_asked() -> None:
    ran = list[str]()
    asking = asyncio.create_task(both(slow(ran), slow(ran)))
    await asyncio.sleep(0.001)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_answers_come_in_their_order() -> None:
    ran = list[str]()
    assert await together([slow(ran), slow(ran)]) == ["slow", "slow"]
    assert await for_each("abc", lambda letter: asyncio.sleep(0, letter)) == ["a", "b", "c"]
