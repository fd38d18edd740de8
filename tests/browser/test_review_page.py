"""The page of a review in Chromium: on a phone every figure is in view, beside its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from handlers.reviewing.arguments import ReviewWords
from handlers.reviewing.asking import asked_review
from handlers.reviewing.page import review_page
from storage.database import Database
from tests.browser.pages import PHONE
from tests.handlers.programme_scenes import shop_with_sale
from tests.handlers.reviewing.scenes import lived_sale
from tests.handlers.shop import DAY

pytestmark = [pytest.mark.browser, pytest.mark.peer]


async def test_on_a_phone_every_figure_is_in_view(browser: Browser, tmp_path: Path) -> None:
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
    try:
        shop = await shop_with_sale(database, tmp_path / "programmes")
        await lived_sale(shop)
        shop.clock.advance(DAY)
        found = await asked_review(shop.desk, ReviewWords(named="sale", year=2026))
        assert found is not None
        (tmp_path / "review.html").write_text(review_page(shop.desk, found), encoding="utf-8")
    finally:
        await database.close()
    page = await browser.new_page(viewport=PHONE)
    await page.goto((tmp_path / "review.html").as_uri())
    cells = await page.locator(".table td").all()
    assert cells
    for cell in cells:
        box = await cell.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= PHONE["width"]
        assert await cell.get_attribute("data-name")
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
