"""The link that makes the first manager is good once, for a day, and says nothing to others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.appointing import CODE_HOLDS, _digest, first_manager_code
from handlers.events import GroupChanged, IdsChanged, Person, Roster
from handlers.roles import Role, role_of
from storage import audit
from storage.appointments import use_code
from tests.handlers.shop import ACCOUNT, MINUTE, NOW, PLATFORM, Opener, Shop, chat_of

FIRST, SECOND = "店主", "路人"


@pytest.fixture
async def new_shop(opened: Opener) -> Shop:
    """A shop without a manager, on a platform that is open to all."""
    return await opened(open_accounts=frozenset({ACCOUNT}))


async def code_of(shop: Shop) -> str:
    code = await first_manager_code(shop.desk, ACCOUNT, PLATFORM)
    assert code is not None
    return code


async def is_manager(shop: Shop, name: str) -> bool:
    return role_of(await shop.member(name), shop.desk.shop) is Role.MANAGER


async def test_whoever_opens_it_first_is_a_manager_for_good(new_shop: Shop) -> None:
    shop = new_shop
    code = await code_of(shop)
    hello = await shop.says(FIRST, f"/start {code}", group=None)
    assert "你现在是暖群小店的管理员了" in hello.text
    again = await shop.says(SECOND, f"/start {code}", group=None)
    plain = await shop.says(SECOND, "/start hello", group=None)
    assert again.text == plain.text
    assert await is_manager(shop, FIRST)
    assert not await is_manager(shop, SECOND)
    assert "还不会" in (await shop.says(SECOND, "/insights 7", group=None)).text
    assert "还不会" not in (await shop.says(FIRST, "/insights 7", group=None)).text
    async with shop.desk.database.reading() as connection:
        (entry,) = await audit.latest(connection, 9)
    assert (entry.actor, entry.action) == (f"room:id-{FIRST}", "appoint")
    assert code not in str(entry)


async def test_the_first_manager_brings_the_bot_into_groups_and_hears_of_those_it_is_in(
    new_shop: Shop,
) -> None:
    shop = new_shop
    by = shop.person(SECOND)
    await shop.hear(GroupChanged(ACCOUNT, "x", NOW, chat_of("野群"), present=True, by=by))
    await shop.dispatcher.ask_about_groups()  # there is nobody to be asked yet
    hello = await shop.says(FIRST, f"/start {await code_of(shop)}", group=None)
    assert "有人把我拉进了「野群」" in hello.text
    assert set(hello.buttons) == {"接管", "谢绝"}
    mine = GroupChanged(ACCOUNT, "x", NOW, chat_of("一群"), present=True, by=shop.person(FIRST))
    await shop.hear(mine)
    assert (await shop.group("一群")).present


@pytest.mark.parametrize(
    ("shown", "lost"),
    [([Person("@1", FIRST)], True), ([Person("@1", "小鱼")], True), ([], False)],
)
async def test_who_is_lost_by_a_change_of_ids_can_be_followed_by_another(
    new_shop: Shop, shown: list[Person], *, lost: bool
) -> None:
    shop = new_shop
    await shop.says(FIRST, f"/start {await code_of(shop)}", group=None)
    mine = GroupChanged(ACCOUNT, "x", NOW, chat_of("一群"), present=True, by=shop.person(FIRST))
    await shop.hear(mine)
    await shop.says(FIRST, "大家好")
    assert await first_manager_code(shop.desk, ACCOUNT, PLATFORM) is None
    shop.clock.advance(MINUTE)
    there = shown or [shop.person(FIRST)]
    now = Roster(chat_of("一群"), (*there, shop.person(SECOND)))
    await shop.hear(IdsChanged(ACCOUNT, "x", shop.clock.now(), (now,)))
    code = await first_manager_code(shop.desk, ACCOUNT, PLATFORM)
    assert (code is not None) is lost


@pytest.mark.parametrize(("later", "holds"), [(CODE_HOLDS - MINUTE, True), (CODE_HOLDS, False)])
async def test_it_ends_after_a_day(opened: Opener, later: timedelta, *, holds: bool) -> None:
    shop = await opened()
    code = await code_of(shop)
    now = shop.clock.now() + later
    async with shop.desk.database.writing() as connection:
        assert await use_code(connection, ACCOUNT, _digest(code), now) is holds


async def test_in_a_group_and_on_another_account_it_is_worth_nothing(opened: Opener) -> None:
    shop = await opened()
    code = await code_of(shop)
    await shop.opens("一群")
    await shop.says(FIRST, f"/start {code}", group="一群")
    assert not await is_manager(shop, FIRST)
    await shop.says(FIRST, f"/start {code}", group=None)
    assert await is_manager(shop, FIRST)


async def test_a_start_makes_the_link_before_worthless(new_shop: Shop) -> None:
    before, code = await code_of(new_shop), await code_of(new_shop)
    await new_shop.says(FIRST, f"/start {before}", group=None)
    assert not await is_manager(new_shop, FIRST)
    await new_shop.says(FIRST, f"/start {code}", group=None)
    assert await is_manager(new_shop, FIRST)


@pytest.mark.parametrize(
    ("listed", "needed"),
    [((), True), (("telegram:7",), True), (("room:7",), False), (("7",), False)],
)
async def test_it_is_offered_where_nobody_is_listed(
    opened: Opener, listed: tuple[str, ...], *, needed: bool
) -> None:
    shop = await opened(managers=listed)
    assert (await first_manager_code(shop.desk, ACCOUNT, PLATFORM) is not None) is needed


async def test_it_is_offered_no_more_and_ends_once_a_manager_is_known(new_shop: Shop) -> None:
    shop = new_shop
    first = await code_of(shop)
    await shop.says(FIRST, f"/start {first}", group=None)
    assert await first_manager_code(shop.desk, ACCOUNT, PLATFORM) is None
