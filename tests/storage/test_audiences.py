"""Which groups and topics an audience means, now and after they are called something else."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import groups
from storage.audiences import Audience, aims_of, resolve
from storage.groups import Group
from storage.staff_chats import tie
from storage.topics import note_topic
from tests.storage.builders import NOW, group, shop


@pytest.mark.parametrize(
    ("wanted", "unwanted", "chosen", "unknown"),
    [
        ((), (), "一群 三群 二群", ()),
        (("一群",), (), "一群", ()),
        (("福利群",), (), "一群 二群", ()),
        (("福利群",), ("二群",), "一群", ()),
        (("福利群", "三群"), ("新客群",), "一群 三群", ()),
        ((), ("福利群",), "三群", ()),
        (("二群", "福利群"), (), "一群 二群", ()),
        (("福利群",), ("福利群",), "", ()),
        (("没有的群",), (), "", ("没有的群",)),
        (("一群", "没有的群"), ("也没有",), "一群", ("没有的群", "也没有")),
        (("福利",), (), "", ("福利",)),  # whole names, never parts of one
        (("三_",), (), "", ("三_",)),
    ],
)
async def test_an_audience_is_names_and_tags_less_those_left_out(
    connection: AsyncConnection,
    wanted: tuple[str, ...],
    unwanted: tuple[str, ...],
    chosen: str,
    unknown: tuple[str, ...],
) -> None:
    await group(connection, "一群", "福利群", "老客群")
    await group(connection, "二群", "福利群", "新客群")
    await group(connection, "三群")
    found = await resolve(connection, await shop(connection), Audience(wanted, unwanted))
    assert {each.name for each in found.groups} == set(chosen.split())
    assert found.unknown == unknown


async def test_a_group_that_joins_later_belongs_to_the_audience_too(
    connection: AsyncConnection,
) -> None:
    audience = Audience(("福利群",))
    await group(connection, "一群", "福利群")
    await group(connection, "二群", "福利群")
    found = await resolve(connection, await shop(connection), audience)
    assert {each.name for each in found.groups} == {"一群", "二群"}


async def test_an_approved_audience_means_the_same_groups_whatever_they_are_called_later(
    connection: AsyncConnection,
) -> None:
    named = await group(connection, "禾露一群")
    left_out = await group(connection, "禾露二群", "福利群")
    await group(connection, "禾露三群", "福利群")
    shop_id = await shop(connection)
    asked = Audience(("禾露一群", "福利群"), ("二群",))
    pinned = (await resolve(connection, shop_id, asked)).pinned
    assert pinned == Audience(("福利群",), (), (named.id,), (left_out.id,))
    # 二 is now part of two names, and both named groups are called something else.
    await group(connection, "禾露十二群", "福利群")
    for seat, name in ((named, "老友群"), (left_out, "新友群")):
        await groups.ensure_groups(connection, shop_id, seat.account, [(seat.chat, name)], NOW)
    found = await resolve(connection, shop_id, pinned)
    assert {each.name for each in found.groups} == {"老友群", "禾露三群", "禾露十二群"}
    assert found.unknown == ()


async def test_every_group_but_one_stays_every_group_but_that_one(
    connection: AsyncConnection,
) -> None:
    await group(connection, "一群")
    left_out = await group(connection, "二群")
    shop_id = await shop(connection)
    pinned = (await resolve(connection, shop_id, Audience((), ("二群",)))).pinned
    await group(connection, "三群")
    await groups.ensure_groups(
        connection, shop_id, left_out.account, [(left_out.chat, "贵宾群")], NOW
    )
    found = await resolve(connection, shop_id, pinned)
    assert {each.name for each in found.groups} == {"一群", "三群"}


async def test_the_ids_of_an_audience_are_those_of_its_groups(connection: AsyncConnection) -> None:
    one, two, three, left = [
        await group(connection, name, "福利群") for name in ("一群", "二群", "三群", "四群")
    ]
    await groups.set_present(connection, left.id, present=False)
    shop_id = await shop(connection)
    for audience, meant in (
        (Audience(), [one, two, three]),
        (Audience(kept_out=(two.id,)), [one, three]),
        (Audience(taken=(three.id, one.id, left.id)), [one, three]),
        (Audience(taken=(one.id, two.id), kept_out=(two.id,)), [one]),
        (Audience(("福利群",), kept_out=(two.id,)), [one, three]),
        (Audience((), ("二群",)), [one, three]),
    ):
        aims = await aims_of(connection, shop_id, audience)
        assert sorted(aims) == [(each.id, None) for each in meant]
        shown = (await resolve(connection, shop_id, audience)).groups
        assert {each.id for each in shown} == {each.id for each in meant}
    assert await aims_of(connection, shop_id + 1, Audience()) == []


def test_an_audience_is_kept_as_it_was_said() -> None:
    audience = Audience(
        ("福利群", "三群"), ("二群",), (3,), (4, 5), ((6, "77"),), "@福利群 @三群 @六群#上新 -二群"
    )
    assert Audience.from_json(audience.to_json()) == audience


def test_an_audience_from_before_there_were_topics_has_none() -> None:
    document = Audience(("福利群",), written="@福利群").to_json()
    del document["topics"]
    assert Audience.from_json(document) == Audience(("福利群",), written="@福利群")


# Topics


async def forum(connection: AsyncConnection, name: str, *tags: str, **topics: str) -> Group:
    """A group with these topics: each by its name, with the platform's id of it."""
    made = await group(connection, name, *tags)
    for topic, number in topics.items():
        await note_topic(connection, made.id, number, name=topic, closed_at=None)
    return made


