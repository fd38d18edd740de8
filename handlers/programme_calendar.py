"""The calendar of a programme as a manager reads it on a phone: pages of posts, and one post whole.

What its posts are is found in `programme_entries.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from handlers.arguments import PageNumber
from handlers.desk import Desk, shortened
from handlers.paging import Page, leafing
from handlers.previews import in_one_message
from handlers.programme_entries import Entry
from handlers.replies import Reply, reply
from scheduler.bodies import content_of, variants_of
from scheduler.campaigns import CampaignState
from scheduler.content import Button, Content, Picture
from scheduler.programme_parts import Programme
from scheduler.programme_plan import PlannedPhase, ProgrammePlan

_LINE = 22  # characters of a post that fit on one line of a phone
PAGE = 15
"""Posts on a page: with their phases they fit on a phone."""


def calendar_page(
    desk: Desk,
    programme: Programme,
    plan: ProgrammePlan,
    entries: Sequence[Entry],
    page: PageNumber | None,
    *,
    head: Sequence[str] = (),
    tail: Sequence[str] = (),
    buttons: Sequence[Button] = (),
) -> Reply:
    """A page of the calendar, without `page` the one that begins with the next post to come.

    That one has with it what goes before and behind, and the buttons, so that a preview can be
    confirmed; what is over is told there in one line, and stands on the pages before.
    """
    over = _over(desk, entries)
    opens = -(-over // PAGE) + 1
    number = opens if page is None else page.number
    part = _page(entries, over, opens, number)
    here = number == opens
    lines = list(head if here else ())
    if here and over:
        lines.append(desk.say("（前面 {count} 条已过，在上一页）", count=over))
    lines += _lines(desk, plan, part.rows)
    if not part.rows:
        lines.append(desk.say("后面没有了。") if part.number > 1 else desk.say("还没有能排的。"))
    if not part.only:
        lines.append(desk.say("第 {number} 页", number=part.number))
    end = ["", *tail] if tail and here else []
    text = in_one_message(desk, lines, end) if end else "\n".join(lines)
    turns = leafing(desk, part, f"/programme {programme.key}")
    shown = buttons if here else ()
    return reply(text, *shown, *turns, private=True, replaces=page is not None)


def _over(desk: Desk, entries: Sequence[Entry]) -> int:
    """How many posts stand before the next one to come; none where none is to come."""
    now = desk.shop.local(desk.clock.now())
    return next((place for place, one in enumerate(entries) if one.at > now), 0)


def _page(entries: Sequence[Entry], over: int, opens: int, number: int) -> Page[Entry]:
    """A page of the calendar: those before `opens` have what is over, the others what comes."""
    if number >= opens:
        first = over + (number - opens) * PAGE
        return Page(entries[first : first + PAGE], number, len(entries) > first + PAGE)
    first = (number - 1) * PAGE
    return Page(entries[first : min(first + PAGE, over)], number, more=True)


def _lines(desk: Desk, plan: ProgrammePlan, entries: Sequence[Entry]) -> Iterator[str]:
    phases = {phase.key: phase for phase in plan.phases}
    for key, some in groupby(entries, key=lambda one: one.phase):
        if key in phases:
            yield _phase_line(desk, phases[key])
        for one in some:
            yield entry_line(desk, one)


def _phase_line(desk: Desk, phase: PlannedPhase) -> str:
    language = desk.shop.language
    name = phase.name.get(language, phase.name["zh"])
    goal = phase.goal.get(language, phase.goal.get("zh", ""))
    if phase.first is None or phase.last is None:
        return desk.say("【{name}】{goal}", name=name, goal=goal)
    return desk.say(
        "【{name} {first:%m-%d}～{last:%m-%d}】{goal}",
        name=name,
        first=phase.first,
        last=phase.last,
        goal=goal,
    )


def entry_line(desk: Desk, one: Entry) -> str:
    """A post on one line: its number, when, to whom, what, and how it stands."""
    marks = marks_of(desk, one)
    first = one.text.splitlines()[0] if one.text else ""
    text = first if len(first) <= _LINE else f"{first[:_LINE]}…"
    return desk.say(
        "{number} · {time} {whom}{marks}{text}",
        number=one.number,
        time=f"{one.at:%m-%d %H:%M}",
        whom=desk.say("私信 ") if one.in_private else "",
        marks="".join(desk.say("[{mark}] ", mark=mark) for mark in marks),
        text=text,
    )


def whole_line(desk: Desk, one: Entry) -> str:
    """A post with all its words; of several ways to say it the first."""
    several = desk.say("（{count} 种说法）", count=one.variants) if one.variants > 1 else ""
    if one.pictured:
        several += desk.say("[{mark}] ", mark=desk.say("配图"))
    return desk.say(
        "{number} · {time} {whom}{marks}{text}",
        number=one.number,
        time=f"{one.at:%m-%d %H:%M}",
        whom=desk.say("私信 ") if one.in_private else "",
        marks=several,
        text=one.text,
    )


def marks_of(desk: Desk, one: Entry) -> list[str]:
    """How a post stands, in a word each; nothing where it simply will go out."""
    say, marks = desk.say, []
    if one.provisional:
        marks.append(say("暂定，先不发"))
    if one.skipped:
        marks.append(say("跳过"))
    elif not one.provisional and one.at <= desk.shop.local(desk.clock.now()):
        marks.append(say("已过"))
    elif one.waits:
        marks.append(say("等批准"))
    elif one.campaign is not None and one.campaign.state is CampaignState.PAUSED:
        marks.append(say("暂停"))
    if one.changed:
        marks.append(say("这次改"))
    marks += [say("改过时间")] if one.moved else _off_days_off(desk, one)
    if one.rewritten:
        marks.append(say("改过文案"))
    if one.pictured:
        marks.append(say("配图"))
    return marks


def _off_days_off(desk: Desk, one: Entry) -> Iterator[str]:
    """Which day off a post keeps off, and whether that may still change."""
    if one.meant is not None and one.meant != one.at.date():
        later = one.meant < one.at.date()
        sentence = "休息日顺延，原 {day}" if later else "休息日提前，原 {day}"
        yield desk.say(sentence, day=f"{one.meant:%m-%d}")
    if one.unsettled:
        yield desk.say("放假通知没出，日子暂定")


def whole_entry(
    desk: Desk,
    programme: Programme,
    one: Entry,
    body: Mapping[str, Any] | None,
    picture: Picture | None = None,
) -> Reply:
    """One post whole: every variant of its words, its picture, when, and what can be done to it."""
    say = desk.say
    lines = [
        say("{number} · {name}（{slot}）", number=one.number, name=one.name, slot=one.slot),
        say("{time} 发", time=f"{one.at:%m-%d %H:%M}"),
    ]
    if one.audience is not None:
        written = one.audience.written if one.in_private else shortened(one.audience.written)
        written = written or say("所有群")
        sentence = "私信 {people}" if one.in_private else "发到 {people}"
        lines.append(say(sentence, people=written))
    lines += [say("[{mark}] ", mark=mark).strip() for mark in marks_of(desk, one)]
    for text in _variants(desk, one, body):
        lines += ["", text]
    call, place = f"{programme.key} {one.slot}", one.number
    buttons = []
    if one.in_private and one.audience is not None and one.audience.segment is not None:
        buttons.append(Button(say("看是哪些人"), f"/segment {one.audience.segment.expression}"))
    if one.campaign is not None:
        lines += [
            "",
            say(
                "改文案：{text}\n改时间：{move}",
                text=f"/programme text {programme.key} {place} " + say("新的文案"),
                move=f"/programme move {programme.key} {place} {one.at:%m-%d %H:%M}",
            ),
        ]
        buttons.append(
            Button(say("恢复这一条"), f"/programme keep {call}")
            if one.skipped
            else Button(say("今年跳过这一条"), f"/programme skip {call}")
        )
    shown = () if picture is None else (picture,)
    content = Content(in_one_message(desk, lines, []), shown, tuple(buttons))
    return Reply(content, private=True)


def _variants(desk: Desk, one: Entry, body: Mapping[str, Any] | None) -> Iterator[str]:
    if body is None or one.variants == 1:
        yield one.text
        return
    name = desk.say("小鱼") if one.in_private else desk.say("群")
    for variant in variants_of(body, one.slot):
        content = content_of(body, one.slot, name, in_private=one.in_private, variant=variant)
        yield desk.say("{variant}：{text}", variant=variant.upper(), text=content.text)
