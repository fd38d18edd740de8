"""What two programmes that are each sound come to in one group."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from scheduler.caring import CareSettings
from scheduler.programme_crowding import GroupPost, crowding
from scheduler.programme_problems import Problem, ProblemKind
from scheduler.promotions import Promotion

SHANGHAI = ZoneInfo("Asia/Shanghai")
CARE = CareSettings()
SALE = Promotion(date(2026, 11, 1), date(2026, 11, 11), 6, 42, ())


OTHER_SALE = Promotion(date(2026, 11, 5), date(2026, 11, 12), 4, 20, ())


def own(*times: str, promotion: Promotion | None = None) -> list[GroupPost]:
    return [
        GroupPost(datetime.fromisoformat(at), "大促", promotion, f"p{place}")
        for place, at in enumerate(times)
    ]


def others(*times: str, name: str = "会员日") -> list[GroupPost]:
    return [GroupPost(datetime.fromisoformat(at), name) for at in times]


def found(mine: list[GroupPost], rest: list[GroupPost]) -> list[Problem]:
    return list(crowding(mine, rest, CARE, SHANGHAI))


def test_two_posts_of_one_minute_are_told_with_the_other_s_name() -> None:
    mine = own("2026-11-18T10:18", "2026-11-20T10:18")
    (problem,) = found(mine, others("2026-11-18T10:18:30", "2026-11-20T10:19"))
    assert (problem.kind, problem.slots, problem.beside, problem.certain) == (
        ProblemKind.SAME_MINUTE,
        ("p0",),
        ("会员日",),
        False,
    )


def test_what_is_wrong_with_one_of_them_alone_is_not_told_again() -> None:
    four = [f"2026-11-02T{hour}:18" for hour in (10, 12, 14, 16)]
    assert CARE.posts_a_day == len(four) - 1
    assert found(own(*four), others("2026-11-20T10:18")) == []
    assert found(own("2026-11-20T10:18"), others(*four)) == []


@pytest.mark.parametrize(
    ("mine", "rest", "slots"),
    [
        (("2026-11-02T18:18",), ("2026-11-02T10:18", "2026-11-02T12:18"), []),
        (
            ("2026-11-02T14:18", "2026-11-02T18:18"),
            ("2026-11-02T10:18", "2026-11-02T12:18"),
            ["p1"],
        ),
        # A day later the first is forgotten.
        (("2026-11-02T14:18", "2026-11-03T10:18"), ("2026-11-02T10:18", "2026-11-02T12:18"), []),
        # The other's post comes last, and is the one too many.
        (("2026-11-02T10:18", "2026-11-02T12:18"), ("2026-11-02T14:18", "2026-11-02T18:18"), [""]),
    ],
)
def test_both_count_together_in_any_24_hours(
    mine: tuple[str, ...], rest: tuple[str, ...], slots: list[str]
) -> None:
    problems = found(own(*mine), others(*rest))
    assert ["".join(one.slots) for one in problems] == slots
    for one in problems:
        assert (one.kind, one.allowed) == (ProblemKind.DAILY_CAP, CARE.posts_a_day)
        assert one.beside == ("会员日",)
        assert not one.certain


def test_a_sale_s_own_posts_may_be_more_on_its_days() -> None:
    mine = ("2026-11-02T14:18", "2026-11-02T18:18")
    rest = others("2026-11-02T10:18", "2026-11-02T12:18")
    assert found(own(*mine, promotion=SALE), rest) == []
    assert len(found(own(*mine), rest)) == 1


def test_the_week_counts_too() -> None:
    days = range(2, 2 + CARE.posts_a_week // 2 + 1)
    mine = own(*(f"2026-11-0{day}T10:18" for day in days if day < 9))
    rest = others(*(f"2026-11-0{day}T{hour}:12" for day in days if day < 9 for hour in (12, 16)))
    kinds = {one.kind for one in found(mine, rest)}
    assert ProblemKind.WEEKLY_CAP in kinds
    assert ProblemKind.SAME_MINUTE not in kinds


def spoken(*posts: tuple[str, str]) -> list[GroupPost]:
    """Posts of other campaigns by their times and names; `二促` has a promotion of its own."""
    return [
        GroupPost(datetime.fromisoformat(at), name, OTHER_SALE if name == "二促" else None)
        for at, name in posts
    ]


@pytest.mark.parametrize(
    ("mine", "rest", "expected"),
    [
        # A festival, a day of the shop's own and another sale, each in a minute of its own.
        (("10:18",), (("09:42", "冬至"), ("11:08", "店庆"), ("12:12", "二促")), []),
        # One of them in the same minute.
        (("09:42",), (("09:42", "冬至"),), [("same_minute", ("p0",), ("冬至",))]),
        (("09:42",), (("09:42", "店庆"), ("11:08", "冬至")), [("same_minute", ("p0",), ("店庆",))]),
        (("12:12",), (("12:12", "二促"),), [("same_minute", ("p0",), ("二促",))]),
        # All of them in one minute, told once with every name.
        (
            ("09:42",),
            (("09:42", "冬至"), ("09:42", "店庆"), ("09:42", "二促")),
            [("same_minute", ("p0",), ("冬至", "店庆", "二促"))],
        ),
        # Both sales on: the own one may have six that day, so only the other's fifth is too many.
        (
            ("10:18", "12:18", "14:18", "16:18"),
            (("18:18", "二促"),),
            [("daily_cap", (), ("二促",))],
        ),
        # A greeting has no sale: behind three of a sale it is the one too many.
        (("10:18", "12:18", "14:18"), (("16:42", "冬至"),), [("daily_cap", (), ("冬至",))]),
        # Before them it takes nothing from a sale that may have more.
        (("10:18", "12:18", "14:18"), (("09:42", "冬至"),), []),
    ],
)
def test_festivals_own_days_and_two_sales_are_looked_at_together(
    mine: tuple[str, ...],
    rest: tuple[tuple[str, str], ...],
    expected: list[tuple[str, tuple[str, ...], tuple[str, ...]]],
) -> None:
    day = "2026-11-06T"
    problems = found(
        own(*(f"{day}{at}" for at in mine), promotion=SALE),
        spoken(*((f"{day}{at}", name) for at, name in rest)),
    )
    assert [(one.kind.value, one.slots, one.beside) for one in problems] == expected
    assert not any(one.certain for one in problems)
