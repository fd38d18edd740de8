"""What a trial cannot be, or cannot tell: refused or said before anything goes out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from handlers.desk import Desk
from handlers.trialling import with_another
from scheduler.bodies import arms_of, content_of, template_body
from storage import campaigns
from tests.handlers.scenes import OTHER, broadcast, second_manager, the_one
from tests.handlers.shop import DAY, Shop
from tests.handlers.test_trials import (
    FANS,
    HOUR,
    OTHER_TEXT,
    TEXT,
    asked,
    begin,
    draft_to_people,
    got,
)


async def said_now(shop: Shop) -> dict[str, Any]:
    """The body of the only campaign."""
    version = (await the_one(shop)).version_id
    async with shop.desk.database.reading() as connection:
        found: dict[int, dict[str, Any]] = await campaigns.bodies(connection, [version])
    return found[version]


def test_another_text_is_one_arm_in_every_post() -> None:
    desk = cast("Desk", SimpleNamespace(say=str))
    written = {"d-3": ["x1", "x2"], "start": "y1", "end": ["z1", "z2", "z3"]}
    body = with_another(desk, template_body(written, {}, "zh"), "NEW")
    assert isinstance(body, dict)
    assert arms_of(body) == ("a", "b", "c", "d")
    for slot, first in (("d-3", "x1"), ("start", "y1"), ("end", "z1")):
        texts = [content_of(body, slot, "一群", variant=one).text for one in arms_of(body)]
        assert (texts[0], texts[-1], texts.count("NEW")) == (first, "NEW", 1)


async def test_the_usual_size_is_one_that_can_be_reached(shop: Shop) -> None:
    shop.platform.start_link = "https://example.org/start"
    number = await draft_to_people(shop)
    for name in FANS[:12]:
        await shop.says(name, "/me", group=None)
    await asked(shop, f"/trial {number} 另一版 {OTHER_TEXT}")
    await asked(shop, "/confirm")
    await asked(shop, f"/trial {number} 回复 48小时")
    await asked(shop, "/confirm")
    await begin(shop, number)
    for name in await got(shop, OTHER_TEXT):
        await shop.says(name, "要一份", group=None)
    shop.clock.advance(3 * DAY)
    last = (await asked(shop, f"/trial {number}")).text.splitlines()[-1]
    assert last.endswith("不像是碰巧：B更多。")


async def test_words_that_leave_nothing_to_compare_end_the_trial_and_say_so(shop: Shop) -> None:
    number = await draft_to_people(shop)
    await asked(shop, f"/trial {number} 另一版 {OTHER_TEXT}")
    await asked(shop, "/confirm")
    await asked(shop, f"/trial {number} 回复 48小时 10")
    await asked(shop, "/confirm")
    assert "test" in await said_now(shop)
    preview = await asked(shop, f"/edit {number} 新品今晚到")
    assert "改了以后没有可比的，对照就没有了" in preview.text
    await asked(shop, "/confirm")
    assert "test" not in await said_now(shop)


async def test_a_plan_confirmed_after_the_first_post_changes_nothing(shop: Shop) -> None:
    names = [f"{number}号群" for number in range(8)]
    await shop.opens(*names, tagged=["福利群"])
    shop.clock.advance(2 * HOUR)
    await asked(shop, "/countdown 11-16 @福利群 还有 {{ days }} 天")
    await asked(shop, "/confirm")
    number = (await the_one(shop)).id
    shop.clock.advance(22 * HOUR + HOUR / 5)
    await asked(shop, f"/trial {number} 说话 3小时 3 留50%")
    shop.clock.advance(HOUR * 2 / 15)
    first = len(await shop.delivers())
    answer = await asked(shop, "/confirm")
    assert "这次没有改" in answer.text
    shop.clock.advance(DAY)
    assert len(await shop.delivers()) == first > 0


async def test_a_plan_that_came_before_the_first_post_is_not_approved_after_it(shop: Shop) -> None:
    names = [f"{number}号群" for number in range(8)]
    await shop.opens(*names, tagged=["福利群"])
    shop.clock.advance(2 * HOUR)
    await asked(shop, "/countdown 11-16 @福利群 还有 {{ days }} 天")
    await asked(shop, "/confirm")
    number = (await the_one(shop)).id
    shop.clock.advance(22 * HOUR + HOUR / 5)
    await shop.desk.planner.plan_ahead()  # as it was approved
    await second_manager(shop)
    await asked(shop, f"/trial {number} 说话 3小时 3 留50%")
    await asked(shop, "/confirm")
    shop.clock.advance(HOUR * 2 / 15)
    first = len(await shop.delivers())
    refused = await asked(shop, f"/approve {number} 2", OTHER)
    assert "第一条已经发出去了，对照来不及定了，批准不了" in refused.text
    answer = await asked(shop, f"/reject {number} 2", OTHER)
    assert "还按原来批准的内容发" in answer.text
    shop.clock.advance(DAY)
    assert len(await shop.delivers()) == first > 0


async def test_two_groups_in_an_arm_are_too_few_to_plan(shop: Shop) -> None:
    await shop.opens("甲群", "乙群", "丙群", "丁群", tagged=["福利群"])
    await second_manager(shop)
    await broadcast(shop, TEXT, to="@福利群")
    number = (await the_one(shop)).id
    await asked(shop, f"/trial {number} 另一版 {OTHER_TEXT}")
    await asked(shop, "/confirm")
    refused = await asked(shop, f"/trial {number} 说话 2天 2")
    assert refused.text == "按群比，每边至少要 3 个群，才说得出差别。"
    plan = await asked(shop, f"/trial {number} 说话 2天")
    assert "每边满 3 个群" in plan.text
