"""Opening a round: it is shown, confirmed and approved as the post that announces it.

The round is kept before the post is shown, since the post's buttons name it. It is open as soon as
the post has reached a group, and one whose post is never confirmed is open to nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.arguments import Unreadable
from handlers.audiences import ask_for_groups, chosen_or_here
from handlers.desk import Asked, Desk
from handlers.draws import new_seed
from handlers.forms.moments import read_moment
from handlers.proposals import proposal_for
from handlers.proposing import offered
from handlers.replies import Reply, reply
from handlers.round_text import announcement
from handlers.round_words import RoundOrder
from handlers.wording_check import REWARDS, complaint_about
from scheduler.bodies import literal_body
from scheduler.priorities import Priority
from scheduler.wall_time import instant_of
from storage.rounds import NewRound, RoundKind, open_round

_OPEN_FOR = timedelta(days=1)
"""How long a round is open where nothing is said of its deadline."""

_SHORTEST = timedelta(minutes=5)
_GOES_OUT_WITHIN = timedelta(hours=2)


async def opened(
    desk: Desk, asked: Asked, kind: RoundKind, order: RoundOrder, written: str
) -> Reply:
    """The preview of a new round's announcement, or what is to be said or mended first.

    `written` is the order as it was given, without groups, to be given again with them.
    """
    try:
        closes_at = _closes_at(desk, order.deadline)
    except Unreadable as wrong:
        example = desk.say("截止 今晚8点")
        trouble = desk.say(wrong.sentence)
        sentence = desk.say("{trouble}。可以这样写：{example}", trouble=trouble, example=example)
        return reply(sentence, private=True)
    # What no round may be for cannot be let pass either: a reward for sharing or for praise.
    complaint = complaint_about(desk, written, only=REWARDS)
    if complaint is not None:
        return complaint
    chosen = await chosen_or_here(desk, asked, order.groups)
    if chosen is None:
        return await ask_for_groups(desk, asked, f"/{kind}", written)
    if isinstance(chosen, Reply):
        return chosen
    said = "\n".join([order.title, *order.options, *(prize.name for prize in order.prizes)])
    if (unfit := complaint_about(desk, said, only=REWARDS)) is not None:
        return unfit
    async with desk.database.writing() as connection:
        one = await open_round(
            connection,
            desk.shop_id,
            NewRound(
                key=f"{kind}:{asked.key}",
                kind=kind,
                title=order.title,
                options=[[each.name, each.count] for each in order.prizes] or order.options,
                closes_at=closes_at,
                made_by=asked.actor,
                made_at=asked.at,
                secret=new_seed() if kind is RoundKind.DRAW else "",
            ),
        )
    proposal = proposal_for(
        asked,
        chosen,
        programme=kind,
        name=order.title,
        body=literal_body(announcement(desk, one)),
        valid_for=min(_GOES_OUT_WITHIN, one.closes_at - desk.clock.now()),
        priority=Priority.POST,
    )
    return await offered(desk, asked, chosen, proposal)


def _closes_at(desk: Desk, deadline: str) -> datetime:
    """The moment that a round closes.

    Raises:
        Unreadable: it is no moment to come, or one that is too near.
    """
    now, zone = desk.clock.now(), ZoneInfo(desk.shop.zone)
    if not deadline:
        return now.replace(second=0, microsecond=0) + _OPEN_FOR
    wall = read_moment(deadline, now, zone)
    if wall is None:
        raise Unreadable("这个时间已经过了")
    closes_at = instant_of(wall, zone)
    if closes_at < now + _SHORTEST:
        raise Unreadable("截止得太早了，至少留 5 分钟给大家")
    return closes_at
