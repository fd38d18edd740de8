"""The year itself: the clock jumps from event to event, and the real bot does what it does then.

An event is something the manager does, a look of the watchers, the planner's turn shortly before a
campaign's moment, or a delivery that falls due. The manager is played here: what the bot asks them
to approve is approved. The nightly chores are left out: they read and forget what fans said, and
hardly anybody says anything here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.closing_rounds import close_rounds
from handlers.greetings_ahead import prepare_greetings
from handlers.settings import ShopSettings
from scheduler.apart import Clash
from scheduler.campaigns import CampaignState, occurrences_of
from scheduler.clock import SimulatedClock
from scheduler.kept_apart import kept_apart
from scheduler.planner import HORIZON, campaign_value
from storage import campaigns, rounds
from storage.audiences import resolve
from storage.database import Database
from storage.due import next_due
from storage.rounds import RoundKind
from storage.slots import PlannedSlot
from tests.handlers.shop import ACCOUNT, MANAGER, Shop, open_shop
from tests.simulation.agenda import Deed, Fans
from tests.simulation.judge import GREETINGS, Listed
from tests.simulation.network import Network
from tests.simulation.town import fan_name, group_name, settle

SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_PLANNED = (CampaignState.DRAFT, CampaignState.APPROVED)
_BEFORE = HORIZON - timedelta(minutes=5)  # so long before a moment the planner takes its turn
_LOOKS = (time(9, 1), time(9, 24), time(10, 10), time(20, 31))  # when the watchers look, each day
_TAKING_PART = 24  # fans that take part in a draw
_TALKS = 20  # one fan in so many talks each month
_WORDS = "面霜用着挺好的"
_BATCH = 500
_NEWCOMERS = 20
_DONE = ("好的", "记下了")  # how the bot begins its answer where something was done
_NO_ANSWER = "the manager's {says!r} was answered: {answer!r}"
_STUCK_AFTER = 7_200  # seconds in which something is due and does not leave


class Stuck(AssertionError):
    """The bot did not do what the year needs it to do."""


class Life:
    """The days of one shop, from one midnight to another. Open it with `begin`."""

    def __init__(self, shop: Shop, network: Network, groups: int, fans: int) -> None:
        self.shop = shop
        self.network = network
        self.listed: set[Listed] = set()
        self._groups = groups
        self._fans = fans
        self._zone = ZoneInfo(shop.desk.shop.zone)
        self._planned_until = shop.clock.now()
        self._moments: list[datetime] = []  # of campaigns, until the end of today
        self._due: datetime | None = None

    @classmethod
    async def begin(cls, database: Database, first: date, groups: int, fans: int) -> Life:
        """A shop with default settings at the beginning of a day."""
        settings = ShopSettings()
        clock = SimulatedClock(datetime.combine(first, time(), ZoneInfo(settings.zone)))
        await settle(database, settings.key, groups, fans, clock.now())
        network = Network(clock)
        shop = await open_shop(database, settings, platform=network, clock=clock)
        life = cls(shop, network, groups, fans)
        await life._says("早")
        return life

    async def live(self, last: date, deeds: Sequence[Deed]) -> None:
        """Live on until the end of the day `last`.

        Raises:
            Stuck: the bot did not understand the manager, or something due does not leave.
        """
        waiting = list(deeds)
        while (today := self._today()) <= last:
            for deed in [one for one in waiting if one.at.date() == today]:
                waiting.remove(deed)
                await self._live_until(self._at(deed.at))
                await self._do(deed)
            await self._live_until(self._at(datetime.combine(today + _DAY, time())))

    # One day

    async def _live_until(self, moment: datetime) -> None:
        """Let time pass, with everything that happens by itself."""
        while (now := self.shop.clock.now()) < moment:
            look = self._next_look(now)
            stops = [moment, look, self._next_plan(now)]
            if self._due is not None:
                stops.append(max(self._due, now + SECOND))
            stop = min(stops)
            self.shop.clock.advance_to(stop)
            if stop == look:
                await self._look()
            if stop >= self._next_plan(now):
                await self._plan()
            await self._drain()
        if self.shop.desk.shop.local(moment).time() == time():
            await self._find_moments()

    async def _look(self) -> None:
        """What the watchers do, as far as it makes posts; and the manager approves what waits."""
        await prepare_greetings(self.shop.desk)
        await close_rounds(self.shop.desk)
        while self.network.to_approve:
            says = self.network.to_approve.popleft()
            await self._note_listed(int(says.split()[1]))
            await self._says(says)
        await self._plan()

    async def _plan(self) -> None:
        await self.shop.desk.planner.plan_ahead()
        self._planned_until = self.shop.clock.now() + HORIZON
        await self._find_moments()

    async def _drain(self) -> None:
        waits_since = self._due
        await self.shop.sender.drain()
        async with self.shop.desk.database.reading() as connection:
            self._due = await next_due(connection, ACCOUNT)
        late = self.shop.clock.now() - (self._due or self.shop.clock.now())
        if self._due == waits_since and late > _STUCK_AFTER * SECOND:
            raise Stuck(f"something has been due since {self._due} and does not leave")

    async def _find_moments(self) -> None:
        """The moments of all campaigns up to tomorrow that are not planned yet."""
        until = self._at(datetime.combine(self._today() + _DAY, time())) + HORIZON
        async with self.shop.desk.database.reading() as connection:
            standing = await campaigns.in_states(connection, self.shop.desk.shop_id, _PLANNED)
        self._moments = sorted(
            one.at
            for each in standing
            for one in occurrences_of(campaign_value(each), self._planned_until, until)
        )

    def _next_plan(self, now: datetime) -> datetime:
        """When the planner takes its next turn: shortly before the next moment, or at midnight."""
        coming = [moment for moment in self._moments if moment > self._planned_until]
        midnight = self._at(datetime.combine(self._today() + _DAY, time()))
        return max(now + SECOND, coming[0] - _BEFORE) if coming else midnight

    def _next_look(self, now: datetime) -> datetime:
        days = (self._today(), self._today() + _DAY)
        every = (self._at(datetime.combine(day, at)) for day in days for at in _LOOKS)
        return next(moment for moment in every if moment > now)

    # What people do

    async def _do(self, deed: Deed) -> None:
        if deed.says:
            await self._order(deed.says)
        match deed.fans:
            case Fans.TAKE_PART:
                await self._take_part()
            case Fans.TALK:
                await self._talk()
            case Fans.COME_IN:
                await self._come_in()
        await self._plan()
        await self._drain()

    async def _order(self, says: str) -> None:
        """The manager gives a command, and says yes to what the bot shows."""
        answer = await self._says(says)
        if "/confirm" in answer:
            answer = await self._says("/confirm")
        if not answer.startswith(_DONE):
            raise Stuck(_NO_ANSWER.format(says=says, answer=answer))
        await self._plan()
        await self._drain()

    async def _take_part(self) -> None:
        """Some fans take a ticket once the draw has reached the groups; one of them twice."""
        desk = self.shop.desk
        await self._live_until(self.shop.clock.now() + timedelta(minutes=10))
        async with desk.database.reading() as connection:
            latest = await rounds.latest_rounds(connection, desk.shop_id, RoundKind.DRAW, 1)
        for fan in [*range(_TAKING_PART), 0]:
            self.shop.clock.advance(3 * SECOND)
            where = group_name(fan % self._groups)
            await self.shop.presses(fan_name(fan), f"/join {latest[0].id}", group=where)

    async def _talk(self) -> None:
        """One fan in twenty says something."""
        shop = self.shop
        said = [
            shop.heard(fan_name(fan), _WORDS, group=group_name(fan % self._groups))
            for fan in range(1, self._fans, _TALKS)
        ]
        for first in range(0, len(said), _BATCH):
            await shop.hear(*said[first : first + _BATCH])

    async def _come_in(self) -> None:
        """Somebody new comes into each of some groups."""
        when = f"{self.shop.desk.shop.local(self.shop.clock.now()):%m%d}"
        for number in range(min(_NEWCOMERS, self._groups)):
            self.shop.clock.advance(3 * SECOND)
            await self.shop.joins(f"新粉丝{when}{number}", group=group_name(number))

    async def _says(self, text: str) -> str:
        """The manager says something in private; the bot's last answer."""
        self.network.told_manager.clear()
        self.shop.clock.advance(3 * SECOND)
        await self.shop.says(MANAGER, text, group=None)
        return self.network.told_manager[-1] if self.network.told_manager else ""

    async def _note_listed(self, number: int) -> None:
        """Remember what of a greeting cannot be kept apart, as its approval lists it."""
        desk = self.shop.desk
        async with desk.database.reading() as connection:
            found = await campaigns.by_id(connection, number)
            if found is None or found.programme != GREETINGS:
                return
            body = (await campaigns.bodies(connection, [found.version_id]))[found.version_id]
            groups = (await resolve(connection, desk.shop_id, found.audience)).groups
            (one,) = occurrences_of(campaign_value(found), found.created_at, _END_OF_TIME)
            slot = PlannedSlot(
                found.id, found.key, found.version_id, one.slot, one.at, one.not_after
            )
            ids = [group.id for group in groups]
            apart = await kept_apart(connection, found.programme, slot, ids, body)
        self.listed |= {_listed(one.slot, clash) for clash in apart.clashes}

    def _today(self) -> date:
        return self.shop.desk.shop.day_of(self.shop.clock.now())

    def _at(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=self._zone).astimezone(UTC)


_END_OF_TIME = datetime(2100, 1, 1, tzinfo=UTC)


def _listed(slot: str, clash: Clash) -> Listed:
    other = None if clash.neighbour is None else f"group:{clash.neighbour}"
    return Listed(slot, f"group:{clash.group}", other)
