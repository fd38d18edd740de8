from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.channels.wechat import line as line_room
from bot.channels.wechat.gateway import (
    Complaint,
    Dong,
    Failure,
    GatewayCallFailed,
    GatewayEvent,
    LoggedIn,
    LoggedOut,
    MessageArrived,
    ScanNeeded,
    ScanStatus,
)
from bot.channels.wechat.line import (
    AllHeard,
    Line,
    RoomsKnown,
    Silence,
    Something,
    Told,
    Unreached,
)
from bot.channels.wechat.rhythm import Rhythm
from scheduler.clock import RealClock, SimulatedClock
from tests.bot.channels.wechat.fake_gateway import ME, FakeGateway
from tests.bot.channels.wechat.heard import HASTY
from tests.bot.program import until


def line_to(gateway: FakeGateway, rhythm: Rhythm = HASTY) -> Line:
    return Line(gateway, "wechat:shop", RealClock(), rhythm)


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
async def line(gateway: FakeGateway) -> AsyncIterator[Line]:
    made = line_to(gateway)
    await made.open()
    yield made
    await made.close()


async def told(line: Line, count: int, cursor: datetime | None = None) -> list[Told]:
    found: list[Told] = []
    async with asyncio.timeout(5), aclosing(line.told_behind(cursor)) as things:
        async for thing in things:
            found.append(thing)
            if len(found) == count:
                break
    return found


async def heard(line: Line, count: int) -> list[Something]:
    return [one.what for one in await told(line, count)]


async def test_a_line_tells_who_is_logged_in_and_what_happens(
    gateway: FakeGateway, line: Line
) -> None:
    gateway.tell(MessageArrived("m1"))
    assert await heard(line, 3) == [LoggedIn(ME), RoomsKnown(complete=True), MessageArrived("m1")]
    assert line.me == ME


async def test_it_listens_whether_or_not_anybody_takes_what_it_hears(
    gateway: FakeGateway, line: Line
) -> None:
    first = await told(line, 2)
    gateway.tell(MessageArrived("m1"), MessageArrived("m2"))
    await asyncio.sleep(0.02)
    behind = await told(line, 2, first[-1].cursor)
    assert [one.what for one in behind] == [MessageArrived("m1"), MessageArrived("m2")]


async def test_what_is_not_confirmed_is_told_again_and_what_is_is_forgotten(
    gateway: FakeGateway, line: Line
) -> None:
    gateway.tell(*(MessageArrived(f"m{number}") for number in range(3)))
    before = await told(line, 5)
    assert await told(line, 5) == before
    line.confirm(before[3].cursor)
    assert await told(line, 1) == before[4:]


async def test_instants_rise_though_the_clock_stands_still(gateway: FakeGateway) -> None:
    clock = SimulatedClock(datetime.fromisoformat("2026-11-05T12:00:00+08:00"))
    line = Line(gateway, "wechat:shop", clock, HASTY)
    await line.open()
    gateway.tell(*(MessageArrived(f"m{number}") for number in range(3)))
    instants = [one.cursor for one in await told(line, 5)]
    await line.close()
    assert instants == sorted(set(instants))


@pytest.mark.parametrize("failure", [Failure.NOT_SENT, Failure.TOKEN, Failure.TAKEN])
async def test_a_gateway_that_tells_nothing_from_the_start_is_an_error(
    gateway: FakeGateway, failure: Failure
) -> None:
    gateway.fails("events", failure)
    line = line_to(gateway)
    with pytest.raises(GatewayCallFailed) as failed:
        await line.open()
    assert failed.value.failure is failure
    assert not gateway.listened_to


async def test_a_gateway_that_hangs_from_the_start_is_an_error(gateway: FakeGateway) -> None:
    gateway.holds("events")
    line = line_to(gateway, replace(HASTY, first=timedelta(seconds=0.02)))
    with pytest.raises(GatewayCallFailed, match="tells nothing"):
        await line.open()


async def test_a_broken_stream_is_made_again_and_what_was_missed_is_a_silence(
    gateway: FakeGateway, line: Line
) -> None:
    before = await told(line, 2)
    gateway.break_off()
    await until(lambda: len(gateway.calls("events")) == 2)
    gateway.tell(MessageArrived("lost or not"))
    silence, login, *_ = await told(line, 3, before[-1].cursor)
    assert isinstance(silence.what, Silence)
    assert silence.what.since <= silence.at
    assert login.what == LoggedIn(ME)


