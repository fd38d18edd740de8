"""What is wrong with a programme's plan, in words; what is certain has to be mended first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from handlers.audiences import Chosen
from handlers.desk import Desk
from handlers.fact_words import day_said, short, what_is
from handlers.programme_facts import facts_written, suggested_days
from handlers.programme_files import Unread, title_of
from handlers.replies import Reply, reply
from scheduler.programme import ProgrammeBroken
from scheduler.programme_parts import Programme
from scheduler.programme_plan import ProgrammePlan
from scheduler.programme_problems import Problem, ProblemKind
from scheduler.toml_tables import SYNTAX

_SHOWN = 8

_WORDS: Mapping[ProblemKind, str] = {
    ProblemKind.PHASES_OVERLAP: "阶段的日子重叠了：{what}",
    ProblemKind.PHASE_BACKWARDS: "阶段结束得比开始早：{what}",
    ProblemKind.OUTSIDE_PHASE: "不在自己的阶段里：{what}",
    ProblemKind.SAME_MINUTE: "挤在同一分钟：{what}",
    ProblemKind.QUIET_HOURS: "落在免打扰时段：{what}",
    ProblemKind.DAILY_CAP: "24 小时内超过 {allowed} 条：{what}",
    ProblemKind.WEEKLY_CAP: "7 天内超过 {allowed} 条：{what}",
    ProblemKind.OVER_BEFORE_IT_BEGINS: "还没到时间就过期了：{what}",
    ProblemKind.NO_SUCH_DAY: "日历里没有这一天：{what}",
    ProblemKind.NO_TEXT: "没有能用的文案：{what}",
    ProblemKind.PROMOTION: "大促的日子不对：{what}",
    ProblemKind.QUIET_DAY: "这天不做营销，不会发出去：{what}",
}


def problem_lines(desk: Desk, plan: ProgrammePlan, problems: Sequence[Problem]) -> list[str]:
    """A line for each problem; the first ones where there are many."""
    lines = [desk.say("· {problem}", problem=_line(desk, plan, one)) for one in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(desk.say("等 {count} 个", count=len(problems)))
    return lines


_PLACE = re.compile(r"(?P<what>task|fact|phase) (?P<key>[\w-]+)(?:\.(?P<part>.+))?")
_PLACES: Mapping[str, str] = {
    "task": "任务 {key}：{part}",
    "fact": "店里的情况 {key}：{part}",
    "phase": "阶段 {key}：{part}",
}


def unread_line(desk: Desk, one: Unread) -> str:
    """A file that cannot be read, and where in it the mistake stands, in the chat's language."""
    say = desk.say
    if not isinstance(one.trouble, ProgrammeBroken):
        return say("· {problem}", problem=one.file)
    place = str(one.trouble.facts["part"])
    if place == SYNTAX:
        place = say("TOML 的写法不对")
    elif (found := _PLACE.fullmatch(place)) is not None:
        place = say(_PLACES[found["what"]], key=found["key"], part=found["part"] or "")
    return say("· {file}（{part}）", file=one.file, part=place)


def still_open(plan: ProgrammePlan, now: datetime) -> list[Problem]:
    """The problems of a plan that are not about posts or moments gone by, at a local time."""
    at = {post.slot: post.at for post in plan.posts}
    wall = now.replace(tzinfo=None)
    return [
        one
        for one in plan.problems
        if max((at[slot] for slot in one.slots if slot in at), default=one.at or wall) >= wall
    ]


def _line(desk: Desk, plan: ProgrammePlan, problem: Problem) -> str:
    say, language = desk.say, desk.shop.language
    posts = {post.slot: post for post in plan.posts}
    phases = {phase.key: phase.name for phase in plan.phases}
    names = [
        phases[key].get(language, phases[key]["zh"]) for key in problem.phases if key in phases
    ]
    planned = [posts[slot] for slot in problem.slots if slot in posts]
    names += [
        say(
            "{name}（{time}）",
            name=one.name.get(language, one.name["zh"]),
            time=f"{one.at:%m-%d %H:%M}",
        )
        for one in planned
    ]
    task = problem.task.get(language, problem.task.get("zh", ""))
    if problem.written:
        about = say("{name}（{time}）", name=task, time=problem.written)
        names.append(about if task else problem.written)
    elif task and not planned:
        names.append(task)
    if not names and problem.at is not None:
        names.append(f"{problem.at:%m-%d %H:%M}")
    sentence = _WORDS[problem.kind]
    said = say(sentence, what=desk.listed(names, _SHOWN), allowed=problem.allowed or 0)
    if not problem.beside:
        return said
    others = desk.listed(problem.beside, _SHOWN)
    return say("跟「{others}」一起算，{problem}", others=others, problem=said)


async def refused(
    desk: Desk,
    programme: Programme,
    plan: ProgrammePlan,
    facts: Mapping[str, object],
    chosen: Chosen,
) -> Reply:
    """Why a programme cannot be switched on as its file and facts are, for these groups.

    Days that do not fit are told by themselves: what is wrong with posts and phases comes of them.

    Raises:
        SchedulingError: the year does not have a day that the file suggests.
    """
    title = title_of(programme, desk.shop, plan.year)
    certain = [one for one in plan.problems if one.certain]
    if misfits := [one for one in certain if one.fact]:
        say, dated = desk.say, [fact for fact in programme.facts if fact.suggested is not None]
        lines = [say("「{name}」现在还不能开，日子对不上：", name=title)]
        lines += [_misfit(desk, programme, plan.year, one, facts) for one in misfits]
        suggested = await suggested_days(desk, dated, plan.year)
        if suggested:
            days = {key: day_said(one.day, plan.year) for key, one in suggested.items()}
            call = f"/programme on {programme.key} {chosen.written}".strip()
            example = f"{call} {facts_written(desk, programme, days)}"
            lines.append(say("这样写就对得上：{example}", example=example))
        return reply("\n".join(lines), private=True)
    lines = [
        desk.say("「{name}」现在还不能开，有 {count} 处要先改：", name=title, count=len(certain)),
        *problem_lines(desk, plan, certain),
    ]
    return reply("\n".join(lines), private=True)


def _misfit(
    desk: Desk, programme: Programme, year: int, problem: Problem, facts: Mapping[str, object]
) -> str:
    """A day that the shop told and that does not fit, by its name, with the nearest that would."""
    early = problem.kind is ProblemKind.FACT_TOO_EARLY
    bound = "" if problem.at is None else day_said(problem.at.date(), year)
    told = {key: str(value).removeprefix(f"{year}-") for key, value in facts.items()}
    name, day = short(what_is(desk, programme, year, problem.fact)), told.get(problem.fact, "")
    if not problem.beside:
        sentence = (
            "{name}（{day}）太早了，最早 {bound}"
            if early
            else "{name}（{day}）太晚了，最晚 {bound}"
        )
        said = desk.say(sentence, name=name, day=day, bound=bound)
    else:
        (key,) = problem.beside
        sentence = (
            "{name}（{day}）要在{other}（{other_day}）之后，最早 {bound}"
            if early
            else "{name}（{day}）要在{other}（{other_day}）之前，最晚 {bound}"
        )
        other = short(what_is(desk, programme, year, key))
        said = desk.say(
            sentence, name=name, day=day, other=other, other_day=told.get(key, ""), bound=bound
        )
    return desk.say("· {problem}", problem=said)
