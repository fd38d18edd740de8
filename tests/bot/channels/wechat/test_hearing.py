from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.channels.port import ChannelOutOfOrder
from bot.channels.wechat import hearing as hearing_room
from bot.channels.wechat.connection import (
    GatewayTaken,
    GatewayTokenRefused,
    GatewayUnreachable,
)
from bot.channels.wechat.gateway import (
    Complaint,
    Failure,
    MessageArrived,
    MessageType,
    PayloadKind,
    Stale,
)
from bot.channels.wechat.hearing import WeChatHearing
from bot.channels.wechat.rhythm import Rhythm
from handlers.events import (
    AccountChanged,
    AccountState,
    Event,
    HearingGap,
    MessageHeard,
    StaffChanged,
    StillHearing,
)
from handlers.roles import Role
from scheduler.clock import RealClock
from storage.errors import RunningError
from tests.bot.channels.wechat.fake_gateway import ME, FakeGateway
from tests.bot.channels.wechat.heard import (
    ACCOUNT,
    FAN,
    GROUP,
    HASTY,
    OWNER,
    Heard,
    hear,
    hear_one,
    settled,
)
from tests.bot.program import until


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing_room, "_REST", timedelta(seconds=0.01))
    monkeypatch.setattr(hearing_room, "_TRIED_FOR", timedelta(seconds=0.2))


class SetBack(RealClock):
    """A clock that is an hour ahead, until it is set right."""

    ahead = timedelta(hours=1)

    def now(self) -> datetime:
        return super().now() + self.ahead


def say(shop: Heard, *texts: str) -> None:
    for text in texts:
        shop.gateway.arrives(FAN, text, room=GROUP)


def texts(heard: list[Event]) -> list[str]:
    return [one.text for one in heard if isinstance(one, MessageHeard)]


def gaps(heard: list[Event]) -> list[HearingGap]:
    return [one for one in heard if isinstance(one, HearingGap)]


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure.NOT_SENT, GatewayUnreachable),
        (Failure.LOST, GatewayUnreachable),
        (Failure.TOKEN, GatewayTokenRefused),
        (Failure.TAKEN, GatewayTaken),
    ],
)
async def test_a_gateway_that_cannot_be_listened_to_is_named(
    shop: Heard, failure: Failure, error: type[RunningError]
) -> None:
    shop.gateway.fails("events", failure)
    with pytest.raises(error, match=ACCOUNT):
        await shop.hearing().open()


async def test_logging_in_is_not_waited_for(shop: Heard) -> None:
    shop.gateway.me, shop.gateway.ready = None, False
    async with shop.open() as hearing:
        assert not hearing.online
        assert hearing.me is None
        shop.gateway.wants_scan("scan me")
        scan = await hear_one(hearing, AccountChanged)
        assert (scan.state, scan.code) == (AccountState.SCAN, "scan me")
        assert shop.scans == [(ACCOUNT, "scan me")]
        shop.gateway.logs_in()
        online = await hear_one(hearing, AccountChanged, scan.cursor)
        assert online.state is AccountState.ONLINE
        assert hearing.online


async def test_a_log_out_is_told_with_its_reason(shop: Heard, hearing: WeChatHearing) -> None:
    (online, *_) = await settled(hearing)
    shop.gateway.logs_out("kicked by the phone")
    offline = await hear_one(hearing, AccountChanged, online.cursor)
    assert (offline.state, offline.reason) == (AccountState.OFFLINE, "kicked by the phone")
    assert not hearing.online
    assert hearing.me is None


async def test_an_account_that_nobody_logged_in_is_offline(shop: Heard) -> None:
    shop.gateway.me, shop.gateway.ready = None, False
    async with shop.open() as hearing:
        offline = await hear_one(hearing, AccountChanged)
    assert (offline.state, offline.reason) == (AccountState.OFFLINE, "logged out")


async def test_a_gateway_that_another_client_took_makes_the_account_offline(
    shop: Heard, hearing: WeChatHearing
) -> None:
    await settled(hearing)
    shop.gateway.fails("events", Failure.TAKEN)
    shop.gateway.break_off()
    states = [one for one in await settled(hearing) if isinstance(one, AccountChanged)]
    assert [(one.state, one.reason) for one in states] == [
        (AccountState.ONLINE, ""),
        (AccountState.OFFLINE, "taken"),
        (AccountState.ONLINE, ""),
    ]


