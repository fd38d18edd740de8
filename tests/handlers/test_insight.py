"""What managers ask about demand: any days, groups and tags, two periods, and fans' own words."""

from __future__ import annotations

import pytest

import handlers.commands.insight
import handlers.quoting
from handlers.desk import Desk
from handlers.period import Period
from handlers.wording import wording
from insights.report import DemandReport
from scheduler.content import Picture
from storage import audit, messages
from tests.handlers.conftest import with_groups
from tests.handlers.shop import DAY, MANAGER, NOW, Answers, Opener, Shop, in_group, in_private

SMELL = "气味太刺鼻了"
DATES = "2026-10-30..2026-11-05"


async def said(shop: Shop, *texts: str, days_ago: int = 0, group: str = "一群") -> None:
    """Fans, each another one, said this, one a minute."""
    at = shop.clock.now() - days_ago * DAY
    await shop.hear(
        *(
            shop.heard(f"粉丝{number}", text, group=group, at=at + number * DAY / 1440)
            for number, text in enumerate(texts)
        )
    )


def quotes_in(answer: Answers) -> list[str]:
    """The quotes of an answer, in order."""
    return [line.strip("“”") for line in answer.text.splitlines() if line.startswith("“")]


# The report


@pytest.mark.parametrize(
    ("says", "title"),
    [
        ("/insights 昨天", "粉丝在说什么（11-04 至 11-04）\n一群、三群、二群 · 1 条 · 1 人"),
        ("洞察 本周 @一群", "粉丝在说什么（11-02 至 11-05）\n一群 · 3 条 · 2 人"),
        ("洞察 @一群 本周", "粉丝在说什么（11-02 至 11-05）\n一群 · 3 条 · 2 人"),
        ("/insights 上月", "粉丝在说什么（10-01 至 10-31）\n一群、三群、二群 · 0 条 · 0 人"),
        (
            "/insights 11-01..11-04 -二群",
            "粉丝在说什么（11-01 至 11-04）\n一群、三群 · 1 条 · 1 人",
        ),
        ("/insights 11-04", "粉丝在说什么（11-04 至 11-04）"),
        ("/insights 下周", "时间要写成 7、本周、上月 或 10-01..10-07。可以这样写：/insights 7"),
        ("/insights 2026-02-30", "日历里没有这一天。可以这样写：/insights 7"),
        ("/compare 下周", "时间要写成 7、本周、上月 或 10-01..10-07。可以这样写：/compare 本周"),
    ],
)
async def test_any_period_is_asked_for_as_people_say_it(shop: Shop, says: str, title: str) -> None:
    await said(shop, "面霜太油了", days_ago=1)
    await said(shop, "面霜很润", "求补货")
    assert (await shop.says(MANAGER, says)).text.startswith(title)


async def test_the_words_of_one_tag_are_reported_alone(any_shop: Shop) -> None:
    shop = any_shop
    await said(shop, SMELL, "面霜很润", "面霜太油了")
    await shop.says(MANAGER, "/tag @粉丝0 敏感肌")
    report = await shop.says(MANAGER, "/insights 7 tag:敏感肌 @一群")
    assert "· 1 条 · 1 人\n只看带「敏感肌」的人（共 1 位）\n" in report.text
    assert "讨厌：气味 1 人" in report.text
    assert report.buttons == {
        "看原话": f"/quotes {DATES} @一群 tag:敏感肌",
        "对比上期": f"/compare {DATES} @一群 tag:敏感肌",
    }
    both = await shop.says(MANAGER, "/insights 标签:敏感肌")
    assert both.buttons["只看一个群"] == "/choose /insights 7 tag:敏感肌"
    offered = await shop.presses(MANAGER, both.buttons["只看一个群"])
    alone = await shop.presses(MANAGER, offered.buttons["一群"])
    assert "一群 · 1 条 · 1 人\n只看带「敏感肌」的人" in alone.text
    nobody = await shop.says(MANAGER, "/insights 7 tag:敏感")
    assert nobody.text == "没有人带「敏感」。是不是：tag:敏感肌？"


