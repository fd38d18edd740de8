"""A shop with many groups on a Telegram of the tests' own, and a proxy that spoils calls.

The bot runs whole, in the tests' process, on a clock that hurries.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.channels.telegram import building
from bot.channels.telegram.connection import TelegramConnection
from bot.wiring import Bot
from tests.faults.shop_ledger import Entry, ShopLedger, until
from tests.peers.hurrying_clock import HurryingClock
from tests.peers.telegram.calls import Call
from tests.peers.telegram.proxy import Fault, Passed, Proxy
from tests.peers.telegram.server import TelegramDouble
from tests.peers.telegram.settings import telegram_configuration
from tests.peers.telegram.world import Bot as TelegramBot
from tests.peers.telegram.world import Chat, Message, User

NOON = datetime(2026, 11, 5, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
SPEED = 10
DEADLINE = timedelta(seconds=0.5)  # of a call, in real time
TEXT = "今晚八点直播，聊聊秋冬怎么保湿"


class TelegramShop:
    """The shop's groups on the double, the way to them, and the bot."""

    def __init__(self, double: TelegramDouble, proxy: Proxy, groups: int) -> None:
        self.double = double
        self.proxy = proxy
        self.boss: User = double.world.add_user("店长")
        self.account: TelegramBot = double.world.add_bot("暖群", "warm_bot")
        self.groups: list[Chat] = []
        for number in range(groups):
            group = double.world.add_group(f"福利{number}群", self.boss)
            self.groups.append(group)
            double.people.add_bot(self.account, group, self.boss)
        self.private = double.world.private(self.account, self.boss)
        self.private.started = True
        self.bot: Bot

    def spoil(self, fault_of: Callable[[Call], Fault | None]) -> None:
        """Spoil the broadcast's calls, and no others."""

        def choose(call: Call) -> Fault | None:
            return fault_of(call) if call.parameters.get("text") == TEXT else None

        self.proxy.chooses = choose

    async def broadcast(self) -> None:
        """The manager has a text sent to all groups."""
        self.double.people.whisper(self.boss, self.account, f"/broadcast @所有群 {TEXT}")
        await until(lambda: self._yes() is not None, "the bot shows a preview")
        message = self._yes()
        assert message is not None
        self.double.people.press(self.boss, self.account, message)
        await self.until_confirmed()

    async def until_confirmed(self) -> None:
        """Wait until the bot has answered the manager's yes."""
        await until(lambda: "已确认" in self._said(), "the bot takes the yes")

    def _yes(self) -> Message | None:
        shown = [one for one in self.private.standing() if one.keyboard]
        return shown[-1] if shown and TEXT in shown[-1].text else None

    def _said(self) -> str:
        return "\n".join(one.text for one in self.private.standing())

    async def settled(self) -> list[Entry]:
        """The ledger once every group has its delivery, and each is final."""
        return await ShopLedger(self.bot).settled(len(self.groups))

    def calls_to(self, group: str) -> list[Passed]:
        """The broadcast's calls to a group, in their order."""
        return [
            one
            for one in self.proxy.passed
            if one.call.parameters.get("text") == TEXT
            and str(one.call.parameters["chat_id"]) == group
        ]

    def standing_in(self, group: str) -> list[str]:
        """The receipts under which the broadcast stands in a group."""
        chat = self.double.world.chats[int(group)]
        return [str(one.id) for one in chat.standing() if one.text == TEXT]


@asynccontextmanager
async def telegram_shop(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, groups: int
) -> AsyncIterator[TelegramShop]:
    """A shop whose bot runs and knows its groups; the database is in the folder already."""
    clock = HurryingClock(NOON, SPEED)
    hasty = partial(TelegramConnection, deadline=DEADLINE)
    monkeypatch.setattr(building, "TelegramConnection", hasty)
    async with (
        # The limits have their own tests, by the double's own clock; this one hurries.
        TelegramDouble(allowed=None, now=lambda: clock.now().timestamp()) as double,
        Proxy(double.url) as proxy,
    ):
        shop = TelegramShop(double, proxy, groups)
        configuration = telegram_configuration(
            folder,
            token=shop.account.token,
            api=proxy.url,
            shop={"managers": [f"telegram:{shop.boss.id}"]},
        )
        shop.bot = await Bot.open(configuration, clock, [])
        running = asyncio.create_task(shop.bot.run())
        try:
            await until(lambda: not shop.account.inbox.waiting, "the bot knows its groups")
            yield shop
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await shop.bot.close()
        assert (double.wrong, proxy.wrong) == ([], [])
