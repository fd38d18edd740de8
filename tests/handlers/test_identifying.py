"""Who may be whom: managers are asked once, and with their yes two become one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.events import IdsChanged, Person, ReachChanged, Roster
from handlers.identifying import WHY, rule_on
from handlers.likeness import Trait
from handlers.staff import are_one, name_of
from scheduler.courier import Address
from storage import appointments, identities, members, tags
from storage.familiar import groups_of
from storage.identities import Answer, NewMatch
from storage.tags import Tag
from tests.handlers.shop import (
    ACCOUNT,
    MANAGER,
    MINUTE,
    NOW,
    PLATFORM,
    Answers,
    Opener,
    Shop,
    chat_of,
    in_private,
)

DOUBT = ("name", "namesakes")


async def doubts(
    shop: Shop, *pairs: tuple[str, str], confidence: int = 65, why: tuple[str, ...] = DOUBT
) -> list[int]:
    """These members may be these people, who have spoken by now; the matches' numbers."""
    new = []
    for name, person in pairs:
        one = await shop.member(name)
        await says_now(shop, person, "我回来了")
        new.append(NewMatch(one.id, one.person, person, one.name, confidence, why))
    async with shop.desk.database.writing() as connection:
        await identities.keep_doubtful(connection, ACCOUNT, new, shop.clock.now())
        return [one.id for one in await identities.undecided(connection)]


async def says_now(shop: Shop, person: str, text: str) -> None:
    """Somebody says something in 一群 by the id they have now."""
    name = person.removeprefix("@").partition("#")[0]
    await shop.hear(replace(shop.heard(name, text), sender=Person(person, name)))


async def settles(shop: Shop) -> Answers:
    """What the bot says of itself when it looks after what waits."""
    before = len(shop.platform.posts)
    await shop.dispatcher.settle_requests()
    return Answers(shop.platform.posts[before:])


@pytest.fixture
async def fans(any_shop: Shop) -> Shop:
    """A manager, who can be told, and two fans of one name."""
    await any_shop.says(MANAGER, "早", group=None)
    for name in ("小美", "小美#2"):
        await any_shop.says(name, "大家好")
    return any_shop


def test_every_reason_has_its_words() -> None:
    assert set(WHY) == set(Trait)


# Asking


async def test_managers_are_asked_once(fans: Shop) -> None:
    (number,) = await doubts(fans, ("小美", "@小美"))
    asked = await settles(fans)
    assert asked.addresses == [in_private(MANAGER)]
    assert asked.text == (
        "账号 room 重新登录后，大家的编号变了。现在的「小美」像以前的「小美」（一群），"
        "65% 的把握：名字一样、有人重名。是同一个人吗？"
    )
    assert asked.buttons == {"是同一个人": f"/same {number}", "不是": f"/other {number}"}
    assert not await settles(fans)


async def test_several_are_asked_about_at_once(fans: Shop) -> None:
    await doubts(fans, ("小美", "@小美"), ("小美#2", "@小美"), ("小美#2", "@美美"))
    asked = await settles(fans)
    assert asked.text.endswith("这几位我认不准：小美。")
    assert asked.buttons == {"看是谁": "/identities"}


async def test_a_name_like_a_managers_is_warned_of(fans: Shop) -> None:
    await doubts(fans, (MANAGER, "@阿玲"), confidence=95, why=("alias", "guarded"))
    assert (await settles(fans)).text.endswith("是同一个人吗？名字谁都能改，先跟本人确认一下。")


async def test_who_sits_in_no_group_is_known_from_private(shop: Shop) -> None:
    await shop.says(MANAGER, "早", group=None)
    await shop.says("小美", "在吗", group=None)
    await doubts(shop, ("小美", "@小美"))
    assert "（私聊）" in (await settles(shop)).text


async def test_a_manager_is_one_again_by_their_own_word_in_the_group(shop: Shop) -> None:
    await shop.says(MANAGER, "早")
    await shop.says("小美", "大家好")
    shop.clock.advance(MINUTE)
    there = (Person("@m", MANAGER, staff=True), Person("@f", "小美"))
    rosters = (Roster(chat_of("一群"), there),)
    await shop.hear(IdsChanged(ACCOUNT, "c", shop.clock.now(), rosters))
    assert not await settles(shop)  # nobody is left who could be asked
    await shop.hear(replace(shop.heard(MANAGER, "早"), sender=there[0]))
    asked = await settles(shop)
    assert "现在的「阿玲」像以前的「阿玲」" in asked.text
    word = shop.heard(MANAGER, asked.buttons["是同一个人"])
    answer = await shop.hear(replace(word, sender=there[0]))
    assert answer.text == "好的，阿玲 就是以前的 阿玲，标签和记录都接上了。"
    assert answer.addresses == [Address(person="@m")]


