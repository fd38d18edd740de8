"""From a channel's events to everything that follows from them.

`hear` takes one batch of one account's events: they are recorded in a single transaction
together with the tags that follow from them, then newcomers are welcomed. The commands in the
batch are given back as orders, for the runner to obey in its own tasks, so that a long report
never holds up hearing.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from handlers.commanding import Commander, Order
from handlers.desk import Desk
from handlers.events import Event
from handlers.recording import Batch, record_batch
from handlers.taggers import tag_by_words, tag_speakers
from handlers.welcome import welcomes
from scheduler.courier import Address
from storage.groups import all_groups
from storage.members import member_by_id
from storage.messages import pending
from storage.shops import halted_at

_log = structlog.get_logger(__name__)


class Dispatcher:
    """Hears for one account."""

    def __init__(self, *, desk: Desk, commander: Commander, platform: str, account: str) -> None:
        self._desk = desk
        self._commander = commander
        self._platform = platform
        self._account = account
        self._opened_at = desk.clock.now()

    async def hear(self, events: Sequence[Event]) -> list[Order]:
        """Record a batch and react to it; the commands in it, in their order."""
        if not events:
            return []
        desk = self._desk
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
            halted = await halted_at(connection, desk.shop_id)
        _log.debug("heard", account=self._account, messages=len(batch.said))
        if halted is None:  # a welcome is no answer: 急停 means it too
            await self._welcome(batch)
        return self._orders(batch)

    async def left_over(self) -> list[Order]:
        """The commands that were stored but not finished when the bot ended."""
        desk = self._desk
        orders = []
        async with desk.database.reading() as connection:
            groups = {group.id: group for group in await all_groups(connection, desk.shop_id)}
            for one in await pending(connection, self._account):
                member = await member_by_id(connection, one.member_id)
                if member is None:
                    continue
                group = groups.get(one.group_id) if one.group_id is not None else None
                orders.append(
                    Order(
                        message_id=one.message_id,
                        message=one.message,
                        account=one.account,
                        member=member,
                        group=group,
                        at=one.at,
                        text=one.text,
                        late=True,
                        begun=True,
                    )
                )
        return orders

    async def _welcome(self, batch: Batch) -> None:
        sender = self._desk.senders[self._account]
        for group, content in welcomes(self._desk, batch.newcomers):
            first = min(
                (one for one in batch.newcomers if one.group.id == group.id),
                key=lambda one: one.at,
            )
            when = int(first.at.timestamp())
            key = f"welcome:{self._account}/{group.chat}/{first.member.person}/{when}"
            await sender.say(Address(group=group.chat), content, key)

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
                # Said while the bot was away: it must not act on old words without asking.
                late=one.heard.at < self._opened_at,
            )
            for one in batch.commands
            if one.id is not None
        ]
