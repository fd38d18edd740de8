"""What fans said, with who said it: the newest first, piece by piece, and only what may be seen."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.customers import set_no_record
from storage.messages import COMMAND
from storage.quotes import Said, said_by, said_in
from tests.storage.builders import DAY, NOW, SECOND, group, heard, member, record

BEGIN, END = NOW - DAY, NOW + DAY


async def said(connection: AsyncConnection) -> tuple[int, list[int]]:
    """Ten messages of two fans in one group, two each second, and what is no fan's; the ids."""
    here = await group(connection, "一群")
    await group(connection, "二群")
    fans = ["小美", "小鱼"]
    batch = [
        heard(f"m{n}", sender=fans[n % 2], text=f"第{n}句", at=NOW + n // 2 * SECOND)
        for n in range(10)
    ]
    await record(
        connection,
        *batch,
        heard("c", kind=COMMAND, text="/me"),
        heard("p", chat=None, text="悄悄话"),
        heard("e", text=""),
        heard("o", chat="chat-二群", text="在二群"),
        heard("l", text="太晚", at=END),
    )
    both = [(await member(connection, name)).id for name in fans]
    return here.id, both


async def test_what_members_said_comes_newest_first_piece_by_piece(
    connection: AsyncConnection,
) -> None:
    here, both = await said(connection)
    found: list[Said] = []
    while len(found) < 10:
        behind = found[-1] if found else None
        found += await said_by(connection, [here], both, BEGIN, END, behind=behind, most=3)
    assert [one.text for one in found] == [f"第{n}句" for n in reversed(range(10))]
    assert found[0] == Said(found[0].id, here, both[1], "小鱼", NOW + 4 * SECOND, "第9句")
    assert not await said_by(connection, [here], both, BEGIN, END, behind=found[-1], most=3)


async def test_only_these_members_and_groups_are_looked_at(connection: AsyncConnection) -> None:
    here, both = await said(connection)
    found = await said_by(connection, [here], both[:1], BEGIN, END, most=99)
    assert {one.name for one in found} == {"小美"}
    assert len(found) == 5
    assert not await said_by(connection, [], both, BEGIN, END, most=99)
    assert not await said_by(connection, [here], [], BEGIN, END, most=99)


async def test_messages_are_found_by_their_ids(connection: AsyncConnection) -> None:
    here, both = await said(connection)
    known = await said_by(connection, [here], both, BEGIN, END, most=2)
    found = await said_in(connection, [one.id for one in known] + [999_999])
    assert sorted(found, key=lambda one: -one.id) == known


async def test_who_asks_for_no_record_is_quoted_no_more(connection: AsyncConnection) -> None:
    here, both = await said(connection)
    fish = await member(connection, "小鱼")
    known = await said_by(connection, [here], both, BEGIN, END, most=99)
    await set_no_record(connection, fish.customer_id, no_record=True)
    assert {one.name for one in await said_in(connection, [one.id for one in known])} == {"小美"}
    found = await said_by(connection, [here], both, BEGIN, END, most=99)
    assert {one.name for one in found} == {"小美"}


async def test_the_words_of_staff_are_no_quotes(connection: AsyncConnection) -> None:
    here, both = await said(connection)
    await member(connection, "小鱼", staff=True)
    found = await said_by(connection, [here], both, BEGIN, END, most=99)
    assert {one.name for one in found} == {"小美"}
