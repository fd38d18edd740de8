"""What a manager gets for `/review`: of a campaign, of a programme's year, and of nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from handlers.arguments import Unreadable
from handlers.reviewing.arguments import ReviewWords
from handlers.reviewing.asking import asked_review
from handlers.reviewing.document import review_document
from handlers.reviewing.page import review_page
from handlers.settings import ShopSettings
from storage.database import Database
from storage.shops import ensure_shop
from storage.tables import campaigns, content_versions
from tests.handlers.programme_scenes import by_key, shop_with_sale, switched_on
from tests.handlers.reviewing.scenes import (
    BOX,
    FANS,
    HOUR,
    asked,
    greeted,
    lived_sale,
    sent_broadcast,
)
from tests.handlers.scenes import OTHER, broadcast, second_manager, the_one
from tests.handlers.shop import DAY, MINUTE, NOW, Opener, Shop, TickingClock, open_shop


@pytest.fixture
async def sale(sqlite: Database, tmp_path: Path) -> Shop:
    """A shop whose sale of autumn is all but over."""
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    await lived_sale(shop)
    return shop


@pytest.mark.parametrize(
    ("written", "meant", "left"),
    [
        ("12", ReviewWords(number=12), ""),
        ("#12", ReviewWords(number=12), ""),
        ("double11", ReviewWords(named="double11"), ""),
        ("双11 2026", ReviewWords(named="双11", year=2026), ""),
        ("双11 2026年", ReviewWords(named="双11", year=2026), ""),
        ("double11:2026", ReviewWords(named="double11", year=2026), ""),
        ("double11：2026", ReviewWords(named="double11", year=2026), ""),
        ("double11:2026:regulars", ReviewWords(named="double11:2026:regulars"), ""),
        ("double11 吗", ReviewWords(named="double11"), " 吗"),
    ],
)
def test_a_campaign_is_meant_by_number_or_key_and_a_programme_by_name_and_year(
    written: str, meant: ReviewWords, left: str
) -> None:
    assert ReviewWords.read(written) == (meant, left)


@pytest.mark.parametrize("written", ["", "@一群", "长" * 201])
def test_anything_else_is_told_with_what_to_write(written: str) -> None:
    with pytest.raises(Unreadable):
        ReviewWords.read(written)


async def test_without_a_name_it_lists_what_can_be_looked_back_on(sale: Shop) -> None:
    answer = await asked(sale, "/review")
    assert answer.text.splitlines() == [
        "看哪一个的复盘？",
        "· 秋季上新节 2026",
        "· 2 · 秋季上新节 2026 · 老客先知道",
        "· 1 · 秋季上新节 2026",
    ]
    assert list(answer.buttons.values()) == ["/review sale 2026", "/review 2", "/review 1"]
    for says in answer.buttons.values():
        assert "📊 复盘「秋季上新节 2026" in (await sale.presses("阿玲", says)).text


async def test_where_nothing_is_over_that_is_said(shop: Shop) -> None:
    answer = await asked(shop, "/复盘")
    assert answer.text == "还没有可以复盘的：方案没开过，也没有发完的活动。"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("99", "没有编号 99 的活动。发 /review 看能复盘哪些。"),
        ("double11 2026", "「double11」2026 年没有开过。发 /review 看能复盘哪些。"),
        ("双11", "「双11」没有开过。发 /review 看能复盘哪些。"),
        ("没这回事", "「没这回事」没有开过。发 /review 看能复盘哪些。"),
    ],
)
async def test_what_never_was_is_said_so(shop: Shop, written: str, sentence: str) -> None:
    assert (await asked(shop, f"/review {written}")).text == sentence


async def test_what_another_shop_sent_is_nothing_of_this_one(shop: Shop) -> None:
    campaign = await sent_broadcast(shop)
    async with shop.desk.database.writing() as connection:
        other = await ensure_shop(connection, "another")
        await connection.execute(update(campaigns).values(shop_id=other))
    for written in (str(campaign.id), campaign.key):
        assert "📊" not in (await asked(shop, f"/review {written}")).text


async def test_a_fan_learns_nothing_of_it(shop: Shop) -> None:
    await sent_broadcast(shop)
    assert "📊" not in (await shop.says(FANS[0], "/review 1", group=None)).text


async def test_a_programme_is_told_phase_by_phase_with_what_fans_said(sale: Shop) -> None:
    sale.clock.advance(DAY)
    answer = await asked(sale, "/review 秋季上新节")
    assert answer.text.splitlines() == [
        "📊 复盘「秋季上新节 2026」（11-06 至 11-11）",
        "计划 12 条 · 发出 12",
        "· 一直没排上：发货通知",
        "3 个群 12 位粉丝（新客 100%），2 天内：回复 6 · 说话 6 · 退订 0 · 退群 0",
        "私信 3 位（新客 100%），2 天内：回复 0 · 退订 0 · 退群 0",
        "",
        "【预热 11-06～11-11】让老朋友记起来：4 次 · 发出 12/12 条 · 回复 6",
        "",
        "粉丝在说（11-06 至 11-13 整天，发出前说的也算；和之前 8 天比）",
        "说话的 0 → 6 人",
        "讨厌：包装 0→6 人",
        f"“{BOX}”",
        "",
        "要改：",
        "· 1 项一直没排上，例如「发货通知」：缺的资料早点说",
        "",
        "要留：",
        "· 「预告」回复最多：6 位（50%），其余平均 0%；没有做对照，不一定是因为它",
        "",
        "看不出：",
        "· 之前同样长的日子没有人说话，说的话没法比",
    ]
    assert answer.buttons == {"看原话": "/quotes 2026-11-06..2026-11-13"}


async def test_a_campaign_of_several_posts_is_told_post_by_post(sale: Shop) -> None:
    sale.clock.advance(DAY)
    number = (await by_key(sale))["sale:2026"].id
    lines = (await asked(sale, f"/review {number}")).text.splitlines()
    assert lines[1] == "计划 9 条 · 发出 9"
    assert lines[4:7] == [
        "· 11-06 11:00：发出 3/3 条 · 回复 0",
        "· 11-09 11:00：发出 3/3 条 · 回复 6",
        "· 11-11 21:00：发出 3/3 条 · 回复 0",
    ]


async def test_what_is_not_over_yet_says_so(shop: Shop) -> None:
    await broadcast(shop)
    number = (await the_one(shop)).id
    await shop.desk.planner.plan_ahead()
    text = (await asked(shop, f"/review {number}")).text
    assert "还没开始：排了 1 次，第一次 11-05 10:00。\n计划 1 条 · 发出 0 · 还没到 1" in text
    await shop.delivers()
    text = (await asked(shop, f"/review {number}")).text
    assert "要看到 11-07 10:00 才算完，这是中途的数字。\n计划 1 条 · 发出 1" in text


async def test_of_what_waits_for_approval_that_is_said_and_nothing_is_advised(
    any_shop: Shop,
) -> None:
    await second_manager(any_shop)
    await broadcast(any_shop)
    campaign = await the_one(any_shop)
    for written in (str(campaign.id), campaign.key):
        assert (await asked(any_shop, f"/review {written}")).text.splitlines() == [
            "📊 复盘「今晚八点直播」（11-05）",
            "还没开始：排了 1 次，第一次 11-05 10:00。",
            "1 次还等着批准。",
        ]
    await asked(any_shop, f"/reject {campaign.id}", OTHER)
    assert (await asked(any_shop, f"/review {campaign.id}")).text.splitlines() == [
        "📊 复盘「今晚八点直播」（11-05）",
        "没有发过，已经停了。",
        "· 活动停了，1 次没有排",
    ]


async def test_a_campaign_without_any_post_is_told_to_have_none(any_shop: Shop) -> None:
    await broadcast(any_shop)
    campaign = await the_one(any_shop)
    before = (any_shop.clock.now() - DAY).replace(tzinfo=None)  # a moment that was over already
    gone = {"kind": "once", "at": before.isoformat()}
    async with any_shop.desk.database.writing() as connection:
        await connection.execute(update(campaigns).values(schedule=gone))
        await connection.execute(update(content_versions).values(schedule=None))
    answer = await asked(any_shop, f"/review {campaign.id}")
    assert answer.text == "📊 复盘「今晚八点直播」：一条也没排过。"
    found = await asked_review(any_shop.desk, ReviewWords(number=campaign.id))
    assert found is not None
    assert review_page(any_shop.desk, found)
    assert review_document(any_shop.desk, found)["deliveries"]["planned"] == 0


async def test_a_draft_is_reviewed_under_a_clock_that_ticks_too(sqlite: Database) -> None:
    shop = await open_shop(sqlite, ShopSettings(), clock=TickingClock(NOW))
    await shop.opens("一群")
    await second_manager(shop)
    await broadcast(shop)
    assert "还等着批准" in (await asked(shop, "/review 1")).text


async def test_of_a_programme_that_is_on_it_is_told_when_it_begins(
    sqlite: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    await switched_on(shop)
    assert (await asked(shop, "/review sale 2026")).text.splitlines() == [
        "📊 复盘「秋季上新节 2026」（11-06 至 11-11）",
        "还没开始：排了 4 次，第一次 11-06 10:18。",
        "· 还缺资料，没排上：发货通知",
        "",
        "【预热 11-06～11-11】让老朋友记起来：4 次",
    ]
    await asked(shop, "/programme off sale")
    assert (await asked(shop, "/review sale 2026")).text.splitlines()[1] == "没有发过，已经停了。"


async def test_what_was_held_back_is_told_with_its_reason_and_what_to_do(shop: Shop) -> None:
    await broadcast(shop, to="@一群 @二群")
    await shop.desk.planner.plan_ahead()
    number = (await the_one(shop)).id
    await shop.closes("二群")
    await shop.delivers()
    shop.clock.advance(2 * DAY)
    lines = (await asked(shop, f"/review {number}")).text.splitlines()
    assert lines[1:3] == ["计划 2 条 · 发出 1 · 没发出 1", "· 没发：已经不在这个群里 1 条"]
    assert "· 1 条发不进群：看看机器人还在不在群里、能不能说话" in lines


async def test_what_was_not_planned_any_more_is_not_told_to_have_had_nobody(
    sqlite: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    await switched_on(shop)
    await asked(shop, "/programme off sale")
    shop.clock.advance(9 * DAY)
    lines = (await asked(shop, "/review sale 2026")).text.splitlines()
    assert "· 活动停了，4 次没有排" in lines
    assert not [line for line in lines if "没有可发的人" in line]


async def test_what_was_taken_back_is_told(shop: Shop) -> None:
    campaign = await sent_broadcast(shop)
    await asked(shop, f"/recall {campaign.id}")
    lines = (await asked(shop, f"/review {campaign.id}")).text.splitlines()
    assert lines[2:4] == ["计划 1 条 · 发出 1", "· 发出后又撤回 1 条"]


async def test_a_year_of_what_runs_on_is_told_by_itself(shop: Shop) -> None:
    await shop.joins(*FANS)
    await greeted(shop, "立冬安康", "小雪安康")
    shop.clock.advance(90 * DAY)  # to 3 February 2027
    await shop.joins("新来的")
    await greeted(shop, "立春安康")
    shop.clock.advance(DAY)
    old = (await asked(shop, "/review festivals 2026")).text
    assert old.startswith("📊 复盘「节日问候 2026」（11-05）\n计划 2 条 · 发出 2\n")
    assert "粉丝在说（11-05 至 11-07 整天，" in old
    new = (await asked(shop, "/review festivals 2027")).text
    assert new.startswith(
        "📊 复盘「节日问候 2027」（02-03）\n要看到 02-05 10:00 才算完，这是中途的数字。\n"
    )
    assert "1 个群 13 位粉丝（新客 7.7%）" in new
    assert "计划 3 条" in (await asked(shop, "/review festivals")).text


@pytest.mark.parametrize("plan", ["", "/trial 1 说话 2天"])
async def test_two_texts_are_compared_by_name_where_somebody_planned_to(
    shop: Shop, plan: str
) -> None:
    await second_manager(shop)
    await shop.opens(*(f"{number}号群" for number in range(8)))
    await broadcast(shop, to="@所有群")
    for text in ("/trial 1 另一版 今晚八点，先到先得", plan):
        if text:
            await asked(shop, text)
            await asked(shop, "/confirm")
    await asked(shop, f"/approve 1 {(await the_one(shop)).version_number}", OTHER)
    await shop.delivers()
    shop.clock.advance(3 * DAY)
    answer = await asked(shop, "/review 1")
    assert ("\n对照「今晚八点直播」：" in answer.text) is bool(plan)
    assert "看对照 1" in answer.buttons


async def test_a_trial_and_what_it_cost_and_brought_are_told(shop: Shop) -> None:
    campaign = await sent_broadcast(shop)
    await asked(shop, f"/trial {campaign.id} 花费 300 收入 150")
    shop.clock.advance(2 * DAY)
    text = (await asked(shop, f"/review {campaign.id}")).text
    assert "花费 300.00 元 · 收入 150.00 元 · 每花 1 元带回 0.50 元" in text
    assert "要改：\n· 每花 1 元只带回 0.50 元" in text


async def test_what_was_said_before_the_first_post_is_counted_for_its_day_but_never_quoted(
    shop: Shop,
) -> None:
    await shop.joins(*FANS)
    await shop.says(FANS[0], "物流太慢了，怎么还不发货")
    shop.clock.advance(6 * MINUTE)
    await broadcast(shop)
    await shop.delivers()
    shop.clock.advance(MINUTE)
    await shop.says(FANS[1], "物流好慢啊，等了五天")
    shop.clock.advance(2 * DAY)
    text = (await asked(shop, "/review 1")).text
    assert "粉丝在说（11-05 至 11-07 整天，发出前说的也算；和之前 3 天比）" in text
    assert "“物流好慢啊，等了五天”" in text
    assert "怎么还不发货" not in text
    found = await asked_review(shop.desk, ReviewWords(number=1))
    assert found is not None
    assert "怎么还不发货" not in review_page(shop.desk, found)
    assert "怎么还不发货" not in str(review_document(shop.desk, found))


async def test_it_is_told_in_english_too(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("一群")
    campaign = await sent_broadcast(shop)
    shop.clock.advance(2 * DAY)
    lines = (await asked(shop, f"/review {campaign.id}")).text.splitlines()
    assert lines[:2] == ["📊 Review of “今晚八点直播” (11-05)", "1 planned · 1 sent"]
    assert lines[2] == (
        "groups: 1, fans: 12 (100% new), within 2 days: "
        "reply 2 · talk 2 · opt out 0 · leave the group 0"
    )


async def test_the_page_holds_all_of_it_and_escapes_what_people_wrote(shop: Shop) -> None:
    await shop.joins(*FANS)
    await broadcast(shop, "<b>新品</b>")
    await shop.delivers()
    for name in FANS:
        await shop.says(name, "<script>包装太差了</script>，打我电话13800001111")
    shop.clock.advance(2 * DAY)
    found = await asked_review(shop.desk, ReviewWords(number=(await the_one(shop)).id))
    assert found is not None
    page = review_page(shop.desk, found)
    assert page.startswith("<!doctype html>")
    assert "&lt;b&gt;新品&lt;/b&gt;" in page
    assert "<script" not in page
    assert "13800001111" not in page
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")


async def test_the_page_has_every_phase_and_task(sale: Shop) -> None:
    sale.clock.advance(4 * HOUR)
    found = await asked_review(sale.desk, ReviewWords(named="sale", year=2026))
    assert found is not None
    page = review_page(sale.desk, found)
    for name in ("预热", "让老朋友记起来", "预告", "老客先知道", "前一晚", "发货通知", "包装"):
        assert name in page, name


async def test_the_document_tells_the_same_figures(sale: Shop) -> None:
    sale.clock.advance(DAY)
    found = await asked_review(sale.desk, ReviewWords(named="sale"))
    assert found is not None
    document = review_document(sale.desk, found)
    assert (document["programme"], document["year"], document["over"]) == ("sale", 2026, True)
    assert document["deliveries"]["planned"] == document["deliveries"]["states"]["sent"] == 12
    assert document["never_planned"] == ["发货通知"]
    assert document["fans"]["both"]["replies"] == {"people": 6, "new": 6}
    (phase,) = document["phases"]
    assert [task["task"] for task in phase["tasks"]] == ["hello", "regulars", "eve"]
    assert [len(task["posts"]) for task in phase["tasks"]] == [2, 1, 1]
    assert [one["aspect"] for one in document["talk"]["aspects"]] == ["包装"]
    assert document["advice"][0]["rule"] == "never_planned"
