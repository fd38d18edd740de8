"""After a log-in under which everybody has another id, groups and people are who they were."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from handlers.events import (
    AccountChanged,
    AccountState,
    Chat,
    GroupChanged,
    IdsChanged,
    MessageHeard,
    Person,
    Roster,
)
from handlers.identifying import rule_on
from handlers.staff import managers
from storage import acceptance, identities, members, reach, tables, tags
from storage.identities import BY_LIKENESS, Answer, Match
from storage.tags import Tag
from tests.handlers.shop import (
    ACCOUNT,
    DAY,
    MANAGER,
    MINUTE,
    PLATFORM,
    Opener,
    Shop,
    chat_of,
    in_group,
    in_private,
)

FANS = ("小美", "小鱼", "圆圆", "点点")


def now_known_as(name: str, *, alias: str | None = None) -> Person:
    """Somebody by the id they have now."""
    return Person(f"@{name}", name, alias=alias)


def group_now(name: str, *people: Person | str, chat: str | None = None) -> Roster:
    """A group by the id it has now, with those who sit there."""
    there = [now_known_as(one) if isinstance(one, str) else one for one in people]
    return Roster(Chat(chat or f"@@{name}", name), tuple(there))


async def ids_change(
    shop: Shop, *rosters: Roster, friends: tuple[Person, ...] = (), complete: bool = True
) -> None:
    """The account was logged in anew, and this is all that the platform shows."""
    shop.clock.advance(MINUTE)
    at = shop.clock.now()
    await shop.hear(IdsChanged(ACCOUNT, shop._next(), at, rosters, friends, complete))


async def says_now(shop: Shop, name: str, text: str, group: str = "一群") -> None:
    """Somebody says something in a group, both by the ids they have now."""
    heard = shop.heard(name, text)
    chat, sender = Chat(f"@@{group}", group), now_known_as(name)
    await shop.hear(replace(heard, chat=chat, sender=sender))


async def chats(shop: Shop) -> dict[str, tuple[str, bool]]:
    """Group by its row's first name → its chat now, and whether the bot is in it."""
    async with shop.desk.database.reading() as connection:
        rows = await connection.execute(
            select(tables.groups.c.name, tables.groups.c.chat, tables.groups.c.present)
        )
        return {row.name: (row.chat, row.present) for row in rows}


async def known(shop: Shop) -> dict[str, list[str]]:
    """Name → the ids under which anybody of this name is known."""
    async with shop.desk.database.reading() as connection:
        rows = await connection.execute(
            select(tables.members.c.name, tables.members.c.person).order_by(tables.members.c.id)
        )
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row.name, []).append(row.person)
        return found


async def asked(shop: Shop) -> list[Match]:
    async with shop.desk.database.reading() as connection:
        return await identities.undecided(connection)


async def talk(shop: Shop, *names: str, group: str = "一群") -> None:
    for name in names:
        await shop.says(name, "大家好", group=group)


# Groups and people


async def test_everybody_and_everything_goes_on(any_shop: Shop) -> None:
    shop = any_shop
    await talk(shop, *FANS)
    await talk(shop, *FANS[:2], group="二群")
    fan = await shop.member("小美")
    async with shop.desk.database.writing() as connection:
        await tags.set_tags(connection, [Tag(fan.id, "敏感肌", "rule:x", "", shop.clock.now())])
    await ids_change(
        shop, group_now("一群", *FANS), group_now("二群", *FANS[:2]), group_now("三群")
    )
    assert await chats(shop) == {name: (f"@@{name}", True) for name in ("一群", "二群", "三群")}
    assert await known(shop) == {name: [f"@{name}"] for name in FANS}
    assert await asked(shop) == []
    await says_now(shop, "小美", "我又来了")
    async with shop.desk.database.reading() as connection:
        now = await members.member_known_as(connection, PLATFORM, "@小美")
        assert now is not None
        theirs = await tags.tags_of(connection, now.id, shop.clock.now())
        matches = (await connection.execute(select(tables.identity_matches))).all()
    assert now.id == fan.id
    assert {one.tag for one in theirs} >= {"敏感肌"}
    assert {(one.before, one.after, one.decided, one.decided_by) for one in matches} == {
        (f"id-{name}", f"@{name}", Answer.SAME, BY_LIKENESS) for name in FANS
    }
    assert {one.confidence for one in matches} == {90, 92}


