"""What a manager taught of a word is kept, changed and taken back; each change is noted."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bells import Bell, rung_in
from storage.shop_words import number_of_words
from storage.taught_opinions import (
    TaughtOpinion,
    all_taught,
    opinion_taught,
    take_back_opinion,
    teach_opinion,
)
from tests.storage.builders import DAY, NOW, shop

BY = "room:id-阿玲"
SMELL = TaughtOpinion("气味", "刺鼻", "dislike", BY, NOW)
ANYTHING = TaughtOpinion("", "刺鼻", "mind", BY, NOW)


async def test_a_word_is_taught_for_one_aspect_and_for_any(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await teach_opinion(connection, shop_id, SMELL)
    await teach_opinion(connection, shop_id, ANYTHING)
    assert await all_taught(connection, shop_id) == [ANYTHING, SMELL]
    assert await opinion_taught(connection, shop_id, "气味", "刺鼻") == SMELL
    assert await opinion_taught(connection, shop_id, "质地", "刺鼻") is None
    assert await number_of_words(connection, shop_id) == 2
    assert rung_in(connection) == [Bell.WORDS]


async def test_the_last_word_holds(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await teach_opinion(connection, shop_id, SMELL)
    later = TaughtOpinion("气味", "刺鼻", "like", "room:id-小陈", NOW + DAY)
    await teach_opinion(connection, shop_id, later)
    assert await all_taught(connection, shop_id) == [later]


async def test_what_was_taught_can_be_taken_back_once(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await teach_opinion(connection, shop_id, SMELL)
    assert not await take_back_opinion(connection, shop_id, "", "刺鼻", NOW)
    assert await take_back_opinion(connection, shop_id, "气味", "刺鼻", NOW)
    assert not await take_back_opinion(connection, shop_id, "气味", "刺鼻", NOW)
    assert await all_taught(connection, shop_id) == []
    assert await number_of_words(connection, shop_id) == 2
