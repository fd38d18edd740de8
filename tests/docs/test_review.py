"""The page on reviews shows what the bot really says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import TOP
from handlers.reviewing.telling import tell_reviews
from storage.database import Database
from tests.docs.test_insights import as_shown, undrawn
from tests.handlers.conftest import sqlite  # noqa: F401 (a fixture)
from tests.handlers.programme_scenes import shop_with_sale
from tests.handlers.reviewing.scenes import asked, lived_sale
from tests.handlers.shop import DAY, Answers

PAGE = (TOP / "docs/how-to/review.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```chat\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


async def test_the_bot_says_what_the_page_shows(
    sqlite: Database,  # noqa: F811 (a fixture)
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for room in ("commands.reviews", "reviewing.telling"):
        monkeypatch.setattr(f"handlers.{room}.review_picture", undrawn)
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    await lived_sale(shop)
    before = len(shop.platform.posts)
    assert await tell_reviews(shop.desk) == 1
    said = [as_shown(Answers(shop.platform.posts[before:]))]
    shop.clock.advance(DAY)
    for block in SHOWN[1:]:
        asks = block.partition("\n")[0]
        said.append(f"{asks}\n{as_shown(await asked(shop, asks.removeprefix('> ')))}")
    assert said == SHOWN
