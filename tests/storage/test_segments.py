"""Who is in a segment, by the tags of all members of a customer, and where they sit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts, tables, tags
from storage.accounts import State
from storage.groups import Group
from storage.members import Member
from storage.seats import leave
from storage.segments import Segment, customers_in, unknown_tags
from storage.tags import Tag
from tests.storage.builders import ACCOUNT, DAY, HOUR, NOW, PLATFORM, group, member


async def carries(
    connection: AsyncConnection, who: Member, *names: str, lasts: timedelta | None = None
) -> None:
    """Somebody is given these tags."""
    until = None if lasts is None else NOW + lasts
    given = [Tag(who.id, name, "rule:watch", "1", NOW - DAY, until) for name in names]
    await tags.set_tags(connection, given)


async def are_one(connection: AsyncConnection, one: Member, other: Member) -> None:
    """Two members are one customer."""
    await connection.execute(
        update(tables.members)
        .where(tables.members.c.id == other.id)
        .values(customer_id=one.customer_id)
    )


async def people(
    connection: AsyncConnection,
    segment: Segment,
    *of: Group,
    kept_out: tuple[Group, ...] = (),
) -> set[int]:
    """The customers of a segment in these groups."""
    found = await customers_in(
        connection, segment, [each.id for each in of], [each.id for each in kept_out], NOW
    )
    assert list(found) == sorted(set(found))
    return set(found)


@pytest.mark.parametrize(
    ("tagged", "untagged", "meant"),
    [
        (("敏感肌",), (), "小鱼 小美"),
        (("敏感肌", "老客"), (), "小鱼 小美 小陈"),
        (("敏感肌",), ("老客",), "小美"),
        (("敏感肌",), ("没有人带着",), "小鱼 小美"),
        (("没有人带着",), (), ""),
    ],
)
async def test_a_segment_is_who_carries_one_of_its_tags_and_none_of_the_others(
    connection: AsyncConnection, tagged: tuple[str, ...], untagged: tuple[str, ...], meant: str
) -> None:
    here = await group(connection, "一群")
    fans = {name: await member(connection, name, here) for name in ("小鱼", "小美", "小陈", "小李")}
    await carries(connection, fans["小鱼"], "敏感肌", "老客")
    await carries(connection, fans["小美"], "敏感肌")
    await carries(connection, fans["小陈"], "老客")
    found = await people(connection, Segment.carrying(*tagged, untagged=untagged), here)
    assert found == {fans[name].customer_id for name in meant.split()}


async def test_only_those_who_sit_there_are_meant(connection: AsyncConnection) -> None:
    one, two = await group(connection, "一群"), await group(connection, "二群")
    in_one = await member(connection, "小鱼", one)
    in_both = await member(connection, "小美", one, two)
    gone = await member(connection, "小陈", one)
    nowhere = await member(connection, "小李")
    for fan in (in_one, in_both, gone, nowhere):
        await carries(connection, fan, "敏感肌")
    await leave(connection, one.id, gone.id, NOW + HOUR)
    asked = Segment.carrying("敏感肌")
    assert await people(connection, asked, one) == {in_one.customer_id, in_both.customer_id}
    assert await people(connection, asked, two) == {in_both.customer_id}
    assert await people(connection, asked, one, kept_out=(two,)) == {in_one.customer_id}
    assert await people(connection, asked) == set()


async def test_a_tag_counts_until_it_ends(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    over, stands = await member(connection, "小鱼", here), await member(connection, "小美", here)
    await carries(connection, over, "敏感肌", lasts=timedelta(0))
    await carries(connection, stands, "敏感肌", lasts=timedelta(seconds=1))
    assert await people(connection, Segment.carrying("敏感肌"), here) == {stands.customer_id}
    still = await people(connection, Segment.carrying("敏感肌", untagged=["敏感肌"]), here)
    assert still == set()


async def test_a_customer_carries_the_tags_of_all_their_members(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群")
    sits, elsewhere = await member(connection, "小鱼", here), await member(connection, "小鱼二")
    await are_one(connection, sits, elsewhere)
    await carries(connection, elsewhere, "敏感肌")
    assert await people(connection, Segment.carrying("敏感肌"), here) == {sits.customer_id}
    await carries(connection, elsewhere, "老客")
    assert await people(connection, Segment.carrying("敏感肌", untagged=["老客"]), here) == set()


async def test_the_staff_and_the_bots_own_accounts_are_nobody(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    clerk = await member(connection, "阿玲", here, staff=True)
    own = await member(connection, "小助手", here)
    online = State("online", NOW, me=own.person)
    await accounts.note_state(connection, ACCOUNT, PLATFORM, online)
    for one in (clerk, own):
        await carries(connection, one, "敏感肌")
    assert await people(connection, Segment.carrying("敏感肌"), here) == set()


async def test_tags_that_nobody_carries_are_told(connection: AsyncConnection) -> None:
    fan = await member(connection, "小鱼")
    await carries(connection, fan, "敏感肌")
    await carries(connection, fan, "旧", lasts=timedelta(0))
    assert await unknown_tags(connection, ["旧", "敏感肌", "没有", "没有"], NOW) == ["旧", "没有"]
