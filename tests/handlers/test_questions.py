"""The staff are told once of a question that nobody answers: by day, and where all was heard."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import questions
from handlers.events import MessageHeard
from handlers.questions import questions_in, tell_unanswered
from handlers.settings import ShopSettings
from scheduler.courier import AddressGone, Unclear
from storage import accounts
from storage.accounts import State
from storage.database import Database
from storage.hearing_gaps import keep_gap
from storage.lately_said import IMPORTED
from tests.handlers.conftest import with_groups
from tests.handlers.scenes import staff_chat
from tests.handlers.shop import (
    ACCOUNT,
    DAY,
    MANAGER,
    MINUTE,
    NOW,
    Answers,
    Shop,
    in_group,
    in_private,
    open_shop,
)

HOUR = timedelta(hours=1)
ASKED = "这个面霜油皮能用吗"


async def look(shop: Shop, after: timedelta = timedelta(0)) -> Answers:
    """Look at the groups after a while; what the staff are told."""
    shop.clock.advance(after)
    before = len(shop.platform.posts)
    await tell_unanswered(shop.desk)
    return Answers(shop.platform.posts[before:])


async def watched(shop: Shop) -> Shop:
    """A manager is known, and the watch has begun."""
    await shop.says(MANAGER, "早")
    assert not await look(shop)
    return shop


async def test_who_waits_for_half_an_hour_is_told_of_once(any_shop: Shop) -> None:
    shop = await watched(any_shop)
    await shop.says("小鱼爱吃鱼", f"我是小美丽的朋友，{ASKED}，电话13800001234")
    await shop.says("小美丽", "早上好")
    assert not await look(shop, 29 * MINUTE)
    told = await look(shop, MINUTE)
    assert told.addresses == [in_private(MANAGER)]
    assert told.text == (
        "这个问题 30 分钟没人回了：\n"
        "「一群」11-05 10:00 小**鱼：“我是小**丽的朋友，这个面霜油皮能用吗，电话***”"
    )
    assert not await look(shop, MINUTE)
    assert not await look(shop, HOUR)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (MANAGER, "可以的"),
        (MANAGER, "面霜油皮也能用"),
        ("小美", "面霜我油皮在用"),
    ],
)
async def test_what_is_answered_is_not_told(shop: Shop, name: str, text: str) -> None:
    await watched(shop)
    await shop.says("小鱼", ASKED)
    shop.clock.advance(MINUTE)
    await shop.says(name, text)
    assert not await look(shop, HOUR)


async def test_a_late_answer_by_reply_counts_and_an_answer_by_the_own_account(shop: Shop) -> None:
    await watched(shop)
    for message, late in (("q1", False), ("q2", True)):
        await shop.says("小鱼", ASKED, message=message)
        answer: MessageHeard = shop.heard("店里", "可以", at=NOW + (20 if late else 5) * MINUTE)
        await shop.hear(replace(answer, own=True, reply_to=message))
    assert not await look(shop, HOUR)


async def test_an_answer_that_quotes_the_question_s_words_replies_to_it(any_shop: Shop) -> None:
    shop = await watched(any_shop)
    await shop.says("小鱼", ASKED)
    await shop.says("小美", "发货要几天呀")
    answer = shop.heard(MANAGER, "三天左右", at=NOW + HOUR)
    await shop.hear(replace(answer, quoted="发货要几天呀"))
    told = await look(shop, HOUR)
    assert ASKED in told.text
    assert "发货" not in told.text


async def test_several_are_told_at_once_by_who_looks_after_the_group(shop: Shop) -> None:
    await staff_chat(shop)  # looks after the first two
    await watched(shop)
    for group in ("一群", "二群", "三群"):
        await shop.says("小鱼", ASKED, group=group)
        shop.clock.advance(MINUTE)
    told = await look(shop, HOUR)
    in_chat = sorted(
        post.content.text.splitlines()[0] for post in told if post.address == in_group("店员群")
    )
    # The third group has no chat of its own, and is told everywhere.
    assert in_chat == ["有 2 个问题超过 30 分钟没人回：", "这个问题 30 分钟没人回了："]
    assert [told.text.count(f"「{name}」") for name in ("一群", "二群", "三群")] == [1, 1, 1]


async def test_of_many_a_few_are_quoted_and_the_others_counted(shop: Shop) -> None:
    await watched(shop)
    for minute in range(9):
        await shop.says(f"粉丝{minute}", f"色号{minute}还有货吗？" + "真的很想要" * 20)
        shop.clock.advance(MINUTE)
    text = (await look(shop, HOUR)).text
    assert text.startswith("有 9 个问题超过 30 分钟没人回：")
    assert text.count("“") == 6
    assert text.endswith("还有 3 个，翻翻群里吧。")
    assert max(map(len, text.splitlines())) < 100


async def test_at_night_it_waits_until_the_quiet_hours_are_over(shop: Shop) -> None:
    await watched(shop)
    shop.clock.advance(11 * HOUR + 45 * MINUTE)  # 21:45
    assert not await look(shop)
    await shop.says("小鱼", ASKED)
    for _ in range(11):
        assert not await look(shop, HOUR)  # 22:45 … 8:45
    await shop.says("小美", "发货要几天呀")
    told = await look(shop, 15 * MINUTE)  # 9:00
    assert "「一群」11-05 21:45 小*" in told.text
    assert "发货" not in told.text
    assert "发货" in (await look(shop, 15 * MINUTE)).text


async def test_a_process_that_starts_lets_what_was_said_come_in_first(database: Database) -> None:
    shop = await with_groups(await open_shop(database, ShopSettings()))
    await shop.says(MANAGER, "早")
    await shop.says("小鱼", ASKED)
    shop.clock.advance(HOUR)
    assert not await look(shop)
    assert ASKED in (await look(shop, MINUTE)).text


async def test_what_was_asked_more_than_a_day_ago_is_told_no_more(shop: Shop) -> None:
    await watched(shop)
    await shop.hear(shop.heard("小鱼", ASKED, at=NOW - DAY - MINUTE))
    assert not await look(shop, MINUTE)


async def test_what_may_have_been_answered_unheard_is_not_told(shop: Shop) -> None:
    await watched(shop)
    await shop.says("小鱼", ASKED)
    async with shop.desk.database.writing() as connection:
        await keep_gap(connection, ACCOUNT, NOW + 5 * MINUTE, NOW + 9 * MINUTE)
    shop.clock.advance(20 * MINUTE)
    await shop.says("小美", "发货要几天呀")  # behind the gap
    told = await look(shop, HOUR)
    assert ASKED not in told.text
    assert "发货" in told.text


async def test_while_the_account_is_not_there_nothing_is_told(shop: Shop) -> None:
    await watched(shop)
    await shop.says("小鱼", ASKED)
    async with shop.desk.database.writing() as connection:
        state = State("offline", NOW + MINUTE)
        await accounts.note_state(connection, ACCOUNT, "room", state)
    assert not await look(shop, HOUR)


async def test_where_nobody_is_reached_it_is_told_at_the_next_look(shop: Shop) -> None:
    await watched(shop)
    await shop.says("小鱼", ASKED)
    shop.platform.refuses[in_private(MANAGER)] = AddressGone("blocked")
    assert not await look(shop, HOUR)
    del shop.platform.refuses[in_private(MANAGER)]
    assert ASKED in (await look(shop, MINUTE)).text


@pytest.mark.parametrize("fails", ["masked", "tell_managers"])
async def test_what_a_fault_or_the_end_of_a_process_cut_off_is_told_by_the_next(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    shop = await watched(await with_groups(await open_shop(database, ShopSettings())))
    await shop.says("小鱼", ASKED)

    async def ends(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as cut:
        cut.setattr(questions, fails, ends)
        with pytest.raises(asyncio.CancelledError):
            await look(shop, HOUR)
    other = await Database.open(database_url)
    started = replace(shop.desk, database=other)
    told = [await tell_unanswered(started) for _ in range(3)]
    await other.close()
    assert told == [0, 1, 0]


async def test_what_was_said_and_maybe_heard_is_not_said_again(shop: Shop) -> None:
    await watched(shop)
    await shop.says("小鱼", ASKED)
    shop.platform.refuses[in_private(MANAGER)] = Unclear("timeout")
    await look(shop, HOUR)
    del shop.platform.refuses[in_private(MANAGER)]
    assert not await look(shop, MINUTE)


async def test_it_is_tried_for_a_day(shop: Shop) -> None:
    await watched(shop)
    await shop.says("小鱼", ASKED)
    shop.platform.refuses[in_private(MANAGER)] = AddressGone("blocked")
    for _ in range(23):
        assert not await look(shop, HOUR)
    await shop.says("小美", "发货要几天呀")
    del shop.platform.refuses[in_private(MANAGER)]
    told = (await look(shop, 30 * MINUTE)).text
    assert ASKED in told
    assert "发货" in told


async def test_an_imported_history_is_no_news(shop: Shop) -> None:
    await watched(shop)
    imported = shop.heard("小鱼", ASKED, at=NOW - HOUR)
    await shop.hear(replace(imported, message=f"{IMPORTED}1"))
    assert not await look(shop, MINUTE)


async def test_of_a_period_every_question_is_found_with_its_answers(any_shop: Shop) -> None:
    shop = any_shop
    for name, text, group in (
        ("小鱼", ASKED, "一群"),
        (MANAGER, "面霜可以的", "一群"),
        ("小美", "发货要几天呀", "二群"),
        ("小美", "早", "二群"),
    ):
        await shop.says(name, text, group=group)
        shop.clock.advance(MINUTE)
    groups = [await shop.group(name) for name in ("一群", "二群", "三群")]
    found = await questions_in(shop.desk, groups, NOW, NOW + DAY, heard=NOW + DAY)
    assert [(one.group.name, one.question.text, one.name) for one in found] == [
        ("一群", ASKED, "小鱼"),
        ("二群", "发货要几天呀", "小美"),
    ]
    assert [one.question.staff_at for one in found] == [NOW + MINUTE, None]
    later = await questions_in(shop.desk, groups, NOW + MINUTE, NOW + DAY, heard=NOW + DAY)
    assert [one.group.name for one in later] == ["二群"]
    assert await questions_in(shop.desk, [], NOW, NOW + DAY, heard=NOW + DAY) == []


async def test_where_the_platform_shows_it_the_way_there_is_told(shop: Shop) -> None:
    await watched(shop)
    await shop.says("小鱼", ASKED, message="seen/7")
    assert (await look(shop, HOUR)).text.endswith("油皮能用吗”\nhttps://t.example/seen/7")


async def test_in_english_too(sqlite: Database) -> None:
    shop = await with_groups(await open_shop(sqlite, ShopSettings(language="en")))
    await watched(shop)
    await shop.says("小鱼", ASKED)
    assert (await look(shop, HOUR)).text.startswith("Nobody has answered this for 30 minutes:")
