"""Anybody can bring the bot into a group; only a manager makes it one of the shop's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from handlers.doors import Doors
from handlers.events import (
    FriendAsked,
    GroupChanged,
    GroupMoved,
    IdsChanged,
    JoinAsked,
    MemberJoined,
    MemberLeft,
    MessageEdited,
    Person,
    Roster,
    StaffChanged,
    TopicChanged,
)
from handlers.origin import Origin
from storage import audit, tables
from storage.acceptance import acceptance_of
from storage.columns import storable
from tests.handlers.scenes import staff_chat
from tests.handlers.shop import (
    ACCOUNT,
    MANAGER,
    NOW,
    PLATFORM,
    Opener,
    Shop,
    chat_of,
    in_group,
    in_private,
)

STRANGER, CLERK = "阿生", "店员"
WILD = "野群"


@pytest.fixture
async def open_shop(opened: Opener) -> Shop:
    """A shop whose bot anybody can bring into a group; its manager brought it into 一群."""
    shop = await opened(open_accounts=frozenset({ACCOUNT}), managers=(f"id-{MANAGER}",))
    await shop.says(MANAGER, "你好", group=None)
    await brought(shop, MANAGER, "一群")
    return shop


async def brought(shop: Shop, by: str | None, group: str = WILD) -> None:
    """Somebody brings the bot into a group."""
    await brought_by(shop, None if by is None else shop.person(by), group)


async def brought_by(shop: Shop, by: Person | None, group: str) -> None:
    """The same by somebody of whom more is said than the name."""
    await shop.hear(GroupChanged(ACCOUNT, "x", NOW, chat_of(group), present=True, by=by))


async def asks(shop: Shop) -> list[tuple[str, str]]:
    """Where the bot asks whose its groups are, and what it says."""
    before = len(shop.platform.posts)
    await shop.dispatcher.ask_about_groups()
    return [(str(post.address), post.content.text) for post in shop.platform.posts[before:]]


async def accepted(shop: Shop, group: str = WILD) -> bool | None:
    chat = storable(chat_of(group).id)
    async with shop.desk.database.reading() as connection:
        return (await acceptance_of(connection, ACCOUNT, [chat])).get(chat)


async def number(shop: Shop, group: str = WILD) -> int:
    async with shop.desk.database.reading() as connection:
        chosen = select(tables.groups.c.id).where(tables.groups.c.chat == chat_of(group).id)
        found: int = (await connection.execute(chosen)).scalar_one()
        return found


# Whose it is


@pytest.mark.parametrize(
    ("open_to_all", "by", "ours"),
    [
        (False, None, True),
        (True, None, False),
        (True, STRANGER, False),
        (True, MANAGER, True),
        (True, "id only", True),
    ],
)
async def test_whose_a_group_is_that_the_bot_is_brought_into(
    opened: Opener, *, open_to_all: bool, by: str | None, ours: bool
) -> None:
    shop = await opened(
        open_accounts=frozenset({ACCOUNT} if open_to_all else ()), managers=("id-id only",)
    )
    await brought(shop, by)
    assert await accepted(shop) is ours


async def test_a_group_that_is_first_heard_of_by_a_word_or_a_join_waits(open_shop: Shop) -> None:
    await open_shop.says(STRANGER, "有人吗", group="甲")
    await open_shop.joins(STRANGER, group="乙")
    assert [await accepted(open_shop, one) for one in ("甲", "乙", "丙")] == [False, False, None]


async def test_a_new_name_or_a_right_makes_no_group_the_shops(open_shop: Shop) -> None:
    await brought(open_shop, STRANGER)
    await brought(open_shop, None)
    assert await accepted(open_shop) is False


async def test_a_group_stays_the_shops_whoever_brings_the_bot_back(open_shop: Shop) -> None:
    await open_shop.closes("一群")
    await brought(open_shop, STRANGER, "一群")
    assert await accepted(open_shop, "一群") is True


async def test_a_group_of_the_shops_that_moves_is_the_shops(open_shop: Shop) -> None:
    await open_shop.says(STRANGER, "搬家了", group="新家")
    await open_shop.hear(GroupMoved(ACCOUNT, "x", NOW, chat_of("新家"), before="chat-一群"))
    assert (await open_shop.says("小鱼", "/help", group="新家")).text


# Nothing of it is heard


async def test_nobody_is_staff_by_it_and_nothing_of_it_is_kept(open_shop: Shop) -> None:
    shop, here = open_shop, chat_of(WILD)
    await brought(shop, STRANGER)
    shop.staff.add(STRANGER)  # says the platform, in the group of their own
    boss, fan = shop.person(STRANGER), Person("id-小鱼", "小鱼")
    answers = [
        await shop.says(STRANGER, "/broadcast @所有群 便宜了", group=WILD),
        await shop.says(STRANGER, "群发 便宜了", group=WILD),
        await shop.says("小鱼", "/me", group=WILD),
        await shop.presses(STRANGER, "/accept 2", group=WILD),
        await shop.joins("小鱼", group=WILD),
        await shop.hear(
            StaffChanged(ACCOUNT, "x", NOW, here, boss),
            JoinAsked(ACCOUNT, "x", NOW, here, fan),
            TopicChanged(ACCOUNT, "x", NOW, here, topic="3", name="上新"),
            MessageEdited(ACCOUNT, "x", NOW, "m", here, fan, "改了"),
            MemberLeft(ACCOUNT, "x", NOW, here, fan),
        ),
    ]
    assert answers == [[]] * len(answers)
    async with shop.desk.database.reading() as connection:
        people = list(await connection.scalars(select(tables.members.c.name)))
        said = list(await connection.scalars(select(tables.messages.c.group_id)))
        for table in (tables.topics, tables.join_requests, tables.memberships):
            assert (await connection.execute(select(table))).all() == []
    assert (people, said) == ([MANAGER], [None])
    shop.staff.discard(STRANGER)
    refused = await shop.says(STRANGER, "/broadcast @所有群 便宜了", group=None)
    assert "还不会" in refused.text


async def test_a_sighting_there_takes_no_mark_away(open_shop: Shop) -> None:
    await brought(open_shop, STRANGER)
    open_shop.staff.add(CLERK)
    await open_shop.says(CLERK, "早", group="一群")
    open_shop.staff.discard(CLERK)
    await open_shop.says(CLERK, "早", group=WILD)
    assert (await open_shop.member(CLERK)).staff


@pytest.mark.parametrize(
    ("staff_in", "group", "staff"),
    [
        (None, None, True),
        (("一群",), None, True),
        (("一群",), "二群", True),
        ((WILD, "一群"), None, True),
        ((WILD,), None, False),
        ((WILD,), "一群", False),
        (("nowhere",), "一群", False),
        ((), None, False),
    ],
)
async def test_whom_the_platform_calls_staff_is_staff_by_the_shops_groups_alone(
    open_shop: Shop, staff_in: tuple[str, ...] | None, group: str | None, *, staff: bool
) -> None:
    await brought(open_shop, MANAGER, "二群")
    await brought(open_shop, STRANGER)
    ids = None if staff_in is None else frozenset(chat_of(one).id for one in staff_in)
    clerk = replace(open_shop.person(CLERK), staff=True, staff_in=ids)
    await open_shop.hear(replace(open_shop.heard(CLERK, "早", group=group), sender=clerk))
    assert (await open_shop.member(CLERK)).staff is staff
    await brought_by(open_shop, clerk, "三群")
    assert await accepted(open_shop, "三群") is staff


@pytest.mark.parametrize(("leads", "staff"), [("一群", True), (WILD, False)])
async def test_so_is_who_asks_to_be_a_friend_or_brings_somebody_in_or_is_shown_in_a_list(
    open_shop: Shop, leads: str, *, staff: bool
) -> None:
    await brought(open_shop, STRANGER)
    people = {
        name: replace(open_shop.person(name), staff=True, staff_in=frozenset({chat_of(leads).id}))
        for name in ("申请的", "拉人的", "好友", "群里的")
    }
    fan, roster = open_shop.person("小鱼"), Roster(chat_of("一群"), (people["群里的"],))
    await open_shop.hear(
        FriendAsked(ACCOUNT, "x", NOW, "f1", people["申请的"]),
        MemberJoined(ACCOUNT, "x", NOW, chat_of("一群"), fan, by=people["拉人的"]),
    )
    for name in ("申请的", "拉人的"):
        assert (await open_shop.member(name)).staff is staff
    async with open_shop.desk.database.reading() as connection:
        doors = Doors(connection, origin_of(open_shop), history=False)
        told = IdsChanged(ACCOUNT, "x", NOW, (roster,), (people["好友"],))
        await doors.look([told])
        heard = await doors.through(told)
    assert isinstance(heard, IdsChanged)
    shown = (*heard.friends, *heard.rosters[0].members)
    assert [one.staff for one in shown] == [staff, staff]


def origin_of(shop: Shop) -> Origin:
    return Origin(shop.desk.shop_id, shop.desk.shop, PLATFORM, ACCOUNT)


async def test_who_leads_no_group_any_more_is_told_of_in_any_group(open_shop: Shop) -> None:
    shop = open_shop
    clerk = replace(shop.person(CLERK), staff=True)
    await shop.hear(StaffChanged(ACCOUNT, "x", NOW, chat_of("一群"), clerk))
    assert (await shop.member(CLERK)).staff
    await brought(shop, STRANGER)
    for gone in (clerk, shop.person(STRANGER)):
        lost = StaffChanged(ACCOUNT, "x", NOW, chat_of(WILD), replace(gone, staff=False))
        await shop.hear(lost)
    assert not (await shop.member(CLERK)).staff
    async with shop.desk.database.reading() as connection:
        names = await connection.execute(select(tables.members.c.name))
        assert STRANGER not in names.scalars().all()


async def test_what_is_accepted_in_a_batch_is_heard_in_it(open_shop: Shop) -> None:
    here = chat_of(WILD)
    await open_shop.hear(
        open_shop.heard("小鱼", "早了一点", group=WILD),
        GroupChanged(ACCOUNT, "x", NOW, here, present=True, by=open_shop.person(MANAGER)),
        open_shop.heard("小鱼", "刚刚好", group=WILD),
    )
    assert await open_shop.fans_words(WILD) == ["刚刚好"]


# A manager's word


async def test_managers_are_asked_once_and_the_group_is_told_who_must_agree(
    open_shop: Shop,
) -> None:
    await brought(open_shop, STRANGER)
    hello, question = await asks(open_shop)
    assert hello == (
        str(in_group(WILD)),
        "大家好，我是暖群小店的群助手。等店里的管理员点头，我就来帮忙。",
    )
    assert question[0] == str(in_private(MANAGER))
    assert question[1].startswith("有人把我拉进了「野群」")
    await brought(open_shop, STRANGER)
    assert await asks(open_shop) == []


async def test_several_at_once_are_one_question_with_a_list_behind_it(open_shop: Shop) -> None:
    for name in ("甲群", "乙群"):
        await brought(open_shop, STRANGER, name)
    *_, (_, question) = await asks(open_shop)
    assert question.startswith("有人把我拉进了 2 个群：甲群、乙群。")
    shown = await open_shop.says(MANAGER, "/accept", group=None)
    here = await number(open_shop, "甲群")
    assert f"{here}. 甲群" in shown.text
    assert shown.buttons["接管 甲群"] == f"/accept {here}"
    assert shown.buttons["谢绝 甲群"] == f"/decline {here}"


async def test_staff_are_asked_in_their_chat(open_shop: Shop) -> None:
    await brought(open_shop, MANAGER, "店员群")
    await staff_chat(open_shop, looks_after="@一群")
    await brought(open_shop, STRANGER)
    assert str(in_group("店员群")) in dict(await asks(open_shop))


async def test_from_a_yes_on_everything_works(open_shop: Shop) -> None:
    shop = open_shop
    await brought(shop, STRANGER)
    await asks(shop)
    yes = shop.platform.posts[-1].content.buttons[0]
    assert yes.label == "接管"
    done = await shop.presses(MANAGER, yes.says)
    assert done.text == "好的，「野群」接管了，那里的管理员也能指挥我。"
    shop.staff.add(STRANGER)
    assert "还不会" not in (await shop.says(STRANGER, "/tags", group=WILD)).text
    assert "小鱼" in (await shop.joins("小鱼", group=WILD)).text
    await shop.says("小鱼", "这个面霜好用吗", group=WILD)
    assert await shop.fans_words(WILD) == ["这个面霜好用吗"]
    async with shop.desk.database.reading() as connection:
        (entry,) = await audit.latest(connection, 1)
    assert (entry.actor, entry.action, entry.subject) == (f"room:id-{MANAGER}", "accept", WILD)


async def test_a_no_leaves_it_be_until_somebody_thinks_again(open_shop: Shop) -> None:
    await brought(open_shop, STRANGER)
    here = await number(open_shop)
    assert "不接管" in (await open_shop.says(MANAGER, f"/decline {here}", group=None)).text
    assert await asks(open_shop) == []
    assert (await open_shop.says(MANAGER, "/accept", group=None)).text == "没有等着接管的群。"
    assert await open_shop.says(STRANGER, "/help", group=WILD) == []
    await open_shop.says(MANAGER, f"/accept {here}", group=None)
    assert await accepted(open_shop)
    asked = await open_shop.says(MANAGER, f"/decline {here}", group=None)  # an old button
    assert list(asked.buttons) == ["不要了"]
    assert await accepted(open_shop)


async def test_a_group_can_be_given_up_with_everything_that_came_by_it(open_shop: Shop) -> None:
    shop = open_shop
    await brought(shop, MANAGER, WILD)
    shop.staff.add(STRANGER)
    await shop.says(STRANGER, "早", group=WILD)
    await shop.says(STRANGER, "/link @一群 sure", group=WILD)
    shop.staff.discard(STRANGER)  # by that group alone
    assert (await shop.member(STRANGER)).staff
    await shop.says(MANAGER, "/unlink", group=WILD)
    sure = await shop.says(MANAGER, "/decline @野群", group=None)
    assert await accepted(shop) is True
    done = await shop.presses(MANAGER, sure.buttons["不要了"])
    assert "不接管" in done.text
    assert await accepted(shop) is False
    assert not (await shop.member(STRANGER)).staff
    assert await shop.says(STRANGER, "/help", group=WILD) == []
    async with shop.desk.database.reading() as connection:
        (entry,) = await audit.latest(connection, 1)
    assert (entry.action, entry.subject) == ("give_up", WILD)


@pytest.mark.parametrize("deed", ["/accept 99", "/decline 99"])
async def test_a_number_of_no_group_is_said_to_be_so(open_shop: Shop, deed: str) -> None:
    assert "没有编号 99" in (await open_shop.says(MANAGER, deed, group=None)).text


async def test_no_fan_can_accept_anything(open_shop: Shop) -> None:
    await brought(open_shop, STRANGER)
    here = await number(open_shop)
    await open_shop.says(STRANGER, f"/accept {here}", group=None)
    await open_shop.presses(STRANGER, f"/accept {here}")
    assert await accepted(open_shop) is False
