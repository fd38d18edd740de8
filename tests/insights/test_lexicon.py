from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from insights.lexicon import (
    TRADES,
    DemandKind,
    Lexicon,
    LexiconUnreadable,
    Role,
    Taught,
    standard_lexicon,
    stop_words,
)
from insights.opinions import Stance
from insights.teaching import TaughtWord, teach
from insights.understanding import understand
from insights.words import Segmenter


def test_different_words_name_one_aspect(lexicon: Lexicon) -> None:
    assert {lexicon.terms[word].aspect for word in ("味道", "气味", "香味")} == {"气味"}
    assert lexicon.category("保湿") == "功效"


def tables(name: str) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(resources.files("insights").joinpath(name).read_text("utf-8"))


@pytest.mark.parametrize("trade", TRADES)
def test_no_word_judges_both_ways(trade: str) -> None:
    files = [tables("lexicon.toml"), tables(f"trades/{trade}.toml")]
    rows = {
        sign: {
            word for file in files for name in names for row in file[name].values() for word in row
        }
        for sign, names in {1: ["positive"], -1: ["negative", "risks"]}.items()
    }
    assert rows[1] & rows[-1] == set()


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
    taught = teach(lexicon, [TaughtWord("气味", "龙涎", Taught.DISLIKE)])
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


def test_a_shop_chooses_its_trades_and_the_first_wins() -> None:
    assert standard_lexicon(["food"]).terms["味道"].aspect == "口感"
    both = standard_lexicon(["cosmetics", "food"]).terms["味道"]
    assert (both.aspect, both.second) == ("气味", "口感")
    assert "粉底液" not in standard_lexicon(["digital"]).terms
    assert standard_lexicon(["digital"]).version != standard_lexicon().version
    with pytest.raises(ValueError, match="mother_and_baby, not toys"):
        standard_lexicon(["toys"])


def test_a_word_of_two_trades_names_what_is_judged(lexicon: Lexicon, segmenter: Segmenter) -> None:
    def aspects(text: str) -> list[str]:
        return [opinion.aspect for opinion in understand(text, segmenter, lexicon).opinions]

    assert aspects("味道鲜美") == ["口感"]
    assert aspects("味道刺鼻") == ["气味"]


SHOP = """
[aspects."服饰"]
"绣工" = ["刺绣", "绣花"]
[positive]
"绣工" = ["灵动"]
[negative]
general = ["绝绝子"]
[things]
"云肩" = ["小云"]
"""


def test_a_shop_s_file_extends_and_wins(lexicon: Lexicon, segmenter: Segmenter) -> None:
    taught = lexicon.with_words(SHOP, "shop.toml")
    read = understand("刺绣灵动，颜色绝绝子，小云还有吗", segmenter, taught)
    assert [(o.aspect, o.category, o.stance) for o in read.opinions] == [
        ("绣工", "服饰", Stance.LIKE),
        ("外观", "外观", Stance.DISLIKE),
    ]
    assert [(d.kind, d.thing) for d in read.demands] == [(DemandKind.RESTOCK, "云肩")]
    assert taught.terms["灵动"].own
    assert taught.version != lexicon.version
    with pytest.raises(LexiconUnreadable, match=r"shop\.toml"):
        lexicon.with_words("[positive", "shop.toml")


@pytest.mark.parametrize("text", ["[aspects", 'aspects = "味道"', '[roles]\nnonsense = ["x"]'])
def test_a_broken_file_is_named_with_its_mend(lexicon: Lexicon, text: str) -> None:
    with pytest.raises(LexiconUnreadable, match=r"shop\.toml.*NQ201"):
        lexicon.with_words(text, "shop.toml")


def test_stop_words_are_in_normal_form() -> None:
    assert {word for word in stop_words() if word != word.lower() or " " in word} == set()
