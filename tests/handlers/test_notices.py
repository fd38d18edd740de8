"""Managers are told by themselves: what rests, what stopped, and what nobody has approved."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from handlers import notices
from handlers.notices import Notices, deliver
from scheduler.courier import AccountDown, AddressGone
from scheduler.notices import (
    AccountBack,
    AccountNotOpened,
    AccountPaused,
    ApprovalMissing,
    CampaignPaused,
    Notice,
)
from tests.handlers.scenes import OTHER, TONIGHT, broadcast, made, second_manager
from tests.handlers.shop import ACCOUNT, MANAGER, NOW, Answers, Shop, in_group, in_private

HOUR = timedelta(hours=1)


async def told(shop: Shop, notice: Notice) -> Answers:
    """What is said for a notice, to whomever."""
    before = len(shop.platform.posts)
    await deliver(shop.desk, notice)
    return Answers(shop.platform.posts[before:])


async def taken_off(shop: Shop) -> Answers:
    """What the board's task says until the board is empty."""
    before = len(shop.platform.posts)
    task = asyncio.create_task(shop.notices.run(shop.desk))
    for _ in range(200):
        await asyncio.sleep(0.01)
        if shop.notices.empty:
            break
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return Answers(shop.platform.posts[before:])


async def test_every_manager_is_told_in_private_and_no_fan(shop: Shop) -> None:
    await shop.says(MANAGER, "早")
    await shop.says("小鱼", "早")
    await second_manager(shop)
    said = await told(shop, AccountPaused(ACCOUNT, "logged out", NOW + HOUR))
    assert set(said.addresses) == {in_private(MANAGER), in_private(OTHER)}
    assert said[0].content.text == (
        "账号 room 暂时发不出去：没有登录。先歇到 11-05 11:00 再试；"
        "这期间的都等着，过了时间的不补发。"
    )
    back = await told(shop, AccountBack(ACCOUNT))
    assert {one.content.text for one in back} == {"账号 room 恢复了，接着发。"}


async def test_managers_are_told_why_an_account_cannot_be_opened(shop: Shop) -> None:
    await shop.says(MANAGER, "早")
    said = await told(shop, AccountNotOpened("wechat:shop", "NQ550, nobody answers."))
    assert said.text == (
        "账号 wechat:shop 还连不上，我会一直重试，连上了再说一声。原因：NQ550, nobody answers."
    )


async def test_a_campaign_that_stopped_itself_is_named_with_what_can_be_done(shop: Shop) -> None:
    await broadcast(shop)
    said = await told(shop, CampaignPaused(1, "permanent_errors"))
    assert said.text == (
        f"「{TONIGHT}」（编号 1）先停下了：接连好几处都发不进去。看情况发 /progress 1；"
        "没问题了发 /resume 1，不发了发 /cancel 1。"
    )
    assert list(said.buttons.values()) == ["/progress 1", "/resume 1", "/cancel 1"]
    assert not await told(shop, CampaignPaused(99, "permanent_errors"))


async def test_an_approval_that_is_missing_is_shown_whole_with_its_buttons(shop: Shop) -> None:
    await second_manager(shop)
    await shop.says(MANAGER, "/countdown 双12 @一群 还有 {{ days }} 天", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    said = await told(shop, ApprovalMissing(1, "双12 2026", NOW + HOUR))
    assert set(said.addresses) == {in_private(MANAGER), in_private(OTHER)}
    assert said[0].content.text.startswith(
        "「双12 2026」（编号 1）11-05 11:00 就要发了，还没有人批准。\n阿玲 11-05 10:00 提交\n"
    )
    assert "· 12-02 10:18 还有 10 天" in said.text
    assert said.buttons == {"批准": "/approve 1", "退回": "/reject 1"}
    await shop.says(OTHER, "/approve 1")
    assert not await told(shop, ApprovalMissing(1, "双12 2026", NOW + HOUR))


async def test_an_hour_before_its_time_staff_are_reminded_of_what_waits(shop: Shop) -> None:
    await second_manager(shop)
    await shop.says(MANAGER, "/countdown 双12 @一群 还有 {{ days }} 天", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    shop.clock.advance(timedelta(days=26, hours=23, minutes=20))
    await shop.desk.planner.plan_ahead()
    said = await taken_off(shop)
    assert "12-02 10:18 就要发了，还没有人批准" in said.text
    await shop.desk.planner.plan_ahead()
    assert not await taken_off(shop)


async def test_an_account_that_is_refused_is_told_of_by_the_sender(shop: Shop) -> None:
    await shop.says(MANAGER, "早")
    await broadcast(shop)
    shop.platform.refuses[in_group("一群")] = AccountDown("logged out")
    await shop.delivers()
    assert "账号 room 暂时发不出去：没有登录" in (await taken_off(shop)).text
    assert [one.state.value for one in await made(shop)] == ["finished"]


async def test_a_notice_that_reaches_nobody_is_in_the_log(shop: Shop) -> None:
    await shop.says(MANAGER, "早")
    shop.platform.refuses[in_private(MANAGER)] = AddressGone("blocked")
    with structlog.testing.capture_logs() as logged:
        assert not await told(shop, AccountBack(ACCOUNT))
    assert [one["event"] for one in logged if one["log_level"] == "error"] == ["notice_unheard"]


async def test_the_notice_that_failed_comes_first_when_the_board_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.says(MANAGER, "早")
    shop.notices.tell(AccountPaused(ACCOUNT, "logged out", NOW + HOUR))
    shop.notices.tell(AccountBack(ACCOUNT))
    with monkeypatch.context() as broken:

        async def fails(*_: object) -> None:
            raise OperationalError("SELECT", {}, Exception("gone"))

        broken.setattr(notices, "deliver", fails)
        with pytest.raises(OperationalError):
            await shop.notices.run(shop.desk)
    said = await taken_off(shop)
    assert ["发不出去" in one.content.text for one in said] == [True, False]


def test_a_full_board_never_blocks_and_says_so_in_the_log() -> None:
    board = Notices()
    with structlog.testing.capture_logs() as logged:
        for _ in range(1_001):
            board.tell(AccountBack(ACCOUNT))
    assert [one["event"] for one in logged] == ["notice_dropped"]
