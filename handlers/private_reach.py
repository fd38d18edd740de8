"""How many people a campaign reaches in private, and what holds its next message up for some.

Each of them is asked about as the sender will ask, some thousands at a time: memory does not grow
with the audience.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.lateness import CAPS_LOOK_BACK, Held, imagined, kept_back
from scheduler.campaigns import Campaign, Occurrence
from scheduler.courier import Address, Limits, must_be_open
from scheduler.decide import Decision, History, Reason, decide
from storage import due, lanes, shops
from storage.audiences import Audience, whom
from storage.due import Recipient
from storage.private_ways import Way, ways_to
from storage.quiet_days import quiet_days

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Reached:
    """How many fans get a private message, be it late (`held`), and how many do not."""

    fans: int = 0
    unreachable: int = 0
    opted_out: int = 0
    held: tuple[Held, ...] = ()


async def reach_of(desk: Desk, connection: AsyncConnection, customer_ids: Sequence[int]) -> Reached:
    """How many of these customers a private message reaches at all."""
    found = Reached()
    for start in range(0, len(customer_ids), _AT_ONCE):
        some = customer_ids[start : start + _AT_ONCE]
        open_ways = await _open(desk, connection, await ways_to(connection, some))
        found = _added(found, len(some), open_ways)
    return found


async def reached_in_private(
    desk: Desk,
    connection: AsyncConnection,
    campaign: Campaign,
    post: Occurrence | None,
    audience: Audience,
    *,
    approved: bool = True,
) -> Reached:
    """The same of an audience with a segment, and what holds its next post up, if one is to come.

    What is late is late at the moment of the post, or now if that is past.
    """
    now = desk.clock.now()
    meant = (await whom(connection, desk.shop_id, audience, now)).customers
    if post is None:
        return await reach_of(desk, connection, meant)
    at = max(post.at, now)
    asking = _Asking(
        desk,
        campaign,
        post,
        at,
        approved=approved,
        halted=await shops.halted_at(connection, desk.shop_id) is not None,
        mourning=await quiet_days(connection, desk.shop_id),
    )
    late: dict[tuple[Reason, bool], Held] = {}
    found = Reached()
    for start in range(0, len(meant), _AT_ONCE):
        some = meant[start : start + _AT_ONCE]
        ways = await ways_to(connection, some)
        open_ways = await _open(desk, connection, ways)
        found = _added(found, len(some), open_ways)
        wanted = [way for way in open_ways if not way.opted_out]
        before = await due.addressed_customers(
            connection, [way.customer_id for way in wanted], at - CAPS_LOOK_BACK
        )
        for account in {way.account for way in wanted} - asking.rests.keys():
            rest = await lanes.rest_of(connection, account)
            asking.rests[account] = rest.until if rest else None
        _note(late, await asyncio.to_thread(asking.decided, wanted, before))
    return replace(found, held=tuple(late.values()))


async def _open(desk: Desk, connection: AsyncConnection, ways: Iterable[Way]) -> list[Way]:
    """The ways that nothing closes.

    That is a refusal, a private chat that was never opened, or an account that is gone: neither
    this process serves it nor another.
    """
    served = desk.senders.keys() | await lanes.leased(connection)
    return [
        way
        for way in ways
        if way.account in served
        and not way.closed
        and (way.started or not _must_start(desk, way.account))
    ]


def _must_start(desk: Desk, account: str) -> bool:
    """Whether an account reaches in private only who has opened the private chat with it."""
    sender = desk.senders.get(account)
    return sender is not None and must_be_open(sender)


def _added(found: Reached, asked: int, open_ways: Sequence[Way]) -> Reached:
    opted_out = sum(way.opted_out for way in open_ways)
    return replace(
        found,
        fans=found.fans + len(open_ways) - opted_out,
        unreachable=found.unreachable + asked - len(open_ways),
        opted_out=found.opted_out + opted_out,
    )


@dataclass(slots=True)
class _Asking:
    """What the decisions about one post have in common."""

    desk: Desk
    campaign: Campaign
    post: Occurrence
    at: datetime
    approved: bool
    halted: bool
    mourning: frozenset[date]
    rests: dict[str, datetime | None] = field(default_factory=dict)

    def decided(
        self, ways: Iterable[Way], before: Mapping[int, tuple[datetime, ...]]
    ) -> list[Decision]:
        """What will be decided about each of these."""
        return [self._decide(way, before.get(way.customer_id, ())) for way in ways]

    def _decide(self, way: Way, addressed: tuple[datetime, ...]) -> Decision:
        one = imagined(
            self.campaign,
            self.post,
            way.account,
            Address(person=way.person),
            Recipient(customer_id=way.customer_id, name=way.name, zone=way.zone),
            approved=self.approved,
            halted=self.halted,
        )
        sender = self.desk.senders.get(way.account)
        limits = sender.limits if sender is not None else Limits()
        history = History(addressed, self.rests[way.account], self.mourning)
        return decide(one, one.recipient, limits, history, self.desk.care, self.at)


def _note(late: dict[tuple[Reason, bool], Held], decisions: Iterable[Decision]) -> None:
    """Count what is not simply sent, by reason."""
    for decision in decisions:
        why = kept_back(decision)
        if why is None:
            continue
        reason, passes, until = why
        known = late.get((reason, passes), Held((), reason))
        times = [one for one in (known.first, known.last, until) if one is not None]
        late[reason, passes] = Held(
            (),
            reason,
            min(times, default=None),
            max(times, default=None),
            people=known.people + 1,
        )
