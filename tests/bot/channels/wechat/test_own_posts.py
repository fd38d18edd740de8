"""What the account says of its own is known again, and told from what a person typed with it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.wechat.caution import Caution, limits_of
from bot.channels.wechat.gateway import GatewayMessage, MessageType
from bot.channels.wechat.own_posts import (
    FILE,
    OwnPosts,
    begun_for,
    digest_of,
    messages_of,
)
from scheduler.clock import SimulatedClock
from scheduler.courier import Address
from storage.database import Database
from storage.own_posts import OpenPiece

NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
ROOM = Address(group="1@chatroom")
ACCOUNT = "wechat:shop"


def shown(
    message: str, text: str = "早", *, room: str = "1@chatroom", kind: int = MessageType.TEXT
) -> GatewayMessage:
    """A message in the account's own name, in the room or else to the fan."""
    return GatewayMessage(
        id=message,
        type=kind,
        text=text,
        talker="wxid_shop",
        room=room,
        listener="" if room else "wxid_fan",
        mentions=(),
        at=NOW,
        file_name="",
    )


@pytest.fixture
def caution(database: Database) -> Caution:
    """The account's care."""
    return Caution(ACCOUNT, database, SimulatedClock(NOW), limits_of())


@pytest.fixture
def posts(database: Database, caution: Caution) -> OwnPosts:
    """The account's posts."""
    return OwnPosts(ACCOUNT, database, SimulatedClock(NOW), caution)


@pytest.mark.parametrize(
    ("began", "expected"),
    [
        ([], None),
        ([-5], 0),
        ([-600, -5], 1),  # the same words a while ago were lost
        ([-5, 300], 0),  # said again before the first was shown
        ([20], 0),  # our clock is a little ahead
        ([600, 620], 0),  # or far: better the first than none
        ([700], None),  # but nothing is shown so long before
        ([-5 * 86_400], None),  # nor so long after it was begun
        ([-631, -629], 1),
        ([-5, -5], 0),  # two messages of one post come in their order
    ],
)
def test_a_message_is_the_last_that_was_begun_before_it(
    began: list[int], expected: int | None
) -> None:
    pieces = [OpenPiece("k", place, NOW + at * SECOND) for place, at in enumerate(began)]
    found = None if expected is None else pieces[expected]
    assert begun_for(pieces, NOW, NOW) == found
    if expected == 0:  # WeChat's clock may be any other
        assert begun_for(pieces, NOW - 30 * DAY, NOW) == found


def test_blanks_make_no_other_text() -> None:
    assert digest_of("@小鱼\u2005早\n 安 ") == digest_of("@小鱼 早\r\n安")
    assert digest_of("早安") != digest_of("早 安")


async def test_the_answer_of_the_gateway_is_the_receipt(posts: OwnPosts) -> None:
    async with posts.saying("k", ROOM, [digest_of("早")]) as saying:
        assert await posts.receipt_of("k") is None
        await saying.answered(0, "m1")
        assert await saying.receipt(timedelta(0)) == "m1"
    assert await posts.receipt_of("k") == "m1"
    assert await posts.heard(shown("m1", "what WeChat made of it"))


async def test_without_an_answer_the_message_that_is_shown_is(posts: OwnPosts) -> None:
    async with posts.saying("k", ROOM, [digest_of("早")]) as saying:
        await saying.answered(0, None)
        waiting = asyncio.create_task(saying.receipt(timedelta(seconds=5)))
        assert await posts.heard(shown("m1"))
        assert await waiting == "m1"
    assert await posts.receipt_of("k") == "m1"


async def test_a_message_may_be_shown_before_the_answer_comes(posts: OwnPosts) -> None:
    async with posts.saying("k", ROOM, [digest_of("早")]) as saying:
        assert await posts.heard(shown("m1"))
        await saying.answered(0, "m1")
        assert await saying.receipt(timedelta(0)) == "m1"


