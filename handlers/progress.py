"""How far the reading of a period is: what a report of it says of itself.

A report counts what has been read. While older days are still being read, or stand as they were
read with other words, whoever looks at it is told.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from handlers.desk import Desk
from handlers.period import Period, today
from handlers.reading_days import unread_days, version_now
from insights.days import is_current
from storage import analysis
from storage.analysis import UNREAD


@dataclass(frozen=True, slots=True)
class Progress:
    """The days of a period on which anybody spoke, in whichever group, and today.

    `unread` have a group of which nothing is known yet, `other_words` one that was read with
    other words or rules, or before it changed; `waiting` are those of both that will be read.
    """

    days: int
    waiting: int
    unread: int
    other_words: int

    def to_json(self) -> dict[str, Any]:
        """The progress as plain JSON, as `nuanqun insights --json` prints it."""
        return {
            "days": self.days,
            "read": self.days - self.waiting,
            "unread": self.unread,
            "other_words": self.other_words,
        }

    def lines(self, desk: Desk) -> list[str]:
        """What to say of it above a report; nothing, where everything is as it should be."""
        said = []
        if self.waiting:
            read = self.days - self.waiting
            said.append(desk.say("还在重读旧消息：{read}/{days} 天", read=read, days=self.days))
        if self.unread:
            said.append(desk.say("有 {count} 天还没读完，没全算进来", count=self.unread))
        if self.other_words:
            said.append(desk.say("有 {count} 天是按以前的词读的", count=self.other_words))
        return said


async def progress_of(desk: Desk, group_ids: Collection[int], period: Period) -> Progress:
    """How far the reading of these groups' days is now."""
    version, now = version_now(desk), today(desk)
    waiting = await unread_days(desk, group_ids, period)
    async with desk.database.reading() as connection:
        states = await analysis.day_states(connection, group_ids, period.first, period.last)
    read = {(one.group_id, one.day) for one in states if one.version != UNREAD}
    others = {
        one.day
        for one in states
        if one.version != UNREAD and not is_current(one.version, version) and one.day != now
    }
    others |= {one.day for one in waiting if (one.group_id, one.day) in read}
    unread = {one.day for one in waiting if (one.group_id, one.day) not in read}
    known = {day for _, day in read} | {one.day for one in waiting}
    if period.first <= now <= period.last:
        known.add(now)
    return Progress(
        days=len(known),
        waiting=len({one.day for one in waiting}),
        unread=len(unread),
        other_words=len(others),
    )
