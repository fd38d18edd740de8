"""The demand report of a shop: what is analysed when, what is kept, and how fans are quoted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from handlers.demand import compared_with, report
from handlers.events import MessageEdited
from handlers.period import Period, last_days
from handlers.progress import progress_of
from handlers.reading_days import analyse_finished_days
from handlers.report_text import report_text
from handlers.wording import wording
from insights.days import AnalysedDay, Utterance, analyse_day
from insights.lexicon import Lexicon
from insights.report import DemandReport
from insights.words import Segmenter
from storage import messages
from storage.members import members_named
from tests.handlers.shop import ACCOUNT, DAY, MANAGER, MINUTE, NOW, Shop, chat_of

TODAY = date(2026, 11, 5)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each reading of a day was given, in the order of the readings."""
    found: list[int] = []

    def counted(said: Sequence[Utterance], segmenter: Segmenter, lexicon: Lexicon) -> AnalysedDay:
        if said:
            found.append(len(said))
        return analyse_day(said, segmenter, lexicon)

    monkeypatch.setattr("insights.documents.analyse_day", counted)
    return found


async def said(shop: Shop, *texts: str, days_ago: int = 0, group: str = "一群") -> None:
    """Fans, each another one, said this."""
    await shop.hear(
        *(
            shop.heard(f"粉丝{number}", text, group=group, at=shop.clock.now() - days_ago * DAY)
            for number, text in enumerate(texts)
        )
    )


async def read(shop: Shop, days: int = 7, *, groups: tuple[str, ...] = ("一群",)) -> DemandReport:
    """The report of these groups."""
    wanted = [await shop.group(name) for name in groups]
    return await report(shop.desk, wanted, last_days(shop.desk, days))


def test_a_period_has_its_days_and_the_same_number_before() -> None:
    period = Period.ending(TODAY, 7)
    assert (period.first, period.last, len(period.days)) == (date(2026, 10, 30), TODAY, 7)
    assert (period.before().first, period.before().last) == (date(2026, 10, 23), date(2026, 10, 29))


def test_a_period_is_compared_with_the_four_before_it_or_the_one_asked_for() -> None:
    period = Period.ending(TODAY, 7)
    firsts = [one.first for one in compared_with(period)]
    assert firsts == [date(2026, 10, day) for day in (2, 9, 16, 23)]
    assert compared_with(period, period) == [period]


async def test_a_report_is_of_a_segment_where_one_is_asked_for(any_shop: Shop) -> None:
    await said(any_shop, "面霜太油了", "面霜很润", "求补货面膜", days_ago=1)
    await said(any_shop, "面霜太油了", "面霜很香")
    groups = [await any_shop.group("一群")]
    async with any_shop.desk.database.reading() as connection:
        whole = await members_named(connection, "粉丝0")
    mine = {one.id for one in whole}
    period = last_days(any_shop.desk, 7)
    found = await report(any_shop.desk, groups, period, members=mine)
    assert (found.messages, found.speakers) == (2, 1)
    assert set(found.texts.values()) == {"面霜太油了"}
    nobody = await report(any_shop.desk, groups, period, members=())
    assert (nobody.messages, nobody.demands) == (0, ())


async def test_a_report_is_compared_with_the_period_asked_for(any_shop: Shop) -> None:
    await said(any_shop, *["早上好"] * 20, days_ago=9)
    await said(any_shop, *["快递好慢"] * 20, days_ago=1)
    groups = [await any_shop.group("一群")]
    desk, last_week = any_shop.desk, Period.ending(date(2026, 10, 29), 7)
    found = await report(desk, groups, last_days(desk, 7), against=last_week)
    assert {one.key.aspect for one in found.trends.aspects} == {"物流"}
    assert [one.active for one in found.trends.aspects] == [(20, 20)]


async def test_a_finished_day_is_read_once_and_of_today_only_what_is_new(
    any_shop: Shop, readings: list[int]
) -> None:
    await said(any_shop, "面霜太油了", "面霜很润", days_ago=1)
    await said(any_shop, "求补货面膜")
    for _ in range(2):
        assert (await read(any_shop)).messages == 3
    await said(any_shop, "面霜很香", "面霜好用")
    found = await read(any_shop)
    assert (found.messages, found.speakers) == (5, 2)
    assert readings == [2, 1, 2]


