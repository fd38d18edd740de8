"""What a filled form comes to: the same proposal that a command would have made.

What has changed since a step was answered (its groups are gone, its moment is past) sends the
form back to that step, with the reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from handlers.audiences import Chosen
from handlers.day_arguments import Day
from handlers.desk import Desk
from handlers.forms.answers import Filling, Kind, Wrong, chosen_of, moment_of
from handlers.previews import to_come, too_much
from handlers.proposals import Proposal, campaign_of
from handlers.proposing import broadcast_proposal, countdown_proposal, greetings_proposal
from handlers.replies import Reply
from scheduler.content import Content, Picture
from scheduler.festivals import festival_named
from scheduler.wall_time import instant_of, zone_named

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Ended:
    """The proposal of a form, with the groups it was made for and the pictures it will show."""

    chosen: Chosen
    proposal: Proposal
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class SentBack:
    """An answer that does not do any more: the step it belongs to, and what is wrong about it."""

    step: str
    sentence: str


async def end_of(filling: Filling) -> Ended | SentBack:
    """What a form with all its answers comes to."""
    try:
        chosen = await chosen_of(filling)
    except Wrong as wrong:
        return SentBack("groups", wrong.sentence)
    return await _ENDS[Kind(filling.answers["kind"])](filling, chosen)


async def _broadcast(filling: Filling, chosen: Chosen) -> Ended | SentBack:
    desk, say, given = filling.desk, filling.say, filling.answers
    kept = given["picture"]
    pictures = () if kept is None else tuple(Picture(source) for source in kept["sources"])
    content = Content(given["text"], pictures=pictures)
    accounts = {group.account for group in chosen.groups}
    if kept is not None and kept["account"] is not None and accounts != {kept["account"]}:
        sentence = say("发来的图只能在同一个账号的群里用，别的群请写图片的网址。")
        return SentBack("picture", sentence)
    at = moment_of(given["time"])
    if at is not None and instant_of(at.at, zone_named(desk.shop.zone)) <= desk.clock.now():
        return SentBack("time", say("这个时间已经过了，换一个吧。"))
    found = broadcast_proposal(desk, filling.asked, chosen, content, at)
    return _ended(desk, chosen, found, "picture" if pictures else "text", pictures)


async def _countdown(filling: Filling, chosen: Chosen) -> Ended | SentBack:
    day, _ = Day.read(filling.answers["day"])
    words = filling.answers["words"]
    found = await countdown_proposal(filling.desk, filling.asked, chosen, day, words)
    return _ended(filling.desk, chosen, found, "day" if words is None else "words")


async def _greetings(filling: Filling, chosen: Chosen) -> Ended | SentBack:
    key = filling.answers["festival"]
    festival = None if key is None else festival_named(key)
    found = await greetings_proposal(filling.desk, filling.asked, chosen, festival)
    return _ended(filling.desk, chosen, found, "festival")


def _ended(
    desk: Desk,
    chosen: Chosen,
    found: Proposal | Reply,
    step: str,
    pictures: tuple[Picture, ...] = (),
) -> Ended | SentBack:
    """What was found; `step` has the answer that is at fault where it cannot be proposed."""
    if isinstance(found, Proposal):
        now = desk.clock.now()
        posts = to_come(campaign_of(desk, found, chosen.groups, now), now - _TICK, now)
        wrong = too_much(desk, found.body, posts, chosen.groups)
        if wrong is None:
            return Ended(chosen, found, pictures)
        found = wrong
    return SentBack(step, found.content.text)


_ENDS: Mapping[Kind, Callable[[Filling, Chosen], Awaitable[Ended | SentBack]]] = {
    Kind.BROADCAST: _broadcast,
    Kind.COUNTDOWN: _countdown,
    Kind.GREETINGS: _greetings,
}
