"""A seat: an account is heard and sent through by the process that holds its lane, and no other."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest
from prometheus_client import REGISTRY
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from structlog.testing import capture_logs

from bot import seat as seat_room
from bot.channels.port import Channel, ChannelOutOfOrder
from bot.room.errors import RoomAccountTaken, RoomUnreachable
from bot.seat import Seat, keep_up
from handlers.events import Event
from scheduler.clock import RealClock
from scheduler.content import Content
from scheduler.courier import (
    Action,
    Address,
    Done,
    Limits,
    Lookup,
    NothingSent,
    Outcome,
    Presence,
)
from scheduler.lease import LeaseTerms, try_lease
from scheduler.notices import AccountBack, AccountNotOpened, Notice
from scheduler.sender import Sender
from storage.database import Database
from storage.errors import LaneLost
from storage.lanes import lease_lane
from tests.bot.program import until

ACCOUNT = "room"
LOCKED = OperationalError("INSERT", {}, Exception("database is locked"))
UNREACHABLE = RoomUnreachable(url="ws://room/door", reason="refused")
TAKEN = RoomAccountTaken(url="ws://room/door")
OUT_OF_ORDER = ChannelOutOfOrder(account=ACCOUNT, reason="a fault")
OUT_OF_ORDER.__cause__ = ZeroDivisionError("division by zero")
ELSEWHERE = NothingSent("lane_elsewhere")
TERMS = LeaseTerms(
    lasts=timedelta(seconds=20),  # nobody loses a lane here because the machine is slow
    renew_every=timedelta(milliseconds=50),
    poll_every=timedelta(milliseconds=20),
)


@dataclass(slots=True)
class Platform:
    """Lets one session of the account in, and puts an older one out, as the room does."""

    inside: FakeChannel | None = None


@dataclass(slots=True)
class FakeChannel:
    """One process's way to the platform. `trouble` is what opening it meets, one for each time."""

    at: Platform
    trouble: list[Exception] = field(default_factory=list)
    opening: Callable[[], object] = lambda: None
    is_open: bool = False
    opened: int = 0
    closed: int = 0
    told: Sequence[Event] = ()
    said: list[str] = field(default_factory=list)
    put_out: asyncio.Event = field(default_factory=asyncio.Event)
    platform: str = "room"
    account: str = ACCOUNT
    limits: Limits = field(default_factory=Limits)
    start_link: str | None = None
    confirmed: list[str] = field(default_factory=list)

    def link_to(self, message: str) -> None:
        """Messages have no address here."""

    async def open(self) -> None:
        self.opened += 1
        waits = self.opening()
        if isinstance(waits, asyncio.Event):
            await waits.wait()
        if self.trouble:
            raise self.trouble.pop(0)
        if self.at.inside is not None:
            self.at.inside.put_out.set()
        self.at.inside = self
        self.put_out.clear()
        self.is_open = True

    async def close(self) -> None:
        self.closed += 1
        self.is_open = False
        if self.at.inside is self:
            self.at.inside = None

    async def confirm(self, cursor: str) -> None:
        self.confirmed.append(cursor)

    async def perform(self, action: Action) -> Outcome:
        self.said.append(action.key)
        return Done(action.key)

    async def lookup(self, key: str) -> Lookup:  # noqa: ARG002 (the port's signature)
        return Lookup(Presence.ABSENT)

    async def events(self, after: str | None) -> AsyncGenerator[Event]:  # noqa: ARG002 (as above)
        for event in self.told:
            yield event
        await self.put_out.wait()
        raise TAKEN


