"""What `/trial` takes: a plan, another text, what it cost and brought, or off.

A plan is written in any order: what is compared, for how long after a post, how many in each arm,
and what share is held out: `回复 48小时 200 留10%`. What is not written has its default.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from handlers.arguments import Unreadable, token
from scheduler.trial_plan import LONGEST_WINDOW, MOST_HELD_OUT
from storage.campaign_money import Money
from storage.outcome_sources import Metric

EXAMPLE = "/trial 12 回复 48小时 200 留10%"

_METRIC_WORDS = {
    "回复": Metric.REPLIES,
    "reply": Metric.REPLIES,
    "replies": Metric.REPLIES,
    "说话": Metric.TALK,
    "talk": Metric.TALK,
    "按钮": Metric.PRESSES,
    "点按钮": Metric.PRESSES,
    "press": Metric.PRESSES,
    "presses": Metric.PRESSES,
    "提到": Metric.MENTIONS,
    "mention": Metric.MENTIONS,
    "mentions": Metric.MENTIONS,
    "参与": Metric.ENTRIES,
    "join": Metric.ENTRIES,
    "领券": Metric.CLAIMS,
    "领到券": Metric.CLAIMS,
    "claim": Metric.CLAIMS,
    "用券": Metric.COUPONS,
    "券": Metric.COUPONS,
    "coupon": Metric.COUPONS,
    "coupons": Metric.COUPONS,
    "退订": Metric.OPT_OUTS,
    "optout": Metric.OPT_OUTS,
    "退群": Metric.LEAVES,
    "leave": Metric.LEAVES,
    "leaves": Metric.LEAVES,
}
_OFF_WORDS = ("off", "取消", "不对照")
_TEXT_WORDS = ("variant", "另一版")
_COST_WORDS = ("cost", "花费")
_RETURN_WORDS = ("return", "收入")

_WINDOW = re.compile(r"(\d{1,3})(小时|h|hours?|天|日|d|days?)", re.IGNORECASE)
_HOLD_OUT = re.compile(r"(?:留出?|holdout)?(\d{1,2})[%％]", re.IGNORECASE)
_SIZE = re.compile(r"(\d{1,7})(?:位|人|个群?|群)?")
_MONEY = re.compile(r"(\d{1,9}(?:\.\d{1,2})?)元?")
_OTHERS = re.compile(r"[@＠\-－]")
_DAY_WORDS = ("天", "日", "d")
_CENTS = 100


@dataclass(frozen=True, slots=True)
class TrialWords:
    """What is asked of a campaign's trial; None of what was not written.

    `text` is one more variant; `off` takes the plan away; `money` is what it cost or brought; the
    rest is a plan.
    """

    label: ClassVar[str] = "回复 48小时 200 留10%"
    metric: Metric | None = None
    window: timedelta | None = None
    size: int | None = None
    hold_out: int | None = None
    text: str | None = None
    money: Money | None = None
    off: bool = False

    @classmethod
    def read(cls, rest: str) -> tuple[TrialWords, str]:
        """The words up to an @, or to the end."""
        found, left = cls(), rest.lstrip()
        while left and not _OTHERS.match(left):
            word, left = token(left)
            left = left.lstrip()
            if word.lower() in _TEXT_WORDS:
                if not left:
                    raise Unreadable("另一版的文字还没写，例如 {example}", example=_TEXT_EXAMPLE)
                if found != cls():
                    raise Unreadable(_ONE_BY_ONE)
                return replace(found, text=left), ""
            if word.lower() in (*_COST_WORDS, *_RETURN_WORDS):
                amount, left = token(left)
                found = replace(found, money=_with(found.money or Money(), word.lower(), amount))
                left = left.lstrip()
                continue
            found = _with_word(found, word)
        if found.money is not None and replace(found, money=None) != cls():
            raise Unreadable(_ONE_BY_ONE)
        if found == cls():
            raise Unreadable("还没写怎么比，例如 {example}", example=EXAMPLE)
        return found, left


_TEXT_EXAMPLE = "/trial 12 另一版 今晚八点，新品先到先得"
_ONE_BY_ONE = "一次写一样：另一版、怎么比、花费，各发一条"
_MONEY_EXAMPLE = "/trial 12 花费 300 收入 5000"


def _with_word(found: TrialWords, word: str) -> TrialWords:
    """With one more word of a plan."""
    if word.lower() in _OFF_WORDS:
        return replace(found, off=True)
    if metric := _METRIC_WORDS.get(word.lower()):
        return replace(found, metric=metric)
    if part := _WINDOW.fullmatch(word):
        return replace(found, window=_window(int(part[1]), part[2]))
    if part := _HOLD_OUT.fullmatch(word):
        return replace(found, hold_out=_share(int(part[1])))
    if part := _SIZE.fullmatch(word):
        return replace(found, size=max(1, int(part[1])))
    raise Unreadable("看不懂「{word}」，例如 {example}", word=word, example=EXAMPLE)


def _window(number: int, unit: str) -> timedelta:
    window = timedelta(days=number) if unit[0].lower() in _DAY_WORDS else timedelta(hours=number)
    if not timedelta(0) < window <= LONGEST_WINDOW:
        raise Unreadable("最多看发出后 {days} 天，最少 1 小时", days=LONGEST_WINDOW.days)
    return window


def _share(percent: int) -> int:
    if percent > MOST_HELD_OUT:
        raise Unreadable("最多留出 {most}%", most=MOST_HELD_OUT)
    return percent


def _with(money: Money, what: str, amount: str) -> Money:
    found = _MONEY.fullmatch(amount)
    if found is None:
        raise Unreadable("钱数写成数字就行，例如 {example}", example=_MONEY_EXAMPLE)
    cents = int(Decimal(found[1]) * _CENTS)
    return replace(money, cost=cents) if what in _COST_WORDS else replace(money, returned=cents)
