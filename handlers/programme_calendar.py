"""The calendar of a programme: every post with its number, as a manager reads it on a phone.

A programme that is off shows what it would say; one that is on shows what its campaigns say, with
what a manager has changed, and how each post stands. A post keeps its number whatever is moved,
left out or told meanwhile (see `scheduler/programme_numbers.py`), so numbers are not in order where
a time was open when they were given.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any

from handlers.approvals import waits
from handlers.arguments import PageNumber
from handlers.desk import Desk, shortened
from handlers.moved_posts import posts_by_slot
from handlers.paging import leafing, page_of
from handlers.previews import in_one_message
from handlers.programme_drafts import REWRITTEN, Draft
from handlers.replies import Reply, reply
from scheduler.bodies import content_of, variants_of
from scheduler.campaigns import CampaignState
from scheduler.content import Button, Content, Picture
from scheduler.programme_parts import Programme
from scheduler.programme_plan import PlannedPhase, ProgrammePlan, ProgrammePost
from scheduler.schedule_json import schedule_from_json
from scheduler.schedules import Dated, moments, unchanged
from scheduler.wall_time import zone_named
from storage.audiences import Audience
from storage.campaigns import StoredCampaign
from storage.errors import SchedulingError

_LINE = 22  # characters of a post that fit on one line of a phone
PAGE = 15
"""Posts on a page: with their phases they fit on a phone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One post of a calendar; `at` is by the shop's clock.

    `text` is its first variant as a group or fan gets it, of `variants` altogether. `campaign` is
    None where it is not planned: the programme is off, or what the post hangs on is not certain.
    One that `waits` has to be approved first. A `changed` one says something else, or at another
    moment, once an update is confirmed. One that keeps off days off stands in for the day that was
    `meant`, and is `unsettled` until the legal holidays around it are published.
    """

    number: int
    slot: str
    at: datetime
    name: str
    phase: str
    audience: Audience | None
    text: str
    variants: int = 1
    campaign: StoredCampaign | None = None
    skipped: bool = False
    moved: bool = False
    rewritten: bool = False
    provisional: bool = False
    changed: bool = False
    waits: bool = False
    meant: date | None = None
    unsettled: bool = False

    @property
    def in_private(self) -> bool:
        """Whether it goes to people."""
        return self.audience is not None and self.audience.segment is not None


def entries_of(
    desk: Desk,
    plan: ProgrammePlan,
    drafts: Sequence[Draft],
    standing: Sequence[StoredCampaign],
    bodies: Mapping[int, Any],
    *,
    left_out: Collection[str] = (),
    changing: Collection[int] = (),
    alone: Mapping[int, Collection[str]] = MappingProxyType({}),
) -> list[Entry]:
    """The calendar's posts by the file's times: of what stands, else of the drafts, else expected.

    Of campaigns whose ids are `changing` the drafts are shown, beside what stands. `alone` are the
    slots, by campaign, that go out as approved whatever of the campaign waits.
    """
    posts = {post.slot: post for post in plan.posts}
    found = {post.slot: (post.at, _expected(desk, post)) for post in plan.posts if post.provisional}
    for draft in drafts:
        for slot in draft.body["templates"]:
            entry = _entry(desk, posts[slot], draft)
            found[slot] = (posts[slot].at, replace(entry, skipped=slot in left_out))
    for campaign in standing:
        passing = alone.get(campaign.id, ())
        for slot, at, stands in _all_standing(desk, campaign, bodies, posts, passing):
            if campaign.id not in changing:
                found[slot] = (at, stands)
            elif slot in found:
                found[slot] = (found[slot][0], _in_place_of(stands, found[slot][1]))
    if changing:
        new = {slot: one for slot, (_, one) in found.items() if _is_new(one)}
        found |= {slot: (found[slot][0], replace(one, changed=True)) for slot, one in new.items()}
    ordered = sorted(found, key=lambda slot: (found[slot][0], slot))
    numbers = _every_number(plan, ordered)
    return [replace(found[slot][1], number=numbers[slot]) for slot in ordered]


def _every_number(plan: ProgrammePlan, slots: Iterable[str]) -> dict[str, int]:
    """The numbers of these slots: the file's, and behind them those that it has no more."""
    numbers = {slot: plan.numbers[slot] for slot in slots if slot in plan.numbers}
    others = [slot for slot in slots if slot not in numbers]
    last = max(plan.numbers.values(), default=0)
    return numbers | {slot: number for number, slot in enumerate(others, start=last + 1)}


def _all_standing(
    desk: Desk,
    campaign: StoredCampaign,
    bodies: Mapping[int, Any],
    posts: Mapping[str, ProgrammePost],
    alone: Collection[str],
) -> Iterator[tuple[str, datetime, Entry]]:
    """Each slot of a campaign that stands, with its local time in the file, and how it stands."""
    body, draft = bodies[campaign.version_id], waits(campaign)
    for slot, at in _own_moments(campaign).items():
        stands = _standing(desk, campaign, body, slot, post=posts.get(slot), at=at)
        yield slot, at, replace(stands, waits=draft and slot not in alone)


def _in_place_of(stands: Entry, draft: Entry) -> Entry:
    """What a post would be, of one that stands."""
    same = (stands.at, stands.text, stands.variants) == (draft.at, draft.text, draft.variants)
    return replace(draft, campaign=stands.campaign, skipped=stands.skipped, changed=not same)


