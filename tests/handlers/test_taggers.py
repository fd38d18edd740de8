"""Automatic tags, by table: who is new, active or silent, and who talks about what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import taggers
from handlers.changes import Newcomer
from handlers.settings import ShopSettings
from handlers.taggers import (
    activity_tags,
    interest_tags,
    is_private_matter,
    newcomer_tags,
    tag_everybody,
    why_text,
)
from handlers.wording import wording
from storage.groups import Group
from storage.members import Member
from storage.tags import Activity, Tag
from tests.handlers.shop import DAY, MANAGER, NOW, Shop

SHOP = ShopSettings(active_messages=3, silent_after=30 * DAY)
SAY = wording("zh")
GROUP = Group(1, "room", "chat-一群", "一群", present=True)


def member(name: str, *, staff: bool = False) -> Member:
    """Somebody."""
    return Member(1, 1, "room", f"id-{name}", name, staff, NOW, opted_out=False, no_record=False)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("有没有补水的", {"兴趣:补水"}),
        ("求补水，也想要防晒", {"兴趣:补水", "兴趣:防晒"}),
        ("spf50 就够了", {"兴趣:防晒"}),
        ("补  水", set()),
        ("", set()),
    ],
)
def test_a_watched_word_sets_its_tag(text: str, tags: set[str]) -> None:
    watches = {"补水": "兴趣:补水", "防晒": "兴趣:防晒", "SPF": "兴趣:防晒"}
    found = interest_tags([(7, text, NOW)], watches, SHOP)
    assert {(one.member_id, one.tag) for one in found} == {(7, tag) for tag in tags}


@given(st.permutations([0, 1, 2]))
def test_the_newest_saying_keeps_a_tag_longest(order: list[int]) -> None:
    said = [(7, "补水", NOW + day * DAY) for day in order]
    (tag,) = interest_tags(said, {"补水": "兴趣"}, SHOP)
    assert (tag.set_at, tag.until) == (NOW + 2 * DAY, NOW + 2 * DAY + SHOP.interest_for)


def test_a_tag_keeps_the_word_and_not_what_was_said() -> None:
    (tag,) = interest_tags(
        [(7, "孕期能用补水面膜吗，我138 0000 1234", NOW)], {"补水": "兴趣"}, SHOP
    )
    assert tag.why == "补水"


@pytest.mark.parametrize(
    ("messages", "last", "wanted"),
    [
        (0, None, set()),
        (2, NOW, set()),
        (3, NOW, {"活跃"}),
        (0, NOW - 29 * DAY, set()),
        (0, NOW - 30 * DAY, {"沉默"}),
        (0, NOW - 300 * DAY, {"沉默"}),
    ],
)
def test_who_is_active_and_who_is_silent(
    messages: int, last: datetime | None, wanted: set[str]
) -> None:
    person = Activity(7, NOW - 29 * DAY, messages, last)
    set_now, taken = activity_tags([person], NOW, SHOP, SAY)
    assert {one.tag for one in set_now} == wanted
    assert {tag for _, tag in taken} == {"活跃", "沉默"} - wanted


def test_who_never_spoke_is_silent_from_the_first_sight_on() -> None:
    (tag,), _ = activity_tags([Activity(7, NOW - 31 * DAY, 0, None)], NOW, SHOP, SAY)
    assert (tag.tag, tag.why, why_text(SAY, tag)) == ("沉默", "31", "31 天没说话")


def test_a_newcomer_is_one_for_a_week_and_staff_never() -> None:
    came = [Newcomer(GROUP, member("小鱼"), NOW), Newcomer(GROUP, member("阿玲", staff=True), NOW)]
    (tag,) = newcomer_tags(came, SHOP, SAY)
    assert (tag.tag, tag.until - NOW) == ("新人", timedelta(days=7))  # type: ignore[operator]  # it has an end
    assert why_text(SAY, tag) == "新进 一群"


@pytest.mark.parametrize(
    ("set_by", "why", "text"),
    [
        ("rule:watch", "补水", "说到「补水」"),
        ("rule:active", "12", "近来说了 12 条"),
        ("rule:something-older", "whatever", "whatever"),
        ("manager:阿玲", "常问{成分}", "常问{成分}"),
        ("manager:watch", "常问成分", "常问成分"),
    ],
)
def test_a_tag_says_why(set_by: str, why: str, text: str) -> None:
    assert why_text(SAY, Tag(1, "标签", set_by, why, NOW)) == text


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("孕期", True),
        ("备孕", True),
        ("哺乳", True),
        ("湿疹", True),
        ("Pregnancy", True),
        ("家有小孩", True),
        ("过敏", True),
        ("兴趣:母婴", True),
        ("宝妈", True),
        ("有娃", True),
        ("奶粉", True),
        ("月子中心", True),
        ("备孕期", True),
        ("Allergy", True),
        ("Acne", True),
        ("敏感", False),
        ("敏感肌", False),
        ("补水", False),
        ("老客", False),
    ],
)
def test_what_is_a_private_matter(text: str, *, private: bool) -> None:
    assert is_private_matter(text) is private


BODIES = """
脱发 掉发 痔疮 脚气 妇科 私处 壮阳 近视 感冒 咳嗽 头痛 腰痛 胃疼 便秘 红肿 红疹 疹子 发痒 刺痛
发炎 爆痘 闷痘 痘印 激素脸 激素 口臭 狐臭 脸肿 毛囊 烂脸 打胎 避孕药 疫苗 叶酸 中药 处方 药用
卫生巾 奶嘴 童装 校服 二胎
"""
PRODUCTS = "气味 臭 面霜 精华 头发 发货 包装 成分 痕迹 宝贝 脸盆 红色 油皮 干皮 尺码 奶茶"


def test_what_plainly_speaks_of_a_body_or_a_child_is_a_private_matter() -> None:
    assert [word for word in BODIES.split() if not is_private_matter(word)] == []


def test_what_speaks_of_products_stays_open() -> None:
    assert [word for word in PRODUCTS.split() if is_private_matter(word)] == []


async def test_who_talks_much_is_active_and_falls_silent_in_time(any_shop: Shop) -> None:
    shop = any_shop
    for number in range(10):
        await shop.says("小鱼", f"第 {number} 句")
        await shop.says(MANAGER, f"回第 {number} 句")
    assert "活跃" in await shop.tags("小鱼")
    assert await shop.tags(MANAGER) == {}
    shop.clock.advance(31 * DAY)
    await tag_everybody(shop.desk)
    assert set(await shop.tags("小鱼")) == {"沉默"}
    await shop.says("小鱼", "我回来啦")
    assert await shop.tags("小鱼") == {}


async def test_a_rule_never_touches_what_a_manager_set(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says("小鱼", "在的")
    await shop.says(MANAGER, "/watch 补水 = 老客")
    for tag in ("老客", "活跃", "沉默"):
        await shop.says(MANAGER, f"/tag @小鱼 {tag} 我说的")
    await shop.says("小鱼", "补水")
    await tag_everybody(shop.desk)
    found = await shop.tags("小鱼")
    assert {(one.tag, one.set_by, one.why) for one in found.values()} == {
        (tag, "manager:阿玲", "我说的") for tag in ("老客", "活跃", "沉默")
    }


async def test_a_tag_that_still_holds_keeps_the_moment_it_was_set(any_shop: Shop) -> None:
    shop = any_shop
    await shop.joins("圆圆")
    for number in range(10):
        await shop.says("小鱼", f"第 {number} 句")
    await tag_everybody(shop.desk)
    active = (await shop.tags("小鱼"))["活跃"]
    shop.clock.advance(2 * DAY)
    await shop.says("小鱼", "还在")
    await tag_everybody(shop.desk)
    assert (await shop.tags("小鱼"))["活跃"] == active
    shop.clock.advance(40 * DAY)
    await tag_everybody(shop.desk)
    silent = (await shop.tags("圆圆"))["沉默"]
    assert silent.set_at == shop.clock.now()
    shop.clock.advance(DAY)
    await tag_everybody(shop.desk)
    assert (await shop.tags("圆圆"))["沉默"] == silent


async def test_everybody_is_looked_over_in_small_steps(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taggers, "_AT_ONCE", 3)
    for fans in (6, 7):
        for number in range(fans):
            await any_shop.says(f"粉丝{number}", "早")
        any_shop.clock.advance(31 * DAY)
        await tag_everybody(any_shop.desk)
        for number in range(fans):
            assert set(await any_shop.tags(f"粉丝{number}")) == {"沉默"}


async def test_who_speaks_while_everybody_is_looked_over_is_not_called_silent(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = any_shop
    await shop.says("小鱼", "早")
    shop.clock.advance(31 * DAY)
    look, looked = taggers._activity_changes, list[int]()

    async def interrupted(*of: Any) -> Any:
        found = await look(*of)
        looked.append(1)
        if len(looked) == 1:
            await shop.says("小鱼", "我回来啦")
        return found

    monkeypatch.setattr(taggers, "_activity_changes", interrupted)
    await tag_everybody(shop.desk)
    assert await shop.tags("小鱼") == {}
    assert len(looked) == 3
