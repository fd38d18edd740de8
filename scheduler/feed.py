"""The feed of a lane: reads what is due, asks `decide` about each, and has the words ready.

Everything the decision needs is read in one small transaction for a whole batch; the words of a
content version, which never change, are kept for the next batch. Every text passes the wording
rules as it is rendered (see `wording_gate.py`); what they hold back is skipped, and staff are told.
What gives a coupon is looked at with a sample in its place, and gets its code once it is known that
it leaves (see `coupon_codes.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.answers import left_unsent
from scheduler.bodies import SAMPLE_CODE, batch_asked, content_of
from scheduler.caring import CareSettings
from scheduler.content import Content
from scheduler.coupon_codes import CouponCodes
from scheduler.courier import Address, Courier, Post, must_be_open
from scheduler.decide import Defer, History, Reason, Send, Skip, decide
from scheduler.notices import Tell, WordingHeld, tell_nobody
from scheduler.priorities import Priority
from scheduler.templates import COUPON
from scheduler.wording_gate import WordingGate
from scheduler.wording_rules import Hit
from storage import campaigns, due
from storage.database import Database
from storage.deliveries import DeliveryState, Move
from storage.due import Due
from storage.errors import SchedulingError
from storage.quiet_days import quiet_days

_CAPS_LOOK_BACK = timedelta(days=7)
_BODIES_KEPT = 64


@dataclass(frozen=True, slots=True)
class Batch:
    """What of the deliveries that were due is to leave now, in its words; where the rest goes.

    `more` tells whether there may be more that is due.
    """

    going: dict[int, tuple[Due, Post]] = field(default_factory=dict)
    moves: Sequence[Move] = ()
    more: bool = False


class Feed:
    """What one account is to say next."""

    def __init__(
        self,
        database: Database,
        account: str,
        courier: Courier,
        care: CareSettings,
        tell: Tell = tell_nobody,
    ) -> None:
        self._database = database
        self._account = account
        self._courier = courier
        self._care = care
        self._tell = tell
        self._wording = WordingGate(database, account, care)
        self._coupons = CouponCodes(database, tell)
        self._told: set[int] = set()  # content versions whose words were told of
        self._bodies: OrderedDict[int, dict[str, Any]] = OrderedDict()

    async def next_due(self) -> datetime | None:
        """When the next delivery falls due."""
        async with self._database.reading() as connection:
            return await due.next_due(connection, self._account)

    async def next_batch(self, now: datetime, most: int, rests_until: datetime | None) -> Batch:
        """At most so many of the deliveries that are due, decided about."""
        async with self._database.reading() as connection:
            must_start = must_be_open(self._courier)
            found = await due.due(connection, self._account, now, most, must_start=must_start)
            if not found:
                return Batch()
            addressed = await self._addressed(connection, found, now - _CAPS_LOOK_BACK)
            mourning = {
                shop_id: await quiet_days(connection, shop_id)
                for shop_id in {one.shop_id for one in found}
            }
            await self._read_bodies(connection, found)
            await self._wording.read_prices(connection, mourning.keys(), now)
        limits = self._courier.limits
        going: dict[int, tuple[Due, Post]] = {}
        moves: list[Move] = []
        histories = {
            one.id: History(addressed.get(_who(one), ()), rests_until, mourning[one.shop_id])
            for one in found
        }
        codes = await self._codes_for(
            [
                one
                for one in found
                if COUPON in self._bodies[one.version_id]
                and isinstance(
                    decide(one, one.recipient, limits, histories[one.id], self._care, now), Send
                )
            ],
            now,
        )
        for one in found:
            before = addressed.setdefault(_who(one), ())
            history = replace(histories[one.id], addressed=before)
            match decide(one, one.recipient, limits, history, self._care, now):
                case Send():
                    words = codes.get(one.id) or await self._words(one, now)
                    if isinstance(words, Move):
                        moves.append(words)
                        continue
                    going[one.id] = (one, Post(one.key, Address.parse(one.address), words))
                    addressed[_who(one)] = (*before, now)
                case Defer(until, reason):
                    state = DeliveryState.PLANNED
                    moves.append(Move(one.id, state, reason, not_before=until, resent=one.resent))
                case Skip(reason):
                    moves.append(left_unsent(one, DeliveryState.SKIPPED, reason))
        return Batch(going, moves, more=len(found) == most)

    async def _words(self, one: Due, now: datetime) -> Content | Move:
        """What a delivery says, with a sample where it gives a coupon; or why it stays unsent."""
        body = self._bodies[one.version_id]
        try:
            content = self._content(one, SAMPLE_CODE)
        except SchedulingError as trouble:
            return left_unsent(one, DeliveryState.SKIPPED, str(trouble))
        if hits := await self._wording.blocking_in(one, body, content, now):
            self._tell_of(one, hits)
            return left_unsent(one, DeliveryState.SKIPPED, Reason.WORDING)
        return content

    def _content(self, one: Due, code: str) -> Content:
        return content_of(
            self._bodies[one.version_id],
            one.slot,
            one.recipient.name,
            in_private=one.recipient.customer_id is not None,
            variant=one.variant,
            code=code,
        )

    async def _codes_for(self, leaving: Sequence[Due], now: datetime) -> dict[int, Content | Move]:
        """What those of these deliveries say that give a coupon, each with its own code."""
        wanted: list[tuple[Due, str]] = []
        for one in leaving:
            # Nobody is given a code by words that do not go out.
            if not isinstance(await self._words(one, now), Content):
                continue
            batch = batch_asked(self._bodies[one.version_id], one.slot, one.variant)
            if batch is not None:
                wanted.append((one, batch))
        given = await self._coupons.hand_out(wanted, now)
        said: dict[int, Content | Move] = {}
        for one, _ in wanted:
            code = given[one.id]
            if isinstance(code, Reason):
                said[one.id] = left_unsent(one, DeliveryState.SKIPPED, code)
                continue
            try:
                said[one.id] = self._content(one, code)
            except SchedulingError as trouble:  # a code may be longer than the sample
                said[one.id] = left_unsent(one, DeliveryState.SKIPPED, str(trouble))
        return said

    def _tell_of(self, one: Due, hits: tuple[Hit, ...]) -> None:
        """Tell staff of words that are held back, once for a content version."""
        if one.version_id not in self._told:
            self._told.add(one.version_id)
            self._tell(WordingHeld(one.campaign_id, hits))

    async def _addressed(
        self, connection: AsyncConnection, found: Sequence[Due], since: datetime
    ) -> dict[tuple[str, int | None], tuple[datetime, ...]]:
        """When the groups and customers of a batch were addressed before."""
        held = [one.recipient for one in found if one.priority != Priority.NOTICE]
        in_groups = {who.group_id for who in held if who.group_id is not None}
        in_private = {who.customer_id for who in held if who.customer_id is not None}
        moments: dict[tuple[str, int | None], tuple[datetime, ...]] = {}
        for group, times in (await due.addressed_groups(connection, in_groups, since)).items():
            moments["group", group] = times
        for customer, times in (
            await due.addressed_customers(connection, in_private, since)
        ).items():
            moments["customer", customer] = times
        return moments

    async def _read_bodies(self, connection: AsyncConnection, found: Sequence[Due]) -> None:
        wanted = dict.fromkeys(one.version_id for one in found)
        if missing := wanted.keys() - self._bodies.keys():
            self._bodies.update(await campaigns.bodies(connection, sorted(missing)))
        for version in wanted:
            self._bodies.move_to_end(version)
        while len(self._bodies) > max(_BODIES_KEPT, len(wanted)):
            self._bodies.popitem(last=False)


def _who(one: Due) -> tuple[str, int | None]:
    """Whom the caps count: a group, or a customer."""
    if one.recipient.group_id is not None:
        return "group", one.recipient.group_id
    return "customer", one.recipient.customer_id
