"""Spike alerts on real storage: told once, with quotes, within minutes, and only where they should.

Each shop here has a history of some weeks in which a few fans talk of this and that.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers import spike_watch, usual_talk
from handlers.spike_watch import QUIET_FOR, watch_spikes
from handlers.usual_talk import LOOKS_BACK
from insights.watched import WINDOW, Sort, Thing
from scheduler.content import Content
from scheduler.courier import AddressGone
from storage import told_spikes
from storage.lately_said import IMPORTED
from storage.messages import delete_before
from storage.told_spikes import spikes_since
from storage.watched_windows import window_versions
from tests.handlers.shop import DAY, MANAGER, MINUTE, NOW, Shop, in_private

HOUR = timedelta(hours=1)
SMALL_TALK = ("早", "今天降温了")


async def talk(shop: Shop, days: int = 10, texts: tuple[str, ...] = SMALL_TALK) -> None:
    """Some days of small talk, until an hour ago, and a manager who can be reached."""
    said = [
        shop.heard(f"老粉{n % 5}", text, at=NOW - day * DAY - HOUR - n * MINUTE)
        for day in range(days)
        for n, text in enumerate(texts * 3)
    ]
    await shop.hear(*said)
    await shop.says(MANAGER, "大家好")
    shop.platform.posts.clear()


async def say_so(shop: Shop, fans: int, text: str, *, group: str = "一群", first: int = 0) -> None:
    """So many fans say it, one each minute."""
    for n in range(first, first + fans):
        shop.clock.advance(MINUTE)
        await shop.says(f"粉丝{n}", text.format(n=n), group=group)


def alerts(shop: Shop) -> list[Content]:
    """What the manager was told."""
    return [
        post.content
        for post in shop.platform.posts
        if post.address == in_private(MANAGER) and post.content.text.startswith("⚠️")
    ]


def restart(shop: Shop) -> None:
    """Forget what the process remembers."""
    spike_watch._KNOWN.pop(shop.desk.database, None)


async def test_many_fans_who_complain_at_once_are_told_to_the_staff(any_shop: Shop) -> None:
    shop = any_shop
    await talk(shop)
    await say_so(shop, 4, "用完过敏了，脸好痒")
    await say_so(shop, 2, "@小美 我也过敏了，打我电话13800001111", group="二群", first=4)
    assert await watch_spikes(shop.desk) == 1
    (told,) = alerts(shop)
    first, others, groups, *rest = told.text.splitlines()
    assert first == "⚠️ 「过敏」：6 位粉丝 20 分钟内提到，平时几乎没有。"
    assert others.startswith("同时：对安全不满或担心 6 人")
    assert groups == "来自：一群 4 人、二群 2 人"
    assert any("我也过敏了" in line for line in rest)
    assert "13800001111" not in told.text
    assert {one.label: one.says for one in told.buttons} == {
        "看原话": "/quotes 过敏 2",
        "看今天": "/insights 1",
    }


async def test_it_is_told_within_minutes_of_the_message_that_makes_it_a_spike(shop: Shop) -> None:
    await talk(shop)
    await watch_spikes(shop.desk)
    for n in range(8):
        await shop.says(f"粉丝{n}", "漏液了")
        if await watch_spikes(shop.desk):
            break
        shop.clock.advance(MINUTE)
    # Four fans are a spike of what nobody says; the next look, a minute later at most, sees it.
    assert n == 3
    assert len(alerts(shop)) == 1


async def test_a_spike_is_told_once_as_long_as_it_goes_on(shop: Shop) -> None:
    await talk(shop)
    for n in range(60):
        shop.clock.advance(2 * MINUTE)
        await shop.says(f"粉丝{n}", "用完过敏了")
        await watch_spikes(shop.desk)
        if n == 30:
            restart(shop)
    assert len(alerts(shop)) == 1


async def test_a_spike_that_comes_back_after_hours_is_told_again(shop: Shop) -> None:
    await talk(shop)
    await say_so(shop, 6, "用完过敏了")
    await watch_spikes(shop.desk)
    shop.clock.advance(QUIET_FOR - HOUR)
    await say_so(shop, 6, "用完过敏了", first=10)
    await watch_spikes(shop.desk)
    assert len(alerts(shop)) == 1
    shop.clock.advance(QUIET_FOR)
    await say_so(shop, 12, "用完过敏了", first=20)
    await watch_spikes(shop.desk)
    assert len(alerts(shop)) == 2


async def test_another_word_for_it_is_told_with_it_and_news_an_hour_later(shop: Shop) -> None:
    await talk(shop)
    await say_so(shop, 6, "用完过敏了")
    await watch_spikes(shop.desk)
    await say_so(shop, 6, "刺痛", first=20)
    await watch_spikes(shop.desk)
    assert len(alerts(shop)) == 1
    shop.clock.advance(HOUR)
    await say_so(shop, 6, "烂脸了", first=40)
    await watch_spikes(shop.desk)
    assert [one.text.split("：")[0] for one in alerts(shop)] == ["⚠️ 「过敏」", "⚠️ 「烂脸」"]


@pytest.mark.parametrize("text", ["泵头漏了", "客服不理人", "味道太刺鼻了", "面霜什么时候补货"])
async def test_its_button_shows_the_quotes_of_all_who_said_it(shop: Shop, text: str) -> None:
    await talk(shop)
    await say_so(shop, 6, text)
    await watch_spikes(shop.desk)
    (told,) = alerts(shop)
    assert told.text.count(text) == 1  # the same words are quoted once
    shown = await shop.presses(MANAGER, told.buttons[0].says)
    assert "6 人说过" in shown.text


async def test_another_incident_beside_it_is_told_too(shop: Shop) -> None:
    await talk(shop)
    await say_so(shop, 6, "用完过敏了")
    await watch_spikes(shop.desk)
    await say_so(shop, 6, "泵头漏液了", first=20)
    await watch_spikes(shop.desk)
    assert [one.text.split("：")[0] for one in alerts(shop)] == ["⚠️ 「过敏」", "⚠️ 「漏液」"]


@pytest.mark.parametrize(
    "text",
    [
        "红包雨",
        "红包雨来啦",
        "签到",
        "打卡第{n}天",
        "接龙 {n}",
        "哈哈哈哈",
        "1",
        "+1",
        "新年快乐",
        "面霜真好用",
        "回购了",
        "用了没过敏",
        "直播间见",
        "今天好冷",
    ],
)
async def test_what_means_nothing_bad_is_no_spike_however_many_say_it(
    shop: Shop, text: str
) -> None:
    await talk(shop)
    await say_so(shop, 15, text)
    assert await watch_spikes(shop.desk) == 0
    assert alerts(shop) == []


@pytest.mark.parametrize(("taught", "told"), [(False, 1), (True, 0)])
async def test_what_a_manager_taught_to_be_no_complaint_is_no_spike(
    shop: Shop, *, taught: bool, told: int
) -> None:
    await talk(shop)
    if taught:
        await shop.says(MANAGER, "/opinion 刺激 = 不算", group=None)
    await say_so(shop, 6, "今晚的秒杀太刺激了")
    assert await watch_spikes(shop.desk) == told


async def test_one_fan_who_says_it_often_is_no_spike(shop: Shop) -> None:
    await talk(shop)
    for _ in range(12):
        shop.clock.advance(MINUTE)
        await shop.says("小鱼", "我过敏了")
        await shop.says("小鱼", "我过敏了", group="二群")
    assert await watch_spikes(shop.desk) == 0


async def test_the_staff_s_own_words_do_not_count(shop: Shop) -> None:
    await talk(shop)
    shop.staff |= {f"粉丝{n}" for n in range(10)}
    await say_so(shop, 10, "用完过敏的请退货")
    assert await watch_spikes(shop.desk) == 0


async def test_a_history_that_is_imported_never_alarms(shop: Shop) -> None:
    await talk(shop)
    shop.clock.advance(10 * MINUTE)
    # Old words, and words of this very quarter of an hour that came in a file.
    await shop.hear(
        *(shop.heard(f"粉丝{n}", "过敏了", at=NOW - DAY - n * MINUTE) for n in range(9)),
        *(shop.heard(f"粉丝{n}", "过敏了", message=f"{IMPORTED}{n}") for n in range(9)),
    )
    assert await watch_spikes(shop.desk) == 0


async def test_who_asked_for_no_record_and_what_was_taken_back_does_not_count(shop: Shop) -> None:
    await talk(shop)
    for n in range(3):
        await shop.says(f"粉丝{n}", "/norecord", group=None)
    await say_so(shop, 6, "用完过敏了")
    assert await watch_spikes(shop.desk) == 0


async def test_a_shop_that_has_just_begun_to_listen_knows_nothing_as_unusual(shop: Shop) -> None:
    await shop.says(MANAGER, "大家好")
    await say_so(shop, 9, "用完过敏了")
    assert await watch_spikes(shop.desk) == 0


async def test_what_is_said_every_day_is_usual(shop: Shop) -> None:
    await talk(shop, days=28, texts=("怕过敏", "会过敏吗", "用完过敏了", "过敏了", "会不会过敏"))
    await say_so(shop, 5, "用完过敏了")
    assert await watch_spikes(shop.desk) == 0


async def test_an_alert_that_reached_nobody_is_told_at_the_next_look(shop: Shop) -> None:
    await talk(shop)
    shop.platform.refuses[in_private(MANAGER)] = AddressGone("gone")
    await say_so(shop, 6, "用完过敏了")
    assert await watch_spikes(shop.desk) == 0
    del shop.platform.refuses[in_private(MANAGER)]
    await shop.says(MANAGER, "我回来了")
    shop.clock.advance(MINUTE)
    assert await watch_spikes(shop.desk) == 1
    assert len(alerts(shop)) == 1


async def test_a_process_that_ends_behind_the_telling_has_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(shop)
    await say_so(shop, 6, "用完过敏了")
    real = told_spikes.note_told
    calls = 0

    async def killed(*args: object, **more: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        await real(*args, **more)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(spike_watch, "note_told", killed)
    with pytest.raises(KeyboardInterrupt):
        await watch_spikes(shop.desk)
    monkeypatch.setattr(spike_watch, "note_told", real)
    restart(shop)
    shop.clock.advance(MINUTE)
    await watch_spikes(shop.desk)
    await watch_spikes(shop.desk)
    assert len(alerts(shop)) == 1
    async with shop.desk.database.reading() as connection:
        spikes = await spikes_since(connection, shop.desk.shop_id, NOW)
    assert all(one.told_at for one in spikes)


async def test_what_was_told_is_not_told_again_when_another_word_leads_by_now(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(shop)
    await say_so(shop, 5, "客服不理人")
    real = told_spikes.note_told

    async def killed(*args: Any) -> None:
        if args[2]:
            raise KeyboardInterrupt
        await real(*args)

    monkeypatch.setattr(spike_watch, "note_told", killed)
    with pytest.raises(KeyboardInterrupt):
        await watch_spikes(shop.desk)
    monkeypatch.setattr(spike_watch, "note_told", real)
    restart(shop)
    await say_so(shop, 7, "服务态度差", first=20)
    await watch_spikes(shop.desk)
    shop.clock.advance(MINUTE)
    await watch_spikes(shop.desk)
    assert len(alerts(shop)) == 1


async def test_words_of_a_time_that_was_counted_are_counted_with_it(any_shop: Shop) -> None:
    shop = any_shop
    await talk(shop)
    await watch_spikes(shop.desk)
    await shop.hear(
        *(
            shop.heard(f"老客{n}", "用完过敏了", at=NOW - n * DAY, message=f"{IMPORTED}{day}-{n}")
            for day in range(1, 9)
            for n in range(1, 9)
        )
    )
    shop.clock.advance(WINDOW)
    await watch_spikes(shop.desk)
    usual = spike_watch._KNOWN[shop.desk.database].usual
    assert usual is not None
    assert usual.things[Thing(Sort.WORD, "过敏")].fans == 8


async def test_each_quote_is_a_short_line(shop: Shop) -> None:
    await talk(shop)
    await say_so(shop, 6, "用完过敏了\n\n" + "脸好痒好红，" * 500 + "{n}")
    await watch_spikes(shop.desk)
    (told,) = alerts(shop)
    quotes = told.text.split("原话：\n")[1].splitlines()
    assert len(quotes) == 3
    assert all(len(quote) <= 62 and quote.endswith("…”") for quote in quotes)


async def test_where_all_words_are_gone_nothing_is_usual_any_more(shop: Shop) -> None:
    await talk(shop)
    await watch_spikes(shop.desk)
    async with shop.desk.database.writing() as connection:
        await delete_before(connection, NOW + DAY)
    assert await watch_spikes(shop.desk) == 0
    await say_so(shop, 6, "用完过敏了")
    assert await watch_spikes(shop.desk) == 0


async def test_what_is_usual_is_counted_by_and_by_and_known_after_a_restart(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.usual_talk._MOST", 10)
    await talk(shop, days=8)

    async def counted() -> int:
        async with shop.desk.database.reading() as connection:
            return len(await window_versions(connection, shop.desk.shop_id, NOW - LOOKS_BACK))

    await watch_spikes(shop.desk)
    first = await counted()
    for _ in range(12):
        await watch_spikes(shop.desk)
    whole = await counted()
    assert 0 < first < whole
    # From the first words of the first day until now, three windows an hour.
    assert whole == pytest.approx(7 * 72 + 3, abs=2)
    restart(shop)
    monkeypatch.setattr("handlers.usual_talk._MOST", 0)
    await say_so(shop, 6, "用完过敏了")
    assert await watch_spikes(shop.desk) == 1


def test_the_page_on_insights_says_what_the_code_does() -> None:
    page = Path(__file__).parents[2].joinpath("docs/discussions/insights.md").read_text("utf-8")
    told = page.split("## Spike alerts\n")[1].split("\n## ")[0]
    for fact in (
        f"the last {WINDOW // MINUTE} minutes".replace("20", "twenty"),
        f"the last {LOOKS_BACK // DAY} days",
        f"{usual_talk._MOST:,} messages a look",
        f"over for {QUIET_FOR // HOUR} hours".replace("4", "four"),
    ):
        assert fact in told
