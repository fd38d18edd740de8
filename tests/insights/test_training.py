"""Training: how the public sets are read, and what a model learns from them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score as sklearn_f1

from insights.lexicon import standard_lexicon
from insights.polarity import PolarityModel, standard_model
from insights.training import (
    Asked,
    Cues,
    Figures,
    Judged,
    Talk,
    card,
    clause_around,
    f1_score,
    goods,
    measure,
    messages,
    plain_talk,
    restaurants,
    train,
    unmarked,
)
from insights.words import JiebaSegmenter, RjiebaSegmenter

TEXT = "味道不错，就是有点贵，但是服务好"


@pytest.mark.parametrize(
    ("part", "clause"),
    [
        ("不错", "味道不错"),
        ("贵", "就是有点贵"),
        ("服务", "服务好"),
        ("错，就", "味道不错，就是有点贵"),
        (TEXT, TEXT),
    ],
)
def test_a_judgement_stands_in_the_clause_around_it(part: str, clause: str) -> None:
    begin = TEXT.index(part)
    assert clause_around(TEXT, begin, begin + len(part)) == clause


def test_restaurants_are_read_clause_by_clause(tmp_path: Path) -> None:
    lines = [
        "味 道 好 ， 服 务 差####[((0, 2), (2, 3), 'POS'), ((4, 6), (6, 7), 'Negative')]",
        "又 好 又 贵####[((-1, -1), (1, 2), 'POS'), ((-1, -1), (3, 4), 'NEG')]",  # both ways
        "还 行####[((-1, -1), (0, 2), 'NEU')]",
        "想 再 来####[((-1, -1), (-1, -1), 'POS')]",  # nobody says by which words
    ]
    file = tmp_path / "dev.txt"
    file.write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    assert restaurants(file) == [Judged("味道好", well=True), Judged("服务差", well=False)]


def test_goods_are_read_with_their_aspect_put_back(tmp_path: Path) -> None:
    lines = [
        "外 观 好 看 ， $T$ 太 小",
        "按 键",
        "Negative",
        "$T$ ， 我 很 喜 欢",  # the aspect stands alone: the whole is taken
        "屏 幕",
        "Positive",
        "",
    ]
    file = tmp_path / "phone.train.txt"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert goods(file) == [
        Judged("按键太小", well=False),
        Judged("屏幕，我很喜欢", well=True),
    ]


def test_a_model_learns_what_it_is_shown() -> None:
    shown = [Judged(text, well=True) for text in ("到得快", "回得快", "发得快")]
    shown += [Judged(text, well=False) for text in ("到得慢", "回得慢", "发得慢")]
    cues = Cues(JiebaSegmenter(), standard_lexicon())
    talk = Talk(clauses=["我昨天下单"] * 12, chats=[["在吗在吗"], ["刚下班"], []] * 12)
    model = train(shown, talk, cues)
    assert model.lean("走得快") > 0 > model.lean("走得慢")
    assert model.positive >= 0 >= model.negative
    assert measure(model, shown, cues) == Figures(6, 1.0, 1.0)
    assert train(shown, talk, cues).to_text() == model.to_text()
    assert [model.speaks(text) for text in ("走得快", "走得慢")] == [1, -1]
    assert not any(model.speaks(text) for text in ("我昨天下单", "在吗在吗", "刚下班"))


def test_what_nobody_marked_is_talk_without_judgement(tmp_path: Path) -> None:
    file = tmp_path / "train.txt"
    file.write_text(
        "昨 天 来 的 ， 味 道 好 ， 坐 窗 边####[((5, 6), (7, 7), 'POS')]\n"
        "又 好 又 贵####[((-1, -1), (1, 1), 'POS')]\n",
        encoding="utf-8",
    )
    assert unmarked(file) == ["昨天来的", "坐窗边"]


def test_messages_of_chats_are_read_without_their_blanks(tmp_path: Path) -> None:
    file = tmp_path / "toy.json"
    file.write_text('{"valid": [["在 吗", "在 的"]], "test": [["早 呀"]]}', encoding="utf-8")
    assert messages(file) == ["在吗", "在的", "早呀"]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("我放在冰箱里", ["我放在冰箱里"]),
        ("味道刺鼻，瓶子是玻璃的", ["瓶子是玻璃的"]),
        ("味道刺鼻", []),
        ("这个味道怎么样", []),
        ("嗯", []),
    ],
)
def test_the_model_learns_from_what_the_reading_would_ask_it(text: str, clauses: list[str]) -> None:
    assert Asked(RjiebaSegmenter(), standard_lexicon())(text) == clauses


def test_our_own_talk_is_ours_to_learn_from_or_to_test_with() -> None:
    assert len(plain_talk()) > 100
    kept = Path(__file__).with_name("plain_talk.txt").read_text("utf-8").splitlines()
    assert set(plain_talk()).isdisjoint(kept)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_f1_is_what_everybody_means_by_it(pairs: list[tuple[bool, bool]]) -> None:
    truth, said = [true for true, _ in pairs], [claimed for _, claimed in pairs]
    assert f1_score(truth, said) == pytest.approx(sklearn_f1(truth, said, zero_division=0))


def test_the_card_tells_of_the_model_that_ships() -> None:
    page = Path(__file__).parents[2].joinpath("docs/reference/polarity-model.md").read_text("utf-8")
    model: PolarityModel = standard_model()
    assert f"version `{model.version}`" in page
    assert f"{len(model.leaning):,} weights" in page
    assert f"{len(model.judging):,} weights" in page
    assert f"{model.sure:.3f}" in page
    assert "{" not in card(model, 1024, [("this", "that", Figures(1, 1.0, 1.0))])
