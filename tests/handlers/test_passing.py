"""A welcome that passes is said, stands for a while, and is taken back once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from handlers import passing
from handlers.passing import GIVE_UP_AFTER, LOOK_AGAIN, take_back_passed
from handlers.settings import ShopSettings
from scheduler.courier import (
    AccountDown,
    NothingSent,
    Outcome,
    TooFast,
    Unable,
    Unclear,
)
from storage.database import Database
from tests.handlers.conftest import with_groups
from tests.handlers.shop import ACCOUNT, LONG, MANAGER, MINUTE, SECOND, Shop, in_group, open_shop

STAYS = 10 * MINUTE


@pytest.fixture
async def brief(database: Database) -> Shop:
    """A shop whose welcomes pass."""
    settings = ShopSettings(welcome_stays={ACCOUNT: STAYS})
    return await with_groups(await open_shop(database, settings))


async def cleans(shop: Shop) -> list[str]:
    """What was taken back so far, after a look."""
    await take_back_passed(shop.desk, ACCOUNT)
    return [one.receipt for one in shop.platform.deleted]


async def test_a_welcome_is_taken_back_when_its_time_is_over(brief: Shop) -> None:
    await brief.joins("小鱼")
    brief.clock.advance(STAYS - SECOND)
    assert await cleans(brief) == []
    brief.clock.advance(SECOND)
    assert await cleans(brief) == ["receipt-1"]
    assert brief.platform.deleted[0].address == in_group("一群")
    assert await cleans(brief) == ["receipt-1"]


async def test_an_answer_of_the_shop_stays(brief: Shop) -> None:
    await brief.says(MANAGER, "/faq 多久发货 = 48 小时内", group=None)
    assert await brief.says("小鱼", "多久发货")
    brief.clock.advance(2 * STAYS)
    assert await cleans(brief) == []


async def test_where_welcomes_stay_none_is_taken_back(shop: Shop) -> None:
    await shop.joins("小鱼")
    shop.clock.advance(LONG * 24)
    assert await cleans(shop) == []


async def test_a_welcome_that_was_not_said_is_none_to_take_back(brief: Shop) -> None:
    brief.platform.refuses[in_group("一群")] = Unable("no")
    await brief.joins("小鱼")
    brief.clock.advance(STAYS)
    assert await cleans(brief) == []


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (NothingSent("refused"), True),
        (TooFast(SECOND), True),
        (AccountDown("token"), True),
        (Unclear("timeout"), True),
        (Unable("message can't be deleted"), False),
    ],
)
async def test_what_could_not_be_taken_back_is_tried_again_where_that_helps(
    brief: Shop, outcome: Outcome, *, again: bool
) -> None:
    await brief.joins("小鱼")
    brief.clock.advance(STAYS)
    brief.platform.keeps[in_group("一群")] = outcome
    assert await cleans(brief) == []
    brief.platform.keeps.clear()
    brief.clock.advance(LONG)
    assert await cleans(brief) == (["receipt-1"] if again else [])


async def test_what_no_platform_would_delete_any_more_is_left(brief: Shop) -> None:
    await brief.joins("小鱼")
    brief.clock.advance(STAYS + GIVE_UP_AFTER + SECOND)
    assert await cleans(brief) == []
    brief.clock.advance(-GIVE_UP_AFTER)
    assert await cleans(brief) == []


async def test_it_looks_again_when_the_next_has_passed_and_soon_for_new_ones(brief: Shop) -> None:
    now = brief.clock.now
    assert await take_back_passed(brief.desk, ACCOUNT) == now() + LOOK_AGAIN
    await brief.joins("小鱼")
    brief.clock.advance(STAYS - LOOK_AGAIN / 2)
    assert await take_back_passed(brief.desk, ACCOUNT) == now() + LOOK_AGAIN / 2


async def test_the_loop_takes_back_what_passes_while_it_runs(brief: Shop) -> None:
    loop = asyncio.create_task(passing.run(brief.desk, ACCOUNT))
    await brief.joins("小鱼")
    for _ in range(2_000):
        brief.clock.advance(timedelta(seconds=5))
        await asyncio.sleep(0.001)
        if brief.platform.deleted:
            break
    loop.cancel()
    await asyncio.wait([loop])
    assert [one.receipt for one in brief.platform.deleted] == ["receipt-1"]
