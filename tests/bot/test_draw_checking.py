"""`nuanqun draw-check` tells a fair draw from one that was changed, from what chat says of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.draw_checking import DrawUnreadable, faults_in_file
from handlers.draws import Prize, Rules, record_of, winners
from tests.bot.program import call

RULES = Rules("双11抽奖", (Prize("面霜正装", 1),), datetime(2026, 11, 10, 12, tzinfo=UTC))
SEED, NUMBERS = "5e" * 32, range(1, 9)


def saved(folder: Path, **changed: Any) -> Path:
    """The answer to /drawcheck as somebody saved it, with parts of it changed."""
    record = record_of(RULES, SEED, NUMBERS, winners(SEED, NUMBERS, RULES.prizes))
    file = folder / "draw.txt"
    said = json.dumps({**record, **changed}, ensure_ascii=False)
    file.write_text(f"你的号码是 3。\n下面是全部依据。\n{said}\n", encoding="utf-8")
    return file


def test_a_fair_draw_is_fair(tmp_path: Path) -> None:
    ended = call("draw-check", str(saved(tmp_path)), "--json")
    assert (ended.code, ended.document) == (0, {"fair": True, "faults": []})
    assert "follow from" in call("draw-check", str(saved(tmp_path))).out


def test_a_draw_that_was_changed_is_found_out(tmp_path: Path) -> None:
    ended = call("draw-check", str(saved(tmp_path, seed="5f" * 32)))
    assert ended.code == 1
    assert "The commitment is not that of this seed" in ended.out


def test_what_is_no_draw_is_one_clear_sentence(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("今天天气真好", encoding="utf-8")
    for file in (other, tmp_path / "gone.txt"):
        with pytest.raises(DrawUnreadable, match=file.name):
            faults_in_file(file)
    ended = call("draw-check", str(other))
    assert ended.code == 1
    assert "NQ548" in ended.err
