"""The planner: turns the occurrences that are coming up into deliveries.

It looks a quarter of an hour ahead. A transaction holds the shop's drafts and approved campaigns,
asks the pure `occurrences_of` what lies between each one's watermark and the horizon, inserts a
delivery for each group of the audience, or for each person of its segment, and moves the watermark;
so nothing is planned twice and nothing that fell due during a downtime is forgotten. What a draft
has planned is held until somebody approves it, and an hour before its moment staff are reminded;
posts that the waiting version leaves as they were approved (see `left_alone.py`) are planned with
the approved one, and go out. A campaign whose schedule cannot be read is left where it stands,
watermark and all, and the others are planned.

A large audience takes several transactions, so that an answer to a fan never waits for a whole
campaign; the watermark stands before an occurrence until all of it is planned. Any number of
processes may plan at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.alarm import Alarm
from scheduler.campaigns import Campaign, CampaignState, Occurrence, occurrences_of
from scheduler.clock import Clock
from scheduler.greeted import left_to_greet
from scheduler.left_alone import left_alone
from scheduler.legal_days import provisional_from
from scheduler.notices import ApprovalMissing, Tell, tell_nobody, unapproved_soon
from scheduler.priorities import Priority
from scheduler.promotions import Promotion
from scheduler.schedule_json import keeps_off_days_off, schedule_from_json
from scheduler.schedules import Changed, Schedule, changed, last_wall
from scheduler.trial_plan import TrialInvalid
from scheduler.variants import parts
from scheduler.wall_time import instant_of, zone_named
from storage import approvals, campaigns
from storage.audiences import Whom, whom
from storage.bells import Bell, ring
from storage.campaigns import StoredCampaign
from storage.database import Database
from storage.errors import SchedulingError
from storage.holds import NOT_APPROVED
from storage.slots import PlannedSlot, plan_for

_log = structlog.get_logger(__name__)

HORIZON = timedelta(minutes=15)
"""How far ahead occurrences become deliveries."""

_ROUND = timedelta(minutes=1)
_PLANNED = (CampaignState.DRAFT, CampaignState.APPROVED)
_UNREADABLE = (SchedulingError, ValueError)
_AT_ONCE = 5_000  # deliveries in one transaction: under 50 ms on SQLite, at no cost in speed
_WEIGHT_OF_PEOPLE = 5  # as many as these takes one to a person, whose way has to be found


def schedule_of(stored: StoredCampaign) -> Schedule:
    """A campaign's schedule without the posts that a manager left out.

    Raises:
        SchedulingError: it cannot be read.
    """
    schedule = schedule_from_json(stored.schedule)
    if not stored.skipped:
        return schedule
    before = schedule if isinstance(schedule, Changed) else Changed(schedule)
    skipped = before.skipped | frozenset(stored.skipped)
    return changed(schedule, skipped=skipped, moved=before.moved)


def campaign_value(stored: StoredCampaign) -> Campaign:
    """The stored campaign as the value that schedules are reckoned with.

    Raises:
        SchedulingError: its schedule, zone or promotion cannot be read.
        ValueError: its priority is none, or it would never be valid.
    """
    promotion = stored.promotion
    return Campaign(
        key=stored.key,
        programme=stored.programme,
        name=stored.name,
        schedule=schedule_of(stored),
        zone=stored.zone,
        valid_for=timedelta(seconds=stored.valid_seconds),
        state=stored.state,
        priority=Priority(stored.priority),
        promotion=None if promotion is None else Promotion.from_json(promotion),
    )


@dataclass(frozen=True, slots=True)
class _Post:
    """An occurrence to be planned, and the content version that it says."""

    occurrence: Occurrence
    version_id: int


@dataclass(frozen=True, slots=True)
class _Begun:
    """An occurrence that is planned for the first `done` of those whom a version is for."""

    campaign_id: int
    slot: str
    version_id: int
    done: int = 0


@dataclass(slots=True)
class _Round:
    """One look ahead, in as many transactions as it takes."""

    now: datetime
    until: datetime
    audiences: dict[int, Whom] = field(default_factory=dict)  # version → whom it is for
    resume: _Begun | None = None  # where the last transaction stopped
    begun: _Begun | None = None  # where this one had to stop
    room: int = 0  # how many more deliveries this transaction may insert
    made: int = 0


class Planner:
    """Plans one shop's campaigns. `run` it, or call `plan_ahead` step by step.

    Args:
        database: where campaigns and the ledger are.
        shop_id: whose campaigns.
        clock: tells what is coming up.
        tell: told of approvals that are missing.
        reaches_staff: whether whoever is told reaches anybody now; if not, reminding is left to
            another process.
    """

    def __init__(
        self,
        *,
        database: Database,
        shop_id: int,
        clock: Clock,
        tell: Tell = tell_nobody,
        reaches_staff: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._shop_id = shop_id
        self._clock = clock
        self._tell = tell
        self._reaches_staff = reaches_staff
        self._alarm = Alarm(clock)

    async def run(self) -> None:
        """Plan every minute, and whenever a campaign changes, until cancelled."""
        end_listening = self._database.bells.listen(self._hear)
        try:
            while True:
                await self.plan_ahead()
                await self._alarm.sleep_until(self._clock.now() + _ROUND)
        finally:
            end_listening()

    def _hear(self, bell: Bell) -> None:
        if bell is Bell.PLANNER:
            self._alarm.ring()

    async def plan_ahead(self) -> int:
        """Plan what is due within the horizon, and remind staff; how many deliveries are new."""
        now = self._clock.now()
        look = _Round(now, now + HORIZON)
        while True:
            # Whom it is for is asked before, so that nobody waits for the answer with a lock.
            async with self._database.reading() as connection:
                await self._look_up(connection, look)
            async with self._database.writing() as connection:
                await self._plan_some(connection, look)
            if look.begun is None:
                break
        if look.made:
            _log.info("planned", deliveries=look.made)
        await self._remind(now)
        return look.made

    async def _look_up(self, connection: AsyncConnection, look: _Round) -> None:
        """Find whom the next occurrences are for, of as many as one transaction may plan."""
        begun = look.begun
        kept = {begun.version_id} & look.audiences.keys() if begun is not None else ()
        look.audiences = {version: look.audiences[version] for version in kept}
        wanted = 0
        standing = await campaigns.in_states(connection, self._shop_id, _PLANNED)
        if any(keeps_off_days_off(stored.schedule) for stored in standing):
            await asyncio.to_thread(provisional_from)  # the library is big, and comes once
        for stored in standing:
            try:
                _, coming = _read(stored, look.until)
            except _UNREADABLE:
                continue  # planning tells
            posts = await _posts(connection, stored, coming)
            # What is left alone is for the same people as what the newest version says.
            if lacking := {post.version_id for post in posts} - look.audiences.keys():
                meant = await whom(connection, self._shop_id, stored.audience, look.now)
                meant = await left_to_greet(connection, stored, meant)
                look.audiences |= dict.fromkeys(lacking, meant)
            wanted += sum(len(look.audiences[post.version_id]) for post in posts)
            if wanted >= _AT_ONCE and (begun is None or stored.id >= begun.campaign_id):
                break

    async def _plan_some(self, connection: AsyncConnection, look: _Round) -> None:
        """Plan campaign after campaign while there is room."""
        look.resume, look.begun, look.room = look.begun, None, _AT_ONCE
        made_before = look.made
        done: list[int] = []
        for stored in await campaigns.in_states(connection, self._shop_id, _PLANNED, hold=True):
            try:
                value, coming = _read(stored, look.until)
            except _UNREADABLE as broken:
                _log.error("campaign_unreadable", campaign=stored.key, reason=str(broken))
                continue
            try:
                posts = await _posts(connection, stored, coming)
                if not await _plan_campaign(connection, stored, posts, look):
                    break
            except TrialInvalid as broken:
                _log.error("campaign_unreadable", campaign=stored.key, reason=str(broken))
                continue
            done.append(stored.id)
            if _is_over(value, look):
                reason = NOT_APPROVED if stored.state is CampaignState.DRAFT else None
                await campaigns.set_state(connection, stored.id, CampaignState.FINISHED, reason)
        await campaigns.advance(connection, done, look.until)
        if look.made > made_before:
            await ring(connection, Bell.SENDERS)

    async def _remind(self, now: datetime) -> None:
        """Tell staff, once for each version, what speaks within the hour and is not approved."""
        if not self._reaches_staff():
            return
        async with self._database.reading() as connection:
            drafts = await campaigns.unreminded(connection, self._shop_id)
            notices = {one.version_id: await _missing(connection, one, now) for one in drafts}
        for version_id, notice in notices.items():
            if notice is None:
                continue
            async with self._database.writing() as connection:
                first = await approvals.note_reminded(connection, version_id, now)
            if first:
                self._tell(notice)


def _read(stored: StoredCampaign, until: datetime) -> tuple[Campaign, list[Occurrence]]:
    """A campaign as a value, and what of it is to be planned up to `until`."""
    value = campaign_value(stored)
    return value, occurrences_of(value, stored.planned_until, until)


async def _posts(
    connection: AsyncConnection, stored: StoredCampaign, coming: Sequence[Occurrence]
) -> list[_Post]:
    """What each occurrence says: the newest version, or the approved one, which says the same."""
    alone = await left_alone(connection, stored, [one.slot for one in coming])
    approved = stored.approved_version
    return [
        _Post(one, approved if approved is not None and one.slot in alone else stored.version_id)
        for one in coming
    ]


async def _plan_campaign(
    connection: AsyncConnection, stored: StoredCampaign, posts: Sequence[_Post], look: _Round
) -> bool:
    """Plan a campaign's occurrences in their order; False where it had to stop."""
    for post in posts:
        look.begun = await _plan_occurrence(connection, stored, post, look)
        if look.begun is not None:
            return False
        await campaigns.advance(connection, [stored.id], post.occurrence.at)
    return True


