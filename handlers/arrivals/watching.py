"""Who looks at which feed when: each on its own, hosts in peace, and what comes of it is told.

A watcher of the process that does the chores (`bot/watching.py`) calls this once a minute. The
feeds of one host are asked one after another; one that fails is asked less and less often, and a
host that wants to be left alone is, with all its feeds.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter

from handlers.arrivals.announcing import announce_waiting
from handlers.arrivals.campaigns import tell_again
from handlers.arrivals.looking import look
from handlers.arrivals.rules import FeedRules
from handlers.arrivals.taking import feed_row, take_look
from handlers.arrivals.telling import tell_of_feeds
from handlers.arrivals.troubles import FeedTrouble, Trouble, rows_told
from handlers.desk import Desk
from scheduler.quiet_hours import quiet_until
from storage.product_feeds import Feed, change_feed

_log = structlog.get_logger(__name__)

_LOOKS = Counter("nuanqun_feed_looks_total", "Looks at product feeds by outcome", ["outcome"])

_HOSTS_AT_ONCE = 4
_LONGEST_REST = timedelta(hours=24)
_MOST_DOUBLINGS = 10


async def watch_feeds(desk: Desk) -> int:
    """Look at the feeds whose time has come, and have told what there is; how many were looked at.

    At night nobody is told anything, and nothing is drafted.
    """
    rules = desk.shop.arrivals
    if not rules.feeds:
        return 0
    rows = [(feed, await feed_row(desk, feed)) for feed in rules.feeds.values() if feed.url]
    now = desk.clock.now()  # behind the rows: a new feed's time comes when its row is made
    due = [(feed, row) for feed, row in rows if row.next_look_at <= now]
    if due:
        await _look_at(desk, due)
    if quiet_until(now, ZoneInfo(desk.care.zone), desk.care.quiet_hours) is None:
        await tell_of_feeds(desk, rules.feeds)
        await tell_again(desk)
        await announce_waiting(desk)
    return len(due)


async def look_now(desk: Desk, feed: FeedRules) -> Feed:
    """Look at one feed whatever its time; how it stands then."""
    await _look_at(desk, [(feed, await feed_row(desk, feed))])
    return await feed_row(desk, feed)


async def _look_at(desk: Desk, due: Sequence[tuple[FeedRules, Feed]]) -> None:
    """Look at feeds, those of one host one after another."""
    by_host: defaultdict[str, list[tuple[FeedRules, Feed]]] = defaultdict(list)
    for feed, row in due:
        by_host[urlsplit(feed.url).hostname or ""].append((feed, row))
    at_once = asyncio.Semaphore(_HOSTS_AT_ONCE)
    async with asyncio.TaskGroup() as hosts:
        for theirs in by_host.values():
            hosts.create_task(_look_at_host(desk, theirs, at_once))


async def _look_at_host(
    desk: Desk, theirs: Sequence[tuple[FeedRules, Feed]], at_once: asyncio.Semaphore
) -> None:
    from handlers.arrivals.fetching import open_client  # noqa: PLC0415 (httpx, only with feeds)

    async with at_once, await open_client() as client:
        for place, (feed, row) in enumerate(theirs):
            try:
                found = await look(client, feed, row.pages if row.baseline_at else ())
            except FeedTrouble as trouble:
                _LOOKS.labels(trouble.kind).inc()
                _log.warning("feed_trouble", feed=feed.name, trouble=str(trouble))
                await _failed(desk, feed, row, trouble)
                if trouble.kind is Trouble.BUSY:
                    await _rest(desk, theirs[place + 1 :], trouble)
                    return
            else:
                judged = await take_look(desk, feed, row, found)
                _LOOKS.labels("read" if judged.held is None else judged.held.why).inc()


def rest_after(feed: FeedRules, failures: int, asked_for: timedelta | None) -> timedelta:
    """How long a feed is left alone that failed so often in a row: twice as long each time.

    As long as its host asked for, where that is longer; never for more than a day.
    """
    doubled = feed.every * (1 << min(failures, _MOST_DOUBLINGS))
    return min(max(doubled, asked_for or timedelta(0)), _LONGEST_REST)


async def _failed(desk: Desk, feed: FeedRules, row: Feed, trouble: FeedTrouble) -> None:
    now = desk.clock.now()
    read_before = row.trouble is None or row.trouble["kind"] == Trouble.ROWS
    behind = rows_told(row.trouble, told=row.trouble_told)
    async with desk.database.writing() as connection:
        await change_feed(
            connection,
            row.id,
            looked_at=now,
            failures=row.failures + 1,
            trouble=trouble.to_json() | ({} if behind is None else {"behind": dict(behind)}),
            trouble_told=row.trouble_told and not read_before,
            next_look_at=now + rest_after(feed, row.failures, trouble.rests),
        )


async def _rest(desk: Desk, others: Sequence[tuple[FeedRules, Feed]], trouble: FeedTrouble) -> None:
    """Leave the other feeds of a host alone as well."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        for feed, row in others:
            rest = rest_after(feed, 0, trouble.rests)
            await change_feed(connection, row.id, next_look_at=now + rest)
