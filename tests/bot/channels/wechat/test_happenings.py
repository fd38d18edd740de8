from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.wechat.gateway import (
    Complaint,
    Failure,
    Friendship,
    FriendshipArrived,
    FriendshipKind,
    PayloadKind,
    Stale,
)
from bot.channels.wechat.hearing import WeChatHearing
from handlers.events import (
    Chat,
    FriendAsked,
    GroupChanged,
    MemberJoined,
    MemberLeft,
    MessageHeard,
    Person,
    ReachChanged,
    StaffChanged,
)
from handlers.roles import Role
from storage import members
from tests.bot.channels.wechat.fake_gateway import ME
from tests.bot.channels.wechat.heard import FAN, GROUP, OWNER, Heard, hear_one, settled
from tests.bot.program import until

NEW = "wxid_new"
EARLIER = datetime.now(UTC) - timedelta(minutes=1)


async def behind(hearing: WeChatHearing) -> str:
    """The cursor behind all that the log-in told."""
    return (await settled(hearing))[-1].cursor


async def test_who_comes_into_a_group_is_told_with_who_brought_them(
    shop: Heard, hearing: WeChatHearing
) -> None:
    cursor = await behind(hearing)
    shop.gateway.add_person(NEW, "阿杰")
    shop.gateway.joins(GROUP, NEW, by=FAN, at=EARLIER)
    joined = await hear_one(hearing, MemberJoined, cursor)
    assert (joined.chat, joined.member.id, joined.member.name) == (Chat(GROUP, "一群"), NEW, "阿杰")
    assert joined.by is not None
    assert (joined.by.id, joined.at) == (FAN, EARLIER)


async def test_of_several_who_come_each_is_told_and_the_last_moves_the_cursor(
    shop: Heard, hearing: WeChatHearing
) -> None:
    cursor = await behind(hearing)
    for name in ("甲", "乙"):
        shop.gateway.add_person(name, name)
    shop.gateway.joins(GROUP, "甲", "乙")
    first, second = await settled(hearing, cursor)
    assert isinstance(first, MemberJoined)
    assert isinstance(second, MemberJoined)
    assert (first.by, second.by) == (None, None)
    assert [first.member.name, second.member.name] == ["甲", "乙"]
    assert cursor < first.cursor < second.cursor
    assert (await settled(hearing, first.cursor)) == [first, second]
    assert (await settled(hearing, second.cursor)) == []


