"""Prints how a broadcast to 2,000 groups fares on Telegram, and how long fans wait meanwhile.

The bot is the program that users run, in a process of its own, against the tests' own Telegram in
this one, which enforces the platform's limits: 30 messages a second, one a second in a chat, 20 a
minute in a group; whatever is too much is answered with 429. The bot comes into 2,000 groups, its
manager has a text sent to all of them, and fans ask the bot for help in private all the while.

Targets: every group has it once, not one 429, and every answer arrives within a second.

Run it with: python -m tests.benchmarks.bench_telegram
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.telegram.limits import Allowed, TooMany
from tests.peers.telegram.server import TelegramDouble
from tests.peers.telegram.world import Bot, Message, User

GROUPS = 2_000
FANS = 40
ASKS_EVERY = 0.5  # seconds; a sixteenth of what the account may send
TARGET_WAIT = 1.0  # seconds
TEXT = "今晚八点直播，聊聊秋冬怎么保湿"
QUESTION = "/help"

_PATIENCE = 300.0
_CONFIGURATION = """
[shop]
managers = ["telegram:{boss}"]

[room]
enabled = false

[telegram.shop]
token = "{token}"
api = "{api}"

[care]
quiet_from = "09:00"  # the same as until: a benchmark runs at night as well
quiet_until = "09:00"

[log]
level = "warning"
"""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What came of it. Times are in seconds.

    `waits` are those of the fans who asked meanwhile; `learning` is from the bot's first call until
    it had heard that it is in all the groups, and who runs them.
    """

    groups: int
    reached: int
    twice: int
    took: float
    waits: list[float]
    unanswered: int
    refused: list[TooMany]
    wrong: list[str]
    learning: float
    beside: int  # other messages that arrived while the broadcast did

    @property
    def rate(self) -> float:
        """Messages a second of the account, answers among them, while the broadcast went out."""
        return (self.reached + self.beside - 1) / self.took

    @property
    def met(self) -> bool:
        """Whether the targets were met."""
        everybody = self.reached == self.groups and not self.twice and not self.unanswered
        quick = max(self.waits, default=0.0) < TARGET_WAIT
        return everybody and quick and not self.refused and not self.wrong


class Shop:
    """Groups, fans and a manager on the double, all of them there before the bot begins."""

    def __init__(self, double: TelegramDouble, groups: int, fans: int) -> None:
        self.double = double
        world = double.world
        self.boss = world.add_user("店长")
        self.bot: Bot = world.add_bot("暖群", "warm_bot")
        self.groups = [world.add_group(f"福利{number}群", self.boss) for number in range(groups)]
        for group in self.groups:
            double.people.add_bot(self.bot, group, self.boss)
        self.fans = [world.add_user(f"粉丝{number}") for number in range(fans)]
        for user in (self.boss, *self.fans):
            world.private(self.bot, user).started = True

    def whispers(self, user: User, text: str) -> None:
        """Somebody says something to the bot in private."""
        self.double.people.whisper(user, self.bot, text)

    def said_to_boss(self, words: str) -> Message | None:
        """The last of the bot's messages to the manager, if it has these words."""
        chat = self.double.world.private(self.bot, self.boss)
        standing = [one for one in chat.standing() if one.sender is self.bot.user]
        return standing[-1] if standing and words in standing[-1].text else None

    def arrivals(self) -> dict[int, list[float]]:
        """When the broadcast came, by group."""
        found: dict[int, list[float]] = {}
        for one in self.double.asked("sendMessage"):
            given = one.call.parameters
            if given["text"] == TEXT and given["chat_id"] < 0:
                found.setdefault(given["chat_id"], []).append(one.at)
        return found

    def waits(self, asked: list[tuple[User, float]]) -> list[float | None]:
        """How long each who asked waited for the next message to them; None where none came."""
        answers: dict[int, list[float]] = {}
        for one in self.double.asked("sendMessage"):
            answers.setdefault(one.call.parameters["chat_id"], []).append(one.at)
        return [
            next((at - since for at in answers.get(user.id, ()) if at >= since), None)
            for user, since in asked
        ]


