"""What will be late or left out: of the next post of a campaign, and why.

It is not guessed: the same `decide` is asked that the sender asks, with the delivery that would be
planned. People in private are asked about in `private_reach.py`, in the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
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
CAPS_LOOK_BACK = timedelta(days=7)
"""How far back a decision asks when somebody was addressed."""


@dataclass(frozen=True, slots=True)
class Held:
    """Groups, or so many `people`, that get a post not at its moment, for one reason.

    Between `first` and `last` it goes out after all; both None: it is left out there, or waits
    for a person.
    """

    names: tuple[str, ...]
    reason: Reason
    first: datetime | None = None
    last: datetime | None = None
    people: int = 0


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
            decisions.append((group.title, decision))
        return decisions

    return _by_reason(await asyncio.to_thread(decided))


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
    """What will be late or left out, and why; nothing where all goes out in time."""
    say = desk.say
    lines = []
    title = say("照现在的情形，这些群不会准时收到：")
    for one in found:
        names = desk.listed(one.names, _HELD_SHOWN)
        if one.people:
            title = say("照现在的情形，有些人不会准时收到：")
            names = say("{count} 位", count=one.people)
        why = words_for(say, one.reason)
        if one.first is not None and one.last is not None:
            first, last = desk.show_time(one.first), desk.show_time(one.last)
            when = first if first == last else say("{first} 到 {last}", first=first, last=last)
            lines.append(say("· {names}：{why}，{when} 再发", names=names, why=why, when=when))
        elif one.reason in HOLDS:
            lines.append(say("· {names}：{why}", names=names, why=why))
        else:
            lines.append(say("· {names}：{why}，这次不发", names=names, why=why))
    return [title, *lines] if lines else []
