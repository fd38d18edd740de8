"""Talk is read with who said it to whom, and of each question the staff are told once."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import appointments, messages
from storage.members import Seen
from storage.nicknames import note_nicknames
from storage.questions import note_told, note_untold, talk, told_at
from storage.tables import told_questions
from tests.storage.builders import DAY, MINUTE, NOW, SECOND, group, heard, member, record

BOSS = Seen("id-店长", "店长", staff=True)


async def test_fans_and_staff_are_heard_and_commands_and_what_was_passed_on_are_not(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群")
    await record(
        connection,
        heard("m1", text="能用吗"),
        heard("m2", kind="staff", sender=BOSS, at=NOW + SECOND, text="能"),
        heard("m3", kind="bot", sender=Seen("id-账号", "暖暖"), at=NOW + 2 * SECOND, text="好用"),
        heard("m4", kind="fan", sender=BOSS, at=NOW + 3 * SECOND, text="以前的话"),
        heard("m5", kind="command", text="/me"),
        heard("m6", kind="shop_post", text="转发"),
        heard("m7", kind="chain", text="接龙"),
        heard("m8", chat=None, text="私聊"),
        heard("m9", at=NOW + DAY, text="明天"),
    )
    found = await talk(connection, [here.id], NOW, NOW + DAY)
    assert [(one.text, one.staff) for one in found] == [
        ("能用吗", False),
        ("能", True),
        ("好用", True),
        ("以前的话", True),
    ]


async def test_an_appointed_fan_is_staff(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    await record(connection, heard("m1"))
    await appointments.appoint(connection, (await member(connection, "小美")).id, NOW)
    assert [one.staff for one in await talk(connection, [here.id], NOW, NOW + DAY)] == [True]


async def test_it_says_what_replies_to_whom_and_how_people_are_called(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群")
    asked, *_ = await record(
        connection,
        heard("m1"),
        replace(heard("m2", at=NOW + SECOND), reply_to="m1"),  # to what they said themselves
        replace(heard("m3", sender="小鱼", at=NOW + 2 * SECOND), reply_to="m1"),
        heard("m4", kind="staff", sender=BOSS, at=NOW + 3 * SECOND),
        replace(heard("m5", sender="小鱼", at=NOW + 4 * SECOND), reply_to="m4"),
        replace(heard("m6", sender="小鱼", at=NOW + 5 * SECOND), reply_to="gone"),
    )
    await note_nicknames(connection, {(here.id, asked.member.id): "美美"})
    found = await talk(connection, [here.id], NOW, NOW + DAY)
    staff_said = found[3].id
    assert [(one.reply_to, one.to_fan) for one in found] == [
        (None, False),
        (asked.id, False),
        (asked.id, True),
        (None, False),
        (staff_said, False),
        (None, False),
    ]
    assert found[0].called == ("小美", "美美")
    assert found[2].called == ("小鱼",)


async def test_groups_come_one_after_the_other_and_in_order(connection: AsyncConnection) -> None:
    first, second = await group(connection, "一群"), await group(connection, "二群")
    await record(
        connection,
        heard("m1", chat="chat-二群", at=NOW),
        heard("m2", at=NOW + 2 * MINUTE),
        heard("m3", at=NOW + MINUTE),
    )
    ids = sorted([first.id, second.id])
    found = await talk(connection, ids, NOW, NOW + DAY)
    assert [one.group_id for one in found] == [first.id, first.id, second.id]
    assert found[0].at < found[1].at
    assert await talk(connection, [], NOW, NOW + DAY) == []


async def test_of_a_question_the_staff_are_told_once(connection: AsyncConnection) -> None:
    await group(connection, "一群")
    one, two = await record(connection, heard("m1"), heard("m2"))
    assert one.id is not None
    assert two.id is not None
    assert await note_told(connection, [one.id], NOW) == {one.id}
    assert await note_told(connection, [one.id, two.id], NOW) == {two.id}
    assert await told_at(connection, [one.id, two.id]) == {one.id: NOW, two.id: NOW}
    await note_untold(connection, [two.id])
    assert await told_at(connection, [one.id, two.id]) == {one.id: NOW}
    assert await note_told(connection, [one.id, two.id], NOW) == {two.id}
    assert await note_told(connection, [], NOW) == set()


async def test_with_a_message_goes_what_was_told_of_it(connection: AsyncConnection) -> None:
    await group(connection, "一群")
    (one,) = await record(connection, heard("m1"))
    assert one.id is not None
    await note_told(connection, [one.id], NOW)
    await messages.delete_before(connection, NOW + DAY)
    left = await connection.scalar(select(func.count()).select_from(told_questions))
    assert left == 0
