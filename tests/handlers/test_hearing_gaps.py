"""Reports say when nothing was heard of their groups, and only of theirs and of their days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from handlers.hearing_gaps import gap_document, gap_lines, gap_text, gaps_in, gaps_of
from handlers.period import Period
from storage import accounts
from storage.accounts import State
from storage.hearing_gaps import Gap, keep_gap
from tests.handlers.shop import ACCOUNT, DAY, MANAGER, MINUTE, NOW, Opener, Shop

HOUR = timedelta(hours=1)
GAP = Gap(ACCOUNT, NOW - HOUR, NOW - HOUR + 8 * MINUTE)
GAP_OF_YESTERDAY = Gap(ACCOUNT, NOW - DAY, NOW - DAY + MINUTE)


async def unheard(shop: Shop, *times: Gap) -> None:
    async with shop.desk.database.writing() as connection:
        for one in times:
            assert one.until is not None
            await keep_gap(connection, one.account, one.since, one.until)


async def stands(shop: Shop, state: str) -> None:
    async with shop.desk.database.writing() as connection:
        await accounts.note_state(connection, ACCOUNT, "room", State(state, NOW - 2 * MINUTE))


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        (NOW, NOW + 8 * MINUTE, "11-05 10:00–10:08"),
        (NOW, NOW + 20 * HOUR, "11-05 10:00–11-06 06:00"),
        (NOW, None, "11-05 10:00 起"),
    ],
)
async def test_a_gap_is_said_by_the_shop_s_clock(
    shop: Shop, since: datetime, until: datetime | None, said: str
) -> None:
    assert gap_text(shop.desk, Gap(ACCOUNT, since, until)) == said


async def test_a_report_on_a_group_says_when_its_account_heard_nothing(any_shop: Shop) -> None:
    shop = any_shop
    await unheard(shop, GAP)
    await shop.says("小鱼", "面霜好用")
    for words in ("/insights 7 @一群", "/insights 7"):
        answer = await shop.says(MANAGER, words, group=None)
        assert answer.text.splitlines()[2] == "没听到（room）：11-05 09:00–09:08"


async def test_a_moment_is_no_gap_to_speak_of(shop: Shop) -> None:
    await unheard(shop, Gap(ACCOUNT, NOW - HOUR, NOW - HOUR + MINUTE * 59 / 60), GAP_OF_YESTERDAY)
    assert await gaps_of(shop.desk, [ACCOUNT], NOW - 2 * DAY, NOW) == [GAP_OF_YESTERDAY]


async def test_also_where_nobody_said_anything(shop: Shop) -> None:
    await unheard(shop, GAP)
    answer = await shop.says(MANAGER, "/insights 7 @三群", group=None)
    assert answer.text.endswith("没听到（room）：11-05 09:00–09:08\n这几天还没有人说话。")


@pytest.mark.parametrize(
    ("days_ago", "touches"),
    [
        (7 * DAY, False),
        (7 * DAY - 14 * HOUR + 8 * MINUTE, False),  # over as the first day begins
        (7 * DAY - 14 * HOUR + 7 * MINUTE, True),
        (6 * DAY, True),
        (0 * DAY, True),
    ],
)
async def test_only_what_touches_the_days_of_the_report_is_told(
    shop: Shop, days_ago: timedelta, *, touches: bool
) -> None:
    since = NOW - days_ago
    one = Gap(ACCOUNT, since, since + 8 * MINUTE)
    await unheard(shop, one)
    group = await shop.group("一群")
    period = Period.ending(date(2026, 11, 5), 7)
    assert await gaps_in(shop.desk, [group], period) == ([one] if touches else [])


async def test_another_account_s_gap_is_none_of_a_group_s(shop: Shop) -> None:
    await unheard(shop, Gap("wechat:shop", GAP.since, NOW))
    assert "没听到" not in (await shop.says(MANAGER, "/insights 7", group=None)).text


@pytest.mark.parametrize(("state", "lasts"), [("online", False), ("scan", True), ("offline", True)])
async def test_what_still_lasts_is_told_as_well(shop: Shop, state: str, *, lasts: bool) -> None:
    await unheard(shop, GAP)
    await stands(shop, state)
    found = await gaps_of(shop.desk, [ACCOUNT], NOW - DAY, NOW)
    assert found == [GAP, *([Gap(ACCOUNT, NOW - 2 * MINUTE, None)] if lasts else [])]
    assert await gaps_of(shop.desk, [ACCOUNT], NOW - DAY, GAP.since) == []


async def test_of_many_times_the_last_are_named_and_the_others_counted(shop: Shop) -> None:
    times = [Gap(ACCOUNT, NOW + n * HOUR, NOW + n * HOUR + MINUTE) for n in range(5)]
    times.insert(1, Gap("wechat:shop", NOW, None))
    assert gap_lines(shop.desk, times, 2) == [
        "没听到（room）：11-05 13:00–13:01、11-05 14:00–14:01，还有 3 次",
        "没听到（wechat:shop）：11-05 10:00 起",
    ]
    assert gap_lines(shop.desk, [], 2) == []


async def test_as_a_document_it_names_the_groups_it_is_about(shop: Shop) -> None:
    groups = [await shop.group(name) for name in ("一群", "三群")]
    assert gap_document(GAP, groups) == {
        "account": "room",
        "groups": ["一群", "三群"],
        "since": "2026-11-05T01:00:00+00:00",
        "until": "2026-11-05T01:08:00+00:00",
    }
    lasting = gap_document(Gap("wechat:shop", NOW, None), groups)
    assert (lasting["groups"], lasting["until"]) == ([], None)


async def test_in_english_too(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("一群")
    await unheard(shop, GAP)
    answer = await shop.says(MANAGER, "/insights 7", group=None)
    assert "Heard nothing (room): 11-05 09:00–09:08" in answer.text
