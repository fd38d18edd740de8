"""A shop with groups and campaigns, a simulated clock, and a platform, for planner and sender."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.bodies import literal_body
from scheduler.campaigns import CampaignState
from scheduler.caring import CareSettings
from scheduler.clock import SimulatedClock
from scheduler.content import Content
from scheduler.lease import Lease, LeaseTerms
from scheduler.notices import Notice
from scheduler.planner import Planner
from scheduler.priorities import Priority
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Once, Schedule
from scheduler.sender import Sender
from scheduler.sending import SenderSettings
from storage import approvals, campaigns, deliveries, groups
from storage import attempts as attempt_log
from storage import due as due_room
from storage.attempts import End
from storage.audiences import Audience
from storage.bells import Bell, ring
from storage.campaigns import NewCampaign, StoredCampaign
from storage.database import Database
from storage.deliveries import DeliveryState, Move
from storage.lanes import lease_lane
from storage.shops import ensure_shop, set_halt
from storage.slots import PlannedSlot, plan_for_groups
from storage.tables import attempts
from storage.tables import campaigns as campaign_rows
from storage.tables import deliveries as ledger
from storage.tables import groups as group_rows
from tests.scheduler.fake_platform import FakePlatform

NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)  # noon in Shanghai
ZONE = "Asia/Shanghai"
ACCOUNT = "room"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PATIENT = SenderSettings(
    call_deadline=timedelta(seconds=5), farewell=timedelta(0), first_rest=timedelta(minutes=1)
)
HASTY = replace(PATIENT, call_deadline=timedelta(milliseconds=50))
ONE_BY_ONE = replace(PATIENT, calls_at_once=1)
LONG = LeaseTerms(lasts=timedelta(minutes=10))

T = TypeVar("T")


def local(text: str) -> datetime:
    """A naive wall time, `2026-11-01T12:00`."""
    return datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Delivered:
    """How one delivery stands; `later` is how long after NOW it may go out."""

    state: str
    reason: str | None = None
    later: timedelta = timedelta(0)
    receipt: str | None = None


SENT = "sent"


def key_of(group: str, campaign: str = "c1") -> str:
    """The key of the delivery to the group of this name."""
    return f"{campaign}/once/room/group:chat-{group}"


def sent(group: str, *, later: timedelta = timedelta(0), reason: str | None = None) -> Delivered:
    """How a delivery that was sent stands."""
    return Delivered(SENT, reason, later, f"receipt-{key_of(group)}")


@dataclass(slots=True)
class Stage:
    """Everything a planner or a sender works with."""

    database: Database
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(NOW))
    platform: FakePlatform = field(default_factory=FakePlatform)
    care: CareSettings = field(default_factory=CareSettings)
    told: list[Notice] = field(default_factory=list)

    async def shop(self) -> int:
        """The shop's id."""
        async with self.database.writing() as connection:
            return await self.shop_in(connection)

    async def shop_in(self, connection: AsyncConnection) -> int:
        """The shop's id, asked within a transaction."""
        return await ensure_shop(connection, "shop")

    async def planner(self) -> Planner:
        """A planner that tells the stage."""
        return Planner(
            database=self.database,
            shop_id=await self.shop(),
            clock=self.clock,
            tell=self.told.append,
        )

    def listen(self) -> list[Bell]:
        """The bells that are struck from now on."""
        struck: list[Bell] = []
        self.database.bells.listen(struck.append)
        return struck

    def sender(self, settings: SenderSettings = PATIENT) -> Sender:
        """A sender that is not open yet."""
        return Sender(
            database=self.database,
            courier=self.platform,
            account=ACCOUNT,
            clock=self.clock,
            settings=settings,
            care=self.care,
            tell=self.told.append,
            jitter=random.Random(11),  # noqa: S311 (the same pauses in each run)
        )

    async def lease(self, holder: str = "bot-1", terms: LeaseTerms = LONG) -> Lease:
        """The lease on the lane, taken away from whoever has it."""
        async with self.database.writing() as connection:
            lane = await lease_lane(connection, ACCOUNT, holder, terms.lasts, alone=True)
        assert lane is not None
        return Lease(self.database, lane, terms, time.monotonic())

    async def opened(self, settings: SenderSettings = PATIENT) -> Sender:
        """A sender that holds the lane."""
        sender = self.sender(settings)
        await sender.open(await self.lease())
        return sender

    async def lives(self, work: Coroutine[Any, Any, T]) -> T:
        """Let a process work that the platform may end in the middle of a call.

        Raises:
            asyncio.CancelledError: it was ended.
        """
        task = asyncio.ensure_future(work)
        self.platform.kills = task.cancel
        return await task

    async def groups(self, *names: str) -> dict[str, int]:
        """The ids of the groups with these names, made in this order when they are not there."""
        shop_id = await self.shop()
        found = {}
        async with self.database.writing() as connection:
            for name in names:
                chats = [(f"chat-{name}", name)]
                made = await groups.ensure_groups(connection, shop_id, ACCOUNT, chats, NOW)
                found[name] = made[f"chat-{name}"].id
        return found

    async def campaign(
        self,
        key: str = "c1",
        *,
        schedule: Schedule | None = None,
        audience: Audience | None = None,
        body: dict[str, Any] | None = None,
        made_at: datetime = NOW,
        approved: bool = True,
    ) -> StoredCampaign:
        """A campaign that speaks once, now, to all groups, unless told otherwise."""
        shop_id = await self.shop()
        async with self.database.writing() as connection:
            made = await campaigns.create(
                connection,
                shop_id,
                NewCampaign(
                    key=key,
                    programme="broadcast",
                    name=key,
                    schedule=schedule_to_json(schedule or Once(local("2026-11-01T12:00"))),
                    zone=ZONE,
                    valid_seconds=7_200,
                    audience=audience or Audience(),
                    body=literal_body(Content("今晚八点直播")) if body is None else body,
                    created_by="room:p1",
                    created_at=made_at,
                ),
                state=CampaignState.DRAFT,
            )
            if approved:
                assert await approvals.approve(
                    connection,
                    made.id,
                    version=made.version_id,
                    state=CampaignState.APPROVED,
                    by="room:p1",
                    at=made_at,
                )
        return await self.stored(key)

    async def edit(
        self, key: str, *, audience: Audience | None = None, at: datetime | None = None
    ) -> int:
        """Give a campaign other words, which nobody has approved; the version."""
        found = await self.stored(key)
        async with self.database.writing() as connection:
            return await campaigns.add_version(
                connection,
                found.id,
                body=literal_body(Content("今晚九点直播")),
                audience=audience or Audience(),
                by="room:p2",
                at=at or self.clock.now(),
            )

    async def approve(self, key: str) -> None:
        """Approve a campaign's newest version, now."""
        found = await self.stored(key)
        async with self.database.writing() as connection:
            assert await approvals.approve(
                connection,
                found.id,
                version=found.version_id,
                state=CampaignState.APPROVED,
                by="room:p1",
                at=self.clock.now(),
            )

    async def stored(self, key: str) -> StoredCampaign:
        """The campaign with this key as it stands."""
        async with self.database.reading() as connection:
            found = await campaigns.by_key(connection, key)
        assert found is not None
        return found

    async def halt(self, *, on: bool) -> None:
        """急停, or let sending go on."""
        async with self.database.writing() as connection:
            await set_halt(connection, await self.shop_in(connection), NOW if on else None)

    async def present_groups(self) -> list[str]:
        """The groups that the bot is still in, by name."""
        shop_id = await self.shop()
        async with self.database.reading() as connection:
            return [group.name for group in await groups.all_groups(connection, shop_id)]

    async def take_over(self, holder: str) -> None:
        """Take the lane away from whoever has it."""
        await self.lease(holder)

    async def break_schedule(self, key: str) -> None:
        """Make a campaign's schedule one that no release can read."""
        async with self.database.writing() as connection:
            await connection.execute(
                update(campaign_rows)
                .where(campaign_rows.c.key == key)
                .values(schedule={"kind": "by the moon"})
            )

    async def until_asleep(self, truth: Callable[[], object] = lambda: True) -> None:
        """Wait, in real time, until something is true and a loop sleeps on the clock again."""
        async with asyncio.timeout(20):  # a busy machine
            while not (truth() and self.clock._sleepers):  # noqa: ASYNC110 (nothing rings when a loop falls asleep)
                await asyncio.sleep(0.002)

    async def until_called(self, group: str) -> None:
        """Wait, in real time, until a call for the group of this name came to the platform."""
        async with asyncio.timeout(20):  # a busy machine
            while not self.platform.calls_to(group):  # noqa: ASYNC110 (the platform rings nobody)
                await asyncio.sleep(0.002)

    async def until(self, truth: Callable[[], Awaitable[bool]]) -> None:
        """Wait, in real time, until something is true."""
        async with asyncio.timeout(20):  # a busy machine
            while not await truth():  # noqa: ASYNC110 (the ledger rings nobody)
                await asyncio.sleep(0.002)

    async def stands(self, group: str, state: str) -> bool:
        """Whether the delivery to this group is in this state."""
        return (await self.ledger())[group].state == state

    async def set_state(self, key: str, state: CampaignState) -> None:
        """Put a campaign in a state."""
        found = await self.stored(key)
        async with self.database.writing() as connection:
            await campaigns.set_state(connection, found.id, state)

    async def due(
        self,
        *names: str,
        key: str = "c1",
        slot: str = "once",
        not_after: datetime = NOW + 2 * HOUR,
        body: dict[str, Any] | None = None,
        priority: Priority = Priority.CAMPAIGN,
        approved: bool = True,
    ) -> None:
        """Deliveries that are due now, one for each group named."""
        ids = await self.groups(*names)
        of = await self.campaign(key, body=body, approved=approved)
        planned = PlannedSlot(of.id, of.key, of.version_id, slot, NOW, not_after, priority)
        async with self.database.writing() as connection:
            await plan_for_groups(connection, planned, list(ids.values()), NOW)
            await ring(connection, Bell.SENDERS)

    async def ledger(self, key: str | None = None) -> dict[str, Delivered]:
        """Group → how its delivery stands (of one campaign)."""
        question = (
            select(
                group_rows.c.name,
                ledger.c.state,
                ledger.c.reason,
                ledger.c.not_before,
                ledger.c.receipt,
            )
            .select_from(ledger.join(group_rows).join(campaign_rows))
            .order_by(ledger.c.id)
        )
        if key is not None:
            question = question.where(campaign_rows.c.key == key)
        async with self.database.reading() as connection:
            rows = (await connection.execute(question)).all()
        return {
            row.name: Delivered(row.state, row.reason, row.not_before - NOW, row.receipt)
            for row in rows
        }

    async def slots(self, key: str) -> list[tuple[str, datetime]]:
        """The slots planned of a campaign with their times, each once, in their order."""
        found = await self.stored(key)
        async with self.database.reading() as connection:
            rows = await connection.execute(
                select(ledger.c.slot, ledger.c.not_before)
                .where(ledger.c.campaign_id == found.id)
                .order_by(ledger.c.not_before, ledger.c.id)
            )
            return list(dict.fromkeys((row.slot, row.not_before) for row in rows))

    async def is_planned(self, key: str) -> bool:
        """Whether anything of a campaign is planned."""
        return bool(await self.slots(key))

    async def attempts(self) -> list[tuple[str, str, str | None, str | None]]:
        """(action, key, outcome, reason) of every call, in their order."""
        async with self.database.reading() as connection:
            rows = await connection.execute(
                select(
                    attempts.c.action, attempts.c.key, attempts.c.outcome, attempts.c.reason
                ).order_by(attempts.c.id)
            )
            return [tuple(row) for row in rows]

    async def left_behind(self, *names: str, uncertain: bool) -> None:
        """Leave the due deliveries to these groups as an ended process would."""
        lane = (await self.lease("ended")).lane
        async with self.database.writing() as connection:
            found = await due_room.due(connection, ACCOUNT, NOW, 1_000)
            ready = [one.id for one in found if one.recipient.name in names]
            begun = await deliveries.begin(connection, lane, ready, NOW)
            if uncertain:
                state = DeliveryState.UNCERTAIN
                moves = [Move(delivery, state, "no_answer") for delivery in begun]
                await deliveries.move(connection, lane, moves, NOW)
                ends = [End(attempt, "unclear", "no_answer", NOW) for attempt in begun.values()]
                await attempt_log.end_calls(connection, ends)
