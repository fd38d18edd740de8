from __future__ import annotations

import pytest

from insights.terms import read_terms
from insights.words import RjiebaSegmenter, Segmenter


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return RjiebaSegmenter()


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("补水面膜不错", {"补水", "面膜", "补水面膜", "不错"}),
        ("面霜什么时候补货", {"面霜", "补货"}),  # what steers parts a phrase
        ("喜欢这个味道", {"喜欢", "味道"}),
        ("喜欢味道", {"喜欢", "味道"}),  # a judgement names nothing
        ("的了吗 123 ！", set()),
        ("水", set()),  # one character says too little
    ],
)
def test_terms_are_content_words_and_their_phrases(
    segmenter: Segmenter, text: str, terms: set[str]
) -> None:
    assert set(read_terms(segmenter.tag(text))) == terms


def test_a_term_is_found_as_often_as_it_stands_there(segmenter: Segmenter) -> None:
    assert read_terms(segmenter.tag("面膜，面膜")).count("面膜") == 2
