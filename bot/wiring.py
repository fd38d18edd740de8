"""The wiring: from a configuration, a clock and channels to a running bot.

`Bot.open` builds every part, the configured accounts beside the channels that are handed in, and
takes the lanes that are free; `run` lives until it is cancelled or a part fails for good; `close`
ends everything that was begun. The demo steps the same parts by hand.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.accounts import build_accounts
from bot.channels.port import Channel
from bot.chores import take_turns
from bot.configuration import Configuration
from bot.ear import Ear
from bot.seat import Seat, keep_up
from handlers import passing, standing_rounds
from handlers.commanding import Commander
from handlers.commands import REGISTRY
from handlers.desk import Desk
from handlers.dispatch import Dispatcher
from handlers.notices import Notices
from handlers.rereading import keep_reading
from handlers.vocabulary import Vocabulary
from handlers.wording import wording
from scheduler.clock import Clock
from scheduler.lease import LeaseTerms
from scheduler.notices import Tell, tell_nobody
from scheduler.planner import Planner
from scheduler.sender import Sender
from storage.database import Database
from storage.errors import RunningError
from storage.shops import ensure_shop


@dataclass(slots=True)
class Bot:
    """Every part of a running bot, in reach for whoever steps it."""

    desk: Desk
    commander: Commander
    channels: Sequence[Channel]
    seats: Sequence[Seat]
    notices: Notices
    holder: str  # what this process is called in the lanes it holds

    @classmethod
    async def open(
        cls, configuration: Configuration, clock: Clock, channels: Sequence[Channel]
    ) -> Bot:
        """Open the database and the channels, take the lanes, settle what was left in doubt.

        The accounts that are configured are served beside `channels`.

        An account that cannot be opened now is tried again by `run`, while another one works.

        Raises:
            StorageError: the database cannot be used, or another bot is using it.
            RunningError: an account cannot be built, or no channel at all be opened.
        """
        notices = Notices()
        database = await Database.open(configuration.storage.url.get_secret_value())
        try:
            accounts = await build_accounts(configuration, clock, database)
            channels = [*channels, *accounts]
            desk = await _furnish(configuration, clock, channels, database, notices.tell)
        except BaseException:
            await database.close()
            raise
        commander = Commander(desk, REGISTRY)
        holder = secrets.token_hex(8)
        bot = cls(
            desk=desk,
            commander=commander,
            channels=channels,
            notices=notices,
            holder=holder,
            seats=[
                Seat(
                    database=desk.database,
                    channel=channel,
                    sender=desk.senders[channel.account],
                    loops={
                        "ear": partial(_hear, desk, commander, channel),
                        "passing": partial(passing.run, desk, channel.account),
                        "rounds": partial(standing_rounds.run, desk, channel.account),
                    },
                    holder=holder,
                    terms=LeaseTerms(),
                    tell=notices.tell,
                )
                for channel in channels
            ],
        )
        try:
            desk.database.hold_alone()
            await _sit_down(bot.seats)
            await desk.vocabulary.adopt(clock.now())
        except BaseException:
            await bot.close()
            raise
        return bot

    async def run(self) -> None:
        """Plan, do the nightly chores, and serve every account whose lane is ours, until cancelled.

        Raises:
            ExceptionGroup: a part failed for good (a channel's account was taken).
        """
        desk = self.desk
        chores = partial(take_turns, desk, self.holder, LeaseTerms())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep_up("chores", chores))
            tasks.create_task(keep_up("bells", desk.database.hear_others))
            tasks.create_task(keep_up("planner", desk.planner.run))
            tasks.create_task(keep_up("notices", partial(self.notices.run, desk)))
            tasks.create_task(keep_up("words", desk.vocabulary.keep_fresh))
            tasks.create_task(keep_up("reading", partial(keep_reading, desk)))
            for seat in self.seats:
                tasks.create_task(seat.run())

    async def close(self) -> None:
        """Log out everywhere and close the database. Safe to call twice."""
        for seat in self.seats:
            await seat.leave()
        await self.desk.database.close()


async def _sit_down(seats: Sequence[Seat]) -> None:
    """Open every account whose lane is free.

    Raises:
        RunningError: none of them can be opened; this is what the first one met.
    """
    troubles: list[RunningError] = []
    for seat in seats:
        try:
            await seat.try_to_sit()
        except RunningError as trouble:
            troubles.append(trouble)
    if troubles and len(troubles) == len(seats):
        raise troubles[0]


async def _hear(desk: Desk, commander: Commander, channel: Channel) -> None:
    """Hear a channel from now on; what was said to it earlier is known as such."""
    dispatcher = dispatcher_for(desk, commander, channel)
    await Ear(channel=channel, desk=desk, dispatcher=dispatcher, commander=commander).run()


def dispatcher_for(desk: Desk, commander: Commander, channel: Channel) -> Dispatcher:
    """A dispatcher for what a channel hears from now on."""
    return Dispatcher(
        desk=desk, commander=commander, platform=channel.platform, account=channel.account
    )


async def open_desk(configuration: Configuration, clock: Clock) -> Desk:
    """The shop's desk on an opened database, without a channel to speak on.

    Whoever opens it closes `desk.database`.

    Raises:
        StorageError: the database cannot be used.
    """
    database = await Database.open(configuration.storage.url.get_secret_value())
    try:
        return await _furnish(configuration, clock, (), database, tell_nobody)
    except BaseException:
        await database.close()
        raise


async def _furnish(
    configuration: Configuration,
    clock: Clock,
    channels: Sequence[Channel],
    database: Database,
    tell: Tell,
) -> Desk:
    arrivals = await asyncio.to_thread(configuration.arrival_rules)
    shop = replace(configuration.shop_settings(), arrivals=arrivals)
    async with database.writing() as connection:
        shop_id = await ensure_shop(connection, shop.key)
    care = configuration.care_settings()
    senders = {
        channel.account: Sender(
            database=database,
            courier=channel,
            account=channel.account,
            clock=clock,
            care=care,
            tell=tell,
        )
        for channel in channels
    }
    return Desk(
        database=database,
        shop_id=shop_id,
        shop=shop,
        care=care,
        clock=clock,
        say=wording(shop.language),
        vocabulary=await Vocabulary.open(
            database, shop_id, configuration.configured_words(), adopting=bool(channels)
        ),
        planner=Planner(
            database=database,
            shop_id=shop_id,
            clock=clock,
            tell=tell,
            reaches_staff=lambda: any(sender.is_open for sender in senders.values()),
        ),
        senders=senders,
        narrator=await asyncio.to_thread(configuration.narrative.endpoint),
    )