async def broadcast(folder: Path, groups: int, fans: int) -> Broadcast:
    """Have a text sent to so many groups while fans ask; the bot's files lie in the folder."""
    async with TelegramDouble(allowed=Allowed()) as double:
        shop = Shop(double, groups, fans)
        async with _program(folder, shop):
            await _until(lambda: not shop.bot.inbox.waiting, "the bot knows its groups")
            learning = time.monotonic() - double.met[0].at
            await _confirm(shop)
            asked = await _ask_until(shop, lambda: len(shop.arrivals()) >= groups)
            await asyncio.sleep(2 * TARGET_WAIT)  # for the last answers
        arrivals = shop.arrivals()
        every = sorted(at for some in arrivals.values() for at in some)
        waits = shop.waits(asked)
        beside = [one for one in double.asked("sendMessage") if one.call.parameters["text"] != TEXT]
        return Broadcast(
            groups=groups,
            reached=len(arrivals),
            twice=sum(len(some) > 1 for some in arrivals.values()),
            took=every[-1] - every[0],
            waits=[wait for wait in waits if wait is not None],
            unanswered=waits.count(None),
            refused=double.limits.refused,
            wrong=double.wrong,
            learning=learning,
            beside=sum(every[0] <= one.at <= every[-1] for one in beside),
        )


async def _confirm(shop: Shop) -> None:
    """The manager asks for the broadcast, and says yes to its preview."""
    shop.whispers(shop.boss, f"/broadcast @所有群 {TEXT}")
    await _until(lambda: shop.said_to_boss(TEXT), "the bot shows a preview")
    preview = shop.said_to_boss(TEXT)
    if preview is None:
        raise SystemExit("the preview was taken back")
    shop.double.people.press(shop.boss, shop.bot, preview)
    await _until(lambda: shop.said_to_boss("已确认"), "the bot takes the yes")


async def _ask_until(shop: Shop, over: Callable[[], bool]) -> list[tuple[User, float]]:
    """Fans ask, one after the other, until it is over; who asked when."""
    asked: list[tuple[User, float]] = []
    ends = time.monotonic() + _PATIENCE
    while not over() and time.monotonic() < ends:
        user = shop.fans[len(asked) % len(shop.fans)]
        asked.append((user, time.monotonic()))
        shop.whispers(user, QUESTION)
        await asyncio.sleep(ASKS_EVERY)
    return asked


async def _until(true: Callable[[], object], what: str) -> None:
    ends = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > ends:
            raise SystemExit(f"waited {_PATIENCE:g} s in vain until {what}")
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _program(folder: Path, shop: Shop) -> AsyncIterator[None]:
    """The bot, as its users run it."""
    written = _CONFIGURATION.format(token=shop.bot.token, api=shop.double.url, boss=shop.boss.id)
    file = folder / "nuanqun.toml"
    file.write_text(written, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUANQUN_")}
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run", "--config", str(file)),
        cwd=folder,
        env={**kept, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        yield
    finally:
        if program.returncode is None:
            program.terminate()
        await program.wait()


def show(came: Broadcast) -> None:
    """Print what it came to."""
    allowed = Allowed().account.messages
    waits = sorted(came.waits)
    print(f"the bot knew its {came.groups:,} groups after {came.learning:.1f} s")
    print(
        f"{came.reached:,} groups reached, {came.twice} of them twice, in {came.took:.1f} s;"
        f" {came.beside} messages beside: {came.rate:.1f}/s of {allowed}/s"
        f" ({came.rate / allowed:.1%})"
    )
    print(f"refused (429): {len(came.refused)}, not known to the Bot API: {len(came.wrong)}")
    print(
        f"{len(waits)} answers meanwhile: median {statistics.median(waits) * 1000:.0f} ms,"
        f" nine in ten within {waits[len(waits) * 9 // 10] * 1000:.0f} ms,"
        f" longest {waits[-1] * 1000:.0f} ms; {came.unanswered} unanswered"
    )
    print(f"targets: {'met' if came.met else 'MISSED'}", flush=True)


def main() -> None:
    """Measure, and say whether the targets were met."""
    with tempfile.TemporaryDirectory() as folder:
        came = asyncio.run(broadcast(Path(folder), GROUPS, FANS))
    show(came)
    if not came.met:
        sys.exit(1)


if __name__ == "__main__":
    main()
