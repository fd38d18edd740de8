"""Which standing campaigns a new one takes the place of, so that nobody is greeted twice.

A campaign of the same programme is replaced where the new one says all that it would have said:
greetings by greetings of the same festivals or more (a prepared one only where all of its groups
are greeted, see `scheduler/greeted.py`), a countdown by one of the same name or by the
programme that holds it. A post of one moment replaces nothing. It happens when the new one is
approved, not before. What nobody has approved stands in no one's way, but for a greeting that was
prepared for one day, which would be shown for approval again and again, and for a countdown that a
programme holds: while the programme is on, no countdown beside it is made or approved (`Covered`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.greeted import STANDING, greeted, is_prepared
from storage import campaigns
from storage.audiences import Audience, aims_of
from storage.campaigns import StoredCampaign
from storage.running_programmes import running_programme


async def replaced_by(
    connection: AsyncConnection,
    shop_id: int,
    *,
    key: str,
    programme: str,
    name: str,
    schedule: Mapping[str, Any] | None,
    audience: Audience | None = None,
) -> list[StoredCampaign]:
    """The approved campaigns that one made of these parts takes the place of.

    A greeting that was prepared for more groups than `audience` (None: all) stays, for the others.
    """
    if schedule is None or schedule["kind"] == "once":
        return []
    standing = await campaigns.in_states(connection, shop_id, STANDING)
    found = [
        one
        for one in standing
        if (one.approved_version is not None or _goes_unapproved(one.schedule))
        and one.key != key
        and one.programme == programme
        and _says_all_of(schedule, name, one)
    ]
    if audience is None or schedule["kind"] != "festivals":
        return found
    reached = {group for group, _ in await aims_of(connection, shop_id, audience)}
    return [
        one
        for one in found
        if not is_prepared(one.schedule)
        or {group for group, _ in await aims_of(connection, shop_id, one.audience)} <= reached
    ]


async def narrowed_by(connection: AsyncConnection, new: StoredCampaign) -> list[StoredCampaign]:
    """The prepared greetings that leave some of their groups to an approved campaign."""
    if new.schedule["kind"] != "festivals":
        return []
    standing = await campaigns.in_states(connection, new.shop_id, STANDING)
    said = greeted(new.schedule)
    return [
        one
        for one in standing
        if one.running_id is not None
        and is_prepared(one.schedule)
        and greeted(one.schedule) <= said
    ]


def _goes_unapproved(older: Mapping[str, Any]) -> bool:
    """Whether what has such a schedule gives way though nobody has approved it."""
    return is_prepared(older) or older["kind"] == "countdown"


@dataclass(frozen=True, slots=True)
class Covered:
    """A countdown that a programme which is on holds already; its key."""

    programme: str


async def covered(
    connection: AsyncConnection,
    shop_id: int,
    programme: str,
    schedule: Mapping[str, Any] | None,
) -> Covered | None:
    """The programme that is on and says what a countdown would say; None where there is none."""
    if schedule is None or schedule["kind"] != "countdown":
        return None
    year = date.fromisoformat(schedule["day"]).year
    running = await running_programme(connection, shop_id, programme, year)
    return Covered(programme) if running is not None and running.is_on else None


def _says_all_of(schedule: Mapping[str, Any], name: str, older: StoredCampaign) -> bool:
    said, before = greeted(schedule), greeted(older.schedule)
    if said and before:
        return before <= said
    if schedule["kind"] == "dated" and older.schedule["kind"] == "countdown":
        return _years(schedule) == {older.schedule["day"][:4]}
    return older.name == name and (schedule["kind"] == "dated") == _is_dated(older)


def _is_dated(older: StoredCampaign) -> bool:
    """Whether a programme wrote its moments out: a countdown is less, and does not replace it."""
    return bool(older.schedule["kind"] == "dated")


def _years(schedule: Mapping[str, Any]) -> set[str]:
    """The years that written-out moments lie in."""
    return {one["at"][:4] for one in schedule["moments"]}
