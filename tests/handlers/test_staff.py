"""Who the managers are, and how each of them is told in private."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers import staff
from handlers.events import IdsChanged, Person, Roster
from scheduler.content import Content
from scheduler.courier import AccountDown, AddressGone, Outcome, Unclear
from storage.members import Seen, ensure_members
from storage.seats import sit
from tests.handlers.scenes import OTHER, second_manager
from tests.handlers.shop import (
    ACCOUNT,
    MANAGER,
    MINUTE,
    NOW,
    PLATFORM,
    Opener,
    Shop,
    chat_of,
    in_private,
)

WORDS = Content("有件事")


async def test_managers_are_who_is_marked_or_listed_and_was_seen(opened: Opener) -> None:
    shop = await opened(
        managers=("id-店主", f"{PLATFORM}:id-小满", "telegram:id-小鱼", "id-没来过")
    )
    await shop.opens("一群")
    for name in (MANAGER, "店主", "小满", "小鱼", "小美"):
        await shop.says(name, "早")
    async with shop.desk.database.reading() as connection:
        found = await staff.managers(connection, shop.desk.shop)
        assert [one.name for one in found] == [MANAGER, "店主", "小满"]
        assert await staff.needs_another(connection, shop.desk.shop)


async def test_a_manager_who_is_lost_with_an_id_is_none(shop: Shop) -> None:
    for name in (MANAGER, "小鱼", "圆圆"):
        await shop.says(name, "早")
    owner = Person("@阿玲", "老板娘", staff=True, staff_in=frozenset({"chat-一群"}))
    people = (owner, *(Person(f"@{name}", name) for name in ("小鱼", "圆圆")))
    shop.clock.advance(MINUTE)
    at = shop.clock.now()
    await shop.hear(IdsChanged(ACCOUNT, "x", at, (Roster(chat_of("一群"), people),)))
    await shop.hear(replace(shop.heard("老板娘", "早"), sender=owner))
    async with shop.desk.database.reading() as connection:
        found = await staff.managers(connection, shop.desk.shop)
        assert [one.name for one in found] == ["老板娘"]
        assert not await staff.needs_another(connection, shop.desk.shop)
    assert await staff.tell_managers(shop.desk, WORDS, "k") == ["老板娘"]
    assert not (await shop.member(MANAGER)).staff


async def test_nor_is_one_of_whom_nobody_has_said_yet_who_they_are(shop: Shop) -> None:
    for name in (MANAGER, "小鱼", "圆圆"):
        await shop.says(name, "早")
    people = tuple(Person(f"@{name}", name) for name in (MANAGER, "小鱼", "圆圆"))
    shop.clock.advance(MINUTE)
    at = shop.clock.now()
    await shop.hear(IdsChanged(ACCOUNT, "x", at, (Roster(chat_of("一群"), people),)))
    async with shop.desk.database.reading() as connection:
        assert await staff.managers(connection, shop.desk.shop) == []
    assert (await shop.member(MANAGER)).staff  # whose place nobody takes by a name


async def test_who_is_left_out_is_not_told(shop: Shop) -> None:
    await shop.says(MANAGER, "早")
    await second_manager(shop)
    drafter = (await shop.member(MANAGER)).customer_id
    assert await staff.tell_managers(shop.desk, WORDS, "k", but=[drafter]) == [OTHER]
    assert [one.address for one in shop.platform.posts] == [in_private(OTHER)]


@pytest.mark.parametrize(
    "outcome", [AddressGone("blocked"), AccountDown("logged out"), Unclear("no_answer")]
)
async def test_who_was_not_reached_is_not_named(shop: Shop, outcome: Outcome) -> None:
    await shop.says(MANAGER, "早")
    await second_manager(shop)
    shop.platform.refuses[in_private(MANAGER)] = outcome
    assert await staff.tell_managers(shop.desk, WORDS, "k") == [OTHER]


async def test_an_account_that_this_process_does_not_have_is_passed_over(shop: Shop) -> None:
    async with shop.desk.database.writing() as connection:
        seen = Seen("id-elsewhere", "远方", staff=True)
        made = await ensure_members(connection, "telegram", [seen], NOW)
        assert made
        group = await shop.group("一群")
        await connection.exec_driver_sql(
            "UPDATE groups SET account = 'telegram:shop' WHERE id = ?", (group.id,)
        )
        await sit(connection, [(group.id, made["id-elsewhere"].id, NOW)])
    assert await staff.tell_managers(shop.desk, WORDS, "k") == []


async def test_somebody_on_two_channels_is_one_person(shop: Shop) -> None:
    await shop.says(MANAGER, "早")
    await shop.says("小鱼", "早")
    one, other = await shop.member(MANAGER), await shop.member("小鱼")
    async with shop.desk.database.writing() as connection:
        actors = (f"{PLATFORM}:{one.person}", f"{PLATFORM}:{other.person}")
        assert not await staff.are_one(connection, *actors)
        assert await staff.are_one(connection, "console:owner", "console:owner")
        assert not await staff.are_one(connection, "console:owner", "console:other")
        await connection.exec_driver_sql(
            "UPDATE members SET customer_id = ? WHERE id = ?", (one.customer_id, other.id)
        )
        assert await staff.are_one(connection, *actors)
        assert await staff.name_of(shop.desk, connection, actors[1]) == "小鱼"
        assert await staff.name_of(shop.desk, connection, "console:owner") == "console:owner"
