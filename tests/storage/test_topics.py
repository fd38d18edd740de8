"""Topics are known by the platform's id, and called as the platform last called them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.topics import Topic, note_topic, topics_of
from tests.storage.builders import NOW, group


async def note(
    connection: AsyncConnection,
    group_id: int,
    topic: str,
    name: str | None = None,
    closed_at: datetime | None = None,
) -> None:
    await note_topic(connection, group_id, topic, name=name, closed_at=closed_at)


async def test_a_topic_is_called_by_its_id_until_its_name_is_told(
    connection: AsyncConnection,
) -> None:
    here = (await group(connection, "一群")).id
    await note(connection, here, "7")
    assert await topics_of(connection, [here]) == {here: [Topic(here, "7", "7", open=True)]}
    await note(connection, here, "7", "上新")
    await note(connection, here, "7")
    assert await topics_of(connection, [here]) == {here: [Topic(here, "7", "上新", open=True)]}


async def test_a_closed_topic_keeps_its_name_and_may_be_opened_again(
    connection: AsyncConnection,
) -> None:
    here = (await group(connection, "一群")).id
    await note(connection, here, "7", "上新")
    await note(connection, here, "7", closed_at=NOW)
    assert await topics_of(connection, [here]) == {here: [Topic(here, "7", "上新", open=False)]}
    await note(connection, here, "7", "新品")
    assert await topics_of(connection, [here]) == {here: [Topic(here, "7", "新品", open=True)]}


async def test_each_group_has_its_own(connection: AsyncConnection) -> None:
    first, second, none = [(await group(connection, name)).id for name in ("一", "二", "三")]
    await note(connection, first, "7", "上新")
    await note(connection, first, "9", "闲聊")
    await note(connection, second, "7", "售后")
    found = await topics_of(connection, [first, second, none])
    assert {one: [topic.name for topic in some] for one, some in found.items()} == {
        first: ["上新", "闲聊"],
        second: ["售后"],
    }
