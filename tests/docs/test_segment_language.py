"""The page of the segment language shows nothing that the language cannot read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from docs.generate import TOP
from storage.segment_language.reading import DEEPEST, LONGEST, MOST_CONDITIONS, read
from storage.segment_language.trouble import SegmentUnreadable
from storage.segment_language.writing import written

PAGE = (TOP / "docs/reference/segment-language.md").read_text(encoding="utf-8")


def rows() -> list[tuple[str, str]]:
    """Each condition of the table in English and in Chinese."""
    return re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", PAGE, re.MULTILINE)


def examples() -> Iterator[str]:
    """Every line of the blocks of expressions."""
    for block in re.findall(r"```segment\n(.*?)```", PAGE, re.DOTALL):
        yield from block.splitlines()


@pytest.mark.parametrize(("english", "chinese"), rows())
def test_a_condition_means_the_same_in_both_languages(english: str, chinese: str) -> None:
    assert written(read(english)) == english
    assert read(chinese) == read(english)


def test_every_example_can_be_read() -> None:
    assert len([read(one) for one in examples()]) == 3
    assert len(rows()) == 15


def test_the_limits_are_told() -> None:
    for limit in (LONGEST, MOST_CONDITIONS, DEEPEST):
        assert f"{limit:,}" in PAGE


def test_the_answer_to_a_wrong_expression_is_the_one_that_is_shown() -> None:
    shown = re.search(r'\$ nuanqun segment "(?P<text>.*)"\n(?P<said>(?:.*\n)+?)```', PAGE)
    assert shown is not None
    with pytest.raises(SegmentUnreadable) as raised:
        read(shown["text"])
    assert f"{raised.value}\n" == shown["said"]