async def test_told_twice_nothing_more_happens(shop: Shop) -> None:
    await talk(shop, *FANS, "小美#2")
    now = group_now("一群", *FANS, Person("@2", "小美"))
    await ids_change(shop, now)
    before = await known(shop), await chats(shop), await asked(shop)
    assert before[2]
    await ids_change(shop, now)
    assert (await known(shop), await chats(shop), await asked(shop)) == before


async def test_with_the_ids_of_before_nothing_happens(shop: Shop) -> None:
    await talk(shop, *FANS)
    here = Roster(chat_of("一群"), tuple(shop.person(name) for name in FANS))
    others = [Roster(chat_of(name), ()) for name in ("二群", "三群")]
    before = await known(shop), await chats(shop)
    await ids_change(shop, here, *others)
    assert (await known(shop), await chats(shop)) == before
    assert await asked(shop) == []


async def test_a_group_that_is_not_shown_any_more_is_left(shop: Shop) -> None:
    await talk(shop, *FANS)
    await ids_change(shop, group_now("新群", "甲", "乙"))
    assert await chats(shop) == {
        "一群": ("chat-一群", False),
        "二群": ("chat-二群", False),
        "三群": ("chat-三群", False),
        "新群": ("@@新群", True),
    }


async def test_a_platform_that_shows_no_group_says_nothing_of_them(shop: Shop) -> None:
    await talk(shop, *FANS)
    await ids_change(shop, friends=(now_known_as("小美"),))
    assert {present for _, present in (await chats(shop)).values()} == {True}


async def test_a_renamed_group_is_known_by_its_people_and_they_by_it(shop: Shop) -> None:
    await talk(shop, *FANS)
    await ids_change(shop, group_now("一群改名", *FANS, "新人"))
    assert (await chats(shop))["一群改名"] == ("@@一群改名", True)
    assert "一群" not in await chats(shop)
    assert await known(shop) == {name: [f"@{name}"] for name in FANS}


async def test_what_was_said_before_the_ids_were_told_is_theirs(shop: Shop) -> None:
    await talk(shop, *FANS)
    shop.clock.advance(MINUTE)
    at = shop.clock.now()
    await shop.hear(GroupChanged(ACCOUNT, shop._next(), at, Chat("@@一群", "一群"), present=True))
    await says_now(shop, "小美", "登录后的第一句")
    await ids_change(shop, group_now("一群", *FANS))
    assert await known(shop) == {name: [f"@{name}"] for name in FANS}
    assert (await chats(shop))["一群"] == ("@@一群", True)
    assert (await shop.fans_words())[-1] == "登录后的第一句"
    assert len(await shop.fans_words()) == len(FANS) + 1


async def test_who_was_there_all_the_while_is_nobody_else(shop: Shop) -> None:
    await talk(shop, *FANS)
    await says_now(shop, "小美", "我也叫小美")
    shop.clock.advance(MINUTE)
    await talk(shop, "小美")
    now = (group_now("一群", *FANS), *(group_now(name) for name in ("二群", "三群")))
    await ids_change(shop, *now)
    assert (await known(shop))["小美"] == ["id-小美", "@小美"]
    assert await asked(shop) == []


async def test_friends_are_known_by_what_the_account_calls_them(shop: Shop) -> None:
    await shop.says("小美", "大家好")
    async with shop.desk.database.writing() as connection:
        await connection.execute(tables.members.update().values(alias="张姐"))
    await ids_change(shop, friends=(now_known_as("改了名", alias="张姐"),))
    assert await known(shop) == {"改了名": ["@改了名"]}
    async with shop.desk.database.reading() as connection:
        assert await connection.scalar(select(tables.members.c.started_at)) == shop.clock.now()