@dataclass(slots=True)
class Process:
    """One process with a seat; it notes when it hears, and hears badly when told to."""

    database: Database
    name: str
    channel: FakeChannel
    terms: LeaseTerms = TERMS
    hearing: int = 0
    heard: int = 0
    troubles: asyncio.Queue[Exception] = field(default_factory=asyncio.Queue)
    told: list[Notice] = field(default_factory=list)
    running: asyncio.Task[None] | None = None
    sender: Sender = field(init=False)
    seat: Seat = field(init=False)

    def __post_init__(self) -> None:
        channel: Channel = self.channel
        self.sender = Sender(
            database=self.database, courier=channel, account=ACCOUNT, clock=RealClock()
        )
        self.seat = Seat(
            database=self.database,
            channel=channel,
            sender=self.sender,
            loops={"ear": self._hear},
            holder=self.name,
            terms=self.terms,
            tell=self.told.append,
        )

    async def _hear(self) -> None:
        assert self.channel.is_open
        self.heard += 1
        self.hearing += 1
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self._fail())
        finally:
            self.hearing -= 1

    async def _listen(self) -> None:
        async for _ in self.channel.events(None):
            pytest.fail("nobody says anything here")

    async def _fail(self) -> None:
        raise await self.troubles.get()

    def start(self) -> None:
        self.running = asyncio.create_task(self.seat.run())

    async def stop(self) -> None:
        if self.running is not None:
            self.running.cancel()
            await asyncio.gather(self.running, return_exceptions=True)
        await self.seat.leave()

    def serves(self) -> bool:
        """Whether it hears and has its channel open; a seat that failed for good says how."""
        if self.running is not None and self.running.done():
            self.running.result()
        return self.channel.is_open and self.hearing == 1

    async def says(self) -> Outcome:
        """What becomes of an answer to somebody."""
        return await self.sender.say(Address(person="p1"), Content("在的"), f"r-{self.name}")


@dataclass(slots=True)
class House:
    """Two processes on one database; and a third one that only takes lanes away."""

    one: Process
    other: Process
    platform: Platform

    async def taken_away(self, lasts: timedelta = TERMS.lasts) -> None:
        """The lane is somebody else's, for so long."""
        async with self.one.database.writing() as connection:
            await lease_lane(connection, ACCOUNT, "bot-9", lasts, alone=True)

    async def is_free(self) -> bool:
        """Whether the lane can be had at once; then it is ours."""
        return await try_lease(self.one.database, ACCOUNT, "bot-8", TERMS) is not None


