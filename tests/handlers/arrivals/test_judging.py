"""What is news, what is cheaper, and what is not believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.arrivals.judging import Held, Hold, Known, judge, price_text
from handlers.arrivals.rules import ArrivalRules
from storage.products import Product, ProductState, Ware
from tests.handlers.shop import NOW

RULES = ArrivalRules()


def ware(number: int = 1, price: str | None = "199", **other: object) -> Ware:
    made = Ware(
        key=str(number),
        title=f"商品{number}",
        price=None if price is None else Decimal(price),
        currency="CNY",
        link=f"https://shop.example/{number}",
    )
    return replace(made, **other)  # type: ignore[arg-type]  # any field of a product


def product(
    of: Ware, state: ProductState = ProductState.KNOWN, doubt: str | None = None
) -> Product:
    return Product(
        id=int(of.key) + 100,
        source="web",
        ware=of,
        state=state,
        first_seen_at=NOW,
        doubt=doubt,
        doubt_told=False,
        last_price=None,
        campaign=None,
    )


def known(*wares: Ware, **other: object) -> Known:
    made = Known({one.key: product(one) for one in wares})
    return replace(made, **other)  # type: ignore[arg-type]  # any field


CATALOGUE = [ware(number) for number in range(1, 21)]


def test_the_first_look_is_known_and_no_news() -> None:
    judged = judge(CATALOGUE, known(baseline=True), RULES, whole=True)
    assert {state for _, state in judged.fresh} == {ProductState.KNOWN}
    assert (len(judged.fresh), judged.held) == (20, None)


def test_what_nobody_knew_is_new() -> None:
    judged = judge([*CATALOGUE, ware(99)], known(*CATALOGUE), RULES, whole=True)
    assert judged.fresh == ((ware(99), ProductState.NEW),)
    assert (judged.changed, judged.cheaper, judged.doubts, judged.held) == ({}, (), {}, None)


@pytest.mark.parametrize(
    "now",
    [
        {"title": "换了名字"},
        {"available": True},
        {"price": Decimal(299)},
        {"picture": "https://cdn.example/new.png"},
    ],
)
def test_a_restock_a_retitle_or_a_rise_is_no_news(now: dict[str, object]) -> None:
    before = ware(1, available=False)
    after = replace(before, **now)  # type: ignore[arg-type]  # any field
    judged = judge([after, *CATALOGUE[1:]], known(before, *CATALOGUE[1:]), RULES, whole=True)
    assert judged.fresh == ()
    assert judged.changed == {101: after}
    assert judged.cheaper == ()


def test_a_known_link_under_another_key_is_no_news() -> None:
    again = ware(77, link="https://shop.example/1")
    judged = judge([again], known(*CATALOGUE, links=[again.link]), RULES, whole=False)
    assert judged.fresh == ((again, ProductState.KNOWN),)
    without = ware(78, link="")
    judged = judge([without], known(*CATALOGUE, links=[""]), RULES, whole=False)
    assert judged.fresh == ((without, ProductState.NEW),)


@pytest.mark.parametrize(
    ("price", "cheaper", "doubted"),
    [
        ("198.99", True, False),
        ("59.71", True, False),  # 70 % less is the last that is believed
        ("59.69", False, True),
        ("1.99", False, True),
        ("0", False, True),
        ("1990", False, False),
        ("1990.01", False, True),
        ("199.00", False, False),
        (None, False, False),
    ],
)
def test_a_price_that_falls_is_told_and_one_that_falls_too_far_waits(
    price: str | None, *, cheaper: bool, doubted: bool
) -> None:
    judged = judge([ware(1, price)], known(*CATALOGUE), RULES, whole=False)
    assert judged.cheaper == ((101,) if cheaper else ())
    assert judged.doubts == ({101: price_text(ware(1, price))} if doubted else {})
    assert 101 not in judged.changed or not doubted


def test_another_currency_is_doubted() -> None:
    judged = judge([ware(1, "180", currency="USD")], known(*CATALOGUE), RULES, whole=False)
    assert judged.doubts == {101: "180 USD"}
    assert judged.changed == {}


def test_a_doubt_that_is_known_is_no_new_one_and_a_price_that_is_back_ends_it() -> None:
    before = Known({"1": product(ware(1), doubt="1.99 CNY")})
    assert judge([ware(1, "1.99")], before, RULES, whole=False).doubts == {}
    assert judge([ware(1, "0.99")], before, RULES, whole=False).doubts == {101: "0.99 CNY"}
    back = judge([ware(1)], before, RULES, whole=False)
    assert (back.changed, back.doubts, back.cheaper) == ({101: ware(1)}, {}, ())


def test_a_new_product_for_next_to_nothing_waits_until_it_has_a_price() -> None:
    judged = judge([ware(99, "0.01")], known(*CATALOGUE), RULES, whole=False)
    assert judged.strange == {"99": "0.01 CNY"}
    waits = Known(
        {one.key: product(one) for one in CATALOGUE}
        | {"99": product(ware(99, "0.01"), ProductState.NEW, "0.01 CNY")}
    )
    mended = judge([ware(99, "99")], waits, RULES, whole=False)
    assert (mended.changed, mended.doubts, mended.cheaper) == ({199: ware(99, "99")}, {}, ())
    still = judge([ware(99, "0.02")], waits, RULES, whole=False)
    assert still.doubts == {199: "0.02 CNY"}


@pytest.mark.parametrize(
    ("new", "today", "why"),
    [
        (5, 0, None),
        (30, 0, None),
        (31, 0, Hold.MANY_NEW),
        (10_000, 0, Hold.MANY_NEW),
        (1, 29, None),
        (1, 30, Hold.MANY_NEW),
    ],
)
def test_more_than_a_shop_brings_out_in_a_day_is_held(
    new: int, today: int, why: Hold | None
) -> None:
    many = [ware(1_000 + number) for number in range(new)]
    base = [ware(number) for number in range(1, 101)]
    judged = judge([*base, *many], known(*base, new_today=today), RULES, whole=True)
    assert (judged.held and judged.held.why) == why
    if why is not None:
        assert judged.held is not None
        assert (judged.fresh, judged.changed, judged.held.count) == ((), {}, new)
        assert len(judged.held.sample) <= 3


def test_a_catalogue_that_is_wholly_another_is_held() -> None:
    others = [ware(500 + number) for number in range(12)]
    judged = judge(others, known(*CATALOGUE), RULES, whole=True)
    assert judged.held is not None
    assert judged.held.why is Hold.ANOTHER
    assert judge(others, known(*CATALOGUE), RULES, whole=False).held is None


def test_a_feed_that_is_suddenly_empty_is_held_and_an_unchanged_one_is_not() -> None:
    assert judge([], known(*CATALOGUE), RULES, whole=True).held == Held(Hold.EMPTY, 20)
    assert judge([], known(*CATALOGUE), RULES, whole=False).held is None
    assert judge([], known(), RULES, whole=True).held is None


def test_what_comes_late_changes_nothing() -> None:
    now = ware(1, "99", changed_at=NOW)
    late = ware(1, "89", changed_at=NOW - timedelta(minutes=1))
    judged = judge([late], known(now), RULES, whole=False)
    assert (judged.changed, judged.cheaper) == ({}, ())


def test_a_hold_comes_back_from_its_document() -> None:
    held = Held(Hold.MANY_NEW, 31, ("面霜",))
    assert Held.from_json(held.to_json()) == held


_WARES = st.lists(
    st.builds(
        lambda number, price, there: ware(number, price, available=there),
        st.integers(1, 40),
        st.none() | st.integers(0, 3_000).map(str),
        st.booleans(),
    ),
    unique_by=lambda one: one.key,
    max_size=40,
)


@given(before=_WARES, now=_WARES, whole=st.booleans())
def test_everything_is_decided_once_and_nothing_held_changes_anything(
    before: Sequence[Ware], now: Sequence[Ware], *, whole: bool
) -> None:
    judged = judge(now, known(*before), RULES, whole=whole)
    keys = {one.key for one in before}
    if judged.held is not None:
        assert judged == replace(judged, fresh=(), changed={}, cheaper=(), doubts={}, strange={})
        return
    assert {one.key for one, _ in judged.fresh} == {one.key for one in now} - keys
    assert judged.changed.keys().isdisjoint(judged.doubts)
    assert set(judged.cheaper) <= judged.changed.keys()
