"""`/accounts` says how every account stands, and `/lift` lets a stopped one speak again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.account_names import AccountName
from handlers.arguments import Unreadable
from handlers.qr_codes import picture_of
from scheduler.content import Content
from scheduler.courier import AccountDown
from storage import accounts, audit
from storage.account_stops import Stop, stop_account, stop_of
from storage.accounts import State
from storage.hearing_gaps import keep_gap
from storage.lanes import rest_of
from tests.handlers.second_account import WECHAT, with_wechat
from tests.handlers.shop import (
    ACCOUNT,
    DAY,
    MANAGER,
    MINUTE,
    NOW,
    Opener,
    Shop,
    in_private,
)

CODE = "http://weixin.qq.com/x/gZ3aXqJ0w"


async def stands(shop: Shop, state: State) -> None:
    async with shop.desk.database.writing() as connection:
        await accounts.note_state(connection, WECHAT, "wechat", state)


async def stopped(shop: Shop, why: str = "操作过于频繁") -> None:
    async with shop.desk.database.writing() as connection:
        await stop_account(connection, WECHAT, "wechat", Stop(NOW, why))


async def lines(shop: Shop) -> list[str]:
    return (await shop.says(MANAGER, "/accounts", group=None)).text.splitlines()


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (State("online", NOW), "wechat:shop：在线，11-05 10:00 起"),
        (
            State("online", NOW, me="wxid_bot", me_name="暖暖"),
            "wechat:shop（暖暖）：在线，11-05 10:00 起",
        ),
        (State("offline", NOW, "taken"), "wechat:shop：不在线，11-05 10:00 起：别的程序正连着网关"),
        (State("scan", NOW), "wechat:shop：等着扫码登录，11-05 10:00 起"),
    ],
)
async def test_each_account_is_a_line(any_shop: Shop, state: State, line: str) -> None:
    shop, _ = await with_wechat(any_shop)
    await stands(shop, state)
    assert (await lines(shop))[:2] == ["room：在用", line]


async def test_the_code_of_who_has_to_be_logged_in_comes_as_a_picture_in_private(
    shop: Shop,
) -> None:
    shop, _ = await with_wechat(shop)
    await stands(shop, State("scan", NOW, code=CODE))
    answer = await shop.says(MANAGER, "账号", group="一群")
    assert set(answer.addresses) == {in_private(MANAGER)}
    assert [post.content.pictures for post in answer] == [(), (await picture_of(CODE),)]
    assert "扫这个码" in answer[1].content.text


async def test_an_account_that_no_process_serves_says_so_and_shows_no_old_code(
    shop: Shop,
) -> None:
    shop, _ = await with_wechat(shop, served=False)
    await stands(shop, State("scan", NOW, code=CODE))
    answer = await shop.says(MANAGER, "/accounts", group=None)
    assert answer.text.splitlines() == ["room：在用", "wechat:shop：没有程序在用它"]


async def test_what_was_not_heard_lately_is_said_with_the_newest_last(shop: Shop) -> None:
    shop, _ = await with_wechat(shop)
    await stands(shop, State("online", NOW))
    async with shop.desk.database.writing() as connection:
        for ago in (8 * DAY, 4 * DAY, 3 * DAY, 2 * DAY, timedelta(hours=1)):
            await keep_gap(connection, WECHAT, NOW - ago, NOW - ago + 8 * MINUTE)
    assert (await lines(shop))[2:] == [
        "最近没听到：11-02 10:00–10:08、11-03 10:00–10:08、11-05 09:00–09:08"
    ]


async def test_an_account_that_rests_says_until_when_and_why(shop: Shop) -> None:
    shop, wechat = await with_wechat(shop)
    fan = in_private("小鱼")
    wechat.refuses[fan] = AccountDown("logged out")
    await shop.desk.senders[WECHAT].say(fan, Content("在的"), "k")
    await shop.desk.senders[WECHAT].drain()
    assert (await lines(shop))[2:] == ["歇到 11-05 10:00 再发：没有登录"]
    shop.clock.advance(MINUTE)
    assert (await lines(shop))[2:] == []


async def test_a_stopped_account_says_why_and_how_to_lift_it(shop: Shop) -> None:
    shop, _ = await with_wechat(shop)
    await stands(shop, State("online", NOW))
    await stopped(shop)
    answer = await shop.says(MANAGER, "/accounts", group=None)
    assert answer.text.splitlines()[2:] == [
        "停发了，11-05 10:00 起：操作过于频繁。没事了再发 /lift wechat:shop"
    ]
    assert answer.buttons == {"解除停发 wechat:shop": "/lift wechat:shop"}


async def test_a_manager_lifts_a_stop_and_the_account_goes_on_at_once(any_shop: Shop) -> None:
    shop, wechat = await with_wechat(any_shop)
    sender, fan = shop.desk.senders[WECHAT], in_private("小鱼")
    wechat.refuses[fan] = AccountDown("restricted")
    await sender.say(fan, Content("在的"), "k")
    await stopped(shop)
    said = await shop.says(MANAGER, "解除停发 wechat:shop", group=None)
    assert said.text.startswith("好的，账号 wechat:shop 接着发")
    await sender.drain()
    async with shop.desk.database.reading() as connection:
        assert await stop_of(connection, WECHAT) is None
        assert await rest_of(connection, WECHAT) is None
        entry = await audit.found(connection, "lift", WECHAT)
    assert entry is not None
    assert entry.actor == f"{ACCOUNT}:id-{MANAGER}"
    audited = await shop.says(MANAGER, "/audit", group=None)
    assert "阿玲 让账号 wechat:shop 接着发" in audited.text
    again = await shop.says(MANAGER, "/lift wechat:shop", group=None)
    assert again.text == "账号 wechat:shop 没有停发。"


async def test_what_is_no_account_is_answered_with_those_there_are(shop: Shop) -> None:
    shop, _ = await with_wechat(shop)
    unknown = await shop.says(MANAGER, "/lift wechat:other", group=None)
    assert unknown.text == "没有叫 wechat:other 的账号。有这些：room、wechat:shop"
    unread = await shop.says(MANAGER, "/lift 微信", group=None)
    assert "账号要写全名，例如 wechat:shop" in unread.text
    assert not await shop.orders(shop.heard(MANAGER, "账号 还没登录吧"))


async def test_fans_are_told_of_no_accounts(shop: Shop) -> None:
    shop, _ = await with_wechat(shop)
    await stopped(shop)
    for text in ("/accounts", "/lift wechat:shop"):
        assert "我还不会" in (await shop.says("小鱼", text)).text
    async with shop.desk.database.reading() as connection:
        assert await stop_of(connection, WECHAT) is not None


async def test_in_english_too(opened: Opener) -> None:
    shop, _ = await with_wechat(await opened(language="en"))
    await stands(shop, State("offline", NOW, "unreachable"))
    assert (await lines(shop))[1] == (
        "wechat:shop: offline since 11-05 10:00: the gateway cannot be reached"
    )


@pytest.mark.parametrize(
    ("text", "name", "left"),
    [
        ("wechat:shop", "wechat:shop", ""),
        (" wechat：shop_2 人工", "wechat:shop_2", " 人工"),
        ("room", "room", ""),
        ("telegram:shop\n好的", "telegram:shop", "\n好的"),
    ],
)
def test_an_account_is_read_by_its_full_name(text: str, name: str, left: str) -> None:
    assert AccountName.read(text) == (AccountName(name), left)


@pytest.mark.parametrize(
    "text", ["", "wechat", "roommate", "wechat:", ":shop", "wechat:shop!", "账号"]
)
def test_anything_else_is_no_account_s_name(text: str) -> None:
    with pytest.raises(Unreadable):
        AccountName.read(text)
