"""Who asks to come in: let in by the group's rule, or by a manager; each request decided once."""

from __future__ import annotations

import pytest

from handlers.admission import admits
from handlers.events import JoinAsked
from scheduler.courier import AccountDown, NothingSent, Outcome, TooFast, Unable, Unclear
from storage import join_requests, staff_chats
from storage.join_requests import JoinRequest, Rule
from tests.handlers.shop import (
    ACCOUNT,
    LONG,
    MANAGER,
    SECOND,
    Answers,
    Opener,
    Shop,
    chat_of,
    in_group,
    in_private,
)


async def asks(shop: Shop, *names: str, group: str = "一群", words: str = "") -> Answers:
    """People ask to be let in, and what follows is done; what the bot says about it."""
    before = len(shop.platform.posts)
    await shop.dispatcher.hear(
        [
            JoinAsked(
                ACCOUNT,
                shop._next(),
                shop.clock.now(),
                chat_of(group),
                shop.person(name),
                None,
                words,
            )
            for name in names
        ]
    )
    await shop.dispatcher.settle_requests()
    return Answers(shop.platform.posts[before:])


async def waiting(shop: Shop) -> list[JoinRequest]:
    async with shop.desk.database.reading() as connection:
        return await join_requests.waiting(connection, shop.desk.shop_id)


async def number_of(shop: Shop, name: str) -> int:
    return next(one.id for one in await waiting(shop) if one.name == name)


def admitted(shop: Shop) -> list[tuple[str, bool]]:
    """Whom the platform was told about, and whether they were let in."""
    return [(one.person, not one.refuse) for one in shop.platform.admitted]


async def rule(shop: Shop, text: str) -> Answers:
    await shop.says(MANAGER, "早", group=None)
    return await shop.says(MANAGER, f"/admit {text}", group=None)


# The rule


@pytest.mark.parametrize(
    ("by", "known", "let_in"),
    [
        (Rule.EVERYONE, False, True),
        (Rule.EVERYONE, True, True),
        (Rule.REGULARS, False, False),
        (Rule.REGULARS, True, True),
        (None, True, False),
    ],
)
def test_a_rule_admits(by: Rule | None, *, known: bool, let_in: bool) -> None:
    assert admits(by, known=known) is let_in


async def test_without_a_rule_the_managers_are_asked(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says(MANAGER, "早", group=None)
    told = await asks(shop, "小鱼", words="我是\n 老顾客")
    assert told.addresses == [in_private(MANAGER)]
    assert told.text == "小鱼 想进 一群。留言：「我是 老顾客」"
    number = await number_of(shop, "小鱼")
    assert told.buttons == {"通过": f"/letin {number}", "拒绝": f"/turnaway {number}"}
    assert admitted(shop) == []
    assert not await asks(shop)


async def test_everyone_is_let_in_where_the_rule_says_so(any_shop: Shop) -> None:
    shop = any_shop
    assert "谁申请都放进来" in (await rule(shop, "@一群 所有人")).text
    assert not await asks(shop, "小鱼", "小美")
    assert admitted(shop) == [("id-小鱼", True), ("id-小美", True)]
    assert [one.address for one in shop.platform.admitted] == [in_group("一群")] * 2
    assert (await asks(shop, "圆圆", group="二群")).addresses == [in_private(MANAGER)]


async def test_regulars_are_let_in_and_about_others_managers_are_asked(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says("小鱼", "我在二群", group="二群")
    await shop.says("点点", "私下问问", group=None)
    await shop.says(MANAGER, "/tag @点点 老客", group=None)
    await rule(shop, "@一群 老客")
    told = await asks(shop, "小鱼", "小美", "点点")
    assert admitted(shop) == [("id-小鱼", True), ("id-点点", True)]
    assert told.text == "小美 想进 一群。"


async def test_a_rule_holds_for_who_waits_already(shop: Shop) -> None:
    await asks(shop, "小鱼", "小美")
    await asks(shop, "圆圆", group="二群")
    answer = await rule(shop, "@一群 所有人")
    assert "等着的 2 位这就进来" in answer.text
    await shop.dispatcher.settle_requests()
    assert [name for name, _ in admitted(shop)] == ["id-小鱼", "id-小美"]
    assert [one.name for one in await waiting(shop)] == ["圆圆"]


async def test_a_rule_is_taken_away_again(shop: Shop) -> None:
    await rule(shop, "@所有群 everyone")
    assert "都问管理员" in (await rule(shop, "@所有群 人工")).text
    log = (await shop.says(MANAGER, "/audit", group=None)).text
    assert f"{MANAGER} 让申请进 一群 的都直接进" in log
    assert f"{MANAGER} 让申请进 一群 的都问管理员" in log
    await asks(shop, "小鱼")
    assert admitted(shop) == []


async def test_a_rule_must_be_one(shop: Shop) -> None:
    assert "谁能进" in (await rule(shop, "@一群 熟人")).text
    assert "没有叫「九群」" in (await rule(shop, "@九群 所有人")).text


# What the platform and the managers are told


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (NothingSent("refused"), True),
        (TooFast(SECOND), True),
        (AccountDown("token"), True),
        (Unclear("timeout"), True),
        (Unable("HIDE_REQUESTER_MISSING"), False),
    ],
)
async def test_what_was_decided_is_told_until_the_platform_knows(
    shop: Shop, outcome: Outcome, *, again: bool
) -> None:
    await rule(shop, "@一群 所有人")
    shop.platform.refuses[in_group("一群")] = outcome
    await asks(shop, "小鱼")
    assert admitted(shop) == []
    shop.platform.refuses.clear()
    shop.clock.advance(LONG)
    await shop.dispatcher.settle_requests()
    assert bool(admitted(shop)) is again
    await shop.dispatcher.settle_requests()
    assert len(admitted(shop)) == int(again)


