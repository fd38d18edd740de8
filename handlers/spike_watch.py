"""Spike alerts: far more fans than usual say something bad, or ask for something, over the shop.

A watcher (`bot/watching.py`) looks every minute at the last twenty. What is watched, and what is a
spike, is decided in `insights/watched.py` and `insights/spikes.py`; what is usual is known by
`usual_talk`. A spike is told to the staff once, with masked quotes and the groups it comes from;
again only when it has been quiet for hours in between. What was told stands in the database, so a
restart tells nothing twice. Only what was heard live counts, and nobody's words count twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

import structlog
from prometheus_client import Counter as Count

from handlers.desk import Desk
from handlers.reading_days import version_now
from handlers.spike_text import spike_content
from handlers.staff import tell_managers, was_told
from handlers.usual_talk import Known, know_usual, read_sayings
from insights.alarms import Alarm, new_alarms
from insights.masking import mask_texts
from insights.spikes import Spike
from insights.terms import read_terms
from insights.watched import WINDOW, Saying, Sort, Thing, count_window, spikes_in
from storage.database import Database
from storage.groups import Group, groups_by_id
from storage.lately_said import said_lately
from storage.messages import quotes
from storage.seats import names_in
from storage.told_spikes import FoundSpike, keep_spikes, note_told, spikes_since

_log = structlog.get_logger(__name__)

_SPIKES = Count("nuanqun_spikes_total", "Spike alerts by what became of them", ["outcome"])

QUIET_FOR = timedelta(hours=4)
"""How long a spike must have been over before it is told again."""

_EXPLAINS_FOR = timedelta(hours=1)
"""So long what shows in an aspect that was told is known by that; after it, a new word is news."""
_MOST = 5_000  # messages of a window: of more, only the newest are looked at
_AHEAD = timedelta(minutes=5)  # a platform's clock may be ahead of ours
_QUOTES = 3
_LONGEST_QUOTE = 60  # characters
_LOOKED_THROUGH = 30  # messages, until there are so many that differ

_KNOWN: WeakKeyDictionary[Database, Known] = WeakKeyDictionary()


async def watch_spikes(desk: Desk) -> int:
    """Look once; how many alerts the staff were told of."""
    now = desk.clock.now()
    sayings, spikes = await _look(desk, now)
    if not spikes:
        return 0
    standing = await _standing(desk, now)
    told_at = {thing: one.told_at for thing, one in standing.items() if one.told_at}
    explaining = [
        thing
        for thing, at in told_at.items()
        if thing.sort is not Sort.ASPECT or now - at <= _EXPLAINS_FOR
    ]
    alarms, explained = new_alarms(spikes, _messages(sayings), told_at.keys(), explaining)
    found = {spike.key: _found(spike, standing.get(spike.key), now) for spike in spikes}
    async with desk.database.writing() as connection:
        await keep_spikes(connection, desk.shop_id, list(found.values()))
        # What is explained was told with the newest alert that goes on.
        newest = max(told_at.values(), default=now)
        await note_told(connection, desk.shop_id, _names(explained, found), newest)
    reached = [await _tell_once(desk, alarm, found, sayings) for alarm in alarms]
    return sum(reached)


async def _look(desk: Desk, now: datetime) -> tuple[list[Saying], tuple[Spike[Thing], ...]]:
    """What was said in the last twenty minutes, the newest first, and which of it is a spike."""
    known = _KNOWN.get(desk.database)
    version = version_now(desk)
    if known is None or known.version != version:
        known = _KNOWN[desk.database] = Known(version)
    usual = await know_usual(desk, known, now)
    async with desk.database.reading() as connection:
        said = await said_lately(
            connection, desk.shop_id, now - WINDOW, now + _AHEAD, _MOST, live=True
        )
    sayings = await read_sayings(desk, known, said)
    if usual is None:
        return sayings, ()
    return sayings, spikes_in(count_window(now - WINDOW, sayings), usual)


async def _standing(desk: Desk, now: datetime) -> dict[Thing, FoundSpike]:
    """The spikes that have not been quiet for long enough."""
    async with desk.database.reading() as connection:
        spikes = await spikes_since(connection, desk.shop_id, now - QUIET_FOR)
    return {Thing.of(one.thing): one for one in spikes}


def _found(spike: Spike[Thing], before: FoundSpike | None, now: datetime) -> FoundSpike:
    """A spike to be kept: a new one, or one that goes on."""
    if before is None:
        return FoundSpike(spike.key.key, now, spike.fans, spike.usually, now)
    return replace(before, fans=max(before.fans, spike.fans), last_at=now)


def _names(
    spikes: Collection[Spike[Thing]], found: dict[Thing, FoundSpike]
) -> list[tuple[str, datetime]]:
    return [(one.key.key, found[one.key].began_at) for one in spikes]


def _messages(sayings: Sequence[Saying]) -> dict[Thing, list[int]]:
    """Behind each thing that was said, the messages."""
    messages: dict[Thing, list[int]] = {}
    for one in sayings:
        for thing in one.things:
            messages.setdefault(thing, []).append(one.message)
    return messages


def _key(thing: Thing, began_at: datetime) -> str:
    return f"spike:{thing.key}/{began_at.timestamp():.0f}"


async def _tell_once(
    desk: Desk, alarm: Alarm, found: dict[Thing, FoundSpike], sayings: Sequence[Saying]
) -> bool:
    """Tell the staff of an alarm and note that; False where nobody was reached."""
    began_at = found[alarm.lead.key].began_at
    told = await _was_told(desk, alarm, found)
    if not told and not await _tell(desk, alarm, began_at, sayings):
        _SPIKES.labels("unheard").inc()
        _log.error("spike_unheard", thing=alarm.lead.key.key, fans=alarm.lead.fans)
        return False  # the next look tries again
    _SPIKES.labels("told").inc()
    async with desk.database.writing() as connection:
        at = desk.clock.now()
        await note_told(connection, desk.shop_id, _names(alarm.spikes, found), at)
    return True


async def _was_told(desk: Desk, alarm: Alarm, found: dict[Thing, FoundSpike]) -> bool:
    """Whether a process that ended meanwhile told of it, and could not write that down.

    What led then may only be one of the others by now.
    """
    for one in alarm.spikes:
        began_at = found[one.key].began_at
        if await was_told(desk, _key(one.key, began_at), began_at):
            return True
    return False


async def _tell(
    desk: Desk, alarm: Alarm, began_at: datetime, sayings: Sequence[Saying]
) -> list[str]:
    """Tell the staff; whom it reached."""
    behind = [one for one in sayings if alarm.lead.key in one.things]
    groups = await _groups(desk, behind)
    content = spike_content(
        desk.say,
        alarm,
        groups,
        quotes=await _quotes(desk, behind),
        about=_readable(desk, alarm, behind),
    )
    alone = next(iter(groups)).id if len(groups) == 1 else None
    return await tell_managers(desk, content, _key(alarm.lead.key, began_at), about=alone)


async def _quotes(desk: Desk, behind: Sequence[Saying]) -> list[str]:
    """The newest messages of a few fans, each another text, masked and in one line."""
    newest: dict[int, int] = {}
    for one in behind:  # the newest come first
        newest.setdefault(one.member, one.message)
    groups, members = {one.group for one in behind}, {one.member for one in behind}
    async with desk.database.reading() as connection:
        quoted = await quotes(connection, list(newest.values())[:_LOOKED_THROUGH])
        names = await names_in(connection, groups, members)
    each = {one.text: one.id for one in sorted(quoted, key=lambda one: one.id)}
    newest_first = sorted(each.items(), key=lambda one: -one[1])[:_QUOTES]
    texts = {message: text for text, message in newest_first}
    masked = await asyncio.to_thread(mask_texts, texts, names)
    return [_in_a_line(text) for text in masked.values()]


def _in_a_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 1]}…"


def _readable(desk: Desk, alarm: Alarm, behind: Sequence[Saying]) -> Thing:
    """What `/quotes` can be asked about: a word only where it is counted as one by itself.

    Of others (漏了) it can be asked about the aspect that most of the messages judge.
    """
    thing = alarm.lead.key
    if thing.sort is not Sort.WORD or thing.name in read_terms(desk.segmenter.tag(thing.name)):
        return thing
    aspects = Counter(about for one in behind for about in one.things if about.sort is Sort.ASPECT)
    return aspects.most_common(1)[0][0] if aspects else thing


async def _groups(desk: Desk, behind: Sequence[Saying]) -> dict[Group, int]:
    """The groups that a spike comes from, the loudest first, and how many fans of each."""
    fans = Counter(group for group, _ in {(one.group, one.member) for one in behind})
    async with desk.database.reading() as connection:
        known = await groups_by_id(connection, fans.keys())
    return {known[group]: count for group, count in fans.most_common() if group in known}
