"""What the tests of rounds share: a poll, a chain and a draw, opened, answered and ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select

from handlers.closing_rounds import close_rounds
from storage import rounds
from storage.rounds import Entry
from storage.tables import rounds as round_table
from tests.handlers.shop import (
    MANAGER,
    Answers,
    Shop,
)

POLL = "/poll @一群 先上哪个香味 | 栀子 | 白茶 | 截止 今晚8点"
CHAIN = "/chain @一群 桂花面膜拼单 | 截止 今晚8点"
DRAW = "/draw @一群 @二群 双11抽奖 | 面霜正装 x1 | 小样 x2 | 截止 今晚8点"
FANS = ("小鱼", "小美", "小月", "阿花", "小满")


async def opens(shop: Shop, order: str) -> Answers:
    """A manager opens a round; the posts that announce it."""
    await shop.says(MANAGER, order, group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    return await shop.delivers()


async def newest(shop: Shop) -> int:
    """The number of the last round that was made."""
    async with shop.desk.database.reading() as connection:
        found = await connection.scalar(select(func.max(round_table.c.id)))
    assert found is not None
    return int(found)


async def entries(shop: Shop) -> list[Entry]:
    """Who takes part in the last round that was made."""
    number = await newest(shop)
    async with shop.desk.database.reading() as connection:
        return await rounds.entries(connection, number)


async def ends(shop: Shop) -> Answers:
    """The deadline of all rounds is over; what the groups are told."""
    shop.clock.advance_to(shop.clock.now() + timedelta(hours=10, minutes=2))
    await close_rounds(shop.desk)
    return await shop.delivers()


async def replies(shop: Shop, name: str, text: str, to: str) -> None:
    """Somebody replies to a message of the platform's id."""
    await shop.hear(replace(shop.heard(name, text), reply_to=to))
