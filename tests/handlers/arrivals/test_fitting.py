"""Which groups a product is for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handlers.arrivals.fitting import GroupFacts, best, fitting_groups, words_of
from handlers.arrivals.rules import ArrivalRules
from handlers.arrivals.talking import shares_talking
from handlers.period import Period, today
from handlers.periods_read import spoken_in
from storage import analysis
from storage.analysis import day_states
from storage.products import Ware
from storage.tags import Tag, set_tags
from tests.handlers.arrivals.samples import CREAM
from tests.handlers.shop import DAY, MANAGER, NOW, Shop

TAGGED, NONE = GroupFacts(tagged=True), GroupFacts()


@pytest.mark.parametrize(
    ("facts", "meant"),
    [
        ({}, set()),
        ({1: NONE, 2: NONE}, set()),
        ({1: TAGGED, 2: NONE}, {1}),
        ({1: TAGGED, 2: GroupFacts(carrying=0.3), 3: GroupFacts(carrying=0.5)}, {1, 3}),
        ({1: GroupFacts(talking=0.2), 2: GroupFacts(talking=0.1), 3: NONE}, {1, 2}),
        ({1: GroupFacts(talking=0.2), 2: GroupFacts(talking=0.09)}, {1}),
        ({1: GroupFacts(talking=0.01)}, set()),
    ],
)
def test_those_that_fit_half_as_well_as_the_best_are_meant(
    facts: dict[int, GroupFacts], meant: set[int]
) -> None:
    assert best(facts) == meant


async def test_a_product_s_words_are_its_category_tags_and_nouns(shop: Shop) -> None:
    ware = replace(CREAM, title="玫瑰面霜 50ml", tags=("保湿", "孕妇"))
    words = words_of(shop.desk, [ware])
    assert {"面霜", "护肤", "保湿"} <= words
    assert "孕妇" not in words  # nobody is chosen by a private matter


async def test_a_group_is_meant_by_what_its_fans_carry(shop: Shop) -> None:
    for name, group in (("小鱼", "一群"), ("小鸟", "一群"), ("小虫", "二群")):
        await shop.says(name, "早", group=group)
    fish = await shop.member("小鱼")
    async with shop.desk.database.writing() as connection:
        tag = Tag(fish.id, "关心:面霜", "rule:interest", "3", NOW, NOW + DAY)
        await set_tags(connection, [tag])
    found = await fitting_groups(shop.desk, [CREAM])
    assert ([one.name for one in found.groups], found.fits) == (["一群"], True)


async def test_a_group_is_meant_by_what_it_talks_of(shop: Shop) -> None:
    for n in range(3):
        await shop.hear(shop.heard(f"粉丝{n}", "想要面霜", group="二群", at=NOW - DAY))
        await shop.hear(shop.heard(f"粉丝{n}", "今天好冷", group="一群", at=NOW - DAY))
    await shop.says(MANAGER, "/insights 7", group=None)  # reads the days
    two = await shop.group("二群")
    async with shop.desk.database.reading() as connection:
        day = shop.desk.shop.day_of(NOW - DAY)
        assert await day_states(connection, [two.id], day, day)
    found = await fitting_groups(shop.desk, [CREAM])
    assert ([one.name for one in found.groups], found.fits) == (["二群"], True)


async def test_where_none_fits_or_the_shop_wants_it_every_group_is_meant(shop: Shop) -> None:
    await shop.opens("护肤群", tagged=["护肤"])
    other = Ware(key="9", title="拖把", price=None, currency="CNY")
    found = await fitting_groups(shop.desk, [other])
    assert (len(found.groups), found.fits) == (4, False)
    rules = ArrivalRules(everywhere=True)
    desk = replace(shop.desk, shop=replace(shop.desk.shop, arrivals=rules))
    found = await fitting_groups(desk, [CREAM])
    assert (len(found.groups), found.fits) == (4, False)


async def test_the_shares_are_those_of_what_was_understood(shop: Shop) -> None:
    said = {
        "一群": ("想要面霜", "面霜真好用", "今天好冷"),
        "二群": ("早", "面霜到货了吗", "精华呢"),
    }
    for group, texts in said.items():
        for day in range(1, 4):
            for n, text in enumerate(texts):
                name = f"粉丝{n + day % 2}"
                await shop.hear(shop.heard(name, text, group=group, at=NOW - day * DAY))
    await shop.says("粉丝1", "/norecord", group=None)
    await shop.says(MANAGER, "/insights 7", group=None)  # reads the days
    ids = [(await shop.group(name)).id for name in said]
    words = frozenset({"面霜", "精华"})
    period = Period.ending(today(shop.desk) - DAY, 14)
    expected = {}
    for id_ in ids:
        spoken = await spoken_in(shop.desk, [id_], period)
        counts = [count for term, count in spoken.terms.items() if term in words]
        counts += [count for one, count in spoken.demands.items() if one.thing in words]
        expected[id_] = max(counts, default=0) / spoken.speakers
    assert await shares_talking(shop.desk, ids, words) == expected
    assert any(expected.values())


async def test_hundreds_of_groups_take_a_few_questions(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    between = analysis.bodies_between

    async def counted(connection: Any, groups: Any, *days: Any) -> Any:
        asked.append(len(groups))
        return await between(connection, groups, *days)

    monkeypatch.setattr(analysis, "bodies_between", counted)
    await shares_talking(shop.desk, range(1, 201), {"面霜"})
    assert asked == [50] * 4
