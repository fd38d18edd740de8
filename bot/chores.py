"""What the bot does once a night: old text goes, tags are looked over, the day is analysed.

APScheduler rings in memory; nothing is lost when the bot sleeps through a night, because every
chore looks at what stands, not at what it did last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from prometheus_client import Counter

from handlers.demand import Period, analyse_before_forgetting, analyse_finished_days
from handlers.desk import Desk
from handlers.taggers import tag_everybody
from storage import messages
from storage.groups import heard_groups

_log = structlog.get_logger(__name__)

_FAILED = Counter("nuanqun_chores_failed_total", "Nightly chores that failed", ["chore"])
_BATCH = 1_000
_ANALYSED_DAYS = 7


async def forget_old_text(desk: Desk) -> int:
    """Delete what is older than the shop keeps it, in small transactions; how many messages.

    Whole days go at once, and are analysed first: the counts stay when the words are gone.
    """
    first_kept = desk.shop.day_of(desk.clock.now() - desk.shop.text_kept_for)
    async with desk.database.reading() as connection:
        groups = await heard_groups(connection, desk.shop_id)
    await analyse_before_forgetting(desk, groups, first_kept - timedelta(days=1))
    oldest = datetime.combine(first_kept, time.min, ZoneInfo(desk.shop.zone))
    deleted = 0
    while True:
        async with desk.database.writing() as connection:
            gone = await messages.delete_before(connection, oldest, batch=_BATCH)
        deleted += gone
        if gone < _BATCH:
            return deleted


async def analyse_last_days(desk: Desk) -> None:
    """Analyse the last days, so that the next report only reads today."""
    today = desk.shop.day_of(desk.clock.now())
    period = Period.ending(today, _ANALYSED_DAYS)
    async with desk.database.reading() as connection:
        groups = await heard_groups(connection, desk.shop_id)
    await analyse_finished_days(desk, groups, period)


Chore = Callable[[Desk], Awaitable[object]]

NIGHTLY: tuple[tuple[str, Chore], ...] = (
    ("17 3 * * *", analyse_last_days),
    ("27 3 * * *", tag_everybody),
    ("37 3 * * *", forget_old_text),
)
"""When (minute hour day month weekday, by the shop's clock) each chore is done."""


@asynccontextmanager
async def nightly(desk: Desk) -> AsyncIterator[None]:
    """Have the chores done at their times, as long as the context lasts."""
    scheduler = AsyncIOScheduler(timezone=desk.shop.zone)
    for cron, chore in NIGHTLY:
        scheduler.add_job(
            _do,
            CronTrigger.from_crontab(cron, timezone=desk.shop.zone),
            args=(desk, chore),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


async def _do(desk: Desk, chore: Chore) -> None:
    try:
        await chore(desk)
    except Exception:  # noqa: BLE001 (one chore's fault is logged and counted, the others go on)
        # Tomorrow night it is tried again.
        _FAILED.labels(chore.__name__).inc()
        _log.exception("chore_failed", chore=chore.__name__)
