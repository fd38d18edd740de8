"""In a round everybody counts once, nobody counts behind its close, and it is closed once."""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import round_posts, rounds
from storage.customers import set_no_record
from storage.database import Database
from storage.merging import hold_people, merge_members
from storage.rounds import NewRound, Round, RoundKind
from storage.tables import deliveries
from tests.storage.builders import HOUR, MINUTE, NOW, group, member, planned, shop

CLOSES = NOW + HOUR


async def opened(
    connection: AsyncConnection, key: str = "poll:m1", kind: RoundKind = RoundKind.POLL
) -> Round:
    """A round that is open for an hour."""
    new = NewRound(key, kind, "哪个香味", ["栀子", "白茶"], CLOSES, "room:boss", NOW, "s")
    return await rounds.open_round(connection, await shop(connection), new)


async def customer(connection: AsyncConnection, name: str) -> int:
    return (await member(connection, name)).customer_id


async def vote(connection: AsyncConnection, of: Round, who: int, at: datetime = NOW) -> int | None:
    return await rounds.enter(connection, of.id, who, {"choice": 0}, at)


async def numbers(connection: AsyncConnection, of: Round) -> list[int]:
    return [one.number for one in await rounds.entries(connection, of.id)]


async def test_the_same_key_is_the_same_round(connection: AsyncConnection) -> None:
    first = await opened(connection)
    assert await opened(connection) == first
    assert await rounds.round_numbered(connection, await shop(connection), first.id) == first
    assert await rounds.round_numbered(connection, await shop(connection), first.id + 9) is None


async def test_everybody_counts_once_and_may_change_their_mind(
    connection: AsyncConnection,
) -> None:
    one, fan = await opened(connection), await customer(connection, "小鱼")
    assert await vote(connection, one, fan) == 1
    assert await rounds.enter(connection, one.id, fan, {"choice": 1}, NOW + MINUTE) == 1
    assert await vote(connection, one, await customer(connection, "小美")) == 2
    found = await rounds.entries(connection, one.id)
    assert [(entry.name, entry.body) for entry in found] == [
        ("小鱼", {"choice": 1}),
        ("小美", {"choice": 0}),
    ]
    assert await rounds.entry_of(connection, one.id, fan) == found[0]


async def test_a_number_that_was_given_back_is_never_given_again(
    connection: AsyncConnection,
) -> None:
    one, fan = await opened(connection), await customer(connection, "小鱼")
    await vote(connection, one, fan)
    assert await rounds.leave(connection, one.id, fan, NOW) is True
    assert await rounds.leave(connection, one.id, fan, NOW) is False
    assert await vote(connection, one, await customer(connection, "小美")) == 2


async def test_nothing_counts_behind_the_deadline_or_the_close(connection: AsyncConnection) -> None:
    one, fan = await opened(connection), await customer(connection, "小鱼")
    assert await vote(connection, one, fan, CLOSES) == 1
    assert await vote(connection, one, await customer(connection, "小美"), CLOSES + MINUTE) is None
    assert await rounds.overdue_rounds(connection, await shop(connection), CLOSES) == []
    late = CLOSES + MINUTE
    assert await rounds.overdue_rounds(connection, await shop(connection), late) == [one.id]
    assert await rounds.close_round(connection, one.id, {"votes": [1, 0]}, late)
    assert not await rounds.close_round(connection, one.id, {"votes": [9, 9]}, late)
    assert await rounds.overdue_rounds(connection, await shop(connection), late) == []
    assert await vote(connection, one, await customer(connection, "小月"), NOW) is None
    assert await rounds.leave(connection, one.id, fan, NOW) is None
    closed = await rounds.hold_round(connection, one.id)
    assert (closed.result, closed.closed_at) == ({"votes": [1, 0]}, late)


async def test_a_round_is_open_to_whoever_sits_where_it_was_posted(
    connection: AsyncConnection,
) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    fan = await member(connection, "小鱼", here)
    stranger = await member(connection, "小美", there)
    one = await opened(connection)
    assert not await round_posts.is_open_to(connection, one.id, fan.customer_id)
    await planned(connection, "一群", key=one.key)
    assert not await round_posts.is_open_to(connection, one.id, fan.customer_id)
    assert await round_posts.open_posts(connection, [here.id], NOW) == []
    await connection.execute(update(deliveries).values(state="sent", receipt="77"))
    assert await round_posts.is_open_to(connection, one.id, fan.customer_id)
    assert not await round_posts.is_open_to(connection, one.id, stranger.customer_id)
    assert await round_posts.groups_of(connection, one.id) == [here.id]
    (found,) = await round_posts.open_posts(connection, [here.id, there.id], NOW)
    assert (found.round, found.group_id, found.receipt) == (one, here.id, "77")
    assert await round_posts.posts_to_update(connection, here.account, NOW) == [found]
    assert await round_posts.open_posts(connection, [here.id], CLOSES + MINUTE) == []
    known = await rounds.latest_rounds(connection, await shop(connection), RoundKind.POLL, 5)
    assert known == [one]


