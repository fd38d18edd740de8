"""The channel by its outcomes: what is said, what is certain of it, and when nothing is said."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.channels.wechat import channel as channel_room
from bot.channels.wechat.gateway import Failure, FileBox
from scheduler.content import Button, Content, Mention, Picture
from scheduler.courier import (
    Address,
    AddressGone,
    Delete,
    Done,
    Lookup,
    NothingSent,
    Outcome,
    Post,
    Presence,
    TooFast,
    Unable,
    Unclear,
)
from tests.bot.channels.wechat.fake_gateway import ME
from tests.bot.channels.wechat.speaking import ACCOUNT, EARLY, FAN, ROOM, Stage
from tests.bot.program import until


async def test_the_channel_opens_and_closes_what_it_stands_on(stage: Stage) -> None:
    channel = stage.channel
    assert (channel.platform, channel.account, channel.start_link) == ("wechat", ACCOUNT, None)
    assert channel.limits is stage.caution.limits
    await channel.open()
    assert stage.is_open == (True, True)
    assert [event async for event in channel.events(None)] == []
    await channel.confirm("c1")
    assert stage.ears.cursor == "c1"
    await channel.close()
    await channel.close()
    assert stage.is_open == (False, False)


async def test_where_hearing_cannot_begin_the_connection_is_closed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise OSError("taken")

    monkeypatch.setattr(stage.ears, "open", fail)
    with pytest.raises(OSError, match="taken"):
        await stage.channel.open()
    assert not stage.gateway.is_open


async def test_a_post_calls_names_and_its_answer_is_the_receipt(stage: Stage) -> None:
    content = Content("@小鱼 早", mentions=(Mention("wxid_fan", "小鱼"),))
    outcome = await stage.perform(Post("k", ROOM, content))
    (sent,) = stage.gateway.sent
    assert outcome == Done(sent.message)
    assert (sent.conversation, sent.text) == ("1@chatroom", "@小鱼\u2005早")
    assert sent.mentions == ("wxid_fan",)
    assert await stage.channel.lookup("k") == Lookup(Presence.SENT, sent.message)
    assert await stage.channel.lookup("never") == Lookup(Presence.UNKNOWN)


async def test_a_topic_is_the_whole_group(stage: Stage) -> None:
    post = Post("k", Address(group="1@chatroom", topic="7"), Content("早"))
    assert isinstance(await stage.perform(post), Done)
    assert stage.gateway.sent[0].conversation == "1@chatroom"
    await stage.is_shown()


async def test_without_an_id_what_is_shown_is_the_receipt(stage: Stage) -> None:
    stage.gateway.tells_ids = False
    performing = asyncio.create_task(stage.perform(EARLY))
    await until(lambda: bool(stage.gateway.sent))
    await stage.is_shown()
    assert await performing == Done(stage.gateway.sent[0].message)


async def test_without_an_id_and_an_echo_the_gateway_s_yes_is_enough(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_room, "_SHOWN_WITHIN", timedelta(milliseconds=20))
    stage.gateway.tells_ids = False
    assert await stage.perform(EARLY) == Done("")
    assert await stage.channel.lookup("k") == Lookup(Presence.UNKNOWN)
    await stage.is_shown()  # late, but then it is known
    assert (await stage.channel.lookup("k")).presence is Presence.SENT
    assert isinstance(await stage.perform(Delete("d", ROOM, "")), Unable)


async def test_a_lost_answer_is_settled_by_what_is_shown(stage: Stage) -> None:
    answer = stage.gateway.holds("say")
    stage.gateway.fails("say", Failure.LOST)
    performing = asyncio.create_task(stage.perform(EARLY))
    await asyncio.sleep(0.05)
    answer.set()
    assert isinstance(await performing, Unclear)
    assert await stage.channel.lookup("k") == Lookup(Presence.UNKNOWN)
    # It had arrived after all.
    message = await stage.gateway.say("1@chatroom", "早", ())
    await stage.is_shown()
    assert await stage.channel.lookup("k") == Lookup(Presence.SENT, message)


@pytest.mark.parametrize("failure", [Failure.LOST, Failure.REFUSED])
async def test_what_is_shown_is_said_whatever_the_answer_was(
    stage: Stage, failure: Failure
) -> None:
    answer = stage.gateway.holds("say")
    stage.gateway.fails("say", failure, reason="the answer is no answer")
    content = Content("看图", (Picture("offer.png"),))
    performing = asyncio.create_task(stage.perform(Post("k", ROOM, content)))
    await until(lambda: bool(stage.gateway.calls("say")))
    shown = stage.gateway.arrives(ME, "看图", room="1@chatroom")
    assert await stage.own_posts.heard(stage.gateway.messages[shown])
    answer.set()
    assert await performing == Done(f"{shown},{stage.gateway.sent[0].message}")


async def test_what_certainly_did_not_leave_is_not_taken_for_what_somebody_types(
    stage: Stage,
) -> None:
    stage.gateway.fails("say", Failure.NOT_SENT)
    assert isinstance(await stage.perform(EARLY), NothingSent)
    typed = await stage.gateway.say("1@chatroom", "早", ())
    assert typed is not None
    assert not await stage.own_posts.heard(stage.gateway.messages[typed])


async def test_a_text_goes_before_its_pictures_and_each_is_a_message(stage: Stage) -> None:
    drawn = Picture.drawn(b"\x89PNG drawn")
    pictures = (Picture("offer.png"), drawn, Picture("https://example.com/new.webp?size=2"))
    outcome = await stage.perform(Post("k", FAN, Content("看图", pictures)))
    assert outcome == Done(",".join(one.message for one in stage.gateway.sent))
    assert stage.said() == ["看图", "offer.png", "picture.png", "new.webp"]
    own, second, third = (one.file for one in stage.gateway.sent[1:])
    assert own == FileBox("offer.png", data=b"\x89PNG offer")
    assert second == FileBox("picture.png", data=b"\x89PNG drawn")
    assert third == FileBox("new.webp", url="https://example.com/new.webp?size=2")
    assert isinstance(await stage.perform(Delete("d", FAN, outcome.receipt)), Done)
    assert len(stage.gateway.calls("recall")) == 4


async def test_pictures_may_come_without_a_text(stage: Stage) -> None:
    outcome = await stage.perform(Post("k", ROOM, Content("", (Picture("offer.png"),))))
    assert isinstance(outcome, Done)
    assert stage.said() == ["offer.png"]


async def test_a_picture_that_a_manager_sent_is_shown_again(stage: Stage) -> None:
    message = stage.gateway.shows_picture("wxid_fan", b"theirs", room="1@chatroom")
    outcome = await stage.perform(Post("k", ROOM, Content("", (Picture(f"wechat:{message}"),))))
    assert isinstance(outcome, Done)
    (sent,) = stage.gateway.sent
    assert sent.file == FileBox("picture.jpg", data=b"theirs")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [(Failure.REFUSED, Unable), (Failure.LOST, NothingSent), (Failure.NOT_SENT, NothingSent)],
)
async def test_a_picture_that_cannot_be_had_leaves_nothing_said(
    stage: Stage, failure: Failure, expected: type[Outcome]
) -> None:
    stage.gateway.fails("picture", failure, reason="no such file")
    outcome = await stage.perform(Post("k", ROOM, Content("看图", (Picture("wechat:m1"),))))
    assert isinstance(outcome, expected)
    assert stage.gateway.sent == []


async def test_a_picture_of_the_bot_s_own_that_is_gone_leaves_nothing_said(stage: Stage) -> None:
    outcome = await stage.perform(Post("k", ROOM, Content("看图", (Picture("gone.png"),))))
    assert isinstance(outcome, Unable)
    assert stage.gateway.sent == []


async def test_a_post_that_is_said_in_part_is_unclear(stage: Stage) -> None:
    stage.gateway.fails("show", Failure.NOT_SENT)
    outcome = await stage.perform(Post("k", ROOM, Content("看图", (Picture("offer.png"),))))
    assert isinstance(outcome, Unclear)
    assert "1 of 2" in outcome.reason
    assert await stage.channel.lookup("k") == Lookup(Presence.UNKNOWN)


@pytest.mark.parametrize(
    "content", [Content(""), Content("长" * 1_801)], ids=["nothing", "too long"]
)
async def test_what_is_no_message_is_not_said(stage: Stage, content: Content) -> None:
    assert isinstance(await stage.perform(Post("k", ROOM, content)), Unable)
    assert stage.gateway.asked == []


async def test_choices_hold_from_before_the_message_on(stage: Stage) -> None:
    stage.gateway.fails("say", Failure.LOST)
    content = Content("要提醒吗？", buttons=(Button("要", "/remind yes"),))
    await stage.perform(Post("k", ROOM, content))
    assert await stage.choices.chosen(ROOM, "1") == "/remind yes"
    await stage.perform(Post("k2", ROOM, Content("早")))  # no other offer
    assert await stage.choices.chosen(ROOM, "1") == "/remind yes"


async def test_more_messages_than_a_room_takes_are_too_fast(stage: Stage) -> None:
    content = Content("看图", (Picture("offer.png"),))
    assert isinstance(await stage.perform(Post("a", ROOM, content)), Done)
    assert isinstance(await stage.perform(Post("b", ROOM, Content("早"))), Done)
    outcome = await stage.perform(Post("c", ROOM, content))
    assert isinstance(outcome, TooFast)
    assert timedelta(seconds=50) < outcome.retry_after <= timedelta(minutes=1)
    assert not outcome.account_wide
    assert isinstance(await stage.perform(Post("d", FAN, content)), Done)


async def test_a_group_that_is_none_is_gone(stage: Stage) -> None:
    stage.gateway.fails("say", Failure.REFUSED, reason="no payload for nowhere")
    outcome = await stage.perform(Post("k", Address(group="nowhere"), Content("早")))
    assert isinstance(outcome, AddressGone)
