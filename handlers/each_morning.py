"""Every morning the staff are told of the day before, each staff chat of the groups it looks after.

It is told at 9:30 by the shop's clock. What was missed, because the bot was off or nobody could be
reached, is made up the same day, until 21:00. It is told once: that it was is kept, and to whom it
was said stands in the attempts, so that a process that ends on the way is not repeated.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time, timedelta

import structlog

from handlers.desk import Desk
from handlers.morning import read_morning
from handlers.morning_text import morning_text
from handlers.period import Period, day_bounds, today
from handlers.progress import progress_of
from handlers.staff import managers, tell_managers
from scheduler.content import Content
from storage.chores import done_at, note_done
from storage.groups import Group, groups_known_before
from storage.staff_chats import staff_chats

_log = structlog.get_logger(__name__)

FROM, UNTIL = time(9, 30), time(21)
"""When the morning report is told, by the shop's clock."""

_CHORE = "tell_morning"
_DAY = timedelta(days=1)


async def tell_morning(desk: Desk) -> bool:
    """Tell the staff of yesterday, if it is time and they were not told yet; whether they were now.

    Nothing is told of groups that the bot did not know yesterday.
    """
    now = desk.clock.now()
    if not FROM <= desk.shop.local(now).time() < UNTIL:
        return False
    day = today(desk)
    async with desk.database.reading() as connection:
        last = await done_at(connection, _CHORE)
        if last is not None and desk.shop.day_of(last) >= day:
            return False
        groups = await groups_known_before(connection, desk.shop_id, day_bounds(desk, day)[0])
        somebody = await managers(connection, desk.shop)
        chats = await staff_chats(connection, desk.shop_id)
    if not groups or not (somebody or chats):
        return False
    morning = await read_morning(desk, groups, day - _DAY)
    told = []
    for chat, theirs in _by_staff_chat(groups, [one.id for one in chats]).items():
        ids = {group.id for group in theirs}
        progress = await progress_of(desk, ids, Period(morning.day, morning.day))
        content = Content(morning_text(desk, morning.of(ids, progress)))
        key = f"morning/{morning.day}/{'all' if chat is None else chat}"
        begins = day_bounds(desk, day)[0]
        told.append(await tell_managers(desk, content, key, about=theirs[0].id, once_since=begins))
    if not all(told):
        _log.warning("morning_unheard", day=str(morning.day))
        return False  # at the next look
    async with desk.database.writing() as connection:
        await note_done(connection, _CHORE, now)
    return True


def _by_staff_chat(groups: Iterable[Group], chats: Iterable[int]) -> dict[int | None, list[Group]]:
    """The groups that each staff chat looks after; those of none, or of one that is gone, last."""
    found: dict[int | None, list[Group]] = {chat: [] for chat in (*chats, None)}
    for group in groups:
        chat = group.staff_group_id
        found[chat if chat in found else None].append(group)
    return {chat: theirs for chat, theirs in found.items() if theirs}
