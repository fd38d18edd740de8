"""What an account knows of people and groups besides their ids."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import appointments, customers, friendships, groups, identities, members, reach, tags
from storage.familiar import (
    FamiliarMember,
    familiar_groups,
    familiar_members,
    groups_of,
    known_since,
    lost_members,
    unseat,
)
from storage.identities import NewMatch
from storage.members import Seen
from storage.seats import leave
from storage.tables import members as member_rows
from storage.tables import memberships
from storage.tags import Tag
from tests.storage.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    NOW,
    PLATFORM,
    group,
    heard,
    member,
    record,
)

OTHER = "room:2"
"""Another account of the same platform."""


async def familiar(connection: AsyncConnection) -> dict[str, FamiliarMember]:
    found = await familiar_members(connection, PLATFORM, ACCOUNT)
    return {one.name: one for one in found}


async def test_groups_come_with_when_they_were_last_heard(connection: AsyncConnection) -> None:
    silent, here = await group(connection, "二群"), await group(connection, "一群")
    await group(connection, "别处", account=OTHER)
    await groups.set_present(connection, silent.id, present=False)
    await record(connection, heard("m1", at=NOW + HOUR), heard("m2", at=NOW - DAY))
    found = await familiar_groups(connection, ACCOUNT)
    assert [(one.id, one.name, one.present, one.heard_at) for one in found] == [
        (silent.id, "二群", False, NOW),
        (here.id, "一群", True, NOW + HOUR),
    ]


async def test_everybody_is_known_whom_the_account_met(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    there = await group(connection, "别处", account=OTHER)
    await member(connection, "坐着", here)
    await record(connection, heard("m1", chat=None, sender="私聊过"))
    left = await member(connection, "走了", here)
    await record(connection, heard("m2", sender="走了"))
    await leave(connection, here.id, left.id, NOW + HOUR)
    asker = await member(connection, "求好友")
    request = friendships.NewFriendRequest(ACCOUNT, "r1", asker.id, "", NOW)
    await friendships.keep_request(connection, request)
    await member(connection, "别处的", there)
    await member(connection, "两处的", here, there)
    gone = await member(connection, "曾在别处", here, there)
    await leave(connection, there.id, gone.id, NOW + HOUR)
    await member(connection, "没见过")
    found = await familiar(connection)
    assert [*found] == ["坐着", "私聊过", "走了", "求好友", "曾在别处"]
    assert {name: [*one.seats] for name, one in found.items() if one.seats} == {
        "坐着": [here.id],
        "曾在别处": [here.id],
    }


async def test_the_account_itself_is_left_out(connection: AsyncConnection) -> None:
    me = Seen("me", "暖暖", staff=True)
    await record(connection, heard("m1", sender=me, kind="bot"), heard("m2"))
    assert [*await familiar(connection)] == ["小美"]


async def test_what_is_known_of_somebody(connection: AsyncConnection) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    seen = Seen("id-小美", "小美", alias="张姐")
    await members.ensure_members(connection, PLATFORM, [seen], NOW)
    fan = await member(connection, "小美", here, there)
    await connection.execute(
        memberships.update().where(memberships.c.group_id == here.id).values(nickname="美")
    )
    await record(connection, heard("m1", sender=seen, at=NOW + HOUR))
    assert (await familiar(connection))["小美"] == FamiliarMember(
        id=fan.id,
        person="id-小美",
        name="小美",
        alias="张姐",
        friend=False,
        guarded=False,
        bound=False,
        first_seen_at=NOW,
        last_seen_at=NOW + HOUR,
        seats={here.id: "美", there.id: None},
    )


async def test_who_can_be_written_to_is_a_friend(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    fan = await member(connection, "小美", here)
    await reach.mark_reachable(connection, [fan.id], NOW)
    assert (await familiar(connection))["小美"].friend
    await reach.mark_unreachable(connection, [fan.id], NOW)
    assert not (await familiar(connection))["小美"].friend


async def test_staff_and_the_appointed_are_guarded(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    await member(connection, "群主", here, staff=True)
    appointed = await member(connection, "阿玲", here)
    await appointments.appoint(connection, appointed.id, NOW)
    await connection.execute(
        # The platform says now that she is nobody's staff.
        member_rows.update().values(staff=False).where(member_rows.c.id == appointed.id)
    )
    await member(connection, "小美", here)
    guarded = {name for name, one in (await familiar(connection)).items() if one.guarded}
    assert guarded == {"群主", "阿玲"}


async def test_who_has_a_wish_is_bound_and_a_tag_binds_nobody(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    fans = {name: await member(connection, name, here) for name in ("退订", "免记", "人工", "规则")}
    await customers.set_opt_out(connection, fans["退订"].customer_id, NOW)
    await customers.set_no_record(connection, fans["免记"].customer_id, no_record=True)
    for name, by in (("人工", "manager:阿玲"), ("规则", "rule:x")):
        await tags.set_tags(connection, [Tag(fans[name].id, "敏感肌", by, "", NOW)])
    bound = {name for name, one in (await familiar(connection)).items() if one.bound}
    assert bound == {"退订", "免记"}


async def test_who_knows_another_account_in_private_is_left_out(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群")
    fans = {name: await member(connection, name, here) for name in ("私聊", "好友", "在这")}
    elsewhere = heard("m1", chat=None, sender="私聊")
    await record(connection, elsewhere, account=OTHER)
    asked = friendships.NewFriendRequest(OTHER, "r1", fans["好友"].id, "", NOW)
    await friendships.keep_request(connection, asked)
    assert [*await familiar(connection)] == ["好友", "在这"]
    await friendships.note_friends(connection, OTHER, fans["好友"].id, NOW)
    assert [*await familiar(connection)] == ["在这"]


async def test_since_when_ids_are_known(connection: AsyncConnection) -> None:
    await member(connection, "小美")
    found = await known_since(connection, PLATFORM, ["id-小美", "id-小鱼"])
    assert found == {"id-小美": NOW}
    assert await known_since(connection, "telegram", ["id-小美"]) == {}


async def test_who_is_lost(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    there = {
        name: await member(connection, name, *([here] if "坐" in name else []))
        for name in ("坐", "坐着问", "走", "走着问", "坐着可达", "走了可达")
    }
    refused = [one.id for name, one in there.items() if "可达" not in name]
    await reach.mark_unreachable(connection, refused, NOW)
    asked = [
        NewMatch(one.id, one.person, "@x", name, 65, ("name",))
        for name, one in there.items()
        if "问" in name
    ]
    await identities.keep_doubtful(connection, ACCOUNT, asked, NOW)
    lost = await lost_members(connection)
    assert {name for name, one in there.items() if one.id in lost} == {"坐着问", "走", "走着问"}


async def test_who_is_unseated_sits_nowhere_of_these(connection: AsyncConnection) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    fan, other = await member(connection, "小美", here, there), await member(connection, "甲", here)
    await unseat(connection, [here.id], [fan.id], NOW + HOUR)
    assert await groups_of(connection, ACCOUNT, fan.id) == {there.id: "二群"}
    assert await groups_of(connection, ACCOUNT, other.id) == {here.id: "一群"}
    assert await groups_of(connection, OTHER, other.id) == {}