async def test_today_is_read_anew_where_something_in_it_has_changed(
    any_shop: Shop, readings: list[int]
) -> None:
    await any_shop.says("粉丝0", "面霜太油了", message="m1")
    await said(any_shop, "面霜很润", "面霜好香")
    assert (await read(any_shop)).messages == 3
    person = any_shop.person("粉丝0")
    await any_shop.hear(
        MessageEdited(ACCOUNT, "x", NOW + MINUTE, "m1", chat_of("一群"), person, "面霜很贵")
    )
    assert {row.aspect for row in (await read(any_shop)).aspects if row.dislike} == {"价格"}
    await any_shop.says("粉丝1", "/norecord")
    assert (await read(any_shop)).messages == 2
    assert readings == [3, 3, 2]


async def test_two_changes_at_one_moment_are_both_read(any_shop: Shop) -> None:
    for number in range(2):
        await any_shop.says(f"粉丝{number}", "面霜气味太难闻了", message=f"m{number}")
    for number in range(2):
        person = any_shop.person(f"粉丝{number}")
        await any_shop.hear(
            MessageEdited(
                ACCOUNT, "x", NOW + MINUTE, f"m{number}", chat_of("一群"), person, "面霜气味很好闻"
            )
        )
        (row,) = [row for row in (await read(any_shop)).aspects if row.aspect == "气味"]
        assert (row.like, row.dislike) == (number + 1, 1 - number)


async def test_a_late_message_has_its_day_read_again(any_shop: Shop, readings: list[int]) -> None:
    await said(any_shop, "面霜太油了", days_ago=1)
    assert (await read(any_shop)).messages == 1
    await said(any_shop, "面霜很润", "面霜真好用", days_ago=1)
    assert (await read(any_shop)).messages == 3
    await read(any_shop)
    assert readings == [1, 3]


async def test_the_night_prepares_the_report(shop: Shop, readings: list[int]) -> None:
    await said(shop, "面霜太油了", days_ago=1)
    groups = [await shop.group("一群")]
    await analyse_finished_days(shop.desk, groups, last_days(shop.desk, 7))
    assert (await read(shop)).messages == 1
    assert readings == [1]


async def test_a_day_is_the_shops_day(shop: Shop) -> None:
    """23:59 and 00:01 in Shanghai are the same day in UTC."""
    midnight = NOW.replace(hour=16)  # of 6 November in Shanghai
    shop.clock.advance_to(midnight + DAY)
    await shop.hear(shop.heard("小鱼", "昨天说的面霜", at=midnight - DAY / 1440))
    await shop.hear(shop.heard("小鱼", "今天说的面膜", at=midnight + DAY / 1440))
    wanted = [await shop.group("一群")]
    one = Period(date(2026, 11, 6), date(2026, 11, 6))
    assert (await report(shop.desk, wanted, one)).messages == 1


async def test_stances_and_demands_are_found(shop: Shop) -> None:
    await said(shop, "面霜太油了", "面霜有点油", "面膜什么时候补货", "求补货面膜", "物流太慢了")
    found = await read(shop)
    assert {row.thing for row in found.demands} == {"面膜"}
    assert [row.speakers for row in found.demands] == [2]
    assert found.messages == found.speakers == 5


async def test_quotes_are_masked(shop: Shop) -> None:
    await shop.says("爱喝汤的小圆", "大家好")
    await said(shop, "爱喝汤的小圆说面霜太油了，找我退货打 138 0000 1234")
    found = await read(shop)
    quotes = list(found.texts.values())
    assert any("面霜太油了" in quote for quote in quotes)
    assert not any("爱喝汤的小圆" in quote or "1234" in quote for quote in quotes)


