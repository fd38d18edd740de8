"""The account speaks gently, and is silent after the first warning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.wechat.caution import Caution, is_restriction, is_warning, limits_of
from bot.channels.wechat.gateway import GatewayMessage, MessageType
from scheduler.clock import SimulatedClock
from scheduler.courier import Rate
from storage.account_stops import Stop, lift_stop
from storage.database import Database

NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
ACCOUNT = "wechat:shop"
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("said", "restricted"),
    [
        ("操作过于频繁，可稍后再试。", True),
        ("发送消息过于频繁，可稍后再试。", True),
        ("操作太频繁，请稍后再试。", True),
        ("AssertionError [ERR_ASSERTION]: 1204 == 0", True),
        ("该账号被限制登录", True),
        ("Too Frequent operations", True),
        ("your account is RESTRICTED", True),
        ("文件大小超过限制", False),
        ("no such room", False),
        ("", False),
    ],
)
def test_the_signs_of_a_restriction_are_known(said: str, *, restricted: bool) -> None:
    assert is_restriction(said) is restricted


NOTE = GatewayMessage(
    id="m1",
    type=MessageType.UNKNOWN,
    text="操作过于频繁，可稍后再试。",
    talker="wxid_shop",
    room="1@chatroom",
    listener="",
    mentions=(),
    at=NOW,
    file_name="",
)


def test_a_warning_is_a_note_and_no_text() -> None:
    assert is_warning(NOTE)
    assert is_warning(replace(NOTE, type=MessageType.GROUP_NOTE))
    assert not is_warning(replace(NOTE, type=MessageType.TEXT))
    assert not is_warning(replace(NOTE, text="你修改群名为“暖暖福利群”"))


@pytest.mark.parametrize(
    ("figures", "pictures", "caption"),
    [
        ({}, 3, None),
        ({"seconds_between": 2.0}, 2, None),
        ({"seconds_between": 5.0}, 1, None),
        ({"seconds_between": 6.0}, 1, 0),  # then a text and a picture are two posts
        ({"room_a_minute": 3}, 2, None),
        ({"room_a_minute": 1}, 1, 0),
        ({"messages_a_day": 1}, 1, 0),
    ],
)
def test_a_post_has_as_many_pictures_as_its_pace_lets_leave(
    figures: dict[str, float], pictures: int, caption: int | None
) -> None:
    limits = limits_of(**figures)  # type: ignore[arg-type]  # figures of either kind
    assert (limits.pictures, limits.caption_length) == (pictures, caption)


def test_the_figures_are_what_the_account_is_allowed() -> None:
    limits = limits_of(seconds_between=2, room_a_minute=10, messages_a_day=100, pauses=(1, 4))
    assert limits.account == (Rate(1, 2 * SECOND), Rate(100, timedelta(days=1)))
    assert limits.group == (Rate(10, timedelta(minutes=1)),)
    assert limits.pauses == (SECOND, 4 * SECOND)
    assert not limits.captions


LIMITS = limits_of(room_a_minute=4, messages_a_day=6)


async def test_a_stop_holds_in_every_process_until_it_is_lifted(database: Database) -> None:
    clock = SimulatedClock(NOW)
    caution = Caution(ACCOUNT, database, clock, LIMITS)
    assert await caution.stopped() is None
    await caution.stop("  操作过于频繁" + "。" * 300)
    clock.advance(SECOND)
    await caution.stop("账号异常")
    stop = await Caution(ACCOUNT, database, clock, LIMITS).stopped()
    assert stop is not None
    assert (stop.at, stop.reason[:6], len(stop.reason)) == (NOW, "操作过于频繁", 200)
    assert await Caution("wechat:other", database, clock, LIMITS).stopped() is None
    async with database.writing() as connection:
        assert await lift_stop(connection, ACCOUNT)
    assert await caution.stopped() is None
    await caution.stop("账号异常")
    assert await caution.stopped() == Stop(NOW + SECOND, "账号异常")
