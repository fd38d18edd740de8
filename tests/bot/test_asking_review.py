"""`nuanqun review`: a campaign or a programme's year, as text, document, page and picture."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot import asking_review
from bot.configuration import Configuration
from handlers.settings import ShopSettings
from storage.campaigns import StoredCampaign
from storage.database import Database
from tests.bot.program import call
from tests.handlers.reviewing.scenes import sent_broadcast
from tests.handlers.scenes import broadcast, the_one
from tests.handlers.shop import Shop, open_shop

PNG = b"\x89PNG\r\n\x1a\n"


def at_the_shop(
    here: Path, configured: Configuration, lives: Callable[[Shop], Awaitable[StoredCampaign]]
) -> StoredCampaign:
    """What happens to a campaign at the shop of the folder, which has one group."""

    async def live() -> StoredCampaign:
        file = here / configured.storage.url.get_secret_value().rpartition("///")[2]
        database = await Database.open(f"sqlite+aiosqlite:///{file}")
        try:
            shop = await open_shop(database, ShopSettings())
            await shop.opens("一群")
            return await lives(shop)
        finally:
            await database.close()

    return asyncio.run(live())


async def waiting_broadcast(shop: Shop) -> StoredCampaign:
    """A broadcast that nobody has sent yet."""
    await broadcast(shop)
    await shop.desk.planner.plan_ahead()
    return await the_one(shop)


@pytest.fixture
def reviewed(here: Path, configured: Configuration) -> str:
    """The key of a campaign that has gone out."""
    return at_the_shop(here, configured, sent_broadcast).key


def test_a_campaign_is_told_by_its_number_and_by_its_key(reviewed: str) -> None:
    by_number, by_key = call("review", "1"), call("review", reviewed)
    assert by_number.out.startswith("📊 复盘「今晚八点直播」（11-05）\n")
    assert by_number.out == by_key.out
    document = call("review", "1", "--json").document
    assert (document["campaign"], document["title"]) == (1, "今晚八点直播")
    assert document["deliveries"]["states"]["sent"] == 1
    assert document["fans"]["groups"]["replies"] == {"people": 2, "new": 2}


@pytest.mark.usefixtures("reviewed")
def test_the_page_and_the_picture_are_written(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def drawn(*_: object) -> bytes:
        return PNG

    monkeypatch.setattr(asking_review, "review_png", drawn)
    ended = call("review", "1", "--html", "review.html", "--picture", "review.png")
    assert ended.err.splitlines() == ["wrote review.html", "wrote review.png"]
    assert (here / "review.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (here / "review.png").read_bytes() == PNG


@pytest.mark.usefixtures("reviewed")
def test_a_picture_that_cannot_be_drawn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(asking_review, "review_png", nothing)
    ended = call("review", "1", "--picture", "review.png", "--html", "review.html")
    assert ended.code == 1
    assert "The picture of the review could not be drawn." in ended.err
    assert "wrote review.html" in ended.err
    assert ended.out.startswith("📊 复盘「今晚八点直播」（11-05）\n")


def test_of_what_has_not_begun_all_but_the_picture_is_written(
    here: Path, configured: Configuration
) -> None:
    at_the_shop(here, configured, waiting_broadcast)
    ended = call("review", "1", "--html", "review.html", "--picture", "review.png")
    assert ended.code == 0
    assert ended.err.splitlines() == [
        "wrote review.html",
        "no picture written: nothing has gone out yet",
    ]
    assert "还没开始：排了 1 次" in ended.out
    assert "还没开始：排了 1 次" in (here / "review.html").read_text(encoding="utf-8")
    assert not (here / "review.png").exists()


@pytest.mark.usefixtures("reviewed")
@pytest.mark.parametrize("written", ["99", "double11:2026", "@一群"])
def test_what_never_was_is_told_with_what_there_is(written: str) -> None:
    ended = call("review", written)
    assert ended.code == 1
    assert f"There is no campaign {written!r}" in ended.err
    assert "There is: 1." in ended.err


@pytest.mark.usefixtures("configured")
def test_where_there_is_nothing_that_is_told() -> None:
    assert "There is: nothing yet." in call("review", "1").err
