"""The wiring: from a configuration, a clock and channels to a running bot.

`Bot.open` builds every part and takes the lanes; `run` lives until it is cancelled or a part
fails for good; `close` ends everything that was begun. The demo steps the same parts by hand.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from bot.channels.port import Channel
from bot.chores import nightly
from bot.configuration import Configuration
from bot.ear import Ear
from handlers.commanding import Commander
from handlers.commands import REGISTRY
from handlers.desk import Desk
from handlers.dispatch import Dispatcher
from handlers.wording import wording
from insights.lexicon import Lexicon, standard_lexicon
from insights.words import Segmenter, open_segmenter
from scheduler.clock import Clock
from scheduler.planner import Planner
from scheduler.sender import Sender
from storage.database import Database
from storage.shops import ensure_shop

_log = structlog.get_logger(__name__)

_RESTARTS = Counter("nuanqun_loops_restarted_total", "Loops that failed and went on", ["loop"])
_FIRST_REST = timedelta(seconds=1)
_LONGEST_REST = timedelta(seconds=30)


@dataclass(slots=True)
class Bot:
    """Every part of a running bot, in reach for whoever steps it."""

    desk: Desk
    commander: Commander
    channels: Sequence[Channel]
    dispatchers: dict[str, Dispatcher]
    opened: list[Channel] = field(default_factory=list)

    @classmethod
    async def open(
        cls, configuration: Configuration, clock: Clock, channels: Sequence[Channel]
    ) -> Bot:
        """Open the database and the channels, take the lanes, settle what was left in doubt.

        Raises:
            StorageError: the database cannot be used, or another bot is using it.
            RunningError: a channel cannot be opened.
        """
        desk = await open_desk(configuration, clock, channels)
        commander = Commander(desk, REGISTRY)
        bot = cls(
            desk=desk,
            commander=commander,
            channels=channels,
            dispatchers={
                channel.account: Dispatcher(
                    desk=desk,
                    commander=commander,
                    platform=channel.platform,
                    account=channel.account,
                )
                for channel in channels
            },
        )
        try:
            desk.database.hold_alone()
            for channel in channels:
                await channel.open()
                bot.opened.append(channel)
                await desk.senders[channel.account].open()
        except BaseException:
            await bot.close()
            raise
        return bot

    async def run(self) -> None:
        """Hear, plan, send, and do the nightly chores, until cancelled.

        Raises:
            ExceptionGroup: a part failed for good (a lane was lost, a channel's account taken).
        """
        async with nightly(self.desk), asyncio.TaskGroup() as tasks:
            tasks.create_task(_keep_up("planner", self.desk.planner.run))
            for channel in self.channels:
                account = channel.account
                tasks.create_task(_keep_up(f"sender {account}", self.desk.senders[account].run))
                ear = Ear(
                    channel=channel,
                    desk=self.desk,
                    dispatcher=self.dispatchers[account],
                    commander=self.commander,
                )
                tasks.create_task(_keep_up(f"ear {account}", ear.run))

    async def close(self) -> None:
        """Log out everywhere and close the database. Safe to call twice."""
        while self.opened:
            await self.opened.pop().close()
        await self.desk.database.close()


async def open_desk(
    configuration: Configuration, clock: Clock, channels: Sequence[Channel]
) -> Desk:
    """The shop's desk on an opened database; whoever opens it closes `desk.database`.

    Raises:
        StorageError: the database cannot be used.
    """
    database = await Database.open(configuration.storage.url.get_secret_value())
    try:
        return await _furnish(configuration, clock, channels, database)
    except BaseException:
        await database.close()
        raise


async def _furnish(
    configuration: Configuration, clock: Clock, channels: Sequence[Channel], database: Database
) -> Desk:
    shop = configuration.shop_settings()
    async with database.writing() as connection:
        shop_id = await ensure_shop(connection, shop.key)
    holder = secrets.token_hex(8)
    senders = {
        channel.account: Sender(
            database=database,
            courier=channel,
            account=channel.account,
            holder=holder,
            clock=clock,
        )
        for channel in channels
    }

    def ring_senders() -> None:
        for sender in senders.values():
            sender.ring()

    segmenter, lexicon = await asyncio.to_thread(understanding, configuration)
    return Desk(
        database=database,
        shop_id=shop_id,
        shop=shop,
        clock=clock,
        say=wording(shop.language),
        segmenter=segmenter,
        lexicon=lexicon,
        planner=Planner(database=database, shop_id=shop_id, clock=clock, planned=ring_senders),
        senders=senders,
    )


def understanding(configuration: Configuration) -> tuple[Segmenter, Lexicon]:
    """The words and the lexicon, with what the shop taught them. Slow: call it in a thread."""
    taught = configuration.insights
    lexicon = standard_lexicon()
    for thing, names in taught.things.items():
        lexicon = lexicon.with_thing(thing, names)
    known = [
        *taught.words,
        *taught.things,
        *(name for names in taught.things.values() for name in names),
    ]
    return open_segmenter(dict.fromkeys(known)), lexicon


async def _keep_up(name: str, loop: Callable[[], Awaitable[None]]) -> None:
    """Run a loop again when the database or the network failed under it; anything else is final."""
    rest = _FIRST_REST
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await loop()
        except Exception as trouble:
            passing = _passing(trouble)
            if not passing:
                raise
            if asyncio.get_running_loop().time() - began > _LONGEST_REST.total_seconds():
                rest = _FIRST_REST  # it had recovered meanwhile
            _RESTARTS.labels(name).inc()
            reason = str(passing[0])
            _log.error("loop_failed", loop=name, reason=reason, again_in=rest.total_seconds())
        await asyncio.sleep(rest.total_seconds())
        rest = min(rest * 2, _LONGEST_REST)


def _passing(trouble: Exception) -> list[Exception]:
    """The errors in it, if each of them can pass by itself; else none."""
    if isinstance(trouble, ExceptionGroup):  # a loop that has tasks of its own
        inside = [_passing(one) for one in trouble.exceptions]
        return [one for each in inside for one in each] if all(inside) else []
    return [trouble] if isinstance(trouble, DBAPIError | NoConnectionFree | OSError) else []
