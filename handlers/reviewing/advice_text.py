"""Advice in words: one sentence for each rule, with the figure that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.desk import shortened
from handlers.reviewing.advice import Advice, Kind, Rule
from handlers.shares import percent
from handlers.trial_text import METRICS
from handlers.wording import Say
from storage.outcome_sources import Metric

KINDS: Mapping[Kind, str] = {
    Kind.CHANGE: "要改：",
    Kind.KEEP: "要留：",
    Kind.UNKNOWN: "看不出：",
}
"""What stands above the advice of each kind."""

_SENTENCES: Mapping[Rule, str] = {
    Rule.NOT_APPROVED: "{count} 条到了时间还没人批准，没有发：早一天批",
    Rule.TOO_LATE: "{count} 条过了时间没发：定早一点，或者别排得太密",
    Rule.CAPS: "{count} 条因为次数发满没发：同一个群或同一个人排稀一点",
    Rule.QUIET_HOURS: "{count} 条落在免打扰时段没发：定在白天，或者开深夜的大促窗口",
    Rule.ACCOUNT_DOWN: "{count} 条因为账号没在线没发：发 /accounts 看看账号",
    Rule.WORDING: "{count} 条因为措辞没发：批准前先改掉预览里标出的字",
    Rule.COUPONS_GONE: "{count} 条因为券发完没发：下次多备一些",
    Rule.GROUPS_LOST: "{count} 条发不进群：看看机器人还在不在群里、能不能说话",
    Rule.FAILED: "{count} 条没发成：先弄清上面写的原因",
    Rule.UNREACHABLE: "{of} 条私信里 {count} 条发不到：请粉丝先私下和机器人说句话",
    Rule.UNCERTAIN: "{count} 条不清楚发没发出：发 /uncertain 核实",
    Rule.NEVER_PLANNED: "{count} 项一直没排上，例如「{name}」：缺的资料早点说",
    Rule.SILENT_PART: "「{name}」排了 {count} 条，一条也没发出",
    Rule.GONE: "{fans} 位粉丝里 {count} 位退群或退订（{share}）：少发一点，或者换个说法",
    Rule.NOBODY_GONE: "发了 {count} 条，{fans} 位粉丝没有一位退群或退订：不必少发",
    Rule.TRIAL_BETTER: "对照试出来：比{metric}，{arm}好过{against}，下次用{arm}",
    Rule.TRIAL_WORSE: "对照试出来：比{metric}，{arm}不如{against}，下次不用{arm}",
    Rule.MOST_REPLIED: "「{name}」回复最多：{count} 位（{share}），其余平均 {usual}；"
    "没有做对照，不一定是因为它",
    Rule.FEW_REPLIES: "回复最多的一条也只有 {count} 位，比不出哪条更好",
    Rule.NO_REPLIES: "没有人回复，比不出哪条更好",
    Rule.LOSS: "每花 1 元只带回 {ratio:.2f} 元",
    Rule.EARNED: "每花 1 元带回 {ratio:.2f} 元",
    Rule.GROWING_DISLIKE: "介意或讨厌{what}的 {before}→{count} 人：先回应这个",
    Rule.GROWING_DEMAND: "想要{what}的 {before}→{count} 人：下次带上它",
    Rule.GROWING_LIKE: "喜欢{what}的 {before}→{count} 人：接着讲它",
    Rule.NO_TALK_BEFORE: "之前同样长的日子没有人说话，说的话没法比",
    Rule.NOTHING: "这些数字还说不出该留什么、该改什么",
}
_SHARES = ("share", "usual")
_NAMES = ("name", "what")


def advice_line(say: Say, one: Advice) -> str:
    """One piece of advice, with its figures as people read them."""
    facts = dict(one.facts)
    for name in _SHARES:
        if isinstance(share := facts.get(name), float):
            facts[name] = percent(share)
    for name in _NAMES:
        if isinstance(called := facts.get(name), str):
            facts[name] = shortened(called)
    if isinstance(metric := facts.get("metric"), str):
        facts["metric"] = say(METRICS[Metric(metric)])
    return say(_SENTENCES[one.rule], **facts)


def advice_by_kind(say: Say, advice: Sequence[Advice]) -> dict[str, list[str]]:
    """What stands above each kind of advice → its sentences; kinds without any are left out."""
    found: dict[str, list[str]] = {}
    for one in advice:
        found.setdefault(say(KINDS[one.kind]), []).append(advice_line(say, one))
    return found
