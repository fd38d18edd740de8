"""A number chooses of what was offered last in that chat, however people write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.choices import HOLDS_FOR, Choices, number_in
from scheduler.clock import SimulatedClock
from scheduler.courier import Address
from storage.database import Database

NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
GROUP = Address(group="1@chatroom")
FAN = Address(person="wxid_fan")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3),
        (" 3 \n", 3),
        ("３", 3),
        ("③", 3),
        ("3.", 3),
        ("3、", 3),
        ("（3）", 3),
        ("三", 3),
        ("三。", 3),
        ("12", 12),
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("二十三", 23),
        ("", None),
        ("。", None),
        ("0", None),
        ("三五", None),
        ("十十", None),
        ("123", None),
        ("3折", None),
        ("扣1", None),
        ("1 2", None),
        ("-1", None),
        ("1.5", None),
    ],
)
def test_only_a_number_is_a_number(text: str, number: int | None) -> None:
    assert number_in(text) == number


def in_chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    figures = " 一二三四五六七八九"
    ten = {0: "", 1: "十"}.get(tens, f"{figures[tens]}十")
    return ten + (figures[ones] if ones else "")


@given(st.integers(1, 99))
def test_every_number_is_read_in_figures_and_in_chinese(number: int) -> None:
    assert number_in(str(number)) == number
    assert number_in(in_chinese(number)) == number


@given(st.text(max_size=6))
def test_any_text_is_read(text: str) -> None:
    number = number_in(text)
    assert number is None or 1 <= number <= 99


async def test_a_number_chooses_of_the_last_offer_in_its_chat(database: Database) -> None:
    choices = Choices("wechat:shop", database, SimulatedClock(NOW))
    await choices.offer(GROUP, ["/yes", "/no"])
    await choices.offer(FAN, ["/me"])
    assert await choices.chosen(GROUP, "２") == "/no"
    assert await choices.chosen(GROUP, "2") == "/no"  # as a button, it may be pressed again
    assert await choices.chosen(GROUP, "3") is None
    assert await choices.chosen(GROUP, "好") is None
    assert await choices.chosen(FAN, "一") == "/me"
    assert await choices.chosen(Address(person="wxid_other"), "1") is None
    await choices.offer(GROUP, ["/plan 下一页"])
    assert await choices.chosen(GROUP, "1") == "/plan 下一页"
    assert await choices.chosen(GROUP, "2") is None


async def test_an_offer_holds_over_a_restart_and_for_a_day(database: Database) -> None:
    clock = SimulatedClock(NOW)
    await Choices("wechat:shop", database, clock).offer(FAN, ["/me"])
    again = Choices("wechat:shop", database, clock)
    clock.advance(HOLDS_FOR)
    assert await again.chosen(FAN, "1") == "/me"
    clock.advance(timedelta(seconds=1))
    assert await again.chosen(FAN, "1") is None
    assert await Choices("wechat:other", database, clock).chosen(FAN, "1") is None
