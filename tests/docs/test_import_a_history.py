"""The page on histories shows what the commands really print."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from docs.generate import TOP
from tests.bot.program import call

PAGE = (TOP / "docs/how-to/import-a-history.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_commands_print_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_sqlite: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    shutil.copy(migrated_sqlite, tmp_path / "data" / "nuanqun.sqlite3")
    (history,) = blocks("jsonl")
    (tmp_path / "history.jsonl").write_text(history, encoding="utf-8")
    shown = [block for block in blocks("console") if "telegram" not in block]
    assert len(shown) == 3
    for block in shown:
        command, _, output = block.partition("\n")
        ended = call(*shlex.split(command.removeprefix("$ nuanqun ")))
        assert ended.code == 0
        assert ended.out + ended.err == output