async def test_whom_the_account_itself_brings_in_is_brought_by_staff(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.gateway.add_person(NEW, "阿杰")
    shop.gateway.joins(GROUP, NEW, by=ME)
    joined = await hear_one(hearing, MemberJoined)
    assert joined.by == Person(ME, "暖暖", staff=True, alias="", nickname="")


async def test_who_leaves_keeps_the_name_that_is_stored(
    shop: Heard, hearing: WeChatHearing
) -> None:
    async with shop.database.writing() as connection:
        seen = [members.Seen("wxid_gone", "走了的")]
        await members.ensure_members(connection, "wechat", seen, EARLIER)
    shop.gateway.leaves(GROUP, "wxid_gone", by=OWNER, at=EARLIER)
    left = await hear_one(hearing, MemberLeft)
    assert (left.chat, left.member.name, left.at) == (Chat(GROUP, "一群"), "走了的", EARLIER)


async def test_the_account_s_own_coming_and_going_is_the_group_s(
    shop: Heard, hearing: WeChatHearing
) -> None:
    cursor = await behind(hearing)
    shop.gateway.add_room("room-2@chatroom", "二群", owner=FAN)
    shop.gateway.joins("room-2@chatroom", ME, by=FAN)
    came, leads = await settled(hearing, cursor)
    assert isinstance(came, GroupChanged)
    assert (came.chat.name, came.present) == ("二群", True)
    assert came.by is not None
    assert (came.by.id, came.by.staff_in) == (FAN, frozenset({"room-2@chatroom"}))
    assert isinstance(leads, StaffChanged)
    shop.gateway.leaves("room-2@chatroom", ME, by=FAN)
    left, dismissed = await settled(hearing, leads.cursor)
    assert isinstance(left, GroupChanged)
    assert (left.chat.id, left.present) == ("room-2@chatroom", False)
    assert isinstance(dismissed, StaffChanged)
    assert (dismissed.member.id, dismissed.member.staff) == (FAN, False)


async def test_a_group_s_new_name_is_told_and_stands_with_what_is_said_then(
    shop: Heard, hearing: WeChatHearing
) -> None:
    cursor = await behind(hearing)
    shop.gateway.renames(GROUP, "老粉群", by=OWNER)
    shop.gateway.arrives(FAN, "好", room=GROUP)
    renamed, said = await settled(hearing, cursor)
    assert isinstance(renamed, GroupChanged)
    assert (renamed.chat, renamed.present) == (Chat(GROUP, "老粉群"), True)
    assert isinstance(said, MessageHeard)
    assert said.chat == Chat(GROUP, "老粉群")


async def test_who_leads_a_room_is_told_when_the_gateway_calls_it_stale(
    shop: Heard, hearing: WeChatHearing
) -> None:
    cursor = await behind(hearing)
    shop.gateway.add_room(GROUP, "一群", [FAN, OWNER], owner=FAN)
    shop.gateway.tell(Stale(PayloadKind.ROOM, GROUP))
    news = [one for one in await settled(hearing, cursor) if isinstance(one, StaffChanged)]
    assert {(one.member.id, one.member.staff) for one in news} == {(FAN, True), (OWNER, False)}


async def test_a_person_s_new_name_is_told_when_the_gateway_calls_them_stale(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.gateway.arrives(FAN, "一", room=GROUP)
    await behind(hearing)
    shop.gateway.add_person(FAN, "雨")
    shop.gateway.tell(Stale(PayloadKind.CONTACT, FAN))
    shop.gateway.arrives(FAN, "二", room=GROUP)
    said = [one for one in await settled(hearing) if isinstance(one, MessageHeard)]
    assert said[-1].sender.name == "雨"


async def test_who_asks_to_be_friends_is_told_with_their_words(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.gateway.add_person(NEW, "阿杰")
    request = shop.gateway.asks_to_be_friends(NEW, "面霜")
    asked = await hear_one(hearing, FriendAsked)
    assert (asked.request, asked.member.name, asked.words) == (request, "阿杰", "面霜")


async def test_who_became_a_friend_can_be_reached(shop: Heard, hearing: WeChatHearing) -> None:
    shop.gateway.becomes_friend(FAN)
    reached = await hear_one(hearing, ReachChanged)
    assert (reached.member.id, reached.reachable) == (FAN, True)


async def test_who_wants_to_know_more_first_is_no_news(shop: Heard, hearing: WeChatHearing) -> None:
    cursor = await behind(hearing)
    shop.gateway.friendships["f"] = Friendship("f", FAN, "", FriendshipKind.VERIFY)
    shop.gateway.tell(FriendshipArrived("f"), Complaint("something of the puppet's"))
    assert await settled(hearing, cursor) == []


@pytest.mark.parametrize(("role", "accepted"), [(Role.MANAGER, 1), (Role.FAN, 0)])
async def test_only_a_manager_invites_the_account_into_a_group(
    shop: Heard, hearing: WeChatHearing, role: Role, accepted: int
) -> None:
    shop.roles = {OWNER: role}
    shop.gateway.invites(OWNER, "二群")
    await settled(hearing)
    assert len(shop.gateway.calls("accept_invitation")) == accepted


async def test_an_invitation_that_is_over_is_passed_over(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.roles = {OWNER: Role.MANAGER}
    shop.gateway.fails("accept_invitation", Failure.REFUSED)
    shop.gateway.invites(OWNER, "二群")
    shop.gateway.arrives(FAN, "好", room=GROUP)
    assert (await hear_one(hearing, MessageHeard)).text == "好"


async def test_who_leads_is_told_though_the_gateway_was_away_in_between(
    shop: Heard, hearing: WeChatHearing
) -> None:
    cursor = await behind(hearing)
    shop.gateway.add_room(GROUP, "一群", [FAN, OWNER], owner=FAN)
    shop.gateway.fails("contact", Failure.LOST)
    shop.gateway.tell(Stale(PayloadKind.CONTACT, FAN), Stale(PayloadKind.ROOM, GROUP))
    told = await hear_one(hearing, StaffChanged, cursor)
    await until(lambda: len(shop.gateway.calls("contact")) > 1)
    assert told.chat.id == GROUP
