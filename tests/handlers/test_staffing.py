"""A staff chat is told what managers should know, and what is asked there is about its groups."""

from __future__ import annotations

import pytest

from handlers import staff
from handlers.events import MemberJoined
from scheduler.content import Content
from scheduler.courier import AccountDown, AddressGone, Muted, Outcome, Unclear
from storage import audit
from storage.groups import all_groups
from storage.staff_chats import looked_after, staff_chats
from tests.handlers.scenes import (
    OTHER,
    TONIGHT,
    broadcast,
    second_manager,
    staff_chat,
    state_counts,
    the_one,
)
from tests.handlers.shop import ACCOUNT, MANAGER, Shop, chat_of, in_group, in_private

CHAT = "店员群"
WORDS = Content("有件事")


async def tied(shop: Shop) -> dict[str, list[str]]:
    """Staff chat → the groups it looks after."""
    async with shop.desk.database.reading() as connection:
        chats = await staff_chats(connection, shop.desk.shop_id)
        found = {chat.name: await looked_after(connection, chat.id) for chat in chats}
    return {chat: [group.name for group in some] for chat, some in found.items()}


async def fan_groups(shop: Shop) -> set[str]:
    """The groups of fans."""
    async with shop.desk.database.reading() as connection:
        return {group.name for group in await all_groups(connection, shop.desk.shop_id)}


# Tying


async def test_a_chat_becomes_the_staffs_only_by_a_yes_that_names_who_will_see_it(
    shop: Shop,
) -> None:
    await shop.opens(CHAT)
    await shop.says("小鱼", "早", group=CHAT)
    asked = await shop.says(MANAGER, "/link @一群 @二群", group=CHAT)
    assert asked.addresses == [in_group(CHAT)]
    assert "其中我知道的有 1 位不是管理员" in asked.text
    assert await tied(shop) == {}
    done = await shop.presses(MANAGER, asked.buttons["这是工作群"], group=CHAT)
    assert done.text.startswith("好的，这里是工作群，管：一群、二群。")
    assert await tied(shop) == {CHAT: ["一群", "二群"]}
    assert await fan_groups(shop) == {"一群", "二群", "三群"}
    async with shop.desk.database.reading() as connection:
        entries = await audit.latest(connection, 9)
    assert [(one.action, one.subject, one.details) for one in entries] == [
        ("link", "二群", {"chat": CHAT}),
        ("link", "一群", {"chat": CHAT}),
    ]
    log = await shop.says(MANAGER, "/audit", group=CHAT)
    assert f"{MANAGER} 让「{CHAT}」管 一群" in log.text


async def test_a_fan_can_neither_ask_for_it_nor_say_yes(shop: Shop) -> None:
    await shop.opens(CHAT)
    for text in ("/link @一群", "/link @一群 sure"):
        assert "我还不会" in (await shop.presses("小鱼", text, group=CHAT)).text
    assert await tied(shop) == {}


async def test_a_staff_chat_takes_more_groups_without_asking_and_never_itself(shop: Shop) -> None:
    await staff_chat(shop, looks_after="@一群")
    await shop.says(MANAGER, "/绑定 @所有群", group=CHAT)
    assert await tied(shop) == {CHAT: ["一群", "三群", "二群"]}
    await shop.opens("单群")
    alone = await shop.says(MANAGER, "/link @单群", group="单群")
    assert alone.text == "除了这个群，没有选到别的群。"


async def test_a_group_has_one_staff_chat(shop: Shop) -> None:
    await staff_chat(shop)
    await shop.opens("客服群")
    moved = await shop.says(MANAGER, "/link @二群 @三群 sure", group="客服群")
    assert moved.text.endswith("其中 二群 原来归别的工作群管。")
    assert await tied(shop) == {CHAT: ["一群"], "客服群": ["三群", "二群"]}


async def test_a_staff_chat_lets_groups_go_and_ends_with_the_last(shop: Shop) -> None:
    await staff_chat(shop)
    assert (await shop.says(MANAGER, "/unlink @三群", group=CHAT)).text == "这些群不归这里管。"
    one = await shop.says(MANAGER, "/unlink @一群", group=CHAT)
    assert one.text == "好的，这里不再管 一群。"
    assert await tied(shop) == {CHAT: ["二群"]}
    end = await shop.says(MANAGER, "/解绑", group=CHAT)
    assert end.text == "好的，这里不再是工作群，和别的群一样了。"
    assert await tied(shop) == {}
    assert CHAT in await fan_groups(shop)
    for group in (CHAT, None):
        assert (await shop.says(MANAGER, "/unlink", group=group)).text == "这里不是工作群。"


async def test_what_a_chat_looks_after_is_told(shop: Shop) -> None:
    assert "可以这样写：/link @一群 @二群" in (await shop.says(MANAGER, "/link")).text
    assert "请在你们的工作群里发" in (await shop.says(MANAGER, "/link @一群", group=None)).text
    await staff_chat(shop)
    here = await shop.says(MANAGER, "/link", group=CHAT)
    assert here.text == "这里是工作群，管 2 个群：一群、二群"


