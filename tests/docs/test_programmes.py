"""The page on programmes: the real reader reads its files, and its talks are the bot's own."""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from pathlib import Path

import pytest

from docs.generate import TOP
from handlers.greetings_ahead import prepare_greetings
from handlers.settings import ShopSettings
from scheduler.nodes import read_nodes
from scheduler.programme import shipped_programmes
from scheduler.programme_file import read_programme
from scheduler.wall_time import zone_named
from storage.database import Database
from storage.errors import SchedulingError
from tests.bot.program import call
from tests.docs.conversations import answered, blocks, fits, page_shop, undrawn
from tests.handlers.conftest import sqlite  # noqa: F401 (a fixture)
from tests.handlers.shop import Shop

PAGE = (TOP / "docs/how-to/programmes.md").read_text(encoding="utf-8")
PROGRAMME, NODES = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILE, YEAR = "anniversary.toml", 2026
BEGINS = datetime(YEAR, 10, 8, 10, tzinfo=zone_named("Asia/Shanghai"))


def changed(diff: str) -> str:
    """The page's programme with what a block of differences changes in it, wherever it stands."""
    before, after = (
        "\n".join(re.findall(rf"^{sign} (.*)$", diff, re.MULTILINE)) for sign in ("-", "\\+")
    )
    assert before in PROGRAMME, diff
    whole: str = PROGRAMME.replace(before, after)
    return whole


async def test_the_bot_answers_as_the_page_shows(
    sqlite: Database,  # noqa: F811 (a fixture)
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("handlers.programme_pictures.countdown_pictures", undrawn)
    programmes, nodes = tmp_path / "programmes", tmp_path / "nodes"
    for folder in (programmes, nodes):
        folder.mkdir()
    written = programmes / FILE
    written.write_text(PROGRAMME, encoding="utf-8")
    (nodes / f"tmall-{YEAR}.toml").write_text(NODES, encoding="utf-8")
    shop = await page_shop(
        sqlite, ShopSettings(name="小暖家", programmes=programmes, nodes=nodes), BEGINS
    )
    talks = 0
    for block in blocks(PAGE, YEAR):
        if block.kind == "diff":
            written.write_text(changed(block.shown), encoding="utf-8")
            continue
        answer = await answered(shop, block, told)
        assert fits(block.shown, answer), answer
        written.write_text(PROGRAMME, encoding="utf-8")
        talks += 1
    assert talks > 20


async def told(shop: Shop) -> None:
    """What the bot does by itself on this page: it prepares greetings."""
    await prepare_greetings(shop.desk)


def test_the_command_line_prints_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nuanqun.toml").write_text('[shop]\nname = "小暖家"\n', encoding="utf-8")
    (shown,) = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    asks, _, output = shown.partition("\n")
    ended = call(*shlex.split(asks.removeprefix("$ nuanqun ")))
    assert (ended.code, ended.out) == (0, output)


def test_the_reader_says_of_each_mistake_what_the_page_shows(tmp_path: Path) -> None:
    mistakes = [
        block.shown
        for block in blocks(PAGE, YEAR)
        if block.kind == "diff" and "\n! " in block.shown
    ]
    assert len(mistakes) > 5
    for diff in mistakes:
        (tmp_path / FILE).write_text(changed(diff), encoding="utf-8")
        with pytest.raises(SchedulingError) as refused:
            read_programme(tmp_path / FILE)
        said = str(refused.value).partition(" Correct the file; ")[0]
        assert diff.partition("\n! ")[2] == f"{said}\n"


def test_the_page_uses_every_part_of_a_file(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(PROGRAMME, encoding="utf-8")
    (tmp_path / "tmall-2026.toml").write_text(NODES, encoding="utf-8")
    programme = read_programme(tmp_path / FILE)
    assert set(read_nodes(tmp_path / "tmall-2026.toml")) == {programme.key}
    assert programme.anchor is not None
    assert programme.promotion is not None
    tasks = programme.tasks
    for part in ("until", "audience", "groups", "needs", "picture", "buttons", "nodes", "goal"):
        assert any(getattr(task, part) for task in tasks), part


def test_the_page_names_every_programme_that_comes_with_the_bot() -> None:
    for key in shipped_programmes():
        assert f"\n| `{key}`" in PAGE, key
