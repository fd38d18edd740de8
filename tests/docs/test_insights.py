"""The page on reports shows what commands answer and what the command line really prints."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from docs.generate import TOP
from tests.bot.program import call
from tests.handlers.conftest import opened, shop, sqlite  # noqa: F401 (fixtures)
from tests.handlers.shop import MANAGER, Answers, Shop

PAGE = (TOP / "docs/how-to/insights.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    """What stands in the fenced blocks of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def as_shown(answer: Answers) -> str:
    """An answer as the page shows it: its text, and its buttons in brackets."""
    buttons = " ".join(f"[{label}]" for label in answer.buttons)
    return "\n".join(filter(None, [answer.text.strip(), buttons])) + "\n"


async def undrawn(*_: object) -> None:
    """No picture: drawing one takes a while, and the page shows texts."""


async def test_the_bot_answers_as_the_page_shows(
    shop: Shop,  # noqa: F811 (a fixture)
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("handlers.commands.insight.insight_picture", undrawn)
    (history,) = blocks("jsonl")
    rows = [json.loads(line) for line in history.splitlines()]
    await shop.hear(
        *(
            shop.heard(
                row["member"], row["text"], group=row["group"], at=datetime.fromisoformat(row["at"])
            )
            for row in rows
        )
    )
    await shop.closes("三群")
    await shop.says(MANAGER, "/tag @小满 老客")
    shown = blocks("chat")
    assert len(shown) == 5
    for block in shown:
        asks, _, answer = block.partition("\n")
        assert as_shown(await shop.says(MANAGER, asks.removeprefix("> "), group=None)) == answer


def test_the_commands_print_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_sqlite: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    shutil.copy(migrated_sqlite, tmp_path / "data" / "nuanqun.sqlite3")
    (history,) = blocks("jsonl")
    (tmp_path / "fans.jsonl").write_text(history, encoding="utf-8")
    assert call("import", "chat", "fans.jsonl").code == 0
    assert call("insights", "--to", "2026-11-05").code == 0  # what is unread is read once
    shown = blocks("console")
    assert len(shown) == 2
    for block in shown:
        command, _, output = block.partition("\n")
        ended = call(*shlex.split(command.removeprefix("$ nuanqun ")))
        assert ended.code == 0
        assert ended.out + ended.err == output
    (table,) = blocks("csv")
    written = (tmp_path / "week.csv").read_text(encoding="utf-8-sig")
    assert written.replace("\r\n", "\n").startswith(table)
