"""Telegram's wire goes wrong: the ledger's promises hold, and nothing that was said is missed.

`NUANQUN_FAULT_SEED` replays what goes wrong where.
"""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from storage import tables
from storage.deliveries import DeliveryState
from tests.faults.scene import dice, tell
from tests.faults.shop_ledger import Entry, ShopLedger, until
from tests.faults.telegram_shop import TelegramShop, telegram_shop
from tests.peers.telegram.calls import Call
from tests.peers.telegram.proxy import Fault

SENT, UNCERTAIN = DeliveryState.SENT, DeliveryState.UNCERTAIN
MANY = 60
SPOILED = 0.35  # this share of the calls

# What becomes of a delivery whose only call meets a fault, and how often it then stands.
BECOMES = {
    Fault.PAGE: (UNCERTAIN, 0),
    Fault.SENT_PAGE: (UNCERTAIN, 1),
    Fault.BROKEN: (UNCERTAIN, 0),
    Fault.SENT_BROKEN: (UNCERTAIN, 1),
    Fault.HANG: (UNCERTAIN, 0),
    Fault.SENT_HANG: (UNCERTAIN, 1),
    Fault.RESET: (UNCERTAIN, 0),
    Fault.LOST: (UNCERTAIN, 1),
    Fault.TOO_FAST: (SENT, 1),
}


@pytest.fixture
async def shop(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TelegramShop]:
    """A shop with many groups."""
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    async with telegram_shop(tmp_path, monkeypatch, groups=MANY) as opened:
        yield opened


@pytest.fixture
async def small_shop(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TelegramShop]:
    """A shop with one group."""
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    async with telegram_shop(tmp_path, monkeypatch, groups=1) as opened:
        yield opened


def test_the_table_knows_every_fault() -> None:
    assert set(BECOMES) == set(Fault)


@pytest.mark.parametrize("fault", Fault)
async def test_a_delivery_that_meets_a_fault(small_shop: TelegramShop, fault: Fault) -> None:
    shop, faults = small_shop, iter([fault])
    shop.spoil(lambda _: next(faults, None))
    await shop.broadcast()
    (entry,) = await shop.settled()
    state, standing = BECOMES[fault]
    assert (entry.state, len(shop.standing_in(entry.group))) == (state, standing)
    assert len(shop.calls_to(entry.group)) == (2 if state is SENT else 1)
    assert (entry.reason is None) == (state is SENT)


async def test_a_refused_connection_is_tried_again_until_it_goes(small_shop: TelegramShop) -> None:
    shop, tasks = small_shop, set[asyncio.Task[None]]()

    async def shut_for_a_while() -> None:
        await shop.until_confirmed()  # an answer that is cut off is not said again
        await shop.proxy.shut()
        await asyncio.sleep(0.5)
        await shop.proxy.open()

    def ask_for_silence_once(_: Call) -> Fault | None:
        if tasks:
            return None
        tasks.add(asyncio.create_task(shut_for_a_while()))
        return Fault.TOO_FAST

    shop.spoil(ask_for_silence_once)
    await shop.broadcast()
    (entry,) = await shop.settled()
    outcomes = await ShopLedger(shop.bot).outcomes_in(entry.group)
    assert (outcomes[0], outcomes[-1]) == ("too_fast", "done")
    assert "nothing_sent" in outcomes
    assert list(_broken(shop, entry)) == []


async def test_a_broadcast_through_all_of_it(shop: TelegramShop) -> None:
    chance = dice("telegram")
    shop.spoil(lambda _: _drawn(chance))
    await shop.broadcast()
    ledger = await shop.settled()
    tell(f"{sum(one.state is SENT for one in ledger)} of {MANY} sent")
    assert [line for one in ledger for line in _broken(shop, one)] == []


def _drawn(chance: random.Random) -> Fault | None:
    return chance.choice(list(Fault)) if chance.random() < SPOILED else None


def _broken(shop: TelegramShop, entry: Entry) -> Iterator[str]:
    """A line for each promise that was not kept to a group."""
    calls, standing = shop.calls_to(entry.group), shop.standing_in(entry.group)
    name = f"{entry.group} ({entry.state}: {entry.reason})"
    if len(standing) > 1:
        yield f"{name} has it {len(standing)} times"
    if entry.state is SENT and standing != [entry.receipt]:
        yield f"{name} is called sent as {entry.receipt}, and stands as {standing}"
    if entry.state not in (SENT, UNCERTAIN) and standing:
        yield f"{name} stands all the same"
    if entry.state is not SENT and not entry.reason:
        yield f"{name} does not say why"
    doubtful = [one.fault not in (None, Fault.TOO_FAST) for one in calls]
    if any(doubtful[:-1]):
        yield f"{name} was tried again in doubt: {[one.fault for one in calls]}"
    if entry.state is UNCERTAIN and doubtful[-1:] != [True]:
        yield f"{name} is in doubt without a ground"


async def test_nothing_is_missed_or_heard_twice(small_shop: TelegramShop) -> None:
    shop, asked = small_shop, 0
    troubles = [Fault.LOST, Fault.RESET, Fault.SENT_PAGE, Fault.BROKEN, Fault.TOO_FAST, Fault.LOST]

    def every_other_question(call: Call) -> Fault | None:
        nonlocal asked
        if call.method != "getUpdates":
            return None
        asked += 1
        return troubles.pop() if asked % 2 and troubles else None

    shop.proxy.chooses = every_other_question
    (group,) = shop.groups
    said: list[str] = []
    while troubles or len(said) % 3:
        said.append(f"第 {len(said)} 句")
        shop.double.people.say(shop.boss, group, said[-1])
        if len(said) % 3 == 0:  # the others come while a question is asked again
            await until(lambda: not shop.account.inbox.waiting, "all is heard")
    text = tables.messages.c.text
    async with shop.bot.desk.database.reading() as connection:
        rows = await connection.execute(
            select(text).where(text.startswith("第")).order_by(tables.messages.c.id)
        )
        assert [row.text for row in rows] == said