def _is_new(one: Entry) -> bool:
    """Whether no campaign has a post yet that could be planned."""
    return one.campaign is None and not one.provisional


def _own_moments(campaign: StoredCampaign) -> dict[str, datetime]:
    """Slot → local time, as the file has it: whatever was moved or left out."""
    schedule = unchanged(schedule_from_json(campaign.schedule))
    if isinstance(schedule, Dated):
        return {one.slot: one.settled().at for one in schedule.moments}
    zone = zone_named(campaign.zone)
    posts = posts_by_slot(campaign)
    spans = [one.at for one in posts.values()]
    if not spans:
        return {}
    found = moments(schedule, zone, campaign.created_at, max(spans))
    return {one.slot: one.local.replace(tzinfo=None) for one in found}


def _expected(desk: Desk, post: ProgrammePost) -> Entry:
    language = desk.shop.language
    texts = post.texts.get(language, post.texts["zh"])
    return Entry(
        number=0,
        slot=post.slot,
        at=_by_the_clock(desk, post.at),
        name=post.name.get(language, post.name["zh"]),
        phase=post.phase,
        audience=None,
        text=texts[0],
        provisional=True,
    )


def _entry(desk: Desk, post: ProgrammePost, draft: Draft) -> Entry:
    body, audience = draft.body, draft.audience
    moved = draft.schedule.get("moved", {}).get(post.slot)
    at = post.at if moved is None else datetime.fromisoformat(moved)
    return Entry(
        number=0,
        slot=post.slot,
        at=_by_the_clock(desk, at),
        name=post.name.get(desk.shop.language, post.name["zh"]),
        phase=post.phase,
        audience=audience,
        text=text_of(desk, body, post.slot, in_private=audience.segment is not None),
        variants=len(variants_of(body, post.slot)),
        moved=moved is not None,
        rewritten=post.slot in body.get(REWRITTEN, ()),
        meant=post.meant,
        unsettled=post.unsettled,
    )


def _standing(
    desk: Desk,
    campaign: StoredCampaign,
    body: Mapping[str, Any],
    slot: str,
    *,
    post: ProgrammePost | None,
    at: datetime,
) -> Entry:
    now_at = campaign.schedule.get("moved", {}).get(slot)
    moment = at if now_at is None else datetime.fromisoformat(now_at)
    named = slot if post is None else post.name.get(desk.shop.language, post.name["zh"])
    return Entry(
        number=0,
        slot=slot,
        at=_by_the_clock(desk, moment),
        name=named,
        phase="" if post is None else post.phase,
        audience=campaign.audience,
        text=text_of(desk, body, slot, in_private=campaign.audience.segment is not None),
        variants=len(variants_of(body, slot)),
        campaign=campaign,
        skipped=slot in campaign.skipped,
        moved=now_at is not None,
        rewritten=slot in body.get(REWRITTEN, ()),
        meant=None if post is None else post.meant,
        unsettled=post is not None and post.unsettled,
    )


def text_of(desk: Desk, body: Mapping[str, Any], slot: str, *, in_private: bool) -> str:
    """The words of a slot; where they cannot be filled in, the reason why."""
    name = desk.say("小鱼") if in_private else desk.say("群")
    try:
        return content_of(body, slot, name, in_private=in_private).text
    except SchedulingError as trouble:
        return str(trouble)


def _by_the_clock(desk: Desk, wall: datetime) -> datetime:
    return wall.replace(tzinfo=zone_named(desk.shop.zone))


def entry_meant(entries: Sequence[Entry], written: str) -> Entry | None:
    """The post that a manager means by its number or its slot."""
    number = re.fullmatch(r"[#＃]?(\d{1,4})", written)
    for one in entries:
        if one.slot == written or (number is not None and one.number == int(number[1])):
            return one
    return None


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
    """A page of the calendar, without `page` the one with the next post to come.

    That one has with it what goes before and behind, and the buttons, so that a preview can be
    confirmed.
    """
    opens = _next_page(desk, entries)
    part = page_of(entries, page or PageNumber(opens), PAGE)
    here = part.number == opens
    lines = [*(head if here else ()), *_lines(desk, plan, part.rows)]
    if not part.rows:
        lines.append(desk.say("后面没有了。") if part.number > 1 else desk.say("还没有能排的。"))
    if not part.only:
        lines.append(desk.say("第 {number} 页", number=part.number))
    end = ["", *tail] if tail and here else []
    text = in_one_message(desk, lines, end) if end else "\n".join(lines)
    turns = leafing(desk, part, f"/programme {programme.key}")
    shown = buttons if here else ()
    return reply(text, *shown, *turns, private=True, replaces=page is not None)


def _next_page(desk: Desk, entries: Sequence[Entry]) -> int:
    """The page with the first post that is to come; the first one where none is."""
    now = desk.shop.local(desk.clock.now())
    place = next((place for place, one in enumerate(entries) if one.at > now), 0)
    return place // PAGE + 1


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
        written = shortened(one.audience.written) or say("所有群")
        sentence = "私信 {people}" if one.in_private else "发到 {people}"
        lines.append(say(sentence, people=written))
    lines += [say("[{mark}] ", mark=mark).strip() for mark in marks_of(desk, one)]
    for text in _variants(desk, one, body):
        lines += ["", text]
    call, place = f"{programme.key} {one.slot}", one.number
    buttons = []
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
