"""The contract of `bot/channels/port.py`: what every channel does, whatever its platform.

A platform joins by adding its counterpart to `conftest.py`.
"""

from __future__ import annotations

import asyncio

import pytest

from handlers.events import (
    ButtonPressed,
    GroupChanged,
    MemberJoined,
    MemberLeft,
    MessageHeard,
)
from scheduler.content import Button, Content, Mention, Picture
from scheduler.courier import (
    AccountDown,
    Address,
    AddressGone,
    Delete,
    Done,
    Edit,
    NothingSent,
    Pin,
    Post,
    Presence,
    Unable,
    Unclear,
)
from tests.contracts.counterpart import (
    Ability,
    Counterpart,
    Posted,
    PutsOut,
    WiredCounterpart,
    able,
    needs,
)
from tests.contracts.steps import group_of, hear, latest, receipt


async def test_what_a_fan_says_is_heard(platform: Counterpart) -> None:
    channel, fan = await platform.channel(), await platform.fan("小雨")
    cursor = await latest(platform, channel)
    await platform.say(fan, "这个面霜油皮能用吗")
    (heard,) = await hear(channel, 1, cursor)
    assert isinstance(heard, MessageHeard)
    assert (heard.text, heard.sender.id, heard.sender.name) == ("这个面霜油皮能用吗", fan, "小雨")
    assert heard.chat is not None
    assert (heard.chat.id, heard.chat.name) == (platform.group, platform.group_name)
    assert heard.account == channel.account
    assert not heard.sender.staff
    assert heard.at.utcoffset() is not None


async def test_a_private_word_has_no_chat(platform: Counterpart) -> None:
    channel, fan = await platform.channel(), await platform.fan("小雨")
    cursor = await latest(platform, channel)
    await platform.say(fan, "/me", private=True)
    (heard,) = await hear(channel, 1, cursor)
    assert isinstance(heard, MessageHeard)
    assert (heard.chat, heard.text) == (None, "/me")


async def test_staff_is_known_as_staff(platform: Counterpart) -> None:
    channel, manager = await platform.channel(), await platform.manager("店长")
    cursor = await latest(platform, channel)
    await platform.say(manager, "/plan")
    (heard,) = await hear(channel, 1, cursor)
    assert isinstance(heard, MessageHeard)
    assert heard.sender.staff


async def test_comings_goings_and_new_names_are_heard(platform: Counterpart) -> None:
    channel = await platform.channel()
    cursor = await latest(platform, channel)
    fan = await platform.fan("阿杰")
    await platform.leave(fan)
    await platform.rename("老粉群")
    joined, left, renamed = await hear(channel, 3, cursor)
    assert isinstance(joined, MemberJoined)
    assert isinstance(left, MemberLeft)
    assert (joined.member.id, left.member.id) == (fan, fan)
    assert isinstance(renamed, GroupChanged)
    assert (renamed.chat.name, renamed.present) == ("老粉群", True)


async def test_the_bot_s_own_words_are_no_event(platform: Counterpart) -> None:
    channel, fan = await platform.channel(), await platform.fan("小雨")
    cursor = await latest(platform, channel)
    await receipt(channel, Post("k", group_of(platform), Content("上新啦")))
    await platform.say(fan, "收到")
    (heard,) = await hear(channel, 1, cursor)
    assert isinstance(heard, MessageHeard)
    assert heard.text == "收到"


async def test_a_restarted_bot_hears_what_it_missed_and_nothing_twice(
    platform: Counterpart,
) -> None:
    needs(platform, Ability.HISTORY)
    channel, fan = await platform.channel(), await platform.fan("小雨")
    cursor = await latest(platform, channel)
    await platform.say(fan, "一")
    (first,) = await hear(channel, 1, cursor)
    await channel.close()
    await platform.say(fan, "二")
    (second,) = await hear(await platform.channel(), 1, first.cursor)
    assert isinstance(second, MessageHeard)
    assert second.text == "二"


async def test_a_channel_that_was_closed_opens_again_and_hears_what_it_missed(
    platform: Counterpart,
) -> None:
    needs(platform, Ability.HISTORY)
    channel, fan = await platform.channel(), await platform.fan("小雨")
    cursor = await latest(platform, channel)
    for round_ in ("一", "二"):
        await channel.close()
        await platform.say(fan, round_)
        await channel.open()
        (heard,) = await hear(channel, 1, cursor)
        assert isinstance(heard, MessageHeard)
        assert heard.text == round_
        cursor = heard.cursor
        await receipt(channel, Post(f"k{round_}", group_of(platform), Content("回来了")))


