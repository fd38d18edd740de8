"""A countdown beside a programme that leads up to the same day: both would speak on the same days.

It is only told: a shop may want both, where the programme says little before its day.
"""

from __future__ import annotations

from datetime import date

from handlers.desk import Desk
from handlers.programme_files import is_greetings, plan_of, shelf, title_of
from storage.errors import SchedulingError
from storage.running_programmes import programmes_on


async def counting_lines(desk: Desk, target: date) -> list[str]:
    """A line for each programme that is on and has posts to come up to its own day, this one."""
    now = desk.shop.local(desk.clock.now()).replace(tzinfo=None)
    async with desk.database.reading() as connection:
        on = {one.key: one for one in await programmes_on(connection, desk.shop_id)}
    lines = []
    for programme in (await shelf(desk)).programmes.values():
        running = on.get(programme.key)
        if running is None or is_greetings(programme):
            continue
        try:
            plan = await plan_of(desk, programme, running.year, running.facts)
        except SchedulingError:  # its file has changed; /programme says so
            continue
        days = [
            f"{post.at:%m-%d}"
            for post in plan.posts
            if post.audience is None and post.at > now and post.at.date() < target
        ]
        if plan.anchor == target and days:
            sentence = (
                "「{name}」开着，也是到这天，它在 {days} 有话说：/programme {key}。一起发会说两遍。"
            )
            name = title_of(programme, desk.shop, running.year)
            listed = desk.listed(dict.fromkeys(days))
            lines.append(desk.say(sentence, name=name, days=listed, key=programme.key))
    return lines
