"""The contract of `Segmenter`, run against both implementations; jieba is the oracle of rjieba."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from typing import Any

import pytest
import rjieba
from hypothesis import given
from hypothesis import strategies as st

from insights.words import JiebaSegmenter, RjiebaSegmenter, Segmenter, open_segmenter

CHAT = [
    "这个面霜的味道很好闻，会不会过敏啊？",
    "快递太慢了，等了五天才到",
    "双十一有活动吗？想囤两瓶",
    "客服小姐姐超有耐心",
    "敏感肌用了没闷痘",
]


@pytest.fixture(scope="module")
def oracle() -> Segmenter:
    return JiebaSegmenter()


@pytest.fixture(scope="module", params=["rjieba", "jieba"])
def segmenter(request: pytest.FixtureRequest, oracle: Segmenter) -> Segmenter:
    # A dictionary of its own: what these tests teach is no business of other tests.
    return RjiebaSegmenter(rjieba.Jieba()) if request.param == "rjieba" else oracle


def test_its_name_says_which_it_is(segmenter: Segmenter, request: pytest.FixtureRequest) -> None:
    assert segmenter.name in request.node.name


@pytest.mark.parametrize("text", CHAT)
def test_words_joined_give_the_text_back(segmenter: Segmenter, text: str) -> None:
    assert "".join(segmenter.cut(text)) == text
    assert "".join(word for word, _ in segmenter.tag(text)) == text


@given(text=st.text(alphabet="面霜味道好闻不贵吗，。 a1😂", max_size=20))
def test_nothing_is_lost_whatever_the_text(text: str) -> None:
    segmenter = RjiebaSegmenter()
    assert "".join(segmenter.cut(text)) == text
    assert "".join(word for word, _ in segmenter.tag(text)) == text


def test_an_empty_text_has_no_words(segmenter: Segmenter) -> None:
    assert segmenter.cut("") == []
    assert segmenter.tag("") == []


def test_tags_name_parts_of_speech(segmenter: Segmenter) -> None:
    assert ("味道", "n") in segmenter.tag("味道很好")
    assert ("贵", "a") in segmenter.tag("有点贵")


def test_a_learnt_word_stays_whole_as_a_noun_until_forgotten(segmenter: Segmenter) -> None:
    before = segmenter.version
    segmenter.learn(["玫珑氨基酸洁面"])
    assert "玫珑氨基酸洁面" in segmenter.cut("我买了玫珑氨基酸洁面")
    assert ("玫珑氨基酸洁面", "n") in segmenter.tag("我买了玫珑氨基酸洁面")
    assert segmenter.version != before
    segmenter.forget("玫珑氨基酸洁面")
    assert "玫珑氨基酸洁面" not in segmenter.cut("我买了玫珑氨基酸洁面")
    segmenter.learn(["玫珑氨基酸洁面"])
    assert "玫珑氨基酸洁面" in segmenter.cut("我买了玫珑氨基酸洁面")
    segmenter.forget("玫珑氨基酸洁面")


def test_it_knows_what_the_dictionary_holds_and_what_it_learnt(segmenter: Segmenter) -> None:
    assert segmenter.knows("刺鼻")
    assert not segmenter.knows("玫珑爽肤水")
    segmenter.learn(["玫珑爽肤水"])
    assert segmenter.knows("玫珑爽肤水")


@pytest.mark.parametrize("text", CHAT)
def test_rjieba_cuts_chinese_as_jieba_does(oracle: Segmenter, text: str) -> None:
    assert RjiebaSegmenter(rjieba.Jieba()).cut(text) == oracle.cut(text)


def test_rjieba_is_the_default_and_uses_the_dictionary_that_is_there_already() -> None:
    segmenter = open_segmenter()
    assert segmenter.name == "rjieba"
    assert segmenter.cut("味道很好") == rjieba.cut("味道很好")


def test_a_dictionary_of_its_own_disturbs_nobody() -> None:
    alone = open_segmenter(["玫珑身体乳"], alone=True)
    assert "玫珑身体乳" in alone.cut("玫珑身体乳好用吗")
    assert "玫珑身体乳" not in open_segmenter().cut("玫珑身体乳好用吗")
    assert "玫珑身体乳" not in open_segmenter(alone=True).cut("玫珑身体乳好用吗")


def test_jieba_takes_over_where_rjieba_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    segmenter = open_segmenter(["玫珑洁面"])
    assert segmenter.name == "jieba"
    assert "玫珑洁面" in segmenter.cut("玫珑洁面好用吗")


def test_the_fallback_is_not_imported_while_rjieba_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = builtins.__import__
    imported: list[str] = []

    def noting(name: str, *arguments: Any, **named: Any) -> Any:
        imported.append(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", noting)
    open_segmenter().cut("味道很好")
    assert not any(name.split(".")[0] == "jieba" for name in imported)
