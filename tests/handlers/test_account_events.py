"""What becomes of the bot's own account is kept: its state, its gaps, and how far it has heard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.events import (
    AccountChanged,
    AccountState,
    Event,
    FriendAsked,
    HearingGap,
    IdsChanged,
    Person,
    Roster,
    StillHearing,
)
from storage import accounts
from storage.hearing_gaps import Gap, gaps_between
from storage.unheard import last_unheard
from tests.handlers.shop import ACCOUNT, DAY, MINUTE, NOW, Opener, Shop, chat_of

ME = Person("id-暖暖", "暖暖")
ONLINE = AccountChanged(ACCOUNT, "1", NOW, AccountState.ONLINE, me=ME)
SCAN = AccountChanged(ACCOUNT, "2", NOW + MINUTE, AccountState.SCAN, code="https://login/1")


async def stands(shop: Shop) -> accounts.Account:
    async with shop.desk.database.reading() as connection:
        return (await accounts.states(connection))[ACCOUNT]


async def test_what_an_account_is_to_its_platform_is_kept(any_shop: Shop) -> None:
    await any_shop.hear(ONLINE)
    found = (await stands(any_shop)).state
    assert found == accounts.State("online", NOW, me="id-暖暖", me_name="暖暖")
    newer = replace(SCAN, at=NOW + 2 * MINUTE, code="https://login/2")
    await any_shop.hear(SCAN, newer)
    found = (await stands(any_shop)).state
    assert found is not None
    assert (found.state, found.since, found.code) == ("scan", NOW + MINUTE, "https://login/2")
    assert (found.me, found.reason) == ("id-暖暖", "")


async def test_a_gap_is_kept_with_its_ends(any_shop: Shop) -> None:
    at = any_shop.clock.now()
    await any_shop.hear(
        HearingGap(ACCOUNT, "0", at - 5 * MINUTE, since=at - DAY),  # it had never been online
        ONLINE,
        HearingGap(ACCOUNT, "1", at, since=at - 5 * MINUTE),
        HearingGap(ACCOUNT, "2", at + MINUTE, since=at),
    )
    async with any_shop.desk.database.reading() as connection:
        found = await gaps_between(connection, [ACCOUNT], NOW - DAY, NOW + DAY)
    assert found == [Gap(ACCOUNT, NOW - 5 * MINUTE, NOW + MINUTE)]


async def test_a_gap_since_no_time_that_a_calendar_has_is_set_aside(shop: Shop) -> None:
    ever = NOW.replace(year=1)
    await shop.hear(HearingGap(ACCOUNT, "0042", NOW, since=ever), ONLINE)
    async with shop.desk.database.reading() as connection:
        assert await gaps_between(connection, [ACCOUNT], ever, NOW + DAY) == []
        kept = await last_unheard(connection)
    assert kept is not None
    assert "in the year 1 " in kept.error
    assert (await stands(shop)).state is not None


NOTHING_HEARD = [
    ONLINE,
    HearingGap(ACCOUNT, "1", NOW, since=NOW - MINUTE),
    StillHearing(ACCOUNT, "1", NOW),
    FriendAsked(ACCOUNT, "1", NOW, "f1", Person("id-小鱼", "小鱼"), "你好"),
    IdsChanged(ACCOUNT, "1", NOW, (Roster(chat_of("一群"), (Person("id-小鱼", "小鱼"),)),)),
]


@pytest.mark.parametrize("event", NOTHING_HEARD, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("open_accounts", [(), (ACCOUNT,)])
async def test_each_moves_the_cursor_and_says_nothing_in_chat(
    opened: Opener, event: Event, open_accounts: tuple[str, ...]
) -> None:
    shop = await opened(open_accounts=frozenset(open_accounts))
    assert not await shop.hear(replace(event, cursor="0042"))
    async with shop.desk.database.reading() as connection:
        assert await accounts.cursor(connection, ACCOUNT) == "0042"
