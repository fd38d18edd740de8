"""A campaign is edited: other words, other groups, from the next approval on."""

from __future__ import annotations

import pytest

from handlers.running import cancel_in
from tests.handlers.scenes import OTHER, TONIGHT, broadcast, second_manager, the_one
from tests.handlers.shop import DAY, MANAGER, MINUTE, Shop, in_group

COUNTDOWN = "/countdown 11-08 @一群 还有 {{ days }} 天，{{ group }}见"


async def countdown(shop: Shop) -> None:
    """A countdown of three posts, the first in eighteen minutes."""
    await shop.says(MANAGER, COUNTDOWN)
    await shop.says(MANAGER, "/confirm")


async def test_other_words_count_from_the_yes_on(any_shop: Shop) -> None:
    shop = any_shop
    await countdown(shop)
    number = (await the_one(shop)).id
    preview = await shop.says(MANAGER, f"/edit {number} 只剩 {{{{ days }}}} 天啦")
    assert preview.text.startswith(
        f"修改「11-08 2026」（编号 {number}）：\n"
        "11-08 2026，一共 3 条：\n· 11-05 10:18 只剩 3 天啦\n"
    )
    confirm = preview.buttons["确认发送"]
    assert "已确认" in (await shop.presses(MANAGER, confirm)).text
    assert "已确认" in (await shop.presses(MANAGER, confirm)).text
    assert (await the_one(shop)).version_number == 2
    shop.clock.advance(20 * MINUTE)
    assert (await shop.delivers()).text == "只剩 3 天啦"


async def test_other_groups_count_from_the_yes_on(shop: Shop) -> None:
    await countdown(shop)
    preview = await shop.says(MANAGER, "/edit 1 @所有群 -一群")
    assert "发到 2 个群：三群、二群" in preview.text
    assert "· 11-05 10:18 还有 3 天，三群见" in preview.text
    await shop.says(MANAGER, "/confirm")
    shop.clock.advance(20 * MINUTE)
    assert set((await shop.delivers()).addresses) == {in_group("二群"), in_group("三群")}


async def test_words_and_groups_are_changed_at_once(shop: Shop) -> None:
    await countdown(shop)
    await shop.says(MANAGER, "/edit 1 @二群\n@小鱼 也来看看")
    await shop.says(MANAGER, "/confirm")
    shop.clock.advance(20 * MINUTE)
    sent = await shop.delivers()
    assert (sent.addresses, sent.text) == ([in_group("二群")], "@小鱼 也来看看")


async def test_what_was_planned_keeps_the_words_that_were_approved(shop: Shop) -> None:
    await countdown(shop)
    shop.clock.advance(10 * MINUTE)
    await shop.desk.planner.plan_ahead()
    preview = await shop.says(MANAGER, "/edit 1 只剩 {{ days }} 天啦")
    assert "一共 2 条：\n· 11-06 10:18 只剩 2 天啦" in preview.text
    assert "已经排好的 1 条不变，还按原来的发" in preview.text
    await shop.says(MANAGER, "/confirm")
    shop.clock.advance(10 * MINUTE)
    assert (await shop.delivers()).text == "还有 3 天，一群见"
    shop.clock.advance(DAY)
    assert (await shop.delivers()).text == "只剩 2 天啦"


async def test_a_broadcast_that_is_planned_cannot_be_changed_any_more(shop: Shop) -> None:
    await broadcast(shop)
    await shop.desk.planner.plan_ahead()
    answer = await shop.says(MANAGER, "/edit 1 今晚九点")
    assert answer.text == (f"「{TONIGHT}」没有还能改的：排好的按原来的发。不想发了，发 /cancel 1。")
    await shop.says(MANAGER, "/cancel 1")
    assert "没有还能改的" in (await shop.says(MANAGER, "/edit 1 今晚九点")).text


async def test_a_campaign_that_was_changed_meanwhile_is_previewed_anew(shop: Shop) -> None:
    await countdown(shop)
    first = await shop.says(MANAGER, "/edit 1 第一种说法")
    await shop.says(MANAGER, "/edit 1 第二种说法")
    assert "没有等着确认的内容" in (await shop.presses(MANAGER, first.buttons["确认发送"])).text
    async with shop.desk.database.writing() as connection:
        await cancel_in(connection, shop.desk, "room:another", 1)
    answer = await shop.says(MANAGER, "/confirm")
    assert answer.text == "预览之后别人改过或停了它，这次没有改。发 /plan 看看现在的安排。"
    assert (await the_one(shop)).version_number == 1


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("/edit 1", "要改成什么？改内容：/edit 12 今晚改到九点直播；改群：/edit 1 @福利群 -二群"),
        ("/edit 1 @四群", "没有叫「四群」的群或群标签"),
        ("/edit 1 还有 {{ dyas }} 天", "这段内容里的花括号没写对"),
        (f"/edit 1 {'长' * 4097}", "内容太长了，最多 4096 个字。"),
        ("/edit 1 {{ group }}" + "长" * 4090 + "{{ shop }}", "内容太长了，最多 4096 个字。"),
    ],
)
async def test_what_cannot_be_said_is_told_in_one_line(shop: Shop, says: str, answer: str) -> None:
    await countdown(shop)
    assert (await shop.says(MANAGER, says)).text.startswith(answer)
    assert (await the_one(shop)).version_number == 1


async def test_a_campaign_whose_groups_are_gone_is_given_others_first(shop: Shop) -> None:
    await countdown(shop)
    await shop.closes("一群")
    answer = await shop.says(MANAGER, "/edit 1 换个说法", group=None)
    assert answer.text == "它现在一个群也发不到，先改群再改内容。"


async def test_what_waits_is_edited_again_and_again_and_goes_out_when_it_is_approved(
    any_shop: Shop,
) -> None:
    """Its one moment lies before all that is written after it."""
    shop = any_shop
    await second_manager(shop)
    await broadcast(shop)
    number = (await the_one(shop)).id
    for text in ("今晚八点半直播", "今晚九点直播"):
        shop.clock.advance(3 * MINUTE)
        await shop.desk.planner.plan_ahead()
        assert "编号" in (await shop.says(MANAGER, f"/edit {number} {text}", group=None)).text
        await shop.says(MANAGER, "/confirm", group=None)
    shop.clock.advance(3 * MINUTE)
    answer = await shop.says(OTHER, f"/approve {number} 3", group=None)
    assert "批准了" in answer.text
    assert "时间已经过了" not in answer.text
    assert (await shop.delivers()).text == "今晚九点直播"
