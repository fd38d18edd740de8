"""The morning report of any of the last days, on demand."""

from __future__ import annotations

from datetime import timedelta

from handlers.arguments import Groups
from handlers.desk import Asked, Desk
from handlers.inquiry import inquire
from handlers.insight_arguments import PeriodWords
from handlers.morning import read_morning
from handlers.morning_text import morning_text
from handlers.period import Period, today
from handlers.reading_days import first_readable
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role

_DAY = timedelta(days=1)


@command(
    "morning", "早报", Role.MANAGER, "看前一天各个群的情况：进出、回复、不满、发送", "/morning"
)
async def morning(
    desk: Desk, asked: Asked, day: PeriodWords | None = None, groups: Groups | None = None
) -> Replies:
    """The report of one finished day (yesterday), for the groups named, those here, or all."""
    yesterday = today(desk) - _DAY
    words = day or PeriodWords.of(Period(yesterday, yesterday))
    found = await inquire(desk, asked, words, groups)
    if isinstance(found, Reply):
        yield found
        return
    meant = found.period
    if meant.first != meant.last:
        yield reply(
            desk.say("早报一次看一天，例如 /morning 昨天，或者 /morning 11-05。"), private=True
        )
    elif meant.last > yesterday:
        yield reply(desk.say("这一天还没过完。发 /morning 看昨天的。"), private=True)
    elif meant.first < first_readable(desk):
        yield reply(desk.say("那么早的消息已经不留了，看不了那天的早报。"), private=True)
    elif not found.groups:
        yield reply(desk.say("还没有粉丝群，先把我拉进群吧。"), private=True)
    else:
        read = await read_morning(desk, found.groups, meant.first)
        yield reply(morning_text(desk, read), private=True)