async def test_the_picture_follows_the_text(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Picture.drawn(b"\x89PNG")

    async def picture(_: Desk, found: DemandReport, __: Period, groups: list[str]) -> Picture:
        assert (found.messages, groups) == (1, ["一群"])
        return drawn

    monkeypatch.setattr(handlers.commands.insight, "insight_picture", picture)
    await said(shop, SMELL)
    text, seen = await shop.says(MANAGER, "/insights 7 @一群")
    assert text.content.text.startswith("粉丝在说什么")
    assert (seen.content.pictures, seen.address) == ((drawn,), in_private(MANAGER))


# In their own words


async def test_from_a_report_to_its_quotes_and_back(any_shop: Shop) -> None:
    shop = any_shop
    await said(shop, SMELL, "面霜很润，喜欢", "求补货面膜", days_ago=1)
    await said(shop, "随便聊聊", "味道难闻")
    report = await shop.says(MANAGER, "/insights 7 @一群")
    figures = await shop.presses(MANAGER, report.buttons["看原话"])
    assert list(figures.buttons)[:1] == ["气味 讨厌 2 人"]
    quotes = await shop.presses(MANAGER, figures.buttons["气味 讨厌 2 人"])
    assert quotes.text.startswith("气味（讨厌）：2 人说过（10-30 至 11-05）\n")
    assert quotes_in(quotes) == ["味道难闻", SMELL]
    assert quotes.addresses == [in_private(MANAGER)]
    back = await shop.presses(MANAGER, quotes.buttons["回到报告"])
    assert back.text == report.text
    wish = await shop.presses(MANAGER, figures.buttons["补货 面膜 1 人"])
    assert quotes_in(wish) == ["求补货面膜"]


async def test_quotes_are_leafed_through_the_newest_first(any_shop: Shop) -> None:
    shop = any_shop
    for days_ago in range(10, 0, -1):
        await said(shop, *(f"{SMELL}，第{days_ago}天" for _ in range(2)), days_ago=days_ago)
    found: list[str] = []
    answer = await shop.says(MANAGER, "原话 气味 讨厌 30")
    found += quotes_in(answer)
    while "下一页" in answer.buttons:
        answer = await shop.presses(MANAGER, answer.buttons["下一页"])
        found += quotes_in(answer)
    assert found == [f"{SMELL}，第{day}天" for day in range(1, 11) for _ in range(2)]
    assert answer.text.endswith("第 3 页")
    behind = await shop.says(MANAGER, "/quotes 气味 讨厌 30 p9")
    assert "后面没有了。" in behind.text


async def test_quotes_tell_no_names_and_numbers(shop: Shop) -> None:
    await shop.says("爱喝汤的小圆", "大家好")
    await said(shop, f"爱喝汤的小圆说{SMELL}，打 138 0000 1234")
    answer = await shop.says(MANAGER, "/quotes 气味")
    assert quotes_in(answer) == [f"爱**圆说{SMELL}，打 ***"]
    assert "粉丝0" not in answer.text


async def test_whoever_may_see_names_does_and_each_look_is_kept(opened: Opener) -> None:
    shop = await with_groups(await opened(names_for=(f"room:id-{MANAGER}",)))
    await said(shop, f"{SMELL}，打 138 0000 1234", "面霜很润")
    answer = await shop.says(MANAGER, "/quotes 气味 讨厌")
    assert quotes_in(answer) == [f"{SMELL}，打 138 0000 1234"]
    assert "— 粉丝0 · 11-05 10:00" in answer.text
    assert answer.addresses == [in_private(MANAGER)]
    async with shop.desk.database.reading() as connection:
        (look,) = await audit.latest(connection, 9)
    assert (look.actor, look.action, look.subject) == (f"room:id-{MANAGER}", "names", "气味 讨厌")
    assert len(look.details["messages"]) == 1
    log = await shop.says(MANAGER, "/audit")
    assert "阿玲 看了「气味 讨厌」的原话是谁说的" in log.text


async def test_names_are_for_nobody_else_and_for_no_chat_of_many(opened: Opener) -> None:
    shop = await with_groups(await opened(names_for=(f"id-{MANAGER}", "id-粉丝1")))
    shop.staff.add("阿强")
    await said(shop, SMELL, "面霜很润")
    assert "还不会" in (await shop.says("粉丝1", "/quotes 气味")).text
    assert "粉丝0" not in (await shop.says("阿强", "/quotes 气味")).text
    await shop.opens("工作群")
    await shop.says(MANAGER, "/link @一群 sure", group="工作群")
    here = await shop.says(MANAGER, "/quotes 气味", group="工作群")
    assert here.addresses == [in_group("工作群")]
    assert quotes_in(here) == [SMELL]
    assert "粉丝0" not in here.text
    async with shop.desk.database.reading() as connection:
        looks = [one for one in await audit.latest(connection, 9) if one.action == "names"]
    assert looks == []


async def test_a_tag_that_few_speakers_carry_tells_nobody_who_said_a_quote(opened: Opener) -> None:
    shop = await with_groups(await opened(names_for=("id-阿强",)))
    shop.staff.add("阿强")
    await said(shop, *[SMELL] * 5)
    for number in range(4):
        await shop.says(MANAGER, f"/tag @粉丝{number} 老客")
    for says in ("/quotes 气味 tag:老客", "/insights tag:老客", "/concerned 气味 tag:老客"):
        answer = await shop.says(MANAGER, says)
        assert SMELL not in answer.text, says
        assert "4 位" in answer.text or "4 人" in answer.text, says
    told = (await shop.says(MANAGER, "/quotes 气味 tag:老客")).text
    assert "带「老客」又说过话的不到 5 位，一看原话就知道是谁，所以不显示。" in told
    # Who may see names sees them, and that is kept.
    assert len(quotes_in(await shop.says("阿强", "/quotes 气味 tag:老客"))) == 4
    async with shop.desk.database.reading() as connection:
        looks = [one for one in await audit.latest(connection, 9) if one.action == "names"]
    assert len(looks) == 1
    # Somebody silent hides nobody; somebody who spoke does.
    await shop.joins("粉丝9")
    await shop.says(MANAGER, "/tag @粉丝9 老客")
    assert quotes_in(await shop.says(MANAGER, "/quotes 气味 tag:老客")) == []
    await shop.says(MANAGER, "/tag @粉丝4 老客")
    assert len(quotes_in(await shop.says(MANAGER, "/quotes 气味 tag:老客"))) == 5
    assert SMELL in (await shop.says(MANAGER, "/insights tag:老客")).text


async def test_a_tag_may_stand_among_the_groups_as_posts_are_aimed(opened: Opener) -> None:
    shop = await with_groups(await opened())
    await said(shop, *[SMELL] * 5)
    await shop.says(MANAGER, "/tag @粉丝1 老客")
    for aimed in ("@标签:老客", "@一群 @tag:老客"):
        plain = aimed.replace("@标签:", "tag:").replace("@tag:", "tag:")
        answer = (await shop.says(MANAGER, f"/insights 7 {aimed}")).text
        assert answer == (await shop.says(MANAGER, f"/insights 7 {plain}")).text
        assert "老客" in answer
    others = (await shop.says(MANAGER, "/insights 7 @所有群 -标签:老客")).text
    assert "只看符合「not tag:老客」的人" in others


async def test_who_asked_for_no_record_is_not_quoted(any_shop: Shop) -> None:
    shop = any_shop
    await said(shop, SMELL, "味道难闻")
    await shop.says("粉丝0", "/norecord")
    answer = await shop.says(MANAGER, "/quotes 气味")
    assert answer.text.startswith("气味：1 人说过")
    assert quotes_in(answer) == ["味道难闻"]


async def test_what_nobody_speaks_of_is_answered_with_what_may_be_meant(shop: Shop) -> None:
    assert "还没有人说起什么" in (await shop.says(MANAGER, "/quotes")).text
    await said(shop, SMELL, SMELL)
    answer = await shop.says(MANAGER, "/quotes 气未 讨厌 7")
    assert answer.text == "这几天没有人说起「气未（讨厌）」。是不是：气味？"
    assert quotes_in(await shop.presses(MANAGER, answer.buttons["气味"])) == [SMELL, SMELL]
    other = await shop.says(MANAGER, "/quotes 发货 面膜")
    assert other.text == "这几天没有人说起「发货 面膜」。"
    assert other.buttons == {"看有哪些": f"/quotes {DATES}"}


async def test_a_word_finds_what_it_is_a_name_of(shop: Shop) -> None:
    await said(shop, SMELL, "面霜很润")
    assert quotes_in(await shop.says(MANAGER, "/quotes 香味 讨厌")) == [SMELL]


async def test_a_long_quote_is_cut_and_one_of_several_groups_tells_where(shop: Shop) -> None:
    await said(shop, f"{SMELL}{'真的' * 5_000}", group="二群")
    answer = await shop.says(MANAGER, "/quotes 气味")
    assert len(answer.text) < 300
    assert "— 11-05 10:00 · 二群" in answer.text


async def test_quotes_whose_text_is_gone_are_counted_still(shop: Shop) -> None:
    await said(shop, SMELL, days_ago=1)
    await shop.says(MANAGER, "/insights 7")
    shop.clock.advance(100 * DAY)
    async with shop.desk.database.writing() as connection:
        await messages.delete_before(connection, NOW)
    answer = await shop.says(MANAGER, "/quotes 气味 366")
    assert answer.text.startswith("气味：1 人说过")
    assert "原话已经过了保存的日子。" in answer.text


async def test_quotes_of_words_that_changed_meaning_are_not_called_gone(shop: Shop) -> None:
    await said(shop, "这个味道很上头", "味道好闻，喜欢", days_ago=1)
    await shop.says(MANAGER, "/insights 7")
    await shop.says(MANAGER, "/opinion 气味 好闻 = 不算")
    await shop.says(MANAGER, "/opinion 气味 喜欢 = 不算")
    answer = (await shop.says(MANAGER, "/quotes 气味 喜欢 7")).text
    assert "过了保存的日子" not in answer


async def test_only_the_newest_of_very_many_messages_are_looked_through(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers.quoting, "_PIECE", 2)
    monkeypatch.setattr(handlers.quoting, "_LOOKED_THROUGH", 4)
    await shop.says("粉丝0", SMELL)
    for number in range(6):
        shop.clock.advance(DAY / 1440)
        await shop.says("粉丝0", f"随便聊聊{number}")
    answer = (await shop.says(MANAGER, "/quotes 气味")).text
    assert answer.startswith("气味：1 人说过")
    assert "这些人说的话太多，只翻了最近的。" in answer


async def test_a_figure_opens_to_as_many_as_it_counts(shop: Shop) -> None:
    await said(shop, "美白没效果", "功效一般，没效果", "泵头漏液", "瓶子难看", "颜色好丑")
    figures = await shop.says(MANAGER, "/quotes")
    for label, says in figures.buttons.items():
        if label.split()[-1] == "人":
            opened = (await shop.presses(MANAGER, says)).text
            assert f"：{label.split()[-2]} 人说过" in opened, label


# Two periods


async def test_two_periods_are_compared_from_the_earlier_to_the_later(any_shop: Shop) -> None:
    shop = any_shop
    await said(shop, SMELL, "面霜很润，喜欢", "随便聊聊", days_ago=1)
    await said(shop, SMELL, "味道难闻", "求补货面膜", "面霜很润，喜欢")
    answers = [
        (await shop.says(MANAGER, says)).text
        for says in ("/compare 今天 昨天 @一群", "对比 昨天 今天 @一群", "/compare 今天 @一群")
    ]
    assert answers[1:] == answers[:1] * 2
    assert answers[0].startswith("对比：11-04 至 11-04 → 11-05 至 11-05\n一群\n说话的 3 → 4 人\n")
    for line in ("讨厌：气味 1→2 人", "想要：补货 面膜 0→1 人", "没有明显的变化："):
        assert line in answers[0]


async def test_what_has_surely_changed_comes_first(shop: Shop) -> None:
    await said(shop, *(["随便聊聊", "面霜很润"] * 20), days_ago=1)
    await said(shop, *([SMELL, "随便聊聊"] * 20))
    text = (await shop.says(MANAGER, "/compare 今天")).text
    more = next(line for line in text.splitlines() if line.startswith("明显变多："))
    less = next(line for line in text.splitlines() if line.startswith("明显变少："))
    assert "气味 讨厌 0→20 人" in more
    assert "保湿 喜欢 20→0 人" in less
    assert "没有明显的变化" not in text


async def test_it_is_told_in_english_too(opened: Opener) -> None:
    shop = await with_groups(await opened(language="en"))
    await said(shop, SMELL, days_ago=1)
    for says, told in (
        ("/insights yesterday", "What fans say (11-04 to 11-04)"),
        ("/compare today yesterday", "Compared: 11-04 to 11-04 → 11-05 to 11-05"),
        ("/quotes 气味 dislike", "气味 (Dislike): said by 1"),
        ("/quotes 物流 tag:none", "Nobody"),
    ):
        assert told in (await shop.says(MANAGER, says)).text, says
    assert wording("en")("看原话") in (await shop.says(MANAGER, "/insights 7")).buttons
