"""The figures a narrative may speak of are the report's own, and say no more than it."""

from __future__ import annotations

from decimal import Decimal

from handlers.narrative_figures import SUBJECTS, Amount, Claim, Figure, figures_of
from handlers.wording import wording
from insights.days import AspectStance
from insights.demands import Demand
from insights.keywords import Keyword
from insights.lexicon import WHOLE, DemandKind
from insights.opinions import Stance
from insights.report import AspectRow, DemandReport, DemandRow, Trends
from tests.handlers.pictures.sheets import trend

REPORT = DemandReport(
    messages=1_234_567,
    speakers=156,
    keywords=(Keyword("面膜", 40, 30, 9.0, None, ()),),
    aspects=(
        AspectRow("气味", "", 0, 3, 0, 26, 27, (1, 2)),
        AspectRow(WHOLE, "", 0, 0, 50, 0, 50, ()),
        AspectRow("包装", "", 0, 0, 18, 4, 20, (3,)),
    ),
    demands=(
        DemandRow(DemandKind.RESTOCK, "精华水", 9, 9, (4,)),
        DemandRow(DemandKind.PRICE, "", 5, 5, ()),
    ),
    emerging=(),
    trends=Trends(
        terms=(trend("直播间", (20, 22, 18, 25, 4)),),
        aspects=(trend(AspectStance("气味", "", Stance.DISLIKE), (4, 5, 3, 6, 26)),),
        demands=(trend(Demand(DemandKind.RESTOCK, "精华水"), (1, 0, 2, 3, 18)),),
    ),
    texts={1: "太刺鼻了，\n我电话 13800001234", 3: "盒子好看", 4: "精华水什么时候有货"},
)


def figures(language: str = "zh") -> dict[str, Figure]:
    return {one.told: one for one in figures_of(wording(language), REPORT)}


def test_every_figure_has_its_line() -> None:
    assert list(figures()) == [
        "一共 1,234,567 条消息",
        "一共 156 人发言",
        "讨厌 气味 26 人",
        "介意 气味 3 人",
        "喜欢 包装 18 人",
        "讨厌 包装 4 人",
        "想要 补货 精华水 9 人",
        "想要 优惠 5 人",
        "在聊 面膜 30 人",
        "讨厌 气味 的人占发言的人：3.5% → 17%，上升",
        "补货 精华水 的人占发言的人：1.2% → 12%，上升",
        "在聊 直播间 的人占发言的人：17% → 2.7%，下降",
    ]
    assert [one.id for one in figures().values()] == [f"F{n}" for n in range(1, 13)]


def test_in_english() -> None:
    assert "Dislike 气味 (26)" in figures("en")
    assert "Dislike 气味, share of those who spoke: 3.5% → 17%, rising" in figures("en")


def test_a_stance_may_be_claimed_and_the_largest_be_called_the_most() -> None:
    assert figures()["讨厌 气味 26 人"].claims == {Claim.DISLIKE, Claim.MOST}
    assert figures()["讨厌 包装 4 人"].claims == {Claim.DISLIKE}
    assert figures()["想要 补货 精华水 9 人"].claims == {Claim.WANT, Claim.MOST}
    assert figures()["在聊 面膜 30 人"].claims == {Claim.TALK}


def test_each_figure_counts_one_thing() -> None:
    assert all(len(one.claims & SUBJECTS) == 1 for one in figures().values())
    kinds = {told: one.kind for told, one in figures().items() if one.kind}
    assert kinds == {
        "想要 补货 精华水 9 人": "补货",
        "补货 精华水 的人占发言的人：1.2% → 12%，上升": "补货",
    }


def test_a_change_has_the_share_now_and_may_tell_that_of_before() -> None:
    change = figures()["讨厌 气味 的人占发言的人：3.5% → 17%，上升"]
    assert change.amount == Amount(Decimal(17), percent=True)
    assert change.others == {Amount(Decimal("3.5"), percent=True)}
    assert change.claims == {Claim.DISLIKE, Claim.RISING}


def test_quotes_stand_below_the_loudest_stance_and_are_masked_again() -> None:
    assert figures()["讨厌 气味 26 人"].quotes == ("太刺鼻了， 我电话 ***",)
    assert figures()["介意 气味 3 人"].quotes == ()
    assert figures()["喜欢 包装 18 人"].quotes == ("盒子好看",)
