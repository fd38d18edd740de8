"""The live room: who may do what, what is remembered, and who hears of it."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from bot.room.errors import Reason, Refused, RoomFileUnreadable, RoomFileUnwritable
from bot.room.log import RECENT
from bot.room.room import Room
from bot.room.values import EventKind, Person, Role, RoomEvent, RoomGroup
from scheduler.clock import SimulatedClock
from scheduler.content import Button, Content, Picture
from scheduler.courier import Address
from tests.bot.room.conftest import NOON

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


async def take(room: Room, viewer: Person, after: int, count: int) -> list[RoomEvent]:
    found: list[RoomEvent] = []
    async with asyncio.timeout(5):
        async for event in room.events(viewer, after):
            found.append(event)
            if len(found) == count:
                break
    return found


def here(group: RoomGroup) -> Address:
    return Address(group=group.id)


async def test_what_is_said_carries_the_rooms_clock_and_the_next_number(
    room: Room, clock: SimulatedClock, group: RoomGroup, fan: Person
) -> None:
    first = await room.say(fan, here(group), "早上好")
    clock.advance(timedelta(hours=1))
    second = await room.say(fan, here(group), "在吗")
    assert (first.at, second.at) == (NOON, NOON + timedelta(hours=1))
    assert second.seq == first.seq + 1


async def test_everything_is_there_after_a_restart(
    room: Room, clock: SimulatedClock, group: RoomGroup, fan: Person
) -> None:
    token = await room.people.new_token(fan)
    said = await room.say(fan, here(group), "你好 @暖暖")
    posted = await room.post(room.bot, here(group), Content("倒计时"), key="k1")
    await room.edit(room.bot, posted.seq, Content("倒计时 3 天"))
    last = room.log.last
    await room.close()

    again = await Room.open(room.folder, clock)
    try:
        assert again.groups() == (group,)
        assert again.people.owner(token) == fan
        assert again.bot == room.bot
        assert again.log.last == last
        words = [one.content.text for one in await again.history(fan, here(group))]
        assert words == ["你好 @暖暖", "倒计时 3 天"]
        assert said.content.mentions[0].person == room.bot.id
        next_one = await again.say(fan, here(group), "还在")
        assert next_one.seq == last + 1
    finally:
        await again.close()


async def test_a_key_posted_twice_stands_there_twice(room: Room, group: RoomGroup) -> None:
    for _ in range(2):
        await room.post(room.bot, here(group), Content("上新啦"), key="same")
    keys = [one.key for one in await room.history(room.bot, here(group))]
    assert keys == ["same", "same"]


async def test_a_lookup_knows_a_post_that_is_still_on_its_way_to_the_disk(
    room: Room, group: RoomGroup
) -> None:
    posting = asyncio.create_task(room.post(room.bot, here(group), Content("上新"), key="k"))
    await asyncio.sleep(0)
    found = await room.lookup(room.bot, "k")
    assert found is not None
    assert found == await posting
    assert await room.lookup(room.bot, "another") is None


async def test_calls_made_without_waiting_keep_their_order_and_share_commits(
    room: Room, group: RoomGroup, fan: Person
) -> None:
    said = await asyncio.gather(*(room.say(fan, here(group), str(n)) for n in range(1_200)))
    assert [one.content.text for one in said] == [str(n) for n in range(1_200)]
    numbers = [one.seq for one in said]
    assert numbers == list(range(numbers[0], numbers[0] + 1_200))


async def test_a_listener_gets_the_past_and_what_comes(
    room: Room, group: RoomGroup, fan: Person
) -> None:
    start = room.log.last
    await room.say(fan, here(group), "一")
    listening = asyncio.create_task(take(room, fan, start, 2))
    await asyncio.sleep(0.01)
    assert not listening.done()
    await room.say(fan, here(group), "二")
    assert [event.message.content.text for event in await listening if event.message] == [
        "一",
        "二",
    ]


async def test_a_listener_who_falls_behind_reads_on_from_the_file_and_misses_nothing(
    room: Room, group: RoomGroup, fan: Person
) -> None:
    start, count = room.log.last, RECENT + 300
    await asyncio.gather(*(room.say(fan, here(group), str(n)) for n in range(count)))
    found = await take(room, fan, start, count)
    assert [event.seq for event in found] == list(range(start + 1, start + count + 1))


async def test_each_hears_only_what_concerns_them(
    room: Room, group: RoomGroup, fan: Person
) -> None:
    stranger, _ = await room.people.enter("路人")
    start = room.log.last
    await room.say(fan, here(group), "群里的话")
    await room.post(room.bot, Address(person=fan.id), Content("悄悄话"))
    await room.post(room.bot, Address(person=stranger.id), Content("给路人的话"))
    heard = await take(room, stranger, start, 1)
    assert [event.message.content.text for event in heard if event.message] == ["给路人的话"]
    assert len(await take(room, room.bot, start, 3)) == 3


async def test_coming_and_going_is_told_once(room: Room, group: RoomGroup, fan: Person) -> None:
    start = room.log.last
    await room.join(fan, group.id)  # is in it already
    await room.leave(fan, group.id)
    await room.join(fan, group.id)
    kinds = [event.kind for event in await take(room, room.bot, start, 2)]
    assert kinds == [EventKind.LEFT, EventKind.JOINED]


async def test_a_deleted_post_loses_its_content_in_the_file_too(
    room: Room, group: RoomGroup
) -> None:
    posted = await room.post(room.bot, here(group), Content("写错了", buttons=(Button("a", "b"),)))
    deleted = await room.delete(room.bot, posted.seq)
    assert (deleted.deleted, deleted.content) == (True, Content(""))
    assert await room.history(room.bot, here(group)) == (deleted,)
    with pytest.raises(Refused) as refused:
        await room.edit(room.bot, posted.seq, Content("又来"))
    assert refused.value.reason is Reason.NO_SUCH_MESSAGE


async def test_pressing_a_button_says_what_it_stands_for(
    room: Room, group: RoomGroup, fan: Person
) -> None:
    posted = await room.post(
        room.bot, here(group), Content("确认？", buttons=(Button("好", "/confirm 7"),))
    )
    pressed = await room.press(fan, posted.seq, 0)
    assert (pressed.person, pressed.says, pressed.group) == (fan, "/confirm 7", group)
    with pytest.raises(Refused) as refused:
        await room.press(fan, posted.seq, 1)
    assert refused.value.reason is Reason.NO_SUCH_BUTTON


async def test_refusals_name_their_reason_and_change_nothing(
    room: Room, group: RoomGroup, fan: Person, manager: Person
) -> None:
    outsider, _ = await room.people.enter("路人")
    post = await room.post(room.bot, here(group), Content("在"))
    said = await room.say(fan, here(group), "我说的")
    nowhere = Address(group="g99")
    wishes = [
        (Reason.NOT_IN_GROUP, room.say(outsider, here(group), "让我说")),
        (Reason.NO_SUCH_GROUP, room.say(fan, nowhere, "有人吗")),
        (Reason.NO_SUCH_GROUP, room.join(fan, "g99")),
        (Reason.NOT_ALLOWED, room.say(outsider, Address(person=fan.id), "偷听")),
        (Reason.NO_SUCH_PERSON, room.post(room.bot, Address(person="p99"), Content("在吗"))),
        (Reason.NO_SUCH_PERSON, room.post(room.bot, Address(person=room.bot.id), Content("我"))),
        (Reason.NOT_ALLOWED, room.post(fan, here(group), Content("假装"))),
        (Reason.NOT_ALLOWED, room.edit(fan, post.seq, Content("改"))),
        (Reason.NOT_ALLOWED, room.lookup(fan, "k")),
        (Reason.NO_SUCH_MESSAGE, room.delete(room.bot, said.seq)),
        (Reason.NO_SUCH_MESSAGE, room.pin(room.bot, 9_999)),
        (Reason.NO_SUCH_MESSAGE, room.press(outsider, post.seq, 0)),
        (Reason.NOT_ALLOWED, room.create_group(fan, "我的群")),
        (Reason.NAME_TAKEN, room.create_group(manager, "福利群")),
        (Reason.NOT_ALLOWED, room.leave(manager, group.id, by=fan)),
        (Reason.NOT_IN_GROUP, room.leave(outsider, group.id)),
        (Reason.NOT_IN_GROUP, room.history(outsider, here(group))),
        (Reason.EMPTY, room.say(fan, here(group), " \n ")),
        (Reason.TOO_LONG, room.say(fan, here(group), "长" * 4_097)),
        (Reason.BAD_FRAME, room.say(fan, here(group), "\ud83d")),
        (
            Reason.NO_SUCH_PICTURE,
            room.say(fan, here(group), "", (Picture("pictures/../bot-token"),)),
        ),
        (Reason.NAME_TAKEN, room.people.enter("小雨")),
        (Reason.NAME_TAKEN, room.people.enter("暖暖")),
        (Reason.BAD_NAME, room.people.enter("\u200b \n")),
        (Reason.BAD_NAME, room.people.enter("名" * 25)),
        (Reason.NOT_A_PICTURE, room.pictures.add(b"<svg onload=alert(1)>")),
        (Reason.TOO_BIG, room.pictures.add(PNG + b"\0" * 5 * 1024 * 1024)),
    ]
    before = room.log.last
    for reason, wish in wishes:
        with pytest.raises(Refused) as refused:
            await wish
        assert refused.value.reason is reason
    assert room.log.last == before


async def test_a_manager_puts_the_bot_out_and_the_bot_can_post_no_more(
    room: Room, group: RoomGroup, manager: Person
) -> None:
    start = room.log.last
    await room.leave(room.bot, group.id, by=manager)
    assert (await take(room, room.bot, start, 1))[0].kind is EventKind.LEFT
    with pytest.raises(Refused) as refused:
        await room.post(room.bot, here(group), Content("还在吗"))
    assert refused.value.reason is Reason.NOT_IN_GROUP


async def test_a_picture_is_kept_under_a_name_of_the_rooms_own(
    room: Room, group: RoomGroup, fan: Person
) -> None:
    source = await room.pictures.add(PNG)
    said = await room.say(fan, here(group), "", (Picture(source),))
    path = room.pictures.path(said.content.pictures[0].source)
    assert path is not None
    assert path.read_bytes() == PNG
    assert path.suffix == ".png"


async def test_a_managers_link_works_once(room: Room) -> None:
    link = room.people.new_link()
    person, token = await room.people.sign_in(link, "阿敏")
    assert (person.role, room.people.owner(token)) == (Role.MANAGER, person)
    with pytest.raises(Refused) as refused:
        await room.people.sign_in(link, "小偷")
    assert refused.value.reason is Reason.LINK_USED
    known, _ = await room.people.sign_in(room.people.new_link(), "阿敏")
    assert known == person


async def test_a_link_is_not_spent_on_a_name_that_is_a_fans(room: Room, fan: Person) -> None:
    link = room.people.new_link()
    with pytest.raises(Refused) as refused:
        await room.people.sign_in(link, fan.name)
    assert refused.value.reason is Reason.NAME_TAKEN
    assert room.people.link_is_good(link)


async def test_a_token_is_nobodys_once_it_is_signed_out_or_expired(room: Room, fan: Person) -> None:
    token = await room.people.new_token(fan)
    await room.people.sign_out(token)
    assert room.people.owner(token) is None
    assert room.people.owner(await room.people.new_token(fan, life=-1.0)) is None


async def test_the_file_is_private_and_holds_no_token(room: Room, fan: Person) -> None:
    token = await room.people.new_token(fan)
    await room.close()
    path = room.folder / "room.sqlite3"
    assert path.stat().st_mode & 0o777 == 0o600
    assert token.encode() not in path.read_bytes()


@pytest.mark.parametrize("spoil", ["not_a_database", "too_new", "a_folder"])
async def test_a_file_that_is_not_a_rooms_is_left_alone(
    spoil: str, tmp_path: Path, clock: SimulatedClock
) -> None:
    path = tmp_path / "room.sqlite3"
    match spoil:
        case "not_a_database":
            path.write_bytes(b"no database at all, " * 100)
        case "too_new":
            connection = sqlite3.connect(path)
            connection.execute("PRAGMA user_version=99")
            connection.close()
        case _:
            path.mkdir()
    with pytest.raises(RoomFileUnreadable) as unreadable:
        await Room.open(tmp_path, clock)
    assert str(path) in str(unreadable.value)


async def test_a_failed_write_fails_every_later_one_and_tells_nobody(
    room: Room, group: RoomGroup, fan: Person
) -> None:
    before = room.log.last
    other = sqlite3.connect(room.folder / "room.sqlite3")
    other.execute("DROP TABLE messages")
    other.commit()
    other.close()
    for _ in range(2):
        with pytest.raises(RoomFileUnwritable):
            await room.say(fan, here(group), "写不进去")
    assert room.log.last == before
