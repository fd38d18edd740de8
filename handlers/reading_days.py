"""Reading days: which have to be read, and how one is read, claimed so that nobody reads it twice.

A finished day is read once and kept. It is unread until then, and stale when something changed it
or when the shop's words are others by now. Days whose text is about to be deleted, or gone, stand
as they were understood. `rereading` reads many days on all cores; a few are read here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from handlers.desk import Desk
from handlers.period import Period, day_bounds, today
from insights.days import Utterance, is_current, reading_version
from insights.documents import Reading, join_readings, read_texts
from storage import analysis, messages
from storage.analysis import UNREAD, Claim, DayState
from storage.groups import Group

LASTS = timedelta(seconds=60)
"""How long a claim holds; it is kept after each piece of a day."""

PIECE = 2_000
"""Messages that are read at once: some 0.2 s."""

_DAY = timedelta(days=1)
_LOOK_AGAIN = 0.5  # seconds, while somebody else reads what we wait for

Read = Callable[[Sequence[Utterance]], Awaitable[Reading]]
"""Reads a piece of a day: in a thread, or in a process of its own."""


@dataclass(frozen=True, slots=True)
class UnreadDay:
    """A day to be read: never read yet, or stale.

    `seen` is its claim's number when it was found, None where nobody ever claimed it.
    """

    group_id: int
    day: date
    seen: int | None
    claimed: bool = False  # somebody is reading it now


def version_now(desk: Desk) -> str:
    """What days are read with now: the words of the shop, and the rules."""
    return reading_version(desk.segmenter, desk.lexicon)


def first_readable(desk: Desk) -> date:
    """The first day whose text stays for another day at least."""
    return desk.shop.day_of(desk.clock.now() - desk.shop.text_kept_for) + _DAY


async def unread_days(desk: Desk, group_ids: Collection[int], period: Period) -> list[UnreadDay]:
    """The finished days of a period that have to be read, newest first.

    A day whose text is going, or gone, is read only if it never was.
    """
    finished = Period(period.first, min(period.last, today(desk) - _DAY))
    version, kept = version_now(desk), first_readable(desk)
    return await _unread(
        desk,
        group_ids,
        finished,
        lambda one: one.day < kept or (is_current(one.version, version) and not one.dirty),
    )


async def _unread(
    desk: Desk, group_ids: Collection[int], days: Period, stands: Callable[[DayState], bool]
) -> list[UnreadDay]:
    spans = {day: day_bounds(desk, day) for day in days.days}
    async with desk.database.reading() as connection:
        states = {
            (one.group_id, one.day): one
            for one in await analysis.day_states(connection, group_ids, days.first, days.last)
        }
        spoken = await analysis.spoken_days(connection, group_ids, spans)
    found = []
    for group_id, day in spoken | states.keys():
        state = states.get((group_id, day))
        if state is None:
            found.append(UnreadDay(group_id, day, None))
        elif state.version == UNREAD or not stands(state):
            found.append(UnreadDay(group_id, day, state.claim, state.claimed))
    return sorted(found, key=lambda one: (-one.day.toordinal(), one.group_id))


async def read_day(desk: Desk, unread: UnreadDay, read: Read) -> int | None:
    """Read a day and keep what was understood; how many messages it has.

    None where somebody else reads it, or changed it meanwhile: then look again.
    """
    async with desk.database.writing() as connection:
        claim = await analysis.claim_day(
            connection, unread.group_id, unread.day, LASTS, seen=unread.seen
        )
    if claim is None:
        return None
    try:
        said = await texts_of(desk, unread.group_id, unread.day)
        reading = await _read_in_pieces(desk, claim, said, read)
        async with desk.database.writing() as connection:
            kept = await analysis.store_day(
                connection,
                claim,
                version=reading.version,
                body=reading.body,
                at=desk.clock.now(),
            )
    except BaseException:
        await _give_up(desk, claim)
        raise
    return len(said) if kept else None


async def texts_of(desk: Desk, group_id: int, day: date) -> list[Utterance]:
    """What fans said in a group on a day."""
    since, until = day_bounds(desk, day)
    async with desk.database.reading() as connection:
        said = await messages.utterances(connection, group_id, since, until)
    return [Utterance(one.id, one.member_id, one.at, one.text, one.reply_to) for one in said]


async def _read_in_pieces(
    desk: Desk, claim: Claim, said: Sequence[Utterance], read: Read
) -> Reading:
    readings = [await read(said[:PIECE])]
    for start in range(PIECE, len(said), PIECE):
        async with desk.database.writing() as connection:
            await analysis.keep_claim(connection, claim, LASTS)
        readings.append(await read(said[start : start + PIECE]))
    if len(readings) == 1:
        return readings[0]
    return await asyncio.to_thread(join_readings, readings)


async def _give_up(desk: Desk, claim: Claim) -> None:
    """Let others read the day at once; where the database cannot be told, after a while."""
    telling = asyncio.ensure_future(_told(desk, claim))
    await asyncio.wait([telling], timeout=1.0)
    if not telling.done():
        telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)


async def _told(desk: Desk, claim: Claim) -> None:
    async with desk.database.writing() as connection:
        await analysis.give_up(connection, claim)


def in_thread(desk: Desk) -> Read:
    """Reads in a thread of this process."""

    async def read(said: Sequence[Utterance]) -> Reading:
        return await asyncio.to_thread(read_texts, said, desk.segmenter, desk.lexicon)

    return read


async def read_some(desk: Desk, group_ids: Collection[int], period: Period, most: int) -> int:
    """Read what is unread, newest first, until `most` messages have been read; how many are left.

    That is 0 or less where there was more to read.
    """
    read, left = in_thread(desk), most
    for unread in await unread_days(desk, group_ids, period):
        if left <= 0:
            break
        if not unread.claimed:
            left -= await read_day(desk, unread, read) or 0
    return left


async def analyse_finished_days(desk: Desk, groups: Sequence[Group], period: Period) -> None:
    """Read what is unread or stale, so that the next report finds it done."""
    ids = [group.id for group in groups]
    await _read_all(desk, partial(unread_days, desk, ids, period))


async def analyse_before_forgetting(desk: Desk, groups: Sequence[Group], last: date) -> None:
    """Read every day up to `last` that still has its text and was never read, or has changed.

    Called before that text is deleted: what was understood of it stays.
    """
    for group in groups:
        first = await _first_with_text(desk, group, last)
        if first is not None:
            whole = Period(first, last)
            await _read_all(
                desk, partial(_unread, desk, [group.id], whole, lambda one: not one.dirty)
            )


async def _first_with_text(desk: Desk, group: Group, last: date) -> date | None:
    """The first day up to `last` of which anything is still stored that was said in a group."""
    _, until = day_bounds(desk, last)
    async with desk.database.reading() as connection:
        said = await messages.first_said(connection, group.id, None, until)
    return None if said is None else desk.shop.day_of(said)


async def _read_all(desk: Desk, look: Callable[[], Awaitable[list[UnreadDay]]]) -> None:
    """Read in this process until nothing is left, or wait for who reads it."""
    read = in_thread(desk)
    while unread := await look():
        done = [await read_day(desk, one, read) for one in unread if not one.claimed]
        if not any(one is not None for one in done):
            await asyncio.sleep(_LOOK_AGAIN)
