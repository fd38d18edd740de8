"""What the shop wants to say during the faults: a wave of deliveries, and another one.

A wave is one campaign, drawn from the seed: to groups, planned by whichever process comes first;
or to members in private, written into the ledger here, because audiences of persons are not
planned yet. Some are order notices, some hold for a moment only.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.bodies import literal_body
from scheduler.content import Content
from scheduler.priorities import Priority
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Once
from storage import approvals, campaigns, steering
from storage.audiences import Audience
from storage.bells import Bell, ring
from storage.campaigns import CampaignState, NewCampaign, StoredCampaign
from storage.database import Database
from storage.groups import Group, ensure_groups
from storage.members import Seen, ensure_members
from storage.shops import ensure_shop
from storage.slots import PlannedSlot
from tests.faults.lane_process import SHOP
from tests.faults.scale import ACCOUNTS, GROUPS_EACH, MEMBERS_EACH
from tests.storage.private_deliveries import deliver_to

WAVE = 120  # addresses at most
LONG = 3_600  # seconds
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a wave is: how often in twenty, how urgent, to whom, valid for how many seconds."""

    often: int
    priority: Priority
    private: bool
    valid_seconds: int


KINDS: Mapping[str, Kind] = {
    "campaign": Kind(8, Priority.CAMPAIGN, private=False, valid_seconds=LONG),
    "post": Kind(3, Priority.POST, private=False, valid_seconds=LONG),
    "flash": Kind(1, Priority.CAMPAIGN, private=False, valid_seconds=1),
    "letter": Kind(3, Priority.CAMPAIGN, private=True, valid_seconds=LONG),
    "order": Kind(4, Priority.NOTICE, private=True, valid_seconds=LONG),
    "pickup": Kind(1, Priority.NOTICE, private=True, valid_seconds=1),
}


@dataclass(slots=True)
class Waves:
    """The shop, its groups and members, and what it has said so far. Make it with `found`."""

    database: Database
    chance: random.Random
    shop_id: int
    groups: Sequence[Group]
    members: Mapping[str, Sequence[int]]  # account → ids
    coming: list[str] = field(default_factory=list)  # kinds of the next waves
    number: int = 0  # of waves so far
    planned: int = 0  # deliveries so far
    to_groups: dict[str, Group] = field(default_factory=dict)  # key of a delivery → its group
    steerable: list[int] = field(default_factory=list)  # campaigns that may still be cancelled

    @classmethod
    async def found(cls, database: Database, chance: random.Random) -> Waves:
        """A shop with groups and members on every account."""
        now = datetime.now(UTC)
        groups: list[Group] = []
        members: dict[str, Sequence[int]] = {}
        async with database.writing() as connection:
            shop_id = await ensure_shop(connection, SHOP)
            for account in ACCOUNTS:
                chats = [(f"{account}-g{number}", f"{number}群") for number in range(GROUPS_EACH)]
                made = await ensure_groups(connection, shop_id, account, chats, now)
                groups += sorted(made.values(), key=lambda group: group.id)
                people = [Seen(f"{account}-p{number}", "粉丝") for number in range(MEMBERS_EACH)]
                seen = await ensure_members(connection, account, people, now)
                members[account] = sorted(member.id for member in seen.values())
        return cls(database, chance, shop_id, groups, members)

    async def add(self, number: int) -> None:
        """Say something new, now: one wave after another, to so many addresses in all."""
        end = self.planned + number
        while self.planned < end:
            await self._add_one(end - self.planned)

    async def _add_one(self, most: int) -> None:
        if not self.coming:
            self.coming = [name for name, kind in KINDS.items() for _ in range(kind.often)]
            self.chance.shuffle(self.coming)
        name = self.coming.pop()
        kind = KINDS[name]
        self.number += 1
        key = f"{name}-{self.number}"
        now = datetime.now(UTC)
        async with self.database.writing() as connection:
            if kind.private:
                await self._write_down(connection, key, kind, min(most, WAVE), now)
                return
            chosen = self.chance.sample(self.groups, min(most, WAVE))
            made = await self._campaign(connection, key, kind, (now, now), chosen)
            self.planned += len(chosen)
            self.to_groups |= {
                f"{key}/once/{group.account}/group:{group.chat}": group for group in chosen
            }
            if kind.priority is Priority.CAMPAIGN:
                self.steerable.append(made.id)

    async def _write_down(
        self, connection: AsyncConnection, key: str, kind: Kind, size: int, now: datetime
    ) -> None:
        # Its schedule is over, so that nobody plans it for groups.
        made = await self._campaign(connection, key, kind, (now - DAY, now), self.groups[:1])
        slot = PlannedSlot(
            campaign_id=made.id,
            campaign_key=key,
            version_id=made.version_id,
            slot="once",
            not_before=now,
            not_after=now + timedelta(seconds=kind.valid_seconds),
            priority=kind.priority,
        )
        for account, people in self.members.items():
            chosen = self.chance.sample(people, min(-(-size // len(ACCOUNTS)), len(people)))
            self.planned += await deliver_to(connection, slot, account, chosen, now)
        await ring(connection, Bell.SENDERS)

    async def _campaign(
        self,
        connection: AsyncConnection,
        key: str,
        kind: Kind,
        moments: tuple[datetime, datetime],
        audience: Sequence[Group],
    ) -> StoredCampaign:
        """A campaign that speaks at the first of the moments, made and approved at the second."""
        at, now = moments
        made = await campaigns.create(
            connection,
            self.shop_id,
            NewCampaign(
                key=key,
                programme="broadcast",
                name=key,
                schedule=schedule_to_json(Once(at.replace(tzinfo=None))),
                zone="UTC",
                valid_seconds=kind.valid_seconds,
                audience=Audience(taken=tuple(sorted(group.id for group in audience))),
                body=literal_body(Content("今晚八点直播")),
                created_by="staff",
                created_at=now,
                priority=kind.priority,
            ),
            state=CampaignState.DRAFT,
        )
        await approvals.approve(
            connection,
            made.id,
            version=made.version_id,
            state=CampaignState.APPROVED,
            by="staff",
            at=now,
        )
        return made

    async def cancel_one(self) -> None:
        """Cancel one of the campaigns, with what it has still planned."""
        if not self.steerable:
            return
        campaign = self.steerable.pop(self.chance.randrange(len(self.steerable)))
        now = datetime.now(UTC)
        async with self.database.writing() as connection:
            await campaigns.set_state(connection, campaign, CampaignState.CANCELLED)
            await steering.cancel_planned(connection, campaign, "cancelled_by_staff", now)
