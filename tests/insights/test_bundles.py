from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.bundles import LARGEST, find_bundles, find_named_bundles, named_baskets
from insights.days import Utterance, analyse_day
from insights.lexicon import standard_lexicon
from insights.words import RjiebaSegmenter
from tests.insights.groups import chats, said

BASKETS = st.lists(st.sets(st.sampled_from("甲乙丙丁")), max_size=60)


def test_what_is_bought_together_is_a_bundle_with_its_figures() -> None:
    baskets = [{"洁面", "面霜"}] * 20 + [{"洁面"}] * 10 + [{"口红"}] * 70
    [bundle] = find_bundles(baskets)
    assert (bundle.others, bundle.adds, bundle.baskets) == (("面霜",), "洁面", 20)
    assert bundle.support == pytest.approx(0.2)
    assert bundle.confidence == pytest.approx(1.0)  # who takes the cream takes the cleanser
    assert bundle.lift == pytest.approx(1 / 0.3)
    assert bundle.products == ("洁面", "面霜")


@pytest.mark.parametrize(
    "baskets",
    [
        [],
        [{"洁面", "面霜"}] * 2,  # two are two
        [{"洁面", "面霜"}] * 30,  # everybody takes both: nothing is told by it
        [{"洁面", "面霜"}, {"洁面"}, {"面霜"}, set()] * 20,  # independent of each other
        [{"洁面", "面霜"}] * 3 + [{"洁面"}] * 30 + [{"面霜"}] * 30,  # they avoid each other
        [{"洁面"}] * 50,
    ],
)
def test_what_few_take_and_what_chance_brings_is_none(baskets: list[set[str]]) -> None:
    assert find_bundles(baskets) == ()


def test_three_products_can_belong_together() -> None:
    routine = {"洁面", "精华", "面霜"}
    baskets = [routine] * 15 + [{"口红"}] * 80 + [{"洁面"}, {"精华"}, {"面霜"}] * 2
    found = {bundle.products: bundle for bundle in find_bundles(baskets)}
    assert tuple(sorted(routine)) in found
    assert max(map(len, found)) == LARGEST


def test_a_product_twice_in_a_basket_is_there_once() -> None:
    rest = [["口红"]] * 50
    once = find_bundles([["洁面", "面霜"]] * 10 + rest)
    assert find_bundles([["洁面", "面霜", "面霜"]] * 10 + rest) == once != ()


@given(BASKETS)
def test_every_figure_is_that_of_counting_by_hand(baskets: list[set[str]]) -> None:
    def held(*products: str) -> int:
        return sum(basket.issuperset(products) for basket in baskets)

    for bundle in find_bundles(baskets):
        assert bundle.baskets == held(*bundle.products) >= 3
        assert bundle.support == bundle.baskets / len(baskets)
        assert bundle.confidence == bundle.baskets / held(*bundle.others)
        assert bundle.lift == pytest.approx(bundle.confidence * len(baskets) / held(bundle.adds))
        assert bundle.lift > 1
        assert bundle.confidence >= max(
            bundle.baskets / held(*(p for p in bundle.products if p != one))
            for one in bundle.products
        )


@given(BASKETS, st.randoms(use_true_random=False))
def test_the_order_of_baskets_does_not_matter(
    baskets: list[set[str]], order: random.Random
) -> None:
    shuffled = baskets.copy()
    order.shuffle(shuffled)
    assert find_bundles(shuffled) == find_bundles(baskets)


def test_products_taken_by_chance_make_hardly_a_bundle() -> None:
    draw = random.Random(3)  # noqa: S311 (a simulation)
    products = {f"p{place}": draw.uniform(0.02, 0.3) for place in range(30)}
    told = 0
    for _ in range(20):
        baskets = [
            {p for p, share in products.items() if draw.random() < share} for _ in range(300)
        ]
        told += bool(find_bundles(baskets))
    assert told <= 3


def test_large_baskets_that_hold_more_of_everything_make_no_bundle() -> None:
    draw = random.Random(4)  # noqa: S311 (a simulation)
    shelf, often = [f"p{place}" for place in range(200)], [1 / (place + 1) for place in range(200)]
    baskets = [set(draw.choices(shelf, often, k=draw.choice((1, 2, 25)))) for _ in range(1_000)]
    assert find_bundles(baskets) == ()


def test_what_a_fan_names_is_a_basket() -> None:
    lexicon = standard_lexicon().with_thing("云絮霜", ["云絮"]).with_thing("白茶乳")
    segmenter = RjiebaSegmenter()
    segmenter.learn(["云絮霜", "白茶乳", "云絮"])
    day = analyse_day(
        said((1, "云絮霜好用"), (1, "白茶乳也不错"), (2, "云絮什么时候补货"), (3, "早上好")),
        segmenter,
        lexicon,
    )
    assert named_baskets(day, lexicon) == [{"云絮霜", "白茶乳"}, {"云絮霜"}]


@given(chats(40))
def test_bundles_of_what_fans_name_are_those_of_their_baskets(utterances: list[Utterance]) -> None:
    lexicon = standard_lexicon()
    day = analyse_day(utterances, RjiebaSegmenter(), lexicon)
    assert find_named_bundles(day, lexicon) == find_bundles(named_baskets(day, lexicon))
