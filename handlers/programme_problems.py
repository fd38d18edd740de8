"""What is wrong with a programme's plan, in words; what is certain has to be mended first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.desk import Desk
from handlers.replies import Reply, reply
from scheduler.programme_plan import ProgrammePlan
from scheduler.programme_problems import Problem, ProblemKind

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


def refused(desk: Desk, plan: ProgrammePlan, title: str) -> Reply:
    """Why a programme cannot be switched on as its file and facts are."""
    certain = [one for one in plan.problems if one.certain]
    lines = [
        desk.say("「{name}」现在还不能开，有 {count} 处要先改：", name=title, count=len(certain)),
        *problem_lines(desk, plan, certain),
    ]
    return reply("\n".join(lines), private=True)