async def test_what_was_planned_for_a_group_that_becomes_a_staff_chat_is_cancelled(
    shop: Shop,
) -> None:
    await shop.opens(CHAT)
    await broadcast(shop, to="@所有群")
    await shop.desk.planner.plan_ahead()
    assert await state_counts(shop) == {"planned": 4}
    await shop.says(MANAGER, "/link @一群 sure", group=CHAT)
    assert await state_counts(shop) == {"planned": 3, "cancelled": 1}
    progress = await shop.says(MANAGER, f"/progress {(await the_one(shop)).id}", group=CHAT)
    assert "取消 1" in progress.text


# Nobody's fans


async def test_what_staff_say_among_themselves_is_no_fans_word_and_nobody_is_welcomed(
    shop: Shop,
) -> None:
    await shop.says(MANAGER, "/watch 口红 = 爱口红")
    await staff_chat(shop)
    await shop.says("小鱼", "口红真好看", group=CHAT)
    assert await shop.tags("小鱼") == {}
    joined = MemberJoined(ACCOUNT, "j1", shop.clock.now(), chat_of(CHAT), shop.person("新来的店员"))
    assert await shop.hear(joined) == []
    report = await shop.says(MANAGER, "/insights", group=None)
    assert "0 条" in report.text


# Told there


async def test_managers_are_told_in_the_chat_and_in_private_who_is_not_in_it(shop: Shop) -> None:
    await staff_chat(shop)
    await second_manager(shop)
    assert await staff.tell_managers(shop.desk, WORDS, "k") == [CHAT, OTHER]
    told = [one.address for one in shop.platform.posts if one.content == WORDS]
    assert told == [in_group(CHAT), in_private(OTHER)]
    await shop.says(OTHER, "早", group=CHAT)
    assert await staff.tell_managers(shop.desk, WORDS, "k2") == [CHAT]


async def test_what_is_about_one_group_is_told_in_its_own_chat(shop: Shop) -> None:
    await second_manager(shop)
    await staff_chat(shop, looks_after="@一群")
    await staff_chat(shop, "客服群", looks_after="@二群")
    about = (await shop.group("二群")).id
    assert await staff.tell_managers(shop.desk, WORDS, "k", about=about) == ["客服群", OTHER]
    nobodys = (await shop.group("三群")).id
    told = await staff.tell_managers(shop.desk, WORDS, "k2", about=nobodys)
    assert told == ["客服群", CHAT, OTHER]
    shop.platform.refuses[in_group("客服群")] = AddressGone("kicked")
    told = await staff.tell_managers(shop.desk, WORDS, "k3", about=about)
    assert sorted(told) == sorted([MANAGER, OTHER])


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        pytest.param(AddressGone("kicked"), [MANAGER], id="gone"),
        pytest.param(Muted("silenced"), [MANAGER], id="muted"),
        pytest.param(AccountDown("logged out"), [MANAGER], id="down"),
        pytest.param(Unclear("answer_lost"), [CHAT], id="it may have been heard"),
    ],
)
async def test_where_the_chat_is_not_reached_each_is_told_in_private(
    shop: Shop, outcome: Outcome, told: list[str]
) -> None:
    await staff_chat(shop)
    shop.platform.refuses[in_group(CHAT)] = outcome
    assert await staff.tell_managers(shop.desk, WORDS, "k") == told


async def test_an_approval_is_asked_for_in_the_chat_and_given_there_by_another(shop: Shop) -> None:
    await second_manager(shop)
    await staff_chat(shop)
    await shop.says(OTHER, "早", group=CHAT)
    await shop.says(MANAGER, f"/broadcast {TONIGHT}", group=CHAT)
    asked, submitted = await shop.says(MANAGER, "/confirm", group=CHAT)
    assert asked.address == submitted.address == in_group(CHAT)
    assert submitted.content.text.endswith(f"已经告诉：{CHAT}")
    approve = {one.label: one.says for one in asked.content.buttons}["批准"]
    own = await shop.presses(MANAGER, approve, group=CHAT)
    assert "是你自己提交的" in own.text
    done = await shop.presses(OTHER, approve, group=CHAT)
    assert "批准了" in done.text
    assert {one.address for one in await shop.delivers()} == {in_group("一群"), in_group("二群")}


# About its groups


async def test_a_command_without_groups_is_about_those_of_the_chat(shop: Shop) -> None:
    await shop.says("小鱼", "面霜好用", group="一群")
    await shop.says("阿云", "面霜好用", group="三群")
    await staff_chat(shop)
    report = await shop.says(MANAGER, "/insights", group=CHAT)
    assert "一群、二群 · 1 条 · 1 人" in report.text
    assert report.addresses == [in_group(CHAT)]
    preview = await shop.says(MANAGER, f"/broadcast {TONIGHT}", group=CHAT)
    assert "发到 2 个群：一群、二群" in preview.text
    for text in ("/countdown 双11", "/greet 春节"):
        assert "发到 2 个群：一群、二群" in (await shop.says(MANAGER, text, group=CHAT)).text
    named = await shop.says(MANAGER, f"/broadcast @三群 {TONIGHT}", group=CHAT)
    assert "发到 1 个群：三群" in named.text


