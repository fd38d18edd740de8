"""A request to come in is kept once, decided once, and open until the platform knows."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import customers, join_requests
from storage.join_requests import JoinRequest, NewRequest, Rule, Verdict
from storage.members import Member
from storage.seats import leave
from storage.tables import groups as group_rows
from storage.tags import Tag, set_tags
from tests.storage.builders import ACCOUNT, DAY, MINUTE, NOW, group, member, shop


async def ask(
    connection: AsyncConnection,
    name: str,
    where: str = "一群",
    *,
    at: datetime = NOW,
    words: str = "",
    invite: int | None = None,
) -> int | None:
    """Somebody asks to be let in."""
    there, who = await group(connection, where), await member(connection, name)
    new = NewRequest(there.id, who.id, words, invite, at)
    return await join_requests.keep_request(connection, new)


async def asked(connection: AsyncConnection, name: str, where: str = "一群") -> int:
    """The number of a new request."""
    number = await ask(connection, name, where)
    assert number is not None
    return number


async def waiting(connection: AsyncConnection) -> list[JoinRequest]:
    return await join_requests.waiting(connection, await shop(connection))


async def admit(connection: AsyncConnection, *numbers: int) -> set[int]:
    return await join_requests.decide(
        connection, numbers, Verdict.ADMITTED, by="room:id-阿玲", at=NOW
    )


async def test_told_twice_it_is_kept_once(connection: AsyncConnection) -> None:
    number = await asked(connection, "小鱼")
    assert await ask(connection, "小鱼") is None
    (one,) = await waiting(connection)
    assert (one.id, one.name, one.group_name, one.chat) == (number, "小鱼", "一群", "chat-一群")
    assert (one.decided, one.settled, one.asked_at) == (None, False, NOW)


async def test_asking_again_while_it_waits_renews_it(connection: AsyncConnection) -> None:
    number = await asked(connection, "小鱼")
    assert await ask(connection, "小鱼", at=NOW + MINUTE, words="我是老客") is None
    (one,) = await waiting(connection)
    assert (one.id, one.asked_at, one.words) == (number, NOW + MINUTE, "我是老客")


async def test_asking_again_after_a_decision_is_a_new_request(
    connection: AsyncConnection,
) -> None:
    first = await asked(connection, "小鱼")
    await admit(connection, first)
    second = await ask(connection, "小鱼", at=NOW + MINUTE)
    assert second not in (None, first)
    assert await ask(connection, "小鱼") is None
    assert [one.id for one in await waiting(connection)] == [second]


async def test_the_first_word_counts(connection: AsyncConnection) -> None:
    first, second = await asked(connection, "小鱼"), await asked(connection, "小美")
    assert await admit(connection, first) == {first}
    refused = await join_requests.decide(
        connection, [first, second, 999], Verdict.REFUSED, by="room:id-阿强", at=NOW
    )
    assert refused == {second}
    to_settle = await join_requests.to_settle(connection, ACCOUNT)
    assert [(one.name, one.decided, one.decided_by) for one in to_settle] == [
        ("小鱼", Verdict.ADMITTED, "room:id-阿玲"),
        ("小美", Verdict.REFUSED, "room:id-阿强"),
    ]


async def test_what_the_platform_knows_is_settled(connection: AsyncConnection) -> None:
    number = await asked(connection, "小鱼")
    await admit(connection, number)
    assert await join_requests.to_settle(connection, "room:2") == []
    await join_requests.mark_settled(connection, number, NOW)
    assert await join_requests.to_settle(connection, ACCOUNT) == []
    found = await join_requests.request_by_id(connection, await shop(connection), number)
    assert found is not None
    assert found.settled


async def test_staff_are_told_once(connection: AsyncConnection) -> None:
    first, second = await asked(connection, "小鱼"), await asked(connection, "小美")
    await admit(connection, await asked(connection, "圆圆"))
    untold = await join_requests.untold(connection, ACCOUNT)
    assert [one.id for one in untold] == [first, second]
    await join_requests.mark_told(connection, [first], NOW)
    assert [one.id for one in await join_requests.untold(connection, ACCOUNT)] == [second]
    assert await join_requests.untold(connection, "room:2") == []


async def test_who_came_in_by_another_hand_does_not_wait_any_more(
    connection: AsyncConnection,
) -> None:
    here, fan = await group(connection, "一群"), await member(connection, "小鱼")
    number = await ask(connection, "小鱼", invite=7)
    assert number is not None
    await asked(connection, "小鱼", "二群")
    assert await join_requests.note_joined(connection, here.id, fan.id, NOW + MINUTE) == 7
    assert [one.group_name for one in await waiting(connection)] == ["二群"]
    found = await join_requests.request_by_id(connection, await shop(connection), number)
    assert found is not None
    assert (found.decided, found.decided_by) == (Verdict.ADMITTED, join_requests.BY_PLATFORM)
    assert found.settled


async def test_a_manager_may_ask_about_some_groups(connection: AsyncConnection) -> None:
    await asked(connection, "小鱼")
    second = await asked(connection, "小美", "二群")
    there = await group(connection, "二群")
    found = await join_requests.waiting(connection, await shop(connection), group_ids=[there.id])
    assert [one.id for one in found] == [second]


async def test_a_number_of_another_shop_is_none(connection: AsyncConnection) -> None:
    number = await asked(connection, "小鱼")
    other = await shop(connection) + 1
    assert await join_requests.request_by_id(connection, other, number) is None


async def test_a_rule_stands_until_it_is_taken_away(connection: AsyncConnection) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    await join_requests.set_rule(connection, here.id, Rule.EVERYONE)
    both = [here.id, there.id]
    assert await join_requests.rules_of(connection, both) == {
        here.id: Rule.EVERYONE,
        there.id: None,
    }
    await join_requests.set_rule(connection, here.id, None)
    assert await join_requests.rules_of(connection, both) == {here.id: None, there.id: None}


async def tagged(connection: AsyncConnection, who: Member, until: datetime | None) -> None:
    await set_tags(connection, [Tag(who.id, "老客", "manager:阿玲", "", NOW, until)])


@pytest.mark.parametrize(("until", "known"), [(None, True), (NOW + DAY, True), (NOW - DAY, False)])
async def test_a_tag_makes_somebody_known_while_it_holds(
    connection: AsyncConnection, until: datetime | None, *, known: bool
) -> None:
    who = await member(connection, "小鱼")
    await tagged(connection, who, until)
    found = await join_requests.known_elsewhere(connection, [who.id], "老客", NOW)
    assert found == ({who.id} if known else set())


async def test_who_sits_in_a_fan_group_is_known(connection: AsyncConnection) -> None:
    first, staff_chat = await group(connection, "一群"), await group(connection, "管理群")
    await connection.execute(
        group_rows.update().where(group_rows.c.id == staff_chat.id).values(is_staff=True)
    )
    sits = await member(connection, "小鱼", first)
    left = await member(connection, "小美", first)
    await leave(connection, first.id, left.id, NOW + MINUTE)
    new = await member(connection, "圆圆")
    helps = await member(connection, "阿强", staff_chat)
    everybody = [sits.id, left.id, new.id, helps.id]
    assert await join_requests.known_elsewhere(connection, everybody, "老客", NOW) == {sits.id}


async def test_who_asks_for_no_record_has_said_nothing_of_themselves(
    connection: AsyncConnection,
) -> None:
    await ask(connection, "小鱼", words="我住在二楼")
    await ask(connection, "小美", words="你好")
    fan = await member(connection, "小鱼")
    await customers.set_no_record(connection, fan.customer_id, no_record=True)
    assert {one.name: one.words for one in await waiting(connection)} == {
        "小鱼": "",
        "小美": "你好",
    }
