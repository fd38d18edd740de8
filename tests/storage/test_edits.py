"""A message says what its writer made of it; who, where and when stay."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import customers, messages
from storage.edits import Written, message_to_edit, reword
from storage.tables import messages as rows
from tests.storage.builders import ACCOUNT, MINUTE, NOW, heard, record


async def test_a_message_is_found_for_its_own_writer_alone(connection: AsyncConnection) -> None:
    (one,) = await record(connection, heard("m1", sender="小鱼"))
    assert one.id is not None
    assert one.group is not None
    found = await message_to_edit(connection, ACCOUNT, "m1", "id-小鱼")
    assert found == Written(
        id=one.id,
        member_id=one.member.id,
        staff=False,
        group_id=one.group.id,
        at=NOW,
        kind=messages.FAN,
        edited_at=None,
        no_record=False,
    )
    for account, message, person in (
        ("room:2", "m1", "id-小鱼"),
        (ACCOUNT, "m2", "id-小鱼"),
        (ACCOUNT, "m1", "id-小美"),
    ):
        assert await message_to_edit(connection, account, message, person) is None


async def test_it_tells_whether_its_writer_asked_for_no_record(
    connection: AsyncConnection,
) -> None:
    (one,) = await record(connection, heard("m1", sender="小鱼"))
    await customers.set_no_record(connection, one.member.customer_id, no_record=True)
    found = await message_to_edit(connection, ACCOUNT, "m1", "id-小鱼")
    assert found is not None
    assert found.no_record


async def test_only_the_words_move(connection: AsyncConnection) -> None:
    (one, other) = await record(connection, heard("m1"), heard("m2"))
    assert one.id is not None
    await reword(connection, one.id, kind="chain", text="改了", at=NOW + MINUTE)
    stored = await connection.execute(
        select(rows.c.id, rows.c.kind, rows.c.text, rows.c.at, rows.c.edited_at)
    )
    assert {row.id: tuple(row)[1:] for row in stored} == {
        one.id: ("chain", "改了", NOW, NOW + MINUTE),
        other.id: (messages.FAN, other.heard.text, NOW, None),
    }
