"""What a platform changes is kept: edits, rights, topics, staff, reach, and groups that moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from handlers.events import (
    Chat,
    GroupChanged,
    GroupMoved,
    JoinAsked,
    MemberJoined,
    MessageEdited,
    ReachChanged,
    StaffChanged,
    TopicChanged,
)
from storage import invites, join_requests, topics
from storage.analysis import day_states
from storage.comings import ComingAndGoing, comings_and_goings
from storage.groups import Group, group_in_chat, heard_groups
from storage.tables import members, memberships
from storage.tables import messages as rows
from tests.handlers.shop import (
    ACCOUNT,
    DAY,
    MANAGER,
    MINUTE,
    NOW,
    Shop,
    chat_of,
    in_group,
)
from tests.storage.builders import analysed


def edited(shop: Shop, name: str, message: str, text: str, *, at: datetime = NOW) -> MessageEdited:
    return MessageEdited(ACCOUNT, "x", at, message, chat_of("一群"), shop.person(name), text)


async def in_chat(shop: Shop, chat: str) -> Group | None:
    async with shop.desk.database.reading() as connection:
        return await group_in_chat(connection, ACCOUNT, chat)


# Edits


async def test_an_edit_is_what_was_said(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says("小鱼", "面膜好用", message="m1")
    await shop.says("小鱼", "真的", message="m2")
    await shop.hear(edited(shop, "小鱼", "m1", "面霜好用"))
    assert await shop.fans_words() == ["面霜好用", "真的"]


async def test_an_edit_has_its_day_analysed_again(shop: Shop) -> None:
    await shop.says("小鱼", "面膜好用", message="m1")
    group, today = await shop.group("一群"), shop.desk.shop.day_of(NOW)
    for day in (today, today - DAY):
        async with shop.desk.database.writing() as connection:
            await analysed(connection, group, day)
    await shop.hear(edited(shop, "小鱼", "m1", "面霜好用", at=NOW + DAY))
    async with shop.desk.database.reading() as connection:
        found = await day_states(connection, [group.id], today - DAY, today)
    assert {one.day: one.dirty for one in found} == {today: True, today - DAY: False}


async def test_a_watched_word_counts_when_it_comes_by_an_edit_and_is_a_fans_own(
    shop: Shop,
) -> None:
    await shop.says(MANAGER, "/watch 补水 = 想补水")
    for name, message in (("小鱼", "m1"), ("小美", "m2"), (MANAGER, "m3")):
        await shop.says(name, "这个好用", message=message)
    chain = "#接龙\n补水面膜\n1. 小美 2份"
    await shop.hear(
        edited(shop, "小鱼", "m1", "这个补水好用"),
        edited(shop, "小美", "m2", chain),
        edited(shop, MANAGER, "m3", "这个补水好用"),
    )
    assert "想补水" in await shop.tags("小鱼")
    assert "想补水" not in await shop.tags("小美")
    assert "想补水" not in await shop.tags(MANAGER)


async def test_an_older_edit_that_is_told_again_changes_nothing(shop: Shop) -> None:
    await shop.says("小鱼", "一", message="m1")
    await shop.hear(edited(shop, "小鱼", "m1", "三", at=NOW + 2 * MINUTE))
    await shop.hear(edited(shop, "小鱼", "m1", "二", at=NOW + MINUTE))
    assert await shop.fans_words() == ["三"]


async def test_nobody_edits_what_another_said_or_what_was_never_heard(shop: Shop) -> None:
    await shop.says("小鱼", "一", message="m1")
    await shop.hear(edited(shop, "小美", "m1", "二"), edited(shop, "小鱼", "m9", "三"))
    assert await shop.fans_words() == ["一"]


async def test_an_edit_may_make_a_line_of_a_chain_and_take_it_back(shop: Shop) -> None:
    await shop.says("小鱼", "护手霜", message="m1")
    await shop.hear(edited(shop, "小鱼", "m1", "#接龙\n护手霜三支装\n1. 小鱼 2份"))
    assert await shop.fans_words() == []
    await shop.hear(edited(shop, "小鱼", "m1", "护手霜好用"))
    assert await shop.fans_words() == ["护手霜好用"]


async def test_an_edit_never_becomes_a_command_nor_runs_one_again(shop: Shop) -> None:
    await shop.says(MANAGER, "今晚直播", message="m1")
    assert not await shop.hear(edited(shop, MANAGER, "m1", "/halt"))
    await shop.says(MANAGER, "/tags", message="m2")
    assert not await shop.hear(edited(shop, MANAGER, "m2", "/halt"))
    async with shop.desk.database.reading() as connection:
        said = await connection.execute(select(rows.c.message, rows.c.kind, rows.c.text))
    assert {row.message: (row.kind, row.text) for row in said} == {
        "m1": ("staff", "/halt"),
        "m2": ("command", "/tags"),
    }


async def test_of_who_is_not_recorded_no_edit_is_either(shop: Shop) -> None:
    await shop.says("小鱼", "/norecord")
    await shop.says("小鱼", "秘密", message="m1")
    await shop.hear(edited(shop, "小鱼", "m1", "还是秘密"))
    async with shop.desk.database.reading() as connection:
        assert "还是秘密" not in await connection.scalars(select(rows.c.text))


# The group: rights, topics, its id


def changed(
    shop: Shop, group: str, *, may_speak: bool | None, present: bool = True
) -> GroupChanged:
    return GroupChanged(ACCOUNT, "x", shop.clock.now(), chat_of(group), present, may_speak)


@pytest.mark.parametrize(
    ("told", "muted"),
    [
        ((False,), True),
        ((False, None), True),
        ((False, True), False),
        ((True,), False),
        ((None,), False),
    ],
)
async def test_the_bot_is_muted_until_it_is_told_otherwise(
    any_shop: Shop, told: tuple[bool | None, ...], *, muted: bool
) -> None:
    for may_speak in told:
        await any_shop.hear(changed(any_shop, "一群", may_speak=may_speak))
    assert ((await any_shop.group("一群")).muted_at is not None) is muted


async def test_a_group_keeps_the_moment_since_which_it_is_muted(shop: Shop) -> None:
    for _ in range(2):
        await shop.hear(changed(shop, "一群", may_speak=False))
        shop.clock.advance(MINUTE)
    assert (await shop.group("一群")).muted_at == NOW


async def test_a_bot_that_comes_back_may_speak_unless_told_otherwise(shop: Shop) -> None:
    await shop.hear(changed(shop, "一群", may_speak=False))
    await shop.closes("一群")
    await shop.opens("一群")
    assert (await shop.group("一群")).muted_at is None


async def test_a_muted_group_is_passed_over_and_served_once_the_bot_may_speak(
    shop: Shop,
) -> None:
    await shop.hear(changed(shop, "一群", may_speak=False))
    await shop.says(MANAGER, "/broadcast @福利群 今晚直播", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    assert (await shop.delivers()).addresses == [in_group("二群")]
    await shop.hear(changed(shop, "一群", may_speak=True))
    await shop.says(MANAGER, "/broadcast @福利群 明晚也直播", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    assert set((await shop.delivers()).addresses) == {in_group("一群"), in_group("二群")}


async def test_a_chat_the_bot_left_and_never_heard_makes_no_group(shop: Shop) -> None:
    await shop.hear(changed(shop, "陌生群", may_speak=None, present=False))
    assert await in_chat(shop, "chat-陌生群") is None


async def test_topics_are_known_by_name(any_shop: Shop) -> None:
    stamp = (ACCOUNT, "x", any_shop.clock.now(), chat_of("一群"))
    await any_shop.hear(
        TopicChanged(*stamp, "7", "上新"),
        TopicChanged(*stamp, "9", "闲聊"),
        TopicChanged(*stamp, "9", None, open=False),
    )
    group = await any_shop.group("一群")
    async with any_shop.desk.database.reading() as connection:
        found = await topics.topics_of(connection, [group.id])
    assert [(one.topic, one.name, one.open) for one in found[group.id]] == [
        ("7", "上新", True),
        ("9", "闲聊", False),
    ]


async def test_a_group_that_moved_keeps_its_history_and_its_campaigns(any_shop: Shop) -> None:
    shop = any_shop
    before = await shop.group("一群")
    await shop.says("小鱼", "补水面膜太好用了")
    await shop.says(MANAGER, "/broadcast @一群 今晚直播", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    await shop.desk.planner.plan_ahead()
    new = Chat("chat-超群", "一群")
    moved = GroupMoved(ACCOUNT, "x", shop.clock.now(), new, "chat-一群")
    await shop.hear(moved)
    assert (await shop.delivers()).addresses == [in_group("超群")]
    after = await shop.group("一群")
    assert (after.id, after.chat) == (before.id, "chat-超群")
    await shop.hear(replace(shop.heard("小鱼", "还是这个好用"), chat=new))
    assert await shop.fans_words() == ["补水面膜太好用了", "还是这个好用"]
    await shop.hear(moved)
    await shop.closes("一群")  # what the platform says of the old chat afterwards
    async with shop.desk.database.reading() as connection:
        known = await heard_groups(connection, shop.desk.shop_id)
    assert sum(one.name == "一群" for one in known) == 1


async def test_a_group_that_moved_before_it_was_ever_heard_is_known_from_now_on(
    shop: Shop,
) -> None:
    moved = GroupMoved(ACCOUNT, "x", NOW, Chat("chat-新", "新群"), "chat-旧")
    await shop.hear(moved)
    assert await in_chat(shop, "chat-旧") is None
    assert (await shop.group("新群")).chat == "chat-新"


# People: staff, reach, invites


async def test_whom_the_platform_makes_staff_may_command_until_it_does_not(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await shop.says("小鱼", "大家好")
    for staff in (True, False):
        person = replace(shop.person("小鱼"), staff=staff)
        event = StaffChanged(ACCOUNT, "x", shop.clock.now(), chat_of("一群"), person)
        await shop.hear(event)
        assert (await shop.member("小鱼")).staff is staff


async def reach(shop: Shop, name: str) -> tuple[datetime | None, datetime | None]:
    fan = await shop.member(name)
    async with shop.desk.database.reading() as connection:
        row = (
            await connection.execute(
                select(members.c.started_at, members.c.unreachable_at).where(members.c.id == fan.id)
            )
        ).one()
    return row.started_at, row.unreachable_at


async def test_reach_is_kept_true_from_what_people_do(any_shop: Shop) -> None:
    shop = any_shop

    async def tells(*, reachable: bool) -> None:
        person = shop.person("小鱼")
        await shop.hear(ReachChanged(ACCOUNT, "x", shop.clock.now(), person, reachable))

    await shop.says("小鱼", "大家好")
    assert await reach(shop, "小鱼") == (None, None)
    await tells(reachable=True)
    assert await reach(shop, "小鱼") == (NOW, None)
    shop.clock.advance(MINUTE)
    await tells(reachable=False)
    assert await reach(shop, "小鱼") == (NOW, NOW + MINUTE)
    await shop.says("小鱼", "我回来了", group=None)
    assert await reach(shop, "小鱼") == (NOW, None)


async def test_a_private_word_opens_the_chat(shop: Shop) -> None:
    await shop.says("小鱼", "在吗", group=None)
    assert await reach(shop, "小鱼") == (NOW, None)


LINK = "https://t.example/+abc"


async def came_by_it(shop: Shop) -> int:
    """How many the link of 小鱼 has brought into 一群."""
    group, fan = await shop.group("一群"), await shop.member("小鱼")
    async with shop.desk.database.writing() as connection:
        await invites.keep_invite(connection, group.id, fan.id, LINK, NOW)
        found = await invites.invite_of(connection, group.id, fan.id)
    assert found is not None
    return found.came


def comes(shop: Shop, name: str, invite: str | None = LINK) -> MemberJoined:
    return MemberJoined(ACCOUNT, "x", shop.clock.now(), chat_of("一群"), shop.person(name), invite)


async def test_a_link_counts_whom_it_brought(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says("小鱼", "大家好")
    await came_by_it(shop)
    await shop.hear(comes(shop, "小美"), comes(shop, "圆圆", None), comes(shop, "点点", "other"))
    await shop.hear(comes(shop, "小美"))
    assert await came_by_it(shop) == 1


async def test_a_link_counts_neither_its_owner_nor_who_was_there_before(shop: Shop) -> None:
    await shop.says("小鱼", "大家好")
    await came_by_it(shop)
    await shop.says("小美", "我也在")
    for name in ("小鱼", "小美"):
        await shop.leaves(name)
    shop.clock.advance(DAY)
    await shop.hear(comes(shop, "小鱼"), comes(shop, "小美"))
    assert await came_by_it(shop) == 0


async def brought_into(shop: Shop, name: str) -> int:
    group, fan = await shop.group("一群"), await shop.member(name)
    async with shop.desk.database.reading() as connection:
        return await invites.brought(connection, group.id, fan.id)


async def test_who_brings_somebody_in_is_kept_where_they_are_new(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says("小美", "我也在")
    await shop.leaves("小美")
    shop.clock.advance(DAY)
    fish = shop.person("小鱼")
    brought = [replace(comes(shop, name, None), by=fish) for name in ("圆圆", "小美", "小鱼")]
    await shop.hear(*brought)
    assert await brought_into(shop, "小鱼") == 1


async def test_names_that_a_platform_gives_beside_the_name_are_kept(any_shop: Shop) -> None:
    shop = any_shop
    person = replace(shop.person("小鱼"), alias="大客户", nickname="鱼妈")
    await shop.hear(replace(comes(shop, "小鱼", None), member=person))
    assert (await shop.member("小鱼")).alias == "大客户"
    await shop.says("小鱼", "大家好")
    async with shop.desk.database.reading() as connection:
        assert list(await connection.scalars(select(memberships.c.nickname))) == ["鱼妈"]
    await shop.hear(replace(shop.heard("小鱼", "早"), sender=replace(person, nickname="鱼鱼")))
    async with shop.desk.database.reading() as connection:
        assert list(await connection.scalars(select(memberships.c.nickname))) == ["鱼鱼"]
    assert (await shop.member("小鱼")).alias == "大客户"


async def test_who_asked_by_a_link_came_by_it(shop: Shop) -> None:
    await shop.says("小鱼", "大家好")
    await came_by_it(shop)
    asks = JoinAsked(ACCOUNT, "x", NOW, chat_of("一群"), shop.person("小美"), LINK, "你好")
    await shop.dispatcher.hear([asks])
    async with shop.desk.database.reading() as connection:
        (request,) = await join_requests.waiting(connection, shop.desk.shop_id)
    assert (request.name, request.words) == ("小美", "你好")
    await shop.hear(comes(shop, "小美", None))
    assert await came_by_it(shop) == 1
    async with shop.desk.database.reading() as connection:
        assert await join_requests.waiting(connection, shop.desk.shop_id) == []


async def test_what_an_applicant_says_is_not_kept_of_who_is_not_recorded(shop: Shop) -> None:
    await shop.says("小鱼", "/norecord", group="二群")
    asks = JoinAsked(ACCOUNT, "x", NOW, chat_of("一群"), shop.person("小鱼"), None, "秘密")
    await shop.dispatcher.hear([asks])
    async with shop.desk.database.reading() as connection:
        (request,) = await join_requests.waiting(connection, shop.desk.shop_id)
    assert request.words == ""


async def moved(shop: Shop) -> ComingAndGoing:
    """Who joined and left the first group, by what is stored."""
    group = await shop.group("一群")
    async with shop.desk.database.reading() as connection:
        found = await comings_and_goings(connection, [group.id], NOW - DAY, NOW + 9 * DAY)
    return found.get(group.id, ComingAndGoing())


async def test_joins_and_leaves_are_kept_as_the_platform_tells_them(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says("小美", "我早就在了")  # a first word is no join
    assert await moved(shop) == ComingAndGoing()
    await shop.joins("小鱼", "圆圆")
    await shop.leaves("点点")  # who never said a word
    shop.clock.advance(MINUTE)
    await shop.leaves("小美")
    await shop.leaves("小美")
    await shop.leaves("圆圆")
    assert await moved(shop) == ComingAndGoing(joined=2, left=3)
    shop.clock.advance(MINUTE)
    await shop.joins("小美")  # back again: neither
    assert await moved(shop) == ComingAndGoing(joined=2, left=2)
