"""From a figure to the fans behind it: counted, reached, tagged, written to; never by itself."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from handlers.first_words import words_to_fans
from handlers.insight_arguments import About
from handlers.wording import wording
from insights.lexicon import DemandKind
from insights.opinions import Stance
from scheduler.bodies import content_of, personal_body
from scheduler.content import Content
from storage import customers, lanes, reach
from storage.tables import groups
from tests.handlers.scenes import made, state_counts, the_one
from tests.handlers.shop import DAY, MANAGER, MINUTE, Shop, in_private

SMELLS = "这个面霜气味太难闻了"
TAG = "讨厌:气味"
# What the shop has not said, and what was noted of a fan.
PROMISES = re.compile(
    "会告诉|会先|记下|处理好|每一条|满意|夸|we will tell|will hear|noted|sort it out"
)


async def complaints(shop: Shop) -> None:
    """小鱼 and 小美 dislike a smell, 小陈 likes it, and a clerk says so too."""
    await shop.joins("小鱼", "小美", "小陈")
    await shop.says("小鱼", SMELLS)
    await shop.says("小美", "气味好难闻，受不了")
    await shop.says("小陈", "气味很好闻，喜欢")
    await shop.says(MANAGER, SMELLS)


async def asked(shop: Shop, what: str = "气味 讨厌 7") -> str:
    """What the manager is answered."""
    return (await shop.says(MANAGER, f"/concerned {what}", group=None)).text


async def test_it_counts_who_is_concerned_and_reached_and_quotes_them_masked(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await complaints(shop)
    async with shop.desk.database.writing() as connection:
        gone = await shop.member("小美")
        await reach.mark_unreachable(connection, [gone.id], shop.clock.now())
    answer = await shop.says(MANAGER, "/concerned 气味 讨厌 7", group=None)
    assert answer.text.startswith(
        "说起「气味（讨厌）」的粉丝：2 位\n私聊能发到 1 位，发不到 1 位\n"
    )
    assert SMELLS in answer.text
    assert "小鱼" not in answer.text
    days = "2026-10-30..2026-11-05"
    assert answer.buttons == {
        f"给他们贴「{TAG}」": f"/concerned 气味 讨厌 {days} mark",
        "贴标签并起草私信": f"/concerned 气味 讨厌 {days} draft",
    }


async def test_they_are_tagged_after_a_yes_with_why_and_until(shop: Shop) -> None:
    await complaints(shop)
    await shop.says("小鱼", "还是觉得气味难闻")
    answer = await shop.presses(MANAGER, "/concerned 气味 讨厌 7 mark")
    assert answer.text == f"给这 2 位粉丝贴上「{TAG}」？90 天后自己会掉。"
    assert TAG not in await shop.tags("小鱼")
    answer = await shop.presses(MANAGER, answer.buttons["贴上"])
    assert answer.text == (
        f"好的，2 位粉丝现在带着「{TAG}」。要私下发给他们，写：/broadcast @标签:{TAG}"
    )
    tag = (await shop.tags("小鱼"))[TAG]
    assert (tag.set_by, tag.why) == ("rule:concerned", "2")
    assert tag.until == shop.clock.now() + shop.desk.shop.interest_for
    assert TAG not in await shop.tags("小陈")
    who = (await shop.says(MANAGER, "/who @小鱼", group=None)).text
    assert "近来说起 2 次" in who


async def test_the_tag_goes_with_what_was_said_and_a_managers_own_stays(shop: Shop) -> None:
    await complaints(shop)
    await shop.says(MANAGER, f"/tag @小美 {TAG} 当面说的", group=None)
    await shop.says(MANAGER, "/concerned 气味 讨厌 7 mark sure", group=None)
    assert (await shop.tags("小美"))[TAG].why == "当面说的"
    await shop.says("小鱼", "/norecord", group=None)
    assert TAG not in await shop.tags("小鱼")
    assert "：1 位" in await asked(shop)


async def test_a_message_to_them_is_drafted_in_one_step_and_waits_for_a_yes(shop: Shop) -> None:
    await complaints(shop)
    async with shop.desk.database.writing() as connection:
        member = await shop.member("小美")
        await customers.set_opt_out(connection, member.customer_id, shop.clock.now())
    answer = await shop.says(MANAGER, "/concerned 气味 讨厌 7 draft", group=None)
    assert answer.text == f"给这 2 位粉丝贴上「{TAG}」？90 天后自己会掉。"
    assert TAG not in await shop.tags("小鱼")
    preview = await shop.presses(MANAGER, answer.buttons["贴上，起草私信"])
    assert preview.text.startswith("要发的内容：\n小鱼，谢谢你在群里说起气味。")
    assert "私下发给 1 位粉丝，每人一条，不发到群里\n另有 1 位退订了营销消息，不发" in preview.text
    assert f"想换个说法，就写：/broadcast @标签:{TAG}\n{{{{ fan }}}}，谢谢你" in preview.text
    assert not await shop.delivers()
    assert await made(shop) == []
    await shop.presses(MANAGER, preview.buttons["确认发送"])
    posted = await shop.delivers()
    assert [str(one.address) for one in posted] == [str(in_private("小鱼"))]
    assert posted[0].content.text.startswith("小鱼，谢谢你在群里说起气味。")
    assert posted[0].content.text.endswith("——暖群小店")
    assert await state_counts(shop) == {"sent": 1, "skipped": 1}
    assert (await the_one(shop)).audience.written == f"@标签:{TAG}"


async def test_a_draft_is_for_the_groups_asked_about_and_tells_who_was_tagged_before(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await complaints(shop)
    await shop.says("小李", "气味好难闻，受不了", group="二群")
    answer = await shop.says(MANAGER, "/concerned 气味 讨厌 7 mark sure", group=None)
    assert answer.text.startswith("好的，3 位")
    shop.clock.advance(40 * DAY)
    await shop.says("小王", SMELLS)
    shown = await shop.says(MANAGER, "/concerned 气味 讨厌 7 @一群", group=None)
    assert shown.text.startswith("说起「气味（讨厌）」的粉丝：1 位\n")
    asks = await shop.presses(MANAGER, shown.buttons["贴标签并起草私信"])
    preview = await shop.presses(MANAGER, asks.buttons["贴上，起草私信"])
    assert "私下发给 3 位粉丝" in preview.text
    assert f"名单里还有 2 位是以前就带着「{TAG}」的，不在这次的 1 位里。" in preview.text
    assert f"/broadcast @标签:{TAG} @一群\n" in preview.text
    await shop.presses(MANAGER, preview.buttons["确认发送"])
    posted = {str(one.address) for one in await shop.delivers()}
    assert posted == {str(in_private(name)) for name in ("小鱼", "小美", "小王")}


@pytest.mark.parametrize(
    "what",
    ["过敏", "安全", "孕妇", "脱发", "痔疮", "头痛", "红疹", "爆痘", "叶酸", "童装", "敏感肌"],
)
async def test_what_touches_health_makes_no_tag(shop: Shop, what: str) -> None:
    await shop.joins("小鱼")
    await shop.says("小鱼", f"{what}怎么办，{what}能用吗")
    await shop.says("小鱼", "用了过敏，脸上起疹子")
    answer = await shop.says(MANAGER, f"/concerned {what}", group=None)
    assert answer.text.startswith(f"说起「{what}」的粉丝：1 位")
    assert "关系到健康、孕产或孩子，不会给谁贴这样的标签。" in answer.text
    assert answer.buttons == {}
    for deed in ("mark", "mark sure", "draft", "draft sure"):
        said = (await shop.says(MANAGER, f"/concerned {what} {deed}", group=None)).text
        assert "不会给谁贴这样的标签" in said
    assert set(await shop.tags("小鱼")) == {"新人"}
    assert await made(shop) == []


async def test_who_is_met_only_by_an_account_that_is_gone_is_not_reached(shop: Shop) -> None:
    await complaints(shop)
    async with shop.desk.database.writing() as connection:
        await connection.execute(update(groups).values(account="gone"))
    answer = await asked(shop)
    assert "私聊能发到 0 位，发不到 2 位\n" in answer
    async with shop.desk.database.writing() as connection:
        assert await lanes.lease_lane(connection, "gone", "elsewhere", MINUTE)
    assert "私聊能发到 2 位\n" in await asked(shop)


@pytest.mark.parametrize(("who", "says"), [("小鱼", "/norecord"), (MANAGER, f"/untag @小鱼 {TAG}")])
async def test_who_loses_the_tag_before_the_moment_is_not_written_to(
    any_shop: Shop, who: str, says: str
) -> None:
    shop = any_shop
    await complaints(shop)
    preview = await shop.says(MANAGER, "/concerned 气味 讨厌 7 draft sure", group=None)
    await shop.presses(MANAGER, preview.buttons["确认发送"])
    await shop.desk.planner.plan_ahead()
    assert await state_counts(shop) == {"planned": 2}
    await shop.says(who, says, group=None)
    assert [str(one.address) for one in await shop.delivers()] == [str(in_private("小美"))]
    assert await state_counts(shop) == {"sent": 1, "cancelled": 1}


async def test_nobody_concerned_is_said_in_one_line(shop: Shop) -> None:
    await complaints(shop)
    assert await asked(shop, "包装 讨厌") == "这几天没有人说起「包装（讨厌）」。"


async def test_fans_may_not_ask(shop: Shop) -> None:
    await complaints(shop)
    assert "粉丝：" not in (await shop.says("小鱼", "/concerned 气味 讨厌", group=None)).text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("thing", ["气味", ""])
def test_the_first_words_are_whole_for_each_stance_and_demand(language: str, thing: str) -> None:
    say = wording(language)
    texts = set()
    for stance in (None, *Stance):
        texts.add(words_to_fans(say, About(thing, stance)))
    for kind in DemandKind:
        texts.add(words_to_fans(say, About(thing, kind=kind)))
    assert len(texts) == 1 + len(Stance) + len(DemandKind)
    assert not [text for text in texts if PROMISES.search(text)]
    for text in texts:
        body = personal_body(Content(text), {"shop": "暖群"})
        said = content_of(body, "", "小鱼", in_private=True).text
        assert said.startswith("小鱼")
        assert said.endswith("——暖群")
        assert "{" not in said
