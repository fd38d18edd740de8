"""All processes of a shop read with the same words, and soon after these change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from handlers.settings import ConfiguredWords
from handlers.vocabulary import Lessons, Vocabulary, lexicon_for, segmenter_for
from insights.days import reading_version
from insights.lexicon import TRADES, Taught, standard_lexicon
from insights.teaching import TaughtWord
from insights.understanding import understand
from storage.database import Database
from storage.shops import ensure_shop
from storage.taught_opinions import TaughtOpinion, teach_opinion
from storage.word_proposals import Decision, decide_on
from tests.handlers.shop import DAY, NOW

CREAM = ConfiguredWords(words=("云絮",), things={"云絮霜": ("小云",)}, trades=("cosmetics",))
TEA = ConfiguredWords(words=("柿柿茶",))


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """The same database as another process has it open."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


async def opened(database: Database, own: ConfiguredWords = CREAM, **how: Any) -> Vocabulary:
    async with database.writing() as connection:
        shop_id = await ensure_shop(connection, "shop")
    return await Vocabulary.open(database, shop_id, own, **how)


def version(one: Vocabulary) -> str:
    return reading_version(one.segmenter, one.lexicon)


async def teaches(database: Database, word: str, taught: Taught, aspect: str = "气味") -> None:
    async with database.writing() as connection:
        shop_id = await ensure_shop(connection, "shop")
        one = TaughtOpinion(aspect, word, taught.value, "room:id-阿玲", NOW)
        await teach_opinion(connection, shop_id, one)


@asynccontextmanager
async def running(*loops: Any) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def test_the_words_of_the_configuration_are_known() -> None:
    lessons = Lessons(CREAM)
    segmenter, lexicon = segmenter_for(lessons, alone=True), lexicon_for(lessons)
    assert [word for word, _ in segmenter.tag("云絮霜不如小云")] == ["云絮霜", "不如", "小云"]
    assert lexicon.terms["小云"].thing == "云絮霜"
    assert lexicon_for(Lessons(ConfiguredWords(trades=("food",)))).terms["味道"].aspect == "口感"


def test_a_word_is_known_however_it_is_written() -> None:
    segmenter = segmenter_for(Lessons(ConfiguredWords(words=("早C晚A", "！"))), alone=True)
    assert understand("早C晚A好用", segmenter, standard_lexicon()).words[0] == "早c晚a"
    assert segmenter.changes == {"早c晚a": True, "！": True}


def test_a_taught_word_is_kept_whole_unless_the_dictionary_does_so() -> None:
    rows = [("", "龙涎涎"), ("", "刺鼻"), ("", "油"), ("", "[赞]")]
    taught = tuple(TaughtWord(*row, Taught.DISLIKE) for row in rows)
    segmenter = segmenter_for(Lessons(ConfiguredWords(), opinions=taught), alone=True)
    assert segmenter.changes == {"龙涎涎": True}
    assert ("刺鼻", "v") in segmenter.tag("味道刺鼻")
    assert "龙涎涎" in segmenter.cut("真龙涎涎的")


def test_in_whatever_order_words_are_given_texts_are_cut_alike() -> None:
    one = Lessons(
        ConfiguredWords(words=("云絮霜霜", "絮霜霜", "霜霜好")), learnt=("云絮", "好用用")
    )
    other = Lessons(
        ConfiguredWords(words=("好用用", "霜霜好", "云絮")), learnt=("絮霜霜", "云絮霜霜")
    )
    first, second = segmenter_for(one, alone=True), segmenter_for(other, alone=True)
    assert first.version == second.version
    for text in ("云絮霜霜好用用", "絮霜霜好用用吗", "云絮霜霜好"):
        assert first.tag(text) == second.tag(text)


def test_configured_words_go_into_the_database_and_come_back() -> None:
    for words in (CREAM, TEA, ConfiguredWords()):
        assert ConfiguredWords.from_json(words.to_json()) == words
    newer = {**TEA.to_json(), "trades": ["pets", *TRADES]}
    assert ConfiguredWords.from_json(newer) == TEA


async def test_before_the_first_start_everybody_goes_by_their_own_configuration(
    database: Database,
) -> None:
    assert (await opened(database)).whole_words == {"云絮", "云絮霜", "小云"}


