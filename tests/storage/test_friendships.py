"""A request to be friends is kept once, decided once, and open until nothing is left to do."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import customers, friendships
from storage.friendships import Admits, FriendRequest, FriendRule, NewFriendRequest
from storage.groups import Group
from storage.join_requests import BY_PLATFORM, Verdict
from storage.seats import leave
from storage.tables import groups as group_rows
from tests.storage.builders import ACCOUNT, HOUR, MINUTE, NOW, group, member

OTHER = "room:2"


async def ask(
    connection: AsyncConnection,
    name: str,
    request: str | None = None,
    *,
    account: str = ACCOUNT,
    at: datetime = NOW,
    words: str = "",
) -> int | None:
    """Somebody asks to be friends with the account."""
    who = await member(connection, name)
    new = NewFriendRequest(account, request or f"ask-{name}", who.id, words, at)
    return await friendships.keep_request(connection, new)


async def asked(connection: AsyncConnection, name: str, request: str | None = None) -> int:
    """The number of a new request."""
    number = await ask(connection, name, request)
    assert number is not None
    return number


async def ruled(
    connection: AsyncConnection, *numbers: int, verdict: Verdict = Verdict.ADMITTED
) -> set[int]:
    return await friendships.decide(connection, numbers, verdict, by="room:id-阿玲", at=NOW)


async def befriended(connection: AsyncConnection, name: str, at: datetime = NOW + MINUTE) -> None:
    """The platform says that the account and somebody are friends."""
    who = await member(connection, name)
    await friendships.note_friends(connection, ACCOUNT, who.id, at)


async def stored(connection: AsyncConnection, number: int) -> FriendRequest:
    found = await friendships.request_by_id(connection, number)
    assert found is not None
    return found


def names(requests: list[FriendRequest]) -> list[str]:
    return [one.name for one in requests]


async def granted(connection: AsyncConnection) -> list[str]:
    return [one.name for one in await friendships.granted(connection, ACCOUNT)]


# Who asks


async def test_told_twice_it_is_kept_once(connection: AsyncConnection) -> None:
    number = await asked(connection, "小鱼")
    assert await ask(connection, "小鱼") is None
    assert await ask(connection, "小鱼", at=NOW + HOUR) is None
    (one,) = await friendships.waiting(connection)
    assert (one.id, one.account, one.request) == (number, ACCOUNT, "ask-小鱼")
    assert (one.name, one.person, one.asked_at) == ("小鱼", "id-小鱼", NOW)
    assert (one.decided, one.friends_at, one.finished) == (None, None, False)


async def test_asking_again_while_it_waits_renews_it(connection: AsyncConnection) -> None:
    number = await asked(connection, "小鱼", "first")
    assert await ask(connection, "小鱼", "second", at=NOW + MINUTE, words="暖暖") == number
    assert await ask(connection, "小鱼", "first", words="老早") is None
    (one,) = await friendships.waiting(connection)
    assert (one.request, one.words, one.asked_at) == ("second", "暖暖", NOW + MINUTE)


async def test_asking_again_after_a_decision_is_a_new_request(connection: AsyncConnection) -> None:
    first = await asked(connection, "小鱼", "first")
    await ruled(connection, first, verdict=Verdict.REFUSED)
    second = await ask(connection, "小鱼", "second", at=NOW + MINUTE)
    assert second not in (None, first)
    assert [one.id for one in await friendships.waiting(connection)] == [second]


async def test_each_account_is_asked_by_itself(connection: AsyncConnection) -> None:
    await asked(connection, "小鱼")
    await ask(connection, "小鱼", account=OTHER)
    await ask(connection, "小美", account=OTHER)
    assert names(await friendships.waiting(connection)) == ["小鱼", "小鱼", "小美"]
    assert names(await friendships.waiting(connection, OTHER)) == ["小鱼", "小美"]


async def test_staff_are_told_once(connection: AsyncConnection) -> None:
    first, second = await asked(connection, "小鱼"), await asked(connection, "小美")
    await ruled(connection, await asked(connection, "圆圆"))
    assert names(await friendships.untold(connection, ACCOUNT)) == ["小鱼", "小美"]
    await friendships.mark_told(connection, [first], NOW)
    assert [one.id for one in await friendships.untold(connection, ACCOUNT)] == [second]
    assert await friendships.untold(connection, OTHER) == []


# What was decided


async def test_the_first_word_counts(connection: AsyncConnection) -> None:
    first, second = await asked(connection, "小鱼"), await asked(connection, "小美")
    assert await ruled(connection, first) == {first}
    assert await ruled(connection, first, second, 999, verdict=Verdict.REFUSED) == {second}
    assert (await stored(connection, first)).decided is Verdict.ADMITTED
    refused = await stored(connection, second)
    assert (refused.decided, refused.decided_by) == (Verdict.REFUSED, "room:id-阿玲")


async def test_what_is_refused_is_finished_and_what_is_granted_is_not(
    connection: AsyncConnection,
) -> None:
    first, second = await asked(connection, "小鱼"), await asked(connection, "小美")
    await ruled(connection, first)
    await ruled(connection, second, verdict=Verdict.REFUSED)
    assert await granted(connection) == ["小鱼"]
    assert await friendships.granted(connection, OTHER) == []
    assert (await stored(connection, second)).finished


async def test_it_is_open_until_it_is_finished(connection: AsyncConnection) -> None:
    number = await asked(connection, "小鱼")
    await ruled(connection, number)
    await friendships.mark_friends(connection, number, NOW + MINUTE)
    await friendships.mark_friends(connection, number, NOW + HOUR)
    (one,) = await friendships.granted(connection, ACCOUNT)
    assert one.friends_at == NOW + MINUTE
    await friendships.finish(connection, number, NOW + HOUR)
    assert await granted(connection) == []


# What the platform says


async def test_who_was_taken_by_another_hand_does_not_wait_any_more(
    connection: AsyncConnection,
) -> None:
    number = await asked(connection, "小鱼")
    await befriended(connection, "小鱼")
    one = await stored(connection, number)
    assert (one.decided, one.decided_by) == (Verdict.ADMITTED, BY_PLATFORM)
    assert one.friends_at == NOW + MINUTE
    assert await granted(connection) == ["小鱼"]


async def test_who_granted_it_stays_known(connection: AsyncConnection) -> None:
    number = await asked(connection, "小鱼")
    await ruled(connection, number)
    await befriended(connection, "小鱼")
    await befriended(connection, "小鱼", NOW + HOUR)
    one = await stored(connection, number)
    assert (one.decided_by, one.friends_at) == ("room:id-阿玲", NOW + MINUTE)


async def test_what_the_platform_would_not_grant_may_be_granted_by_hand(
    connection: AsyncConnection,
) -> None:
    number = await asked(connection, "小鱼")
    await ruled(connection, number)
    await friendships.finish(connection, number, NOW)
    assert await granted(connection) == []
    await befriended(connection, "小鱼")
    assert await granted(connection) == ["小鱼"]


async def test_who_is_welcomed_already_is_not_open_again(connection: AsyncConnection) -> None:
    number = await asked(connection, "小鱼")
    await befriended(connection, "小鱼")
    await friendships.finish(connection, number, NOW + HOUR)
    await befriended(connection, "小鱼", NOW + HOUR)
    assert await granted(connection) == []


async def test_who_was_refused_or_never_asked_is_not_welcomed(connection: AsyncConnection) -> None:
    await ruled(connection, await asked(connection, "小鱼"), verdict=Verdict.REFUSED)
    await befriended(connection, "小鱼")
    await befriended(connection, "小美")
    assert await granted(connection) == []


# Rules


async def test_a_rule_stands_until_another_is_given(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    assert await friendships.rule_of(connection, ACCOUNT) == FriendRule()
    said = FriendRule(Admits.WHO_SAYS, "暖暖", here.id)
    await friendships.set_rule(connection, ACCOUNT, said)
    await friendships.set_rule(connection, OTHER, FriendRule(Admits.EVERYONE))
    assert await friendships.rule_of(connection, ACCOUNT) == said
    await friendships.set_rule(connection, ACCOUNT, FriendRule())
    assert await friendships.rules(connection) == {
        ACCOUNT: FriendRule(),
        OTHER: FriendRule(Admits.EVERYONE),
    }


async def test_a_rule_outlives_its_group(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    await friendships.set_rule(connection, ACCOUNT, FriendRule(Admits.EVERYONE, None, here.id))
    await connection.execute(group_rows.delete().where(group_rows.c.id == here.id))
    assert await friendships.rule_of(connection, ACCOUNT) == FriendRule(Admits.EVERYONE)


async def bring(connection: AsyncConnection, where: int | None) -> Group | None:
    """The group that a new friend of the account is brought into."""
    who = await member(connection, "小鱼")
    return await friendships.group_for(connection, FriendRule(group_id=where), who.id)


async def test_a_new_friend_is_brought_where_they_do_not_sit(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    assert await bring(connection, here.id) == here
    assert await bring(connection, None) is None
    who = await member(connection, "小鱼", here)
    assert await bring(connection, here.id) is None
    await leave(connection, here.id, who.id, NOW + MINUTE)
    assert await bring(connection, here.id) == here


@pytest.mark.parametrize("no_more", [{"present": False}, {"accepted_at": None}])
async def test_nobody_is_brought_into_a_group_that_is_the_shop_s_no_more(
    connection: AsyncConnection, no_more: dict[str, object]
) -> None:
    here = await group(connection, "一群")
    await connection.execute(
        group_rows.update().where(group_rows.c.id == here.id).values(**no_more)
    )
    assert await bring(connection, here.id) is None


# What is forgotten


async def test_who_asks_for_no_record_has_said_nothing_of_themselves(
    connection: AsyncConnection,
) -> None:
    await ask(connection, "小鱼", words="我住在二楼")
    await ask(connection, "小美", words="你好")
    fan = await member(connection, "小鱼")
    await customers.set_no_record(connection, fan.customer_id, no_record=True)
    assert {one.name: one.words for one in await friendships.waiting(connection)} == {
        "小鱼": "",
        "小美": "你好",
    }