@pytest.mark.usefixtures("line")
async def test_a_gateway_that_fell_silent_is_noticed(gateway: FakeGateway) -> None:
    await until(lambda: gateway.calls("ding"))
    assert gateway.listened_to
    gateway.answers_dings = False
    await until(lambda: len(gateway.calls("events")) == 2)


async def test_a_puppet_that_knows_no_dong_lives_by_the_calls_it_takes(
    gateway: FakeGateway,
) -> None:
    gateway.answers_dings = False
    line = line_to(gateway)
    await line.open()
    await asyncio.sleep(HASTY.silence.total_seconds() * 1.5)
    assert len(gateway.calls("events")) == 1
    gateway.fails("ding", *[Failure.LOST] * 10_000)
    await until(lambda: len(gateway.calls("events")) == 2)
    await line.close()


@pytest.mark.parametrize("failure", [Failure.UNKNOWN_CALL, Failure.REFUSED])
async def test_a_gateway_that_refuses_a_ding_is_alive(
    gateway: FakeGateway, failure: Failure
) -> None:
    gateway.fails("ding", *[failure] * 10_000)
    line = line_to(gateway)
    await line.open()
    await asyncio.sleep(HASTY.silence.total_seconds() * 1.5)
    assert len(gateway.calls("events")) == 1
    await line.close()


async def test_the_account_is_started_once_in_each_stream(gateway: FakeGateway) -> None:
    line = line_to(gateway)
    await line.open()
    await until(lambda: len(gateway.calls("ding")) > 1)
    assert len(gateway.calls("start")) == 1
    gateway.fails("start", Failure.LOST)
    gateway.break_off()
    await until(lambda: len(gateway.calls("ding")) > 3)
    assert len(gateway.calls("start")) == 3  # once more, since the first answer was lost
    await line.close()


async def test_the_time_between_log_out_and_log_in_is_a_silence(
    gateway: FakeGateway, line: Line
) -> None:
    gateway.logs_out("on the phone")
    await until(lambda: line.me is None)
    gateway.logs_in()
    *_, out, silence, login = await told(line, 5)
    assert (out.what, out.me) == (LoggedOut(ME, "on the phone"), None)
    assert isinstance(silence.what, Silence)
    assert silence.what.since <= out.at
    assert (login.what, login.me) == (LoggedIn(ME), ME)


async def test_an_account_that_is_told_to_be_logged_in_again_is_told_of_once(
    gateway: FakeGateway, line: Line
) -> None:
    await told(line, 2)
    gateway.tell(LoggedIn(ME), MessageArrived("m1"))
    assert (await heard(line, 3))[2] == MessageArrived("m1")


async def test_an_account_that_nobody_logged_in_is_logged_out() -> None:
    line = line_to(FakeGateway(me=None))
    await line.open()
    assert await heard(line, 1) == [LoggedOut("", "")]
    await line.close()


async def test_a_code_to_scan_is_told_and_each_newer_one(gateway: FakeGateway) -> None:
    gateway.me, gateway.ready = None, False
    line = line_to(gateway)
    await line.open()
    gateway.wants_scan("one")
    gateway.wants_scan("", ScanStatus.SCANNED)
    gateway.wants_scan("two", ScanStatus.TIMEOUT)
    codes = [one for one in await heard(line, 2) if isinstance(one, ScanNeeded)]
    assert [one.code for one in codes] == ["one", "two"]
    assert line.me is None
    await line.close()


async def test_an_account_that_was_logged_out_while_nobody_listened_is_found_out(
    gateway: FakeGateway, line: Line
) -> None:
    await told(line, 2)
    gateway.me, gateway.ready = None, False
    gateway.break_off()
    await until(lambda: line.me is None)
    assert (await heard(line, 3))[-1] == LoggedOut(ME, "")


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (Failure.TAKEN, "taken"),
        (Failure.TOKEN, "token"),
        (Failure.NOT_SENT, "unreachable"),
        (Failure.LOST, "unreachable"),
    ],
)
async def test_why_nobody_can_listen_is_told_once(
    gateway: FakeGateway, line: Line, failure: Failure, why: str
) -> None:
    gateway.fails("events", *[failure] * 8)
    gateway.break_off()
    await until(lambda: gateway.listened_to and len(gateway.calls("events")) == 10)
    told_why = [one for one in await heard(line, 5) if isinstance(one, Unreached)]
    assert told_why == [Unreached(why)]
    assert line.me == ME


