"""The misbehaving platform does what it says, and its courier tells what that proves."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.content import Content
from scheduler.courier import (
    Address,
    AddressGone,
    Done,
    Limits,
    Lookup,
    NothingSent,
    Outcome,
    Pin,
    Post,
    Presence,
    Rate,
    TooFast,
    Unable,
    Unclear,
)
from tests.faults.misfortune import ALWAYS_STANDS, NEVER_STANDS, SHARES, Fault, fate_of
from tests.faults.notes import Note, Notes, read_notes
from tests.faults.platform import Platform, Told
from tests.faults.socket_courier import SocketCourier
from tests.faults.windows import Window, Windows

DEADLINE = 0.4  # seconds
MINUTE = timedelta(minutes=1)
ROOMY = Limits(account=(Rate(1_000, MINUTE),))
GROUP, PERSON = Address(group="g1"), Address(person="p1")
NO_FAULTS: Mapping[Fault, float] = {}


def post(key: str = "c1", address: Address = GROUP) -> Post:
    return Post(key, address, Content("你好"))


@dataclass(slots=True)
class Scene:
    """A platform and a courier to it, which waits for an answer as long as a sender does."""

    notes: Path
    file: FileIO
    couriers: list[SocketCourier] = field(default_factory=list)

    @asynccontextmanager
    async def platform(
        self,
        shares: Mapping[Fault, float],
        *,
        limits: Limits = ROOMY,
        remembered: tuple[str, ...] = ("a1",),
    ) -> AsyncIterator[Platform]:
        async with Platform(
            limits=limits,
            seed="a seed",
            remembers=remembered,
            deadline=DEADLINE,
            patience=2 * DEADLINE,
            shares=shares,
        ) as opened:
            try:
                yield opened
            finally:
                while self.couriers:
                    self.couriers.pop().close()

    def courier(self, platform: Platform, account: str = "a1") -> SocketCourier:
        notes = Notes(self.file)
        made = SocketCourier(platform.port, account, ROOMY, deadline=DEADLINE, notes=notes)
        self.couriers.append(made)
        return made


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    notes = tmp_path / "notes"
    with FileIO(notes, "a") as file:
        yield Scene(notes, file)


async def in_time(courier: SocketCourier, action: Post) -> Outcome | None:
    """The outcome; None where the call has to be given up."""
    try:
        async with asyncio.timeout(DEADLINE):
            return await courier.perform(action)
    except TimeoutError:
        return None


# What the courier makes of the platform's faults


@pytest.mark.parametrize(
    ("fault", "proves", "told"),
    [
        (Fault.NONE, Done, Told.DONE),
        (Fault.LATE, type(None), Told.NOTHING),
        (Fault.LOST, Unclear, Told.NOTHING),
        (Fault.RESET, Unclear, Told.NOTHING),
        (Fault.BROKEN, Unclear, Told.NOTHING),
        (Fault.HANG, type(None), Told.NOTHING),
        (Fault.TOO_FAST, TooFast, Told.REFUSED),
        (Fault.TOO_FAST_EVERYWHERE, TooFast, Told.REFUSED),
        (Fault.GONE, AddressGone, Told.REFUSED),
    ],
)
async def test_each_fault_proves_what_it_proves(
    scene: Scene, fault: Fault, proves: type[object], told: Told
) -> None:
    async with scene.platform({fault: 1.0}) as platform:
        outcome = await in_time(scene.courier(platform), post())
    assert isinstance(outcome, proves)
    (arrival,) = platform.log.arrivals
    assert (arrival.told, arrival.why) == (told, fault)
    if isinstance(outcome, Done):
        assert outcome.receipt == arrival.receipt
    if isinstance(outcome, TooFast):
        assert outcome.account_wide == (fault is Fault.TOO_FAST_EVERYWHERE)


async def test_an_answer_may_come_when_the_call_was_given_up(scene: Scene) -> None:
    async with scene.platform({Fault.LATE: 1.0}) as platform:
        began = time.time()
        outcome = await scene.courier(platform).perform(post())
        took = time.time() - began
    assert isinstance(outcome, Done)
    assert DEADLINE < took < 2 * DEADLINE + 0.5
    assert [note.what for note in read_notes(scene.notes)] == ["begun", "late"]


async def test_what_is_not_a_post_is_not_for_this_platform(scene: Scene) -> None:
    async with scene.platform(NO_FAULTS) as platform:
        outcome = await scene.courier(platform).perform(Pin("c1", GROUP, "r1"))
    assert outcome == Unable("no_such_action")
    assert platform.log.arrivals == []


async def test_who_is_gone_stays_gone(scene: Scene) -> None:
    async with scene.platform({Fault.GONE: 0.5}) as platform:
        courier = scene.courier(platform)
        outcomes = [await courier.perform(post(f"c{number}")) for number in range(20)]
        elsewhere = [await courier.perform(post(f"d{number}", PERSON)) for number in range(20)]
    kinds = [type(outcome) for outcome in outcomes]
    first = kinds.index(AddressGone)
    assert set(kinds[first:]) == {AddressGone}
    assert Done in {type(outcome) for outcome in elsewhere}


async def test_a_shut_door_proves_that_nothing_was_sent_and_opens_again(scene: Scene) -> None:
    async with scene.platform(NO_FAULTS) as platform:
        courier = scene.courier(platform)
        assert isinstance(await courier.perform(post("c1")), Done)
        platform.shut()
        ((reader, _),) = courier._idle
        await reader.read()  # the end of the connection that was kept
        assert await courier.perform(post("c2")) == NothingSent("ConnectionRefusedError")
        assert await courier.lookup("c1") == Lookup(Presence.UNKNOWN)
        await platform.open()
        assert isinstance(await courier.perform(post("c2")), Done)
    assert [arrival.key for arrival in platform.log.arrivals] == ["c1", "c2"]
    assert len(platform.log.cuts) == 1 + 1  # the second time at the end


async def test_a_connection_is_used_again_and_never_after_a_call_was_given_up(
    scene: Scene,
) -> None:
    async with scene.platform({Fault.LATE: 0.2}) as platform:
        courier = scene.courier(platform)
        for number in range(20):
            await in_time(courier, post(f"c{number}"))
        arrivals = platform.log.arrivals
        assert {arrival.told for arrival in arrivals} == {Told.DONE, Told.NOTHING}
        for arrival in arrivals:  # no answer was taken for another call's
            found = await courier.lookup(arrival.key)
            assert found.receipt in {None, arrival.receipt}


# Windows


@pytest.mark.parametrize(
    ("limits", "address", "let_through"),
    [
        (Limits(account=(Rate(4, MINUTE),)), GROUP, 4),
        (Limits(chat=(Rate(3, MINUTE),)), GROUP, 3),
        (Limits(chat=(Rate(3, MINUTE),)), PERSON, 3),
        (Limits(chat=(Rate(3, MINUTE),), group=(Rate(2, MINUTE),)), GROUP, 2),
        (Limits(chat=(Rate(3, MINUTE),), group=(Rate(2, MINUTE),)), PERSON, 3),
        (Limits(), GROUP, 6),
    ],
)
async def test_what_is_above_a_limit_is_refused_and_noted(
    scene: Scene, limits: Limits, address: Address, let_through: int
) -> None:
    async with scene.platform(NO_FAULTS, limits=limits) as platform:
        courier = scene.courier(platform)
        outcomes = [await courier.perform(post(f"c{n}", address)) for n in range(6)]
    assert [isinstance(each, Done) for each in outcomes] == [n < let_through for n in range(6)]
    above = [arrival for arrival in platform.log.arrivals if arrival.above is not None]
    assert [arrival.key for arrival in above] == [f"c{n}" for n in range(let_through, 6)]
    assert not any(arrival.stands for arrival in above)


async def test_accounts_and_chats_have_windows_of_their_own(scene: Scene) -> None:
    limits = Limits(account=(Rate(2, MINUTE),), chat=(Rate(1, MINUTE),))
    async with scene.platform(NO_FAULTS, limits=limits) as platform:
        for account in ("a1", "a2"):
            courier = scene.courier(platform, account)
            for address in (GROUP, PERSON):
                assert isinstance(await courier.perform(post("c1", address)), Done)


@given(
    st.lists(st.floats(0, 3, allow_subnormal=False), max_size=30),
    st.integers(1, 5),
)
def test_a_window_lets_through_what_counting_by_hand_does(
    pauses: list[float], messages: int
) -> None:
    window = Window(Rate(messages, timedelta(seconds=2)))
    now, arrived = 0.0, list[float]()
    for pause in pauses:
        now += pause
        arrived.append(now)
        within = [moment for moment in arrived if now - moment < 2.0]
        assert window.takes(now) == (len(within) <= messages)


def test_the_rate_that_was_broken_is_named() -> None:
    windows = Windows(Limits(chat=(Rate(1, timedelta(seconds=2)),)))
    assert windows.broken_by("group:g1", 10.0) is None
    assert windows.broken_by("group:g1", 11.9) == "more than 1 in 2 s"
    assert windows.broken_by("group:g1", 13.9) is None


# Silence


@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_call_into_the_silence_that_was_asked_for_is_noted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, everywhere: bool
) -> None:
    monkeypatch.setattr("tests.faults.platform.SILENCE", (60.0, 60.0))
    fault = Fault.TOO_FAST_EVERYWHERE if everywhere else Fault.TOO_FAST
    async with scene.platform({fault: 1.0}) as platform:
        courier = scene.courier(platform)
        asked = await courier.perform(post("c1"))
        assert asked == TooFast(MINUTE, account_wide=everywhere)
        await asyncio.sleep(0)  # what was started in the same turn of the loop is excused
        await courier.perform(post("c2", PERSON))
        await courier.perform(post("c3"))
    early = {arrival.key: arrival.early for arrival in platform.log.arrivals}
    assert early == {"c1": False, "c2": everywhere, "c3": True}


async def test_after_the_silence_calls_are_welcome(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.faults.platform.SILENCE", (0.01, 0.01))
    async with scene.platform({Fault.TOO_FAST: 1.0}) as platform:
        courier = scene.courier(platform)
        await courier.perform(post("c1"))
        await asyncio.sleep(0.02)
        await courier.perform(post("c2"))
    assert [arrival.early for arrival in platform.log.arrivals] == [False, False]


async def test_what_was_started_before_the_silence_was_heard_is_excused(scene: Scene) -> None:
    async with scene.platform({Fault.TOO_FAST: 1.0}) as platform:
        courier = scene.courier(platform)
        await asyncio.gather(*(courier.perform(post(f"c{number}")) for number in range(5)))
    assert not any(arrival.early for arrival in platform.log.arrivals)


# Look-ups


async def test_a_platform_that_remembers_tells_what_stands(scene: Scene) -> None:
    async with scene.platform({Fault.LOST: 1.0}) as platform:
        courier = scene.courier(platform)
        for number in range(40):
            await courier.perform(post(f"c{number}"))
        told = Counter[Presence]()
        for arrival in platform.log.arrivals:
            found = await courier.lookup(arrival.key)
            told[found.presence] += 1
            if found.presence is not Presence.UNKNOWN:
                assert (found.presence is Presence.SENT) == arrival.stands
                assert found.receipt == arrival.receipt
    assert told[Presence.SENT] > 0
    assert told[Presence.ABSENT] > 0
    assert platform.log.oaths.keys() <= {
        arrival.key for arrival in platform.log.arrivals if not arrival.stands
    }


async def test_a_platform_that_forgets_tells_nothing(scene: Scene) -> None:
    async with scene.platform(NO_FAULTS, remembered=()) as platform:
        courier = scene.courier(platform)
        await courier.perform(post())
        assert await courier.lookup("c1") == Lookup(Presence.UNKNOWN)
    assert not platform.log.oaths


async def ask(platform: Platform, call: str) -> bytes:
    """What comes back for a line, to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", platform.port)
    writer.write(call.encode() + b"\n")
    writer.write_eof()
    answer = await reader.readline()
    writer.close()
    return answer