async def test_who_was_found_since_keeps_the_id_of_now(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says(MANAGER, "早", group=None)
    await shop.says("小美", "大家好")
    await doubts(shop, ("小美", "@b"))
    await shop.hear(
        replace(shop.heard("小美", "/norecord"), sender=Person("@b", "小美")),
        ReachChanged(ACCOUNT, "c", NOW, Person("@b", "小美"), reachable=False),
    )
    await shop.hear(replace(shop.heard("小美", "/norecord"), sender=Person("@b", "小美")))
    between, latest = await doubts(shop, ("小美", "@c"))
    await rule_on(shop.desk, "room:x", latest, Answer.SAME)
    await rule_on(shop.desk, "room:x", between, Answer.SAME)
    async with shop.desk.database.reading() as connection:
        assert await identities.undecided(connection) == []
        now = await members.member_known_as(connection, PLATFORM, "@c")
        assert await members.member_known_as(connection, PLATFORM, "@b") is None
    assert now is not None
    assert now.no_record


# The list


async def test_the_list_shows_who_may_be_whom(fans: Shop) -> None:
    assert "没有认不准的人" in (await fans.says(MANAGER, "/identities", group=None)).text
    numbers = await doubts(fans, ("小美", "@小美"), ("小美#2", "@小美"))
    shown = await fans.says(MANAGER, "/认人", group=None)
    assert shown.text.splitlines() == [
        "有 2 个没认准，是同一个人吗？",
        *(
            f"{number}. 现在的「小美」像以前的「小美」（一群），65% 的把握：名字一样、有人重名"
            for number in numbers
        ),
    ]
    assert shown.buttons == {
        f"{label} {number}": f"{call} {number}"
        for number in numbers
        for label, call in (("是同一个人", "/same"), ("不是", "/other"))
    }


async def test_the_list_is_leafed_through(shop: Shop) -> None:
    await shop.says("小美", "大家好")
    numbers = await doubts(shop, *(("小美", f"@小美#{number}") for number in range(6)))
    first = await shop.says(MANAGER, "/identities", group=None)
    assert f"\n{numbers[3]}. " in first.text
    assert f"\n{numbers[4]}. " not in first.text
    second = await shop.says(MANAGER, first.buttons["下一页"], group=None)
    assert f"\n{numbers[4]}. " in second.text


# A manager's word


async def test_with_a_yes_two_become_one(fans: Shop) -> None:
    old = await fans.member("小美")
    async with fans.desk.database.writing() as connection:
        await tags.set_tags(connection, [Tag(old.id, "敏感肌", "manager:x", "", NOW)])
    first, second, third = await doubts(
        fans, ("小美", "@小美"), ("小美#2", "@小美"), ("小美#2", "@美美")
    )
    answer = await fans.presses(MANAGER, f"/same {first}")
    assert answer.text == "好的，小美 就是以前的 小美，标签和记录都接上了。"
    await says_now(fans, "@小美", "真好")
    shown = await fans.says(MANAGER, "/who @@小美", group=None)
    assert "敏感肌" in shown.text
    async with fans.desk.database.reading() as connection:
        left = await identities.undecided(connection)
    assert [one.id for one in left] == [third]
    again = await fans.says(MANAGER, f"/other {first}")
    assert again.text == f"已经认过了（{MANAGER}）：小美 就是以前的 小美。"
    moot = await fans.says(MANAGER, f"/same {second}")
    assert moot.text == f"已经认过了（{MANAGER}）：小美 不是以前的 小美。"
    log = (await fans.says(MANAGER, "/audit", group=None)).text
    assert f"{MANAGER} 认出 小美 就是以前那位" in log


async def test_the_name_of_now_counts_also_where_nothing_was_said_yet(shop: Shop) -> None:
    await shop.says("小美", "大家好")
    old = await shop.member("小美")
    silent = NewMatch(old.id, old.person, "@silent", "改了名", 75, ("nickname",))
    async with shop.desk.database.writing() as connection:
        await identities.keep_doubtful(connection, ACCOUNT, [silent], NOW)
        (one,) = await identities.undecided(connection)
    await shop.says(MANAGER, f"/same {one.id}")
    async with shop.desk.database.reading() as connection:
        assert await name_of(shop.desk, connection, f"{ACCOUNT}:@silent") == "改了名"


async def test_a_name_of_since_then_counts(shop: Shop) -> None:
    await shop.says("小美", "大家好")
    (number,) = await doubts(shop, ("小美", "@美美"))
    await shop.says(MANAGER, f"/same {number}")
    async with shop.desk.database.reading() as connection:
        assert await name_of(shop.desk, connection, f"{ACCOUNT}:@美美") == "美美"


async def test_with_a_no_they_stay_two_and_who_was_is_gone(fans: Shop) -> None:
    first, second = await doubts(fans, ("小美", "@小美"), ("小美", "@美美"))
    text = (await fans.says(MANAGER, f"/不是同一人 {first}")).text
    assert text == "好的，小美 不是以前的 小美，各记各的。"
    group = await fans.group("一群")
    assert await sits(fans, "小美", group.id)
    await fans.says(MANAGER, f"/other {second}")
    assert not await sits(fans, "小美", group.id)
    assert await sits(fans, "小美#2", group.id)
    log = (await fans.says(MANAGER, "/audit", group=None)).text
    assert f"{MANAGER} 说 小美 不是以前那位" in log


async def test_where_ids_last_a_no_puts_nobody_out(shop: Shop) -> None:
    await shop.says("小美", "大家好")
    (number,) = await doubts(shop, ("小美", "@小美"), why=("name", "ids_last"))
    await shop.says(MANAGER, f"/other {number}")
    assert await sits(shop, "小美", (await shop.group("一群")).id)


async def sits(shop: Shop, name: str, group_id: int) -> bool:
    member = await shop.member(name)
    async with shop.desk.database.reading() as connection:
        return group_id in await groups_of(connection, ACCOUNT, member.id)


async def test_what_was_recognised_by_itself_can_be_seen_but_not_undone(shop: Shop) -> None:
    await shop.says("小美", "大家好")
    old = await shop.member("小美")
    sure = NewMatch(old.id, old.person, "@小美", "小美", 90, ("name",))
    async with shop.desk.database.writing() as connection:
        await identities.keep_certain(connection, ACCOUNT, [sure], NOW)
    assert "已经认过了（按规则）" in (await shop.says(MANAGER, "/other 1")).text


async def test_a_number_that_is_none_is_said_to_be_none(shop: Shop) -> None:
    assert "没有编号 9 的人要认" in (await shop.says(MANAGER, "/same 9")).text


async def test_fans_decide_nothing(fans: Shop) -> None:
    (number,) = await doubts(fans, ("小美", "@小美"))
    for text in (f"/same {number}", f"/other {number}", "/identities"):
        assert "我还不会" in (await fans.says("小美#2", text)).text
    async with fans.desk.database.reading() as connection:
        assert len(await identities.undecided(connection)) == 1


async def test_a_manager_by_an_id_of_before_is_who_they_are(fans: Shop) -> None:
    old = await fans.member(MANAGER)
    async with fans.desk.database.writing() as connection:
        await appointments.appoint(connection, old.id, NOW)
    (number,) = await doubts(fans, (MANAGER, "@阿玲"), why=("alias", "guarded"))
    await fans.says(MANAGER, f"/same {number}")
    before, now = f"{ACCOUNT}:id-{MANAGER}", f"{ACCOUNT}:@阿玲"
    async with fans.desk.database.reading() as connection:
        assert await are_one(connection, before, now)
        assert await name_of(fans.desk, connection, before) == "阿玲"
        assert await name_of(fans.desk, connection, f"{ACCOUNT}:nobody") == f"{ACCOUNT}:nobody"
        found = await identities.match_by_id(connection, number)
    assert found is not None
    assert found.decided is Answer.SAME
    said = replace(fans.heard("阿玲", "/identities"), sender=Person("@阿玲", "阿玲"))
    assert "没有认不准的人" in (await fans.hear(said)).text


async def test_in_english_too(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("one")
    await shop.says(MANAGER, "hello", group=None)
    await shop.says("Ann", "hello", group="one")
    (number,) = await doubts(shop, ("Ann", "@Ann"))
    assert "Are they one person?" in (await settles(shop)).text
    answer = await shop.says(MANAGER, f"/same {number}", group=None)
    assert answer.text == "All right, Ann is the Ann of before: tags and records go on."