async def test_the_newest_start_wins_in_every_process(database: Database, other: Database) -> None:
    first = await opened(database, CREAM, adopting=True)
    await first.adopt(NOW)
    second = await opened(other, TEA, adopting=True)
    assert second.whole_words == {"柿柿茶"}
    assert await first.refresh() is False  # the second one has not started yet
    await second.adopt(NOW + DAY)
    assert await first.refresh() is True
    assert first.whole_words == second.whole_words == {"柿柿茶"}
    assert first.segmenter.changes == second.segmenter.changes
    assert first.lexicon.version == second.lexicon.version
    assert "小云" not in first.segmenter.cut("小云好用")
    third = await opened(database, CREAM)  # a command line beside them
    assert third.whole_words == {"柿柿茶"}


async def test_what_is_taught_in_one_process_is_known_in_another_at_once(
    database: Database, other: Database
) -> None:
    mine, theirs = await opened(database), await opened(other)
    assert version(mine) == version(theirs)
    async with running(other.hear_others(), theirs.keep_fresh(look_every=0.2)):
        await teaches(database, "龙涎涎", Taught.DISLIKE)
        await theirs.wait(0, 10)
    await mine.refresh()
    assert mine.number == theirs.number == 1
    assert version(mine) == version(theirs)
    assert theirs.lexicon.terms["龙涎涎"].own
    assert theirs.segmenter.cut("龙涎涎") == ["龙涎涎"]


async def test_the_bell_is_heard_without_waiting_for_the_next_look(
    database: Database, other: Database
) -> None:
    """On SQLite the process that teaches is the one that reads."""
    theirs = await opened(database if database.is_sqlite else other)
    listening = theirs._database
    async with running(listening.hear_others(), theirs.keep_fresh(look_every=3_600)):
        for number in range(200):  # until PostgreSQL's ear is open
            await teaches(database, f"龙涎{number}", Taught.DISLIKE)
            await theirs.wait(0, 0.05)
            if theirs.number:
                break
        assert theirs.number > 0


async def test_a_missed_bell_costs_a_look(database: Database, other: Database) -> None:
    theirs = await opened(other)
    async with running(theirs.keep_fresh(look_every=0.05)):
        await teaches(database, "龙涎涎", Taught.DISLIKE)
        await theirs.wait(0, 10)
    assert theirs.number == 1


async def test_what_was_taken_back_leaves_no_trace(database: Database) -> None:
    vocabulary = await opened(database)
    before = version(vocabulary)
    for decision in (Decision.LEARNT, Decision.REFUSED):
        async with database.writing() as connection:
            shop_id = await ensure_shop(connection, "shop")
            await decide_on(connection, shop_id, "柿柿如意", decision, by="room:1", at=NOW)
        assert await vocabulary.refresh()
        assert (version(vocabulary) == before) is (decision is Decision.REFUSED)
    assert "柿柿如意" not in vocabulary.segmenter.cut("柿柿如意")


async def test_who_is_reading_reads_on_with_the_words_it_began_with(database: Database) -> None:
    vocabulary = await opened(database)
    segmenter, lexicon = vocabulary.segmenter, vocabulary.lexicon
    before = reading_version(segmenter, lexicon)
    await teaches(database, "龙涎涎", Taught.DISLIKE)
    assert await vocabulary.refresh()
    assert vocabulary.segmenter is not segmenter
    assert "龙涎涎" not in segmenter.cut("龙涎涎")
    assert reading_version(segmenter, lexicon) == before


async def test_what_did_not_change_is_not_made_anew(database: Database) -> None:
    vocabulary = await opened(database)
    segmenter, lexicon = vocabulary.segmenter, vocabulary.lexicon
    await teaches(database, "刺鼻", Taught.LIKE)  # the dictionary knows it
    await vocabulary.refresh()
    assert vocabulary.segmenter is segmenter
    assert vocabulary.lexicon is not lexicon
    assert await vocabulary.refresh() is False


async def test_to_wait_for_new_words_ends_with_them_or_in_time(database: Database) -> None:
    vocabulary = await opened(database)
    await asyncio.wait_for(vocabulary.wait(0, 0.01), 5)
    await teaches(database, "刺鼻", Taught.LIKE)
    waiting = asyncio.ensure_future(vocabulary.wait(0, 3_600))
    await asyncio.sleep(0)
    await vocabulary.refresh()
    await asyncio.wait_for(waiting, 5)
    await asyncio.wait_for(vocabulary.wait(0, 3_600), 5)  # they changed before
