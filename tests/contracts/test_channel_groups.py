"""The contract of a channel, as far as not every platform goes: topics, rights, doors, staff."""

from __future__ import annotations

from handlers.events import (
    GroupChanged,
    GroupMoved,
    JoinAsked,
    MemberJoined,
    MessageEdited,
    MessageHeard,
    ReachChanged,
    StaffChanged,
    TopicChanged,
)
from scheduler.content import Content
from scheduler.courier import (
    Address,
    AddressGone,
    Admit,
    Done,
    Invite,
    Muted,
    Post,
    Unable,
)
from tests.contracts.counterpart import (
    Ability,
    ChoosesStaff,
    Counterpart,
    Edits,
    HasDoors,
    HasTopics,
    Moves,
    Mutes,
    Starts,
    able,
)
from tests.contracts.steps import group_of, hear, latest, receipt


async def test_what_a_fan_changed_is_heard_with_the_message_it_was(platform: Counterpart) -> None:
    words = able(platform, Ability.EDITS, Edits)
    channel, fan = await platform.channel(), await platform.fan("小雨")
    cursor = await latest(platform, channel)
    await platform.say(fan, "油皮能用吗")
    await words.edit(fan, "干皮能用吗")
    said, edited = await hear(channel, 2, cursor)
    assert isinstance(said, MessageHeard)
    assert isinstance(edited, MessageEdited)
    assert (edited.message, edited.text, edited.sender.id) == (said.message, "干皮能用吗", fan)
    assert edited.chat == said.chat


async def test_a_muted_bot_learns_it_and_nothing_is_sent(platform: Counterpart) -> None:
    rights = able(platform, Ability.MUTES, Mutes)
    channel = await platform.channel()
    cursor = await latest(platform, channel)
    await rights.mute()
    outcome = await channel.perform(Post("k1", group_of(platform), Content("喂")))
    await rights.unmute()
    await receipt(channel, Post("k2", group_of(platform), Content("又能说话了")))
    muted, unmuted = await hear(channel, 2, cursor)
    assert isinstance(outcome, Muted)
    assert isinstance(muted, GroupChanged)
    assert isinstance(unmuted, GroupChanged)
    assert (muted.present, muted.may_speak) == (True, False)
    assert (unmuted.present, unmuted.may_speak) == (True, True)


async def test_who_opens_or_blocks_the_private_chat_is_heard(platform: Counterpart) -> None:
    private = able(platform, Ability.STARTS, Starts)
    channel, fan = await platform.channel(), await private.stranger("小雨")
    cursor, where = await latest(platform, channel), Address(person=fan)
    assert channel.start_link is not None
    assert isinstance(await channel.perform(Post("k1", where, Content("喂"))), AddressGone)
    await private.start_chat(fan)
    await receipt(channel, Post("k2", where, Content("你好")))
    await private.block(fan)
    assert isinstance(await channel.perform(Post("k3", where, Content("还在吗"))), AddressGone)
    heard = [one for one in await hear(channel, 3, cursor) if isinstance(one, ReachChanged)]
    assert [(one.member.id, one.reachable) for one in heard] == [(fan, True), (fan, False)]


async def test_staff_that_is_made_and_unmade_is_heard(platform: Counterpart) -> None:
    group = able(platform, Ability.STAFF, ChoosesStaff)
    channel, person = await platform.channel(), await platform.fan("店长")
    cursor = await latest(platform, channel)
    await group.promote(person)
    await platform.say(person, "/plan")
    await group.demote(person)
    await platform.say(person, "/plan")
    made, as_staff, unmade, as_fan = await hear(channel, 4, cursor)
    assert isinstance(made, StaffChanged)
    assert isinstance(unmade, StaffChanged)
    assert isinstance(as_staff, MessageHeard)
    assert isinstance(as_fan, MessageHeard)
    assert (made.member.id, unmade.member.id) == (person, person)
    assert (made.member.staff, as_staff.sender.staff) == (True, True)
    assert (unmade.member.staff, as_fan.sender.staff) == (False, False)


async def test_a_topic_is_heard_and_spoken_in(platform: Counterpart) -> None:
    forum = able(platform, Ability.TOPICS, HasTopics)
    channel, fan = await platform.channel(), await platform.fan("小雨")
    cursor = await latest(platform, channel)
    topic = await forum.open_topic("上新")
    await forum.rename_topic(topic, "上新预告")
    await forum.say_in(topic, fan, "新口红什么时候到")
    await receipt(channel, Post("k", Address(group=platform.group, topic=topic), Content("周五")))
    opened, renamed, said = await hear(channel, 3, cursor)
    assert isinstance(opened, TopicChanged)
    assert isinstance(renamed, TopicChanged)
    assert isinstance(said, MessageHeard)
    assert (opened.topic, opened.name, opened.open) == (topic, "上新", True)
    assert (renamed.topic, renamed.name) == (topic, "上新预告")
    assert said.topic == topic
    assert [one.topic for one in await platform.posted(group_of(platform))] == [topic]


async def test_a_closed_topic_takes_nothing_and_its_group_goes_on(platform: Counterpart) -> None:
    forum = able(platform, Ability.TOPICS, HasTopics)
    channel = await platform.channel()
    topic = await forum.open_topic("上新")
    cursor = await latest(platform, channel)
    await forum.close_topic(topic)
    (closed,) = await hear(channel, 1, cursor)
    assert isinstance(closed, TopicChanged)
    assert (closed.topic, closed.open) == (topic, False)
    there = Address(group=platform.group, topic=topic)
    assert isinstance(await channel.perform(Post("k1", there, Content("喂"))), Unable)


async def test_who_comes_by_a_link_is_known_by_it(platform: Counterpart) -> None:
    doors = able(platform, Ability.DOORS, HasDoors)
    channel = await platform.channel()
    cursor = await latest(platform, channel)
    made = await channel.perform(Invite("k", group_of(platform), "小雨的邀请"))
    assert isinstance(made, Done)
    person = await doors.come_by(made.receipt, "阿杰")
    (joined,) = await hear(channel, 1, cursor)
    assert isinstance(joined, MemberJoined)
    assert (joined.member.id, joined.invite) == (person, made.receipt)


async def test_who_asks_at_the_door_is_let_in_or_not(platform: Counterpart) -> None:
    doors = able(platform, Ability.DOORS, HasDoors)
    channel = await platform.channel()
    cursor = await latest(platform, channel)
    asking = [await doors.ask_to_come_in(name) for name in ("阿杰", "小雨")]
    heard = await hear(channel, 2, cursor)
    assert all(isinstance(one, JoinAsked) for one in heard)
    assert [one.member.id for one in heard if isinstance(one, JoinAsked)] == asking
    let_in, refused = asking
    group = group_of(platform)
    assert isinstance(await channel.perform(Admit("k1", group, let_in)), Done)
    assert isinstance(await channel.perform(Admit("k2", group, refused, refuse=True)), Done)
    assert (await doors.is_in(let_in), await doors.is_in(refused)) == (True, False)


async def test_a_group_that_moved_is_followed(platform: Counterpart) -> None:
    group = able(platform, Ability.MOVES, Moves)
    channel, before = await platform.channel(), group_of(platform)
    cursor = await latest(platform, channel)
    now = await group.move()
    await receipt(channel, Post("k", before, Content("还是我们")))
    heard = await hear(channel, 2, cursor)
    moves = {(one.before, one.chat.id) for one in heard if isinstance(one, GroupMoved)}
    assert moves == {(before.group, now)}
    assert [one.text for one in await platform.posted(Address(group=now))] == ["还是我们"]
