"""A manager corrects what the bot understands: at once, for past days too, in every process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, replace
from itertools import count
from string import ascii_lowercase

import pytest

from handlers.demand import report
from handlers.desk import Desk
from handlers.period import Period, last_days, today
from handlers.progress import progress_of
from handlers.reading_days import first_readable, unread_days, version_now
from handlers.rereading import keep_reading
from handlers.settings import ConfiguredWords
from handlers.vocabulary import Vocabulary
from insights.opinions import Stance
from storage.database import Database
from storage.shop_words import adopt
from storage.word_proposals import Decision, decided_words
from tests.bot.program import PATIENCE
from tests.handlers.shop import DAY, MANAGER, NOW, Opener, Shop

DAYS = 5  # of which four are over: so few are read without a process of their own
TEACH = "/opinion 气味 上头 = 讨厌"


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """The same database as another process has it open."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


async def talk(shop: Shop, *texts: str, days: Iterable[int] = range(DAYS)) -> None:
    """Fans say these things, each another fan, on each of so many days ago."""
    await shop.hear(
        *(
            shop.heard(f"粉丝{number}", text, at=NOW - ago * DAY)
            for ago in days
            for number, text in enumerate(texts)
        )
    )


async def fans(desk: Desk, shop: Shop, stance: Stance, aspect: str = "气味") -> int:
    """How many fans stand so to an aspect, in the report of the last days."""
    found = await report(desk, [await shop.group("一群")], last_days(desk, DAYS))
    counts = {one.aspect: asdict(one)[stance.value] for one in found.aspects}
    return int(counts.get(aspect, 0))


async def beside(desk: Desk, database: Database) -> Desk:
    """The desk of a second process on the same database."""
    words = await Vocabulary.open(database, desk.shop_id, ConfiguredWords())
    return replace(desk, database=database, vocabulary=words)


async def unread(desk: Desk, shop: Shop) -> int:
    ids = [(await shop.group("一群")).id]
    return len(await unread_days(desk, ids, Period(first_readable(desk), today(desk))))


async def all_read(desk: Desk, shop: Shop) -> None:
    """Wait until the background has read every past day with the words of this desk."""
    async with asyncio.timeout(PATIENCE):
        for _ in count():
            if not await unread(desk, shop):
                return
            await asyncio.sleep(0.01)


