"""What may or may not have arrived is listed, and settled by a manager who has looked."""

from __future__ import annotations

import pytest

from scheduler.courier import Unclear
from tests.handlers.scenes import TONIGHT, broadcast, state_counts
from tests.handlers.shop import MANAGER, Shop, in_group

LISTED = "这些消息不确定发出没有，请到群里看一眼："


async def in_doubt(shop: Shop, *groups: str) -> None:
    """A broadcast whose answers were lost in these groups."""
    for name in groups:
        shop.platform.refuses[in_group(name)] = Unclear("no_answer")
    await broadcast(shop, to=" ".join(f"@{name}" for name in groups))
    await shop.delivers()


async def test_nothing_in_doubt_is_told_so(shop: Shop) -> None:
    assert (await shop.says(MANAGER, "存疑")).text == "没有存疑的消息，都清楚发没发出。"
    assert "没有存疑的消息" in (await shop.says(MANAGER, "/uncertain 7")).text


async def test_what_is_in_doubt_is_listed_and_settled(any_shop: Shop) -> None:
    shop = any_shop
    await in_doubt(shop, "一群", "二群")
    listed = await shop.says(MANAGER, "/uncertain")
    title, newer, older, ask = listed.text.splitlines()
    assert title == LISTED
    assert newer.endswith(f"二群 · 11-05 10:00「{TONIGHT}」：平台没有回音")
    assert older.endswith(f"一群 · 11-05 10:00「{TONIGHT}」：平台没有回音")
    assert "/resolve" in ask
    arrived, lost = (
        [says for says in listed.buttons.values() if "notsent" not in says],
        [says for says in listed.buttons.values() if "notsent" in says],
    )
    assert len(arrived) == len(lost) == 2
    assert (await shop.presses(MANAGER, arrived[0])).text.endswith("记为已收到。")
    assert "记为没收到" in (await shop.presses(MANAGER, lost[1])).text
    assert await state_counts(shop) == {"failed": 1, "sent": 1}
    assert "不在存疑的消息里" in (await shop.presses(MANAGER, arrived[0])).text
    assert "没有存疑的消息" in (await shop.says(MANAGER, "/uncertain 1")).text


async def test_only_the_campaign_s_own_doubts_are_listed(shop: Shop) -> None:
    await in_doubt(shop, "一群")
    await in_doubt(shop, "二群")
    assert "一群" not in (await shop.says(MANAGER, "/uncertain 2")).text
    assert "二群" not in (await shop.says(MANAGER, "/uncertain 1")).text


@pytest.mark.parametrize(
    ("says", "state"),
    [
        ("/resolve 1 sent", "sent"),
        ("/resolve #1 已收到", "sent"),
        ("核实 1 没收到", "failed"),
        ("/核实 1 NotSent", "failed"),
    ],
)
async def test_a_verdict_is_said_in_either_language(shop: Shop, says: str, state: str) -> None:
    await in_doubt(shop, "一群")
    await shop.says(MANAGER, says)
    assert await state_counts(shop) == {state: 1}


@pytest.mark.parametrize("says", ["/resolve 1", "/resolve 1 maybe", "/resolve sent"])
async def test_a_verdict_that_says_nothing_is_shown_the_right_one(shop: Shop, says: str) -> None:
    await in_doubt(shop, "一群")
    assert "可以这样写：/resolve 345 sent" in (await shop.says(MANAGER, says)).text
    assert await state_counts(shop) == {"uncertain": 1}


async def test_what_did_not_arrive_can_be_sent_again(shop: Shop) -> None:
    await in_doubt(shop, "一群")
    await shop.says(MANAGER, "/resolve 1 notsent")
    shop.platform.refuses.clear()
    await shop.says(MANAGER, "/retry 1")
    assert (await shop.delivers()).text == TONIGHT


async def test_a_long_list_of_doubts_fits_into_one_message(shop: Shop) -> None:
    names = [f"第{number}群" + "长" * 40 for number in range(30)]
    await shop.opens(*names)
    await in_doubt(shop, *names)
    listed = await shop.says(MANAGER, "/uncertain")
    assert len(listed.text) < 4_096
    assert listed.text.count("\n· ") == 20
    assert listed.buttons["下一页"] == "/uncertain p2"
    rest = await shop.says(MANAGER, "/uncertain p2")
    assert rest.text.count("\n· ") == 10
    assert rest.buttons["上一页"] == "/uncertain p1"
    assert "下一页" not in rest.buttons