def line(departed: float) -> str:
    return (
        '{"do": "post", "key": "c1", "address": "group:g1", "account": "a1", "token": 1,'
        f' "departed": {departed}, "early": false}}'
    )


async def test_a_call_that_travelled_too_long_is_lost_on_its_way(scene: Scene) -> None:
    async with scene.platform(NO_FAULTS) as platform:
        assert await ask(platform, line(time.time() - 2 * DEADLINE - 0.01)) == b""
    (arrival,) = platform.log.arrivals
    assert (arrival.why, arrival.told, arrival.stands) == ("lost_on_its_way", Told.NOTHING, False)


async def test_after_an_oath_nothing_comes_that_departed_before_it(scene: Scene) -> None:
    async with scene.platform(NO_FAULTS) as platform:
        courier, departed = scene.courier(platform), time.time()
        found = Lookup(Presence.UNKNOWN)
        while found.presence is Presence.UNKNOWN:
            found = await courier.lookup("c1")
        assert found.presence is Presence.ABSENT
        assert await ask(platform, line(departed)) == b""
        assert isinstance(await courier.perform(post()), Done)
    assert [arrival.stands for arrival in platform.log.arrivals] == [False, True]


# Fates and notes


def test_fates_depend_on_the_seed_the_key_and_how_often_it_arrived() -> None:
    drawn = [fate_of("1", f"c{number}", 1) for number in range(200)]
    assert drawn == [fate_of("1", f"c{number}", 1) for number in range(200)]
    assert drawn != [fate_of("2", f"c{number}", 1) for number in range(200)]
    assert drawn != [fate_of("1", f"c{number}", 2) for number in range(200)]


def test_every_fault_is_drawn_about_as_often_as_its_share_says() -> None:
    number = 20_000
    fates = [fate_of("1", f"c{each}", 1) for each in range(number)]
    drawn = Counter(fate.fault for fate in fates)
    for fault, share in SHARES.items():
        spread = 5 * (share / number) ** 0.5
        assert drawn[fault] / number == pytest.approx(share, abs=spread)
    for fate in fates:
        if fate.fault in ALWAYS_STANDS | NEVER_STANDS:
            assert fate.stands == (fate.fault in ALWAYS_STANDS)
    stands = Counter((fate.fault, fate.stands) for fate in fates)
    for fault in set(Fault) - ALWAYS_STANDS - NEVER_STANDS:
        assert stands[fault, True] > 0
        assert stands[fault, False] > 0


def test_notes_are_read_as_they_were_taken(scene: Scene) -> None:
    notes = Notes(scene.file)
    notes.take(1.5, "begun", "c1/once/a1/group:g1")
    notes.take(2.25, "lost", "a1/7")
    assert read_notes(scene.notes) == [
        Note(1.5, "begun", "c1/once/a1/group:g1"),
        Note(2.25, "lost", "a1/7"),
    ]
