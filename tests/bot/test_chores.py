"""The nightly chores: words go in time, what was understood stays, and one fault stops nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from apscheduler.triggers.cron import CronTrigger
from prometheus_client import REGISTRY
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot import chores
from bot.chores import (
    LANE,
    NIGHTLY,
    _do,
    analyse_last_days,
    forget_old_text,
    forget_short_lived,
    nightly,
    take_turns,
)
from handlers.demand import report
from handlers.desk import Desk
from handlers.events import FriendAsked, JoinAsked
from handlers.period import Period
from handlers.settings import ShopSettings
from handlers.taggers import tag_everybody
from scheduler.lease import LeaseTerms
from scheduler.sender import Sender
from storage import button_words, friendships, identities, numbered_choices, own_posts
from storage.chores import done_at, note_done
from storage.database import Database
from storage.groups import heard_groups
from storage.identities import Answer, NewMatch
from storage.join_requests import waiting
from storage.lanes import lease_lane
from storage.messages import count_messages
from storage.own_posts import OwnPost
from storage.tables import analysed_days
from storage.unheard import UnheardEvent, count_unheard, keep_unheard, last_unheard
from tests.bot.program import until
from tests.handlers.shop import ACCOUNT, DAY, MINUTE, NOW, Shop, chat_of, open_shop

HOUR = timedelta(hours=1)


async def counted(desk: Desk, period: Period) -> tuple[int, int, list[str]]:
    """Messages, speakers and keywords of a period."""
    async with desk.database.reading() as connection:
        groups = await heard_groups(connection, desk.shop_id)
    found = await report(desk, groups, period)
    return found.messages, found.speakers, [one.word for one in found.keywords]


async def stored(desk: Desk) -> int:
    async with desk.database.reading() as connection:
        return await count_messages(connection)


async def test_old_words_go_and_what_was_understood_of_them_stays(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "_BATCH", 7)
    spoken = [
        shop.heard(f"粉丝{n % 3}", "泵头漏液，云絮霜挺好用", at=NOW - (170 + n) * DAY)
        for n in range(25)
    ]
    await shop.hear(*spoken)
    old = Period(shop.desk.shop.day_of(NOW - 200 * DAY), shop.desk.shop.day_of(NOW - 181 * DAY))
    before = await counted(shop.desk, old)
    assert before[0] == 14

    assert await forget_old_text(shop.desk) == 14
    assert await stored(shop.desk) == 11
    assert await counted(shop.desk, old) == before
    assert await forget_old_text(shop.desk) == 0


async def test_events_that_could_not_be_heard_go_with_old_words(shop: Shop) -> None:
    kept = 180 * DAY
    async with shop.desk.database.writing() as connection:
        for cursor, at in (("old", NOW - kept - DAY), ("new", NOW - kept + DAY)):
            one = UnheardEvent("room", cursor, "id-小鱼", '{"text": "补水"}', "KeyError", at)
            await keep_unheard(connection, one)
    assert await forget_old_text(shop.desk) == 1
    async with shop.desk.database.reading() as connection:
        left = await last_unheard(connection)
        assert await count_unheard(connection) == 1
    assert left is not None
    assert left.cursor == "new"


async def test_what_the_buttons_of_old_posts_say_goes_with_old_words(shop: Shop) -> None:
    kept = 180 * DAY
    async with shop.desk.database.writing() as connection:
        await button_words.keep(connection, {"old": "/broadcast 补水"}, NOW - kept - DAY)
        await button_words.keep(connection, {"new": "/broadcast 面霜"}, NOW - kept + DAY)
    assert await forget_old_text(shop.desk) == 1
    async with shop.desk.database.reading() as connection:
        left = await button_words.words_of(connection, ["old", "new"])
    assert left == {"new": "/broadcast 面霜"}


async def test_what_was_posted_and_offered_long_ago_is_of_no_use_any_more(shop: Shop) -> None:
    database = shop.desk.database
    async with database.writing() as connection:
        for key, at in (("old", NOW - 8 * DAY), ("new", NOW - 6 * DAY)):
            await own_posts.begin(connection, ACCOUNT, OwnPost(key, "person:x", ["早"]), at)
        for person, at in (("old", NOW - 3 * DAY), ("new", NOW - DAY)):
            await numbered_choices.offer(connection, ACCOUNT, f"person:{person}", ["/me"], at)
    await shop.hear(shop.heard("小鱼", "早"))
    fan = await shop.member("小鱼")
    async with database.writing() as connection:
        for after, at in (("@old", NOW - 8 * DAY), ("@new", NOW - 6 * DAY)):
            denied = NewMatch(fan.id, fan.person, after, "小鱼", 65, ("name",))
            await identities.keep_doubtful(connection, ACCOUNT, [denied], at)
            (one,) = await identities.undecided(connection)
            await identities.decide(connection, one, Answer.OTHER, by="room:x", at=at)
    assert await forget_short_lived(shop.desk) == 3
    async with database.reading() as connection:
        assert await identities.ruled_out(connection, ACCOUNT) == {(fan.id, "@new")}
    async with database.reading() as connection:
        assert await own_posts.receipts_of(connection, ACCOUNT, "old") == []
        assert await own_posts.receipts_of(connection, ACCOUNT, "new") == [None]
        left = [
            await numbered_choices.offered(connection, ACCOUNT, f"person:{person}", NOW - 9 * DAY)
            for person in ("old", "new")
        ]
    assert left == [[], ["/me"]]


async def test_a_day_that_nobody_had_read_is_read_before_its_words_go(shop: Shop) -> None:
    long_ago = NOW - 900 * DAY
    await shop.hear(*(shop.heard(f"粉丝{n}", "泵头漏液", at=long_ago) for n in range(4)))
    assert await forget_old_text(shop.desk) == 4
    day = shop.desk.shop.day_of(long_ago)
    messages, speakers, words = await counted(shop.desk, Period(day, day))
    assert (messages, speakers) == (4, 4)
    assert any("泵头" in word for word in words)


async def test_days_go_as_a_whole_by_the_shop_s_clock(shop: Shop) -> None:
    last_kept = NOW - 180 * DAY
    midnight = shop.desk.shop.local(last_kept).replace(hour=0, minute=0)
    second = timedelta(seconds=1)
    await shop.hear(
        shop.heard("小鱼", "一天的最后一句", at=midnight - second),
        shop.heard("小鱼", "下一天的第一句", at=midnight),
    )
    await forget_old_text(shop.desk)
    assert await shop.fans_words() == ["下一天的第一句"]


async def test_the_last_days_are_analysed_once_and_today_is_not(shop: Shop) -> None:
    await shop.hear(*(shop.heard("小鱼", "好用", at=NOW - n * DAY) for n in range(10)))
    await analyse_last_days(shop.desk)
    async with shop.desk.database.reading() as connection:
        days = sorted(day for (day,) in await connection.execute(select(analysed_days.c.day)))
    today = shop.desk.shop.day_of(NOW)
    assert days == [today - n * DAY for n in range(6, 0, -1)]


async def test_tags_that_are_over_go_and_the_silent_are_known(shop: Shop) -> None:
    await shop.joins("小鱼")
    await shop.says("小鱼", "早")
    assert "新人" in await shop.tags("小鱼")
    shop.clock.advance(40 * DAY)
    await tag_everybody(shop.desk)
    assert set(await shop.tags("小鱼")) == {"沉默"}


@pytest.mark.parametrize(
    "fault",
    [OperationalError("DELETE", {}, Exception("locked")), OSError(28, "full"), ValueError()],
)
async def test_a_chore_that_fails_is_counted_and_fails_alone(shop: Shop, fault: Exception) -> None:
    async def broken(_: Desk) -> None:
        raise fault

    def failures() -> float:
        labels = {"chore": "broken"}
        return REGISTRY.get_sample_value("nuanqun_chores_failed_total", labels) or 0.0

    before = failures()
    await _do(shop.desk, broken)
    assert failures() == before + 1


async def test_the_chores_are_done_at_night_by_the_shop_s_clock(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    async def first(_: Desk) -> None:
        done.append("first")
        raise OSError("no disk")

    async def second(_: Desk) -> None:
        done.append("second")

    every_second = CronTrigger(second="*")
    monkeypatch.setattr(CronTrigger, "from_crontab", lambda *_, **__: every_second)
    monkeypatch.setattr(chores, "NIGHTLY", (("a", first), ("b", second)))
    before = asyncio.all_tasks()
    async with nightly(shop.desk):
        await until(lambda: set(done) == {"first", "second"})
    assert asyncio.all_tasks() == before
    for cron, chore in NIGHTLY:
        by_day = chore.__name__.startswith(("tell_", "propose_"))
        assert int(cron.split()[1]) in (range(9, 12) if by_day else range(1, 6))


async def test_old_requests_to_come_in_go_with_what_was_said_in_them(shop: Shop) -> None:
    for name, days in (("小鱼", 200), ("小美", 1)):
        at = NOW - days * DAY
        person = shop.person(name)
        asks = JoinAsked(ACCOUNT, "x", at, chat_of("一群"), person, None, "我住在二楼")
        await shop.dispatcher.hear([asks])
    assert await forget_old_text(shop.desk) == 1
    async with shop.desk.database.reading() as connection:
        (left,) = await waiting(connection, shop.desk.shop_id)
    assert left.name == "小美"


async def test_old_requests_to_be_friends_go_as_well(shop: Shop) -> None:
    for name, days in (("小鱼", 200), ("小美", 1)):
        at, person = NOW - days * DAY, shop.person(name)
        await shop.dispatcher.hear([FriendAsked(ACCOUNT, "x", at, name, person, "我住在二楼")])
    assert await forget_old_text(shop.desk) == 1
    async with shop.desk.database.reading() as connection:
        (left,) = await friendships.waiting(connection)
    assert left.name == "小美"


async def test_text_is_kept_as_long_as_the_shop_says(shop: Shop) -> None:
    await shop.hear(shop.heard("小鱼", "三天前", at=NOW - 3 * DAY))
    brief = replace(shop.desk, shop=replace(shop.desk.shop, text_kept_for=2 * DAY))
    assert await forget_old_text(shop.desk) == 0
    assert await forget_old_text(brief) == 1


@pytest.mark.parametrize(
    ("last", "off_until", "again"),
    [
        # The shop's 3:17 is 19:17 in UTC; it is 10:00 there.
        (None, 0 * DAY, True),
        (NOW, 0 * DAY, False),
        (NOW, 17 * HOUR + 16 * MINUTE, False),
        (NOW, 17 * HOUR + 17 * MINUTE, True),
        (NOW, 40 * DAY, True),
    ],
)
async def test_a_chore_whose_night_was_missed_is_done_once_at_the_start(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    last: datetime | None,
    off_until: timedelta,
    *,
    again: bool,
) -> None:
    done: list[str] = []

    async def once(_: Desk) -> None:
        done.append("once")

    async def broken(_: Desk) -> None:
        done.append("broken")
        raise OSError

    monkeypatch.setattr(chores, "NIGHTLY", (("17 3 * * *", once), ("17 3 * * *", broken)))
    async with shop.desk.database.writing() as connection:
        if last is not None:
            await note_done(connection, "once", last)
    shop.clock.advance(off_until)
    async with nightly(shop.desk):
        await until(lambda: done.count("broken") == 1)
    async with nightly(shop.desk):
        await until(lambda: done.count("broken") == 2)
    assert done == (["once"] if again else []) + ["broken", "broken"]


async def test_a_chore_that_fails_is_not_noted_as_done(shop: Shop) -> None:
    async def broken(_: Desk) -> None:
        raise ValueError

    await _do(shop.desk, broken)
    async with shop.desk.database.reading() as connection:
        assert await done_at(connection, "broken") is None


async def test_a_chore_that_is_running_has_ended_when_the_bot_has(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def long(desk: Desk) -> None:
        try:
            async with desk.database.writing():
                begun.set()
                await asyncio.sleep(60)
        finally:
            ended.set()

    monkeypatch.setattr(chores, "NIGHTLY", (("17 3 * * *", long),))
    async with nightly(shop.desk):
        await begun.wait()
    assert ended.is_set()
    async with shop.desk.database.writing() as connection:
        assert await done_at(connection, "long") is None


# Several processes

TERMS = LeaseTerms(renew_every=timedelta(milliseconds=50), poll_every=timedelta(milliseconds=20))


async def noted(database: Database, chore: str) -> bool:
    """Whether it is written down that a chore was done: before, it would be done again."""
    async with database.reading() as connection:
        return await done_at(connection, chore) is not None


async def test_of_several_processes_one_does_the_chores_and_when_it_ends_another(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Database] = []

    async def chore(desk: Desk) -> None:
        done.append(desk.database)

    monkeypatch.setattr(chores, "NIGHTLY", (("17 3 * * *", chore),))
    shop = await open_shop(database, ShopSettings())
    other = await Database.open(database_url)
    one = asyncio.create_task(take_turns(shop.desk, "bot-1", TERMS))
    while not await noted(database, "chore"):  # noqa: ASYNC110 (a note rings nobody)
        await asyncio.sleep(0.001)
    waiting = asyncio.create_task(take_turns(replace(shop.desk, database=other), "bot-2", TERMS))
    shop.clock.advance(DAY)
    await asyncio.sleep(0.2)
    assert done == [database]
    one.cancel()
    await asyncio.gather(one, return_exceptions=True)
    await until(lambda: len(done) == 2)  # what was missed meanwhile
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert done == [database, other]
    await other.close()


async def test_a_chore_ends_when_another_process_has_the_lane(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def long(_: Desk) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    monkeypatch.setattr(chores, "NIGHTLY", (("17 3 * * *", long),))
    shop = await open_shop(database, ShopSettings())
    turn = asyncio.create_task(take_turns(shop.desk, "bot-1", TERMS))
    await begun.wait()
    async with database.writing() as connection:
        assert await lease_lane(connection, LANE, "bot-2", DAY, alone=True)
    await asyncio.wait_for(turn, 20)
    assert ended.is_set()
    async with database.reading() as connection:
        assert await done_at(connection, "long") is None


async def test_the_process_that_serves_the_account_is_the_one_that_does_the_chores(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    async def chore(desk: Desk) -> None:
        done.append("serving" if desk is shop.desk else "waiting")

    monkeypatch.setattr(chores, "NIGHTLY", (("17 3 * * *", chore),))
    # One that has not the lane yet, or never will.
    idle = Sender(
        database=shop.desk.database,
        courier=shop.platform,
        account=ACCOUNT,
        clock=shop.clock,
        care=shop.desk.care,
        tell=shop.notices.tell,
    )
    waits = asyncio.create_task(
        take_turns(replace(shop.desk, senders={ACCOUNT: idle}), "bot-1", TERMS)
    )
    await asyncio.sleep(0.15)
    serves = asyncio.create_task(take_turns(shop.desk, "bot-2", TERMS))
    await until(lambda: bool(done))
    for turn in (waits, serves):
        turn.cancel()
    await asyncio.gather(waits, serves, return_exceptions=True)
    assert done == ["serving"]


async def test_where_nobody_serves_an_account_the_chores_are_done_all_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = asyncio.Event()

    async def chore(_: Desk) -> None:
        done.set()

    monkeypatch.setattr(chores, "NIGHTLY", (("17 3 * * *", chore),))
    monkeypatch.setattr(chores, "GIVES_WAY_FOR", timedelta(milliseconds=200))
    await shop.sender.close()
    turn = asyncio.create_task(take_turns(shop.desk, "bot-1", TERMS))
    await asyncio.wait_for(done.wait(), 20)
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)


async def test_who_serves_no_account_any_more_gives_the_chores_to_who_does(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    async def chore(desk: Desk) -> None:
        done.append("serving" if desk is shop.desk else "served")

    monkeypatch.setattr(chores, "NIGHTLY", (("17 3 * * *", chore),))
    monkeypatch.setattr(chores, "GIVES_WAY_FOR", timedelta(milliseconds=50))
    monkeypatch.setattr(chores, "SPEECHLESS_FOR", timedelta(milliseconds=200))
    idle = Sender(
        database=shop.desk.database,
        courier=shop.platform,
        account=ACCOUNT,
        clock=shop.clock,
        care=shop.desk.care,
        tell=shop.notices.tell,
    )
    once = replace(shop.desk, senders={ACCOUNT: idle})
    gone = asyncio.create_task(take_turns(once, "bot-1", TERMS))
    await until(lambda: done == ["served"])
    shop.clock.advance(DAY)
    serves = asyncio.create_task(take_turns(shop.desk, "bot-2", TERMS))
    await asyncio.wait_for(gone, 20)  # nobody cancels it
    await until(lambda: done == ["served", "serving"])
    await asyncio.sleep(0.4)
    assert not serves.done()  # who serves keeps them
    serves.cancel()
    await asyncio.gather(serves, return_exceptions=True)