async def test_a_post_stands_where_it_was_sent_with_its_receipt(platform: Counterpart) -> None:
    channel, fan = await platform.channel(), await platform.fan("小雨")
    content = Content("距双11还有 3 天\n@小雨", mentions=(Mention(fan, "小雨"),))
    number = await receipt(channel, Post("k1", group_of(platform), content))
    assert await platform.posted(group_of(platform)) == [Posted(number, content.text)]
    whisper = await receipt(channel, Post("k2", Address(person=fan), Content("悄悄说")))
    assert await platform.posted(Address(person=fan)) == [Posted(whisper, "悄悄说")]


DRAWN = Picture.drawn(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)


@pytest.mark.parametrize("picture", [Picture("offer.png"), DRAWN], ids=["a file", "drawn"])
async def test_a_picture_of_the_bot_s_own_arrives(platform: Counterpart, picture: Picture) -> None:
    channel = await platform.channel()
    content = Content("看图", pictures=(picture,))
    await receipt(channel, Post("k", group_of(platform), content))
    posted = await platform.posted(group_of(platform))
    assert sum(one.pictures for one in posted) == 1
    assert [one.text for one in posted if one.text] == ["看图"]


async def test_several_pictures_stand_and_go_as_one_post(platform: Counterpart) -> None:
    needs(platform, Ability.ALBUMS)
    channel, where = await platform.channel(), group_of(platform)
    content = Content("看图", pictures=(Picture("offer.png"), Picture("offer.png")))
    number = await receipt(channel, Post("k", where, content))
    posted = await platform.posted(where)
    assert sum(one.pictures for one in posted) == 2
    assert [one.text for one in posted if one.text] == ["看图"]
    assert isinstance(await channel.perform(Delete("d", where, number)), Done)
    assert [one for one in await platform.posted(where) if not one.deleted] == []


async def test_a_button_s_press_comes_back_as_what_it_says(platform: Counterpart) -> None:
    channel, fan = await platform.channel(), await platform.fan("小雨")
    cursor = await latest(platform, channel)
    content = Content("要提醒吗？", buttons=(Button("要", "/remind yes"),))
    number = await receipt(channel, Post("k", group_of(platform), content))
    await platform.press(fan, number)
    (pressed,) = await hear(channel, 1, cursor)
    assert isinstance(pressed, ButtonPressed)
    assert (pressed.says, pressed.sender.id) == ("/remind yes", fan)
    assert pressed.on == (None if Ability.PLACED_PRESSES in platform.lacks else number)


async def test_what_a_post_says_is_changed(platform: Counterpart) -> None:
    channel, where = await platform.channel(), group_of(platform)
    number = await receipt(channel, Post("k", where, Content("还有 3 天")))
    outcome = await channel.perform(Edit("e", where, number, Content("还有 2 天")))
    (posted,) = await platform.posted(where)
    if Ability.REWRITES in platform.lacks:
        assert isinstance(outcome, Unable)
        assert posted.text == "还有 3 天"
    else:
        assert isinstance(outcome, Done)
        assert posted.text == "还有 2 天"


async def test_a_post_is_taken_back(platform: Counterpart) -> None:
    channel, where = await platform.channel(), group_of(platform)
    number = await receipt(channel, Post("k", where, Content("还有 3 天")))
    assert isinstance(await channel.perform(Delete("d", where, number)), Done)
    assert [one for one in await platform.posted(where) if not one.deleted] == []


async def test_a_post_is_pinned(platform: Counterpart) -> None:
    needs(platform, Ability.PINS)
    channel, where = await platform.channel(), group_of(platform)
    number = await receipt(channel, Post("k", where, Content("双11日程")))
    assert isinstance(await channel.perform(Pin("p", where, number)), Done)


async def test_a_lookup_tells_a_sent_key_from_one_that_never_was(platform: Counterpart) -> None:
    needs(platform, Ability.LOOKUP)
    channel = await platform.channel()
    number = await receipt(channel, Post("k", group_of(platform), Content("上新")))
    found = await channel.lookup("k")
    assert (found.presence, found.receipt) == (Presence.SENT, number)
    unproven = Ability.ABSENCE in platform.lacks
    never = Presence.UNKNOWN if unproven else Presence.ABSENT
    assert (await channel.lookup("never")).presence is never


