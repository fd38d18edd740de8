"""A review in words: for a chat, numbers first; and the lines that its page shows as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from handlers.desk import Desk, shortened
from handlers.full_report import FullReport
from handlers.insight_arguments import PeriodWords
from handlers.previews import in_one_message
from handlers.reasons import words_for
from handlers.report_words import DEMANDS, STANCES
from handlers.reviewing.advice_text import advice_by_kind
from handlers.reviewing.figures import Ledger, PartSeen, PostSeen, Review, TaskSeen
from handlers.shares import percent
from handlers.trial_text import METRICS, compared_line, money_lines, span_told
from insights.lexicon import WHOLE
from insights.opinions import Stance
from scheduler.content import Button
from storage.aftermath import After, Aftermath
from storage.deliveries import DeliveryState
from storage.outcome_sources import Metric

_REASONS = 4  # of what was held back
_TASKS = 6  # each on its own line; of more, the page tells
_ROWS = 3  # of what fans like, dislike and ask for
_QUOTES = 2
_LONGEST_QUOTE = 60  # characters
_BUTTONS = 5
_ALWAYS = (Metric.REPLIES, Metric.OPT_OUTS, Metric.LEAVES)

_STATES = {
    DeliveryState.FAILED: "没发成",
    DeliveryState.SKIPPED: "没发",
    DeliveryState.CANCELLED: "取消了",
}


def review_text(desk: Desk, review: Review) -> str:
    """The review as one message."""
    say = desk.say
    lines = [title_line(desk, review), *standing_lines(desk, review), *figure_lines(desk, review)]
    if review.posts:
        lines += _part_lines(desk, review)
        lines += _trial_lines(desk, review)
        lines += talk_lines(desk, review.talk)
        for title, sentences in advice_by_kind(say, review.advice).items():
            lines += ["", title, *(say("· {line}", line=one) for one in sentences)]
    return in_one_message(desk, lines, [])


def gathered_text(desk: Desk, reviews: Sequence[Review]) -> str:
    """Several campaigns that are over, in a line each."""
    say = desk.say
    lines = [say("📊 这 {count} 个活动看完了：", count=len(reviews))]
    for review in reviews:
        came_of = _came_of(desk, len(review.posts), review.ledger, review.did)
        name = say("{number}「{name}」", number=review.number, name=shortened(review.title))
        lines.append(say("· {line}", line=say("{name}：{parts}", name=name, parts=came_of)))
    return in_one_message(desk, lines, [say("看一个的复盘：/review 加编号")])


def gathered_buttons(desk: Desk, reviews: Sequence[Review]) -> tuple[Button, ...]:
    """The whole review of each, as far as there is room."""
    return tuple(
        Button(
            desk.say("{number} · {name}", number=one.number, name=shortened(one.title)),
            f"/review {one.number}",
        )
        for one in reviews[:_BUTTONS]
    )


def title_line(desk: Desk, review: Review) -> str:
    """What is reviewed, and over which days."""
    say, posts = desk.say, review.posts
    if not posts:
        return say("📊 复盘「{name}」：一条也没排过。", name=review.title)
    first, last = desk.shop.local(posts[0].at), desk.shop.local(posts[-1].at)
    if first.date() == last.date():
        return say("📊 复盘「{name}」（{first:%m-%d}）", name=review.title, first=first)
    return say(
        "📊 复盘「{name}」（{first:%m-%d} 至 {last:%m-%d}）",
        name=review.title,
        first=first,
        last=last,
    )


def standing_lines(desk: Desk, review: Review) -> list[str]:
    """That it is not over, where it is not."""
    say, to_come = desk.say, review.to_come
    if not review.posts or review.over:
        return []
    if not review.begun:
        return _not_begun_lines(desk, to_come)
    if to_come:
        return [say("还没发完，这是到现在为止的数字。")]
    if review.ends is None:
        return []
    return [say("要看到 {time} 才算完，这是中途的数字。", time=desk.show_time(review.ends))]


def _not_begun_lines(desk: Desk, to_come: Sequence[PostSeen]) -> list[str]:
    """What is planned of something of which nothing has gone out, and when that begins."""
    say = desk.say
    if not to_come:
        return [say("没有发过，已经停了。")]
    first = desk.show_time(to_come[0].at)
    lines = [say("还没开始：排了 {count} 次，第一次 {time}。", count=len(to_come), time=first)]
    if unapproved := sum(one.unapproved for one in to_come):
        lines.append(say("{count} 次还等着批准。", count=unapproved))
    return lines


def figure_lines(desk: Desk, review: Review) -> list[str]:
    """What was planned, what went out, what held back, and what fans did."""
    if not review.posts:
        return []
    say = desk.say
    counted = [ledger_line(desk, review.ledger)] if review.ledger.counts else []
    lines = [*counted, *why_lines(desk, review)]
    lines += did_lines(desk, review.did, say("{window}内", window=span_told(desk, review.window)))
    return [*lines, *money_lines(desk, review.money)]


def ledger_line(desk: Desk, ledger: Ledger) -> str:
    """How the deliveries stand, in one line."""
    say = desk.say
    parts = [
        say("计划 {count} 条", count=ledger.planned),
        say("发出 {count}", count=ledger.sent),
    ]
    others = (
        ("不确定 {count}", ledger.uncertain),
        ("没发出 {count}", ledger.held_back),
        ("还没到 {count}", ledger.waiting),
        ("留作对照 {count}", ledger.held_out),
    )
    return " · ".join([*parts, *(say(told, count=count) for told, count in others if count)])


def why_lines(desk: Desk, review: Review) -> list[str]:
    """Why deliveries were held back, and what never came to one."""
    say, why = desk.say, review.ledger.why
    told = [
        say(
            "{state}：{why} {count} 条",
            state=say(_STATES[state]),
            why=words_for(say, reason),
            count=count,
        )
        for (state, reason), count in list(why.items())[:_REASONS]
    ]
    if len(why) > _REASONS:
        left = sum(list(why.values())[_REASONS:])
        told.append(say("别的原因 {count} 条", count=left))
    left_out = sum(one.left_out and not one.ledger.planned for one in review.posts)
    if left_out:
        told.append(say("管理员提前跳过了 {count} 次", count=left_out))
    empty = sum(
        not (one.left_out or one.stopped or one.ahead or one.ledger.counts)
        and one.at <= review.made_at
        for one in review.posts
    )
    if empty:
        told.append(say("{count} 次到了时间没有可发的人", count=empty))
    if stopped := sum(one.stopped and not one.left_out for one in review.posts):
        told.append(say("活动停了，{count} 次没有排", count=stopped))
    if review.ledger.recalled:
        told.append(say("发出后又撤回 {count} 条", count=review.ledger.recalled))
    if review.waiting:
        names = desk.listed(review.waiting, _ROWS)
        told.append(
            say("一直没排上：{names}", names=names)
            if review.begun
            else say("还缺资料，没排上：{names}", names=names)
        )
    return [say("· {line}", line=one) for one in told]


def did_lines(desk: Desk, did: Aftermath, within: str) -> list[str]:
    """What fans did after posts in groups, and after private messages; `within` says how long."""
    say, lines = desk.say, []
    if did.groups is not None:
        one = did.groups
        head = say("{count} 个群 {fans} 位粉丝", count=one.recipients, fans=one.fans.people)
        lines.append(_did_line(desk, one, head, within))
    if did.private is not None:
        one = did.private
        lines.append(_did_line(desk, one, say("私信 {fans} 位", fans=one.fans.people), within))
    return lines


def metrics_shown(did: Aftermath) -> list[Metric]:
    """What anybody did, and what is told even where nobody did."""
    return [metric for metric in METRICS if metric in _ALWAYS or did.people(metric)]


def _did_line(desk: Desk, one: After, head: str, within: str) -> str:
    say = desk.say
    if one.fans.people:
        head += say("（新客 {share}）", share=percent(one.fans.new / one.fans.people))
    did = say(" · ").join(
        say("{metric} {count}", metric=say(name), count=one.people(metric))
        for metric, name in METRICS.items()
        if metric in _ALWAYS or one.people(metric)
    )
    return say("{whom}，{within}：{did}", whom=head, within=within, did=did)


def _part_lines(desk: Desk, review: Review) -> Iterator[str]:
    """A line for each phase; of what has none, a line for each of a few posts."""
    if review.has_phases:
        yield ""
        for part in review.parts:
            yield part_line(desk, part)
    elif 1 < len(review.tasks) <= _TASKS:
        yield ""
        for task in review.tasks:
            yield desk.say("· {line}", line=task_line(desk, task))


def part_line(desk: Desk, part: PartSeen) -> str:
    """A phase in one line: its days, what went out of what was planned, and what came of it."""
    say, name = desk.say, part_name(desk, part)
    if part.first is not None and part.last is not None:
        name = say(
            "【{name} {first:%m-%d}～{last:%m-%d}】", name=name, first=part.first, last=part.last
        )
    else:
        name = say("【{name}】", name=name)
    if part.goal:
        name += say("{name}：", name=part.goal)
    return name + _came_of(desk, len(part.posts), part.ledger, part.did)


def part_name(desk: Desk, part: PartSeen) -> str:
    """What a phase is called; what no phase has is called something else."""
    return part.name or desk.say("其他")


def task_line(desk: Desk, task: TaskSeen) -> str:
    """The same of a task, or of one post of a campaign."""
    came_of = _came_of(desk, len(task.posts), task.ledger, task.did)
    return desk.say("{name}：{parts}", name=shortened(task.name), parts=came_of)


def _came_of(desk: Desk, times: int, ledger: Ledger, did: Aftermath) -> str:
    say = desk.say
    parts = [say("{count} 次", count=times)] if times > 1 or not ledger.counts else []
    if ledger.counts:
        parts.append(say("发出 {sent}/{count} 条", sent=ledger.sent, count=ledger.planned))
    if did.both is not None:
        parts.append(say("回复 {count}", count=did.people(Metric.REPLIES)))
    if did.gone:
        parts.append(say("退群退订 {count}", count=did.gone))
    return " · ".join(parts)


def _trial_lines(desk: Desk, review: Review) -> Iterator[str]:
    """What each trial told; of texts that nobody planned to compare nothing may be said."""
    for seen in review.trials:
        for one in seen.trial.compared:
            if seen.trial.plan is not None:
                line = compared_line(desk, seen.trial, one)
                yield desk.say("对照「{name}」：{line}", name=shortened(seen.name), line=line)


def talk_lines(desk: Desk, talk: FullReport | None) -> list[str]:
    """What fans said meanwhile, against the days before, with a quote or two."""
    if talk is None:
        return []
    say = desk.say
    lines = ["", *talk_heads(desk, talk)]
    for title, rows in talk_rows(desk, talk).items():
        told = [
            say("{what} {before}→{count} 人", what=shortened(what), before=before, count=count)
            for what, before, count in rows[:_ROWS]
        ]
        lines.append(say("{name}：{parts}", name=title, parts=say("、").join(told)))
    return [*lines, *(say("“{quote}”", quote=one) for one in quotes_of(talk)[:_QUOTES])]


def talk_heads(desk: Desk, talk: FullReport) -> list[str]:
    """Which days are compared, and how many fans spoke in them."""
    say = desk.say
    head = say(
        "粉丝在说（{first:%m-%d} 至 {last:%m-%d} 整天，发出前说的也算；和之前 {days} 天比）",
        first=talk.period.first,
        last=talk.period.last,
        days=len(talk.period.days),
    )
    if not talk.found.messages:
        return [head, say("这几天还没有人说话。")]
    before = 0 if talk.other is None else talk.other.speakers
    speakers = talk.found.speakers
    return [head, say("说话的 {before} → {speakers} 人", before=before, speakers=speakers)]


Row = tuple[str, int, int]
"""What it is, how many fans before, how many meanwhile."""


def talk_rows(desk: Desk, talk: FullReport) -> dict[str, list[Row]]:
    """Each stance, and what is asked for, by name → its rows, most fans first; none is left out."""
    say, other = desk.say, talk.other
    if other is None:
        return {}
    found: dict[str, list[Row]] = {}
    for stance, name in STANCES.items():
        rows = [
            (row.aspect, other.stance(row, stance), getattr(row, stance.value))
            for row in talk.found.aspects
            if row.aspect != WHOLE and getattr(row, stance.value)
        ]
        if rows:
            found[say(name)] = sorted(rows, key=lambda one: -one[2])
    wanted = [
        (f"{say(DEMANDS[row.kind])} {row.thing}".strip(), other.demand(row), row.speakers)
        for row in talk.found.demands
    ]
    if wanted:
        found[say("想要")] = wanted
    return found


def quotes_of(talk: FullReport) -> list[str]:
    """Masked quotes, each of another thing: what is disliked first, then what is asked for."""
    hurts = sorted(
        (row for row in talk.found.aspects if row.aspect != WHOLE),
        key=lambda row: -(row.dislike + row.mind),
    )
    said: list[Sequence[str]] = [
        *(talk.about_stance(row, Stance.DISLIKE) for row in hurts if row.dislike),
        *(talk.shown(row.quotes) for row in talk.found.demands),
        *(talk.about_stance(row, Stance.LIKE) for row in hurts if row.like),
    ]
    return list(dict.fromkeys(_in_a_line(quotes[0]) for quotes in said if quotes))


def _in_a_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 1]}…"


def shown_buttons(desk: Desk, review: Review) -> tuple[Button, ...]:
    """What can be asked for next: what fans said, what is in doubt, each trial whole."""
    buttons = []
    if review.talk is not None and review.talk.found.messages:
        dates = PeriodWords.of(review.talk.period).written
        buttons.append(Button(desk.say("看原话"), f"/quotes {dates}"))
    if review.ledger.uncertain and review.number is not None:
        buttons.append(Button(desk.say("核实存疑的"), f"/uncertain {review.number}"))
    buttons += [
        Button(desk.say("看对照 {number}", number=seen.number), f"/trial {seen.number}")
        for seen in review.trials
    ]
    return tuple(buttons[:_BUTTONS])
