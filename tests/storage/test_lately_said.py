"""What fans said lately: their own words, over the whole shop, and never too many of them."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.lately_said import IMPORTED, first_words, said_lately
from storage.members import Seen
from storage.messages import COMMAND, Heard, record
from storage.tables import groups
from tests.storage.builders import ACCOUNT, DAY, MINUTE, NOW, PLATFORM, group, heard, shop


async def hear(connection: AsyncConnection, *words: Heard) -> None:
    await record(
        connection,
        shop_id=await shop(connection),
        platform=PLATFORM,
        account=ACCOUNT,
        heard=words,
    )


async def said(connection: AsyncConnection, most: int = 100, *, live: bool = True) -> list[str]:
    shop_id = await shop(connection)
    found = await said_lately(connection, shop_id, NOW - MINUTE, NOW + MINUTE, most, live=live)
    return [one.text for one in found]


async def test_the_newest_words_of_all_groups_come_first(connection: AsyncConnection) -> None:
    await hear(
        connection,
        heard("1", text="早", at=NOW - MINUTE),
        heard("2", text="面霜好用", at=NOW, chat="chat-二群"),
        heard("3", text="太早了", at=NOW - MINUTE - MINUTE),
        heard("4", text="还没到", at=NOW + MINUTE),
    )
    assert await said(connection) == ["面霜好用", "早"]
    assert await said(connection, most=1) == ["面霜好用"]


async def test_only_fans_own_words_in_fans_groups_count(connection: AsyncConnection) -> None:
    staff_chat = await group(connection, "店员群")
    stranger = await group(connection, "别人的群")
    where = groups.c.id
    await connection.execute(update(groups).where(where == staff_chat.id).values(is_staff=True))
    await connection.execute(update(groups).where(where == stranger.id).values(accepted_at=None))
    await hear(
        connection,
        heard("1", text="过敏了"),
        heard("2", text="/insights", kind=COMMAND),
        heard("3", text="会过敏的请找我", sender=Seen("id-阿玲", "阿玲", staff=True)),
        heard("4", text="过敏", chat="chat-店员群"),
        heard("5", text="过敏", chat="chat-别人的群"),
        heard("6", text="过敏", chat=None),
        heard("7", text=""),
    )
    assert await said(connection) == ["过敏了"]


async def test_what_was_imported_is_no_news(connection: AsyncConnection) -> None:
    await hear(connection, heard("1", text="早"), heard(f"{IMPORTED}2", text="旧话"))
    assert await said(connection) == ["早"]
    assert sorted(await said(connection, live=False)) == ["旧话", "早"]


async def test_it_is_known_since_when_fans_talk(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    assert await first_words(connection, shop_id, NOW - DAY) is None
    await hear(
        connection,
        heard("1", at=NOW),
        heard("2", at=NOW - MINUTE),
        heard("3", at=NOW - DAY - MINUTE),
    )
    assert await first_words(connection, shop_id, NOW - DAY) == NOW - MINUTE
