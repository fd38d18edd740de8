"""What the parts of a demand report are called in chat, in Chinese, for `say`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.wording import Say
from insights.lexicon import DemandKind
from insights.opinions import Stance

STANCES: Mapping[Stance, str] = {
    Stance.LIKE: "喜欢",
    Stance.DISLIKE: "讨厌",
    Stance.MIND: "介意",
    Stance.CARE: "关心",
}
"""Each stance, in the order in which a text tells them."""

DEMANDS: Mapping[DemandKind, str] = {
    DemandKind.GROUP_BUY: "拼团",
    DemandKind.AFTER_SALE: "售后",
    DemandKind.RESTOCK: "补货",
    DemandKind.USAGE: "用法",
    DemandKind.DELIVERY: "发货",
    DemandKind.NEW_PRODUCT: "新品",
    DemandKind.PRICE: "优惠",
}
"""Each kind of demand."""

_NAMED = 20  # groups in a title


def listed_groups(say: Say, groups: Sequence[str]) -> str:
    """Groups by name as a title lists them."""
    named = list(groups[:_NAMED])
    if len(named) < len(groups):
        named.append(say("等 {count} 个", count=len(groups)))
    return say("、").join(named)
