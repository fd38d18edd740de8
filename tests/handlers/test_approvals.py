"""Two managers: what one has drafted goes out when the other has said yes to exactly that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.courier import AddressGone
from storage import members
from tests.handlers.scenes import (
    OTHER,
    TONIGHT,
    broadcast,
    made,
    says,
    second_manager,
    state_counts,
    the_one,
)
from tests.handlers.shop import MANAGER, Opener, Shop, in_private

SUBMITTED = f"「{TONIGHT}」已提交，编号 1。另一位管理员批准后才会发。"
LATER = "今晚改到九点直播"


async def test_what_one_drafted_waits_for_the_other(any_shop: Shop) -> None:
    shop = any_shop
    await second_manager(shop)
    preview = await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT}", group=None)
    assert "你确认以后，还要另一位管理员批准才会发" in preview.text
    answers = await shop.says(MANAGER, "/confirm", group=None)
    number = (await made(shop))[0].id
    told, answer = answers
    assert told.address == in_private(OTHER)
    assert told.content.text == (
        f"「{TONIGHT}」（编号 {number}）等着批准。\n阿玲 11-05 10:00 提交\n"
        f"要发的内容：\n{TONIGHT}\n\n"
        "发到 1 个群：一群\n共 0 位粉丝\n"
        f"可以发，就发 /approve {number}；不发，就发 /reject {number}。不批准就不会发。"
    )
    assert {one.label: one.says for one in told.content.buttons} == {
        "批准": f"/approve {number}",
        "退回": f"/reject {number}",
    }
    assert answer.address == in_private(MANAGER)
    assert answer.content.text == (
        f"「{TONIGHT}」已提交，编号 {number}。另一位管理员批准后才会发。\n已经告诉：阿强"
    )
    assert not await shop.delivers()
    done = await shop.presses(OTHER, f"/approve {number}")
    assert [one.address for one in done] == [in_private(MANAGER), in_private(OTHER)]
    assert done[0].content.text == f"「{TONIGHT}」（编号 {number}）阿强 批准了。"
    assert done[1].content.text == (
        f"好的，「{TONIGHT}」（编号 {number}）批准了。不想发了，发 /cancel {number}。"
    )
    assert (await shop.delivers()).text == TONIGHT
    again = await shop.presses(OTHER, f"/approve {number}")
    assert again.text == f"「{TONIGHT}」没有等着批准的内容。发 /waiting 看哪些在等。"


async def test_the_drafter_cannot_approve_where_there_is_another(shop: Shop) -> None:
    await second_manager(shop)
    await broadcast(shop)
    refused = await shop.says(MANAGER, "/approve 1")
    assert refused.text == (
        f"「{TONIGHT}」是你自己提交的，要另一位管理员来批准。不发了就发 /reject 1。"
    )
    assert not await shop.delivers()
    assert "不会发" in (await shop.says(MANAGER, "/reject 1")).text
    assert [one.state.value for one in await made(shop)] == ["cancelled"]
    assert await state_counts(shop) == {"cancelled": 1}


async def test_ones_own_edit_is_refused_in_one_sentence(any_shop: Shop) -> None:
    shop = any_shop
    await second_manager(shop)
    await broadcast(shop)
    number = (await the_one(shop)).id
    await says(shop, f"/edit {number} {LATER}")
    await says(shop, "/confirm")
    for call in (f"{number}", f"{number} 2"):
        assert await says(shop, f"/approve {call}") == (
            f"「{TONIGHT}」是你自己提交的，要另一位管理员来批准。不发了就发 /reject {number} 2。"
        )
    assert "改过了，现在等着批准的是这一版" in await says(shop, f"/approve {number}", OTHER)
    assert "批准了" in await says(shop, f"/approve {number} 2", OTHER)


@pytest.mark.parametrize("command", ["approve", "reject"])
async def test_without_a_number_those_that_wait_are_named(shop: Shop, command: str) -> None:
    assert await says(shop, f"/{command}") == "没有等着批准的内容。"
    await second_manager(shop)
    await broadcast(shop)
    await broadcast(shop, LATER)
    await says(shop, f"/edit 1 {LATER}")
    await says(shop, "/confirm")
    asked = await shop.says(OTHER, f"/{command}", group=None)
    assert asked.text == (
        f"哪一个？等着批准的有 1「{TONIGHT}」、2「{LATER}」。例如：/{command} 1 2"
    )
    assert asked.buttons == {"看编号 1": "/preview 1", "看编号 2": "/preview 2"}


async def test_nothing_goes_out_by_silence(shop: Shop) -> None:
    await second_manager(shop)
    await broadcast(shop)
    await shop.delivers()
    shop.clock.advance(timedelta(hours=3))
    assert not await shop.delivers()
    assert await state_counts(shop) == {"skipped": 1}
    assert "跳过：还没有人批准（1 条）" in (await shop.says(MANAGER, "/progress 1")).text
    assert "没有等着批准的内容" in (await shop.says(OTHER, "/approve 1")).text


async def test_a_yes_that_comes_too_late_says_so(shop: Shop) -> None:
    await second_manager(shop)
    await broadcast(shop)
    await shop.delivers()
    shop.clock.advance(timedelta(hours=3))
    answer = await shop.says(OTHER, "/approve 1", group=None)
    assert "不过它的时间已经过了，没有可发的了。" in answer.text
    assert not await shop.delivers()


async def test_one_person_with_two_members_is_one_manager(opened: Opener) -> None:
    shop = await opened(managers=("id-店长手机", "room:id-店长电脑"))
    await shop.opens("一群")
    await shop.says("店长手机", "早")
    await shop.says("店长电脑", "早")
    one, other = await shop.member("店长手机"), await shop.member("店长电脑")
    async with shop.desk.database.writing() as connection:
        await connection.exec_driver_sql(
            "UPDATE members SET customer_id = ? WHERE id = ?", (one.customer_id, other.id)
        )
        found = await members.staff(connection)
    assert len({each.customer_id for each in found}) == 1
    await shop.says("店长手机", f"/broadcast @一群 {TONIGHT}")
    assert "已确认" in (await shop.says("店长手机", "/confirm")).text
    assert (await shop.delivers()).text == TONIGHT


@pytest.mark.parametrize("entry", ["id-阿强", "room:id-阿强"])
async def test_a_manager_of_the_configuration_counts_once_seen(opened: Opener, entry: str) -> None:
    shop = await opened(managers=(entry,))
    await shop.opens("一群")
    assert "已确认" in (await broadcast(shop, "早上好")).text
    await shop.says(OTHER, "我来了")
    assert "已提交" in (await broadcast(shop)).text


async def test_a_manager_who_cannot_be_reached_is_asked_for_by_the_drafter(shop: Shop) -> None:
    await second_manager(shop)
    shop.platform.refuses[in_private(OTHER)] = AddressGone("never wrote to the bot")
    answer = await broadcast(shop)
    assert answer.text == (f"{SUBMITTED}\n我没能私下联系上别的管理员，请你告诉他们发 /approve 1。")


async def test_what_was_edited_since_is_shown_again_instead_of_approved(shop: Shop) -> None:
    await second_manager(shop)
    first = await broadcast(shop)
    assert first.buttons["批准"] == "/approve 1"
    await shop.says(MANAGER, f"/edit 1 {LATER}", group=None)
    second = await shop.says(MANAGER, "/confirm", group=None)
    assert second.buttons["批准"] == "/approve 1 2"
    shown = await shop.presses(OTHER, "/approve 1")
    assert shown.text.startswith(f"「{TONIGHT}」（编号 1）改过了，现在等着批准的是这一版。\n")
    assert f"要发的内容：\n{LATER}\n" in shown.text
    assert not await shop.delivers()
    assert "批准了" in (await shop.presses(OTHER, shown.buttons["批准"])).text
    assert (await shop.delivers()).text == LATER


async def test_a_rejected_edit_leaves_what_was_approved(shop: Shop) -> None:
    await second_manager(shop)
    await shop.says(MANAGER, "/countdown 双12 @一群 还有 {{ days }} 天", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    await shop.says(OTHER, "/approve 1")
    await shop.says(OTHER, "/edit 1 只剩 {{ days }} 天", group=None)
    asked = await shop.says(OTHER, "/confirm", group=None)
    answer = await shop.presses(MANAGER, asked.buttons["退回"])
    assert answer[0].content.text == "「双12 2026」（编号 1）阿玲 退回了。"
    assert answer[1].content.text == "好的，退回了。「双12 2026」还按原来批准的内容发。"
    shop.clock.advance(timedelta(days=27, minutes=18))
    assert (await shop.delivers()).text == "还有 10 天"


async def test_a_replaced_campaign_speaks_until_its_successor_is_approved(shop: Shop) -> None:
    await shop.says(MANAGER, "/greet 冬至 @一群")
    await shop.says(MANAGER, "/confirm")
    await second_manager(shop)
    await shop.says(MANAGER, "/greet @一群", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    assert [one.state.value for one in await made(shop)] == ["approved", "draft"]
    answer = await shop.says(OTHER, "/approve 2")
    assert "批准了（代替了先前的 1 个）" in answer.text
    assert [one.state.value for one in await made(shop)] == ["cancelled", "approved"]


async def test_what_waits_is_listed(shop: Shop) -> None:
    assert (await shop.says(MANAGER, "待批")).text == "没有等着批准的内容。"
    await second_manager(shop)
    await broadcast(shop)
    alone = await shop.says(OTHER, "/waiting")
    assert f"要发的内容：\n{TONIGHT}" in alone.text
    assert alone.buttons["批准"] == "/approve 1"
    await broadcast(shop, LATER)
    both = await shop.says(OTHER, "/waiting")
    assert both.text == (
        "等着批准的有 2 个：\n"
        f"· 1「{TONIGHT}」阿玲 11-05 10:00 提交\n"
        f"· 2「{LATER}」阿玲 11-05 10:00 提交\n"
        "发 /preview 1 看内容。"
    )
    shown = await shop.presses(OTHER, both.buttons["看编号 2"])
    assert shown.buttons == {"批准": "/approve 2", "退回": "/reject 2"}
    assert f"「{LATER}」（编号 2）等着批准\n要发的内容：\n{LATER}" in shown.text
    assert "· 一群：还没有人批准" in shown.text
    assert "还没有人批准 · 今晚" not in (await shop.says(OTHER, "/plan 3")).text


async def test_a_yes_that_comes_again_after_a_crash_submits_once(any_shop: Shop) -> None:
    shop = any_shop
    await second_manager(shop)
    await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT}", group=None)
    yes = await shop.orders(shop.heard(MANAGER, "/confirm", group=None))
    assert len(await shop.obeys(yes)) == 2
    (again,) = await shop.obeys(yes)
    assert again.address == in_private(MANAGER)
    assert "已提交" in again.content.text
    assert len(await made(shop)) == 1


async def test_a_paused_draft_that_is_resumed_still_waits(shop: Shop) -> None:
    await second_manager(shop)
    await broadcast(shop)
    await shop.says(MANAGER, "/pause 1")
    assert "还等着批准：/approve 1" in (await shop.says(MANAGER, "/resume 1")).text
    assert not await shop.delivers()
    await shop.says(OTHER, "/approve 1")
    assert (await shop.delivers()).text == TONIGHT


async def test_who_approves_reads_all_of_it(shop: Shop) -> None:
    await second_manager(shop)
    long = "慢慢挑" * 400
    told, _ = await broadcast(shop, long)
    assert long in told.content.text
    longer = "慢慢挑" * 1_360
    told, _ = await broadcast(shop, longer)
    assert len(told.content.text) == 4_096
    assert "\n……\n" in told.content.text
    assert "一条消息放不下，发 /test 2 看下一条的全文\n可以发，就发 /approve 2" in told.content.text
    tried = await shop.says(OTHER, "/test 2")
    assert tried[1].content.text == longer
