"""What will be late or left out: of the next post of a campaign, and why.

It is not guessed: the same `decide` is asked that the sender asks, with the delivery that would be
planned. People in private are asked about in `private_reach.py`, in the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.reasons import words_for
from scheduler.campaigns import Campaign, Occurrence
from scheduler.courier import Address, Limits
from scheduler.decide import Decision, Defer, History, Reason, Send, Skip, decide
from storage import due, lanes, shops
from storage.due import Due, Recipient
from storage.groups import Group
from storage.holds import HOLDS
from storage.quiet_days import quiet_days

_HELD_SHOWN = 8
_CAPS = (Reason.DAILY_CAP, Reason.WEEKLY_CAP)
CAPS_LOOK_BACK = timedelta(days=7)
"""How far back a decision asks when somebody was addressed."""


@dataclass(frozen=True, slots=True)
class Held:
    """Groups, or so many `people`, that get a post not at its moment, for one reason.

    Between `first` and `last` it goes out after all; both None: it is left out there, or waits
    for a person. Sent anew behind `free`, what is left out for a cap would get through.
    """

    names: tuple[str, ...]
    reason: Reason
    first: datetime | None = None
    last: datetime | None = None
    people: int = 0
    free: datetime | None = None

    @property
    def is_left_out(self) -> bool:
        """Whether these never get the post."""
        return self.first is None and self.reason not in HOLDS


async def held(
    desk: Desk,
    connection: AsyncConnection,
    campaign: Campaign,
    post: Occurrence,
    chosen: Collection[Group],
    *,
    approved: bool = True,
) -> list[Held]:
    """Which of the groups a post does not go out to at its moment (or now, if that is past)."""
    at = max(post.at, desk.clock.now())
    halted = await shops.halted_at(connection, desk.shop_id) is not None
    before = await due.addressed_groups(
        connection, [group.id for group in chosen], at - CAPS_LOOK_BACK
    )
    mourning = await quiet_days(connection, desk.shop_id)
    rests = {
        account: await lanes.rest_of(connection, account)
        for account in sorted({group.account for group in chosen})
    }

    frees: list[datetime] = []

    def decided() -> list[tuple[str, Decision]]:
        decisions = []
        for group in chosen:
            one = imagined(
                campaign,
                post,
                group.account,
                Address(group=group.chat, topic=group.topic),
                Recipient(
                    group_id=group.id,
                    name=group.name,
                    zone=group.zone,
                    present=group.present,
                    muted=group.is_muted(post.at),
                ),
                approved=approved,
                halted=halted,
            )
            rest = rests[group.account]
            history = History(before.get(group.id, ()), rest.until if rest else None, mourning)
            sender = desk.senders.get(group.account)
            limits = sender.limits if sender is not None else Limits()
            decision = decide(one, one.recipient, limits, history, desk.care, at)
            if isinstance(decision, Skip) and decision.reason in _CAPS:
                longer = replace(one, not_after=at + 2 * CAPS_LOOK_BACK)
                later = decide(longer, one.recipient, limits, history, desk.care, at)
                if isinstance(later, Defer):
                    frees.append(later.until)
            decisions.append((group.title, decision))
        return decisions

    found = _by_reason(await asyncio.to_thread(decided))
    free = max(frees, default=None)
    return [replace(one, free=free) if one.reason in _CAPS else one for one in found]


def _by_reason(decisions: Iterable[tuple[str, Decision]]) -> list[Held]:
    """What is not simply sent, each reason with its groups."""
    found: dict[tuple[Reason, bool], list[tuple[str, datetime | None]]] = {}
    for name, decision in decisions:
        why = kept_back(decision)
        if why is not None:
            reason, passes, until = why
            found.setdefault((reason, passes), []).append((name, until))
    return [_held(reason, some) for (reason, _), some in found.items()]


def kept_back(decision: Decision) -> tuple[Reason, bool, datetime | None] | None:
    """Why something is not simply sent, whether that passes by itself, and when; None: it is."""
    match decision:
        case Defer(until, reason):
            passes = reason not in HOLDS
            return reason, passes, until if passes else None
        case Skip(reason):
            return reason, False, None
        case Send():
            return None
        case _:
            assert_never(decision)


def _held(reason: Reason, some: Sequence[tuple[str, datetime | None]]) -> Held:
    times = [until for _, until in some if until is not None]
    names = tuple(name for name, _ in some)
    return Held(names, reason, min(times, default=None), max(times, default=None))


def imagined(
    campaign: Campaign,
    post: Occurrence,
    account: str,
    address: Address,
    recipient: Recipient,
    *,
    approved: bool,
    halted: bool,
) -> Due:
    """The delivery that will be planned for somebody, so that lots fall as they will fall then."""
    return Due(
        id=0,
        key=f"{campaign.key}/{post.slot}/{account}/{address}",
        campaign_id=0,
        campaign_key=campaign.key,
        shop_id=0,
        programme=campaign.programme,
        campaign_state=campaign.state.value,
        halted=halted,
        approved=approved,
        hold_out=0,
        promotion=campaign.promotion.to_json() if campaign.promotion else None,
        version_id=0,
        slot=post.slot,
        address=str(address),
        member_id=None,
        priority=campaign.priority,
        not_before=post.at,
        not_after=post.not_after,
        tries=0,
        resent=False,
        variant=None,
        recipient=recipient,
    )


def held_lines(desk: Desk, found: Iterable[Held]) -> list[str]:
    """What will be late, then what will be left out, and why; nothing where all goes out in time.

    Of what is left out it is told how to get it through.
    """
    say, every = desk.say, list(found)
    late = [one for one in every if not one.is_left_out]
    never = [one for one in every if one.is_left_out]
    lines = []
    if late:
        sentence = "照现在的情形，这些群不会准时收到："
        if any(one.people for one in late):
            sentence = "照现在的情形，有些人不会准时收到："
        lines += [say(sentence), *(_late_line(desk, one) for one in late)]
    if never:
        sentence = "照现在的情形，这些群这次收不到："
        if any(one.people for one in never):
            sentence = "照现在的情形，有些人这次收不到："
        lines += [say(sentence), *(_never_line(desk, one) for one in never)]
    return lines


def _late_line(desk: Desk, one: Held) -> str:
    say = desk.say
    names, why = _names(desk, one), words_for(say, one.reason)
    if one.first is None or one.last is None:  # a person holds it
        return say("· {names}：{why}", names=names, why=why)
    first, last = desk.show_time(one.first), desk.show_time(one.last)
    when = first if first == last else say("{first} 到 {last}", first=first, last=last)
    return say("· {names}：{why}，{when} 再发", names=names, why=why, when=when)


def _never_line(desk: Desk, one: Held) -> str:
    say = desk.say
    names, why = _names(desk, one), words_for(say, one.reason)
    if one.free is None:
        return say("· {names}：{why}", names=names, why=why)
    free = desk.show_time(one.free)
    return say("· {names}：{why}，{free} 以后再发一次就行", names=names, why=why, free=free)


def _names(desk: Desk, one: Held) -> str:
    if one.people:
        return desk.say("{count} 位", count=one.people)
    return desk.listed(one.names, _HELD_SHOWN)
