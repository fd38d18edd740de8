"""The channel by its outcomes: what is said, what is certain of it, and when nothing is said."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.channels.wechat import channel as channel_room
from bot.channels.wechat.caution import limits_of
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
    Unable,
    Unclear,
    messages_in,
)
from scheduler.sending import SenderSettings
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
    stage.gateway.web["https://example.com/new.webp?size=2"] = b"RIFF....WEBP"
    pictures = (Picture("offer.png"), drawn, Picture("https://example.com/new.webp?size=2"))
    outcome = await stage.perform(Post("k", FAN, Content("看图", pictures)))
    assert outcome == Done(",".join(one.message for one in stage.gateway.sent))
    assert stage.said() == ["看图", "offer.png", "picture.png", "new.webp"]
    own, second, third = (one.file for one in stage.gateway.sent[1:])
    assert own == FileBox("offer.png", data=b"\x89PNG offer")
    assert second == FileBox("picture.png", data=b"\x89PNG drawn")
    assert third == FileBox("new.webp", data=b"RIFF....WEBP")
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


@pytest.mark.parametrize("failure", [Failure.NOT_SENT, Failure.REFUSED])
async def test_choices_that_were_never_shown_give_way_to_those_before(
    stage: Stage, failure: Failure
) -> None:
    def asks(key: str, says: str) -> Post:
        return Post(key, ROOM, Content("要吗？", buttons=(Button("要", says),)))

    reason = f"no payload for {ROOM.group}"
    stage.gateway.fails("say", failure, reason=reason)
    await stage.perform(asks("a", "/first"))
    assert await stage.choices.chosen(ROOM, "1") is None
    await stage.perform(asks("b", "/second"))
    stage.gateway.fails("say", failure, reason=reason)
    await stage.perform(asks("c", "/third"))
    assert await stage.choices.chosen(ROOM, "1") == "/second"


async def test_a_post_that_no_window_ever_holds_is_not_said(stage: Stage) -> None:
    content = Content("看图", (Picture("offer.png"),) * 4)  # a room takes four a minute
    assert isinstance(await stage.perform(Post("a", ROOM, content)), Unable)
    stage.caution.limits = limits_of(seconds_between=6)
    pair = Content("", (Picture("offer.png"),) * 2)  # one in 6 s: too long to keep them apart
    assert isinstance(await stage.perform(Post("b", FAN, pair)), Unable)
    assert stage.gateway.asked == []


async def test_all_pictures_lie_at_the_gateway_before_the_first_word(stage: Stage) -> None:
    stage.gateway.web["https://example.com/a.png"] = b"\x89PNG\r\n\x1a\n web"
    pictures = (Picture("offer.png"), Picture("https://example.com/a.png"))
    await stage.perform(Post("k", ROOM, Content("看图", pictures)))
    asked = [one.call for one in stage.gateway.asked]
    assert asked == ["download", "upload", "upload", "say", "show", "show"]


@pytest.mark.parametrize("call", ["download", "upload"])
async def test_pictures_that_do_not_come_in_time_leave_nothing_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(channel_room, "_POST_WITHIN", timedelta(milliseconds=100))
    stage.gateway.web["https://example.com/a.png"] = b"\x89PNG\r\n\x1a\n web"
    stage.gateway.holds(call)
    content = Content("看图", (Picture("https://example.com/a.png"),))
    assert isinstance(await stage.perform(Post("k", ROOM, content)), NothingSent)
    assert stage.gateway.sent == []


@pytest.mark.parametrize(("call", "sent"), [("say", 0), ("show", 1)])
async def test_a_post_as_a_whole_ends_within_the_sender_s_patience(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, call: str, sent: int
) -> None:
    monkeypatch.setattr(channel_room, "_POST_WITHIN", timedelta(milliseconds=300))
    stage.gateway.holds(call)
    content = Content("看图", (Picture("offer.png"),) * 3)
    async with asyncio.timeout(5):
        assert isinstance(await stage.perform(Post("k", ROOM, content)), Unclear)
    assert len(stage.gateway.sent) == sent


async def test_no_pause_within_a_post_lasts_beyond_its_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_room, "_POST_WITHIN", timedelta(milliseconds=100))
    stage.caution.limits = limits_of(seconds_between=4)
    content = Content("看图", (Picture("offer.png"),))
    async with asyncio.timeout(3):
        assert isinstance(await stage.perform(Post("k", ROOM, content)), Unclear)
    assert stage.said() == ["看图"]


def test_the_sender_waits_longer_than_a_post_may_take() -> None:
    longest = channel_room._LOGIN_KNOWN_WITHIN + channel_room._POST_WITHIN
    assert longest < SenderSettings().call_deadline


@pytest.mark.parametrize(
    "content",
    [
        Content("早"),
        Content("早", (Picture("offer.png"),)),
        Content("", (Picture("offer.png"),) * 2),
        Content("", (Picture("offer.png", "新品"),)),
        Content("", (Picture("offer.png"),), (Button("要", "/remind"),)),
        Content("", (Picture("offer.png"),), (Button("看", "", link="https://example.com"),)),
    ],
)
async def test_a_post_is_as_many_messages_as_its_pace_counts(
    stage: Stage, content: Content
) -> None:
    assert isinstance(await stage.perform(Post("k", ROOM, content)), Done)
    assert len(stage.gateway.sent) == messages_in(content, stage.channel.limits)


@pytest.mark.parametrize(
    "reason",
    [
        "MockMessage.load(): 123 not exist.",
        "no payload for 123",
        "群聊已解散",
        "no payload for room id 1@chatroom",
    ],
)
async def test_a_picture_that_is_forgotten_makes_no_group_gone(stage: Stage, reason: str) -> None:
    stage.gateway.fails("picture", Failure.REFUSED, reason=reason)
    outcome = await stage.perform(Post("k", ROOM, Content("早", (Picture("wechat:123"),))))
    assert isinstance(outcome, Unable)


async def test_a_group_that_is_none_is_gone(stage: Stage) -> None:
    stage.gateway.fails("say", Failure.REFUSED, reason="no payload for nowhere")
    outcome = await stage.perform(Post("k", Address(group="nowhere"), Content("早")))
    assert isinstance(outcome, AddressGone)