@pytest.mark.parametrize("failure", [Failure.TAKEN, Failure.TOKEN])
async def test_nothing_leaves_while_the_gateway_serves_another_or_refuses_the_token(
    shop: Heard, hearing: WeChatHearing, failure: Failure
) -> None:
    await settled(hearing)
    shop.gateway.fails("events", *[failure] * 10_000)
    shop.gateway.break_off()
    await until(lambda: not hearing.online)
    assert hearing.me is None
    shop.gateway.mends("events")
    await until(lambda: hearing.online)


async def test_a_short_break_of_the_stream_makes_no_account_offline(
    shop: Heard, hearing: WeChatHearing
) -> None:
    await settled(hearing)
    shop.gateway.fails("events", Failure.LOST)
    shop.gateway.break_off()
    while len(shop.gateway.calls("events")) < 3:
        assert hearing.online
        await asyncio.sleep(0)


async def test_what_is_said_comes_in_its_order_though_some_takes_longer(
    shop: Heard, hearing: WeChatHearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = shop.gateway.message

    async def sometimes_slow(identity: str) -> object:
        await asyncio.sleep(0.02 if identity.endswith(("1", "4", "7")) else 0)
        return await message(identity)

    monkeypatch.setattr(shop.gateway, "message", sometimes_slow)
    said = [str(number) for number in range(30)]
    say(shop, *said)
    assert texts(await settled(hearing)) == said


async def test_cursors_rise_and_what_is_behind_one_is_heard_from_it_on(
    shop: Heard, hearing: WeChatHearing
) -> None:
    say(shop, "一", "二", "三")
    heard = await settled(hearing)
    cursors = [one.cursor for one in heard]
    assert cursors == sorted(cursors)
    for place, one in enumerate(heard):
        if isinstance(one, MessageHeard):
            assert await settled(hearing, one.cursor) == heard[place + 1 :]


async def test_what_was_heard_and_not_stored_is_heard_again(
    shop: Heard, hearing: WeChatHearing
) -> None:
    before = (await settled(hearing))[-1].cursor
    say(shop, "一", "二")
    async with aclosing(hearing.events(before)) as events:
        first = await anext(events)
    assert texts(await settled(hearing, before)) == ["一", "二"]
    await hearing.confirm(first.cursor)
    assert texts(await settled(hearing, before)) == ["二"]
    await hearing.confirm("no cursor of ours")
    assert texts(await settled(hearing, before)) == ["二"]


async def test_nothing_is_heard_of_the_time_before_the_first_start(
    shop: Heard,
) -> None:
    shop.rhythm = replace(HASTY, mark=timedelta(seconds=0.03))
    shop.gateway.me, shop.gateway.ready = None, False
    async with shop.open() as hearing:
        await asyncio.sleep(0.1)
        assert gaps(await settled(hearing)) == []


async def test_what_was_missed_since_the_last_run_is_a_gap_that_comes_first(shop: Heard) -> None:
    since = shop.clock.now() - timedelta(minutes=8)
    async with shop.open() as hearing:
        gap, *others = await settled(hearing, since.isoformat(timespec="microseconds"))
    assert isinstance(gap, HearingGap)
    assert gap.since == since
    assert timedelta(0) <= shop.clock.now() - gap.at < timedelta(seconds=5)
    assert gaps(others) == []
    assert gap.cursor < others[0].cursor


async def test_a_restart_of_a_moment_is_no_gap(shop: Heard) -> None:
    since = shop.clock.now() - timedelta(seconds=3)
    async with shop.open() as hearing:
        assert gaps(await settled(hearing, since.isoformat())) == []


async def test_a_run_that_failed_while_the_line_stood_missed_nothing(
    shop: Heard, hearing: WeChatHearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = (await settled(hearing))[-1].cursor
    monkeypatch.setattr(hearing_room, "_LATE", timedelta(0))
    say(shop, "一")
    await asyncio.sleep(0.01)
    heard = await settled(hearing, cursor)
    assert (texts(heard), gaps(heard)) == (["一"], [])


async def test_a_cursor_from_a_clock_that_was_ahead_makes_nobody_deaf(
    shop: Heard, hearing: WeChatHearing
) -> None:
    say(shop, "一")
    ahead = shop.clock.now() + timedelta(days=1)
    heard = await settled(hearing, ahead.isoformat())
    assert (texts(heard), gaps(heard)) == (["一"], [])


@pytest.mark.parametrize("cursor", ["", "8467", "2026-11-05", "2026-11-05T12:00:00"])
async def test_a_cursor_that_is_none_is_a_first_start(
    shop: Heard, hearing: WeChatHearing, cursor: str
) -> None:
    say(shop, "一")
    heard = await settled(hearing, cursor)
    assert (texts(heard), gaps(heard)) == (["一"], [])


async def test_a_break_is_a_gap_from_the_last_sign_of_life(
    shop: Heard, hearing: WeChatHearing
) -> None:
    say(shop, "一")
    before = await settled(hearing)
    shop.gateway.break_off()
    await until(lambda: len(shop.gateway.calls("events")) == 2)
    (gap,) = gaps(await settled(hearing, before[-1].cursor))
    assert datetime.fromisoformat(before[-1].cursor) <= gap.since <= gap.at


async def test_a_gap_grows_while_nobody_hears_and_all_is_well_otherwise(shop: Heard) -> None:
    shop.rhythm = replace(HASTY, mark=timedelta(seconds=0.05))
    async with shop.open() as hearing:
        still = await hear_one(hearing, StillHearing)
        shop.gateway.logs_out()
        heard = await hear(hearing, lambda some: len(gaps(some)) == 3, still.cursor)
    first, second, third = gaps(heard)
    assert (second.since, third.since) == (first.at, second.at)


async def test_a_message_that_nobody_knows_any_more_is_passed_over(
    shop: Heard, hearing: WeChatHearing
) -> None:
    with capture_logs() as logs:
        shop.gateway.tell(MessageArrived("gone"))
        say(shop, "好")
        heard = await settled(hearing)
    assert texts(heard) == ["好"]
    (passed,) = [one for one in logs if one["event"] == "passed_over"]
    assert (passed["account"], passed["what"]) == (ACCOUNT, "MessageArrived")


async def test_a_message_is_asked_for_again_where_the_answer_was_lost(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.gateway.fails("message", Failure.LOST, Failure.NOT_SENT)
    say(shop, "一", "二")
    heard = await settled(hearing)
    assert (texts(heard), gaps(heard)) == (["一", "二"], [])


async def test_a_message_whose_answer_is_lost_again_and_again_is_a_gap(
    shop: Heard, hearing: WeChatHearing
) -> None:
    cursor = (await settled(hearing))[-1].cursor
    shop.gateway.fails("message", *[Failure.LOST] * 1_000)
    say(shop, "一")
    gap = await hear_one(hearing, HearingGap, cursor)
    assert gap.since < gap.at


async def test_messages_that_are_refused_are_one_gap_up_to_the_next_that_is_read(
    shop: Heard, hearing: WeChatHearing
) -> None:
    cursor = (await settled(hearing))[-1].cursor
    before = shop.clock.now()
    shop.gateway.tell(MessageArrived("gone"))
    await asyncio.sleep(0.02)
    shop.gateway.tell(MessageArrived("gone too"))
    await asyncio.sleep(0.02)
    say(shop, "好")
    heard = await settled(hearing, cursor)
    assert texts(heard) == ["好"]
    first, *others = gaps(heard)
    assert before - timedelta(seconds=1) <= first.since <= before + timedelta(seconds=0.02)
    assert {gap.since for gap in others} == {first.since}
    (message,) = [one for one in heard if isinstance(one, MessageHeard)]
    assert others[-1].at >= first.at + timedelta(seconds=0.04)
    assert others[-1].cursor < message.cursor


async def test_news_of_who_leads_are_told_again_to_who_did_not_store_them(
    shop: Heard, hearing: WeChatHearing
) -> None:
    cursor = (await settled(hearing))[-1].cursor
    room = shop.gateway.groups[GROUP]
    shop.gateway.groups[GROUP] = replace(room, owner="", admins=(FAN,))
    shop.gateway.tell(Stale(PayloadKind.ROOM, GROUP))
    runs = [
        {one.member.id: one.member.staff for one in heard if isinstance(one, StaffChanged)}
        for heard in (await settled(hearing, cursor), await settled(hearing, cursor))
    ]
    assert runs == [{FAN: True, OWNER: False}] * 2
    await hearing.confirm(shop.clock.now().isoformat())
    assert not await settled(hearing, shop.clock.now().isoformat())


def test_all_is_marked_as_heard_before_a_restart_could_look_like_a_minute_of_deafness() -> None:
    rhythm = Rhythm()
    longest = rhythm.mark + rhythm.ding
    assert longest < timedelta(seconds=45)


async def test_a_clock_that_is_set_back_makes_no_gap_in_the_future(
    shop: Heard,
) -> None:
    clock = shop.clock = SetBack()
    async with shop.open() as hearing:
        cursor = (await settled(hearing))[-1].cursor
        clock.ahead = timedelta(0)
        shop.gateway.break_off()
        await until(lambda: len(shop.gateway.calls("events")) == 2)
        shop.gateway.logs_out()
        heard = await settled(hearing, cursor)
    now = clock.now()
    assert [one.cursor for one in heard] == sorted({one.cursor for one in heard})
    (gap,) = gaps(heard)
    assert gap.since < gap.at <= now
    assert now - gap.since < timedelta(seconds=10)
    (out,) = [e for e in heard if isinstance(e, AccountChanged) and e.reason]
    assert now - timedelta(seconds=10) < out.at <= now


@pytest.mark.parametrize(
    "what",
    [
        Complaint("wechat: 操作过于频繁，请稍后再试"),
        pytest.param(MessageArrived("refused"), id="a look-up that is refused"),
    ],
)
async def test_the_account_stops_at_what_says_that_it_is_restricted(
    shop: Heard, hearing: WeChatHearing, what: Complaint | MessageArrived
) -> None:
    cursor = (await settled(hearing))[-1].cursor
    shop.gateway.fails("message", Failure.REFUSED, reason="操作过于频繁")
    shop.gateway.tell(what)
    await settled(hearing, cursor)
    assert len(shop.stops.said) == 1
    assert "操作过于频繁" in shop.stops.said[0]


@pytest.mark.parametrize("call", ["contact", "room_member", "room", "link", "picture", "start"])
async def test_no_refusal_of_a_restricted_account_is_overheard(shop: Heard, call: str) -> None:
    shop.gateway.fails(call, *[Failure.REFUSED] * 1_000, reason="账号异常")
    shop.roles = {OWNER: Role.MANAGER}
    async with shop.open() as hearing:
        shop.gateway.shares_link(FAN, "攻略", "https://example.com/", room=GROUP)
        shop.gateway.arrives(OWNER, "", room=GROUP, kind=MessageType.IMAGE)
        heard = await settled(hearing)
    assert shop.stops.said
    assert set(shop.stops.said) <= {"账号异常", "refused: 账号异常"}
    assert len([one for one in heard if isinstance(one, MessageHeard)]) == 2


async def test_closing_ends_the_events_even_in_the_middle_of_a_look_up(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.gateway.holds("message")
    say(shop, "一")
    everything = asyncio.create_task(hear(hearing, lambda _: False))
    await asyncio.sleep(0.05)
    await hearing.close()
    await hearing.close()
    assert texts(await asyncio.wait_for(everything, 1)) == []
    assert not shop.gateway.listened_to


async def test_a_fault_of_ours_is_out_of_order_and_opened_anew_it_is_over(
    shop: Heard, hearing: WeChatHearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = shop.gateway.message

    async def wrong(identity: str) -> object:
        if identity == "poison":
            raise ZeroDivisionError
        return await message(identity)

    monkeypatch.setattr(shop.gateway, "message", wrong)
    shop.gateway.tell(MessageArrived("poison"))
    with pytest.raises(ChannelOutOfOrder, match=ACCOUNT) as out_of_order:
        await settled(hearing)
    assert isinstance(out_of_order.value.__cause__, ZeroDivisionError)
    await hearing.close()
    await hearing.open()
    say(shop, "好")
    assert texts(await settled(hearing)) == ["好"]


async def test_a_database_that_fails_for_a_while_does_not_put_the_line_out_of_order(
    shop: Heard, hearing: WeChatHearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: str) -> object:
        raise ConnectionResetError

    monkeypatch.setattr(shop.gateway, "message", away)
    say(shop, "一")
    with pytest.raises(ConnectionResetError):
        await settled(hearing)
    monkeypatch.undo()
    assert texts(await settled(hearing)) == ["一"]


async def test_a_hearing_that_was_closed_opens_again(shop: Heard, hearing: WeChatHearing) -> None:
    await hearing.close()
    say(shop, "nobody hears this")
    await hearing.open()
    say(shop, "回来了")
    assert texts(await settled(hearing)) == ["回来了"]


async def test_two_accounts_in_one_process_are_kept_apart(shop: Heard) -> None:
    other = replace(shop, gateway=FakeGateway("wxid_other", "小暖"))
    other.gateway.add_person(FAN, "另一个小雨")
    other.gateway.add_room(GROUP, "别家的群", [FAN])
    async with shop.open() as one, other.open() as two:
        say(shop, "一")
        say(other, "二")
        heard, elsewhere = await settled(one), await settled(two)
        assert (one.me and one.me.id, two.me and two.me.id) == (ME, "wxid_other")
    assert (texts(heard), texts(elsewhere)) == (["一"], ["二"])
    names = [
        [e.sender.name for e in some if isinstance(e, MessageHeard)] for some in (heard, elsewhere)
    ]
    assert names == [["小雨"], ["另一个小雨"]]


async def test_no_task_is_left_when_a_hearing_is_closed(shop: Heard) -> None:
    before = asyncio.all_tasks()
    async with shop.open() as hearing:
        say(shop, "一", "二")
        await settled(hearing)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