async def test_who_is_not_found_again_sits_nowhere(shop: Shop) -> None:
    crowd = [f"粉丝{number}" for number in range(9)]
    await talk(shop, *crowd, *FANS)
    await ids_change(shop, group_now("一群", *crowd, *FANS[:3]))
    group = await shop.group("一群")
    async with shop.desk.database.reading() as connection:
        rows = await connection.execute(
            select(tables.members.c.name, tables.memberships.c.left_at)
            .select_from(tables.memberships.join(tables.members))
            .where(tables.memberships.c.group_id == group.id)
        )
        left = {row.name: row.left_at for row in rows}
        refused = await connection.scalars(
            select(tables.members.c.name).where(tables.members.c.unreachable_at.is_not(None))
        )
        assert refused.all() == ["点点"]
    assert left == dict.fromkeys([*crowd, *FANS[:3]]) | {"点点": shop.clock.now()}


async def test_a_name_that_somebody_may_have_taken_is_asked_about(shop: Shop) -> None:
    await talk(shop, "小鱼", "圆圆", "小美", "坏人")
    await ids_change(shop, group_now("一群", "小鱼", "圆圆", Person("@坏人", "小美")))
    assert (await known(shop))["小美"] == ["id-小美"]
    assert ("id-小美", "@坏人", 85) in {
        (one.before, one.after, one.confidence) for one in await asked(shop)
    }


async def test_who_wants_no_record_is_asked_about_and_not_taken_for_by_name(shop: Shop) -> None:
    await talk(shop, *FANS)
    await shop.says("小美", "/norecord")
    await ids_change(shop, group_now("一群", *FANS))
    assert [one.before for one in await asked(shop)] == ["id-小美"]


async def test_of_what_is_not_all_nobody_and_nothing_is_gone(shop: Shop) -> None:
    await talk(shop, *FANS, group="二群")
    await talk(shop, "阿甲", "阿乙")
    await ids_change(shop, group_now("一群", "阿甲", "阿乙"), complete=False)
    assert (await chats(shop))["二群"] == ("chat-二群", True)
    shop.clock.advance(MINUTE)
    at = shop.clock.now()
    await shop.hear(GroupChanged(ACCOUNT, "x", at, Chat("@@二群", "二群"), present=True))
    await says_now(shop, "小美", "我在这", group="二群")
    await ids_change(shop, group_now("一群", "阿甲", "阿乙"), group_now("二群", *FANS))
    assert await known(shop) == {name: [f"@{name}"] for name in ("阿甲", "阿乙", *FANS)}
    assert await chats(shop) == {
        "一群": ("@@一群", True),
        "二群": ("@@二群", True),
        "三群": ("chat-三群", False),
    }
    assert await asked(shop) == []


# Doubt


async def test_a_manager_is_never_recognised_without_a_word(shop: Shop) -> None:
    await talk(shop, MANAGER, *FANS)
    await ids_change(shop, group_now("一群", MANAGER, *FANS))
    assert (await known(shop))[MANAGER] == [f"id-{MANAGER}"]
    (one,) = await asked(shop)
    assert (one.before, one.after, one.confidence) == (f"id-{MANAGER}", f"@{MANAGER}", 90)


async def test_an_appointed_manager_is_not_either(shop: Shop) -> None:
    await talk(shop, *FANS)
    fan = await shop.member("小美")
    async with shop.desk.database.writing() as connection:
        appointed = tables.members.update().where(tables.members.c.id == fan.id)
        await connection.execute(appointed.values(appointed_at=shop.clock.now()))
    await ids_change(shop, group_now("一群", *FANS))
    assert [one.before for one in await asked(shop)] == ["id-小美"]