async def test_several_who_wait_are_told_of_at_once(shop: Shop) -> None:
    await shop.says(MANAGER, "早", group=None)
    names = [f"粉丝{number}" for number in range(7)]
    told = await asks(shop, *names)
    assert told.text == "有 7 位想进 一群：粉丝0、粉丝1、粉丝2、粉丝3、粉丝4、等 7 个。"
    assert told.buttons == {"看申请": "/requests"}


async def test_the_chat_of_the_staff_who_look_after_the_group_is_told(shop: Shop) -> None:
    chat, group = await shop.group("三群"), await shop.group("一群")
    async with shop.desk.database.writing() as connection:
        await staff_chats.tie(connection, chat.id, [group.id])
    await shop.says(MANAGER, "早", group="三群")
    assert (await asks(shop, "小鱼")).addresses == [in_group("三群")]
    listed = await shop.says(MANAGER, "/requests", group="三群")
    assert "小鱼" in listed.text
    await asks(shop, "小美", group="二群")
    assert "小美" not in (await shop.says(MANAGER, "/requests", group="三群")).text


async def test_who_comes_in_by_another_hand_is_asked_about_no_more(shop: Shop) -> None:
    await asks(shop, "小鱼")
    await shop.joins("小鱼")
    assert await waiting(shop) == []
    assert admitted(shop) == []


# A manager's word


@pytest.mark.parametrize(
    ("word", "verdict", "answer"),
    [
        ("/letin", True, "好的，小鱼 可以进 一群 了。"),
        ("/turnaway", False, "好的，没让 小鱼 进 一群。"),
    ],
)
async def test_a_manager_decides(any_shop: Shop, word: str, answer: str, *, verdict: bool) -> None:
    shop = any_shop
    await asks(shop, "小鱼")
    number = await number_of(shop, "小鱼")
    assert (await shop.presses(MANAGER, f"{word} {number}")).text == answer
    assert admitted(shop) == [("id-小鱼", verdict)]
    await shop.dispatcher.settle_requests()
    assert len(admitted(shop)) == 1
    again = "通过" if verdict else "拒绝"
    assert f"已经{again}了（{MANAGER}）" in (await shop.says(MANAGER, f"{word} {number}")).text
    log = (await shop.says(MANAGER, "/audit", group=None)).text
    deed = "让 小鱼 进了「一群」" if verdict else "没让 小鱼 进「一群」"
    assert f"{MANAGER} {deed}" in log


async def test_who_decided_is_told_also_of_a_rule_and_of_the_platform(shop: Shop) -> None:
    await asks(shop, "小鱼", "小美")
    first, second = await number_of(shop, "小鱼"), await number_of(shop, "小美")
    await shop.joins("小美")
    await rule(shop, "@一群 所有人")
    assert "按规则" in (await shop.says(MANAGER, f"/letin {first}")).text
    assert "在平台上" in (await shop.says(MANAGER, f"/turnaway {second}")).text


async def test_a_number_that_is_none_is_said_to_be_none(shop: Shop) -> None:
    assert "没有编号 9 的入群申请" in (await shop.says(MANAGER, "/letin 9")).text


async def test_what_the_platform_will_not_do_is_said(shop: Shop) -> None:
    await asks(shop, "小鱼", "小美")
    first, second = await number_of(shop, "小鱼"), await number_of(shop, "小美")
    shop.platform.refuses[in_group("一群")] = Unable("not enough rights")
    assert "not enough rights" in (await shop.presses(MANAGER, f"/letin {first}")).text
    shop.platform.refuses[in_group("一群")] = Unclear("timeout")
    assert "稍后就办" in (await shop.presses(MANAGER, f"/letin {second}")).text
    shop.platform.refuses.clear()
    await shop.dispatcher.settle_requests()
    assert admitted(shop) == [("id-小美", True)]


async def test_fans_decide_nothing(shop: Shop) -> None:
    await asks(shop, "小鱼")
    number = await number_of(shop, "小鱼")
    for text in (f"/letin {number}", f"/turnaway {number}", "/requests", "/admit @一群 所有人"):
        assert "我还不会" in (await shop.says("小美", text)).text
    assert [one.decided for one in await waiting(shop)] == [None]


# The list


async def test_the_list_shows_who_waits_with_what_they_say(shop: Shop) -> None:
    assert "没有人在等" in (await shop.says(MANAGER, "/requests", group=None)).text
    await asks(shop, "小鱼", words="老客带我来的")
    number = await number_of(shop, "小鱼")
    shown = await shop.says(MANAGER, "/requests", group=None)
    assert shown.text == (
        f"有 1 位在等入群：\n{number}. 小鱼 → 一群，11-05 10:00 留言：「老客带我来的」"
    )
    assert shown.buttons == {
        "通过 小鱼": f"/letin {number}",
        "拒绝 小鱼": f"/turnaway {number}",
    }


async def test_the_list_is_leafed_through(shop: Shop) -> None:
    await asks(shop, *(f"粉丝{number}" for number in range(6)))
    first = await shop.says(MANAGER, "/requests", group=None)
    assert "粉丝3" in first.text
    assert "粉丝4" not in first.text
    second = await shop.says(MANAGER, first.buttons["下一页"], group=None)
    assert "粉丝4" in second.text


async def test_in_english_too(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("one")
    await asks(shop, "Ann", group="one")
    answer = await shop.says(MANAGER, "/admit @one everyone", group=None)
    assert answer.text == "All right, one: whoever asks is let in. The 1 who wait come in now."
