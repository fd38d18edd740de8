"""Messages are stored once, in order, with the cursor; read by day; and forgotten in time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts, analysis, customers, members, messages
from storage.database import Database
from storage.members import Seen
from storage.messages import COMMAND, Heard
from storage.said import said_after
from storage.seats import leave
from storage.tables import customers as customer_rows
from storage.tables import members as people
from storage.tables import memberships, pending_commands
from storage.tables import messages as stored_messages
from tests.storage.builders import (
    ACCOUNT,
    DAY,
    MINUTE,
    NOW,
    PLATFORM,
    SECOND,
    analysed,
    group,
    heard,
    member,
    record,
    shop,
)


async def texts(connection: AsyncConnection) -> list[str]:
    """The texts as they are stored, in the order they went in."""
    rows = await connection.execute(select(stored_messages.c.text).order_by(stored_messages.c.id))
    return [row.text for row in rows]


# Stored once


async def test_what_is_heard_is_stored_in_the_order_heard(connection: AsyncConnection) -> None:
    await record(connection, heard("m1", text="一"), heard("m2", text="二"), heard("m3", text="三"))
    assert await texts(connection) == ["一", "二", "三"]


async def test_a_message_twice_in_one_batch_is_stored_for_its_first_coming(
    connection: AsyncConnection,
) -> None:
    first, second = await record(connection, heard("m1", text="一"), heard("m1", text="又"))
    assert (first.duplicate, second.duplicate) == (False, True)
    assert await texts(connection) == ["一"]


async def test_a_message_in_a_later_batch_is_a_duplicate(connection: AsyncConnection) -> None:
    await record(connection, heard("m1", text="一"))
    again, new = await record(connection, heard("m1", text="又"), heard("m2", text="二"))
    assert (again.duplicate, new.duplicate) == (True, False)
    assert await texts(connection) == ["一", "二"]


async def test_a_message_after_a_restart_is_a_duplicate(database_url: str) -> None:
    for expected in (False, True):
        database = await Database.open(database_url)
        async with database.writing() as connection:
            (result,) = await record(connection, heard("m1"))
            assert result.duplicate is expected
        await database.close()


async def test_the_same_id_on_two_accounts_is_two_messages(connection: AsyncConnection) -> None:
    await record(connection, heard("m1"), account="room")
    (other,) = await record(connection, heard("m1"), account="room:2")
    assert not other.duplicate


async def test_each_message_gets_the_number_of_its_own_row(connection: AsyncConnection) -> None:
    batch = [heard(f"m{number}", text=str(number)) for number in range(1_200)]
    recorded = await record(connection, *batch)
    rows = await connection.execute(select(stored_messages.c.id, stored_messages.c.text))
    assert {one.id: one.heard.text for one in recorded} == {row.id: row.text for row in rows}


async def test_an_empty_batch_stores_nothing(connection: AsyncConnection) -> None:
    assert await record(connection) == []


async def test_a_private_message_belongs_to_no_group(connection: AsyncConnection) -> None:
    (private,) = await record(connection, heard(chat=None))
    assert private.group is None
    assert not private.first_word
    assert not private.duplicate


async def test_a_large_history_goes_in_as_one_batch(connection: AsyncConnection) -> None:
    batch = [heard(f"m{number}", sender=f"粉丝{number}") for number in range(3_000)]
    assert all(one.first_word for one in await record(connection, *batch))
    again = await record(connection, *batch)
    assert all(one.duplicate and not one.first_word for one in again)


async def test_a_message_with_broken_characters_does_not_stop_its_batch(
    connection: AsyncConnection,
) -> None:
    broken = Seen("id-broken", "half \ud83d")
    await record(connection, heard("m1", text="a\x00b", sender=broken), heard("m2", text="好"))
    assert await texts(connection) == ["a\N{REPLACEMENT CHARACTER}b", "好"]


# The cursor


async def test_the_cursor_moves_with_what_was_heard(connection: AsyncConnection) -> None:
    await record(connection, heard("m1"), cursor="7")
    assert await accounts.cursor(connection, ACCOUNT) == "7"


async def test_the_cursor_moves_where_nothing_was_to_be_stored(connection: AsyncConnection) -> None:
    await record(connection, cursor="8")
    assert await accounts.cursor(connection, ACCOUNT) == "8"


async def test_an_import_without_a_cursor_leaves_it_alone(connection: AsyncConnection) -> None:
    await record(connection, heard("m1"), cursor="7")
    await record(connection, heard("m2"))
    assert await accounts.cursor(connection, ACCOUNT) == "7"


async def test_after_an_error_neither_message_nor_cursor_has_moved(database: Database) -> None:
    async def record_and_fail() -> None:
        async with database.writing() as connection:
            await record(connection, heard("m1"), cursor="7")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await record_and_fail()
    async with database.reading() as connection:
        assert await accounts.cursor(connection, ACCOUNT) is None
        assert await texts(connection) == []


# The first word


async def test_the_first_message_of_an_unknown_sender_is_their_first_word(
    connection: AsyncConnection,
) -> None:
    batch = [heard("m1"), heard("m2"), heard("m3", chat="chat-二群"), heard("m4", sender="阿云")]
    recorded = await record(connection, *batch)
    assert [one.first_word for one in recorded] == [True, False, True, True]
    (later,) = await record(connection, heard("m5"))
    assert not later.first_word


async def test_who_joined_before_speaking_is_known_already(connection: AsyncConnection) -> None:
    await member(connection, "小美", await group(connection, "一群"))
    (recorded,) = await record(connection, heard())
    assert not recorded.first_word


async def test_who_left_and_speaks_again_is_back(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    fan = await member(connection, "小美", seat)
    await leave(connection, seat.id, fan.id, NOW + MINUTE)
    late, back = (
        await record(connection, heard("m1", at=NOW + 30 * SECOND)),
        await record(connection, heard("m2", at=NOW + 2 * MINUTE)),
    )
    assert not late[0].first_word  # it was said before they left
    assert back[0].first_word


# Commands


async def test_a_command_is_pending_until_it_is_finished(connection: AsyncConnection) -> None:
    command, talk = await record(
        connection, heard("m1", kind=COMMAND, text="/tags"), heard("m2", text="哈哈")
    )
    assert command.id is not None
    assert talk.id is not None
    (waiting,) = await messages.pending(connection, ACCOUNT)
    assert (waiting.message_id, waiting.message, waiting.text) == (command.id, "m1", "/tags")
    assert (waiting.member_id, waiting.at) == (command.member.id, NOW)
    assert command.group is not None
    assert waiting.group_id == command.group.id
    await messages.finish_command(connection, command.id)
    assert await messages.pending(connection, ACCOUNT) == []


async def test_the_pictures_of_a_command_wait_with_it_and_those_of_talk_are_not_kept(
    connection: AsyncConnection,
) -> None:
    shown = ("room:pictures/one.png", "room:pictures/two.png")
    command = replace(heard("m1", text="", kind=messages.COMMAND), pictures=shown)
    talk = replace(heard("m2", kind=messages.FAN), pictures=shown)
    await record(connection, command, talk)
    (waiting,) = await messages.pending(connection, ACCOUNT)
    assert (waiting.message, waiting.pictures) == ("m1", shown)
    kept = await connection.execute(
        select(stored_messages.c.pictures).order_by(stored_messages.c.id)
    )
    assert list(kept.scalars()) == [list(shown), None]


async def test_a_command_heard_twice_is_pending_once(connection: AsyncConnection) -> None:
    command = heard("m1", kind=COMMAND, text="/tags")
    first, _ = await record(connection, command, command)
    assert first.id is not None
    await messages.finish_command(connection, first.id)
    await record(connection, command)
    assert await messages.pending(connection, ACCOUNT) == []


async def test_a_command_in_a_history_is_stored_and_never_pending(
    connection: AsyncConnection,
) -> None:
    await messages.record(
        connection,
        shop_id=await shop(connection),
        platform=PLATFORM,
        account=ACCOUNT,
        heard=[heard("m1", kind=COMMAND, text="/halt")],
        obey=False,
    )
    assert await texts(connection) == ["/halt"]
    assert await messages.pending(connection, ACCOUNT) == []


async def test_a_history_seats_nobody_and_brings_nobody_back(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    here, gone = await member(connection, "小美", seat), await member(connection, "阿云", seat)
    await leave(connection, seat.id, gone.id, NOW)
    names = ("小美", "阿云", "圆圆")
    recorded = await messages.record(
        connection,
        shop_id=await shop(connection),
        platform=PLATFORM,
        account=ACCOUNT,
        heard=[heard(name, sender=name, at=NOW + DAY) for name in names],
        obey=False,
    )
    assert not any(one.first_word or one.duplicate for one in recorded)
    for name, seated in zip(names, ([here], [], []), strict=True):
        assert await members.members_named(connection, name, [seat.id]) == seated


async def test_pending_commands_come_oldest_first_for_their_own_account(
    connection: AsyncConnection,
) -> None:
    names = ("m3", "m1", "m2")
    await record(connection, *(heard(name, kind=COMMAND, text="/me") for name in names))
    await record(connection, heard("m9", kind=COMMAND, text="/me"), account="room:2")
    assert [one.message for one in await messages.pending(connection, ACCOUNT)] == list(names)


async def test_pending_commands_are_read_on_from_the_last_one_seen(
    connection: AsyncConnection,
) -> None:
    assert await messages.last_pending(connection, ACCOUNT) == 0
    names = [f"m{number}" for number in range(5)]
    recorded = await record(connection, *(heard(name, kind=COMMAND, text="/me") for name in names))
    await record(connection, heard("m9", kind=COMMAND, text="/me"), account="room:2")
    first = await messages.pending(connection, ACCOUNT, limit=2)
    rest = await messages.pending(connection, ACCOUNT, after=first[-1].message_id)
    assert [one.message for one in (*first, *rest)] == names
    assert await messages.last_pending(connection, ACCOUNT) == recorded[-1].id


# Nothing of a member who asked for no record


async def test_the_text_of_a_member_who_asked_for_no_record_is_never_stored(
    connection: AsyncConnection,
) -> None:
    quiet = await member(connection, "小美")
    await customers.set_no_record(connection, quiet.customer_id, no_record=True)
    await record(connection, heard("m1", text="秘密"), heard("m2", sender="阿云", text="哈哈"))
    assert await texts(connection) == ["", "哈哈"]


async def test_their_command_is_kept_until_it_is_finished_and_then_emptied(
    connection: AsyncConnection,
) -> None:
    quiet = await member(connection, "小美")
    await customers.set_no_record(connection, quiet.customer_id, no_record=True)
    batch = [
        heard("m1", kind=COMMAND, text="/help"),
        heard("m2", kind=COMMAND, text="/me", sender="阿云"),
    ]
    recorded = await record(connection, *batch)
    assert await texts(connection) == ["/help", "/me"]
    for one in recorded:
        assert one.id is not None
        await messages.finish_command(connection, one.id)
    assert await texts(connection) == ["", "/me"]


async def test_asking_for_no_record_empties_what_was_stored_and_only_theirs(
    connection: AsyncConnection,
) -> None:
    await record(connection, heard("m1", text="秘密"), heard("m2", sender="阿云", text="哈哈"))
    quiet = await member(connection, "小美")
    await customers.set_no_record(connection, quiet.customer_id, no_record=True)
    assert await texts(connection) == ["", "哈哈"]


async def test_a_command_that_waits_survives_their_asking_for_no_record(
    connection: AsyncConnection,
) -> None:
    batch = (heard("m1", kind=COMMAND, text="/norecord"), heard("m2", kind=COMMAND, text="/me"))
    asked, waits = await record(connection, *batch)
    await customers.set_no_record(connection, asked.member.customer_id, no_record=True)
    assert asked.id is not None
    assert waits.id is not None
    await messages.finish_command(connection, asked.id)
    assert await texts(connection) == ["", "/me"]
    await messages.finish_command(connection, waits.id)
    assert await texts(connection) == ["", ""]


async def test_after_they_allow_it_again_their_words_are_stored_again(
    connection: AsyncConnection,
) -> None:
    quiet = await member(connection, "小美")
    await customers.set_no_record(connection, quiet.customer_id, no_record=True)
    await record(connection, heard("m1", text="秘密"))
    await customers.set_no_record(connection, quiet.customer_id, no_record=False)
    await record(connection, heard("m2", text="又来啦"))
    assert await texts(connection) == ["", "又来啦"]


async def test_a_message_under_way_while_no_record_is_asked_for_is_emptied_as_well(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        quiet = await member(connection, "小美", await group(connection, "一群"))

    async def ask_for_no_record() -> None:
        async with other.writing() as connection:
            await customers.set_no_record(connection, quiet.customer_id, no_record=True)

    async with database.writing() as connection:
        await record(connection, heard("m1", text="秘密"))
        asking = asyncio.create_task(ask_for_no_record())
        await asyncio.sleep(0.1)
        assert not asking.done()
    await asking
    async with database.reading() as connection:
        assert await texts(connection) == [""]


# Two processes at once


async def test_two_processes_that_hear_the_same_new_people_make_each_of_them_once(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        await shop(connection)
    names = [f"粉丝{number}" for number in range(60)]

    async def listen(which: Database, account: str, order: list[str]) -> None:
        for start in range(0, len(order), 20):
            batch = [heard(f"{account}-{name}", sender=name) for name in order[start : start + 20]]
            async with which.writing() as connection:
                await record(connection, *batch, account=account)

    await asyncio.gather(
        listen(database, "room:1", names),
        listen(other, "room:2", names[::-1]),
        listen(database, "room:3", names[30:] + names[:30]),
        listen(other, "room:4", names[::2] + names[1::2]),
    )
    async with database.reading() as connection:
        for table, expected in ((people, 60), (customer_rows, 60), (stored_messages, 240)):
            assert await connection.scalar(select(func.count()).select_from(table)) == expected
        assert await connection.scalar(select(func.count()).select_from(memberships)) == 240


# Days that change


async def dirty(connection: AsyncConnection, group_id: int) -> dict[date, bool]:
    days = await analysis.day_states(connection, [group_id], date.min, date.max)
    return {day.day: day.dirty for day in days}


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (heard("late"), True),
        (heard("known"), False),  # a duplicate changes nothing
        (heard("late", kind="bot"), False),  # only fans' words are analysed
        (heard("late", day=NOW.date() + DAY), False),  # another day
        (heard("late", chat="chat-二群"), False),  # another group
        (heard("late", chat=None), False),
    ],
)
async def test_a_late_message_marks_the_day_it_belongs_to(
    connection: AsyncConnection,
    late: Heard,
    expected: bool,  # noqa: FBT001 (a table's column)
) -> None:
    seat = await group(connection, "一群")
    await record(connection, heard("known"))
    day = NOW.date()
    await analysed(connection, seat, day)
    await record(connection, late)
    assert await dirty(connection, seat.id) == {day: expected}


# Reading


async def test_utterances_are_what_fans_said_in_the_group_and_the_span(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    quiet = await member(connection, "安静")
    await customers.set_no_record(connection, quiet.customer_id, no_record=True)
    await record(
        connection,
        heard("at-the-end", at=NOW + MINUTE, text="不在里面"),
        heard("second", at=NOW + 2 * SECOND, text="二"),
        heard("first", at=NOW, text="一"),
        heard("before", at=NOW - SECOND, text="太早"),
        heard("bot", kind="bot", text="机器人"),
        heard("staff", sender=Seen("id-店长", "店长", staff=True), text="店长的话"),
        heard("elsewhere", chat="chat-二群", text="别处"),
        heard("private", chat=None, text="私聊"),
        heard("unrecorded", sender="安静", text="秘密"),
    )
    found = await messages.utterances(connection, seat.id, NOW, NOW + MINUTE)
    assert [one.text for one in found] == ["一", "二"]
    assert found[0].at == NOW


async def test_an_utterance_says_which_stored_message_it_replies_to(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    asked, *_ = await record(
        connection,
        heard("asked", text="能用吗"),
        replace(heard("answer", at=NOW + SECOND), reply_to="asked"),
        replace(heard("late", at=NOW + 2 * SECOND), reply_to="never heard"),
    )
    # Another account's message may carry the same id.
    await record(connection, heard("asked", chat="chat-二群"), account="other")
    found = await messages.utterances(connection, seat.id, NOW, NOW + MINUTE)
    assert [one.reply_to for one in found] == [None, asked.id, None]
    behind = await said_after(connection, {seat.id: found[0].id}, NOW, NOW + MINUTE)
    assert [one.reply_to for one in behind[seat.id]] == [asked.id, None]


async def test_what_is_new_is_told_group_by_group(connection: AsyncConnection) -> None:
    one, two = await group(connection, "一群"), await group(connection, "二群")
    old, *_ = await record(
        connection,
        heard("1", text="早", chat="chat-一群"),
        heard("2", text="早呀", chat="chat-二群"),
        heard("3", text="面霜", chat="chat-一群"),
    )
    newest = {one.id: old.id or 0, two.id: (old.id or 0) + 1}
    new = await said_after(connection, newest, NOW, NOW + MINUTE)
    assert {group_id: [u.text for u in said] for group_id, said in new.items()} == {
        one.id: ["面霜"],
        two.id: [],
    }
    assert await said_after(connection, {}, NOW, NOW + MINUTE) == {}


async def test_a_message_is_found_by_its_words_the_newest_in_its_chat(
    connection: AsyncConnection,
) -> None:
    await record(
        connection,
        heard("m1", text="能用吗"),
        heard("m2", at=NOW + SECOND, text="能用吗"),
        heard("m3", at=NOW + 2 * MINUTE, text="能用吗"),
        heard("m4", at=NOW + SECOND, text="能用吗？"),
        heard("m5", at=NOW + SECOND, chat="chat-二群", text="能用吗"),
    )

    async def found(text: str, chat: str = "chat-一群") -> str | None:
        return await messages.message_saying(connection, ACCOUNT, chat, text, NOW, NOW + MINUTE)

    assert await found("能用吗") == "m2"
    assert await found("能用吗", "chat-二群") == "m5"
    assert await found("能用") is None
    assert await found("能用吗", "chat-三群") is None


async def test_quotes_leave_out_what_is_gone(
    connection: AsyncConnection,
) -> None:
    one, two = await record(connection, heard("m1", text="好用"), heard("m2", text=""))
    assert one.id is not None
    assert two.id is not None
    found = await messages.quotes(connection, [one.id, two.id, two.id + 1])
    assert found == [messages.Quote(one.id, "好用")]


# Retention


async def test_retention_takes_only_what_is_older_the_oldest_first_a_batch_at_a_time(
    connection: AsyncConnection,
) -> None:
    ages = {f"{days} days": NOW - days * DAY for days in (0, 179, 180, 181, 200, 300)}
    await record(connection, *(heard(age, at=at, text=age) for age, at in ages.items()))
    horizon = NOW - 180 * DAY
    assert await messages.delete_before(connection, horizon, batch=2) == 2
    assert set(await texts(connection)) == {"0 days", "179 days", "180 days", "181 days"}
    assert await messages.delete_before(connection, horizon, batch=2) == 1
    assert await messages.delete_before(connection, horizon, batch=2) == 0
    assert set(await texts(connection)) == {"0 days", "179 days", "180 days"}


async def test_a_command_that_retention_takes_is_pending_no_longer(
    connection: AsyncConnection,
) -> None:
    await record(connection, heard("m1", kind=COMMAND, text="/me"))
    await messages.delete_before(connection, NOW + DAY)
    assert await connection.scalar(select(func.count()).select_from(pending_commands)) == 0
