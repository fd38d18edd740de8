"""What the channel does besides posting, and when nothing leaves the account at all."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.channels.wechat import channel as channel_room
from bot.channels.wechat.gateway import Failure
from handlers.events import AccountChanged, AccountState
from scheduler.content import Content, Picture
from scheduler.courier import (
    AccountDown,
    Address,
    Admit,
    Befriend,
    Delete,
    Done,
    Edit,
    Invite,
    Pin,
    Post,
    Unable,
    Unclear,
)
from storage import own_posts
from storage.account_stops import lift_stop
from storage.own_posts import OwnPost
from tests.bot.channels.wechat.speaking import ACCOUNT, EARLY, FAN, ROOM, Stage

NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)

# What is done besides


async def test_what_wechat_does_not_have_is_not_tried(stage: Stage) -> None:
    assert isinstance(await stage.perform(Edit("e", ROOM, "m1", Content("晚"))), Unable)
    assert isinstance(await stage.perform(Invite("i", ROOM, "小鱼")), Unable)
    assert stage.gateway.asked == []


async def test_a_message_is_taken_back_while_wechat_lets_it(stage: Stage) -> None:
    assert await stage.perform(Delete("d", ROOM, "m1")) == Done("m1")
    stage.gateway.recalls = False
    assert isinstance(await stage.perform(Delete("d", ROOM, "m1")), Unable)
    assert stage.gateway.calls("recall") == [("m1",), ("m1",)]


async def test_what_was_said_long_ago_is_not_asked_for_in_vain(stage: Stage) -> None:
    outcome = await stage.perform(EARLY)
    assert isinstance(outcome, Done)
    async with stage.database.writing() as connection:
        long_ago = stage.clock.now() - timedelta(minutes=4)
        await own_posts.begin(connection, ACCOUNT, OwnPost("k", str(ROOM), ["早"]), long_ago)
        await own_posts.note_receipt(connection, ACCOUNT, "k", 0, outcome.receipt)
    assert isinstance(await stage.perform(Delete("d", ROOM, outcome.receipt)), Unable)
    assert stage.gateway.calls("recall") == []


async def test_an_announcement_counts_only_if_it_stands_there(stage: Stage) -> None:
    outcome = await stage.perform(EARLY)
    assert isinstance(outcome, Done)
    pin = Pin("p", ROOM, outcome.receipt)
    assert await stage.perform(pin) == Done(outcome.receipt)
    assert stage.gateway.announcements == {"1@chatroom": "早"}
    stage.gateway.announcements.clear()
    stage.gateway.announces = False
    assert isinstance(await stage.perform(pin), Unable)


@pytest.mark.parametrize("pin", [Pin("p", ROOM, ""), Pin("p", FAN, "m1"), Pin("p", ROOM, "m1")])
async def test_what_cannot_be_announced_is_not(stage: Stage, pin: Pin) -> None:
    assert isinstance(await stage.perform(pin), Unable)
    assert stage.gateway.calls("announce") == []


async def test_people_are_let_in_and_befriended(stage: Stage) -> None:
    assert await stage.perform(Admit("a", ROOM, "wxid_new")) == Done("wxid_new")
    assert stage.gateway.calls("bring_in") == [("1@chatroom", "wxid_new")]
    assert isinstance(await stage.perform(Admit("a", ROOM, "wxid_x", refuse=True)), Done)
    assert len(stage.gateway.calls("bring_in")) == 1
    asked = stage.gateway.asks_to_be_friends(stage.gateway.add_person("wxid_new", "新粉"))
    befriend = Befriend("b", Address(person="wxid_new"), asked)
    assert await stage.perform(befriend) == Done(asked)
    assert stage.gateway.people["wxid_new"].friend


# When nothing leaves


async def test_an_account_that_is_logged_out_says_nothing(stage: Stage) -> None:
    stage.ears.online = False
    assert await stage.perform(EARLY) == AccountDown("logged out")
    assert stage.gateway.asked == []


async def test_right_after_the_start_it_is_waited_for_who_is_logged_in(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.ears.online = False
    stage.ears.known.clear()
    performing = asyncio.create_task(stage.perform(EARLY))
    await asyncio.sleep(0.02)
    stage.ears.online = True
    stage.ears.known.set()
    assert isinstance(await performing, Done)
    monkeypatch.setattr(channel_room, "_LOGIN_KNOWN_WITHIN", timedelta(milliseconds=10))
    stage.ears.online = False
    stage.ears.known.clear()
    assert await stage.perform(EARLY) == AccountDown("logged out")


async def test_a_sign_of_restriction_stops_the_account_until_it_is_lifted(
    stage: Stage, tmp_path: Path
) -> None:
    stage.gateway.fails("say", Failure.REFUSED, reason="操作过于频繁，可稍后再试。")
    assert await stage.perform(EARLY) == AccountDown("restricted")
    assert len(stage.gateway.calls("say")) == 1
    for action in (EARLY, Delete("d", ROOM, "m1"), Befriend("b", FAN, "f1")):
        assert await stage.perform(action) == AccountDown("restricted")
    restarted = Stage(stage.database, tmp_path)
    assert await restarted.perform(EARLY) == AccountDown("restricted")
    assert len(stage.gateway.asked) == 1
    assert restarted.gateway.asked == []
    async with stage.database.writing() as connection:
        assert await lift_stop(connection, ACCOUNT)
    assert isinstance(await stage.perform(EARLY), Done)


@pytest.mark.parametrize(
    ("reason", "stops"),
    [("该账号被限制登录", True), ("logged out", False), ("taken", False), ("", False)],
)
async def test_an_account_that_is_put_out_for_what_it_did_stays_silent(
    stage: Stage, reason: str, *, stops: bool
) -> None:
    put_out = AccountChanged(ACCOUNT, "c1", NOW, AccountState.OFFLINE, reason=reason)
    stage.ears.happens = [put_out]
    assert [event async for event in stage.channel.events(None)] == [put_out]
    assert isinstance(await stage.perform(EARLY), AccountDown) is stops


async def test_a_warning_in_the_middle_of_a_post_stops_the_account_too(stage: Stage) -> None:
    stage.gateway.fails("show", Failure.REFUSED, reason="too frequent")
    outcome = await stage.perform(Post("k", ROOM, Content("看图", (Picture("offer.png"),))))
    assert isinstance(outcome, Unclear)
    assert await stage.perform(EARLY) == AccountDown("restricted")


async def test_what_other_clients_say_is_no_restriction(stage: Stage) -> None:
    stage.gateway.fails("say", Failure.TAKEN, reason="restricted to one client")
    assert await stage.perform(EARLY) == AccountDown("restricted to one client")
    assert isinstance(await stage.perform(EARLY), Done)
