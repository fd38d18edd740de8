from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from scheduler.programme_facts import FactInvalid, FactValue, facts_for, in_words, read_fact
from scheduler.programme_parts import Fact, FactKind, Programme


def fact(kind: FactKind, key: str = "gift") -> Fact:
    return Fact(key, kind, {"zh": "礼"})


LIVE = datetime.fromisoformat("2026-11-09T19:30")


@pytest.mark.parametrize(
    ("kind", "found", "value"),
    [
        (FactKind.TEXT, "  护手霜 ", "护手霜"),
        (FactKind.NUMBER, 0, 0),
        (FactKind.NUMBER, 18, 18),
        (FactKind.MONEY, "19.90", Decimal("19.90")),
        (FactKind.MONEY, 199, Decimal(199)),
        (FactKind.DAY, "2026-11-20", date(2026, 11, 20)),
        (FactKind.DAY, "11-20", date(2026, 11, 20)),
        (FactKind.MOMENT, "2026-11-09T19:30", LIVE),
    ],
)
def test_a_fact_is_read_by_its_kind(kind: FactKind, found: object, value: FactValue) -> None:
    assert read_fact("double11", fact(kind), found, 2026) == value


@pytest.mark.parametrize(
    ("kind", "found", "allowed"),
    [
        (FactKind.TEXT, " ", "1 to 200 characters"),
        (FactKind.TEXT, "长" * 201, "1 to 200 characters"),
        (FactKind.TEXT, 3, "1 to 200 characters"),
        (FactKind.NUMBER, "18", "a whole number"),
        (FactKind.NUMBER, -1, "a whole number"),
        (FactKind.NUMBER, True, "a whole number"),
        (FactKind.MONEY, "0", "an amount above 0"),
        (FactKind.MONEY, "1.999", "two decimals"),
        (FactKind.MONEY, "NaN", "an amount"),
        (FactKind.MONEY, "many", "an amount"),
        (FactKind.DAY, "02-29", "2026-11-20 or 11-20"),
        (FactKind.DAY, "2026-11-31", "2026-11-20 or 11-20"),
        (FactKind.MOMENT, "2026-11-09", "2026-11-20T18:00"),
        (FactKind.MOMENT, "2026-11-09T19:30Z", "without a zone"),
        (FactKind.MOMENT, "tonight", "2026-11-20T18:00"),
    ],
)
def test_a_fact_of_another_kind_is_told(kind: FactKind, found: object, allowed: str) -> None:
    with pytest.raises(FactInvalid) as caught:
        read_fact("double11", fact(kind), found, 2026)
    assert f"The programme double11 cannot have {found!r} as its gift." in str(caught.value)
    assert allowed in caught.value.advice


def test_what_is_not_told_has_its_default_or_is_missing() -> None:
    programme = Programme(
        "p",
        {"zh": "p"},
        timedelta(hours=10),
        facts=(Fact("a", FactKind.NUMBER, {"zh": "a"}, default=3), fact(FactKind.TEXT)),
    )
    assert facts_for(programme, 2026, {}) == {"a": 3}
    assert facts_for(programme, 2026, {"a": 5, "gift": "茶"}) == {"a": 5, "gift": "茶"}
    with pytest.raises(FactInvalid, match="'x' as its colour") as caught:
        facts_for(programme, 2026, {"colour": "x"})
    assert "one of a, gift" in caught.value.advice


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (date(2026, 11, 5), "11月5日", "5 November"),
        (LIVE, "11月9日19:30", "19:30 on 9 November"),
        (Decimal("199.00"), "199元", "199 yuan"),
        (Decimal("19.9"), "19.90元", "19.90 yuan"),
        (Decimal("1E+3"), "1000元", "1000 yuan"),
        ("护手霜", "护手霜", "护手霜"),
        (18, 18, 18),
    ],
)
def test_a_fact_is_said_in_words(value: FactValue, chinese: object, english: object) -> None:
    assert in_words(value, "zh") == chinese
    assert in_words(value, "en") == english
