"""One post of a programme: which one a manager means, and what is done to it, for this year only.

Leaving a post out, and letting it go out after all, happens at once, as pausing and cancelling do:
less is said, or what was approved before. Other words or another moment are previewed and approved
like any edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import token
from handlers.audiences import Chosen
from handlers.desk import Asked, Desk
from handlers.fact_words import name_of, short
from handlers.programme_arguments import Doing
from handlers.programme_changing import propose_move, propose_text
from handlers.programme_drafts import Draft, drafts_of, with_holes
from handlers.programme_entries import Entry, entries_of, entry_meant
from handlers.programme_facts import wall_time
from handlers.programme_files import plan_of, title_of
from handlers.programmes import meant_year, standing_campaigns
from handlers.replies import Reply, reply
from scheduler.left_alone import left_alone, stand_by_approved
from scheduler.programme_parts import Programme
from scheduler.programme_plan import ProgrammePlan
from storage import audit, campaigns
from storage.audiences import Audience, resolve
from storage.running_programmes import RunningProgramme
from storage.single_posts import leave_out, slot_stands, take_in


@dataclass(frozen=True, slots=True)
class Calendar:
    """A programme's plan and posts; `bodies` holds what says each slot."""

    plan: ProgrammePlan
    entries: list[Entry]
    bodies: Mapping[str, Mapping[str, Any]]

    def not_yet(self, now: datetime) -> int:
        """How many posts after a local time could be planned, and are not: more is known now."""
        planned = {one.slot for one in self.entries}
        return sum(
            post.at > now and not post.provisional and post.slot not in planned
            for post in self.plan.posts
        )


async def calendar(
    desk: Desk, programme: Programme, year: int, running: RunningProgramme | None
) -> Calendar:
    """What a programme says this year: what stands, or what it would say if it were on.

    Raises:
        SchedulingError: a fact or the dates do not fit the programme.
        StorageError: the audience of a task is none that the segment language knows.
    """
    facts = {} if running is None else running.facts
    plan = await plan_of(desk, programme, year, facts)
    is_on = running is not None and running.is_on
    async with desk.database.reading() as connection:
        audience = Audience() if running is None else running.audience or Audience()
        meant = await resolve(connection, desk.shop_id, audience)
        chosen = Chosen(audience.written, audience, meant.groups)
        made = () if is_on else await _drafted(desk, connection, programme, plan, chosen)
        standing = await standing_campaigns(connection, running) if is_on else []
        said = await campaigns.bodies(connection, [one.version_id for one in standing])
        alone = {
            one.id: await left_alone(connection, one, said[one.version_id]["templates"])
            for one in standing
        }
    by_slot = {slot: draft.body for draft in made for slot in draft.body["templates"]}
    for one in standing:
        by_slot |= dict.fromkeys(said[one.version_id]["templates"], said[one.version_id])
    entries = entries_of(desk, plan, made, standing, said, alone=alone)
    return Calendar(plan, entries, by_slot)


async def _drafted(
    desk: Desk,
    connection: AsyncConnection,
    programme: Programme,
    plan: ProgrammePlan,
    chosen: Chosen,
) -> tuple[Draft, ...]:
    """What a programme that is off would say, with the names of what it lacks in its words."""
    names = {
        fact.key: desk.say("（{name}）", name=short(name_of(desk, fact)))
        for fact in programme.facts
    }
    drafts = await drafts_of(desk, connection, programme, plan, chosen)
    return tuple(with_holes(one, names) for one in drafts.campaigns)


async def done(desk: Desk, asked: Asked, programme: Programme, doing: Doing, written: str) -> Reply:
    """Change, move, leave out or take back one post; or one line that says what is missing."""
    say = desk.say
    year, running = await meant_year(desk, programme)
    if running is None or not running.is_on:
        return reply(
            say(
                "「{name}」没有开着，先开再改：{call}",
                name=title_of(programme, desk.shop),
                call=f"/programme on {programme.key}",
            ),
            private=True,
        )
    place, rest = token(written)
    rest = rest.strip()
    seen = await calendar(desk, programme, year, running)
    one = entry_meant(seen.entries, place) if place else _next_of(desk, seen.entries)
    if one is None:
        return no_such_post(desk, programme, place)
    example = _example(desk, programme, doing, one)
    if not place or (doing is Doing.TEXT and not rest):
        return _wrong(desk, "没看懂。可以这样写：{example}", example)
    if doing is Doing.MOVE:
        to = _nearest(rest, one.at)
        if to is None:
            return _no_moment(desk, rest, one.at, example)
        return await propose_move(desk, asked, programme, seen.plan, seen.entries, one, to)
    return await _changed(desk, asked, doing, one, rest)


async def _changed(desk: Desk, asked: Asked, doing: Doing, one: Entry, rest: str) -> Reply:
    match doing:
        case Doing.TEXT:
            return await propose_text(desk, asked, one, rest)
        case Doing.SKIP:
            return await _skip(desk, asked, one)
        case _:
            return await _keep(desk, asked, one)


