"""Posts that pass: what the bot takes back by itself, so that a busy group stays readable.

Where the shop wants its welcomes to pass (`ShopSettings.welcome_stays`), each is kept in mind when
it was said, and taken back when its time is over, also after a restart. `run` is one of the loops
that serve an account.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from handlers.desk import Desk
from scheduler.courier import AccountDown, Address, Done, NothingSent, TooFast, Unclear
from storage.passing_posts import PassingPost, forget_passing, next_passing, passed

_log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=10)
"""How often the loop looks for what was said meanwhile."""

GIVE_UP_AFTER = timedelta(days=2)
"""Telegram lets a bot delete its own messages for 48 hours:
https://core.telegram.org/bots/api#deletemessage"""

_AT_ONCE = 50


async def run(desk: Desk, account: str) -> None:
    """Take back what has passed, until cancelled."""
    while True:
        await desk.clock.sleep_until(await take_back_passed(desk, account))


async def take_back_passed(desk: Desk, account: str) -> datetime:
    """Take back the posts whose time is over, as far as can be now; when to look again."""
    last = 0
    while some := await _passed(desk, account, last):
        for one in some:
            last = one.id
            if await _take_back(desk, account, one):
                async with desk.database.writing() as connection:
                    await forget_passing(connection, one.id)
    now = desk.clock.now()
    async with desk.database.reading() as connection:
        soonest = await next_passing(connection, account, now)
    return min(soonest or now + LOOK_AGAIN, now + LOOK_AGAIN)


async def _passed(desk: Desk, account: str, last: int) -> list[PassingPost]:
    async with desk.database.reading() as connection:
        return await passed(connection, account, desk.clock.now(), after=last, limit=_AT_ONCE)


async def _take_back(desk: Desk, account: str, one: PassingPost) -> bool:
    """Whether nothing more is to be done about a post. Taking it back twice does no harm."""
    if desk.clock.now() - one.until > GIVE_UP_AFTER:
        return True
    key = f"passing:{account}/{one.address}/{one.receipt}"
    outcome = await desk.senders[account].take_back(Address.parse(one.address), one.receipt, key)
    if not isinstance(outcome, Done):
        _log.warning("post_stays", key=key, outcome=repr(outcome))
    return not isinstance(outcome, NothingSent | TooFast | AccountDown | Unclear)