async def test_who_turns_out_to_be_one_counts_once_in_what_is_open(
    connection: AsyncConnection,
) -> None:
    both, mine = await opened(connection), await opened(connection, "poll:m2")
    over = await opened(connection, "draw:m3", RoundKind.DRAW)
    older, newer = await member(connection, "小鱼"), await member(connection, "小鱼#2")
    for one in (both, over):
        await vote(connection, one, older.customer_id)
        await vote(connection, one, newer.customer_id)
    await vote(connection, mine, newer.customer_id)
    await rounds.close_round(connection, over.id, {}, NOW)
    await hold_people(connection, [older.id, newer.id])
    await merge_members(connection, newer.id, older.id, NOW)
    assert await numbers(connection, both) == [1]
    assert await rounds.entry_of(connection, mine.id, older.customer_id) is not None
    # What was drawn from stays as it was.
    assert await numbers(connection, over) == [1, 2]


async def test_a_prize_stays_its_winners_though_two_turn_out_to_be_one(
    connection: AsyncConnection,
) -> None:
    over = await opened(connection, "draw:m1", RoundKind.DRAW)
    older, newer = await member(connection, "小鱼"), await member(connection, "小鱼#2")
    await vote(connection, over, older.customer_id)
    await vote(connection, over, newer.customer_id)
    await rounds.close_round(connection, over.id, {"winners": [[2]]}, NOW)
    await hold_people(connection, [older.id, newer.id])
    await merge_members(connection, newer.id, older.id, NOW)
    assert await numbers(connection, over) == [1, 2]
    mine = await rounds.entry_of(connection, over.id, older.customer_id)
    assert mine is not None
    assert mine.number == 2
    (waiting,) = await rounds.untold(connection, over.id, [2], most=9)
    assert waiting.customer_id == older.customer_id


async def test_who_asks_for_no_record_leaves_what_is_open_and_is_nobody_in_what_is_over(
    connection: AsyncConnection,
) -> None:
    one, over = await opened(connection), await opened(connection, "draw:m2", RoundKind.DRAW)
    fan = await customer(connection, "小鱼")
    for each in (one, over):
        await vote(connection, each, fan)
    await rounds.close_round(connection, over.id, {}, NOW)
    await set_no_record(connection, fan, no_record=True)
    assert await numbers(connection, one) == []
    (left,) = await rounds.entries(connection, over.id)
    assert (left.number, left.customer_id, left.name, left.body) == (1, None, "", {})
    assert await rounds.untold(connection, over.id, [1], most=9) == []


async def test_what_is_long_over_is_forgotten_with_what_was_said_in_it(
    connection: AsyncConnection,
) -> None:
    one, fan = await opened(connection), await customer(connection, "小鱼")
    await vote(connection, one, fan)
    assert await rounds.delete_rounds_before(connection, CLOSES) == 0
    assert await rounds.delete_rounds_before(connection, CLOSES + MINUTE) == 1
    assert await rounds.round_numbered(connection, await shop(connection), one.id) is None
    assert await numbers(connection, one) == []


async def test_a_winner_is_told_once(connection: AsyncConnection) -> None:
    one = await opened(connection, "draw:m1", RoundKind.DRAW)
    for name in ("小鱼", "小美"):
        await vote(connection, one, await customer(connection, name))
    some = await rounds.untold(connection, one.id, [1, 2], most=1)
    assert [entry.name for entry in some] == ["小鱼"]  # of thousands not all are read at a time
    some = await rounds.untold(connection, one.id, [2], most=9)
    assert [entry.name for entry in some] == ["小美"]
    assert await rounds.note_told(connection, one.id, 2, NOW)
    assert not await rounds.note_told(connection, one.id, 2, NOW)
    assert await rounds.untold(connection, one.id, [2], most=9) == []
    assert await rounds.told_before(connection, one.id, [1, 2], NOW) == set()
    assert await rounds.told_before(connection, one.id, [1, 2], NOW + MINUTE) == {2}


async def test_processes_that_enter_and_close_at_once_give_each_number_once(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        one, shop_id = await opened(connection), await shop(connection)
        fans = [await customer(connection, f"粉丝{place}") for place in range(10)]

    async def enter(where: Database, fan: int) -> int | None:
        async with where.writing() as connection:
            return await vote(connection, one, fan)

    async def close(where: Database) -> bool:
        async with where.writing() as connection:
            await rounds.hold_round(connection, one.id)
            counted = len(await rounds.entries(connection, one.id))
            return await rounds.close_round(connection, one.id, {"counted": counted}, NOW)

    both = (database, other)
    entering = asyncio.gather(*(enter(where, fan) for fan in fans for where in both))
    closing = asyncio.gather(*(close(where) for where in both))
    await entering
    closed = await closing
    assert sorted(closed) == [False, True]
    async with database.reading() as connection:
        over = await rounds.round_numbered(connection, shop_id, one.id)
        counted = await numbers(connection, one)
    assert over is not None
    assert over.result == {"counted": len(counted)}
    assert counted == list(range(1, len(counted) + 1))