async def test_without_either_there_is_no_receipt_until_it_comes_late(
    posts: OwnPosts, database: Database, caution: Caution
) -> None:
    async with posts.saying("k", ROOM, [digest_of("早")]) as saying:
        await saying.answered(0, None)
        assert await saying.receipt(timedelta(0)) == ""
    assert await posts.receipt_of("k") is None
    restarted = OwnPosts(ACCOUNT, database, SimulatedClock(NOW), caution)
    assert await restarted.heard(shown("m1"))
    assert await restarted.receipt_of("k") == "m1"


async def test_a_post_of_several_messages_has_all_their_ids(posts: OwnPosts) -> None:
    async with posts.saying("k", ROOM, [digest_of("早"), FILE, FILE]) as saying:
        await saying.answered(0, "m1")
        assert await posts.heard(shown("m2", kind=MessageType.IMAGE))
        assert await posts.receipt_of("k") is None
        assert await posts.heard(shown("m3", kind=MessageType.ATTACHMENT))
        assert await saying.receipt(timedelta(0)) == "m1,m2,m3"
    assert await posts.receipt_of("k") == "m1,m2,m3"
    assert messages_of("m1,m2,m3") == ["m1", "m2", "m3"]
    assert messages_of("") == []


async def test_messages_that_are_shown_at_once_are_pieces_of_their_own(posts: OwnPosts) -> None:
    async with posts.saying("k", ROOM, [FILE] * 5):
        numbers = [f"m{number}" for number in range(5)]
        heard = [posts.heard(shown(one, kind=MessageType.IMAGE)) for one in numbers]
        assert await asyncio.gather(*heard) == [True] * 5
    receipt = await posts.receipt_of("k")
    assert receipt is not None
    assert sorted(messages_of(receipt)) == numbers


@pytest.mark.parametrize(
    "message",
    [
        shown("m1", "晚安"),
        shown("m1", room="2@chatroom"),
        shown("m1", room=""),
        shown("m1", kind=MessageType.IMAGE),
        shown("m1", kind=MessageType.URL),
    ],
)
async def test_what_was_typed_with_the_same_account_is_not_the_bot_s(
    posts: OwnPosts, message: GatewayMessage
) -> None:
    async with posts.saying("k", ROOM, [digest_of("早")]):
        assert not await posts.heard(message)
    assert await posts.receipt_of("k") is None


@pytest.mark.parametrize("kind", [MessageType.EMOTICON, MessageType.VIDEO])
async def test_a_sticker_or_a_film_sent_by_hand_is_no_picture_of_the_bot_s(
    posts: OwnPosts, kind: MessageType
) -> None:
    async with posts.saying("k", ROOM, [FILE]):
        assert not await posts.heard(shown("m1", kind=kind))
    assert await posts.receipt_of("k") is None


async def test_a_private_post_is_known_by_whom_it_went_to(posts: OwnPosts) -> None:
    async with posts.saying("k", Address(person="wxid_fan"), [digest_of("早")]):
        assert not await posts.heard(replace(shown("m1", room=""), listener="wxid_other"))
        assert await posts.heard(shown("m2", room=""))
    assert await posts.receipt_of("k") == "m2"


async def test_the_same_words_said_twice_are_two_posts(posts: OwnPosts) -> None:
    async with posts.saying("a", ROOM, [digest_of("早")]):
        assert await posts.heard(shown("m1"))
    async with posts.saying("b", ROOM, [digest_of("早")]):
        assert await posts.heard(shown("m1"))  # shown once more
        assert await posts.heard(shown("m2"))
        assert not await posts.heard(shown("m3"))
    assert (await posts.receipt_of("a"), await posts.receipt_of("b")) == ("m1", "m2")


async def test_what_was_certainly_not_said_is_forgotten(posts: OwnPosts) -> None:
    async with posts.saying("k", ROOM, [digest_of("早")]) as saying:
        await saying.withdraw()
    assert not await posts.heard(shown("m1"))


async def test_a_warning_of_wechat_s_stops_the_account(posts: OwnPosts, caution: Caution) -> None:
    note = shown("m1", "操作过于频繁，可稍后再试。", kind=MessageType.UNKNOWN)
    assert await posts.heard(note)
    stop = await caution.stopped()
    assert stop is not None
    assert stop.reason == note.text
