"""Words are found, asked about once, and decided on; a decision stands until a manager's next."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bells import Bell, rung_in
from storage.shop_words import number_of_words
from storage.word_proposals import (
    Decision,
    FoundWord,
    decide_on,
    decided_words,
    note_asked,
    propose,
    waiting_words,
    withdraw,
)
from tests.storage.builders import DAY, NOW, shop

LEARNT, REFUSED = Decision
BY = "room:id-阿玲"


async def waiting(connection: AsyncConnection, *, untold: bool = False) -> list[tuple[str, int]]:
    found = await waiting_words(connection, await shop(connection), untold=untold)
    return [(one.word, one.speakers) for one in found]


async def decided(connection: AsyncConnection, decision: Decision) -> list[str]:
    found = await decided_words(connection, await shop(connection), decision)
    assert {one.decided for one in found} <= {decision}
    return [one.word for one in found]


async def test_words_wait_with_their_newest_counts(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await propose(connection, shop_id, [], NOW)
    found = [FoundWord("绝绝子", 9, 4), FoundWord("柿柿如意", 30, 12)]
    await propose(connection, shop_id, found, NOW)
    assert await waiting(connection) == [("柿柿如意", 12), ("绝绝子", 4)]
    await propose(connection, shop_id, [FoundWord("绝绝子", 40, 20)], NOW + DAY)
    assert await waiting(connection) == [("绝绝子", 20), ("柿柿如意", 12)]
    assert rung_in(connection) == []


async def test_a_word_that_was_asked_about_is_not_asked_about_again(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    await propose(connection, shop_id, [FoundWord("绝绝子", 9, 4), FoundWord("早c晚a", 6, 3)], NOW)
    await note_asked(connection, shop_id, ["绝绝子"], NOW)
    assert await waiting(connection, untold=True) == [("早c晚a", 3)]
    await propose(connection, shop_id, [FoundWord("绝绝子", 90, 40)], NOW + DAY)
    assert await waiting(connection, untold=True) == [("早c晚a", 3)]
    assert await waiting(connection) == [("绝绝子", 40), ("早c晚a", 3)]


async def test_a_decision_stands_however_often_the_word_is_found(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    await propose(connection, shop_id, [FoundWord("绝绝子", 9, 4)], NOW)
    assert await decide_on(connection, shop_id, "绝绝子", REFUSED, by=BY, at=NOW)
    assert not await decide_on(connection, shop_id, "绝绝子", REFUSED, by=BY, at=NOW)
    await propose(connection, shop_id, [FoundWord("绝绝子", 90, 40)], NOW + DAY)
    assert await waiting(connection) == []
    assert await decided(connection, REFUSED) == ["绝绝子"]
    (one,) = await decided_words(connection, shop_id, REFUSED)
    assert (one.mentions, one.decided_by, one.decided_at) == (9, BY, NOW)


async def test_what_is_known_by_now_or_said_no_more_is_asked_about_no_longer(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    words = [FoundWord(word, 9, 4) for word in ("绝绝子", "柿柿如意", "早c晚a", "云絮霜")]
    await propose(connection, shop_id, words, NOW)
    await decide_on(connection, shop_id, "云絮霜", REFUSED, by=BY, at=NOW)
    await withdraw(connection, shop_id, ["绝绝子", "云絮霜", "别的"])
    assert await waiting(connection) == [("早c晚a", 4), ("柿柿如意", 4)]
    await propose(connection, shop_id, words[1:2], NOW + DAY)  # it is still said
    await withdraw(connection, shop_id, [], NOW + DAY)
    assert await waiting(connection) == [("柿柿如意", 4)]
    assert await decided(connection, REFUSED) == ["云絮霜"]


async def test_only_what_is_learnt_or_unlearnt_changes_the_words(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    await decide_on(connection, shop_id, "绝绝子", REFUSED, by=BY, at=NOW)
    assert await number_of_words(connection, shop_id) == 0
    assert await decide_on(connection, shop_id, "绝绝子", LEARNT, by=BY, at=NOW)
    assert await decide_on(connection, shop_id, "云絮霜", LEARNT, by=BY, at=NOW)
    assert await decided(connection, LEARNT) == ["云絮霜", "绝绝子"]
    assert await decide_on(connection, shop_id, "云絮霜", REFUSED, by=BY, at=NOW)
    assert await decided(connection, LEARNT) == ["绝绝子"]
    assert await number_of_words(connection, shop_id) == 3
    assert rung_in(connection) == [Bell.WORDS]
