"""What a manager sees before a programme is switched on, or says more or less than it did.

It ends in the same preview and the same yes as any campaign: see `proposals.py`,
`confirming.py` and `approvals.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.approvals import waits
from handlers.audiences import Chosen
from handlers.campaign_wording import held_buttons, held_question, hits_of, wording_lines
from handlers.coupon_texts import Settled, settled
from handlers.desk import Asked, Desk
from handlers.greetings_ahead import yet_to_prepare
from handlers.greetings_re_aimed import approved_to_re_aim, waiting_to_re_aim
from handlers.people_meant import unknown_lines
from handlers.previews import facts, to_come, too_much
from handlers.private_reach import reached_in_private
from handlers.programme_calendar import calendar_page, whole_line
from handlers.programme_drafts import Draft
from handlers.programme_entries import Entry, entries_of
from handlers.programme_facts import waiting_lines
from handlers.programme_files import is_greetings, title_of
from handlers.programme_neighbours import beside_others
from handlers.programme_past import day_is_over, past_lines
from handlers.programme_pictures import look_line
from handlers.programme_problems import problem_lines, refused, still_open
from handlers.programme_wanted import Switching, Wanted, wanted
from handlers.programmes import PROGRAMME, standing_campaigns
from handlers.proposals import ask, what_then
from handlers.replacing import replaced_by
from handlers.replies import Reply, reply
from scheduler.campaigns import Campaign
from scheduler.content import Button
from scheduler.left_alone import left_alone, would_be_left
from scheduler.programme_parts import Programme
from scheduler.schedule_json import schedule_from_json
from scheduler.wording_rules import blocking
from storage import campaigns
from storage.audiences import Audience
from storage.campaigns import StoredCampaign
from storage.confirmations import keep_choice
from storage.content_versions import ContentVersion
from storage.running_programmes import RunningProgramme

_TICK = timedelta(microseconds=1)
_CHANGED = 8  # posts that an update changes, shown whole


async def propose_on(
    desk: Desk, asked: Asked, programme: Programme, running: RunningProgramme, chosen: Chosen
) -> Reply:
    """The calendar of what would be said, with all that is still open, and the question.

    Raises:
        SchedulingError: a fact or the dates do not fit the programme.
        StorageError: the audience of a task is none that the segment language knows.
    """
    title = title_of(programme, desk.shop, running.year)
    if is_greetings(programme):
        return await _propose_greetings(desk, asked, running, title, chosen)
    found = await wanted(desk, programme, running, chosen)
    if not found.plan.sound:
        return await refused(desk, programme, found.plan, running.facts, chosen)
    say, now = desk.say, desk.clock.now()
    if found.was_on and not found.changes:
        lines = [say("「{name}」已经开着，没有要变的。", name=title), *_for_nobody(desk, found)]
        return reply("\n".join(lines), private=True)
    giving: list[str] = []
    for draft in found.drafts.campaigns:
        posts = to_come(_value(desk, found, draft), now - _TICK, now)
        if not posts:
            continue
        gives = await settled(desk, dict(draft.body))
        wrong = gives if isinstance(gives, Reply) else None
        giving += gives.lines if isinstance(gives, Settled) else ()
        wrong = wrong or too_much(desk, draft.body, posts, draft.groups)
        if wrong is not None:
            return wrong
    days = [post.at.date() for post in found.plan.posts]
    greetings = await yet_to_prepare(desk, desk.shop.day_of(now), max(days)) if days else []
    async with desk.database.writing() as connection:
        standing = await standing_campaigns(connection, running)
        said = await campaigns.bodies(connection, [one.version_id for one in standing])
        entries = entries_of(
            desk,
            found.plan,
            found.made_anew,
            standing,
            said,
            left_out=found.left_out,
            changing=[one["campaign_id"] for one in found.switching.changed],
        )
        if not any(_is_to_come(desk, one) for one in entries):
            return reply(say("「{name}」从现在起没有要发的。", name=title), private=True)
        tail = [*await _facts(desk, connection, found), *dict.fromkeys(giving)]
        entries = [
            replace(one, pictured=one.pictured and one.slot not in found.bare) for one in entries
        ]
        tail += _bare_lines(desk, found, entries)
        pictured = [one.number for one in entries if one.pictured and _is_to_come(desk, one)]
        tail += look_line(desk, programme.key, pictured)
        tail += await past_lines(connection, desk, running, found, entries)
        tail += waiting_lines(desk, programme, found.plan)
        maybe = [one for one in still_open(found.plan, desk.shop.local(now)) if not one.certain]
        maybe += await beside_others(
            desk,
            connection,
            programme.key,
            found.drafts.campaigns,
            found.plan.promotion,
            left_out={*found.left_out, *(slot for one in standing for slot in one.skipped)},
            greetings=greetings,
        )
        if maybe:
            tail += [say("请留意："), *problem_lines(desk, found.plan, maybe)]
        tail += await _then(connection, desk, found, standing, entries)
        bodies = [draft.body for draft in found.drafts.campaigns]
        accounts = {group.account for group in chosen.groups}
        hits = await hits_of(desk, connection, bodies, accounts)
        tail += wording_lines(desk, hits)
        number = await ask(connection, asked, PROGRAMME, asdict(found.switching), now)
        await keep_choice(connection, asked.member.id, chosen.written)
    late = [] if found.was_on else day_is_over(desk, programme, found.plan)
    head = [*late, _opening(desk, found, title, entries)]
    head += _changed_lines(desk, found, entries)
    return calendar_page(
        desk,
        programme,
        found.plan,
        entries,
        None,
        head=head,
        tail=[*tail, question(desk, number, held=bool(blocking(hits)))],
        buttons=buttons_for(desk, number, held=bool(blocking(hits))),
    )


async def _then(
    connection: AsyncConnection,
    desk: Desk,
    found: Wanted,
    standing: Sequence[StoredCampaign],
    entries: Sequence[Entry],
) -> list[str]:
    """That another manager has to approve it, and which posts wait for that and which do not."""
    lines = await what_then(connection, desk)
    if not lines or not found.was_on:
        return lines
    stands = {one.id: one for one in standing}
    slots = [one.slot for one in entries]
    passing = {one.id: await left_alone(connection, one, slots) for one in standing if waits(one)}
    for edit in found.switching.changed:
        before = stands[edit["campaign_id"]]
        audience = Audience.from_json(edit["audience"])
        proposed = ContentVersion(edit["body"], audience, edit["schedule"])
        passing[before.id] = await would_be_left(connection, before, proposed)
    coming = [one for one in entries if _is_to_come(desk, one) and not one.provisional]
    held = [
        one
        for one in coming
        if one.campaign is None or one.slot not in passing.get(one.campaign.id, slots)
    ]
    if len(held) < len(coming):
        sentence = "批准之前，改了和新加的 {count} 条等着，其他的照常发"
        lines.append(desk.say(sentence, count=len(held)))
    return lines


def _opening(desk: Desk, found: Wanted, title: str, entries: list[Entry]) -> str:
    say = desk.say
    coming = [one for one in entries if _is_to_come(desk, one) and not one.provisional]
    private = sum(one.in_private for one in coming)
    if found.was_on:
        new = sum(one.campaign is None for one in coming)
        return say(
            "「{name}」会更新：新增 {made} 条，改 {changed} 条。更新以后一共 {count} 条要发：",
            name=title,
            made=new,
            changed=sum(one.changed and one.campaign is not None for one in coming),
            count=len(coming),
        )
    return say(
        "「{name}」的安排，一共 {count} 条要发（群里 {groups} 条，私信 {private} 条）：",
        name=title,
        count=len(coming),
        groups=len(coming) - private,
        private=private,
    )


def _changed_lines(desk: Desk, found: Wanted, entries: Sequence[Entry]) -> list[str]:
    """The posts that an update changes, whole, above the calendar of all."""
    changed = [one for one in entries if one.changed and _is_to_come(desk, one)]
    if not found.was_on or not changed:
        return []
    lines = [desk.say("这次改的："), *(whole_line(desk, one) for one in changed[:_CHANGED])]
    if len(changed) > _CHANGED:
        lines.append(desk.say("等 {count} 个", count=len(changed)))
    return [*lines, desk.say("改完一共：")]


def _bare_lines(desk: Desk, found: Wanted, entries: Sequence[Entry]) -> list[str]:
    """Which posts go out without the picture that they should have."""
    numbers = [str(one.number) for one in entries if one.slot in found.bare]
    if not numbers:
        return []
    sentence = "没有配图，只发文字（图没画成，或者图上的字要先改）：第 {numbers} 条"
    return [desk.say(sentence, numbers=desk.listed(numbers, len(numbers)))]


def _is_to_come(desk: Desk, one: Entry) -> bool:
    return one.at > desk.shop.local(desk.clock.now()) and not one.skipped


def _value(desk: Desk, found: Wanted, draft: Draft) -> Campaign:
    promotion = found.plan.promotion
    return Campaign(
        key=draft.key,
        programme=found.switching.key,
        name=draft.name,
        schedule=schedule_from_json(draft.schedule),
        zone=desk.shop.zone,
        valid_for=draft.valid_for,
        promotion=promotion,
    )


async def _facts(desk: Desk, connection: AsyncConnection, found: Wanted) -> list[str]:
    """Whom it reaches, what holds its first post up, and which campaigns it takes the place of."""
    say, now, lines = desk.say, desk.clock.now(), list[str]()
    for draft in found.drafts.campaigns:
        value = _value(desk, found, draft)
        posts = to_come(value, now - _TICK, now)
        if not posts:
            continue
        if draft.audience.segment is not None:
            reached = await reached_in_private(desk, connection, value, None, draft.audience)
            lines.append(
                say("「{name}」：私下发给 {count} 位粉丝", name=draft.name, count=reached.fans)
            )
            lines += await unknown_lines(connection, desk, draft.audience.segment, draft.name)
            continue
        of_this = await facts(
            desk,
            connection,
            value,
            posts[0],
            audience=draft.audience,
            chosen=draft.groups,
        )
        lines += of_this if not lines else [say("「{name}」：", name=draft.name), *of_this[:1]]
    for one in found.switching.made:
        older = await replaced_by(
            connection,
            desk.shop_id,
            key=one["key"],
            programme=one["programme"],
            name=one["name"],
            schedule=one["schedule"],
        )
        lines += [
            say("会代替现在的「{name}」（编号 {number}）", name=each.name, number=each.id)
            for each in older
        ]
    return [*lines, *_for_nobody(desk, found)]


def _for_nobody(desk: Desk, found: Wanted) -> list[str]:
    """The tasks whose groups are none of those that were chosen."""
    sentence = "「{name}」现在没有群可发，先不排"
    return [desk.say(sentence, name=name) for name in found.drafts.for_nobody]


async def _propose_greetings(
    desk: Desk, asked: Asked, running: RunningProgramme, title: str, chosen: Chosen
) -> Reply:
    """What it means to have greetings prepared from year to year, and the question."""
    say, now = desk.say, desk.clock.now()
    if running.is_on and running.audience == chosen.audience:
        return reply(say("「{name}」已经开着，没有要变的。", name=title), private=True)
    async with desk.database.writing() as connection:
        was_on = running.is_on
        edits = await approved_to_re_aim(connection, desk, running, chosen) if was_on else []
        drafts = await waiting_to_re_aim(connection, running) if was_on else []
        switching = Switching(
            key=running.key,
            year=running.year,
            title=title,
            facts=dict(running.facts),
            audience=chosen.audience.to_json(),
            groups=[group.id for group in chosen.groups],
            made=[],
            changed=[asdict(one) for one in edits],
            was_on=was_on,
        )
        then = await what_then(connection, desk) if edits else []
        number = await ask(connection, asked, PROGRAMME, asdict(switching), now)
        await keep_choice(connection, asked.member.id, chosen.written)
    lines = [
        say(
            "开「{name}」：每个节日提前 {days} 天把问候写好，先给你们看；"
            "批准了才发，一天只发一条。",
            name=title,
            days=desk.shop.greetings_ahead.days,
        ),
        say(
            "发到 {count} 个群：{names}",
            count=len(chosen.groups),
            names=desk.listed((group.title for group in chosen.groups), 20),
        ),
    ]
    if following := len(edits) + len(drafts):
        sentence = "写好了还没发的 {count} 条问候也改发到这些群"
        lines.append(say(sentence, count=following))
    lines += [*then, question(desk, number)]
    return reply("\n".join(lines), *buttons_for(desk, number), private=True)


def question(desk: Desk, number: int, *, held: bool = False) -> str:
    """What is asked; otherwise where wording rules hold it back."""
    if held:
        return held_question(desk, number)
    return desk.say(
        "没问题的话，10 分钟内发 /confirm {number}；不发了，发 /dismiss。", number=number
    )


def buttons_for(desk: Desk, number: int, *, held: bool = False) -> tuple[Button, ...]:
    """Yes and no to what is asked."""
    if held:
        return held_buttons(desk, number)
    return (
        Button(desk.say("确认发送"), f"/confirm {number}"),
        Button(desk.say("不发了"), "/dismiss"),
    )
