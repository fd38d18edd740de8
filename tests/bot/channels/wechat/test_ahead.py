from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from bot.channels.wechat.ahead import Ahead


async def things(*some: int) -> AsyncIterator[int]:
    for one in some:
        yield one


async def test_what_is_found_comes_in_the_order_of_the_things() -> None:
    async def slower_for_less(thing: int) -> str:
        await asyncio.sleep(0.01 / thing)
        return str(thing)

    ahead = Ahead(slower_for_less, 3)
    found = [turn async for turn in ahead.over(things(1, 2, 3, 4))]
    assert found == [(1, "1"), (2, "2"), (3, "3"), (4, "4")]


async def test_no_more_than_so_many_are_looked_up_at_a_time() -> None:
    running, most = 0, 0

    async def look_up(_: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1

    async with aclosing(Ahead(look_up, 4).over(things(*range(20)))) as turns:
        async for _turn in turns:
            pass
    assert most == 4


async def test_what_a_look_up_raises_comes_in_its_turn() -> None:
    async def look_up(thing: int) -> int:
        if thing == 2:
            raise ValueError("two")
        return thing

    turns = Ahead(look_up, 4).over(things(1, 2, 3))
    assert await anext(turns) == (1, 1)
    with pytest.raises(ValueError, match="two"):
        await anext(turns)


async def test_what_the_things_raise_comes_behind_the_last_of_them() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise RuntimeError("out of order")

    async def look_up(thing: int) -> int:
        return thing

    turns = Ahead(look_up, 4).over(broken())
    assert await anext(turns) == (1, 1)
    with pytest.raises(RuntimeError, match="out of order"):
        await anext(turns)


async def test_cancelling_ends_it_in_the_middle_of_a_look_up() -> None:
    async def never(_: int) -> None:
        await asyncio.Event().wait()

    ahead = Ahead(never, 2)

    async def everything() -> list[int]:
        return [thing async for thing, _ in ahead.over(things(1, 2, 3))]

    waiting = asyncio.create_task(everything())
    await asyncio.sleep(0.01)
    ahead.cancel()
    assert await asyncio.wait_for(waiting, 1) == []