def _next_of(desk: Desk, entries: Sequence[Entry]) -> Entry | None:
    """The next post to come, else the last; None where there is none."""
    now = desk.shop.local(desk.clock.now())
    return next((one for one in entries if one.at > now), entries[-1] if entries else None)


def _example(desk: Desk, programme: Programme, doing: Doing, one: Entry) -> str:
    """How it is written for this post."""
    call = f"/programme {doing} {programme.key} {one.number}"
    match doing:
        case Doing.TEXT:
            return f"{call} {desk.say('新的文案')}"
        case Doing.MOVE:
            return f"{call} {one.at:%m-%d %H:%M}"
        case _:
            return call


def _nearest(written: str, near: datetime) -> datetime | None:
    """The moment that was written, in the year that brings it nearest to where the post stands."""
    years = (near.year - 1, near.year, near.year + 1)
    found = [at for year in years if (at := wall_time(written, year)) is not None]
    return min(found, key=lambda at: abs(at - near.replace(tzinfo=None)), default=None)


def _no_moment(desk: Desk, written: str, near: datetime, example: str) -> Reply:
    """Which part of what was written is no day, or no time of a day."""
    day, _, clock = written.replace("T", " ").partition(" ")
    is_day = _nearest(f"{day} 12:00", near) is not None
    if is_day and not clock:
        return _wrong(desk, "还没写几点。可以这样写：{example}", example)
    if day and not is_day:
        return _wrong(desk, "没有「{word}」这一天。可以这样写：{example}", example, day)
    if clock:
        return _wrong(desk, "没有「{word}」这个时间。可以这样写：{example}", example, clock.strip())
    return _wrong(desk, "没看懂。可以这样写：{example}", example)


async def _skip(desk: Desk, asked: Asked, one: Entry) -> Reply:
    """Leave a post out at once, and say honestly what of it is gone already."""
    say, campaign, now = desk.say, one.campaign, desk.clock.now()
    if campaign is None:
        return _nothing(desk, one)
    if one.skipped:
        text = say("{number} · {name} 本来就跳过了。", number=one.number, name=one.name)
        return reply(text, private=True)
    async with desk.database.writing() as connection:
        cancelled = await leave_out(connection, campaign.id, one.slot, now)
        stands = await slot_stands(connection, campaign.id, one.slot)
        details = {"slot": one.slot, "cancelled": cancelled}
        await audit.note(
            connection, audit.Entry(now, asked.actor, "skip_post", campaign.key, details)
        )
    lines = [
        say(
            "{number} · {name}（{time}）今年跳过，不发了。恢复：/programme keep {call}",
            number=one.number,
            name=one.name,
            time=f"{one.at:%m-%d %H:%M}",
            call=f"{campaign.programme} {one.slot}",
        )
    ]
    if cancelled:
        lines.append(say("已经排好的 {count} 条也取消了。", count=cancelled))
    if stands.gone:
        lines.append(
            say(
                "有 {count} 条已经发出去了，拦不住。要撤回，发 /recall {number}。",
                count=stands.gone,
                number=campaign.id,
            )
        )
    return reply("\n".join(lines), private=True)


async def _keep(desk: Desk, asked: Asked, one: Entry) -> Reply:
    """Let a post go out after all, if its moment is still to come."""
    say, campaign, now = desk.say, one.campaign, desk.clock.now()
    if campaign is None:
        return _nothing(desk, one)
    if not one.skipped:
        text = say("{number} · {name} 没有跳过。", number=one.number, name=one.name)
        return reply(text, private=True)
    async with desk.database.writing() as connection:
        back = await take_in(connection, campaign.id, one.slot, now)
        await stand_by_approved(connection, campaign.id, now)
        details = {"slot": one.slot, "planned": back}
        await audit.note(
            connection, audit.Entry(now, asked.actor, "keep_post", campaign.key, details)
        )
    late = one.at <= desk.shop.local(now) and not back
    sentence = (
        "{number} · {name} 的时间（{time}）已经过了，这次不会再发。"
        if late
        else "{number} · {name} 恢复了，{time} 照常发。"
    )
    text = say(sentence, number=one.number, name=one.name, time=f"{one.at:%m-%d %H:%M}")
    return reply(text, private=True)


def _nothing(desk: Desk, one: Entry) -> Reply:
    sentence = "{number} · {name} 还没排进去，没有要动的。"
    return reply(desk.say(sentence, number=one.number, name=one.name), private=True)


def no_such_post(desk: Desk, programme: Programme, written: str) -> Reply:
    """The answer to a number or a slot that is no post of the programme."""
    return reply(
        desk.say(
            "没有「{post}」这一条。编号看日历：/programme {key}", post=written, key=programme.key
        ),
        private=True,
    )


def _wrong(desk: Desk, sentence: str, example: str, word: str = "") -> Reply:
    return reply(desk.say(sentence, example=example, word=word), private=True)
