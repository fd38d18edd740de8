"""The planner: turns the occurrences that are coming up into deliveries.

It looks a quarter of an hour ahead. One transaction holds the approved campaigns, asks the pure
`occurrences_of` what lies between each one's watermark and the horizon, inserts a delivery for
each group of the audience, and moves the watermarks; so nothing is planned twice and nothing
that fell due during a downtime is forgotten. A campaign whose schedule cannot be read is left
where it stands, watermark and all, and the others are planned.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from scheduler.alarm import Alarm
from scheduler.campaigns import Campaign, CampaignState, occurrences_of
from scheduler.clock import Clock
from scheduler.schedule_json import schedule_from_json
from scheduler.schedules import Countdown, Once
from scheduler.wall_time import instant_of, last_second_of, zone_named
from storage import campaigns, deliveries, groups
from storage.campaigns import StoredCampaign
from storage.database import Database
from storage.deliveries import PlannedSlot
from storage.errors import SchedulingError

_log = structlog.get_logger(__name__)

HORIZON = timedelta(minutes=15)
"""How far ahead occurrences become deliveries."""

_ROUND = timedelta(minutes=1)


def campaign_value(stored: StoredCampaign) -> Campaign:
    """The stored campaign as the value that schedules are reckoned with."""
    return Campaign(
        key=stored.key,
        programme=stored.programme,
        name=stored.name,
        schedule=schedule_from_json(stored.schedule),
        zone=stored.zone,
        valid_for=timedelta(seconds=stored.valid_seconds),
        state=CampaignState(stored.state),
    )


class Planner:
    """Plans one shop's campaigns. `run` it, or call `plan_ahead` step by step."""

    def __init__(
        self, *, database: Database, shop_id: int, clock: Clock, planned: Callable[[], None]
    ) -> None:
        self._database = database
        self._shop_id = shop_id
        self._clock = clock
        self._planned = planned
        self._alarm = Alarm(clock)

    def ring(self) -> None:
        """Plan at once: a campaign was approved."""
        self._alarm.ring()

    async def run(self) -> None:
        """Plan every minute, and whenever rung, until cancelled."""
        while True:
            await self.plan_ahead()
            await self._alarm.sleep_until(self._clock.now() + _ROUND)

    async def plan_ahead(self) -> int:
        """Plan what is due within the horizon; how many deliveries are new."""
        now = self._clock.now()
        until = now + HORIZON
        made = 0
        async with self._database.writing() as connection:
            approved = await campaigns.in_states(
                connection, self._shop_id, [CampaignState.APPROVED], hold=True
            )
            read: list[int] = []
            for stored in approved:
                try:
                    value = campaign_value(stored)
                    slots = _slots(stored, value, until)
                except SchedulingError as broken:
                    _log.error("campaign_unreadable", campaign=stored.key, reason=str(broken))
                    continue
                read.append(stored.id)
                for slot in slots:
                    meant = await groups.resolve(connection, self._shop_id, stored.audience)
                    made += await deliveries.plan_for_groups(
                        connection, slot, [group.id for group in meant.groups], now
                    )
                if _is_over(value, until):
                    await campaigns.set_state(connection, stored.id, CampaignState.FINISHED)
            await campaigns.advance(connection, read, until)
        if made:
            _log.info("planned", deliveries=made)
            self._planned()
        return made


def _slots(stored: StoredCampaign, value: Campaign, until: datetime) -> list[PlannedSlot]:
    """The occurrences of a campaign between its watermark and `until`."""
    if stored.approved_version is None or stored.planned_until is None:
        return []
    return [
        PlannedSlot(
            campaign_id=stored.id,
            campaign_key=stored.key,
            version_id=stored.approved_version,
            slot=occurrence.slot,
            not_before=occurrence.at,
            not_after=occurrence.not_after,
        )
        for occurrence in occurrences_of(value, stored.planned_until, until)
    ]


def _is_over(campaign: Campaign, until: datetime) -> bool:
    """Whether a campaign that has a last moment has it behind it at `until`."""
    zone = zone_named(campaign.zone)
    match campaign.schedule:
        case Once(at):
            return instant_of(at, zone) <= until
        case Countdown(day):
            return last_second_of(day, zone) <= until
        case _:
            return False