async def test_the_name_of_a_chat_means_its_groups_anywhere(shop: Shop) -> None:
    await staff_chat(shop)
    preview = await shop.says(MANAGER, f"/broadcast @{CHAT} {TONIGHT}", group=None)
    assert "发到 2 个群：一群、二群" in preview.text
    again = await shop.says(MANAGER, f"/broadcast @上次 {TONIGHT}", group=None)
    assert "发到 2 个群：一群、二群" in again.text


async def test_somebody_is_looked_for_in_the_groups_of_the_chat_first(shop: Shop) -> None:
    await shop.says("小鱼", "早", group="一群")
    await shop.says("小鱼#2", "早", group="三群")
    await staff_chat(shop)
    assert "id-小鱼）" in (await shop.says(MANAGER, "/who @小鱼", group=CHAT)).text
    assert "有几位都叫" in (await shop.says(MANAGER, "/who @小鱼", group=None)).text


# Choosing with buttons


async def test_a_preview_for_all_can_be_narrowed_to_one_group(shop: Shop) -> None:
    await staff_chat(shop)
    preview = await shop.says(MANAGER, f"/broadcast {TONIGHT}\n不见不散", group=CHAT)
    choose = preview.buttons["换一个群"]
    assert choose == f"/choose /broadcast\n{TONIGHT}\n不见不散"
    offered = await shop.presses(MANAGER, choose, group=CHAT)
    text = f"{TONIGHT}\n不见不散"
    assert offered.buttons == {
        f"和上次一样：@{CHAT}": f"/broadcast @{CHAT}\n{text}",
        "全部 2 个群": f"/broadcast @{CHAT}\n{text}",
        "一群": f"/broadcast @一群\n{text}",
        "二群": f"/broadcast @二群\n{text}",
    }
    one = await shop.presses(MANAGER, offered.buttons["二群"], group=CHAT)
    assert "发到 1 个群：二群" in one.text
    assert text in one.text


async def test_a_report_of_many_groups_offers_one(shop: Shop) -> None:
    report = await shop.says(MANAGER, "/insights 3", group=None)
    assert report.buttons["只看一个群"] == "/choose /insights 3"
    offered = await shop.presses(MANAGER, report.buttons["只看一个群"])
    assert offered.buttons["二群"] == "/insights 3 @二群"
    one = await shop.presses(MANAGER, offered.buttons["二群"])
    assert "二群 · 0 条" in one.text
    assert one.buttons == {}


async def test_many_groups_are_offered_a_page_at_a_time(shop: Shop) -> None:
    names = [f"第 {number:02} 群" for number in range(20)]
    await shop.opens(*names)
    offered = await shop.says(MANAGER, f"/choose /broadcast {TONIGHT}", group=None)
    assert offered.buttons["下一页"] == f"/choose p2 /broadcast\n{TONIGHT}"
    assert await shop.presses(MANAGER, offered.buttons["下一页"], on="m9") == []
    (edit,) = shop.platform.edits
    says = {button.label: button.says for button in edit.content.buttons}
    assert says["上一页"] == f"/choose p1 /broadcast\n{TONIGHT}"
    assert says["第 08 群"] == f'/broadcast @"第 08 群"\n{TONIGHT}'
    preview = await shop.presses(MANAGER, says["第 08 群"])
    assert "发到 1 个群：第 08 群" in preview.text


@pytest.mark.parametrize(
    ("deed", "says"),
    [
        ("/insights", "/insights @一群"),
        ("insights 7", "/insights 7 @一群"),
        ("洞察 7", "/insights 7 @一群"),
        ("/insights 7 @二群", "/insights 7 @一群"),
        ("/broadcast @二群 今晚", "/broadcast @一群\n今晚"),
        ("/countdown 双11 今晚", "/countdown 双11 @一群\n今晚"),
        ("/edit 12 今晚", "/edit 12 @一群\n今晚"),
        ("/greet 春节", "/greet 春节 @一群"),
        ("/greet", "/greet @一群"),
    ],
)
async def test_a_choice_stands_where_the_command_takes_its_groups(
    shop: Shop, deed: str, says: str
) -> None:
    assert (await shop.says(MANAGER, f"/choose {deed}")).buttons["一群"] == says


@pytest.mark.parametrize("text", ["/choose", "/choose /halt", "/choose 什么", "/choose p2"])
async def test_only_a_command_that_takes_groups_is_chosen_for(shop: Shop, text: str) -> None:
    assert "后面要写一个要选群的命令" in (await shop.says(MANAGER, text)).text
