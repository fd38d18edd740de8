"""The page on Double-11 is lived through: each talk at its time, every post sent in between."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from docs.generate import TOP
from handlers.planned import coming
from handlers.settings import ShopSettings
from scheduler.wall_time import zone_named
from storage.database import Database
from tests.docs.conversations import Block, answered, blocks, fits, page_shop, undrawn
from tests.handlers.conftest import sqlite  # noqa: F401 (a fixture)
from tests.handlers.shop import Shop

PAGE = (TOP / "docs/how-to/double11.md").read_text(encoding="utf-8")
YEAR = 2026
BEGINS = datetime(YEAR, 5, 4, 10, tzinfo=zone_named("Asia/Shanghai"))
"""When the fans came: by October they are old friends."""


async def before_block(shop: Shop, block: Block) -> None:
    """Let the shop's posts go out, each at its time, until the block begins."""
    while block.at is not None:
        ahead = await coming(shop.desk, shop.clock.now(), block.at)
        at = min((one.at for one in ahead if one.campaign_id is not None), default=None)
        if at is None:
            return
        shop.clock.advance_to(at)
        await shop.delivers()


async def told(shop: Shop) -> None:
    """Nothing on this page is said by the bot alone."""


async def test_the_bot_answers_as_the_page_shows(
    sqlite: Database,  # noqa: F811 (a fixture)
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("handlers.programme_pictures.countdown_pictures", undrawn)
    monkeypatch.setattr("handlers.commands.reviews.review_picture", nothing)
    settings = ShopSettings(
        name="小暖家", programmes=tmp_path / "programmes", nodes=tmp_path / "nodes"
    )
    shop = await page_shop(sqlite, settings, BEGINS)
    talks = 0
    for block in blocks(PAGE, YEAR):
        await before_block(shop, block)
        answer = await answered(shop, block, told)
        assert fits(block.shown, answer), answer
        talks += 1
    assert talks > 15
    assert any("云絮面霜正装已经卖完了" in text for text in shop.platform.said_in("一群"))
    assert any("48小时内" in text for text in shop.platform.said_in("二群"))


async def nothing(*_: object) -> None:
    """No picture: drawing one takes a while, and the page shows texts."""
