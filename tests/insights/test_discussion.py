"""The page on how a message is read says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from insights.lexicon import TRADES
from insights.opinions import _SURE
from insights.understanding import Understanding
from tests.insights.conftest import Read
from tests.insights.sentences import read_fan_sentences, score_fan_sentences

PAGE = Path(__file__).parents[2].joinpath("docs/discussions/insights.md").read_text("utf-8")
HEAD = "| sentence | opinions | demands |\n|---|---|---|\n"
NONE = "–"


def examples() -> list[tuple[str, str, str]]:
    tables = [part.split("\n\n")[0] for part in PAGE.split(HEAD)[1:]]
    rows = [line.strip("| ").split(" | ") for table in tables for line in table.splitlines()]
    return [(text, opinions, demands) for text, opinions, demands in rows]


def written(read: Understanding) -> tuple[str, str]:
    opinions = [(o.aspect, o.stance.value, o.opinion) for o in read.opinions]
    demands = [(d.kind.value, d.thing) for d in read.demands]
    return (
        "; ".join(" ".join(filter(None, one)) for one in opinions) or NONE,
        "; ".join(" ".join(filter(None, one)) for one in demands) or NONE,
    )


def test_the_page_has_examples_of_every_stance() -> None:
    said = " ".join(opinions for _, opinions, _ in examples())
    assert len(examples()) >= 40
    assert all(f" {stance} " in f"{said} " for stance in ("like", "dislike", "mind", "care"))


@pytest.mark.parametrize(("text", "opinions", "demands"), examples())
def test_every_example_is_the_code_s_own_answer(
    text: str, opinions: str, demands: str, read: Read
) -> None:
    assert written(read(text)) == (opinions, demands)


@pytest.mark.parametrize("half", ["tuned", "kept"])
def test_the_scores_are_those_of_the_code(half: str, read: Read) -> None:
    scores = score_fan_sentences(half, read)
    found = [
        getattr(scores, name).f1
        for name in ("aspects", "polarities", "stances", "demands", "feelings")
    ]
    (row,) = re.findall(rf"^\| {half} \|(.+)\|$", PAGE, re.MULTILINE)
    assert [float(cell) for cell in row.split("|")] == pytest.approx(found, abs=0.002)


def test_the_page_names_what_stands_in_the_code() -> None:
    assert f"log-odds pass {_SURE:g}" in PAGE
    assert f"{len(read_fan_sentences())} sentences" in PAGE
    assert all(trade in PAGE for trade in TRADES)
