"""WeChat's gateway goes wrong: the ledger's promises hold, and what was not heard is known.

`NUANQUN_FAULT_SEED` replays what goes wrong where.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.channels.wechat.connection import GatewayTaken, GatewayTokenRefused
from bot.channels.wechat.rhythm import Rhythm
from bot.channels.wechat.wire import Keepalive
from storage import tables
from storage.attempts import HELD_BACK
from storage.deliveries import DeliveryState
from tests.faults.scene import dice, tell
from tests.faults.shop_ledger import Entry, ShopLedger, until
from tests.faults.wechat_shop import BOSS, SPEED, Account, WeChatShop, accept, wechat_shop

pytestmark = pytest.mark.peer

SENT, UNCERTAIN, FAILED = DeliveryState.SENT, DeliveryState.UNCERTAIN, DeliveryState.FAILED
MANY = 24

# What becomes of a delivery whose only call meets a trouble, and how often it then stands. What the
# gateway shows of the account's own words settles a doubt.
ANSWERLESS = {"answerIds": False, "echo": "never"}
BECOMES: Mapping[str, tuple[dict[str, Any] | None, dict[str, Any], DeliveryState, int]] = {
    "it is thrown away": ({"kind": "throw", "text": "something broke"}, {}, UNCERTAIN, 0),
    "nobody answers": ({"kind": "hang"}, {}, UNCERTAIN, 0),
    "the answer is lost, and it is shown": ({"kind": "swallow"}, {}, SENT, 1),
    "the answer is lost, and it is not shown": ({"kind": "swallow"}, ANSWERLESS, UNCERTAIN, 1),
    "the answer has no id, and it is shown": (None, {"answerIds": False}, SENT, 1),
    "the answer has no id, and it is not shown": (None, ANSWERLESS, SENT, 1),
    "the room is gone": ({"kind": "throw", "text": "not in this room"}, {}, FAILED, 0),
}


@pytest.fixture
async def shop(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WeChatShop]:
    """A shop with many rooms, whose bot runs."""
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    async with wechat_shop(tmp_path, monkeypatch, rooms=MANY) as opened:
        await opened.light()
        await opened.online()
        yield opened


@pytest.fixture
async def small_shop(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WeChatShop]:
    """A shop with one room, whose bot runs."""
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    async with wechat_shop(tmp_path, monkeypatch, rooms=1) as opened:
        await opened.light()
        await opened.online()
        yield opened


@pytest.fixture
async def two_accounts(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WeChatShop]:
    """A shop with two accounts, and a bot that is not lit yet."""
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    names = ("one", "two")
    async with wechat_shop(tmp_path, monkeypatch, rooms=3, names=names) as opened:
        yield opened


@pytest.mark.parametrize("name", BECOMES)
async def test_a_delivery_that_meets_a_trouble(small_shop: WeChatShop, name: str) -> None:
    shop, (room,) = small_shop, small_shop.account.rooms
    trouble, manners, state, standing = BECOMES[name]
    await shop.propose()
    if trouble is not None:
        await shop.gateway.trouble("messageSendText", **trouble, on=room)
    await shop.gateway.command("manners", **manners)
    await shop.agree()
    (entry,) = await shop.settled()
    assert (entry.state, len(shop.account.broadcasts(room))) == (state, standing)
    assert (entry.reason is None) == (state is SENT)
    outcomes = await ShopLedger(shop.bot).outcomes_in(room)
    assert len([one for one in outcomes if one != HELD_BACK]) == 1


async def test_a_broadcast_through_all_of_it(shop: WeChatShop) -> None:
    chance = dice("wechat")
    await shop.propose()
    for room in shop.account.rooms:
        trouble = chance.choice(["none", "none", "throw", "hang", "swallow", "delay"])
        if trouble != "none":
            more = {"text": "something broke", "seconds": 2}
            await shop.gateway.trouble("messageSendText", trouble, times=1, on=room, **more)
    resetting = asyncio.create_task(_now_and_then(chance, shop.account.wire.reset))
    try:
        await shop.agree()
        ledger = await shop.settled()
    finally:
        resetting.cancel()
        await asyncio.gather(resetting, return_exceptions=True)
    _judge(shop, ledger)


async def test_a_gateway_that_dies_in_the_middle_of_a_broadcast(shop: WeChatShop) -> None:
    chance = dice("wechat kill")
    await shop.broadcast()
    for _ in range(2):
        await _more_are_sent(shop.account, chance.randint(2, MANY // 3))
        await shop.gateway.kill()
        await asyncio.sleep(chance.uniform(0, 2))
        await shop.gateway.start()
    _judge(shop, await shop.settled())


async def test_an_outage_in_the_middle_of_a_broadcast(shop: WeChatShop) -> None:
    await shop.broadcast()
    await _more_are_sent(shop.account, MANY // 4)
    await shop.account.wire.cut()
    nothing = select(tables.attempts.c.id).where(tables.attempts.c.outcome == "nothing_sent")
    await shop.finds(nothing, bool)
    standing = shop.account.count()
    assert standing < MANY
    await asyncio.sleep(1)
    assert shop.account.count() == standing
    await shop.account.wire.mend()
    ledger = await shop.settled()
    _judge(shop, ledger)
    # What had left when the wire was cut is in doubt; all the rest waited for it.
    assert sum(one.state is UNCERTAIN for one in ledger) <= 2
    assert sum(one.state is SENT for one in ledger) >= MANY - 2


async def test_the_first_sign_of_a_restriction_stops_the_account(shop: WeChatShop) -> None:
    await shop.propose()
    last = shop.account.rooms[-1]
    for room in shop.account.rooms[2:]:
        await shop.gateway.trouble("messageSendText", "throw", on=room, text="操作过于频繁")
    await shop.agree()
    stopped = select(tables.accounts.c.stop_reason).where(tables.accounts.c.stopped_at.is_not(None))
    await shop.finds(stopped, bool)
    await shop.gateway.command("mend")
    calls = (await shop.gateway.calls())["messageSendText"]
    await shop.put_out()
    await shop.light()
    await shop.online()
    await asyncio.sleep(2)
    # Not one call more, be it by the same bot or by the next one.
    assert (await shop.gateway.calls())["messageSendText"] == calls
    await shop.gateway.say(BOSS, "/lift wechat:shop")
    await until(
        lambda: bool(shop.account.broadcasts(last)), "the rest goes out once a manager says so"
    )
    _judge(shop, await shop.settled())


async def test_the_gateway_ends_the_stream(small_shop: WeChatShop) -> None:
    shop = small_shop
    await shop.hears("之前")
    await shop.gateway.command("endStream")
    await shop.hears("之后")
    assert (await shop.gateway.calls()).get("stop") is None


async def test_a_frozen_gateway_is_noticed_and_what_it_did_not_tell_is_a_gap(
    small_shop: WeChatShop,
) -> None:
    shop = small_shop
    await shop.hears("之前")
    froze_at = shop.clock.now()
    shop.gateway.freeze()
    await shop.online(state="offline")
    shop.gateway.thaw()
    await shop.online()
    await shop.hears("之后")
    (since, until_) = await shop.gap()
    assert since <= froze_at + timedelta(seconds=SPEED)
    assert until_ > froze_at


async def test_a_frozen_gateway_is_noticed_within_a_minute_by_a_bot_that_waits_as_long_as_it_does(
    tmp_path: Path,
    migrated_sqlite: Path,
    monkeypatch: pytest.MonkeyPatch,
    figures: list[str],
) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    async with wechat_shop(
        tmp_path, monkeypatch, rooms=1, rhythm=Rhythm(), keepalive=Keepalive()
    ) as shop:
        await shop.light()
        await shop.online()
        await shop.hears("之前")
        with capture_logs() as logged:
            shop.gateway.freeze()
            froze = time.monotonic()
            await until(lambda: _said(logged, "not_hearing"), "it is noticed")
            took = time.monotonic() - froze
        figures.append(f"wechat: a frozen gateway was noticed after {took:.1f} s")
        assert took < 60


async def test_a_second_client_is_refused_and_the_first_goes_on(
    small_shop: WeChatShop, tmp_path: Path, migrated_sqlite: Path
) -> None:
    shop = small_shop
    (tmp_path / "second").mkdir()
    shutil.copy(migrated_sqlite, tmp_path / "second" / "bot.sqlite3")
    await accept(tmp_path / "second", shop.accounts)
    second = WeChatShop(tmp_path / "second", shop.clock, shop.accounts)
    with pytest.raises(GatewayTaken):
        await second.light()
    await shop.hears("还在")
    await shop.put_out()
    await second.light()
    await second.online()
    await second.hears("换人了")
    await second.put_out()


async def test_a_wrong_token_is_told_and_nobody_is_asked_for_long(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    async with wechat_shop(tmp_path, monkeypatch, rooms=1) as shop:
        with pytest.raises(GatewayTokenRefused) as refused:
            await shop.light(shop="not-the-token")
        assert "not-the-token" not in str(refused.value)


async def test_two_accounts_in_one_process_are_kept_apart(two_accounts: WeChatShop) -> None:
    shop, (one, two) = two_accounts, two_accounts.accounts
    await shop.light()
    await shop.online()
    for account in (one, two):
        await account.gateway.say(f"fan_{account.name}", f"我在{account.name}", account.rooms[0])
    said = tables.messages.c.text
    await shop.finds(
        select(said).where(said.startswith("我在")),
        lambda texts: sorted(texts) == ["我在one", "我在two"],
    )
    accounts = tables.groups.c.account
    rows = select(accounts).join_from(
        tables.messages, tables.groups, tables.messages.c.group_id == tables.groups.c.id
    )
    assert await shop.column(rows.where(said == "我在one")) == ["wechat:one"]
    assert await shop.column(rows.where(said == "我在two")) == ["wechat:two"]
    await shop.broadcast()
    _judge(shop, await shop.settled())
    assert (one.count(), two.count()) == (3, 3)


async def test_one_account_s_trouble_is_not_the_other_s(two_accounts: WeChatShop) -> None:
    shop, (one, two) = two_accounts, two_accounts.accounts
    await shop.light()
    await shop.online()
    two.gateway.freeze()
    await shop.online(two, state="offline")
    await shop.broadcast()
    await until(lambda: one.count() == 3, "the other one goes on")
    assert two.count() == 0
    two.gateway.thaw()
    _judge(shop, await shop.settled())
    assert two.count() == 3


async def test_an_account_with_a_wrong_token_does_not_keep_the_other_from_working(
    two_accounts: WeChatShop,
) -> None:
    shop, (one, two) = two_accounts, two_accounts.accounts
    await shop.light(two="not-the-token")
    await shop.online(one)
    await one.gateway.say("fan_one", "我在", one.rooms[0])
    said = tables.messages.c.text
    await shop.finds(select(said).where(said == "我在"), bool)
    assert (await two.gateway.calls()).get("start") is None


def _said(logged: Sequence[Mapping[str, Any]], event: str) -> bool:
    return any(one["event"] == event for one in logged)


async def _more_are_sent(account: Account, more: int) -> None:
    wanted = account.count() + more
    await until(lambda: account.count() >= wanted, "some are sent")


async def _now_and_then(chance: random.Random, deed: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(chance.uniform(0.3, 1.5))
        await deed()


def _judge(shop: WeChatShop, ledger: list[Entry]) -> None:
    """No promise was broken to any room."""
    tell(f"{sum(one.state is SENT for one in ledger)} of {len(ledger)} sent")
    accounts = {room: one for one in shop.accounts for room in one.rooms}
    assert [line for one in ledger for line in _broken(accounts[one.group], one)] == []


def _broken(account: Account, entry: Entry) -> Iterator[str]:
    """A line for each promise that was not kept to a room."""
    standing = [one.id for one in account.broadcasts(entry.group)]
    name = f"{entry.group} ({entry.state}: {entry.reason})"
    if len(standing) > 1:
        yield f"{name} has it {len(standing)} times"
    if entry.state is SENT and standing != [entry.receipt]:
        yield f"{name} is called sent as {entry.receipt}, and stands as {standing}"
    if entry.state not in (SENT, UNCERTAIN) and standing:
        yield f"{name} stands all the same"
    if entry.state is not SENT and not entry.reason:
        yield f"{name} does not say why"
