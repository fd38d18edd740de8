"""Staff are told of each change of an account once, by the accounts that still work."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from handlers.account_states import GRACE, announce_state, is_news
from handlers.events import AccountState
from handlers.notices import deliver
from handlers.qr_codes import picture_of
from scheduler.content import Content
from scheduler.courier import AccountDown
from scheduler.notices import AccountPaused
from storage import accounts, staff_chats
from storage.account_stops import Stop, lift_stop, stop_account
from storage.accounts import State
from storage.hearing_gaps import keep_gap
from storage.lanes import rest_of
from storage.tables import groups
from tests.handlers.second_account import WECHAT, with_wechat
from tests.handlers.shop import MANAGER, MINUTE, NOW, Answers, Shop, in_group, in_private

ONLINE, SCAN, OFFLINE = AccountState.ONLINE, AccountState.SCAN, AccountState.OFFLINE
CODE = "http://weixin.qq.com/x/gZ3aXqJ0w"
BACK = "账号 wechat:shop 又在线了。"


@pytest.mark.parametrize(
    ("told", "state", "news"),
    [
        (None, ONLINE, False),
        (None, SCAN, True),
        (None, OFFLINE, True),
        (ONLINE, ONLINE, False),
        (ONLINE, SCAN, True),
        (ONLINE, OFFLINE, True),
        (SCAN, ONLINE, True),
        (SCAN, SCAN, False),
        (SCAN, OFFLINE, False),
        (OFFLINE, ONLINE, True),
        (OFFLINE, SCAN, True),
        (OFFLINE, OFFLINE, False),
    ],
)
def test_staff_want_to_know_of_trouble_and_of_its_end(
    told: str | None, state: str, *, news: bool
) -> None:
    assert is_news(state, told) is news


async def becomes(
    shop: Shop, state: str, *, code: str | None = None, reason: str = "", at: datetime | None = None
) -> Answers:
    """The account is this from now on; what staff are told of it."""
    new = State(state, at or shop.clock.now(), reason, code)
    async with shop.desk.database.writing() as connection:
        await accounts.note_state(connection, WECHAT, "wechat", new)
    return await announced(shop)


async def announced(shop: Shop) -> Answers:
    before = len(shop.platform.posts)
    await announce_state(shop.desk, WECHAT)
    return Answers(shop.platform.posts[before:])


async def with_manager(shop: Shop) -> Shop:
    await shop.says(MANAGER, "大家好")
    both, _ = await with_wechat(shop)
    return both


async def test_each_trouble_and_its_end_are_told_once(any_shop: Shop) -> None:
    shop = await with_manager(any_shop)
    assert not await becomes(shop, ONLINE)
    code = await becomes(shop, SCAN, code=CODE)
    assert code.addresses == [in_private(MANAGER)]
    assert "扫这个码" in code.text
    assert code[0].content.pictures == (await picture_of(CODE),)
    assert not await becomes(shop, SCAN, code=f"{CODE}2")
    assert (await becomes(shop, ONLINE)).text == BACK
    assert not await announced(shop)
    assert not await becomes(shop, OFFLINE)
    shop.clock.advance(GRACE)
    gone = await announced(shop)
    assert gone.text == (
        "账号 wechat:shop 从 11-05 10:00 起不在线：没有说明原因。回来之前听不到、也发不出；"
        "要发的都等着，过了时间的不补发。"
    )
    assert gone.buttons == {"看账号": "/accounts"}
    assert not await announced(shop)
    assert (await becomes(shop, ONLINE)).text == BACK


async def test_what_passes_within_moments_is_not_told(shop: Shop) -> None:
    shop = await with_manager(shop)
    await becomes(shop, ONLINE)
    gone_at = shop.clock.now()
    assert not await becomes(shop, OFFLINE, reason="unreachable")
    assert not await announce_state(shop.desk, WECHAT)  # not settled: worth another look soon
    shop.clock.advance(GRACE / 2)
    assert not await becomes(shop, ONLINE)
    assert await announce_state(shop.desk, WECHAT)
    assert not await becomes(shop, OFFLINE, reason="unreachable", at=gone_at + GRACE)
    shop.clock.advance(GRACE * 2)
    assert "网关连不上" in (await announced(shop)).text


async def test_that_it_is_back_says_what_was_not_heard(shop: Shop) -> None:
    shop = await with_manager(shop)
    await becomes(shop, SCAN, code=CODE)
    shop.clock.advance(8 * MINUTE)
    async with shop.desk.database.writing() as connection:
        await keep_gap(connection, WECHAT, NOW - timedelta(hours=2), NOW - timedelta(hours=1))
        await keep_gap(connection, WECHAT, NOW, shop.clock.now())
    assert (await becomes(shop, ONLINE)).text == (
        f"{BACK}\n没听到（wechat:shop）：11-05 10:00–10:08"
    )


async def test_a_code_that_was_scanned_wants_a_tap_on_the_phone(shop: Shop) -> None:
    shop = await with_manager(shop)
    said = await becomes(shop, SCAN)
    assert said.text == "账号 wechat:shop 的码扫过了，在手机上点确认登录。"
    assert said[0].content.pictures == ()


async def test_a_code_that_no_picture_can_hold_is_said_to_be_one(shop: Shop) -> None:
    shop = await with_manager(shop)
    said = await becomes(shop, SCAN, code="x" * 5_000)
    assert said.text == "账号 wechat:shop 要重新登录，但给的码画不出来，请看网关。"


async def test_nothing_is_said_through_an_account_that_is_in_trouble_itself(shop: Shop) -> None:
    await shop.says(MANAGER, "大家好")
    shop, wechat = await with_wechat(shop)
    chat, group = await shop.group("三群"), await shop.group("一群")
    async with shop.desk.database.writing() as connection:
        await staff_chats.tie(connection, chat.id, [group.id])
        await connection.execute(
            update(groups).where(groups.c.id == chat.id).values(account=WECHAT)
        )
    said = await becomes(shop, SCAN, code=CODE)
    assert said.addresses == [in_private(MANAGER)]
    assert wechat.posts == []
    await becomes(shop, ONLINE)
    assert [post.address for post in wechat.posts] == [in_group("三群")]


async def test_what_reached_nobody_is_told_as_soon_as_somebody_can_be_reached(
    any_shop: Shop,
) -> None:
    shop, _ = await with_wechat(any_shop)  # no manager was ever met
    assert not await becomes(shop, SCAN, code=CODE)
    await shop.says(MANAGER, "大家好")
    assert len(await announced(shop)) == 1
    assert not await announced(shop)
    assert (await becomes(shop, ONLINE)).text == BACK


async def test_an_account_whose_platform_says_nothing_of_it_is_no_news(shop: Shop) -> None:
    assert await announce_state(shop.desk, "room")
    assert await announce_state(shop.desk, "nobody")


async def test_a_stop_is_told_once_with_what_was_said_and_each_new_one_again(
    any_shop: Shop,
) -> None:
    shop = await with_manager(any_shop)
    await becomes(shop, ONLINE)

    async def stops() -> Answers:
        stop = Stop(shop.clock.now(), "操作过于频繁，请稍后再试")
        async with shop.desk.database.writing() as connection:
            await stop_account(connection, WECHAT, "wechat", stop)
        return await announced(shop)

    said = await stops()
    assert said.text.startswith(
        "账号 wechat:shop 停发了，平台像是在限制它：操作过于频繁，请稍后再试。"
    )
    assert "/lift wechat:shop" in said.text
    assert not await announced(shop)
    # It may have to be logged in as well.
    assert "扫这个码" in (await becomes(shop, SCAN, code=CODE)).text
    async with shop.desk.database.writing() as connection:
        await lift_stop(connection, WECHAT)
    assert not await announced(shop)
    shop.clock.advance(MINUTE)
    assert "停发了" in (await stops()).text


async def test_of_an_account_in_trouble_its_rests_are_not_told_as_well(shop: Shop) -> None:
    shop = await with_manager(shop)

    async def told() -> Answers:
        before = len(shop.platform.posts)
        await deliver(shop.desk, AccountPaused(WECHAT, "logged out", NOW + MINUTE))
        return Answers(shop.platform.posts[before:])

    await becomes(shop, SCAN, code=CODE)
    assert not await told()
    await becomes(shop, ONLINE)
    assert "没有登录" in (await told()).text
    async with shop.desk.database.writing() as connection:
        await stop_account(connection, WECHAT, "wechat", Stop(NOW, "操作频繁"))
    assert not await told()


async def test_an_account_that_is_back_does_not_go_on_resting(shop: Shop) -> None:
    await shop.says(MANAGER, "大家好")
    shop, wechat = await with_wechat(shop)
    await becomes(shop, SCAN, code=CODE)
    sender, fan = shop.desk.senders[WECHAT], in_private("小鱼")
    wechat.refuses[fan] = AccountDown("logged out")

    async def rests() -> bool:
        await sender.drain()
        async with shop.desk.database.reading() as connection:
            return await rest_of(connection, WECHAT) is not None

    await sender.say(fan, Content("在的"), "k")
    assert await rests()
    await becomes(shop, ONLINE)
    assert not await rests()
