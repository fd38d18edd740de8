"""Deafness: when the accounts behind some groups heard nothing, so that a report can say so.

A platform that keeps no history never tells what was said while nobody listened. Such a time is
kept when it ends (`storage/hearing_gaps.py`); one that lasts is known by the account's state.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.demand import Period, bounds_of
from handlers.desk import Desk
from handlers.events import AccountState
from storage.accounts import states
from storage.groups import Group
from storage.hearing_gaps import gaps_between


@dataclass(frozen=True, slots=True)
class Deaf:
    """An account heard nothing since then, until then (None: it still does not)."""

    account: str
    since: datetime
    until: datetime | None

    def to_json(self, groups: Sequence[Group]) -> dict[str, Any]:
        """The time as plain JSON, with those of these groups that it is about."""
        return {
            "account": self.account,
            "groups": [one.name for one in groups if one.account == self.account],
            "since": self.since.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
        }


async def deaf_in(desk: Desk, groups: Iterable[Group], period: Period) -> list[Deaf]:
    """When nothing was heard of these groups in a period, in order; not cut off at its ends."""
    since, until = bounds_of(desk, period)
    return await deaf_between(desk, {group.account for group in groups}, since, until)


async def deaf_between(
    desk: Desk, accounts: Collection[str], since: datetime, until: datetime
) -> list[Deaf]:
    """When these accounts heard nothing, since ≤ t < until, in order; not cut off at the ends."""
    async with desk.database.reading() as connection:
        over = await gaps_between(connection, accounts, since, until)
        known = await states(connection, accounts)
    lasting = [
        Deaf(name, one.state.since, None)
        for name, one in known.items()
        if one.state is not None
        and one.state.state != AccountState.ONLINE
        and one.state.since < until
    ]
    return [*(Deaf(one.account, one.since, one.until) for one in over), *lasting]


def shown(desk: Desk, one: Deaf) -> str:
    """A time of deafness as people read it, by the shop's clock: `11-05 14:02–14:10`."""
    since = desk.show_time(one.since)
    if one.until is None:
        return desk.say("{time} 起", time=since)
    same_day = desk.shop.day_of(one.since) == desk.shop.day_of(one.until)
    until = f"{desk.shop.local(one.until):%H:%M}" if same_day else desk.show_time(one.until)
    return f"{since}–{until}"


def deaf_lines(desk: Desk, times: Sequence[Deaf], most: int) -> list[str]:
    """A line for each account that heard nothing for a while, the last times of it at most."""
    lines = []
    for account in dict.fromkeys(one.account for one in times):
        theirs = [shown(desk, one) for one in times if one.account == account]
        named = desk.listed(theirs[-most:])
        lines.append(
            desk.say("没听到（{account}）：{times}", account=account, times=named)
            if len(theirs) <= most
            else desk.say(
                "没听到（{account}）：{times}，还有 {count} 次",
                account=account,
                times=named,
                count=len(theirs) - most,
            )
        )
    return lines
