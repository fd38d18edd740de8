"""What the bot does once a night: it forgets, tags, analyses, and ends what nobody can send.

APScheduler rings in memory. Nothing is lost when the bot sleeps through a night: when each chore
was last done is stored, what was missed is done at the next start, and every chore looks at what
stands, not at what it did last.

Of several processes on one database, one does the chores: what is understood of a day must not be
written while another one deletes its words. The right to them is a lane like an account's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.watching import watching
from handlers.desk import Desk
from handlers.digest import tell_digest
from handlers.people_found import tag_people
from handlers.period import Period
from handlers.reading_days import analyse_before_forgetting, analyse_finished_days
from handlers.taggers import tag_everybody
from handlers.word_finding import find_words, propose_words
from scheduler.lease import Lease, LeaseTerms, lease
from storage import deliveries, messages
from storage.button_words import forget_unused
from storage.chores import done_at, note_done
from storage.comings import delete_comings_before
from storage.errors import LaneLost
from storage.forgetting import delete_requests_before
from storage.groups import heard_groups
from storage.identities import delete_denied_before
from storage.numbered_choices import delete_offered_before
from storage.own_posts import delete_begun_before
from storage.rounds import delete_rounds_before
from storage.told_spikes import delete_spikes_before
from storage.unheard import delete_unheard_before

_log = structlog.get_logger(__name__)

LANE = "chores"
"""The lane whose holder does the chores."""

GIVES_WAY_FOR = timedelta(seconds=20)
"""So long a process that serves no account leaves the chores to others."""

SPEECHLESS_FOR = timedelta(seconds=30)
"""So long a process that does the chores may serve no account before it gives them up."""

_LOOK_AGAIN = 0.1  # seconds

_FAILED = Counter("nuanqun_chores_failed_total", "Nightly chores that failed", ["chore"])
_BATCH = 1_000
_ANALYSED_DAYS = 7
_UNSERVED_FOR = timedelta(hours=1)
_OWN_POSTS_KEPT = timedelta(days=7)  # longer than a doubt about a post is worth asking about
_DENIALS_KEPT = timedelta(days=7)  # and longer where somebody is known by the id
_CHOICES_KEPT = timedelta(days=2)  # longer than they hold


async def forget_old_text(desk: Desk) -> int:
    """Delete what is older than the shop keeps it, in small transactions; how much there was.

    Whole days go at once, and are analysed first: the counts stay when the words are gone. Events
    that could not be heard hold words as well, and so do buttons that stand below old posts, rounds
    that are long over, and those who asked to be let in or to be friends.
    """
    first_kept = desk.shop.day_of(desk.clock.now() - desk.shop.text_kept_for)
    async with desk.database.reading() as connection:
        groups = await heard_groups(connection, desk.shop_id)
    await analyse_before_forgetting(desk, groups, first_kept - timedelta(days=1))
    oldest = datetime.combine(first_kept, time.min, ZoneInfo(desk.shop.zone))
    return await _delete(
        desk,
        oldest,
        messages.delete_before,
        delete_unheard_before,
        delete_comings_before,
        forget_unused,
        delete_requests_before,
        delete_spikes_before,
        delete_rounds_before,
    )


async def forget_short_lived(desk: Desk) -> int:
    """Delete what is of use for days at most.

    What was just said, what numbers chose, and who was not somebody by an id that has ended.
    """
    now = desk.clock.now()
    said = await _delete(desk, now - _OWN_POSTS_KEPT, delete_begun_before)
    denied = await _delete(desk, now - _DENIALS_KEPT, delete_denied_before)
    return said + denied + await _delete(desk, now - _CHOICES_KEPT, delete_offered_before)


class _DeleteSome(Protocol):
    async def __call__(
        self, connection: AsyncConnection, before: datetime, /, *, batch: int
    ) -> int: ...


async def _delete(desk: Desk, before: datetime, *kinds: _DeleteSome) -> int:
    """Delete what is older, in small transactions; how much there was."""
    deleted = 0
    for delete_some in kinds:
        while True:
            async with desk.database.writing() as connection:
                gone = await delete_some(connection, before, batch=_BATCH)
            deleted += gone
            if gone < _BATCH:
                break
    return deleted


async def analyse_last_days(desk: Desk) -> None:
    """Analyse the last days, so that the next report only reads today."""
    today = desk.shop.day_of(desk.clock.now())
    period = Period.ending(today, _ANALYSED_DAYS)
    async with desk.database.reading() as connection:
        groups = await heard_groups(connection, desk.shop_id)
    await analyse_finished_days(desk, groups, period)


async def leave_out_unserved(desk: Desk) -> int:
    """End the deliveries of accounts that no process serves any more; how many there were."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        return await deliveries.leave_out_unserved(connection, now - _UNSERVED_FOR, now)