async def test_a_short_break_is_nobody_s_business(gateway: FakeGateway, line: Line) -> None:
    gateway.break_off()
    await until(lambda: gateway.listened_to and len(gateway.calls("events")) == 2)
    assert not [one for one in await heard(line, 5) if isinstance(one, Unreached)]


async def test_rests_grow_and_are_longer_where_another_client_listens() -> None:
    line = line_to(FakeGateway(), Rhythm())
    for failure, expected in [
        (Failure.LOST, [1, 2, 4, 8, 16, 30, 30]),
        (Failure.TAKEN, [15, 30, 60, 120, 240, 300, 300]),
    ]:
        rest, rests = timedelta(), list[float]()
        for _ in expected:
            rest = line._next_rest(rest, failure)
            rests.append(rest.total_seconds())
        assert rests == expected


async def test_rooms_that_are_not_known_in_time_are_asked_for_anyway(gateway: FakeGateway) -> None:
    gateway.ready = False
    line = line_to(gateway)
    await line.open()
    assert await heard(line, 2) == [LoggedIn(ME), RoomsKnown(complete=False)]
    gateway.logs_in()
    assert (await heard(line, 3))[-1] == RoomsKnown(complete=True)
    await line.close()


async def test_from_time_to_time_it_is_marked_that_all_was_heard_or_nothing(
    gateway: FakeGateway,
) -> None:
    line = line_to(gateway, replace(HASTY, mark=timedelta(seconds=0.05)))
    await line.open()
    *_, all_heard = await told(line, 3)
    assert all_heard.what == AllHeard()
    gateway.logs_out()
    await until(lambda: line.me is None)
    since = line.latest
    *_, first, second = await told(line, 3, since)
    assert isinstance(first.what, Silence)
    assert isinstance(second.what, Silence)
    assert second.what.since == first.at  # they touch
    await line.close()


async def test_a_gateway_that_tells_more_than_can_be_kept_has_to_wait(
    gateway: FakeGateway, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_room, "_MOST", 10)
    gateway.tell(*(MessageArrived(f"m{number}") for number in range(50)))
    await asyncio.sleep(HASTY.silence.total_seconds() * 1.5)
    assert len(gateway.calls("events")) == 1  # it is not silent: it waits
    messages: list[GatewayEvent] = []
    async with asyncio.timeout(5), aclosing(line.told_behind(None)) as things:
        async for thing in things:
            if isinstance(thing.what, MessageArrived):
                messages.append(thing.what)
            line.confirm(thing.cursor)
            if len(messages) == 50:
                break
    assert messages == [MessageArrived(f"m{number}") for number in range(50)]


async def test_what_is_told_ends_when_the_line_is_closed(gateway: FakeGateway, line: Line) -> None:
    everything = asyncio.create_task(told(line, 1_000))
    await asyncio.sleep(0.01)
    await line.close()
    assert [one.what for one in await everything] == [LoggedIn(ME), RoomsKnown(complete=True)]
    assert not gateway.listened_to
    assert line.me is None


async def test_a_line_that_was_closed_opens_again_without_what_was_told_before(
    gateway: FakeGateway, line: Line
) -> None:
    gateway.tell(MessageArrived("m1"))
    await told(line, 3)
    await line.close()
    await line.close()
    await line.open()
    assert await heard(line, 2) == [LoggedIn(ME), RoomsKnown(complete=True)]


async def test_no_task_is_left_when_a_line_is_closed(gateway: FakeGateway) -> None:
    before = asyncio.all_tasks()
    line = line_to(gateway)
    await line.open()
    gateway.tell(Complaint("x"), Dong("y"))
    gateway.break_off()
    await until(lambda: len(gateway.calls("events")) == 2)
    await line.close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_what_should_never_fail_is_no_silence(
    gateway: FakeGateway, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told(line, 2)

    async def wrong(_: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(gateway, "ding", wrong)
    with pytest.raises(RuntimeError, match="out of order"):
        await told(line, 1_000)
