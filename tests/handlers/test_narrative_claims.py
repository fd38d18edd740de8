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


WANTED = frozenset({Claim.WANT})
DISLIKED, MOST = frozenset({Claim.DISLIKE}), frozenset({Claim.DISLIKE, Claim.MOST})
FIGURES = (
    Figure("F1", "", "一共 1,234 条消息", whole(1234), claims=frozenset({Claim.SENT})),
    Figure("F2", "气味", "讨厌 气味 26 人", whole(26), claims=MOST),
    Figure("F3", "包装", "喜欢 包装 18 人", whole(18), claims=frozenset({Claim.LIKE})),
    Figure("F4", "包装", "讨厌 包装 4 人", whole(4), claims=DISLIKED),
    Figure("F5", "玫瑰精华水", "想要 补货 玫瑰精华水 9 人", whole(9), claims=WANTED, kind="补货"),
    Figure(
        "F6",
        "气味",
        "讨厌 气味 的人占发言的人：3.5% → 17%，上升",
        share("17"),
        others=frozenset({share("3.5")}),
        claims=frozenset({Claim.DISLIKE, Claim.RISING}),
    ),
    Figure("F7", "B5精华", "在聊 B5精华 12 人", whole(12), claims=frozenset({Claim.TALK})),
    Figure(
        "F8", "物流", "share 17% → 4.0%", share("4.0"), claims=frozenset({Claim.LIKE, Claim.FADING})
    ),
    Figure("F9", "", "一共 120 人发言", whole(120), claims=frozenset({Claim.SPOKE})),
    Figure("F10", "精华水", "Want restock 精华水 (9)", whole(9), claims=WANTED, kind="restock"),
    Figure("F11", "优惠", "想要 优惠 5 人", whole(5), claims=WANTED),
)


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        ("26 人讨厌气味[F2]。", ["26 人讨厌气味。"]),
        ("- 26 人讨厌气味 [F2]。", ["26 人讨厌气味。"]),
        ("2. 讨厌气味的有 26 人。[F2]", ["讨厌气味的有 26 人。"]),
        ("26 人讨厌气味【F2】", ["26 人讨厌气味"]),
        ("其中讨厌气味的最多，有 26 人[F2]。", ["其中讨厌气味的最多，有 26 人。"]),
        ("另外还有 26 位粉丝不喜欢「气味」[F2]。", ["另外还有 26 位粉丝不喜欢「气味」。"]),
        (
            "26 人讨厌气味[F2]，18 人喜欢包装[F3]。",
            ["26 人讨厌气味，18 人喜欢包装。"],
        ),
        ("这几天一共 1,234 条消息[F1]。", ["这几天一共 1,234 条消息。"]),
        ("有 9 人想要补货玫瑰精华水[F5]。", ["有 9 人想要补货玫瑰精华水。"]),
        ("讨厌气味的人从 3.5% 升到 17%[F6]。", ["讨厌气味的人从 3.5% 升到 17%。"]),
        ("17% 的人讨厌气味，上升了[F6]。", ["17% 的人讨厌气味，上升了。"]),
        ("讨厌气味的占比从 3.5% 上升到 17%[F6]。", ["讨厌气味的占比从 3.5% 上升到 17%。"]),
        ("讨厌气味的人占发言的人：3.5% → 17%[F6]。", ["讨厌气味的人占发言的人：3.5% → 17%。"]),
        ("有 120 人发言[F9]，5 人想要优惠[F11]。", ["有 120 人发言，5 人想要优惠。"]),
        ("There were 1,234 messages[F1].", ["There were 1,234 messages."]),
        ("120 people spoke[F9].", ["120 people spoke."]),
        ("9 people want a restock of 精华水[F10].", ["9 people want a restock of 精华水."]),
        (
            "The share of those who dislike 气味 rose from 3.5% to 17%[F6].",
            ["The share of those who dislike 气味 rose from 3.5% to 17%."],
        ),
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
        pytest.param("26 人夸气味好闻[F2]。", id="praise of what is disliked"),
        pytest.param("26 人推荐气味[F2]。", id="a recommendation"),
        pytest.param("26 人并非讨厌气味[F2]。", id="a bookish negation"),
        pytest.param("26 人从未讨厌气味[F2]。", id="never"),
        pytest.param("26 人讨厌气味[F2]？", id="a question"),
        pytest.param("26 人不[F2]。", id="no subject"),
        pytest.param("气味 26 人[F2]。", id="no stance"),
        pytest.param("18 人骂包装太差[F3]。", id="abuse of what is liked"),
        pytest.param("26 万粉丝讨厌气味[F2]。", id="ten thousand times as many"),
        pytest.param("26 千人讨厌气味[F2]。", id="a thousand times as many"),
        pytest.param("26 million fans dislike 气味[F2].", id="a million times as many"),
        pytest.param("超过 26 人讨厌气味[F2]。", id="more than"),
        pytest.param("近 26 人讨厌气味[F2]。", id="nearly"),
        pytest.param("26 条消息讨厌气味[F2]。", id="another unit"),
        pytest.param("1,234 人发消息[F1]。", id="people for messages"),
        pytest.param("讨厌气味的从 17% 上升到 3.5%[F6]。", id="the wrong way round"),
        pytest.param("讨厌气味的 17%，从 3.5%[F6]。", id="now before then"),
        pytest.param("讨厌气味的上升 17%[F6]。", id="the rise for the share"),
        pytest.param("讨厌气味的上升了17%[F6]。", id="the rise for the share again"),
        pytest.param("3.5% 的人讨厌气味[F6]。", id="the share of before for that of now"),
        pytest.param("120 人退订[F9]。", id="something else than speaking"),
        pytest.param("120 人买了东西[F9]。", id="buying"),
        pytest.param("1,234 元销售额[F1]。", id="money"),
        pytest.param("9 人拒绝补货玫瑰精华水[F5]。", id="a refusal"),
        pytest.param("9 人不想要补货玫瑰精华水[F5]。", id="a negated wish"),
        pytest.param("9 人想要玫瑰精华水[F5]。", id="a wish without its kind"),
        pytest.param("9 人已收到补货玫瑰精华水[F5]。", id="a wish that came true"),
        pytest.param("请大家扫码领红包，26 人讨厌气味[F2]。", id="what a quote asks for"),
        pytest.param("26 人讨厌气味，店长阿玲已离职[F2]。", id="news of somebody"),
        pytest.param("26 人讨厌气味，嫌它刺鼻[F2]。", id="colour"),
        pytest.param("气味过敏住院 26 人[F2]。", id="an accident"),
        pytest.param("26 enjoy 气味[F2].", id="English praise"),
        pytest.param("18 complain about 包装[F3].", id="an English complaint"),
        pytest.param("Most dislike 气味, 26 people[F2].", id="the majority for the most"),
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
    answer = "\n".join(f"{'也' * number}有 26 人讨厌气味[F2]。" for number in range(20))
    assert len(believed(answer, FIGURES)) == 8


@given(st.text("26人讨厌气味喜欢包装18[F2]【F3】，。%最 \n", max_size=60))
def test_whatever_comes_each_sentence_names_a_figure(answer: str) -> None:
    for sentence in believed(answer, FIGURES):
        assert any(
            figure.name in sentence and f"{figure.amount.value}" in sentence.replace(",", "")
            for figure in FIGURES
        )
        assert "[" not in sentence
