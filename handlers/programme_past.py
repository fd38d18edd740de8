"""What an update of a programme cannot say any more, or would say a second time: told beforehand.

A post that has gone out does not go out again while its programme stays on, whatever becomes of its
date. Switched off and on anew, all of it is said anew: then a notice with another date may be the
second of its kind. And what is told too late for its moment does not go out unless it is moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.programme_entries import Entry
from handlers.programme_files import title_of
from handlers.programme_wanted import Wanted, plain_key
from scheduler.programme_parts import Programme
from scheduler.programme_plan import ProgrammePlan
from storage import campaigns
from storage.running_programmes import RunningProgramme
from storage.single_posts import slots_gone

_LATER = timedelta(hours=1)  # in the example of another moment


async def past_lines(
    connection: AsyncConnection,
    desk: Desk,
    running: RunningProgramme,
    found: Wanted,
    entries: Sequence[Entry],
) -> list[str]:
    """A line for each of these that an update, or switching on anew, comes to."""
    every = await campaigns.of_programme(connection, running.id)
    gone = await slots_gone(connection, [one.id for one in every])
    by_key: dict[str, set[str]] = {}
    for one in every:
        by_key.setdefault(plain_key(one.key), set()).update(gone.get(one.id, ()))
    anew = {slot for one in found.switching.made for slot in by_key.get(plain_key(one["key"]), ())}
    stays = {slot for slots in by_key.values() for slot in slots} - anew
    now = desk.shop.local(desk.clock.now())
    coming = [one for one in entries if one.at > now and not one.skipped and not one.provisional]
    over = [one for one in entries if one.changed and one.at <= now and one.slot not in stays]
    lines = []
    if again := [one for one in coming if one.slot in anew]:
        sentence = "之前发过，这次会再发一遍：{posts}。不要的，开好以后发 /programme skip {call}"
        call = f"{running.key} {again[0].number}"
        lines.append(desk.say(sentence, posts=_named(desk, again), call=call))
    if told := [one for one in coming if one.changed and one.slot in stays]:
        lines.append(desk.say("已经发过，不会再发：{posts}", posts=_named(desk, told)))
    if found.was_on and over:
        sentence = "时间已经过了，不会发：{posts}。要发，确认以后改时间：/programme move {call}"
        call = f"{running.key} {over[0].number} {now + _LATER:%m-%d %H:%M}"
        lines.append(desk.say(sentence, posts=_named(desk, over), call=call))
    return lines


def day_is_over(desk: Desk, programme: Programme, plan: ProgrammePlan) -> list[str]:
    """A line where the programme's own day is over, and only what comes after it is left."""
    if plan.anchor is None or plan.anchor >= desk.shop.day_of(desk.clock.now()):
        return []
    name = title_of(programme, desk.shop, plan.year)
    sentence = "「{name}」的正日子（{day}）已经过了，只剩后面的；明年的会提前来问你们。"
    return [desk.say(sentence, name=name, day=f"{plan.anchor:%m-%d}")]


def _named(desk: Desk, posts: Sequence[Entry]) -> str:
    return desk.listed(
        desk.say(
            "{number} · {name}（{time}）",
            number=one.number,
            name=one.name,
            time=f"{one.at:%m-%d %H:%M}",
        )
        for one in posts
    )