@pytest.fixture
async def house(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    monkeypatch.setattr(seat_room, "_FIRST_REST", timedelta(milliseconds=10))
    again = await Database.open(database_url)
    platform = Platform()
    house = House(
        one=Process(database, "bot-1", FakeChannel(platform)),
        other=Process(again, "bot-2", FakeChannel(platform)),
        platform=platform,
    )
    yield house
    for process in (house.one, house.other):
        await process.stop()
    await again.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert platform.inside is None


# Sitting down


async def test_the_first_takes_the_lane_and_the_other_leaves_its_channel_closed(
    house: House,
) -> None:
    assert await house.one.seat.try_to_sit()
    assert not await house.other.seat.try_to_sit()
    assert (house.one.channel.opened, house.other.channel.opened) == (1, 0)
    assert await house.one.says() == Done("r-bot-1")
    assert await house.other.says() == ELSEWHERE
    assert (house.one.hearing, house.other.hearing) == (0, 0)  # only a seat that runs hears


@pytest.mark.parametrize("first", [True, False])
async def test_who_waits_serves_the_account_as_soon_as_the_lane_is_given_back(
    house: House, *, first: bool
) -> None:
    if first:
        assert await house.one.seat.try_to_sit()
    house.one.start()
    await until(house.one.serves)
    house.other.start()
    await asyncio.sleep(0.2)
    assert house.other.channel.opened == 0
    await house.one.stop()
    assert not house.one.channel.is_open
    await until(house.other.serves)
    assert await house.other.says() == Done("r-bot-2")
    assert await house.one.says() == ELSEWHERE


async def test_a_platform_that_refuses_at_the_start_is_told_and_the_lane_given_back(
    house: House,
) -> None:
    house.one.channel.trouble.append(UNREACHABLE)
    with pytest.raises(RoomUnreachable):
        await house.one.seat.try_to_sit()
    assert house.one.channel.closed == 1
    assert await house.is_free()


async def test_who_loses_the_lane_while_it_opens_does_not_sit(house: House) -> None:
    opens = asyncio.Event()
    house.one.channel.opening = lambda: opens
    sitting = asyncio.create_task(house.one.seat.try_to_sit())
    await until(lambda: house.one.channel.opened)
    await house.taken_away(timedelta(milliseconds=500))
    await asyncio.sleep(0.2)  # it asks for its lease meanwhile
    opens.set()
    assert not await sitting
    assert (house.one.channel.closed, house.one.channel.is_open) == (1, False)
    house.one.start()
    await until(house.one.serves)  # once the other one's lease is over


# Losing the lane


async def test_an_account_follows_its_lane_away_and_back(house: House) -> None:
    house.one.start()
    await until(house.one.serves)
    await house.taken_away(timedelta(seconds=1))
    await until(lambda: house.one.channel.closed)
    assert house.one.hearing == 0
    assert await house.one.says() == ELSEWHERE
    assert house.one.channel.opened == 1
    await until(house.one.serves)
    assert (house.one.channel.opened, house.one.heard) == (2, 2)
    assert await house.one.says() == Done("r-bot-1")


async def test_who_is_put_out_by_a_newer_process_has_lost_its_lane(house: House) -> None:
    """The platform may tell of the newer process before the database does."""
    never_asks = LeaseTerms(
        lasts=timedelta(seconds=1),
        renew_every=timedelta(minutes=1),
        safety=timedelta(0),
        poll_every=TERMS.poll_every,
    )
    house.one = Process(house.one.database, "bot-1", house.one.channel, never_asks)
    house.one.start()
    await until(house.one.serves)
    house.other.start()
    await until(house.other.serves)
    await until(lambda: house.one.channel.closed)
    await asyncio.sleep(0.1)
    assert house.one.running is not None
    assert not house.one.running.done()
    assert house.one.channel.opened == 1
    await house.other.stop()
    await until(house.one.serves)


async def test_who_is_put_out_of_an_account_whose_lane_it_holds_stops_for_good(
    house: House,
) -> None:
    """Then it was a bot of another database, and the two would put each other out for ever."""
    house.one.start()
    await until(house.one.serves)
    await FakeChannel(house.platform).open()
    assert house.one.running is not None
    await asyncio.wait([house.one.running])
    with pytest.raises(ExceptionGroup) as caught:
        house.one.running.result()
    assert caught.group_contains(RoomAccountTaken)
    assert not house.one.channel.is_open
    assert await house.is_free()
    house.platform.inside = None


async def test_a_fault_of_ours_is_final_and_gives_the_lane_back(house: House) -> None:
    house.one.start()
    await until(house.one.serves)
    house.one.troubles.put_nowait(ValueError("a fault"))
    assert house.one.running is not None
    await asyncio.wait([house.one.running])
    with pytest.raises(ExceptionGroup) as caught:
        house.one.running.result()
    assert caught.group_contains(ValueError)
    assert not house.one.channel.is_open
    assert await house.is_free()


async def test_an_account_out_of_order_is_left_and_opened_anew_with_growing_rests(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seat_room, "_FIRST_REST", timedelta(milliseconds=40))
    before = restarts(f"seat {ACCOUNT}")
    house.one.start()
    loop, opened = asyncio.get_running_loop(), list[float]()
    with capture_logs() as logs:
        for times in range(1, 5):
            await until(lambda: house.one.serves() and house.one.channel.opened == times)  # noqa: B023 (waited for at once)
            opened.append(loop.time())
            house.one.troubles.put_nowait(OUT_OF_ORDER)
        await until(lambda: house.one.channel.closed == 4)
    rests = [after - earlier for earlier, after in pairwise(opened)]
    assert all(rest >= least for rest, least in zip(rests, (0.04, 0.08, 0.16), strict=True))
    assert restarts(f"seat {ACCOUNT}") == before + 4
    told = [one for one in logs if one["event"] == "account_out_of_order"]
    assert len(told) == 4
    assert "division by zero" in "".join(traceback.format_exception(told[0]["exc_info"]))
    await until(house.one.serves)


async def test_a_fault_beside_one_that_opening_anew_mends_is_final(house: House) -> None:
    house.one.start()
    await until(house.one.serves)
    house.one.troubles.put_nowait(ExceptionGroup("both", [OUT_OF_ORDER, ValueError("a fault")]))
    assert house.one.running is not None
    await asyncio.wait([house.one.running])
    with pytest.raises(ExceptionGroup) as caught:
        house.one.running.result()
    assert caught.group_contains(ValueError)
    assert not house.one.channel.is_open


async def test_hearing_that_fails_for_a_while_goes_on_under_the_same_lease(house: House) -> None:
    house.one.start()
    await until(house.one.serves)
    held = house.one.seat._lease
    house.one.troubles.put_nowait(LOCKED)
    await until(lambda: house.one.heard == 2)
    await until(house.one.serves)
    assert house.one.seat._lease is held
    assert house.one.channel.opened == 1


async def test_a_lane_whose_account_cannot_be_opened_is_given_back_and_tried_again(
    house: House,
) -> None:
    house.one.channel.trouble += [UNREACHABLE] * 3
    free: list[bool] = []

    async def look() -> None:
        while not house.one.channel.is_open:
            async with house.other.database.reading() as connection:
                row = await connection.exec_driver_sql("SELECT expires_at FROM lanes")
                free.append(row.scalar() is None)
            await asyncio.sleep(0)

    house.one.start()
    await look()
    await until(house.one.serves)
    assert house.one.channel.opened == 4
    assert house.one.channel.closed == 3
    assert any(free)


async def test_staff_are_told_once_that_an_account_cannot_be_opened_and_once_that_it_works(
    house: House,
) -> None:
    house.one.channel.trouble += [UNREACHABLE] * 3
    house.one.start()
    await until(house.one.serves)
    reason = "NQ524, The room at ws://room/door cannot be reached: refused."
    assert house.one.told == [AccountNotOpened(ACCOUNT, reason), AccountBack(ACCOUNT)]
    await house.taken_away(timedelta(milliseconds=500))
    await until(lambda: house.one.channel.opened == 5)
    await until(house.one.serves)
    assert len(house.one.told) == 2


async def test_what_one_process_cannot_open_another_serves(house: House) -> None:
    house.one.channel.trouble += [UNREACHABLE] * 1_000
    house.one.start()
    await until(lambda: house.one.channel.closed)
    house.other.start()
    await until(house.other.serves)
    assert not house.one.channel.is_open


# Leaving


async def test_shutting_down_gives_the_lane_back_at_once(house: House) -> None:
    house.one.start()
    await until(house.one.serves)
    await house.one.stop()
    assert not house.one.channel.is_open
    assert await house.is_free()


async def test_leaving_twice_or_without_having_sat_does_nothing(house: House) -> None:
    await house.one.seat.leave()
    assert house.one.channel.closed == 0
    await house.one.seat.try_to_sit()
    await house.one.seat.leave()
    await house.one.seat.leave()
    assert house.one.channel.closed == 1


async def test_a_database_that_is_away_holds_nobody_up_at_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.one.seat.try_to_sit()

    def away() -> None:
        raise LOCKED

    monkeypatch.setattr(house.one.database, "writing", away)
    await house.one.seat.leave()
    assert not house.one.channel.is_open
    monkeypatch.undo()
    assert not await house.is_free()  # it ends by itself


# Loops that go on


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that loops rested; they pass at once."""
    rested: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        rested.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", note)
    return rested


def restarts(name: str) -> float:
    return REGISTRY.get_sample_value("nuanqun_loops_restarted_total", {"loop": name}) or 0.0


@pytest.mark.parametrize(
    ("passing", "counted"),
    [
        (LOCKED, 7),
        (ConnectionResetError(), 7),
        (NoConnectionFree("pool"), 7),
        (ExceptionGroup("tasks", [LOCKED, ExceptionGroup("more", [OSError()])]), 7),
        pytest.param(None, 0, id="an end of its own"),
    ],
)
async def test_a_loop_goes_on_after_what_passes_with_growing_rests(
    rests: list[float], passing: Exception | None, counted: int
) -> None:
    runs = 0

    async def loop() -> None:
        nonlocal runs
        runs += 1
        if runs > 7:
            raise LaneLost(account="room")
        if passing is not None:
            raise passing

    before = restarts("test")
    with pytest.raises(LaneLost):
        await keep_up("test", loop)
    assert restarts("test") == before + counted
    assert rests == [1, 2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize("passing", [LOCKED, None])
async def test_a_loop_that_worked_for_long_rests_as_briefly_as_at_first(
    rests: list[float], monkeypatch: pytest.MonkeyPatch, passing: Exception | None
) -> None:
    runs = 0
    now = asyncio.get_running_loop().time()

    async def loop() -> None:
        nonlocal runs, now
        runs += 1
        if runs == 4:
            raise LaneLost(account="room")
        now += 31 if runs == 3 else 0
        if passing is not None:
            raise passing

    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    with pytest.raises(LaneLost):
        await keep_up("test", loop)
    assert rests == [1, 2, 1]


@pytest.mark.parametrize(
    "final",
    [
        LaneLost(account="room"),
        TAKEN,
        RuntimeError("a fault of ours"),
        ExceptionGroup("tasks", [LOCKED, LaneLost(account="room")]),
    ],
)
async def test_anything_else_is_final(rests: list[float], final: Exception) -> None:
    async def loop() -> None:
        raise final

    with pytest.raises(type(final)) as caught:
        await keep_up("test", loop)
    assert caught.value is final
    assert rests == []
