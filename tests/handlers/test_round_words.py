"""How a round is written, and what its words may not say."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from handlers.arguments import Unreadable
from handlers.closing_rounds import close_rounds
from handlers.draws import Prize
from handlers.round_words import ChainOrder, DrawOrder, PollOrder, choice_in
from storage.tables import rounds as round_table
from tests.handlers.round_scenes import (
    CHAIN,
    DRAW,
    POLL,
)
from tests.handlers.scenes import made
from tests.handlers.shop import (
    DAY,
    MANAGER,
    MINUTE,
    Shop,
)


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        ("/poll 题目 | 甲", "投票要有 2 到 8 个选项"),
        ("/poll 题目 | 甲 | 甲", "有两个选项是一样的"),
        ("/poll 题目", "投票要写题目和选项"),
        (f"/poll {'长' * 61} | 甲 | 乙", "题目太长了"),
        ("/poll 题目 | 甲 | 乙 | 截止 昨天8点", "这个时间我没看懂"),
        ("/poll 题目 | 甲 | 乙 | 截止 今天9点", "这个时间已经过了"),
        ("/poll 题目 | 甲 | 乙 | 截止 10:03", "截止得太早了"),
        ("/chain 题目", "接龙要写题目和截止时间"),
        ("/chain 题目\n1. 阿玲 2盒", "名单不用写"),
        ("/draw 题目 | 面霜 x1", "抽奖要写题目、奖品和截止时间"),
        ("/draw 题目 | iPhone 17 | 截止 今晚8点", "每样奖品要写上份数"),
        ("/draw 题目 | 面霜 | 截止 今晚8点", "每样奖品要写上份数"),
        ("/draw 题目 | 面霜 x0 | 截止 今晚8点", "每样奖品要写上份数"),
        ("/draw 题目 | 面霜 x501 | 截止 今晚8点", "奖品一共要 1 到 500 份"),
    ],
)
async def test_what_is_wrong_with_an_order_is_said(shop: Shop, order: str, answer: str) -> None:
    assert (await shop.says(MANAGER, order, group=None)).text.startswith(answer)


def test_orders_are_read() -> None:
    poll, _ = PollOrder.read("先上哪个｜栀子｜白茶\n截止：明天 10:00")
    assert (poll.title, poll.options, poll.deadline) == ("先上哪个", ("栀子", "白茶"), "明天 10:00")
    draw, _ = DrawOrder.read("抽奖 | 面霜正装 x1 | 小样5份 | 截止 今晚8点")
    assert draw.prizes == (Prize("面霜正装", 1), Prize("小样", 5))
    draw, _ = DrawOrder.read("抽奖 | iPhone 17 x1 | 到 今晚8点")
    assert (draw.prizes, draw.deadline) == ((Prize("iPhone 17", 1),), "今晚8点")
    poll, _ = PollOrder.read("怎么拿 | 到店 | 到家 | 到8点 | 截止 今晚8点")
    assert (poll.options, poll.deadline) == (("到店", "到家", "到8点"), "今晚8点")
    assert PollOrder.read("怎么拿 | 到店 | 到家")[0].deadline == ""
    assert ChainOrder.read("#3 结束")[0] == ChainOrder(number=3, close=True)
    with pytest.raises(Unreadable):
        PollOrder.read("题目 | 甲 | 乙 | 截止 明天8点 | 截止 后天8点")


@pytest.mark.parametrize(
    ("said", "choice"),
    [("1", 0), ("２", 1), ("2.", 1), ("白茶", 1), ("3", None), ("0", None), ("茶", None)],
)
def test_a_choice_is_its_number_or_its_words(said: str, choice: int | None) -> None:
    assert choice_in(said, ["栀子", "白茶"]) == choice


@pytest.mark.parametrize(
    "order",
    [
        "/draw @一群 转发朋友圈抽奖 | 面霜 x1 | 截止 今晚8点",
        "/draw @一群 邀请好友有礼 | 面霜 x1 | 截止 今晚8点",
        "/draw @一群 邀请3位好友就抽 | 面霜 x1 | 截止 今晚8点",
        "/draw @一群 五星好评抽奖 | 面霜 x1 | 截止 今晚8点",
        "/draw @一群 晒好评抽奖 | 面霜 x1 | 截止 今晚8点",
        "/draw @一群 9.9元抽一次 | 面霜 x1 | 截止 今晚8点",
        "/poll @一群 集赞送哪样 | 面霜 | 精华 | 截止 今晚8点",
    ],
)
async def test_no_round_rewards_sharing_inviting_praise_or_a_stake(shop: Shop, order: str) -> None:
    refused = await shop.says(MANAGER, order, group=None)
    assert refused.text.startswith("这段话先别发，改一下：\n✗ ")
    assert not refused.buttons
    assert not await shop.delivers()
    async with shop.desk.database.reading() as connection:
        assert await connection.scalar(select(func.max(round_table.c.id))) is None


async def test_words_that_a_manager_let_pass_may_stand_in_the_result(shop: Shop) -> None:
    await shop.joins("小鱼")
    shown = await shop.says(MANAGER, "/poll @一群 全网第一的面霜选哪个 | 栀子 | 白茶", group=None)
    (let_pass,) = [says for says in shown.buttons.values() if says.startswith("/override")]
    await shop.presses(MANAGER, let_pass)
    await shop.says(MANAGER, "/confirm", group=None)
    assert len(await shop.delivers()) == 1
    await shop.says("小鱼", "/vote 1 1")
    shop.clock.advance_to(shop.clock.now() + DAY + 2 * MINUTE)
    await close_rounds(shop.desk)
    (told,) = await shop.delivers()
    assert told.content.text.startswith("【投票结果】全网第一的面霜选哪个")


@pytest.mark.parametrize("order", [POLL, CHAIN, DRAW])
async def test_the_words_of_a_round_are_not_edited(shop: Shop, order: str) -> None:
    await shop.says(MANAGER, order, group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    (one,) = await made(shop)
    refused = await shop.says(MANAGER, f"/edit {one.id} 奖品：手机 1 台", group=None)
    assert "不能改" in refused.text
    regrouped = await shop.says(MANAGER, f"/edit {one.id} @一群", group=None)
    assert "不能改" not in regrouped.text
