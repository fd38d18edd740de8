"""A sentence of the model is taken where it rests on the report's figures, and else dropped."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.narrative_claims import believed
from handlers.narrative_figures import Amount, Claim, Figure


def whole(count: int) -> Amount:
    return Amount(Decimal(count))


def share(per_cent: str) -> Amount:
    return Amount(Decimal(per_cent), percent=True)


DISLIKED, MOST = frozenset({Claim.DISLIKE}), frozenset({Claim.DISLIKE, Claim.MOST})
FIGURES = (
    Figure("F1", "", "一共 1,234 条消息", whole(1234)),
    Figure("F2", "气味", "讨厌 气味 26 人", whole(26), claims=MOST),
    Figure("F3", "包装", "喜欢 包装 18 人", whole(18), claims=frozenset({Claim.LIKE})),
    Figure("F4", "包装", "讨厌 包装 4 人", whole(4), claims=DISLIKED),
    Figure("F5", "玫瑰精华水", "想要 补货 玫瑰精华水 9 人", whole(9)),
    Figure(
        "F6",
        "气味",
        "讨厌 气味 的人占发言的人：3.5% → 17%，上升",
        share("17"),
        others=frozenset({share("3.5")}),
        claims=frozenset({Claim.DISLIKE, Claim.RISING}),
    ),
    Figure("F7", "B5精华", "在聊 B5精华 12 人", whole(12)),
    Figure(
        "F8", "物流", "share 17% → 4.0%", share("4.0"), claims=frozenset({Claim.LIKE, Claim.FADING})
    ),
)


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        ("26 人讨厌气味[F2]。", ["26 人讨厌气味。"]),
        ("- 26 人讨厌气味 [F2]。", ["26 人讨厌气味。"]),
        ("2. 讨厌气味的有 26 人。[F2]", ["讨厌气味的有 26 人。"]),
        ("26 人讨厌气味【F2】", ["26 人讨厌气味"]),
        ("讨厌气味的最多，有 26 人，嫌它刺鼻[F2]。", ["讨厌气味的最多，有 26 人，嫌它刺鼻。"]),
        (
            "26 人讨厌气味[F2]，18 人喜欢包装[F3]。",
            ["26 人讨厌气味，18 人喜欢包装。"],
        ),
        ("这几天一共 1,234 条消息[F1]。", ["这几天一共 1,234 条消息。"]),
        ("有 9 人想要补货玫瑰精华水[F5]。", ["有 9 人想要补货玫瑰精华水。"]),
        ("讨厌气味的人从 3.5% 升到 17%[F6]。", ["讨厌气味的人从 3.5% 升到 17%。"]),
        ("有 12 人在聊B5精华[F7]。", ["有 12 人在聊B5精华。"]),
        (
            "26 people dislike 气味[F2]. 18 like 包装[F3].",
            ["26 people dislike 气味.", "18 like 包装."],
        ),
        ("Liking for 物流 fell to 4%[F8].", ["Liking for 物流 fell to 4%."]),
        ("26 人讨厌气味[F2]。\n26 人讨厌气味[F2]。", ["26 人讨厌气味。"]),
    ],
)
def test_what_rests_on_figures_is_taken(answer: str, taken: list[str]) -> None:
    assert believed(answer, FIGURES) == taken


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("26 人讨厌气味。", id="no figure is named"),
        pytest.param("26 人讨厌气味[F99]。", id="a figure that does not exist"),
        pytest.param("27 人讨厌气味[F2]。", id="another number"),
        pytest.param("26% 的人讨厌气味[F2]。", id="a share that is a count"),
        pytest.param("很多人讨厌气味[F2]。", id="no number"),
        pytest.param("26 人讨厌它[F2]。", id="no name"),
        pytest.param("26 人喜欢气味[F2]。", id="the opposite stance"),
        pytest.param("26 人不讨厌气味[F2]。", id="a negation"),
        pytest.param("18 人不喜欢包装[F3]。", id="a negated liking"),
        pytest.param("26 人讨厌气味和包装[F2]。", id="another aspect beside"),
        pytest.param("18 人讨厌气味，26 人喜欢包装[F2]。", id="another number beside"),
        pytest.param("18 人讨厌气味[F2]，26 人喜欢包装[F3]。", id="numbers in each other's place"),
        pytest.param("26 人讨厌气味[F2]，包装很好看。", id="something without a figure behind"),
        pytest.param("26 人讨厌气味，是上周的 2 倍[F2]。", id="arithmetic"),
        pytest.param("26 人讨厌气味，约两成[F2]。", id="a fraction in words"),
        pytest.param("讨厌气味的 26 人占一半[F2]。", id="a half"),
        pytest.param("26 人讨厌气味，因为换了香精[F2]。", id="a reason"),
        pytest.param("26 人讨厌气味，下周可能更多[F2]。", id="a forecast"),
        pytest.param("讨厌包装的最多，有 4 人[F4]。", id="not the most"),
        pytest.param("讨厌气味的 26 人，还在增加[F2]。", id="a change that was not found"),
        pytest.param("讨厌气味的降到 17%[F6]。", id="the wrong direction"),
        pytest.param("26 人讨厌气味，加微信 abc12345[F2]。", id="an account"),
        pytest.param("26 人讨厌气味，看 https://x.example[F2]。", id="a link"),
        pytest.param("26 人讨厌气味" + "嗯" * 200 + "[F2]。", id="endless"),
        pytest.param("26 people do not dislike 气味[F2].", id="an English negation"),
        pytest.param("26 dislike 气味, half of them loudly[F2].", id="an English fraction"),
        pytest.param("26 dislike 气味 because of the perfume[F2].", id="an English reason"),
        pytest.param("[F2]", id="nothing"),
        pytest.param("", id="silence"),
    ],
)
def test_what_does_not_is_dropped(answer: str) -> None:
    assert believed(answer, FIGURES) == []


def test_a_wrong_sentence_does_not_take_a_right_one_along() -> None:
    answer = "26 人讨厌气味[F2]。 27 人喜欢包装[F3]。\n有 9 人想要补货玫瑰精华水[F5]！"
    assert believed(answer, FIGURES) == ["26 人讨厌气味。", "有 9 人想要补货玫瑰精华水！"]


def test_a_chatty_model_is_cut_short() -> None:
    answer = "\n".join(f"26 人讨厌气味{'呀' * number}[F2]。" for number in range(20))
    assert len(believed(answer, FIGURES)) == 8


@given(st.text("26人讨厌气味喜欢包装18[F2]【F3】，。%最 \n", max_size=60))
def test_whatever_comes_each_sentence_names_a_figure(answer: str) -> None:
    for sentence in believed(answer, FIGURES):
        assert any(
            figure.name in sentence and f"{figure.amount.value}" in sentence.replace(",", "")
            for figure in FIGURES
        )
        assert "[" not in sentence