async def test_what_a_manager_teaches_stands_in_the_next_report_of_past_days_as_well(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await talk(shop, "味道很上头", "这个香味太上头了", "面霜好用")
    assert await fans(shop.desk, shop, Stance.DISLIKE) == 0
    answer = await shop.says(MANAGER, TEACH)
    assert answer.text == (
        "好的，气味「上头」= 讨厌。\n马上生效；以前的 4 天正在重读，进度看 /insights。"
    )
    assert answer.buttons == {"收回": "/unopinion 气味 上头", "看教过的": "/opinions"}
    assert await fans(shop.desk, shop, Stance.DISLIKE) == 2
    assert "气味" in (await shop.says(MANAGER, "/insights 7 @一群")).text

    answer = await shop.says(MANAGER, answer.buttons["收回"])
    assert answer.text.startswith("好的，气味「上头」不再按教的算。\n马上生效")
    assert await fans(shop.desk, shop, Stance.DISLIKE) == 0


async def test_past_days_are_read_again_at_once_and_a_report_says_how_far_that_is(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = any_shop
    await talk(shop, "味道很上头")
    assert await fans(shop.desk, shop, Stance.DISLIKE) == 0
    monkeypatch.setattr("handlers.demand._READ_AT_ONCE", 0)
    await shop.says(MANAGER, TEACH)
    ids = [(await shop.group("一群")).id]
    lines = (await progress_of(shop.desk, ids, last_days(shop.desk, DAYS))).lines(shop.desk)
    assert lines == ["还在重读旧消息：1/5 天", "有 4 天是按以前的词读的"]
    reading = asyncio.ensure_future(keep_reading(shop.desk, look_every=3_600))
    try:
        await all_read(shop.desk, shop)
        assert await fans(shop.desk, shop, Stance.DISLIKE) == 1
        await shop.says(MANAGER, "/opinion 气味 上头 = 喜欢")  # nobody waits an hour for it
        await all_read(shop.desk, shop)
        assert await fans(shop.desk, shop, Stance.LIKE) == 1
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def test_a_second_process_reads_alike_and_neither_reads_for_ever(
    any_shop: Shop, other: Database
) -> None:
    shop = any_shop
    await talk(shop, "味道很上头")
    second = await beside(shop.desk, other)
    before = version_now(second)
    tasks = [
        asyncio.ensure_future(loop)
        for loop in (
            other.hear_others(),
            second.vocabulary.keep_fresh(look_every=0.2),
            keep_reading(second, look_every=3_600),
            keep_reading(shop.desk, look_every=3_600),
        )
    ]
    try:
        await shop.says(MANAGER, TEACH)
        await second.vocabulary.wait(0, 10)
        assert version_now(second) == version_now(shop.desk) != before
        await all_read(second, shop)
        assert await unread(shop.desk, shop) == 0
        assert await fans(second, shop, Stance.DISLIKE) == 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    third = await beside(shop.desk, other)  # one that starts later
    assert version_now(third) == version_now(shop.desk)


@pytest.mark.parametrize(
    ("teaches", "answers", "stance"),
    [
        ("/opinion 气味 上头 = 喜欢", "好的，气味「上头」= 喜欢。", Stance.LIKE),
        ("/opinion 香味 上头=讨厌", "好的，气味「上头」= 讨厌。", Stance.DISLIKE),
        ("观点 气味 上头 ＝ 介意", "好的，气味「上头」= 介意。", Stance.MIND),
        ("/opinion 气味 上头 = care", "好的，气味「上头」= 关心。", Stance.CARE),
        ("/opinion 气味 上头 = 不算", "好的，气味「上头」= 不算看法。", Stance.CARE),
        ("/opinion 上头 = 讨厌", "好的，「上头」= 讨厌，不管说什么。", Stance.DISLIKE),
    ],
)
async def test_every_stance_is_taught_with_an_aspect_or_without(
    shop: Shop, teaches: str, answers: str, stance: Stance
) -> None:
    await talk(shop, "味道很上头", days=[0])
    answer = await shop.says(MANAGER, teaches)
    assert answer.text == f"{answers}\n马上生效。"
    assert await fans(shop.desk, shop, stance) == 1
    for one in set(Stance) - {stance}:
        assert await fans(shop.desk, shop, one) == 0


async def test_a_word_that_the_bot_misreads_is_corrected(shop: Shop) -> None:
    await talk(shop, "味道刺鼻", days=[0])
    assert await fans(shop.desk, shop, Stance.DISLIKE) == 1
    await shop.says(MANAGER, "/opinion 刺鼻 = 不算")
    assert await fans(shop.desk, shop, Stance.DISLIKE) == 0


async def test_a_health_word_is_taught_as_an_opinion_and_tags_nobody(shop: Shop) -> None:
    await talk(shop, "这个成分过敏", days=[0])
    assert (await shop.says(MANAGER, "/opinion 成分 过敏 = 介意")).text.startswith("好的")
    assert await fans(shop.desk, shop, Stance.MIND, "成分") == 1
    assert not [tag for tag in await shop.tags("粉丝0") if "过敏" in tag]


async def test_that_something_is_there_at_all_can_be_minded(shop: Shop) -> None:
    await talk(shop, "里面有酒精", days=[0])
    assert (await shop.says(MANAGER, "/opinion 成分 酒精 = 介意")).text.startswith("好的")
    assert await fans(shop.desk, shop, Stance.MIND, "成分") == 1


async def test_the_whole_is_an_aspect_that_everybody_knows(shop: Shop) -> None:
    await talk(shop, "真上头", days=[0])
    answer = await shop.says(MANAGER, "/opinion 整体 上头 = 讨厌")
    assert answer.text == "好的，整体「上头」= 讨厌。\n马上生效。"
    assert await fans(shop.desk, shop, Stance.DISLIKE, "整体") == 1
    assert (await shop.says(MANAGER, "/unopinion 整体 上头")).text.startswith("好的")


async def test_a_taught_word_is_not_cut(shop: Shop) -> None:
    await talk(shop, "龙涎涎的味道", days=[0])
    assert "龙涎涎" not in shop.desk.segmenter.cut("龙涎涎的味道")
    await shop.says(MANAGER, "/opinion 气味 龙涎涎 = 喜欢")
    assert "龙涎涎" in shop.desk.segmenter.cut("龙涎涎的味道")
    found = await report(shop.desk, [await shop.group("一群")], last_days(shop.desk, 1))
    assert found.messages == 1


@pytest.mark.parametrize(
    ("says", "answers"),
    [
        ("/opinion 不 = 讨厌", "「不」只是句子里的虚词，教了会读错别的话。"),
        ("/opinion 面霜 厚 = 讨厌", "「面霜」是商品，不是方面。"),
        # a slip of a blank is no new aspect
        *(
            (f"/opinion {slip} 香 = 讨厌", f"「{slip}」不是方面。")
            for slip in ("很", "不", "太", "吗", "喜欢", "这个", "真的", "300", "[赞]")
        ),
        # what is named is not judged by that
        ("/opinion 面霜 = 讨厌", "「面霜」是商品或方面的名字"),
        ("/opinion 味道 = 讨厌", "「味道」是商品或方面的名字"),
        ("/opinion 气味 味道 = 讨厌", "「味道」是商品或方面的名字"),
        ("/opinion 气味 气味 = 介意", "「气味」是商品或方面的名字"),
        ("/opinion 价格 味道 = 介意", "「味道」是商品或方面的名字"),
        ("/opinion 气味=上头=讨厌", "要写成“气味 刺鼻 = 讨厌”"),
        ("/opinion 😱 = 讨厌", "这里没有我读得懂的词"),
        ("/opinion 气味 刺鼻", "要写成“气味 刺鼻 = 讨厌”"),
        ("/opinion 气味 刺鼻 = 难过", "要写成“气味 刺鼻 = 讨厌”"),
        ("/opinion = 讨厌", "还少一个词"),
        ("/opinion 气味 真的 刺鼻 = 讨厌", "最多写两个词"),
        (f"/opinion {ascii_lowercase}12345 = 讨厌", "这个词太长了"),
        ("/unopinion 气味 刺鼻", "没有教过气味「刺鼻」。发 /opinions 看教过的。"),
        ("/learn 霜", "要学的词至少两个字"),
        ("/learn 好！！", "要学的词至少两个字"),
    ],
)
async def test_what_cannot_be_taught_is_told_with_the_reason(
    shop: Shop, says: str, answers: str
) -> None:
    assert answers in (await shop.says(MANAGER, says)).text
    assert shop.desk.vocabulary.number == 0


async def test_what_was_taught_is_changed_and_listed(shop: Shop) -> None:
    assert "还没有教过" in (await shop.says(MANAGER, "/opinions")).text
    await shop.says(MANAGER, TEACH)
    again = (await shop.says(MANAGER, TEACH)).text
    assert again == "本来就是这么教的：气味「上头」= 讨厌。"
    changed = (await shop.says(MANAGER, "/opinion 气味 上头 = 喜欢")).text
    assert "原来教的是 讨厌。" in changed
    new = (await shop.says(MANAGER, '/opinion 流苏扣 "有点 松" = 讨厌')).text
    assert "「流苏扣」这个方面我以前不认识，也记住了。" in new
    assert (await shop.says(MANAGER, "观点表")).text == (
        "教过 2 个看法：\n"
        "气味「上头」= 喜欢（阿玲 11-05 10:00）\n"
        "流苏扣「有点 松」= 讨厌（阿玲 11-05 10:00）\n"
        "要收回，发 /unopinion 气味 刺鼻"
    )
    assert (await shop.says(MANAGER, '/unopinion 流苏扣 "有点 松"')).text.startswith("好的")
    audited = (await shop.says(MANAGER, "/audit")).text
    assert '阿玲 收回了「流苏扣 "有点 松"」的看法' in audited
    assert "阿玲 教我「气味 上头」= 喜欢" in audited
    assert "阿玲 教我「气味 上头」= 讨厌" in audited


async def test_only_managers_teach(shop: Shop) -> None:
    for says in (
        TEACH,
        "/unopinion 刺鼻",
        "/opinions",
        "/words",
        "/learn 云絮霜",
        "/unlearn 云絮霜",
    ):
        await shop.says("小鱼", says)
    assert shop.desk.vocabulary.number == 0


async def test_a_word_is_learnt_and_unlearnt(any_shop: Shop) -> None:
    shop = any_shop
    await talk(shop, "龙涎涎霜什么时候补货", days=[0, 1])
    group = await shop.group("一群")

    async def terms() -> set[str]:
        found = await report(shop.desk, [group], last_days(shop.desk, 2))
        return {one["word"] for one in found.to_json()["keywords"]}

    assert "龙涎涎霜" not in await terms()
    answer = await shop.says(MANAGER, "/learn 龙涎涎霜")
    assert answer.text.startswith("学会了「龙涎涎霜」，以后当一个词看。\n马上生效；以前的 1 天")
    assert "龙涎涎霜" in shop.desk.segmenter.cut("龙涎涎霜什么时候补货")
    assert (await shop.says(MANAGER, "/learn 龙涎涎霜")).text == "「龙涎涎霜」已经学过了。"
    assert "「龙涎涎霜」学过了（阿玲 11-05 10:00）" in (await shop.says(MANAGER, "/words")).text
    assert answer.buttons == {"不学了": "/unlearn 龙涎涎霜"}
    await shop.says(MANAGER, answer.buttons["不学了"])
    assert "龙涎涎霜" not in shop.desk.segmenter.cut("龙涎涎霜什么时候补货")
    async with shop.desk.database.reading() as connection:
        refused = await decided_words(connection, shop.desk.shop_id, Decision.REFUSED)
    assert [one.word for one in refused] == ["龙涎涎霜"]


async def test_a_configured_word_stays_whole_and_says_where_it_stands(shop: Shop) -> None:
    desk = shop.desk
    async with desk.database.writing() as connection:
        words = ConfiguredWords(words=("早C晚A",))
        await adopt(connection, desk.shop_id, words.to_json(), NOW)
    await desk.vocabulary.refresh()
    for _ in range(2):
        answer = await shop.says(MANAGER, "/unlearn 早C晚A")
        assert answer.text == "「早c晚a」写在配置里，改了配置我才不当一个词看。"


async def test_it_is_said_in_english(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("一群")
    answer = await shop.says(MANAGER, "/opinion scent pungent = dislike")
    assert answer.text.startswith("Done: scent “pungent” = Dislike.")
