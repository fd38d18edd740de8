"""Segments under a name, and what they become where they are used."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import groups
from storage.saved_segments import (
    SavedSegmentUnknown,
    all_segments,
    delete_segment,
    nobody_knows,
    pinned,
    save_segment,
    spares_nobody,
)
from storage.segment_language.questions import InGroup, InTaggedGroup, Tagged
from storage.segment_language.trouble import SegmentUnreadable
from storage.segments import Segment, segment_named
from storage.tags import Tag, set_tags
from tests.storage.builders import NOW, group, member, shop

BY = "room:id-阿玲"


async def save(connection: AsyncConnection, name: str, expression: str) -> bool:
    """Save an expression under a name."""
    segment = Segment.parse(expression)
    return await save_segment(connection, await shop(connection), name, segment, by=BY, at=NOW)


async def test_a_segment_is_saved_changed_listed_and_deleted(connection: AsyncConnection) -> None:
    here = await shop(connection)
    assert not await save(connection, "常客", "tag:老客")
    assert not await save(connection, "b", "staff")
    assert await save(connection, "常客", "tag:老客 and reachable")
    assert await segment_named(connection, here, "常客") == Segment("tag:老客 and reachable")
    assert [(one.name, one.set_by, one.set_at) for one in await all_segments(connection, here)] == [
        ("b", BY, NOW),
        ("常客", BY, NOW),
    ]
    assert await delete_segment(connection, here, "常客")
    assert not await delete_segment(connection, here, "常客")
    assert await segment_named(connection, here, "常客") is None


async def test_a_saved_segment_is_put_in_for_its_name_and_stays_so(
    connection: AsyncConnection,
) -> None:
    here = await shop(connection)
    await save(connection, "常客", "tag:老客 or reachable")
    await save(connection, "沉默的常客", "segment:常客 and last_active > 60d")
    asked = await pinned(connection, here, Segment.parse("not segment:沉默的常客"))
    whole = "not ((tag:老客 or reachable) and last_active > 60d)"
    assert asked.expression == whole
    await save(connection, "常客", "staff")
    assert await pinned(connection, here, Segment.parse("not 分组:沉默的常客")) == Segment(whole)


async def test_a_name_that_nothing_was_saved_under_is_told(connection: AsyncConnection) -> None:
    here = await shop(connection)
    await save(connection, "常客", "tag:老客")
    with pytest.raises(SavedSegmentUnknown, match=r"老友.*The saved ones are: 常客"):
        await pinned(connection, here, Segment.parse("segment:老友"))
    with pytest.raises(SavedSegmentUnknown):
        await save(connection, "自己", "segment:自己")


async def test_segments_in_segments_do_not_grow_beyond_what_one_may_be(
    connection: AsyncConnection,
) -> None:
    await save(connection, "a", " or ".join(["staff"] * 20))
    await save(connection, "b", "segment:a or segment:a")
    with pytest.raises(SegmentUnreadable):
        await save(connection, "c", "segment:b or segment:b")


async def test_groups_are_held_by_their_ids_whatever_they_are_called_later(
    connection: AsyncConnection,
) -> None:
    one, two = await group(connection, "一群"), await group(connection, "二群")
    asked = Segment.parse("not group in (二群, 没有这个群) and group = 一群")
    kept = await pinned(connection, await shop(connection), asked)
    assert kept.expression == f"not group in (没有这个群, #{two.id}) and group = #{one.id}"
    moved = kept.regrouped(two.id, one.id)
    assert moved.expression == f"not group in (没有这个群, #{one.id}) and group = #{one.id}"
    assert moved.regrouped(two.id, 7) is not None
    await groups.ensure_groups(
        connection, await shop(connection), one.account, [(one.chat, "换了名字")], NOW
    )
    assert await pinned(connection, await shop(connection), kept) == kept


async def test_names_that_nobody_knows_are_told(connection: AsyncConnection) -> None:
    here = await group(connection, "一群", "福利群")
    fan = await member(connection, "小鱼", here)
    await set_tags(connection, [Tag(fan.id, "老客", "rule:watch", "1", NOW)])
    asked = Segment.parse(
        "tag in (老客, 没人带) and not tag:员工 and group in (一群, 九群) and not grouptag = 华东"
        " and grouptag = 福利群"
    )
    assert await nobody_knows(connection, await shop(connection), asked, NOW) == [
        Tagged(("没人带",)),
        InGroup(("九群",)),
        InTaggedGroup(("华东",)),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tag:老客 and not tag:敏感鸡", ["敏感鸡"]),
        ("not tag in (老客, 敏感鸡, 痘鸡)", ["敏感鸡", "痘鸡"]),
        ("not (tag:老客 or not tag:没人带)", []),
        ("not not tag:没人带 and not tag:老客", []),
        ("messages >= 1", []),
    ],
)
async def test_a_tag_that_leaves_nobody_out_is_told(
    connection: AsyncConnection, text: str, told: list[str]
) -> None:
    fan = await member(connection, "小鱼", await group(connection, "一群"))
    await set_tags(connection, [Tag(fan.id, "老客", "rule:watch", "1", NOW)])
    found = await spares_nobody(connection, Segment.parse(text), NOW)
    assert found == [Tagged((one,)) for one in told]
