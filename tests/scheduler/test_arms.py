"""The arms of a campaign: a lot over campaign and recipient, even, and the same for ever."""

from __future__ import annotations

from collections import Counter

from scheduler.arms import arm, group_name, is_held_out
from storage.slots import HELD_OUT

ARMS = ("a", "b", "c")
PEOPLE = [str(number) for number in range(6_000)]


def arms(campaign: str, hold_out: int = 0) -> list[str]:
    return [arm(campaign, one, ARMS, hold_out) for one in PEOPLE]


def test_each_variant_goes_to_as_many() -> None:
    found = Counter(arms("double11:2026"))
    # 2,000 each on average; five standard deviations are 183.
    assert found.keys() == set(ARMS)
    assert all(1_817 <= count <= 2_183 for count in found.values())


def test_a_share_is_held_out_and_the_others_keep_their_variants() -> None:
    everybody, some = arms("double11:2026"), arms("double11:2026", hold_out=20)
    assert 1_045 <= some.count(HELD_OUT) <= 1_355  # 1,200; five standard deviations are 155
    assert all(one in {other, HELD_OUT} for one, other in zip(some, everybody, strict=True))


def test_who_is_held_out_says_nothing_about_the_variants() -> None:
    out = [
        one
        for one, who in zip(arms("double11:2026"), PEOPLE, strict=True)
        if is_held_out("double11:2026", who, 20)
    ]
    assert all(300 <= count <= 500 for count in Counter(out).values())  # 400 each


def test_another_campaign_draws_anew() -> None:
    same = sum(one == two for one, two in zip(arms("c1"), arms("c2"), strict=True))
    assert 1_817 <= same <= 2_183


def test_lots_that_were_drawn_once_fall_so_for_ever() -> None:
    assert "".join(arm("c1", str(number), ARMS, 0) for number in range(12)) == "acacacbbcbac"
    groups = [arm("c1", group_name(number), ARMS, 50) for number in (1, 2, 3, 4)]
    assert groups == ["b", "b", "b", HELD_OUT]
