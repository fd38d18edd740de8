"""What the bot looks at all day: at once when it starts, and then once a minute.

Rounds it closes a little behind its start: after an outage what fans said in time is heard first.

A watcher looks at what stands in the database, tells the staff of what it finds, and remembers
there what it has told: whoever looks next, this process or another, tells nothing twice. Of
several processes on one database the one that does the chores keeps the watch as well.

Each watcher is on its own: one that takes long, or fails, holds up none of the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from prometheus_client import Counter

from handlers.arrivals.watching import watch_feeds
from handlers.closing_rounds import close_rounds
from handlers.desk import Desk
from handlers.each_morning import tell_morning
from handlers.greetings_ahead import prepare_greetings
from handlers.next_year import propose_next_year
from handlers.questions import tell_unanswered
from handlers.reviewing.telling import tell_reviews
from handlers.spike_watch import watch_spikes

_log = structlog.get_logger(__name__)

_FAILED = Counter("nuanqun_watchers_failed_total", "Looks of a watcher that failed", ["watcher"])

EVERY = timedelta(seconds=60)
"""How long a watcher rests behind a look, by the shop's clock."""

Watcher = Callable[[Desk], Awaitable[object]]

WATCHERS: tuple[tuple[str, Watcher], ...] = (
    ("spikes", watch_spikes),
    ("questions", tell_unanswered),
    ("morning", tell_morning),
    ("greetings", prepare_greetings),
    ("next year", propose_next_year),
    ("rounds", close_rounds),
    ("arrivals", watch_feeds),
    ("reviews", tell_reviews),
)
"""What is looked at, by the names that stand in the log."""

BEHIND_START = {"rounds": timedelta(minutes=3)}
"""What is not looked at at once, so that what was said while the bot was down is heard before."""


@asynccontextmanager
async def watching(desk: Desk) -> AsyncIterator[None]:
    """Have everything looked at, as long as the context lasts."""
    tasks = [
        asyncio.create_task(_keep_looking(desk, name, watcher), name=f"watcher {name}")
        for name, watcher in WATCHERS
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_looking(desk: Desk, name: str, watcher: Watcher) -> None:
    if name in BEHIND_START:
        await desk.clock.sleep_until(desk.clock.now() + BEHIND_START[name])
    while True:
        try:
            await watcher(desk)
        except Exception:  # noqa: BLE001 (a look's fault is logged and counted; the next may see)
            _FAILED.labels(name).inc()
            _log.exception("watcher_failed", watcher=name)
        await desk.clock.sleep_until(desk.clock.now() + EVERY)
