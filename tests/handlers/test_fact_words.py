"""What the shop is asked for: labels, and examples that hold when they are copied."""

from __future__ import annotations

import pytest

from scheduler.programme import shipped_programmes
from tests.handlers.conftest import with_groups
from tests.handlers.shop import DAY, MANAGER, Shop


@pytest.fixture
async def shop(shop: Shop) -> Shop:
    """A shop with groups."""
    return await with_groups(shop)


async def says(shop: Shop, text: str) -> str:
    return (await shop.says(MANAGER, text, group=None)).text


ASKING = [
    key
    for key, one in shipped_programmes().items()
    if any(fact.needed and fact.default is None for fact in one.facts)
]


@pytest.mark.parametrize("days", [0, 18, 60])
@pytest.mark.parametrize("key", ASKING)
async def test_the_example_of_what_is_asked_for_is_accepted_as_it_stands(
    shop: Shop, key: str, days: int
) -> None:
    shop.clock.advance(days * DAY)
    asked = (await says(shop, f"/programme on {key} @所有群")).splitlines()
    (example,) = (line for line in asked if line.startswith("/programme on"))
    assert "的安排，一共" in await says(shop, example)


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("member-day", "每月几号（1 到 28，例如 3）、会员日的优惠（一句话，例如 满199减30）。"),
        (
            "spring-closing",
            "年前最后发货日（日期，例如 02-04）、年后复工发货日（日期，例如 02-11）",
        ),
        ("new-year-goods", "年前发货的最后下单日（日期，例如 01-28）。"),
    ],
)
async def test_a_fact_is_asked_for_in_one_bracket_with_an_example_of_its_own(
    shop: Shop, key: str, label: str
) -> None:
    assert label in await says(shop, f"/programme on {key} @所有群")


async def test_days_that_do_not_fit_are_told_by_themselves_with_days_that_do(shop: Shop) -> None:
    days = "年前最后发货日=02-02 年后复工发货日=02-02"
    fitting = "/programme on spring-closing @所有群 年前最后发货日=02-04 年后复工发货日=02-11"
    answer = await says(shop, f"/programme on spring-closing @所有群 {days}")
    assert answer.splitlines() == [
        "「春节打烊与复工 2027」现在还不能开，日子对不上：",
        "· 年后复工发货日（02-02）要在年前最后发货日（02-02）之后，最早 02-04",
        f"这样写就对得上：{fitting}",
    ]
    assert "的安排，一共" in await says(shop, answer.splitlines()[-1].partition("：")[2])


async def test_a_day_of_another_season_is_refused(shop: Shop) -> None:
    answer = await says(shop, "/programme on 年货节 @所有群 最后下单日=11-20")
    assert "· 年前发货的最后下单日（11-20）太晚了，最晚 01-31" in answer
    assert "阶段" not in answer


async def test_the_example_of_an_offer_is_an_offer(shop: Shop) -> None:
    shown = await says(shop, "/programme facts double11")
    assert "· 这次的优惠（一句话，例如 满199减30）：还没说" in shown
    assert "· 直播几点开始（日期和时间，例如 11-11 20:00）：还没说" in shown
