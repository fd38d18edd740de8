"""What the doctor finds about product feeds: their secrets, their hosts, and how they fared lately.

No feed is read: the bot does that, and asks a host too often otherwise. Whether its name means a
machine that may be asked is looked up, as before each reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from bot.arrivals_section import ProductFeed
from bot.configuration import Configuration
from bot.findings import Finding
from handlers.arrivals.hosts import addresses
from handlers.arrivals.judging import Held, Hold
from handlers.arrivals.rules import FeedRules
from handlers.arrivals.troubles import BadRow, FeedTrouble, Flaw, Trouble
from storage.database import Database
from storage.errors import NuanqunError
from storage.product_feeds import Feed, feeds
from storage.shops import shop_of

_DEADLINE = 10  # seconds
_NAMED = 3  # bad rows

_FLAWS: Mapping[Flaw, str] = {
    Flaw.NO_TITLE: "no name",
    Flaw.NO_KEY: "neither a number nor a link",
    Flaw.NO_PRICE: "the price “{written}” is no number",
}


_HOLDS: Mapping[Hold, str] = {
    Hold.MANY_NEW: "{count} products that nobody knew came at once",
    Hold.ANOTHER: "most products, {count}, are others than before",
    Hold.EMPTY: "it is empty, and had {count} products",
}


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
    except NuanqunError as wrong:
        return Finding.of(check, wrong)
    trouble = None if row is None or row.trouble is None else FeedTrouble.from_json(row.trouble)
    if trouble is not None and trouble.kind is Trouble.ROWS:
        return _partly_read(check, trouble)
    if row is not None and row.held is not None and not row.failures:
        return _held(check, Held.from_json(row.held))
    return await _reached(check, configuration, rules, row)


async def _reached(
    check: str, configuration: Configuration, rules: FeedRules, row: Feed | None
) -> Finding:
    """How a feed stands that is read as a whole, or was not read yet."""
    if not rules.url:
        return _pushed(check, configuration, rules)
    try:
        async with asyncio.timeout(_DEADLINE):
            await addresses(rules, rules.url)
    except TimeoutError:
        return Finding(check, False, "its host's name is not found in time.", "Check its url.")
    except FeedTrouble as refusal:
        return _refused(check, refusal)
    if row is not None and row.failures:
        since = row.looked_at or row.next_look_at
        return _failing(check, configuration, row, since)
    return Finding(check, True, "not read yet" if row is None else "read")


def _held(check: str, held: Held) -> Finding:
    """A feed that is not believed: nothing of it is told until a manager has looked."""
    found = f"what it says is held: {_HOLDS[held.why].format(count=held.count)}."
    return Finding(check, False, found, "Send /feeds in the staff chat, to look and to accept it.")


def _partly_read(check: str, trouble: FeedTrouble) -> Finding:
    rows = ", ".join(_named(one) for one in trouble.rows[:_NAMED])
    found = f"{trouble.reason} rows are not understood, such as {rows}."
    return Finding(check, False, found, "Mend them in the shop; the other rows are used.")


def _named(row: BadRow) -> str:
    where = f"row {row.row}" if row.page == 1 else f"row {row.row} of page {row.page}"
    what = _FLAWS[row.flaw].format(written=row.written)
    return f"{where} ({row.name}): {what}" if row.name else f"{where}: {what}"


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