async def _plan_occurrence(
    connection: AsyncConnection, stored: StoredCampaign, post: _Post, look: _Round
) -> _Begun | None:
    """Insert the deliveries of one occurrence; where it had to stop, None at the end of them."""
    occurrence = post.occurrence
    start = _start_of(stored, post, look.resume)
    audience = look.audiences.get(start.version_id)
    if audience is None:  # it has not been looked up yet, or was edited since
        return start
    weight = _WEIGHT_OF_PEOPLE if audience.in_private else 1
    some = audience.part(start.done, max(0, -(-look.room // weight)))  # one, where there is room
    planned = PlannedSlot(
        campaign_id=stored.id,
        campaign_key=stored.key,
        version_id=start.version_id,
        slot=occurrence.slot,
        not_before=occurrence.at,
        not_after=occurrence.not_after,
        priority=stored.priority,
    )
    body = (await campaigns.bodies(connection, [start.version_id]))[start.version_id]
    for variant, those in await parts(connection, planned, some, body, look.now):
        look.made += await plan_for(connection, replace(planned, variant=variant), those, look.now)
    look.room -= len(some) * weight
    done = start.done + len(some)
    return None if done == len(audience) else replace(start, done=done)


def _start_of(stored: StoredCampaign, post: _Post, begun: _Begun | None) -> _Begun:
    """Where to go on with an occurrence: where the last transaction stopped, or at the beginning.

    An occurrence that was begun with an approved version is planned to its end with that, even
    if there is a newer one now. Of what none is planned of yet nothing was begun: its version may
    be another one by now, and nobody has looked up whom the old one was for.
    """
    if (
        begun is not None
        and begun.done
        and (begun.campaign_id, begun.slot) == (stored.id, post.occurrence.slot)
        and begun.version_id in (stored.version_id, stored.approved_version)
    ):
        return begun
    return _Begun(stored.id, post.occurrence.slot, post.version_id)


async def _missing(
    connection: AsyncConnection, stored: StoredCampaign, now: datetime
) -> ApprovalMissing | None:
    """What to remind staff of; nothing of a campaign that cannot be read."""
    try:
        campaign = campaign_value(stored)
    except _UNREADABLE:
        return None  # planning tells
    coming = unapproved_soon(campaign, stored.submitted_at, now)
    alone = await left_alone(connection, stored, [one.slot for one in coming])
    held = [one for one in coming if one.slot not in alone]
    return ApprovalMissing(stored.id, campaign.name, held[0].at) if held else None


def _is_over(campaign: Campaign, look: _Round) -> bool:
    """Whether all moments of a campaign that has a last one are planned; a draft's, past."""
    zone = zone_named(campaign.zone)
    wall = last_wall(campaign.schedule)
    if wall is None:
        return False
    last = instant_of(wall, zone)
    if campaign.state is CampaignState.DRAFT:
        return last + campaign.valid_for < look.now
    return last <= look.until
