"""The simulated days: one driver steps the room, the bot and the clock together.

At each moment of the script the clock is advanced, the deed is done in the room, and then the
bot hears, obeys, plans and sends until nothing is left to do. In between the driver stops at
every delivery that falls due, and at night for the chores. Nothing runs by itself, so two lives
with the same seed are the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.channels.room import RoomChannel
from bot.chores import NIGHTLY
from bot.configuration import Configuration
from bot.demo.script import Joins, Leaves, Moment, Resident, Says, Script
from bot.room.connection import LocalConnection
from bot.room.room import Room
from bot.room.values import Person, RoomEvent, RoomGroup
from bot.wiring import Bot, dispatcher_for
from handlers.commanding import Order
from handlers.events import Event
from scheduler.campaigns import CampaignState
from scheduler.clock import Clock, SimulatedClock
from scheduler.courier import Address
from scheduler.planner import HORIZON
from storage import campaigns, steering
from storage.accounts import cursor
from storage.due import next_due
from storage.groups import all_groups, set_group_tags
from storage.tags import Tag, tags_set_since

# A little less than the planner looks ahead, so that nothing falls due unplanned.
_PLANNED_FOR = HORIZON - timedelta(minutes=1)
_HEARING_DEADLINE = 30.0


def configuration_of(script: Script, folder: Path) -> Configuration:
    """The sample shop's configuration, with everything kept in one folder."""
    shop = {name: script.shop[name] for name in ("name", "slogan", "zone")}
    return Configuration.model_validate(
        {
            "shop": {"key": script.shop["id"], **shop},
            "storage": {"url": f"sqlite+aiosqlite:///{folder / 'nuanqun.sqlite3'}"},
            "room": {"data": folder / "room"},
            "insights": {"words": script.shop["words"], "things": script.things},
        }
    )


@dataclass(frozen=True, slots=True)
class Happened:
    """What one step came to: what the room saw, and the tags that were set."""

    at: datetime
    seen: tuple[RoomEvent, ...]
    tags: tuple[tuple[str, Tag], ...]