async def test_an_address_that_is_none_is_gone_and_the_others_go_on(platform: Counterpart) -> None:
    channel = await platform.channel()
    for nowhere in (Address(group="nowhere"), Address(person="nobody")):
        assert isinstance(await channel.perform(Post("x", nowhere, Content("喂"))), AddressGone)
    await receipt(channel, Post("k", group_of(platform), Content("还在")))


async def test_a_group_the_bot_was_put_out_of_is_gone(platform: Counterpart) -> None:
    door = able(platform, Ability.PUT_OUT, PutsOut)
    channel = await platform.channel()
    cursor = await latest(platform, channel)
    await door.put_out()
    (changed,) = await hear(channel, 1, cursor)
    assert isinstance(changed, GroupChanged)
    assert not changed.present
    outcome = await channel.perform(Post("k", group_of(platform), Content("还在吗")))
    assert isinstance(outcome, AddressGone)


async def test_a_text_longer_than_the_limit_is_an_outcome_too(platform: Counterpart) -> None:
    channel = await platform.channel()
    longest = channel.limits.text_length
    assert longest is not None
    await receipt(channel, Post("k", group_of(platform), Content("长" * longest)))
    outcome = await channel.perform(Post("x", group_of(platform), Content("长" * (longest + 1))))
    assert not isinstance(outcome, Done | Unclear | NothingSent)


async def test_a_refused_connection_means_that_nothing_was_sent(wired: WiredCounterpart) -> None:
    channel = await wired.channel()
    await wired.cut()
    await asyncio.sleep(0.1)
    outcome = await channel.perform(Post("k", group_of(wired), Content("喂")))
    assert isinstance(outcome, NothingSent)
    assert (await channel.lookup("k")).presence is Presence.UNKNOWN
    await wired.mend()
    assert await wired.posted(group_of(wired)) == []


async def test_a_lost_answer_is_unclear(wired: WiredCounterpart) -> None:
    channel = await wired.channel()
    await wired.swallow_next_answer()
    outcome = await channel.perform(Post("k", group_of(wired), Content("喂")))
    assert isinstance(outcome, Unclear)
    assert [one.text for one in await wired.posted(group_of(wired))] == ["喂"]


async def test_a_lookup_clears_what_was_unclear(wired: WiredCounterpart) -> None:
    needs(wired, Ability.LOOKUP)
    channel = await wired.channel()
    hearing = asyncio.create_task(hear(channel, 100))
    await wired.swallow_next_answer()
    await channel.perform(Post("k", group_of(wired), Content("喂")))
    found = await channel.lookup("k")
    for _ in range(100):  # until the channel is connected again
        if found.presence is not Presence.UNKNOWN:
            break
        await asyncio.sleep(0.05)
        found = await channel.lookup("k")
    assert found.presence is Presence.SENT
    assert [one.receipt for one in await wired.posted(group_of(wired))] == [found.receipt]
    await channel.close()
    await hearing


async def test_events_go_on_over_a_cut(wired: WiredCounterpart) -> None:
    needs(wired, Ability.HISTORY)
    channel, fan = await wired.channel(), await wired.fan("小雨")
    hearing = asyncio.create_task(hear(channel, 2, await latest(wired, channel)))
    await wired.say(fan, "之前")
    await asyncio.sleep(0.1)
    await wired.cut()
    await wired.say(fan, "期间")
    await wired.mend()
    texts = [event.text for event in await hearing if isinstance(event, MessageHeard)]
    assert texts == ["之前", "期间"]


async def test_a_second_bot_on_the_account_puts_the_first_one_down(
    wired: WiredCounterpart,
) -> None:
    needs(wired, Ability.ONE_SPEAKER)
    first, second = await wired.channel(), await wired.channel()
    await asyncio.sleep(0.1)
    outcome = await first.perform(Post("k1", group_of(wired), Content("我")))
    assert isinstance(outcome, AccountDown)
    await receipt(second, Post("k2", group_of(wired), Content("是我")))
    await first.close()
    await first.open()  # it has its turn again
    await receipt(first, Post("k3", group_of(wired), Content("又是我")))
    outcome = await second.perform(Post("k4", group_of(wired), Content("我")))
    assert isinstance(outcome, AccountDown)


async def test_hearing_ends_when_the_channel_closes_and_does_not_come_back_with_it(
    wired: WiredCounterpart,
) -> None:
    channel, fan = await wired.channel(), await wired.fan("小雨")
    hearing = asyncio.create_task(hear(channel, 100, await latest(wired, channel)))
    await asyncio.sleep(0.1)
    await channel.close()
    await channel.open()
    await wired.say(fan, "在吗")
    assert await asyncio.wait_for(hearing, 10) == []
