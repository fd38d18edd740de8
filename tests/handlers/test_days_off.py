"""What promises an answer goes out on a working day, and follows the notice of legal holidays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from scheduler import legal_days
from scheduler.legal_days import DayKind, LegalDay
from storage.database import Database
from tests.handlers.programme_scenes import SALE, shop_with_sale, switched_on
from tests.handlers.shop import DAY, MANAGER, MINUTE, Shop

RETURNS = """
[[task]]
key = "returns"
name = { zh = "退换提醒" }
phase = "main"
kind = "关怀互动"
on = "d+10"
at = "12:12"
until = "15:00"
day_off = "next working day"
[task.texts]
zh = "要退要换的，今天来群里说一声。"
"""
SAID = "要退要换的，今天来群里说一声。"
# 22 November 2026 is a Sunday.
FILE = SALE.replace('last = "d+4"', 'last = "d+20"') + RETURNS


@pytest.fixture
async def any_shop(database: Database, tmp_path: Path) -> Shop:
    """A shop whose folder holds a programme with a task that keeps off days off."""
    return await shop_with_sale(database, tmp_path / "programmes", text=FILE)


async def says(shop: Shop, text: str) -> str:
    return (await shop.says(MANAGER, text, group=None)).text


def published(monkeypatch: pytest.MonkeyPatch, day: date, kind: DayKind) -> None:
    """The notice has come out, and makes something else of a day."""
    before = legal_days.legal_day

    def after(asked: date) -> LegalDay:
        found = before(asked)
        return replace(found, kind=kind) if asked == day else found

    monkeypatch.setattr(legal_days, "legal_day", after)


def unpublished(monkeypatch: pytest.MonkeyPatch, first: date) -> None:
    """No notice decides about days from this one on."""
    before = legal_days.legal_day

    def after(asked: date) -> LegalDay:
        return replace(before(asked), provisional=asked >= first)

    monkeypatch.setattr(legal_days, "legal_day", after)


async def test_the_calendar_says_which_day_off_a_post_keeps_off(any_shop: Shop) -> None:
    shop = any_shop
    line = f"· 11-23 12:12 [休息日顺延，原 11-22] {SAID}"
    assert line in await says(shop, "/programme sale")
    await switched_on(shop)
    assert line in await says(shop, "/programme sale")
    assert "暂定" not in await says(shop, "/programme sale")


async def test_before_the_notice_is_out_its_day_is_provisional(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = any_shop
    unpublished(monkeypatch, date(2026, 11, 20))
    line = f"· 11-23 12:12 [休息日顺延，原 11-22] [放假通知没出，日子暂定] {SAID}"
    assert line in await says(shop, "/programme sale")
    await switched_on(shop)
    assert line in await says(shop, "/programme sale")


async def delivered(shop: Shop) -> bool:
    """Whether the post goes out in the three hours from 12:00 on."""
    return SAID in (await shop.delivers()).text


@pytest.mark.parametrize(
    ("notice", "kind", "gone_on"),
    [
        (None, None, 23),
        (date(2026, 11, 22), DayKind.MADE_UP, 22),
        (date(2026, 11, 23), DayKind.HOLIDAY, 24),
    ],
)
async def test_an_approved_post_follows_the_notice_until_it_has_gone_out(
    any_shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    notice: date | None,
    kind: DayKind | None,
    gone_on: int,
) -> None:
    shop = any_shop
    await switched_on(shop)
    shop.clock.advance(10 * DAY)
    await shop.delivers()
    if notice is not None and kind is not None:
        published(monkeypatch, notice, kind)
    shop.clock.advance(6 * DAY + 120 * MINUTE)  # 12:00 on the 21st
    gone = []
    for day in (21, 22, 23, 24, 25):
        shop.clock.advance(20 * MINUTE)
        if await delivered(shop):
            gone.append(day)
        shop.clock.advance(DAY - 20 * MINUTE)
    assert gone == [gone_on]


async def test_a_post_that_a_manager_moves_stays_where_it_was_moved_to(any_shop: Shop) -> None:
    shop = any_shop
    await switched_on(shop)
    await says(shop, "/programme move sale returns 11-28 12:12")  # a Saturday
    await says(shop, "/confirm")
    assert f"· 11-28 12:12 [改过时间] {SAID}" in await says(shop, "/programme sale")
