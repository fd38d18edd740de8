"""The polarity model: its file, and what it makes of clauses."""

from __future__ import annotations

import gzip
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.polarity import ModelUnreadable, PolarityModel, read_model, standard_model

MODEL = PolarityModel(
    leaning={"好": 100, "不好": -250, "等": -20},
    judging={"好": 400, "很": 150, "雨": -100},
    longest=2,
    bias=0.5,
    judging_bias=-1.0,
    sure=0.6,
    positive=1.5,
    negative=-1.0,
    version="",
)


@pytest.mark.parametrize(
    ("text", "positive", "negative", "lean"),
    [
        ("", 0, 0, 0.5),
        ("好", 0, 0, 1.5),
        ("好好", 0, 0, 1.5),  # a run counts once, however often it stands there
        ("不好", 0, 0, -1.0),
        ("等等", 1, 0, 1.8),
        ("嗯", 5, 5, 0.5 + 3 - 2),  # two judgements each way count
    ],
)
def test_a_clause_leans_by_its_runs_and_by_what_the_lexicon_found(
    text: str, positive: int, negative: int, lean: float
) -> None:
    assert MODEL.lean(text, positive, negative) == pytest.approx(lean)


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("很好", 1),
        ("很不好", -1),
        ("好", 1),
        ("下雨", 0),  # it judges nothing
        ("等", 0),  # it may judge, but that is not sure
        ("", 0),
    ],
)
def test_a_clause_speaks_where_both_chances_together_are_sure(text: str, way: int) -> None:
    assert MODEL.speaks(text) == way
    assert -1 < MODEL.chance(text) < 1


@pytest.mark.parametrize(
    ("words", "way", "heaviest"),
    [
        (["今天", "很", "好", "吗"], 1, "好"),
        (["今天", "又", "很好", "好"], 1, "很好"),
        (["雨", "不好", "今天"], -1, "不好"),
        (["很"], 1, "很"),
        ([], 1, ""),
    ],
)
def test_what_it_says_rests_on_the_words_that_weigh_most(
    words: list[str], way: int, heaviest: str
) -> None:
    assert MODEL.rests_on(words, way) == heaviest


@given(
    st.lists(st.text("很好不雨等的", min_size=1, max_size=3), min_size=1), st.sampled_from([1, -1])
)
def test_what_it_rests_on_stands_in_the_clause(words: list[str], way: int) -> None:
    found = MODEL.rests_on(words, way)
    assert found
    assert found in "".join(words)


RUNS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=4)


WEIGHTS = st.dictionaries(RUNS, st.integers(-999, 999).filter(bool))


@given(WEIGHTS, WEIGHTS)
def test_a_model_is_the_same_after_being_written_and_read(
    leaning: dict[str, int], judging: dict[str, int]
) -> None:
    model = PolarityModel(leaning, judging, 4, -0.25, 0.5, 0.6, 1.0, -1.0, "")
    read = PolarityModel.from_text(model.to_text())
    assert (read.leaning, read.judging) == (leaning, judging)
    assert (read.longest, read.bias, read.judging_bias, read.sure) == (4, -0.25, 0.5, 0.6)
    assert read.to_text() == model.to_text()


pack = partial(gzip.compress, mtime=0)  # a table names its cases alike in every process


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"no gzip",
        pack(b"format 9\n\n"),
        pack(b"format 1\nlongest 2\n\n"),
        pack(b"format 2\nlongest 2\n\n"),
        pack(MODEL.to_text().encode())[:40],
        pack(MODEL.to_text().encode() + "好\t1\tviel\n".encode()),
        pack(MODEL.to_text().encode() + "好\t1\n".encode()),
        pack(b"\xff\xfe"),
    ],
)
def test_a_damaged_file_is_named(packed: bytes) -> None:
    with pytest.raises(ModelUnreadable, match=r"model\.tsv\.gz"):
        read_model(packed, "model.tsv.gz")


@pytest.mark.parametrize(
    ("praise", "complaint"),
    [
        ("第二天就到了", "等了一个星期才到"),
        ("用完皮肤水水嫩嫩的", "用完脸上起了一片红疙瘩"),
        ("比照片上还好看", "跟照片上完全两个样"),
        ("客服秒回", "问了三遍都没人回"),
    ],
)
def test_what_is_said_without_a_judging_word_leans_all_the_same(
    praise: str, complaint: str
) -> None:
    model = standard_model()
    assert model.lean(praise) > model.lean(complaint)
