from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from tests.peers.telegram.proxy import Fault, Proxy
from tests.peers.telegram.server import TelegramDouble
from tests.peers.telegram.world import Bot, Chat


@dataclass
class Wire:
    """A bot's way to its group, with a proxy on it."""

    proxy: Proxy
    bot: Bot
    group: Chat
    session: aiohttp.ClientSession

    async def say(self, text: str) -> tuple[int, str]:
        """Send a message; the answer's code and words."""
        url = f"{self.proxy.url}/bot{self.bot.token}/sendMessage"
        given = {"chat_id": self.group.id, "text": text}
        async with self.session.post(url, json=given) as answer:
            return answer.status, await answer.text()

    @property
    def standing(self) -> list[str]:
        """What stands in the group."""
        return [one.text for one in self.group.standing()]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    patience = aiohttp.ClientTimeout(total=0.3)
    async with (
        TelegramDouble(allowed=None) as double,
        Proxy(double.url) as proxy,
        aiohttp.ClientSession(timeout=patience) as session,
    ):
        bot, owner = double.world.add_bot("暖群", "warm_bot"), double.world.add_user("群主")
        group = double.world.add_group("福利群", owner)
        double.people.add_bot(bot, group, owner)
        yield Wire(proxy, bot, group, session)


ANSWERED = {
    Fault.PAGE: (502, "<html>", []),
    Fault.SENT_PAGE: (502, "<html>", ["喂"]),
    Fault.BROKEN: (500, "Internal Server Error", []),
    Fault.SENT_BROKEN: (500, "Internal Server Error", ["喂"]),
    Fault.TOO_FAST: (429, '"retry_after": 1', []),
}
UNANSWERED = {
    Fault.HANG: (TimeoutError, []),
    Fault.SENT_HANG: (TimeoutError, ["喂"]),
    Fault.RESET: (aiohttp.ClientConnectionError, []),
    Fault.LOST: (aiohttp.ClientConnectionError, ["喂"]),
}


def test_every_fault_is_in_one_of_the_tables() -> None:
    assert {*ANSWERED, *UNANSWERED} == set(Fault)


@pytest.mark.parametrize("fault", ANSWERED)
async def test_a_fault_that_answers(wire: Wire, fault: Fault) -> None:
    code, words, standing = ANSWERED[fault]
    wire.proxy.faults.extend([fault, None])
    told, text = await wire.say("喂")
    assert (told, words in text, wire.standing) == (code, True, standing)
    assert (await wire.say("又好了"))[0] == 200
    assert [one.fault for one in wire.proxy.passed] == [fault, None]


@pytest.mark.parametrize("fault", UNANSWERED)
async def test_a_fault_that_does_not(wire: Wire, fault: Fault) -> None:
    error, standing = UNANSWERED[fault]
    wire.proxy.faults.append(fault)
    with pytest.raises(error):
        await wire.say("喂")
    assert wire.standing == standing
    assert (await wire.say("又好了"))[0] == 200


async def test_a_door_that_is_shut_refuses_and_opens_at_the_same_place(wire: Wire) -> None:
    assert (await wire.say("一"))[0] == 200
    await wire.proxy.shut()
    with pytest.raises(aiohttp.ClientConnectionError):
        await wire.say("二")
    await wire.proxy.open()
    assert (await wire.say("三"))[0] == 200
    assert wire.standing == ["一", "三"]


async def test_what_the_bot_api_does_not_know_is_noticed(wire: Wire) -> None:
    url = f"{wire.proxy.url}/bot{wire.bot.token}/sendMessage"
    async with wire.session.post(url, json={"chat_id": 1, "words": "喂"}):
        pass
    assert wire.proxy.wrong == ["sendMessage: text is missing"]
