"""The morning report: yesterday in figures, the groups that want to be looked at first, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import each_morning
from handlers.each_morning import tell_morning
from handlers.morning import Complaints, Figures, complaints_in, read_morning
from handlers.progress import Progress
from handlers.settings import ShopSettings
from insights.days import AnalysedDay, AspectStance, Tally
from insights.demands import Demand
from insights.lexicon import DemandKind
from insights.opinions import Stance
from scheduler.courier import AddressGone, Unable, Unclear
from storage.chores import done_at, note_done
from storage.database import Database
from storage.hearing_gaps import keep_gap
from storage.messages import delete_before
from tests.handlers.conftest import with_groups
from tests.handlers.scenes import broadcast, staff_chat
from tests.handlers.shop import (
    ACCOUNT,
    DAY,
    MANAGER,
    MINUTE,
    NOW,
    Answers,
    Opener,
    Shop,
    in_group,
    in_private,
    open_shop,
)

HOUR = timedelta(hours=1)
NEXT_MORNING = 23 * HOUR + 30 * MINUTE  # from 10:00 on


async def a_day(shop: Shop) -> None:
    """A day of two groups, from 10:00 on: the first has something of everything, 三群 is quiet."""
    await shop.says(MANAGER, "早")
    await shop.joins("小鱼", "小美", "圆圆")
    await shop.joins("点点", group="二群")
    await shop.says("小鱼", "这个面霜油皮能用吗")
    shop.clock.advance(4 * MINUTE)
    await shop.says(MANAGER, "面霜油皮也能用")
    await shop.says("小美", "发货要几天呀，我的电话是13800001234")
    await shop.says("小美", "@小鱼 味道太刺鼻了，想退货")
    await shop.leaves("圆圆")
    shop.clock.advance(HOUR)
    await shop.says("点点", "早上好呀", group="二群")
    await shop.says("小美", "色号好看")
    shop.clock.advance(HOUR)


async def look(shop: Shop) -> Answers:
    """Look whether it is time; what is told."""
    before = len(shop.platform.posts)
    await tell_morning(shop.desk)
    return Answers(shop.platform.posts[before:])


async def next_morning(shop: Shop, *, at: timedelta = timedelta(0)) -> None:
    """It is 9:30 of the day after, or so much later."""
    shop.clock.advance_to(NOW + NEXT_MORNING + at)


async def test_the_staff_are_told_of_yesterday_the_most_pressing_group_first(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await a_day(shop)
    await next_morning(shop)
    told = await look(shop)
    assert told.addresses == [in_private(MANAGER)]
    assert told.text.splitlines() == [
        "早报 · 11-05 · 3 个群",
        "进 4 人，走 1 人，净 +3；活跃 75%（3/4 人说过话）",
        "提问 2 个；店员首答（中位）4 分钟；1 个超过 30 分钟没人回，1 个到现在也没有",
        "不满 1 人：售后 1、气味 1",
        "",
        "「一群」进 3 走 1 · 活跃 67% · 首答 4 分钟 · 没人回 1 · 不满 1 人",
        "没人回：小**“发货要几天呀，我的电话是***”",
        "不满：“@小** 味道太刺鼻了，想退货”",
        "",
        "其余 2 个群：进 1 走 0 · 活跃 100%",
    ]


async def test_a_single_group_needs_no_sums(shop: Shop) -> None:
    await a_day(shop)
    await next_morning(shop)
    answer = await shop.says(MANAGER, "/morning @一群", group=None)
    assert answer.text.splitlines() == [
        "早报 · 11-05 · 一群",
        "进 3 人，走 1 人，净 +2；活跃 67%（2/3 人说过话）",
        "提问 2 个；店员首答（中位）4 分钟；1 个超过 30 分钟没人回，1 个到现在也没有",
        "不满 1 人：售后 1、气味 1",
        "没人回：小**“发货要几天呀，我的电话是***”",
        "不满：“@小** 味道太刺鼻了，想退货”",
    ]


async def test_a_quiet_day_is_told_in_two_lines(shop: Shop) -> None:
    await shop.says(MANAGER, "早")
    await next_morning(shop)
    assert (await look(shop)).text == "早报 · 11-05 · 3 个群\n进 0 人，走 0 人，净 0"


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (-MINUTE, False),
        (timedelta(0), True),
        (5 * HOUR, True),  # missed, and made up
        (11 * HOUR + 29 * MINUTE, True),
        (11 * HOUR + 30 * MINUTE, False),  # 21:00
        (DAY + 5 * HOUR, True),
    ],
)
async def test_it_is_told_from_half_past_nine_to_nine(
    shop: Shop, after: timedelta, *, told: bool
) -> None:
    await a_day(shop)
    await next_morning(shop, at=after)
    assert bool(await look(shop)) is told
    assert not await look(shop)


async def test_it_is_told_every_day_and_never_twice(database: Database, database_url: str) -> None:
    shop = await with_groups(await open_shop(database, ShopSettings()))
    await a_day(shop)
    await next_morning(shop)
    assert await look(shop)
    other = await Database.open(database_url)
    await tell_morning(replace(shop.desk, database=other))  # another process
    await other.close()
    assert not await look(shop)
    shop.clock.advance(DAY)
    assert "早报 · 11-06" in (await look(shop)).text


async def test_what_an_ended_process_began_to_tell_is_not_told_again(shop: Shop) -> None:
    await staff_chat(shop)  # for the first two groups
    await a_day(shop)
    shop.staff.add("阿强")
    await shop.says("阿强", "我也在", group="三群")
    await next_morning(shop)
    shop.platform.refuses[in_group("店员群")] = Unclear("timeout")  # it may have arrived
    first = await look(shop)
    del shop.platform.refuses[in_group("店员群")]
    async with shop.desk.database.writing() as connection:
        await note_done(connection, "tell_morning", NOW - DAY)  # it did not come to that
    assert len(first) > 0
    assert not await look(shop)


async def test_where_nobody_is_reached_it_is_tried_again_and_who_never_can_be_is_left(
    shop: Shop,
) -> None:
    await a_day(shop)
    await next_morning(shop)
    senders = shop.desk.senders
    alone = replace(shop.desk, senders={})
    assert not await tell_morning(alone)
    assert await tell_morning(replace(alone, senders=senders))
    shop.clock.advance(DAY)
    shop.platform.refuses[in_private(MANAGER)] = AddressGone("blocked")
    assert not await tell_morning(shop.desk)
    assert await tell_morning(shop.desk)  # no more is tried today
    async with shop.desk.database.reading() as connection:
        assert await done_at(connection, "tell_morning") == shop.clock.now()


async def test_each_staff_chat_is_told_of_its_own_groups(shop: Shop) -> None:
    await staff_chat(shop, looks_after="@一群")
    await a_day(shop)
    await next_morning(shop)
    told = await look(shop)
    titles = [(post.address, post.content.text.splitlines()[0]) for post in told]
    assert sorted(titles, key=str) == sorted(
        [
            (in_group("店员群"), "早报 · 11-05 · 一群"),
            (in_group("店员群"), "早报 · 11-05 · 2 个群"),  # which no chat looks after
        ],
        key=str,
    )


async def test_each_staff_chat_is_told_how_far_its_own_groups_are_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await staff_chat(shop, looks_after="@一群")
    await a_day(shop)
    await next_morning(shop)
    asked: list[set[int]] = []

    async def progress(_: object, ids: set[int], __: object) -> Progress:
        asked.append(set(ids))
        return Progress(days=1, waiting=0, unread=len(ids) - 1, other_words=0)

    monkeypatch.setattr(each_morning, "progress_of", progress)
    told = await look(shop)
    unread = ["还没读完" in post.content.text for post in told]
    titles = [post.content.text.splitlines()[0] for post in told]
    assert [len(ids) for ids in asked] == [1, 2]
    assert dict(zip(titles, unread, strict=True)) == {
        "早报 · 11-05 · 一群": False,
        "早报 · 11-05 · 2 个群": True,
    }


async def test_there_is_none_without_groups_or_of_groups_that_are_new(opened: Opener) -> None:
    shop = await opened()
    await shop.says(MANAGER, "早", group=None)
    await next_morning(shop)
    assert not await look(shop)
    await shop.opens("一群")
    await shop.says(MANAGER, "早")
    assert not await look(shop)
    shop.clock.advance(DAY)
    assert await look(shop)


async def test_what_was_not_heard_is_said_and_what_fell_into_it_is_not_held_against_anybody(
    shop: Shop,
) -> None:
    await a_day(shop)
    async with shop.desk.database.writing() as connection:
        await keep_gap(connection, ACCOUNT, NOW + 10 * MINUTE, NOW + 20 * MINUTE)
    await next_morning(shop)
    text = (await look(shop)).text
    assert "没听到（room）：11-05 10:10–10:20" in text
    assert "提问 2 个；店员首答（中位）4 分钟\n" in text
    assert "没人回" not in text


async def test_posts_are_counted_with_why_some_did_not_go(shop: Shop) -> None:
    await a_day(shop)
    shop.platform.refuses[in_group("二群")] = Unable("too long")
    await broadcast(shop, to="@一群 @二群")
    await shop.delivers()
    await next_morning(shop)
    assert "发出 1 条；没发 1 条：" in (await look(shop)).text


async def test_a_post_that_may_have_arrived_is_none_that_was_not_sent(shop: Shop) -> None:
    await a_day(shop)
    shop.platform.refuses[in_group("二群")] = Unclear("timeout")
    await broadcast(shop, to="@一群 @二群")
    await shop.delivers()
    await next_morning(shop)
    text = (await look(shop)).text
    assert "发出 1 条；不确定 1 条，用 /doubts 核实" in text
    assert "没发" not in text


async def test_with_many_groups_the_rest_is_summed_up(shop: Shop) -> None:
    await shop.says(MANAGER, "早")
    for number in range(30):
        name = f"群{number:02}"
        await shop.opens(name)
        if number < 9:
            for fan in range(9 - number):
                await shop.says(f"粉丝{fan}", "泵头漏液，质量太差了", group=name)
    await next_morning(shop)
    text = (await look(shop)).text
    assert len(text) < 900
    alone = [line for line in text.splitlines() if line.startswith("「")]
    assert [line[1:4] for line in alone] == ["群00", "群01", "群02", "群03", "群04"]
    assert "\n其余 28 个群：" in text
    assert "不满 4 人" in text.splitlines()[-1]


async def test_any_of_the_last_days_can_be_asked_for(shop: Shop) -> None:
    await a_day(shop)
    assert "这一天还没过完" in (await shop.says(MANAGER, "/morning 今天", group=None)).text
    await next_morning(shop, at=3 * DAY)
    assert "进 0 人" in (await shop.says(MANAGER, "早报", group=None)).text
    for written in ("11-05", "2026-11-05"):
        answer = await shop.says(MANAGER, f"/morning {written}", group=None)
        assert "进 4 人，走 1 人" in answer.text
    assert "一次看一天" in (await shop.says(MANAGER, "/morning 7", group=None)).text
    assert "不留了" in (await shop.says(MANAGER, "/morning 2026-01-01", group=None)).text
    assert "早报" not in (await shop.says("小鱼", "/morning", group=None)).text


async def test_words_that_are_gone_are_missing_and_what_was_understood_of_them_stays(
    shop: Shop,
) -> None:
    await a_day(shop)
    await next_morning(shop)
    group = await shop.group("一群")
    day = shop.desk.shop.day_of(NOW)
    await read_morning(shop.desk, [group], day)
    async with shop.desk.database.writing() as connection:
        await delete_before(connection, NOW + DAY)
    again = await read_morning(shop.desk, [group], day)
    assert Figures.of(again.groups).complainers == 1
    assert again.texts == {}


async def test_who_asked_for_no_record_is_no_complainer(shop: Shop) -> None:
    await a_day(shop)
    await shop.says("小美", "/norecord", group=None)
    await next_morning(shop)
    assert "不满" not in (await look(shop)).text


async def test_in_english_too(opened: Opener) -> None:
    shop = await with_groups(await opened(language="en"))
    await a_day(shop)
    await next_morning(shop)
    text = (await look(shop)).text
    assert text.startswith("Morning report · 11-05 · 3 groups\n4 joined, 1 left, net +3")


def tally(*fans: int) -> Tally:
    return Tally(dict.fromkeys(fans, 1), {fan: fan * 10 for fan in fans})


def test_a_complaint_is_a_dislike_or_asks_that_something_be_mended() -> None:
    day = AnalysedDay(
        aspects={
            AspectStance("气味", "气味", Stance.DISLIKE): tally(1, 2),
            AspectStance("物流", "物流", Stance.DISLIKE): tally(1, 2, 3),
            AspectStance("价格", "价格", Stance.MIND): tally(7),
            AspectStance("气味", "气味", Stance.LIKE): tally(8),
        },
        demands={
            Demand(DemandKind.AFTER_SALE, "面霜"): tally(4),
            Demand(DemandKind.RESTOCK, "面霜"): tally(9),
        },
    )
    found = complaints_in(day)
    assert found == Complaints(
        about={"物流": frozenset({1, 2, 3}), "气味": frozenset({1, 2})},
        after_sale=frozenset({4}),
        quotes=((40, 4), (30, 3)),  # of each the newest, and nobody twice
    )
    assert found.fans == {1, 2, 3, 4}
    assert complaints_in(day, [2, 3, 4]).fans == {1}
    assert complaints_in(AnalysedDay()) == Complaints()


async def test_who_complains_in_two_groups_is_one_fan(shop: Shop) -> None:
    await shop.says(MANAGER, "早")
    for group in ("一群", "二群"):
        await shop.says("小美", "味道太刺鼻了", group=group)
    await next_morning(shop)
    assert "不满 1 人：气味 1\n" in (await look(shop)).text
