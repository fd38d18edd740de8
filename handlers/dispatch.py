"""From a channel's events to everything that follows from them.

`hear` takes one batch of one account's events and records it in a single transaction, together
with what follows from it: the tags, the commands to be obeyed, the welcomes to be said, who is let
in. Hearing waits for no platform: all of it is stored, and the runner's own tasks carry it out
(`waiting` and the commander's `obey`; `greet`; `settle_requests`).

A batch that cannot be recorded through a fault of what is in it is heard again in halves, until
the event at fault is alone and can be kept aside. So the line goes on, in its order, and what is
good in the batch happens once.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from handlers import admission, befriending, identifying
from handlers.acceptance import ask_about_groups
from handlers.account_states import announce_state
from handlers.commanding import Commander, Order
from handlers.desk import Desk
from handlers.events import Event
from handlers.faq_answers import answer_faqs
from handlers.faq_matching import FaqReader
from handlers.private_words import answer_private_words
from handlers.recording import Batch, record_batch
from handlers.setting_aside import set_aside
from handlers.taggers import tag_by_words, tag_speakers
from handlers.taking_part import take_part
from handlers.welcome import greet, prepare_welcomes
from storage.errors import LaneLost
from storage.failures import may_pass
from storage.groups import groups_by_id
from storage.members import members_by_id
from storage.messages import last_pending, pending

_log = structlog.get_logger(__name__)


class Dispatcher:
    """Hears for one account."""

    def __init__(self, *, desk: Desk, commander: Commander, platform: str, account: str) -> None:
        self._desk = desk
        self._commander = commander
        self._platform = platform
        self._account = account
        self._opened_at = desk.clock.now()
        self._faqs = FaqReader(platform)

    async def hear(self, events: Sequence[Event]) -> list[Order]:
        """Record a batch and what follows from it; the commands in it, in their order.

        Raises:
            DBAPIError, TimeoutError (SQLAlchemy's), OSError: the database failed. What of the
                batch was recorded before is behind the cursor; the rest is to be heard again.
        """
        orders: list[Order] = []
        pieces = [events] if events else []
        while pieces:
            piece = pieces.pop()
            try:
                orders += self._orders(await self._record(piece))
            except Exception as fault:
                if may_pass(fault) or isinstance(fault, LaneLost):
                    raise
                if len(piece) > 1:
                    middle = len(piece) // 2
                    pieces += [piece[middle:], piece[:middle]]
                else:
                    await set_aside(self._desk, self._platform, piece[0], fault)
        return orders

    async def waiting(self, *, after: int = 0, left_over: int = 0) -> list[Order]:
        """The first stored commands that are not finished, behind a message's number.

        Those up to the number `left_over` were stored before this start, and may have been begun.
        """
        async with self._desk.database.reading() as connection:
            stored = await pending(connection, self._account, after=after)
            members = await members_by_id(connection, {one.member_id for one in stored})
            groups = await groups_by_id(
                connection, {one.group_id for one in stored if one.group_id is not None}
            )
        return [
            Order(
                message_id=one.message_id,
                message=one.message,
                account=one.account,
                member=members[one.member_id],
                group=groups.get(one.group_id) if one.group_id is not None else None,
                at=one.at,
                text=one.text,
                topic=one.topic,
                pressed_on=one.pressed_on,
                pictures=one.pictures,
                late=one.message_id <= left_over or one.at < self._opened_at,
                begun=one.message_id <= left_over,
            )
            for one in stored
        ]

    async def last_left_over(self) -> int:
        """The number of the newest command that was stored and not finished until now; or 0."""
        async with self._desk.database.reading() as connection:
            return await last_pending(connection, self._account)

    async def left_over(self) -> list[Order]:
        """All commands that were stored but not finished when the bot ended."""
        last = await self.last_left_over()
        orders: list[Order] = []
        while more := await self.waiting(
            after=orders[-1].message_id if orders else 0, left_over=last
        ):
            orders += more
        return orders

    async def greet(self, *, again: bool = False) -> None:
        """Say the welcomes that are stored; with `again`, one may have been said already."""
        await greet(self._desk, self._account, again=again)

    async def settle_requests(self) -> None:
        """Tell the platform who is let in or befriended, and the managers who asks to be."""
        await admission.settle(self._desk, self._account)
        await befriending.settle(self._desk, self._account)
        await identifying.settle(self._desk, self._account)

    async def announce_state(self) -> bool:
        """Tell the managers how the account stands, if that is news; whether nothing is left."""
        return await announce_state(self._desk, self._account)

    async def ask_about_groups(self) -> None:
        """Ask the managers about the groups that a stranger brought the bot into."""
        await ask_about_groups(self._desk, self._account)

    async def _record(self, events: Sequence[Event]) -> Batch:
        desk = self._desk
        asked = await self._faqs.asked_in(desk, events)
        async with desk.database.writing() as connection:
            batch = await record_batch(
                connection,
                events,
                shop_id=desk.shop_id,
                shop=desk.shop,
                platform=self._platform,
                is_command=self._commander.is_command,
            )
            await tag_by_words(connection, desk, batch)
            await tag_speakers(connection, desk, batch)
            await take_part(connection, desk, batch)
            await answer_faqs(connection, desk, batch, asked)
            await answer_private_words(connection, desk, batch, asked)
            await prepare_welcomes(connection, desk, batch)
            await admission.judge(connection, desk, batch)
        _log.debug("heard", account=self._account, messages=len(batch.said))
        return batch

    def _orders(self, batch: Batch) -> list[Order]:
        return [
            Order(
                message_id=one.id,
                message=one.heard.message,
                account=self._account,
                member=one.member,
                group=one.group,
                at=one.heard.at,
                text=one.heard.text,
                topic=one.heard.topic,
                pressed_on=one.heard.pressed_on,
                pictures=one.heard.pictures,
                # Said while the bot was away: it must not act on old words without asking.
                late=one.heard.at < self._opened_at,
            )
            for one in batch.commands
            if one.id is not None
        ]