async def test_where_most_ids_stay_who_is_gone_is_asked_about(shop: Shop) -> None:
    await talk(shop, *FANS)
    stayed = [shop.person(name) for name in FANS[1:]]
    here = Roster(chat_of("一群"), (*stayed, now_known_as("小美")))
    await ids_change(shop, here, *(Roster(chat_of(name), ()) for name in ("二群", "三群")))
    assert await known(shop) == {name: [f"id-{name}"] for name in FANS}
    assert [one.before for one in await asked(shop)] == ["id-小美"]


async def test_what_was_asked_of_ids_that_ended_is_asked_no_more(shop: Shop) -> None:
    await talk(shop, "小美", "小美#2", "小鱼", "圆圆")
    old = group_now("一群", Person("@1", "小美"), Person("@2", "小美"), "小鱼", "圆圆")
    await ids_change(shop, old)
    assert {one.after for one in await asked(shop)} == {"@1", "@2"}
    new = group_now(
        "一群",
        Person("!1", "小美"),
        Person("!2", "小美"),
        Person("!3", "小鱼"),
        Person("!4", "圆圆"),
    )
    await ids_change(shop, new)
    assert {one.after for one in await asked(shop)} == {"!1", "!2"}


async def test_what_a_manager_ruled_out_is_neither_asked_again_nor_taken(shop: Shop) -> None:
    await talk(shop, *FANS)
    fan = await shop.member("小美")
    async with shop.desk.database.writing() as connection:
        called = tables.members.update().where(tables.members.c.id == fan.id)
        await connection.execute(called.values(alias="张姐"))
    await ids_change(shop, group_now("一群", now_known_as("小美", alias=""), *FANS[1:]))
    (one,) = await asked(shop)
    async with shop.desk.database.writing() as connection:
        at = shop.clock.now()
        assert await identities.decide(connection, one, Answer.OTHER, by="room:x", at=at)
    others = [Person(f"!{name}", name) for name in FANS[1:]]
    await ids_change(shop, group_now("一群", "小美", *others))
    assert await known(shop) == {"小美": ["id-小美"]} | {one.name: [one.id] for one in others}
    assert await asked(shop) == []


