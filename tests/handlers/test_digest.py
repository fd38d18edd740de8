"""The weekly digest: told once on Monday, the same on demand, and none where nobody spoke."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from handlers import digest as digest_room
from handlers.desk import Desk
from handlers.digest import tell_digest, week_before
from handlers.spike_watch import watch_spikes
from insights.report import DemandReport
from scheduler.content import Content, Picture
from scheduler.courier import AddressGone
from storage.word_proposals import FoundWord, propose
from tests.handlers.shop import DAY, MANAGER, MINUTE, NOW, Shop, in_private

HOUR = timedelta(hours=1)
# NOW is a Thursday, 10:00; so this is 9:40 on Monday, 9 November.
MONDAY = NOW + 4 * DAY - 20 * MINUTE


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are drawn by a process of its own, which has tests of its own."""

    async def none(*_: object) -> None:
        return None

    monkeypatch.setattr(digest_room, "insight_picture", none)


async def a_week(shop: Shop) -> None:
    """A week of talk that ends on Sunday, an incident in it, and five quieter weeks before."""
    said = [
        shop.heard(f"老粉{n % 6}", text, at=NOW - week * 7 * DAY - n * HOUR)
        for week in range(1, 5)
        for n, text in enumerate(["早", "面霜好用", "今天降温了"] * 6)
    ]
    await shop.hear(*said)
    await shop.says(MANAGER, "大家好")
    for n in range(9):
        shop.clock.advance(MINUTE)
        await shop.says(f"粉丝{n}", "用完过敏了，面霜什么时候补货")
    await watch_spikes(shop.desk)
    async with shop.desk.database.writing() as connection:
        await propose(connection, shop.desk.shop_id, [FoundWord("早C晚A", 9, 5)], NOW)
    shop.platform.posts.clear()


def told(shop: Shop) -> list[Content]:
    return [
        post.content
        for post in shop.platform.posts
        if post.address == in_private(MANAGER) and post.content.text.startswith("📋")
    ]


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2026, 11, 9), date(2026, 11, 2)),  # a Monday
        (date(2026, 11, 8), date(2026, 10, 26)),  # a Sunday: this week is not over
        (date(2026, 11, 11), date(2026, 11, 2)),
        (date(2027, 1, 1), date(2026, 12, 21)),
    ],
)
def test_the_last_week_is_from_monday_to_sunday(day: date, first: date) -> None:
    week = week_before(day)
    assert (week.first, week.last) == (first, first + timedelta(days=6))


async def test_on_monday_the_staff_read_what_the_week_brought(any_shop: Shop) -> None:
    shop = any_shop
    await a_week(shop)
    shop.clock.advance_to(MONDAY)
    assert await tell_digest(shop.desk) == [MANAGER]
    (content,) = told(shop)
    lines = content.text.splitlines()
    assert lines[1].startswith("粉丝在说什么（11-02 至 11-08）")
    assert any(line.startswith("讨厌：安全 9 人") for line in lines)
    assert any(line.startswith("想要：补货 面霜 9 人") for line in lines)
    assert any(line.startswith("明显变多：") and "补货 面霜 0→9 人" in line for line in lines)
    assert "11-05 10:09 「过敏」 9 人，平时几乎没有" in lines
    assert not any("对安全不满或担心" in line for line in lines)
    assert lines[-1] == "等你决定的新词：「早C晚A」"
    assert [one.says for one in content.buttons] == [
        "/quotes 2026-11-02..2026-11-08",
        "/compare 2026-11-02..2026-11-08",
        "/words",
    ]


async def test_a_spike_that_reached_nobody_is_told_with_the_week(shop: Shop) -> None:
    shop.platform.refuses[in_private(MANAGER)] = AddressGone("gone")
    await a_week(shop)
    del shop.platform.refuses[in_private(MANAGER)]
    answer = await shop.says(MANAGER, "/digest 本周", group=None)
    assert "「过敏」 9 人，平时几乎没有" in answer.text


async def test_it_is_told_once_also_by_a_bot_that_was_restarted(shop: Shop) -> None:
    await a_week(shop)
    shop.clock.advance_to(MONDAY)
    await tell_digest(shop.desk)
    for _ in range(3):
        shop.clock.advance(DAY)
        assert await tell_digest(shop.desk) == []
    assert len(told(shop)) == 1


@pytest.mark.parametrize(
    ("late", "comes"),
    [
        (0 * HOUR, True),
        (24 * HOUR, True),
        (48 * HOUR, True),
        (72 * HOUR, False),
        (13 * HOUR, False),
    ],
)
async def test_a_bot_that_was_off_tells_it_a_little_late_and_never_at_night(
    shop: Shop, late: timedelta, *, comes: bool
) -> None:
    await a_week(shop)
    shop.clock.advance_to(MONDAY + late)
    assert bool(await tell_digest(shop.desk)) == comes


async def test_a_digest_that_reached_nobody_is_told_the_next_day(shop: Shop) -> None:
    await a_week(shop)
    shop.platform.refuses[in_private(MANAGER)] = AddressGone("gone")
    shop.clock.advance_to(MONDAY)
    assert await tell_digest(shop.desk) == []
    del shop.platform.refuses[in_private(MANAGER)]
    await shop.says(MANAGER, "我回来了")
    shop.clock.advance(DAY)
    assert await tell_digest(shop.desk) == [MANAGER]


async def test_where_nobody_spoke_there_is_no_digest(shop: Shop) -> None:
    await shop.says(MANAGER, "大家好")
    shop.clock.advance_to(MONDAY)
    assert await tell_digest(shop.desk) == []
    answer = await shop.says(MANAGER, "/digest", group=None)
    assert answer.text == "11-02 至 11-08 没有人说话，没有周报。"


async def test_the_digest_of_any_days_is_given_on_demand(shop: Shop) -> None:
    await a_week(shop)
    this_week = await shop.says(MANAGER, "/digest 本周", group=None)
    assert "「过敏」" in this_week.text
    last = await shop.says(MANAGER, "/周报", group=None)
    assert last.text.splitlines()[1].startswith("粉丝在说什么（10-26 至 11-01）")
    assert "「过敏」" not in last.text
    assert "粉丝在说什么" not in (await shop.says("小鱼", "/digest")).text


async def test_the_picture_follows_the_text(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Picture.drawn(b"png")

    async def drawn(*_: object) -> Picture:
        return picture

    monkeypatch.setattr(digest_room, "insight_picture", drawn)
    await a_week(shop)
    shop.clock.advance_to(MONDAY)
    await tell_digest(shop.desk)
    text, shown = [p.content for p in shop.platform.posts if p.address == in_private(MANAGER)]
    assert text.text.startswith("📋")
    assert shown.pictures == (picture,)


async def test_a_narrative_follows_the_digest(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def narrated(_desk: Desk, found: DemandReport) -> str:
        return f"小结：{found.speakers} 人"

    monkeypatch.setattr(digest_room, "narrate", narrated)
    await a_week(shop)
    shop.clock.advance_to(MONDAY)
    await tell_digest(shop.desk)
    digest, narrative = [post.content.text for post in shop.platform.posts]
    assert digest.startswith("📋")
    assert narrative.startswith("小结：")
