"""Which posts a content version that waits for approval leaves as they were approved.

One post of a programme may be reworded or moved while the others stand. Those say and do exactly
what somebody has approved, so they go out; only what is really new waits. The planner asks this
before it plans a draft, whoever writes a new version asks it of what is planned already, and floor
4 says with it what waits and what does not.

A post is left alone where both versions say the same of it (see `bodies.said_at`), at the same
moment, to the same people, and the plan of a trial is the same: a trial is of all posts together.
Where nothing is new but what a manager lets the words pass, no post is: the words that stand need
it, and without it the wording rules would drop them while it waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.bodies import arms_of, said_at
from scheduler.schedule_json import schedule_from_json
from scheduler.schedules import Changed, Dated, unchanged
from storage.campaigns import StoredCampaign, known
from storage.content_versions import ContentVersion, say_as_approved, versions
from storage.errors import SchedulingError
from storage.single_posts import slots_waiting


async def left_alone(
    connection: AsyncConnection, campaign: StoredCampaign, slots: Iterable[str]
) -> frozenset[str]:
    """Those of these slots that go out as approved while the campaign's newest version waits.

    None of a campaign that has nothing approved; none either where nothing waits.
    """
    approved, newest = campaign.approved_version, campaign.version_id
    asked = frozenset(slots)
    if approved is None or approved == newest or not asked:
        return frozenset()
    found = await versions(connection, [approved, newest])
    return alike(found[approved], found[newest], asked)


async def would_be_left(
    connection: AsyncConnection, campaign: StoredCampaign, proposed: ContentVersion
) -> frozenset[str]:
    """The posts that would go out as approved while this version of a campaign waits.

    Only of a campaign whose moments are written out: of others nobody is told post by post.
    """
    approved, schedule = campaign.approved_version, schedule_from_json(proposed.schedule)
    plain = unchanged(schedule)
    if approved is None or not isinstance(plain, Dated):
        return frozenset()
    before = (await versions(connection, [approved]))[approved]
    return alike(before, proposed, [one.slot for one in plain.moments])


async def stand_by_approved(connection: AsyncConnection, campaign_id: int, at: datetime) -> None:
    """Let what is planned and waits say what is approved, where the newest version leaves it alone.

    The caller holds the campaign, and has changed which version is its newest, or what is planned.
    """
    campaign = await known(connection, campaign_id)
    slots = await left_alone(connection, campaign, await slots_waiting(connection, campaign_id))
    await say_as_approved(connection, campaign_id, slots, at)


def alike(before: ContentVersion, after: ContentVersion, slots: Iterable[str]) -> frozenset[str]:
    """Those of these slots of which two versions say the same, at the same moment, to the same.

    What cannot be read is not alike.
    """
    try:
        if before.audience.to_json() != after.audience.to_json() or not _same_trial(before, after):
            return frozenset()
        if _let_pass_alone(before, after):
            return frozenset()
        stood, stands = _Moments(before.schedule), _Moments(after.schedule)
    except SchedulingError:
        return frozenset()
    return frozenset(
        slot
        for slot in slots
        if stood.of(slot) == stands.of(slot) and _says_the_same(before.body, after.body, slot)
    )


class _Moments:
    """When each slot of a schedule is: by itself where moments are written out, or by the rule."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        schedule = schedule_from_json(document)
        self._moved = schedule.moved if isinstance(schedule, Changed) else {}
        self._skipped = schedule.skipped if isinstance(schedule, Changed) else frozenset()
        self._plain = unchanged(schedule)
        dated = self._plain.moments if isinstance(self._plain, Dated) else ()
        self._dated = {one.slot: one for one in dated}

    def of(self, slot: str) -> tuple[object, datetime | None, bool]:
        rule = self._dated.get(slot) if isinstance(self._plain, Dated) else self._plain
        return rule, self._moved.get(slot), slot in self._skipped


def _same_trial(before: ContentVersion, after: ContentVersion) -> bool:
    """Whether both versions try the same, on the same arms, or neither tries anything."""
    if before.body.get("test") != after.body.get("test"):
        return False
    return "test" not in after.body or arms_of(before.body) == arms_of(after.body)


def _let_pass_alone(before: ContentVersion, after: ContentVersion) -> bool:
    """Whether two versions differ in what a manager lets them pass, and in no words."""
    parts = (before.body.keys() | after.body.keys()) - {"overrides"}
    as_before = all(before.body.get(part) == after.body.get(part) for part in parts)
    return as_before and before.body.get("overrides") != after.body.get("overrides")


def _says_the_same(before: Mapping[str, Any], after: Mapping[str, Any], slot: str) -> bool:
    try:
        return said_at(before, slot) == said_at(after, slot)
    except SchedulingError:
        return False
