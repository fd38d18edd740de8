"""A trial from its plan to its verdict, as a manager asks for it and reads it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from handlers.arguments import Unreadable
from handlers.trial_arguments import TrialWords
from storage.campaign_money import Money
from storage.outcome_sources import Metric
from tests.handlers.scenes import broadcast, second_manager, the_one
from tests.handlers.shop import DAY, MANAGER, Answers, Opener, Shop
from tests.handlers.test_private_campaigns import TO, tagged

HOUR = timedelta(hours=1)
FANS = [f"粉丝{number}" for number in range(40)]
GROUPS = [f"{number}号群" for number in range(10)]
TEXT, OTHER_TEXT = "新品到了", "老朋友，新品给你留了一份"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            "回复 48小时 200 留10%",
            {"metric": Metric.REPLIES, "window": 48 * HOUR, "size": 200, "hold_out": 10},
        ),
        (
            "10% 300位 2天 说话",
            {"metric": Metric.TALK, "window": 2 * DAY, "size": 300, "hold_out": 10},
        ),
        ("mentions 6H 留出20％", {"metric": Metric.MENTIONS, "window": 6 * HOUR, "hold_out": 20}),
        ("20个群", {"size": 20}),
        ("off", {"off": True}),
        ("另一版 今晚八点\n@小鱼 先到先得", {"text": "今晚八点\n@小鱼 先到先得"}),
        ("花费 300 收入 5000.5元", {"money": Money(30_000, 500_050)}),
        ("cost 12.30", {"money": Money(1_230, None)}),
    ],
)
def test_a_plan_is_written_in_any_order(written: str, meant: dict[str, Any]) -> None:
    assert TrialWords.read(written) == (TrialWords(**meant), "")


def test_people_stand_behind_the_plan() -> None:
    found, left = TrialWords.read("回复 2天 @标签:老客")
    assert (found.metric, left) == (Metric.REPLIES, "@标签:老客")


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "还没写怎么比"),
        ("爱 48小时", "看不懂"),
        ("31天", "最多看发出后"),
        ("0小时", "最多看发出后"),
        ("留60%", "最多留出"),
        ("另一版", "另一版的文字还没写"),
        ("回复 48小时 留10% 另一版 今晚八点", "一次写一样"),
        ("回复 48小时 花费 300", "一次写一样"),
        ("花费 很多", "钱数写成数字"),
        ("花费", "钱数写成数字"),
    ],
)
def test_what_is_no_plan_is_answered_with_the_right_example(written: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as wrong:
        TrialWords.read(written)
    assert wrong.value.sentence.startswith(sentence)


async def asked(shop: Shop, text: str, who: str = MANAGER) -> Answers:
    """What a manager is answered in private."""
    return await shop.says(who, text, group=None)


async def draft_to_people(shop: Shop) -> int:
    """A message to forty fans that waits for another manager; its number."""
    await tagged(shop, *FANS)
    await second_manager(shop)
    await broadcast(shop, TEXT, to=TO)
    return (await the_one(shop)).id


async def begin(shop: Shop, number: int) -> None:
    """The other manager approves, and it goes out."""
    version = (await the_one(shop)).version_number
    await asked(shop, f"/approve {number} {version}", "阿强")
    await shop.delivers()


async def test_a_campaign_with_one_text_for_everybody_has_nothing_to_compare(shop: Shop) -> None:
    number = await draft_to_people(shop)
    answer = await asked(shop, f"/trial {number} 回复 48小时 10")
    assert answer.text == (
        "只有一种说法，也没有留出，没有可比的。先加一种："
        f"/trial {number} 另一版 今晚八点，新品先到先得；"
        f"或者留出一些不发：/trial {number} 说话 48小时 留10%"
    )


async def test_no_campaign_no_trial(shop: Shop) -> None:
    assert "没有编号 99 的活动" in (await asked(shop, "/trial 99")).text


async def test_a_trial_of_two_texts_goes_from_its_plan_to_its_verdict(shop: Shop) -> None:
    number = await draft_to_people(shop)
    preview = await asked(shop, f"/trial {number} 另一版 {OTHER_TEXT}")
    assert TEXT in preview.text
    assert OTHER_TEXT in preview.text
    await asked(shop, "/confirm")
    plan = await asked(shop, f"/trial {number} 回复 48小时 10")
    assert len(plan) == 1  # the question and what it asks for are one message
    assert TEXT not in plan.text.partition("\n")[2]
    assert next(iter(plan.buttons.values())).startswith("/confirm")
    assert plan.text.startswith(
        f"「{TEXT}」（编号 {number}）的对照：\n"
        "比的是发出后 2 天内回复的粉丝；按人比，每边满 10 位、时间到了，才下结论\n"
        "抽签分到的粉丝："
    )
    await asked(shop, "/confirm")
    assert (await asked(shop, f"/trial {number}")).text.endswith("还没有发出，没有结果。")
    await begin(shop, number)
    for name in await got(shop, OTHER_TEXT):
        await shop.says(name, "要一份", group=None)
    early = (await asked(shop, f"/trial {number}")).text
    assert "还没到约定的时候，这是中途的数字，不下结论" in early
    assert "已发的要看到" in early
    shop.clock.advance(2 * DAY)
    late = (await asked(shop, f"/trial {number}")).text.splitlines()
    assert late[0] == f"「{TEXT}」（编号 {number}）的对照："
    assert "B比A多 100.0 个百分点" in late[-1]
    assert late[-1].endswith("不像是碰巧：B更多。")


async def got(shop: Shop, text: str) -> list[str]:
    """The fans who were told so."""
    return [
        str(post.address).removeprefix("person:id-")
        for post in shop.platform.posts
        if post.content.text == text and str(post.address).startswith("person:id-粉丝")
    ]


async def test_what_is_alike_says_how_many_more_would_tell(shop: Shop) -> None:
    number = await draft_to_people(shop)
    await asked(shop, f"/trial {number} 另一版 {OTHER_TEXT}")
    await asked(shop, "/confirm")
    await asked(shop, f"/trial {number} 回复 48小时 10")
    await asked(shop, "/confirm")
    await begin(shop, number)
    for name in (*(await got(shop, TEXT))[:3], *(await got(shop, OTHER_TEXT))[:5]):
        await shop.says(name, "好", group=None)
    shop.clock.advance(3 * DAY)
    last = (await asked(shop, f"/trial {number}")).text.splitlines()[-1]
    assert "还看不出差别：大约还要" in last
    assert last.endswith("位粉丝。")


async def test_those_held_out_get_nothing_and_are_compared_with(shop: Shop) -> None:
    number = await draft_to_people(shop)
    plan = await asked(shop, f"/trial {number} 说话 3天 留50%")
    assert "；留出 50% 不发，作对照" in plan.text
    await asked(shop, "/confirm")
    await begin(shop, number)
    told = await got(shop, TEXT)
    assert 10 <= len(told) <= 30
    for name in told:
        await shop.says(name, "谢谢")
    shop.clock.advance(4 * DAY)
    lines = (await asked(shop, f"/trial {number}")).text.splitlines()
    assert f"A：{len(told)} 位粉丝，发到 {len(told)}/{len(told)} 条，新客占 100%" in lines
    assert f"留出的：{40 - len(told)} 位粉丝，新客占 100%" in lines
    assert lines[-1].startswith("A比留出的多 100.0 个百分点")


async def test_a_trial_among_some_leaves_the_others_out_of_it(shop: Shop) -> None:
    number = await draft_to_people(shop)
    await tagged(shop, *FANS[:20], tag="敏感肌")
    plan = await asked(shop, f"/trial {number} 说话 3天 留50% @标签:敏感肌")
    assert "；只在这些粉丝里比：tag:敏感肌" in plan.text
    await asked(shop, "/confirm")
    await begin(shop, number)
    told = await got(shop, TEXT)
    assert set(FANS[20:]) < set(told)
    assert len(told) < 40
    assert "另有 20 位不在对照里，不算" in (await asked(shop, f"/trial {number}")).text


async def test_a_trial_is_fixed_before_it_begins_or_not_at_all(shop: Shop) -> None:
    await broadcast(shop)
    await shop.delivers()
    number = (await the_one(shop)).id
    answer = await asked(shop, f"/trial {number} 说话 3天 留50%")
    assert "对照要在开始之前定" in answer.text
    shown = (await asked(shop, f"/trial {number}")).text
    assert "没有定对照。下面是发出后 2 天内的数字：" in shown


async def test_groups_are_compared_as_wholes(shop: Shop) -> None:
    await shop.opens(*GROUPS, tagged=["福利群"])
    for group in GROUPS:
        await shop.joins(*(f"{group}粉丝{number}" for number in range(3)), group=group)
    await second_manager(shop)
    await broadcast(shop, TEXT, to="@福利群")
    number = (await the_one(shop)).id
    refused = await asked(shop, f"/trial {number} 回复 2天 留40%")
    assert refused.text.startswith("留出的没有收到，没法回复。换一样来比")
    refused = await asked(shop, f"/trial {number} 说话 2天 留40% @标签:老客")
    assert "不能分人" in refused.text or "还没有人" in refused.text
    plan = await asked(shop, f"/trial {number} 2天 留40%")
    assert "内说话的粉丝；按群比，每边满" in plan.text
    await asked(shop, "/confirm")
    await begin(shop, number)
    sent = {str(post.address) for post in shop.platform.posts if post.content.text == TEXT}
    assert 0 < len(sent & {f"group:chat-{group}" for group in GROUPS}) < 10
    shop.clock.advance(3 * DAY)
    lines = (await asked(shop, f"/trial {number}")).text.splitlines()
    heads = [line for line in lines if "个群，" in line and "：" in line]
    assert [head.split("：")[0] for head in heads] == ["A", "留出的"]
    assert lines[-1] == "A和留出的比：还看不出差别：人还太少，或者发生得太少。"


async def test_a_plan_is_taken_off_and_the_texts_stay(shop: Shop) -> None:
    number = await draft_to_people(shop)
    await asked(shop, f"/trial {number} 说话 3天 留50%")
    await asked(shop, "/confirm")
    await asked(shop, f"/trial {number} 取消")
    await asked(shop, "/confirm")
    assert "没有定对照" in (await asked(shop, f"/trial {number}")).text
    await begin(shop, number)
    assert len(await got(shop, TEXT)) == 40


async def test_what_a_campaign_cost_and_brought_is_shown_with_it(shop: Shop) -> None:
    number = await draft_to_people(shop)
    answer = await asked(shop, f"/trial {number} 花费 300 收入 5000")
    line = "花费 300.00 元 · 收入 5000.00 元 · 每花 1 元带回 16.67 元"
    assert answer.text == f"记下了「{TEXT}」：\n{line}"
    assert (await asked(shop, f"/trial {number}")).text.endswith(line)


async def test_a_campaign_has_only_so_many_texts(shop: Shop) -> None:
    number = await draft_to_people(shop)
    for count in range(5):
        await asked(shop, f"/trial {number} 另一版 第 {count} 版")
        await asked(shop, "/confirm")
    answer = await asked(shop, f"/trial {number} 另一版 再来一版")
    assert answer.text == "一个活动最多 6 种说法。"


async def test_another_text_is_checked_like_the_first(shop: Shop) -> None:
    number = await draft_to_people(shop)
    answer = await asked(shop, f"/trial {number} 另一版 {{{{ price }}}} 元")
    assert "这段内容里的花括号没写对" in answer.text
    answer = await asked(shop, f"/trial {number} 另一版 {'长' * 5000}")
    assert "内容太长了" in answer.text


async def test_in_english_a_trial_is_read_and_told_in_english(opened: Opener) -> None:
    shop = await opened(language="en")
    number = await draft_to_people(shop)
    plan = await asked(shop, f"/trial {number} talk 48h 10 50%")
    assert plan.text.startswith(
        f"The trial of “{TEXT}” (number {number}):\n"
        "Compared are the fans who, within 2 days after a post, talk; "
        "by people, with a verdict once each arm has 10 fans and the time is over; "
        "50% are held out and get nothing\nfans by lot: A "
    )
    await asked(shop, "/confirm")
    await begin(shop, number)
    for name in (*FANS[:4], *(await got(shop, TEXT))[:3]):
        await shop.says(name, "好")
    early = (await asked(shop, f"/trial {number}")).text
    assert "it is not over yet: these are figures on the way and no verdict." in early
    shop.clock.advance(3 * DAY)
    last = (await asked(shop, f"/trial {number}")).text.splitlines()[-1]
    assert "no difference can be told yet: about " in last
    assert last.endswith(" more fans needed.")
