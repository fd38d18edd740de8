"""What managers know about fans: tags, profiles, watched words, tags of groups."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.events import MemberJoined
from storage import audiences, audit
from tests.handlers.shop import ACCOUNT, DAY, MANAGER, Shop, chat_of, in_private


@pytest.fixture
async def shop(shop: Shop) -> Shop:
    """The shop with three fans in it."""
    await shop.joins("小鱼", "小美")
    await shop.joins("小 鱼干", group="二群")
    return shop


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("/tag @小鱼 敏感肌 常问成分", "已给 小鱼 贴上「敏感肌」。"),
        ("标签 @小鱼 敏感肌", "已给 小鱼 贴上「敏感肌」。"),
        ('/tag @"小 鱼干" 老客', "已给 小 鱼干 贴上「老客」。"),
        ("/tag id-小鱼 老客", "已给 小鱼 贴上「老客」。"),
        ("/untag @小鱼 老客", "小鱼 没有「老客」这个标签。"),
        ("/tags @小美", "小美 的标签：\n「新人」自动 11-05 10:00 · 新进 一群 · 到 11-12 10:00"),
        ("/tags", "新人：3 人"),
        ("/members 新人", "「新人」3 人：小 鱼干、小美、小鱼"),
        ("/members 新", "没有人带「新」。是不是：新人？"),
        ("/members 老客", "没有人带「老客」。发 /tags 看所有标签。"),
        ("/watch 补水 = 兴趣:补水", "好的，谁说到「补水」就贴上「兴趣:补水」，90 天没再提就去掉。"),
        ("/unwatch 补水", "本来就没有关注「补水」。正在关注：还没有"),
        ("/grouptag @二群 福利群 老客群", "好的，二群 的标签是：福利群、老客群"),
        ("/grouptag @二群 福利群，老客群、", "好的，二群 的标签是：福利群、老客群"),
        ("/grouptag @二群", "好的，二群 现在没有标签了。"),
        ("/who @小鱼儿", '没有找到「小鱼儿」。是不是：@小鱼、@"小 鱼干"、@小美？'),
        ("/who @小鱼干", '没有找到「小鱼干」。是不是：@"小 鱼干"、@小鱼、@小美？'),
        ("/who @🐟", "没有找到「🐟」。名字要和群里显示的一样，例如：/who @小鱼"),
        ("/tag @小鱼", "还少一个词。可以这样写：/tag @小鱼 敏感肌 常问成分"),
    ],
)
async def test_a_manager_asks_and_is_answered_in_private(
    shop: Shop, says: str, answer: str
) -> None:
    answers = await shop.says(MANAGER, says)
    assert answers.text == answer
    assert answers.addresses == [in_private(MANAGER)]


async def test_who_tells_what_is_known(shop: Shop) -> None:
    await shop.says("小鱼", "求补货")
    shop.clock.advance(DAY)
    await shop.says(MANAGER, "/tag @小鱼 敏感肌 常问成分")
    await shop.says("小鱼", "/optout")
    assert (await shop.says(MANAGER, "/who @小鱼")).text == (
        "小鱼（编号 id-小鱼）\n所在群：一群\n第一次见：11-05 10:00\n"
        "说过的话：1 条，最近一次：11-05 10:00\n"
        "「敏感肌」阿玲 11-06 10:00 · 常问成分\n"
        "「新人」自动 11-05 10:00 · 新进 一群 · 到 11-12 10:00\n"
        "已退订营销消息"
    )


async def test_who_tells_the_other_names_of_somebody_and_finds_them_by_each(shop: Shop) -> None:
    fish = replace(shop.person("小鱼"), alias="王女士", nickname="鱼妈")
    brought = MemberJoined(
        ACCOUNT, "x", shop.clock.now(), chat_of("二群"), fish, by=shop.person("小美")
    )
    await shop.hear(brought)
    told = (await shop.says(MANAGER, "/who @小鱼")).text
    assert "\n备注名：王女士\n群昵称：鱼妈\n所在群：一群、二群\n由谁拉进群：小美\n" in told
    for name in ("王女士", "鱼妈"):
        assert (await shop.says(MANAGER, f"/who @{name}", group="三群")).text == told
    mine = (await shop.says("小鱼", "/me")).text
    assert "群昵称：鱼妈" in mine
    assert "备注名" not in mine  # that is the shop's word, not theirs
    assert "由谁拉进群：小美" in mine


async def test_several_of_one_name_are_told_apart(shop: Shop) -> None:
    await shop.joins("小鱼#2")
    answer = await shop.says(MANAGER, "/tag @小鱼 老客")
    assert answer.text == "有几位都叫「小鱼」，请用编号再说一次：id-小鱼、id-小鱼#2"
    assert (await shop.says(MANAGER, "/tag id-小鱼#2 老客")).text == "已给 小鱼 贴上「老客」。"
    assert "老客" in await shop.tags("小鱼#2")
    assert "老客" not in await shop.tags("小鱼")


async def test_who_sits_here_is_meant_first(shop: Shop) -> None:
    await shop.joins("小鱼#2", group="二群")
    await shop.says(MANAGER, "/tag @小鱼 老客", group="二群")
    assert "老客" in await shop.tags("小鱼#2")
    assert "老客" not in await shop.tags("小鱼")


async def test_a_tag_by_hand_can_be_taken_away(any_shop: Shop) -> None:
    await any_shop.joins("小鱼")
    await any_shop.says(MANAGER, "/tag @小鱼 敏感肌")
    assert (await any_shop.tags("小鱼"))["敏感肌"].set_by == "manager:阿玲"
    answer = await any_shop.says(MANAGER, "/untag @小鱼 敏感肌")
    assert answer.text == "已去掉 小鱼 的「敏感肌」。"
    assert "敏感肌" not in await any_shop.tags("小鱼")


async def test_a_watched_word_tags_whoever_says_it(any_shop: Shop) -> None:
    await any_shop.says(MANAGER, "/watch 补水 = 兴趣:补水")
    await any_shop.says("小鱼", "有没有补水好一点的")
    await any_shop.says(MANAGER, "补水的有三款")
    tag = (await any_shop.tags("小鱼"))["兴趣:补水"]
    assert (tag.set_by, tag.why) == ("rule:watch", "补水")
    assert tag.until == any_shop.clock.now() + 90 * DAY
    assert "兴趣:补水" not in await any_shop.tags(MANAGER)
    assert "好的，不再关注「补水」。" in (await any_shop.says(MANAGER, "/unwatch 补水")).text
    await any_shop.says("小美", "我也要补水")
    assert "兴趣:补水" not in await any_shop.tags("小美")


@pytest.mark.parametrize(
    "binding", ["孕期 = 孕妈", "面霜 = 孕妈", "宝宝 = 家有娃", "湿疹 = 皮肤", "baby = mum"]
)
async def test_health_pregnancy_and_children_are_not_watched(shop: Shop, binding: str) -> None:
    answer = await shop.says(MANAGER, f"/watch {binding}")
    assert answer.text.startswith("健康、怀孕、孩子这类事不能自动贴标签。")
    assert (await shop.says(MANAGER, "/unwatch 没有")).text.endswith("正在关注：还没有")


async def test_changes_by_managers_are_in_the_audit_log(shop: Shop) -> None:
    for says in (
        "/tag @小鱼 敏感肌",
        "/untag @小鱼 敏感肌",
        "/watch 补水 = 兴趣",
        "/unwatch 补水",
        "/grouptag @二群 老客群",
        "/halt",
        "/resume",
    ):
        await shop.says(MANAGER, says)
    async with shop.desk.database.reading() as connection:
        noted = await audit.latest(connection, 20)
    actions = [one.action for one in reversed(noted)]
    assert actions == ["tag", "untag", "watch", "unwatch", "grouptag", "halt", "lift_halt"]
    assert {one.actor for one in noted} == {f"room:id-{MANAGER}"}


async def test_a_group_can_be_chosen_by_its_new_tag(shop: Shop) -> None:
    await shop.says(MANAGER, "/grouptag @三群 老客群")
    async with shop.desk.database.reading() as connection:
        found = await audiences.resolve(
            connection, shop.desk.shop_id, audiences.Audience(("老客群",))
        )
    assert [one.name for one in found.groups] == ["三群"]


async def test_a_group_or_a_person_gets_a_time_zone(any_shop: Shop) -> None:
    shop = any_shop
    await shop.opens("海外群", tagged=["海外"])
    await shop.joins("小鱼")
    answer = await shop.says(MANAGER, "/timezone @海外 America/New_York")
    assert answer.text == "好的，海外群 的时区是 America/New_York，那边现在 11-04 21:00。"
    assert (await shop.group("海外群")).zone == "America/New_York"
    assert (await shop.group("一群")).zone is None
    answer = await shop.says(MANAGER, "时区 @小鱼 Asia/Tokyo")
    assert answer.text == "好的，小鱼 的时区是 Asia/Tokyo，那边现在 11-05 11:00。"


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("/timezone @一群 纽约", "没有这个时区。可以这样写：/timezone @海外群 America/New_York"),
        ("/timezone @一群 america/new york", "没有这个时区。可以这样写："),
        ("/timezone @一群", "没有这个时区。可以这样写："),
        ("/timezone", "还没说是哪一位。可以这样写："),
        ("/timezone @四群 Asia/Tokyo", "没有找到「四群」"),
    ],
)
async def test_a_time_zone_that_is_none_is_shown_the_right_one(
    shop: Shop, says: str, answer: str
) -> None:
    assert (await shop.says(MANAGER, says)).text.startswith(answer)
    assert (await shop.group("一群")).zone is None
