"""Neighbouring groups get different words, none hears its own again, and what clashes is told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import combinations, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.apart import Apart, Clash, apart

FOUR = ("a", "b", "c", "d")
Pair = tuple[int, int]


def test_neighbours_differ() -> None:
    found = apart([1, 2, 3], [(1, 2), (2, 3), (3, 1)], {}, FOUR)
    assert len(set(found.assigned.values())) == 3
    assert found.clashes == ()


def test_no_group_hears_what_it_has_heard_lately() -> None:
    found = apart([1, 2], [(1, 2)], {1: ["a", "b", "c"], 2: ["a", "b"]}, FOUR)
    assert found == Apart({1: "d", 2: "c"}, ())


def test_a_group_rather_repeats_its_neighbour_than_itself() -> None:
    found = apart([1, 2], [(1, 2)], {1: ["b"], 2: ["b"]}, ("a", "b"))
    assert found == Apart({1: "a", 2: "a"}, (Clash(1, "a", 2),))


def test_a_group_that_has_heard_everything_is_told_of() -> None:
    found = apart([7], [], {7: FOUR}, FOUR)
    assert found.clashes == (Clash(7, found.assigned[7]),)


def test_one_variant_is_everybodys_and_every_pair_is_told_once() -> None:
    found = apart([3, 1, 2], [(2, 1), (1, 2), (3, 2)], {}, ("a",))
    assert found == Apart(dict.fromkeys((1, 2, 3), "a"), (Clash(1, "a", 2), Clash(2, "a", 3)))


def test_nobody_is_a_neighbour_of_themselves_or_of_who_gets_nothing() -> None:
    assert apart([1], [(1, 1), (1, 99)], {99: FOUR}, ("a",)) == Apart({1: "a"}, ())


def test_no_groups_need_nothing() -> None:
    assert apart([], [], {}, FOUR) == Apart({}, ())


def test_who_has_a_variant_keeps_it_and_the_others_are_kept_apart_from_them() -> None:
    found = apart([1, 2, 3], [(1, 2), (2, 3)], {1: ["b"]}, ("a", "b"), standing={1: "b", 9: "a"})
    assert found == Apart({1: "b", 2: "a", 3: "b"}, (Clash(1, "b"),))


def test_without_a_variant_nothing_can_be_said() -> None:
    with pytest.raises(ValueError, match="there is none"):
        apart([1], [], {}, ())


def test_where_nobody_shares_fans_all_variants_are_used_about_alike() -> None:
    found = apart(range(1, 401), [], {}, FOUR)
    counts = [list(found.assigned.values()).count(one) for one in FOUR]
    assert sum(counts) == 400
    assert min(counts) > 70


# Whatever the shop looks like


@st.composite
def shops(draw: st.DrawFn) -> tuple[list[int], list[Pair], dict[int, set[str]], tuple[str, ...]]:
    groups = draw(st.lists(st.integers(1, 40), unique=True, min_size=1, max_size=14))
    pairs = draw(st.lists(st.tuples(st.sampled_from(groups), st.sampled_from(groups))))
    variants = FOUR[: draw(st.integers(1, 4))]
    before = draw(st.dictionaries(st.sampled_from(groups), st.sets(st.sampled_from(FOUR))))
    return groups, pairs, before, variants


def true_clashes(
    assigned: Mapping[int, str], pairs: list[Pair], before: Mapping[int, set[str]]
) -> set[Clash]:
    same = {
        Clash(min(pair), assigned[pair[0]], max(pair))
        for pair in pairs
        if pair[0] != pair[1] and assigned[pair[0]] == assigned[pair[1]]
    }
    return same | {
        Clash(group, one) for group, one in assigned.items() if one in before.get(group, ())
    }


@given(shops())
def test_every_group_gets_a_variant_and_every_clash_is_told_once(
    shop: tuple[list[int], list[Pair], dict[int, set[str]], tuple[str, ...]],
) -> None:
    groups, pairs, before, variants = shop
    found = apart(groups, pairs, before, variants)
    assert found.assigned.keys() == set(groups)
    assert set(found.assigned.values()) <= set(variants)
    assert len(found.clashes) == len(set(found.clashes))
    assert set(found.clashes) == true_clashes(found.assigned, pairs, before)


@given(shops(), st.randoms(use_true_random=False))
def test_the_order_of_the_question_does_not_matter(
    shop: tuple[list[int], list[Pair], dict[int, set[str]], tuple[str, ...]], random: Random
) -> None:
    groups, pairs, before, variants = shop
    shuffled = random.sample(groups, len(groups))
    turned = [(other, one) for one, other in random.sample(pairs, len(pairs))]
    assert apart(shuffled, turned, before, variants) == apart(groups, pairs, before, variants)


@given(shops())
def test_a_group_repeats_itself_only_where_it_has_heard_everything(
    shop: tuple[list[int], list[Pair], dict[int, set[str]], tuple[str, ...]],
) -> None:
    groups, pairs, before, variants = shop
    found = apart(groups, pairs, before, variants)
    repeating = {one.group for one in found.clashes if one.neighbour is None}
    assert repeating == {one for one in groups if set(variants) <= before.get(one, set())}


@given(shops())
def test_with_more_variants_than_neighbours_nothing_clashes(
    shop: tuple[list[int], list[Pair], dict[int, set[str]], tuple[str, ...]],
) -> None:
    groups, pairs, before, variants = shop
    around = {
        one: {other for pair in pairs if one in pair for other in pair} - {one} for one in groups
    }
    found = apart(groups, pairs, before, variants)
    if all(len(set(variants) - before.get(one, set())) > len(around[one]) for one in groups):
        assert found.clashes == ()


def test_it_is_close_to_the_best_there_is() -> None:
    too_many = 0
    for seed in range(200):
        random = Random(seed)  # noqa: S311 (examples, no secrets)
        groups = list(range(1, 7))
        pairs = [pair for pair in combinations(groups, 2) if random.random() < 0.6]
        before = {one: set(random.sample("abc", random.randint(0, 1))) for one in groups}
        fewest = min(
            len(true_clashes(dict(zip(groups, choice, strict=True)), pairs, before))
            for choice in product("abc", repeat=len(groups))
        )
        too_many += len(apart(groups, pairs, before, ("a", "b", "c")).clashes) - fewest
    assert too_many <= 40  # one clash in five shops of six groups that share most of their fans


def test_two_thousand_groups_are_kept_apart_at_once() -> None:
    random = Random(7)  # noqa: S311 (examples, no secrets)
    groups = list(range(1, 2_001))
    pairs = [(one, random.choice(groups)) for one in groups for _ in range(4)]
    before = {one: set(random.sample("abcdef", 2)) for one in groups}
    began = time.process_time()
    found = apart(groups, pairs, before, tuple("abcdef"))
    assert time.process_time() - began < 2
    assert all(one.neighbour is not None for one in found.clashes)
    assert len(found.clashes) < 600