async def test_while_it_is_open_who_somebody_is_nothing_of_them_is_recorded(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await talk(shop, *FANS)
    await shop.says("小美", "/norecord")
    await ids_change(shop, group_now("一群", *FANS, Person("@2", "小美")))
    assert len(await asked(shop)) == 2
    await says_now(shop, "小美", "我怀孕了能用吗")
    assert "我怀孕了能用吗" not in await shop.fans_words()
    for one in await asked(shop):
        await rule_on(shop.desk, "room:x", one.id, Answer.OTHER)
    await says_now(shop, "小美", "我是另一个小美")
    assert "我是另一个小美" in await shop.fans_words()


@pytest.mark.parametrize("first", ["@小美", "!小美"])
async def test_a_wish_outlasts_two_changes_of_ids(any_shop: Shop, first: str) -> None:
    shop = any_shop
    await talk(shop, *FANS)
    await ids_change(shop, group_now("一群", *FANS, Person("@2", "小美")))
    await says_now(shop, "小美", "/norecord")
    others = [Person(f"!{name}", name) for name in FANS]
    await ids_change(shop, group_now("一群", *others, chat="@@一群"))
    (one,) = [each for each in await asked(shop) if (each.before, each.after) == ("id-小美", first)]
    await rule_on(shop.desk, "room:x", one.id, Answer.SAME)
    heard = replace(shop.heard("小美", "我对花粉过敏"), sender=others[0])
    await shop.hear(replace(heard, chat=Chat("@@一群", "一群")))
    assert "我对花粉过敏" not in await shop.fans_words()


async def test_a_manager_whose_id_comes_back_is_asked_about_each_time(shop: Shop) -> None:
    await talk(shop, MANAGER, *FANS)
    for mark in ("@", "id-", "!", "id-"):
        people = tuple(Person(f"{mark}{name}", name) for name in (MANAGER, *FANS))
        chat = Chat("chat-一群", "一群")
        await ids_change(shop, Roster(chat, people))
        (one,) = await asked(shop)
        assert one.after == f"{mark}{MANAGER}"
        await rule_on(shop.desk, "room:x", one.id, Answer.SAME)
    assert (await known(shop))[MANAGER] == [f"id-{MANAGER}"]


@pytest.mark.parametrize("told_before", [True, False])
async def test_the_account_is_nobody(shop: Shop, *, told_before: bool) -> None:
    old, new = Person("id-me", "暖暖", staff=True), Person("@me", "暖暖", staff=True)
    await talk(shop, *FANS)
    await logged_in(shop, old)
    own = MessageHeard(
        ACCOUNT, "c", shop.clock.now(), "own-1", chat_of("一群"), old, "欢迎光临", own=True
    )
    await shop.hear(own)
    if told_before:
        await logged_in(shop, new)
    await ids_change(shop, group_now("一群", *FANS, new))
    assert await asked(shop) == []
    assert (await known(shop))["暖暖"] == ["id-me"]


async def test_an_account_that_never_spoke_is_nobody_either(shop: Shop) -> None:
    old = Person("id-me", "暖暖", staff=True)
    await logged_in(shop, old)
    await talk(shop, *FANS)
    await shop.hear(replace(shop.heard("x", "有人吗"), sender=old))
    await ids_change(shop, group_now("一群", *FANS, "暖暖"))
    assert await asked(shop) == []


async def logged_in(shop: Shop, me: Person) -> None:
    event = AccountChanged(ACCOUNT, "c", shop.clock.now(), AccountState.ONLINE, me=me)
    await shop.hear(event)


# Whose groups they are


@pytest.fixture
async def open_shop(opened: Opener) -> Shop:
    """A shop whose bot anybody can bring into a group; its manager brought it into 一群."""
    shop = await opened(open_accounts=frozenset({ACCOUNT}), managers=(f"id-{MANAGER}",))
    await brought(shop, MANAGER, "一群")
    await talk(shop, *FANS)
    return shop


async def brought(shop: Shop, by: str, group: str) -> None:
    event = GroupChanged(
        ACCOUNT, "x", shop.clock.now(), chat_of(group), present=True, by=shop.person(by)
    )
    await shop.hear(event)


async def accepted(shop: Shop) -> dict[str, bool]:
    """Chat → whether its group is the shop's."""
    everything = [chat for chat, _ in (await chats(shop)).values()]
    async with shop.desk.database.reading() as connection:
        return await acceptance.acceptance_of(connection, ACCOUNT, everything)


async def test_the_shops_group_stays_the_shops_and_is_heard_at_once(open_shop: Shop) -> None:
    shop = open_shop
    shop.clock.advance(MINUTE)
    at = shop.clock.now()
    word = replace(
        shop.heard("小美", "马上听到"),
        chat=Chat("@@一群", "一群"),
        sender=now_known_as("小美"),
    )
    await shop.hear(
        replace(word, message="too soon", text="还没听"),
        IdsChanged(ACCOUNT, shop._next(), at, (group_now("一群", *FANS), group_now("野群"))),
        word,
    )
    assert await accepted(shop) == {"@@一群": True, "@@野群": False}
    assert (await shop.fans_words())[-1] == "马上听到"
    assert (await known(shop))["小美"] == ["@小美"]


async def test_a_strangers_group_of_the_same_name_does_not_become_the_shops(
    open_shop: Shop,
) -> None:
    shop = open_shop
    await ids_change(shop, group_now("一群改名", *FANS), group_now("一群", "阿生", "小偷"))
    assert await accepted(shop) == {"@@一群改名": True, "@@一群": False}


async def test_an_old_group_that_is_made_again_is_asked_about_and_makes_nobody_a_manager(
    open_shop: Shop,
) -> None:
    shop = open_shop
    await shop.says(MANAGER, "早", group=None)
    await shop.closes("一群")
    thief = Person("@小美", "小美", staff=True, staff_in=frozenset({"@@一群"}))
    boss = shop.person(MANAGER)
    await ids_change(shop, group_now("一群", thief, *FANS[1:]), friends=(boss,))
    assert await accepted(shop) == {"@@一群": False}
    order = replace(shop.heard("小美", "/halt"), chat=Chat("@@一群", "一群"), sender=thief)
    assert not await shop.hear(order)
    async with shop.desk.database.reading() as connection:
        assert [one.name for one in await managers(connection, shop.desk.shop)] == [MANAGER]
    said = len(shop.platform.posts)
    await shop.dispatcher.ask_about_groups()
    assert in_private(MANAGER) in {one.address for one in shop.platform.posts[said:]}


async def test_so_is_one_that_few_of_its_people_show(open_shop: Shop) -> None:
    shop = open_shop
    await shop.says(MANAGER, "/broadcast @一群 今晚八点直播", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    await shop.desk.planner.plan_ahead()
    await ids_change(shop, group_now("一群", "小美", "小偷"))
    assert await accepted(shop) == {"@@一群": False}
    assert not await shop.delivers()


async def test_what_a_manager_said_of_it_since_holds(open_shop: Shop) -> None:
    shop = open_shop
    shop.clock.advance(MINUTE)
    here = Chat("@@一群", "一群")
    by = shop.person(MANAGER)
    came = GroupChanged(ACCOUNT, "x", shop.clock.now(), here, present=True, by=by)
    await shop.hear(came)
    await ids_change(shop, group_now("一群", "小美"))
    assert await accepted(shop) == {"@@一群": True}


async def test_a_room_of_the_staffs_that_is_made_again_is_no_staff_chat(open_shop: Shop) -> None:
    shop = open_shop
    await brought(shop, MANAGER, "员工群")
    shop.staff.add(MANAGER)
    await shop.says(MANAGER, "/link @一群 sure", group="员工群")
    assert (await shop.group("一群")).staff_group_id is not None
    await shop.closes("员工群")
    await ids_change(shop, group_now("一群", *FANS), group_now("员工群", MANAGER, "小偷"))
    assert await accepted(shop) == {"@@一群": True, "@@员工群": False}
    async with shop.desk.database.reading() as connection:
        ties = await connection.execute(
            select(tables.groups.c.is_staff, tables.groups.c.staff_group_id)
        )
        assert {tuple(row) for row in ties} == {(False, None)}


async def test_a_group_is_asked_about_no_second_time(open_shop: Shop) -> None:
    shop = open_shop
    await brought(shop, "阿生", "野群")
    await shop.dispatcher.ask_about_groups()
    said = len(shop.platform.posts)
    await ids_change(shop, group_now("一群", *FANS), group_now("野群"))
    await shop.dispatcher.ask_about_groups()
    assert len(shop.platform.posts) == said


async def test_what_is_planned_goes_to_where_they_are_now(shop: Shop) -> None:
    await talk(shop, MANAGER, *FANS)
    await shop.says(MANAGER, "/broadcast @一群 今晚八点直播", group=None)
    await ids_change(shop, group_now("一群", *FANS, MANAGER))
    answer = await shop.says(MANAGER, "/confirm", group=None)
    assert answer
    told = await shop.delivers()
    assert [str(one.address) for one in told] == ["group:@@一群"]
    assert in_group("一群") not in told.addresses
    assert in_private(MANAGER) not in told.addresses


async def test_an_old_acquaintance_is_known_years_later(shop: Shop) -> None:
    await shop.says("小美", "在吗", group=None)
    async with shop.desk.database.writing() as connection:
        await connection.execute(tables.members.update().values(alias="张姐"))
        fan = await shop.member("小美")
        await reach.mark_unreachable(connection, [fan.id], shop.clock.now())
    shop.clock.advance(400 * DAY)
    await ids_change(shop, group_now("一群", now_known_as("小美", alias="张姐"), *FANS[1:]))
    assert (await known(shop))["小美"] == ["@小美"]