class Life:
    """One simulated life of the sample shop. Open it with `living`."""

    def __init__(
        self, script: Script, clock: SimulatedClock, room: Room, bot: Bot, heard_until: str | None
    ) -> None:
        self._script = script
        self._clock = clock
        self._room = room
        self.bot = bot
        channel = bot.channels[0]
        self._dispatcher = dispatcher_for(bot.desk, bot.commander, channel)
        self._sender = bot.desk.senders[channel.account]
        self._events: AsyncGenerator[Event] = channel.events(heard_until)
        self._heard = int(heard_until or 0)
        self._people: dict[str, Person] = {}
        self._groups: dict[str, RoomGroup] = {}
        self._seen = room.log.last
        self._planned_at = clock.now() - HORIZON
        self._due: datetime | None = None

    async def populate(self) -> None:
        """Make the groups and let everybody in who was there before the first day.

        In a folder that was lived in before, everybody is found again by name, and the bot hears
        and obeys what it had not when that life ended.
        """
        for resident in self._script.people:
            self._people[resident.id] = await self._admit(resident)
        owner = LocalConnection(self._room, self._people[self._owner().id])
        for group in self._script.groups:
            known = self._room.group_named(group.name)
            self._groups[group.id] = known or await owner.create_group(group.name)
        if self._clock.now() >= self._script.begin:
            await self._dispatcher.greet(again=True)
            await self._obey(await self._dispatcher.left_over())
            return
        for resident in self._script.people:
            for group_id in resident.groups:
                seat = self._groups[group_id].id
                if not self._room.is_member(self._people[resident.id], seat):
                    await self._at_room(resident.id).join(seat)
        await self._hear()
        await self._tag_groups()
        # Nothing happens until the first day: the groups were quiet.
        self._clock.advance_to(self._script.begin)
        self._seen = self._room.log.last

    async def advance_to(self, moment: datetime) -> AsyncIterator[Happened]:
        """Let time pass, stopping at every delivery that falls due and for the nightly chores."""
        while (now := self._clock.now()) < moment:
            if now - self._planned_at >= _PLANNED_FOR:
                await self._plan()
            stop = min(moment, self._planned_at + _PLANNED_FOR)
            if self._due is not None and self._due > now:
                stop = min(stop, self._due)
            await self._nightly(now, stop)
            self._clock.advance_to(stop)
            if self._due is not None and self._due <= stop and await self._drain():
                yield await self._happened()

    async def live(self, moment: Moment) -> Happened:
        """Do one deed of the script, and let the bot react until it is idle."""
        match moment.deed:
            case Says(member, group, text):
                address = (
                    Address(person=self._people[member].id)
                    if group is None
                    else Address(group=self._groups[group].id)
                )
                await self._at_room(member).say(address, text)
            case Joins(member, group):
                await self._at_room(member).join(self._groups[group].id)
            case Leaves(member, group):
                await self._at_room(member).leave(self._groups[group].id)
        if await self._hear():
            # Only commands change what is planned.
            await self._plan()
            await self._drain()
        return await self._happened()

    async def cancel_what_is_to_come(self) -> int:
        """Cancel every campaign and planned delivery, so that nothing simulated goes out live."""
        desk = self.bot.desk
        gone = 0
        async with desk.database.writing() as connection:
            standing = await campaigns.in_states(
                connection,
                desk.shop_id,
                [state for state in CampaignState if state is not CampaignState.CANCELLED],
            )
            for one in standing:
                gone += await steering.cancel_planned(
                    connection, one.id, "demo_over", desk.clock.now()
                )
                if one.state is not CampaignState.FINISHED:
                    await campaigns.set_state(
                        connection, one.id, CampaignState.CANCELLED, "demo_over"
                    )
        return gone

    async def close(self) -> None:
        """Stop hearing."""
        await self._events.aclose()

    def _at_room(self, member: str) -> LocalConnection:
        return LocalConnection(self._room, self._people[member])

    def _owner(self) -> Resident:
        return next(one for one in self._script.people if one.staff)

    async def _admit(self, resident: Resident) -> Person:
        people = self._room.people
        known = people.named(resident.name)
        if known is not None:
            return known
        if resident.staff:
            person, _ = await people.sign_in(people.new_link(), resident.name)
        else:
            person, _ = await people.enter(resident.name)
        return person

    async def _hear(self) -> bool:
        """Hear everything that people did until now; whether there was anything to obey."""
        last = self._room.log.last
        batch: list[Event] = []
        async with asyncio.timeout(_HEARING_DEADLINE):
            while self._heard < last:
                batch.append(await anext(self._events))
                self._heard = int(batch[-1].cursor)
        orders = await self._dispatcher.hear(batch)
        await self._dispatcher.greet()
        await self._obey(orders)
        return bool(orders)

    async def _obey(self, orders: Sequence[Order]) -> None:
        for order in orders:
            await self.bot.commander.obey(order)

    async def _plan(self) -> None:
        await self.bot.desk.planner.plan_ahead()
        self._planned_at = self._clock.now()
        await self._look()

    async def _drain(self) -> int:
        moved = await self._sender.drain()
        await self._look()
        return moved

    async def _look(self) -> None:
        """See when the next delivery falls due."""
        async with self.bot.desk.database.reading() as connection:
            self._due = await next_due(connection, self._sender.account)

    async def _nightly(self, since: datetime, until: datetime) -> None:
        shop = self.bot.desk.shop
        for cron, chore in NIGHTLY:
            minute, hour, *_ = cron.split()
            for day in {shop.local(since).date(), shop.local(until).date()}:
                when = datetime(
                    day.year,
                    day.month,
                    day.day,
                    int(hour),
                    int(minute),
                    tzinfo=shop.local(until).tzinfo,
                )
                if since < when <= until:
                    await chore(self.bot.desk)

    async def _tag_groups(self) -> None:
        desk = self.bot.desk
        tags = {group.name: group.tags for group in self._script.groups}
        async with desk.database.writing() as connection:
            for group in await all_groups(connection, desk.shop_id):
                await set_group_tags(connection, group.id, tags[group.name])

    async def _happened(self) -> Happened:
        seen: list[RoomEvent] = []
        while page := await self._room.log.read(self._seen):
            seen.extend(page)
            self._seen = page[-1].seq
        now = self._clock.now()
        async with self.bot.desk.database.reading() as connection:
            tags = await tags_set_since(connection, now - timedelta(milliseconds=1))
        return Happened(now, tuple(seen), tuple(tags))


@asynccontextmanager
async def living(script: Script, folder: Path, start: datetime) -> AsyncIterator[Life]:
    """A life in this folder from `start` on, with a clock that only the driver moves."""
    clock = SimulatedClock(start)
    async with room_and_bot(configuration_of(script, folder), clock) as (room, bot):
        async with bot.desk.database.reading() as connection:
            heard = await cursor(connection, bot.channels[0].account)
        life = Life(script, clock, room, bot, heard)
        try:
            await life.populate()
            yield life
        finally:
            await life.close()


@asynccontextmanager
async def room_and_bot(
    configuration: Configuration, clock: Clock
) -> AsyncIterator[tuple[Room, Bot]]:
    """A room without a server, and the bot in it."""
    room = await Room.open(configuration.room.data, clock)
    try:
        channel = RoomChannel(LocalConnection(room), data=configuration.room.data)
        bot = await Bot.open(configuration, clock, [channel])
        try:
            yield room, bot
        finally:
            await bot.close()
    finally:
        await room.close()
