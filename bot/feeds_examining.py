"""What the doctor finds about product feeds: their secrets, their hosts, and how they fared lately.

No feed is read: the bot does that, and asks a host too often otherwise. Whether its name means a
machine that may be asked is looked up, as before each reading.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from bot.arrivals_section import ProductFeed
from bot.configuration import Configuration
from bot.findings import Finding
from handlers.arrivals.hosts import addresses
from handlers.arrivals.rules import FeedRules
from handlers.arrivals.troubles import FeedTrouble, Trouble
from storage.database import Database
from storage.errors import NuanqunError
from storage.products import Feed, feeds
from storage.shops import shop_of

_DEADLINE = 10  # seconds


async def examine_feeds(configuration: Configuration, database: Database | None) -> list[Finding]:
    """One finding for each feed; `database` None: nothing is kept yet."""
    rows: dict[str, Feed] = {}
    if database is not None and configuration.feeds:
        async with database.reading() as connection:
            shop_id = await shop_of(connection, configuration.shop.key)
            rows = {} if shop_id is None else await feeds(connection, shop_id)
    return [
        await _examined(configuration, name, section, rows.get(name))
        for name, section in configuration.feeds.items()
    ]


async def _examined(
    configuration: Configuration, name: str, section: ProductFeed, row: Feed | None
) -> Finding:
    check = f"feeds.{name}"
    try:
        rules = await asyncio.to_thread(section.rules, name)
    except NuanqunError as trouble:
        return Finding.of(check, trouble)
    if not rules.url:
        return _pushed(check, configuration, rules)
    try:
        async with asyncio.timeout(_DEADLINE):
            await addresses(rules, rules.url)
    except TimeoutError:
        return Finding(check, False, "its host's name is not found in time.", "Check its url.")
    except FeedTrouble as trouble:
        return _refused(check, trouble)
    if row is not None and row.failures:
        since = row.looked_at or row.next_look_at
        return _failing(check, configuration, row, since)
    return Finding(check, True, "not read yet" if row is None else "read")


def _pushed(check: str, configuration: Configuration, rules: FeedRules) -> Finding:
    if rules.secret is None:
        found = "it has neither a url nor a secret, so nothing can come."
        return Finding(check, False, found, "Set url, or secret_file for pushed products.")
    if not configuration.arrivals.port:
        return Finding(check, False, "the door is closed.", "Set arrivals.port.")
    return Finding(check, True, f"pushed to port {configuration.arrivals.port}")


def _refused(check: str, trouble: FeedTrouble) -> Finding:
    if trouble.kind is Trouble.PRIVATE:
        found = f"{trouble.reason} lies in a private network, and is not asked."
        mend = "If it is the shop's own, add the host to the feed's `follows`."
        return Finding(check, False, found, mend)
    return Finding(check, False, f"there is no host {trouble.reason}.", "Check its url.")


def _failing(check: str, configuration: Configuration, row: Feed, last: datetime) -> Finding:
    when = configuration.shop_settings().local(last).strftime("%Y-%m-%d %H:%M")
    what = "" if row.trouble is None else f" ({row.trouble['kind']} {row.trouble['reason']})"
    found = f"{row.failures} looks in a row have failed, the last one at {when}{what}."
    return Finding(check, False, found, "Send /feeds in the staff chat: it says what to do.")