async def test_counts_stay_when_the_text_is_gone(shop: Shop) -> None:
    await said(shop, "面霜太油了", "面霜太油了", days_ago=1)
    await read(shop)
    shop.clock.advance(200 * DAY)
    async with shop.desk.database.writing() as connection:
        await messages.delete_before(connection, shop.clock.now() - 180 * DAY)
    found = await read(shop, 210)
    assert (found.messages, found.speakers, dict(found.texts)) == (2, 2, {})


async def test_norecord_takes_ones_words_out_of_the_report(any_shop: Shop) -> None:
    await said(any_shop, "面霜太油了", "面霜很润", days_ago=1)
    assert (await read(any_shop)).messages == 2
    await any_shop.says("粉丝0", "/norecord")
    found = await read(any_shop)
    assert (found.messages, found.speakers) == (1, 1)
    assert "面霜太油了" not in found.texts.values()


async def test_only_fans_words_are_in_the_report(shop: Shop) -> None:
    await shop.says(MANAGER, "面霜很润")
    await shop.says("小鱼", "面霜很润", forwarded=True)
    assert (await read(shop)).messages == 0


@pytest.mark.parametrize(
    ("says", "title"),
    [
        ("/insights", "粉丝在说什么（10-30 至 11-05）\n一群、三群、二群 · 3 条 · 2 人"),
        ("洞察 1", "粉丝在说什么（11-05 至 11-05）\n一群、三群、二群 · 2 条 · 2 人"),
        ("/insights 7 @二群", "粉丝在说什么（10-30 至 11-05）\n二群 · 1 条 · 1 人"),
        ("/insights @二群", "粉丝在说什么（10-30 至 11-05）\n二群 · 1 条 · 1 人"),
        ("/insights @四群", "没有叫「四群」的群或群标签"),
    ],
)
async def test_a_manager_asks_what_fans_say(shop: Shop, says: str, title: str) -> None:
    await said(shop, "面霜太油了", days_ago=3)
    await said(shop, "面霜很润")
    await shop.says("小美", "面膜什么时候补货", group="二群")
    assert (await shop.says(MANAGER, says)).text.startswith(title)


async def test_nobody_spoke(shop: Shop) -> None:
    answer = await shop.says(MANAGER, "/insights 1 @一群")
    assert answer.text == (
        "粉丝在说什么（11-05 至 11-05）\n一群 · 0 条 · 0 人\n这几天还没有人说话。"
    )


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("zh", {"在聊：", "想要：补货 面膜 2 人", "原话："}),
        ("en", {"Want: restock 面膜 (2)", "In their words:"}),
    ],
)
async def test_the_report_reads_as_a_chat_message(
    shop: Shop, language: str, lines: set[str]
) -> None:
    await said(shop, "面霜好用", "面霜有点油", "面膜什么时候补货", "求补货面膜")
    found = await read(shop)
    text = report_text(wording(language), found, last_days(shop.desk, 7), ["一群"])
    assert all(line in text for line in lines), text
    assert len(text) < 1_500


async def test_what_surely_grew_or_faded_has_an_arrow(shop: Shop) -> None:
    for days_ago in range(1, 5):
        await said(shop, *["面霜很润"] * 20, *["随便聊聊"] * 20, days_ago=days_ago)
    await said(shop, *["包装漏液了"] * 20, *["求补货面膜"] * 20)
    text = report_text(wording("zh"), await read(shop, 1), last_days(shop.desk, 1), ["一群"])
    assert "讨厌：包装 20 人↑" in text
    assert "想要：补货 面膜 20 人↑" in text
    week = report_text(wording("zh"), await read(shop), last_days(shop.desk, 7), ["一群"])
    assert "讨厌：包装 20 人\n" in week


async def test_a_long_quote_is_cut_and_stands_on_one_line(shop: Shop) -> None:
    await said(shop, "面霜太油了\n\n" + "真的" * 5_000)
    text = report_text(wording("zh"), await read(shop), last_days(shop.desk, 7), ["一群"])
    assert "“面霜太油了 真的真的" in text
    assert len(text) < 300


