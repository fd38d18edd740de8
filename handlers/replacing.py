"""Which standing campaigns a new one takes the place of, so that nobody is greeted twice.

A campaign of the same programme is replaced where the new one says all that it would have said:
greetings by greetings of the same festivals or more, a countdown by one of the same name or by the
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

from scheduler.campaigns import CampaignState
from scheduler.festivals import festival_keys
from scheduler.programme import topic_of
from storage import campaigns
from storage.campaigns import StoredCampaign
from storage.running_programmes import running_programme

_STANDING = (CampaignState.DRAFT, CampaignState.APPROVED, CampaignState.PAUSED)


async def replaced_by(
    connection: AsyncConnection,
    shop_id: int,
    *,
    key: str,
    programme: str,
    name: str,
    schedule: Mapping[str, Any] | None,
) -> list[StoredCampaign]:
    """The approved campaigns that one made of these parts takes the place of."""
    if schedule is None or schedule["kind"] == "once":
        return []
    standing = await campaigns.in_states(connection, shop_id, _STANDING)
    return [
        one
        for one in standing
        if (one.approved_version is not None or _goes_unapproved(one.schedule))
        and one.key != key
        and one.programme == programme
        and _says_all_of(schedule, name, one)
    ]


def _goes_unapproved(older: Mapping[str, Any]) -> bool:
    """Whether what has such a schedule gives way though nobody has approved it."""
    return _is_prepared(older) or older["kind"] == "countdown"


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


def greeted(schedule: Mapping[str, Any]) -> frozenset[str]:
    """The festivals that a schedule greets on: all, where it names none; none of another kind."""
    if schedule["kind"] == "festivals":
        keys = schedule.get("keys")
        return frozenset(festival_keys() if keys is None else keys)
    if _is_prepared(schedule):
        return frozenset(topic_of(one["slot"]) for one in schedule["moments"])
    return frozenset()


def _is_prepared(schedule: Mapping[str, Any]) -> bool:
    """Whether a schedule is of greetings that were prepared for their days."""
    return schedule["kind"] == "dated" and all(
        topic_of(one["slot"]) in festival_keys() for one in schedule["moments"]
    )


def _years(schedule: Mapping[str, Any]) -> set[str]:
    """The years that written-out moments lie in."""
    return {one["at"][:4] for one in schedule["moments"]}