async def take_turns(desk: Desk, holder: str, terms: LeaseTerms) -> None:
    """Do the chores and keep watch while no other process does, until cancelled.

    It ends by itself when the lane is lost. A process that serves no account gives way for a while,
    and so does one that serves none any more: one that does can also tell people of what is found.
    """
    await _give_way(desk)
    held = await lease(desk.database, LANE, holder, terms)
    try:
        async with nightly(desk), watching(desk):
            await _keep(desk, held)
    except LaneLost:
        _log.warning("lane_lost", account=LANE)
    except TimeoutError:
        _log.warning("chores_given_up", reason="no account is served here")
    finally:
        await held.release()


async def _keep(desk: Desk, held: Lease) -> None:
    """Hold the lane.

    Raises:
        TimeoutError: this process has served no account for some time, though it has some.
        LaneLost: another process has the lane.
    """
    keeping = asyncio.create_task(held.keep(), name="chores' lease")
    speechless = asyncio.create_task(_speechless(desk), name="chores' voice")
    try:
        ended, _ = await asyncio.wait((keeping, speechless), return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            await task
    finally:
        for task in (keeping, speechless):
            task.cancel()
        await asyncio.wait((keeping, speechless))


async def _speechless(desk: Desk) -> None:
    """End with a TimeoutError once this process has served none of its accounts for some time."""
    loop = asyncio.get_running_loop()
    spoke = loop.time()
    while loop.time() - spoke < SPEECHLESS_FOR.total_seconds():
        if not desk.senders or _serves(desk):
            spoke = loop.time()
        await asyncio.sleep(_LOOK_AGAIN)
    raise TimeoutError


async def _give_way(desk: Desk) -> None:
    """Wait until this process serves an account, where it has any; not for long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(GIVES_WAY_FOR.total_seconds()):
            while desk.senders and not _serves(desk):  # noqa: ASYNC110 (a lane rings nobody)
                await asyncio.sleep(_LOOK_AGAIN)


def _serves(desk: Desk) -> bool:
    """Whether this process may send through any account."""
    return any(sender.is_open for sender in desk.senders.values())


Chore = Callable[[Desk], Awaitable[object]]

NIGHTLY: tuple[tuple[str, Chore], ...] = (
    ("17 3 * * *", analyse_last_days),
    ("22 3 * * *", find_words),
    ("27 3 * * *", tag_everybody),
    ("32 3 * * *", tag_people),
    ("37 3 * * *", forget_old_text),
    ("42 3 * * *", forget_short_lived),
    ("47 3 * * *", leave_out_unserved),
    ("40 9 * * *", tell_digest),
    ("5 10 * * *", propose_words),
)
"""When (minute hour day month weekday, by the shop's clock) each chore is done."""


@asynccontextmanager
async def nightly(desk: Desk) -> AsyncIterator[None]:
    """Have the chores done, one after the other, as long as the context lasts.

    Those whose night was missed, because the bot was off or a chore failed, are done at once. One
    that is interrupted at the end is done at the next start.
    """
    bells: asyncio.Queue[Chore] = asyncio.Queue(len(NIGHTLY))
    scheduler = AsyncIOScheduler(timezone=desk.shop.zone)
    missed: list[tuple[CronTrigger, Chore]] = []
    for cron, chore in NIGHTLY:
        trigger = CronTrigger.from_crontab(cron, timezone=desk.shop.zone)
        missed.append((trigger, chore))
        scheduler.add_job(
            bells.put,
            trigger,
            args=(chore,),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
    working = asyncio.create_task(_work(desk, missed, bells), name="chores")
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
        working.cancel()
        await asyncio.wait([working])


async def _work(
    desk: Desk, missed: Sequence[tuple[CronTrigger, Chore]], bells: asyncio.Queue[Chore]
) -> None:
    for trigger, chore in missed:
        await _do(desk, chore, if_missed=trigger)
    while True:
        await _do(desk, await bells.get())


async def _do(desk: Desk, chore: Chore, *, if_missed: CronTrigger | None = None) -> None:
    name = chore.__name__
    try:
        if if_missed is not None and not await _missed(desk, name, if_missed):
            return
        began = desk.clock.now()  # what falls due while it works is another turn
        await chore(desk)
        async with desk.database.writing() as connection:
            await note_done(connection, name, began)
    except Exception:  # noqa: BLE001 (one chore's fault is logged and counted, the others go on)
        # Tomorrow night, or at the next start, it is tried again.
        _FAILED.labels(name).inc()
        _log.exception("chore_failed", chore=name)


async def _missed(desk: Desk, name: str, times: CronTrigger) -> bool:
    """Whether the chore was never done, or should have been done once more since."""
    async with desk.database.reading() as connection:
        last = await done_at(connection, name)
    if last is None:
        return True
    after: datetime = times.get_next_fire_time(last, last)
    return after <= desk.clock.now()
