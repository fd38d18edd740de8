from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from insights.lexicon import (
    DemandKind,
    Lexicon,
    LexiconUnreadable,
    Role,
    read_lexicon,
    standard_lexicon,
    stop_words,
)
from insights.opinions import Stance
from insights.understanding import understand
from insights.words import Segmenter


def test_different_words_name_one_aspect(lexicon: Lexicon) -> None:
    assert {lexicon.terms[word].aspect for word in ("味道", "气味", "香味")} == {"气味"}
    assert lexicon.category("保湿") == "功效"


def test_no_word_judges_both_ways() -> None:
    text = resources.files("insights").joinpath("lexicon.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    good = {word for row in tables["positive"].values() for word in row}
    bad = {word for name in ("negative", "risks") for row in tables[name].values() for word in row}
    assert good & bad == set()


def test_every_aspect_that_a_judgement_speaks_of_has_a_category(lexicon: Lexicon) -> None:
    spoken = {term.speaks_of for term in lexicon.terms.values() if term.speaks_of}
    assert spoken <= set(lexicon.categories)


def test_every_kind_of_demand_has_words(lexicon: Lexicon) -> None:
    assert {term.always for term in lexicon.terms.values() if term.always} == set(DemandKind)


def test_a_phrase_knows_what_is_named_in_it(lexicon: Lexicon) -> None:
    assert lexicon.terms["有没有小样"].thing == "小样"
    assert Role.QUESTION in lexicon.terms["有没有小样"].roles


def test_a_shop_s_words_take_effect_and_change_the_version(
    lexicon: Lexicon, segmenter: Segmenter
) -> None:
    assert not understand("这个味道很龙涎", segmenter, lexicon).opinions[0].opinion
    taught = lexicon.with_opinion("龙涎", -1, aspect="气味")
    opinion = understand("这个味道很龙涎", segmenter, taught).opinions[0]
    assert (opinion.aspect, opinion.opinion, opinion.stance) == ("气味", "龙涎", Stance.DISLIKE)
    assert taught.version != lexicon.version
    assert lexicon.version == standard_lexicon().version
    assert taught.without("龙涎").version == lexicon.version


def test_a_shop_s_aspects_and_products_are_known(lexicon: Lexicon, segmenter: Segmenter) -> None:
    taught = lexicon.with_aspect("猫毛", "清洁", ["粘毛"]).with_thing("玫珑霜", ["小玫瑰"])
    read = understand("小玫瑰什么时候补货，粘毛吗", segmenter, taught)
    assert ("猫毛", "清洁") in {(o.aspect, o.category) for o in read.opinions}
    assert [(d.kind, d.thing) for d in read.demands] == [(DemandKind.RESTOCK, "玫珑霜")]


def test_a_polarity_is_one_or_the_other(lexicon: Lexicon) -> None:
    with pytest.raises(ValueError, match="polarity"):
        lexicon.with_opinion("香", 0)


@pytest.mark.parametrize("text", ["[aspects", 'aspects = "味道"', '[roles]\nnonsense = ["x"]'])
def test_a_broken_file_is_named_with_its_mend(text: str) -> None:
    with pytest.raises(LexiconUnreadable, match=r"shop\.toml.*NQ201"):
        read_lexicon(text, "shop.toml")


def test_stop_words_are_in_normal_form() -> None:
    assert {word for word in stop_words() if word != word.lower() or " " in word} == set()