async def test_a_quote_names_nobody_by_another_of_their_names_either(shop: Shop) -> None:
    fish = replace(shop.person("小鱼"), alias="王女士", nickname="鱼妈")
    await shop.hear(replace(shop.heard("小鱼", "早"), sender=fish))
    await said(shop, "鱼妈和王女士都说面霜太油了", "面霜有点油")
    found = await read(shop)
    quoted = " ".join(found.texts.values())
    assert "太油了" in quoted
    assert "鱼妈" not in quoted
    assert "王女士" not in quoted


async def test_who_asks_for_no_record_is_in_no_report_also_of_days_whose_text_is_gone(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await said(shop, "面霜太油了", "面霜有点油", days_ago=1)
    assert (await read(shop)).messages == 2
    shop.clock.advance(200 * DAY)
    async with shop.desk.database.writing() as connection:
        await messages.delete_before(connection, shop.clock.now() - 180 * DAY)
    group = await shop.group("一群")
    period = Period.ending(TODAY, 7)
    assert (await report(shop.desk, [group], period)).messages == 2
    await shop.says("粉丝1", "/norecord")
    found = await report(shop.desk, [group], period)
    assert (found.messages, found.speakers) == (1, 1)


# While old days are being read


async def note(shop: Shop) -> list[str]:
    """What a report of the last seven days says of itself."""
    ids = [(await shop.group("一群")).id]
    return (await progress_of(shop.desk, ids, last_days(shop.desk, 7))).lines(shop.desk)


async def test_a_report_says_how_many_days_are_not_read_yet(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.demand._READ_AT_ONCE", 2)
    for number in range(4):
        await said(any_shop, "面霜太油了", "面霜很润", days_ago=number)
    assert (await read(any_shop)).messages == 4
    assert await note(any_shop) == ["还在重读旧消息：2/4 天", "有 2 天还没读完，没全算进来"]
    answer = (await any_shop.says(MANAGER, "/insights 7 @一群")).text
    assert "还在重读旧消息：3/4 天\n有 1 天还没读完，没全算进来\n" in answer
    assert (await read(any_shop)).messages == 8
    assert await note(any_shop) == []


async def test_a_report_over_days_that_were_read_with_other_words_says_so(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        await said(any_shop, "云絮霜太油了", "云絮霜很润", days_ago=number)
    assert (await read(any_shop)).messages == 8
    monkeypatch.setattr("handlers.demand._READ_AT_ONCE", 0)
    any_shop.desk.segmenter.learn(["云絮霜"])
    try:
        found = await read(any_shop)
        assert found.messages == 8
        assert await note(any_shop) == ["还在重读旧消息：1/4 天", "有 3 天是按以前的词读的"]
        monkeypatch.setattr("handlers.demand._READ_AT_ONCE", 100)
        assert "云絮霜" in {one.word for one in (await read(any_shop)).keywords}
        assert await note(any_shop) == []
    finally:
        any_shop.desk.segmenter.forget("云絮霜")


async def test_days_whose_text_is_gone_stand_as_they_were_read_and_the_report_says_so(
    shop: Shop,
) -> None:
    await said(shop, "面霜太油了", days_ago=1)
    await read(shop)
    shop.clock.advance(200 * DAY)
    shop.desk.segmenter.learn(["云絮霜"])
    try:
        ids = [(await shop.group("一群")).id]
        found = await progress_of(shop.desk, ids, last_days(shop.desk, 210))
        assert found.lines(shop.desk) == ["有 1 天是按以前的词读的"]
        assert found.to_json() == {"days": 2, "read": 2, "unread": 0, "other_words": 1}
    finally:
        shop.desk.segmenter.forget("云絮霜")


async def test_a_message_of_today_is_in_the_report_of_a_period_that_is_remembered(
    any_shop: Shop,
) -> None:
    await said(any_shop, "面霜太油了", "面霜很润", days_ago=1)
    first = await read(any_shop)
    await said(any_shop, "面霜太油了", "面霜太油了", "面霜太油了")
    again = await read(any_shop)
    assert [(one.messages, one.speakers) for one in (first, again)] == [(2, 2), (5, 3)]
    assert await read(any_shop) == again
