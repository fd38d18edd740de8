"""New words are found at night, asked about once by day, and learnt or refused with a button."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.word_finding import find_words, propose_words
from tests.handlers.shop import DAY, MANAGER, NOW, Shop, in_private
from tests.insights.test_new_words import chat

HOUR = timedelta(hours=1)
WORD, OTHER_WORD = "柿柿如意", "绝绝子"


async def talk(shop: Shop, *words: str, days_ago: int = 1) -> None:
    """Six fans talk of these words, and of much else."""
    await shop.hear(
        *(
            shop.heard(f"粉丝{one.member}", one.text, at=NOW - days_ago * DAY)
            for one in chat(words or [WORD])
        )
    )


async def proposed(shop: Shop) -> str:
    """What the managers were told, and how."""
    before = len(shop.platform.posts)
    await propose_words(shop.desk)
    return "\n".join(post.content.text for post in shop.platform.posts[before:])


@pytest.fixture
async def met(any_shop: Shop) -> Shop:
    """A shop that has met its manager, where fans talk of something new."""
    await any_shop.says(MANAGER, "早")
    await talk(any_shop)
    return any_shop


async def test_a_new_word_is_found_asked_about_once_and_learnt(met: Shop) -> None:
    assert await find_words(met.desk) == 1
    assert await proposed(met) == (
        "粉丝最近常说 1 个我不认识的词，要学吗？学了就当一个词看。\n「柿柿如意」6 位说了 12 次"
    )
    post = met.platform.posts[-1]
    assert post.address == in_private(MANAGER)
    yes, no = post.content.buttons
    assert (yes.says, no.says) == ("/learn 柿柿如意", "/unlearn 柿柿如意")
    assert await find_words(met.desk) == 1
    assert await proposed(met) == ""  # once

    assert "柿柿如意" not in met.desk.segmenter.cut("两杯柿柿如意")
    answer = await met.presses(MANAGER, yes.says)
    assert answer.text.startswith("学会了「柿柿如意」")
    assert "柿柿如意" in met.desk.segmenter.cut("两杯柿柿如意")
    assert await find_words(met.desk) == 0


async def test_a_refused_word_is_never_asked_about_again(met: Shop) -> None:
    await find_words(met.desk)
    await proposed(met)
    answer = await met.presses(MANAGER, "/unlearn 柿柿如意")
    assert answer.text == "好的，不学「柿柿如意」，也不再提它。"
    await talk(met, days_ago=2)
    assert await find_words(met.desk) == 0
    assert await proposed(met) == ""
    assert (await met.says(MANAGER, "/unlearn 柿柿如意")).text == "「柿柿如意」本来就不学。"


async def test_a_word_that_is_taught_or_said_no_more_is_not_asked_about(met: Shop) -> None:
    await find_words(met.desk)
    await met.says(MANAGER, "/opinion 柿柿如意 = 喜欢")
    assert await proposed(met) == ""
    await met.says(MANAGER, "/unopinion 柿柿如意")
    assert await find_words(met.desk) == 1
    met.clock.advance(20 * DAY)
    assert await find_words(met.desk) == 0
    assert await proposed(met) == ""


async def test_what_waits_is_listed_with_its_buttons(met: Shop) -> None:
    await find_words(met.desk)
    answer = await met.says(MANAGER, "/words")
    assert answer.text == ("生词：1 个等你定，0 个学过了。\n「柿柿如意」6 位说了 12 次，学吗？")
    assert answer.buttons == {
        "学「柿柿如意」": "/learn 柿柿如意",
        "不学「柿柿如意」": "/unlearn 柿柿如意",
    }


async def test_without_new_words_nobody_is_asked_anything(shop: Shop) -> None:
    await shop.says(MANAGER, "早")
    assert await find_words(shop.desk) == 0
    assert await proposed(shop) == ""
    assert "还没有生词" in (await shop.says(MANAGER, "/words")).text


async def test_what_the_shop_knows_is_no_new_word(met: Shop) -> None:
    await met.says(MANAGER, "/opinion 柿柿如意 = 喜欢")
    assert await find_words(met.desk) == 0


async def test_what_fans_are_called_is_no_new_word(shop: Shop) -> None:
    await shop.joins("柿柿如意")
    await talk(shop)
    assert await find_words(shop.desk) == 0


async def test_only_the_last_two_weeks_count(shop: Shop) -> None:
    await talk(shop, days_ago=15)
    assert await find_words(shop.desk) == 0
    await talk(shop, days_ago=14)
    assert await find_words(shop.desk) == 1


async def test_what_is_not_recorded_is_not_looked_at(shop: Shop) -> None:
    for number in range(1, 7):
        await shop.says(f"粉丝{number}", "/norecord")
    await talk(shop)
    assert await find_words(shop.desk) == 0


async def test_nobody_is_asked_at_night(met: Shop) -> None:
    await find_words(met.desk)
    met.clock.advance(13 * HOUR)  # 23:00
    assert await proposed(met) == ""
    met.clock.advance(11 * HOUR)
    assert "柿柿如意" in await proposed(met)


async def test_whom_nobody_reached_is_asked_another_day(shop: Shop) -> None:
    await talk(shop)
    await find_words(shop.desk)
    assert await proposed(shop) == ""  # there is no manager yet
    await shop.says(MANAGER, "早")
    assert "柿柿如意" in await proposed(shop)


async def test_of_many_words_some_are_asked_about_and_the_rest_is_listed(
    met: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.word_finding._ASKED", 1)
    await talk(met, OTHER_WORD, days_ago=3)
    assert await find_words(met.desk) == 2
    assert (await proposed(met)).endswith("还有 1 个，发 /words 看。")
    assert len((await met.says(MANAGER, "/words")).buttons) == 4
    assert await proposed(met) == ""
