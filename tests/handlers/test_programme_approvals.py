"""A second manager reads a programme as one message, and answers it with one yes or no."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.campaigns import CampaignState
from storage.database import Database
from storage.running_programmes import programmes_on
from tests.handlers.programme_scenes import ON, shop_with_sale
from tests.handlers.scenes import OTHER, made, says, second_manager
from tests.handlers.shop import DAY, MANAGER, MINUTE, Answers, Shop, in_private

DRAFT, APPROVED = CampaignState.DRAFT, CampaignState.APPROVED


@pytest.fixture
async def shop(sqlite: Database, tmp_path: Path) -> Shop:
    """A shop with two managers, whose folder holds a small programme."""
    opened = await shop_with_sale(sqlite, tmp_path / "programmes")
    await second_manager(opened)
    return opened


@pytest.fixture
async def any_shop(database: Database, tmp_path: Path) -> Shop:
    """The same on SQLite and on PostgreSQL."""
    opened = await shop_with_sale(database, tmp_path / "programmes")
    await second_manager(opened)
    return opened


async def submitted(shop: Shop) -> Answers:
    """The programme is switched on and waits; what the other manager is told."""
    await says(shop, ON)
    before = len(shop.platform.posts)
    await says(shop, "/confirm")
    told = [one for one in shop.platform.posts[before:] if one.address == in_private(OTHER)]
    return Answers(told)


async def states(shop: Shop) -> set[CampaignState]:
    return {one.state for one in await made(shop)}


async def test_it_is_one_message_and_one_yes(any_shop: Shop) -> None:
    shop = any_shop
    told = await submitted(shop)
    assert len(told) == 1
    assert told.text.startswith("「秋季上新节 2026」等着批准，一共 4 条要发：\n阿玲 ")
    assert "1 · 11-06 10:18 还有 6 天，买就送护手霜小样。" in told.text
    assert "3 · 11-10 11:12 私信 小鱼，护手霜小样给你留了一份。" in told.text
    assert "发到 3 个群：一群、三群、二群" in told.text
    before = len(shop.platform.posts)
    answer = await shop.presses(OTHER, told.buttons["批准"])
    assert "好的，「秋季上新节 2026」批准了。" in answer.text
    assert await states(shop) == {APPROVED}
    drafter = [one for one in shop.platform.posts[before:] if one.address == in_private(MANAGER)]
    assert [one.content.text for one in drafter] == ["「秋季上新节 2026」阿强 批准了。"]
    shop.clock.advance(DAY + 19 * MINUTE)
    assert "还有 6 天，买就送护手霜小样。" in (await shop.delivers()).text
    assert "没有等着批准的内容" in (await shop.presses(OTHER, told.buttons["批准"])).text


async def test_who_wrote_it_cannot_approve_it(shop: Shop) -> None:
    told = await submitted(shop)
    assert "是你自己提交的" in (await shop.presses(MANAGER, told.buttons["批准"])).text
    assert await states(shop) == {DRAFT}


async def test_what_was_changed_since_is_shown_again_and_not_approved(shop: Shop) -> None:
    told = await submitted(shop)
    await says(shop, "/programme text sale 1 换个说法")
    await says(shop, "/confirm")
    again = await shop.presses(OTHER, told.buttons["批准"])
    assert again.text.startswith("「秋季上新节 2026」改过了，现在等着批准的是这些：")
    assert "换个说法" in again.text
    assert await states(shop) == {DRAFT}
    await shop.presses(OTHER, again.buttons["批准"])
    assert await states(shop) == {APPROVED}


async def test_without_its_version_it_is_shown_and_not_approved(shop: Shop) -> None:
    await submitted(shop)
    shown = await shop.says(OTHER, "/批准 方案 秋季上新节", group=None)
    assert "等着批准，一共 4 条要发" in shown.text
    assert await states(shop) == {DRAFT}
    assert (await shop.says(OTHER, "/waiting", group=None)).buttons["整套看 sale"] == (
        "/approve programme sale"
    )


async def test_a_no_to_all_of_it_switches_it_off(any_shop: Shop) -> None:
    shop = any_shop
    told = await submitted(shop)
    answer = await shop.presses(OTHER, told.buttons["退回"])
    assert answer.text.endswith("好的，退回了。「秋季上新节 2026」不会发，方案也关了。")
    assert await states(shop) == {CampaignState.CANCELLED}
    async with shop.desk.database.reading() as connection:
        assert await programmes_on(connection, shop.desk.shop_id) == []


async def test_a_no_to_a_change_leaves_what_was_approved(shop: Shop) -> None:
    told = await submitted(shop)
    await shop.presses(OTHER, told.buttons["批准"])
    await says(shop, "/programme facts sale 赠品=面膜 发货日=11-15")
    await says(shop, "/programme on sale")
    before = len(shop.platform.posts)
    await says(shop, "/confirm")
    again = Answers(shop.platform.posts[before:])
    assert "买就送面膜" in again.text
    answer = await shop.presses(OTHER, again.buttons["退回"])
    assert "还按原来批准的内容发" in answer.text
    assert await states(shop) == {APPROVED}
    shop.clock.advance(DAY + 19 * MINUTE)
    assert "买就送护手霜小样" in (await shop.delivers()).text


async def test_what_waits_is_not_called_on_and_a_change_is_called_one(
    sqlite: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    see = "看每一条，发 /plan 或 /programme。"
    await says(shop, ON)
    assert await says(shop, "/confirm") == f"好的，「秋季上新节 2026」开好了。{see}"
    await says(shop, "/programme on sale 赠品=面膜")
    assert await says(shop, "/confirm") == f"好的，「秋季上新节 2026」更新好了。{see}"
    await second_manager(shop)
    await says(shop, "/programme on sale 赠品=小样")
    answer = await says(shop, "/confirm")
    assert f"好的，「秋季上新节 2026」的更新提交了。{see}\n等另一位管理员批准后" in answer
    await says(shop, "/programme off sale")
    await says(shop, ON)
    answer = await says(shop, "/confirm")
    assert f"好的，「秋季上新节 2026」提交了。{see}\n等另一位管理员批准后" in answer
