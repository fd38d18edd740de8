"""What the steps of the form offer: a label for the button, and the answer it stands for.

Every answer is one that may also be typed, in words that stay true: 明天 10:00 is offered with its
date, so that a button pressed a day later does not mean another day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from handlers.arguments import quoted
from handlers.audiences import groups_here
from handlers.day_arguments import Day
from handlers.desk import shortened
from handlers.forms.answers import EVERY_FESTIVAL, KIND_LABELS, Filling
from handlers.proposing import greetings, name_of
from scheduler.campaigns import occurrences_of
from scheduler.festivals import festival_named
from scheduler.programme import topic_of
from storage.confirmations import last_choice
from storage.groups import all_groups, tags_of_groups

_MOST = 8  # choices that fit on a phone
_FESTIVALS = 4
_SOON = timedelta(days=120)
_SHOPPING_DAY_WORDS = {
    "zh": ("双11", "双12", "618", "女神节"),
    "en": ("double11", "double12", "618"),
}
_TONIGHT, _MORNING = time(20), time(10)


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that is offered."""

    label: str
    answer: str


async def none(_: Filling) -> Sequence[Choice]:
    """Nothing: whatever is said is the answer."""
    return ()


async def kinds(filling: Filling) -> Sequence[Choice]:
    """The kinds of campaign."""
    return [Choice(filling.say(label), kind) for kind, label in KIND_LABELS.items()]


async def groups(filling: Filling) -> Sequence[Choice]:
    """The last choice, every group, and the first of the group tags and groups by name.

    In a chat of the staff's it is the groups that the chat looks after, and no tags.
    """
    say, desk = filling.say, filling.desk
    here = await groups_here(desk, filling.asked)
    async with desk.database.reading() as connection:
        before = await last_choice(connection, filling.asked.member.id)
        found = here.groups if here else await all_groups(connection, desk.shop_id)
        tagged = {} if here else await tags_of_groups(connection, desk.shop_id)
    tags = {tag for group in found for tag in tagged.get(group.id, ())}
    names = dict.fromkeys((*sorted(tags), *(group.name for group in found)))
    every = here.written if here else say("@所有群")
    offered = []
    if before:
        offered.append(Choice(say("和上次一样：{groups}", groups=shortened(before)), before))
    offered.append(Choice(say("全部 {count} 个群", count=len(found)), every))
    offered += [Choice(shortened(name), f"@{quoted(name)}") for name in names]
    return offered[:_MOST]


async def moments(filling: Filling) -> Sequence[Choice]:
    """Now, this evening while it is to come, and tomorrow morning."""
    say = filling.say
    local = filling.desk.shop.local(filling.desk.clock.now())
    tomorrow = local.date() + timedelta(days=1)
    found = [Choice(say("确认后马上发"), "now")]
    if local.time() < _TONIGHT:
        found.append(_moment(say("今晚 {time}", time="20:00"), local.date(), _TONIGHT))
    found.append(_moment(say("明天 {time}", time="10:00"), tomorrow, _MORNING))
    found.append(_moment(say("明天 {time}", time="20:00"), tomorrow, _TONIGHT))
    return found


async def days(filling: Filling) -> Sequence[Choice]:
    """The shopping days, the next one first."""
    today = filling.desk.shop.day_of(filling.desk.clock.now())
    names = _SHOPPING_DAY_WORDS[filling.desk.shop.language]
    coming = sorted(names, key=lambda name: Day.read(name)[0].after(today))
    return [Choice(name, name) for name in coming]


async def festivals(filling: Filling) -> Sequence[Choice]:
    """Every festival of the year, and the next few that there is a greeting for."""
    desk, now = filling.desk, filling.desk.clock.now()
    every = Choice(filling.say("全年所有节日"), EVERY_FESTIVAL)
    coming = occurrences_of(greetings(desk), now, now + _SOON)
    keys = dict.fromkeys(topic_of(one.slot) for one in coming)
    names = [name_of(desk, festival_named(key)) for key in keys]
    return [every, *(Choice(name, name) for name in names[:_FESTIVALS])]


def _moment(label: str, day: date, at: time) -> Choice:
    return Choice(label, f"{day} {at:%H:%M}")