@pytest.mark.parametrize(
    ("wanted", "unwanted", "chosen", "unknown"),
    [
        (("一群#上新",), (), "一群#上新", ()),
        (("一群＃上新",), (), "一群#上新", ()),
        (("福利群#上新",), (), "一群#上新 二群#上新", ()),
        (("福利群#售后",), (), "一群#售后", ()),
        (("福利群#上新",), ("二群",), "一群#上新", ()),
        (("一群", "一群#上新"), (), "一群 一群#上新", ()),
        (("一群#上新", "一群#售后"), (), "一群#上新 一群#售后", ()),
        (("一#上新",), (), "一群#上新", ()),  # a part of a name that only one group has
        (("三群#上新",), (), "", ("三群#上新",)),
        (("一群#旧话题",), (), "", ("一群#旧话题",)),  # it is closed
        (("一群#",), (), "", ("一群#",)),
        (("编号#1",), (), "编号#1", ()),  # a group of this very name
        (("福利群",), ("一群#上新",), "一群 二群", ("一群#上新",)),  # only groups are left out
    ],
)
async def test_a_topic_is_meant_by_its_group_and_its_name(
    connection: AsyncConnection,
    wanted: tuple[str, ...],
    unwanted: tuple[str, ...],
    chosen: str,
    unknown: tuple[str, ...],
) -> None:
    first = await forum(connection, "一群", "福利群", 上新="7", 售后="8", 旧话题="9")
    await note_topic(connection, first.id, "9", name=None, closed_at=NOW)
    await forum(connection, "二群", "福利群", 上新="7")
    for name in ("三群", "编号#1"):
        await group(connection, name)
    found = await resolve(connection, await shop(connection), Audience(wanted, unwanted))
    assert sorted(each.title for each in found.groups) == sorted(chosen.split())
    assert found.unknown == unknown


async def test_an_approved_topic_is_the_same_whatever_it_is_called_later(
    connection: AsyncConnection,
) -> None:
    one = await forum(connection, "一群", 上新="7")
    two = await forum(connection, "二群", "福利群", 上新="8")
    shop_id = await shop(connection)
    asked = Audience(("一群#上新", "福利群#上新"))
    pinned = (await resolve(connection, shop_id, asked)).pinned
    assert pinned == Audience(("福利群#上新",), topics=((one.id, "7"),))
    await note_topic(connection, one.id, "7", name="新品", closed_at=NOW)
    found = await resolve(connection, shop_id, pinned)
    assert [each.title for each in found.groups] == ["一群#新品", "二群#上新"]
    assert await aims_of(connection, shop_id, pinned) == [(one.id, "7"), (two.id, "8")]


async def test_an_audience_of_topics_alone_is_not_every_group(connection: AsyncConnection) -> None:
    one, two = await forum(connection, "一群", 上新="7", 售后="8"), await group(connection, "二群")
    shop_id = await shop(connection)
    for audience, meant in (
        (Audience(topics=((one.id, "7"), (one.id, "8"))), [(one.id, "7"), (one.id, "8")]),
        (Audience(taken=(two.id,), topics=((one.id, "7"),)), [(one.id, "7"), (two.id, None)]),
        (Audience(kept_out=(one.id,), topics=((one.id, "7"),)), []),
    ):
        assert await aims_of(connection, shop_id, audience) == meant
        shown = (await resolve(connection, shop_id, audience)).groups
        assert [(each.id, each.topic) for each in shown] == meant


# Staff chats


async def test_a_staff_chat_is_in_no_audience_and_its_name_means_its_groups(
    connection: AsyncConnection,
) -> None:
    one, two, three = [await group(connection, name) for name in ("一群", "二群", "三群")]
    chat = await group(connection, "店员群", "福利群")
    await tie(connection, chat.id, [one.id, two.id])
    shop_id = await shop(connection)
    everywhere = await resolve(connection, shop_id, Audience())
    assert {each.id for each in everywhere.groups} == {one.id, two.id, three.id}
    assert (chat.id, None) not in await aims_of(connection, shop_id, Audience())
    by_tag = await resolve(connection, shop_id, Audience(("福利群",)))
    assert by_tag.groups == ()
    by_chat = await resolve(connection, shop_id, Audience(("店员群",)))
    assert {each.id for each in by_chat.groups} == {one.id, two.id}
    assert by_chat.pinned == Audience(taken=(one.id, two.id))
    taken = Audience(taken=(chat.id,))
    assert await aims_of(connection, shop_id, taken) == []
