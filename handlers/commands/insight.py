"""What fans care about, mind, like, dislike and ask for, on demand."""

from __future__ import annotations

from handlers.arguments import Days, Groups
from handlers.audiences import chosen_or_here
from handlers.demand import report
from handlers.desk import Asked, Desk
from handlers.hearing_gaps import gap_lines, gaps_in
from handlers.period import last_days
from handlers.progress import progress_of
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.report_text import report_text
from handlers.roles import Role
from scheduler.content import Button
from storage.groups import all_groups

_DAYS = 7
_GAPS = 3  # shown of each account


@command("insights", "洞察", Role.MANAGER, "看粉丝关心、介意、喜欢、讨厌和想要什么", "/insights 7")
async def insights(
    desk: Desk, asked: Asked, days: Days | None = None, groups: Groups | None = None
) -> Replies:
    """The demand report of the last days: for the groups named, those here, or all of them."""
    chosen = await chosen_or_here(desk, asked, groups)
    if isinstance(chosen, Reply):
        yield chosen
        return
    if chosen is not None:
        wanted = chosen.whole
    else:
        async with desk.database.reading() as connection:
            wanted = await all_groups(connection, desk.shop_id)
    number = days.number if days is not None else _DAYS
    period = last_days(desk, number)
    found = await report(desk, wanted, period)
    one_group = Button(desk.say("只看一个群"), f"/choose /insights {number}")
    unheard = gap_lines(desk, await gaps_in(desk, wanted, period), _GAPS)
    reading = await progress_of(desk, [group.id for group in wanted], period)
    notes = [*reading.lines(desk), *unheard]
    yield reply(
        report_text(desk.say, found, period, [group.name for group in wanted], notes),
        *((one_group,) if groups is None and len(wanted) > 1 else ()),
        private=True,
    )
