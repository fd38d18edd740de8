"""When the accounts behind some groups heard nothing, so that a report can say so.

A platform that keeps no history never tells what was said while nobody listened. Such a gap is
stored when it ends (`storage/hearing_gaps.py`); one that lasts is known by the account's state.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from handlers.desk import Desk
from handlers.events import AccountState
from handlers.period import Period, bounds_of
from storage.accounts import states
from storage.groups import Group
from storage.hearing_gaps import Gap, gaps_between

_SHORTEST = timedelta(minutes=1)


async def gaps_in(desk: Desk, groups: Iterable[Group], period: Period) -> list[Gap]:
    """When nothing was heard of these groups in a period, in order; not cut off at its ends."""
    since, until = bounds_of(desk, period)
    return await gaps_of(desk, {group.account for group in groups}, since, until)


async def gaps_of(
    desk: Desk, accounts: Collection[str], since: datetime, until: datetime
) -> list[Gap]:
    """When these accounts heard nothing, since ≤ t < until, in order; those that last at the end.

    They are not cut off at the ends. What took less than a minute, as a restart does, is no gap to
    speak of.
    """
    async with desk.database.reading() as connection:
        over = await gaps_between(connection, accounts, since, until)
        known = await states(connection, accounts)
    lasting = [
        Gap(name, one.state.since, None)
        for name, one in known.items()
        if one.state is not None
        and one.state.state != AccountState.ONLINE
        and one.state.since < until
    ]
    long = [gap for gap in over if gap.until is None or gap.until - gap.since >= _SHORTEST]
    return [*long, *lasting]


def gap_text(desk: Desk, gap: Gap) -> str:
    """A gap as people read it, by the shop's clock: `11-05 14:02–14:10`."""
    since = desk.show_time(gap.since)
    if gap.until is None:
        return desk.say("{time} 起", time=since)
    same_day = desk.shop.day_of(gap.since) == desk.shop.day_of(gap.until)
    until = f"{desk.shop.local(gap.until):%H:%M}" if same_day else desk.show_time(gap.until)
    return f"{since}–{until}"


def gap_lines(desk: Desk, gaps: Sequence[Gap], most: int) -> list[str]:
    """A line for each account that heard nothing for a while, with its last gaps at most."""
    lines = []
    for account in dict.fromkeys(gap.account for gap in gaps):
        theirs = [gap_text(desk, gap) for gap in gaps if gap.account == account]
        facts = {"account": account, "times": desk.listed(theirs[-most:])}
        left = len(theirs) - most
        lines.append(
            desk.say("没听到（{account}）：{times}，还有 {count} 次", count=left, **facts)
            if left > 0
            else desk.say("没听到（{account}）：{times}", **facts)
        )
    return lines


def gap_document(gap: Gap, groups: Iterable[Group]) -> dict[str, Any]:
    """A gap as plain JSON, with those of these groups that it is about."""
    return {
        "account": gap.account,
        "groups": [group.name for group in groups if group.account == gap.account],
        "since": gap.since.isoformat(),
        "until": None if gap.until is None else gap.until.isoformat(),
    }
