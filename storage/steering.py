"""Steering: what a manager does to all deliveries of a campaign, or to those that ended badly.

What a sender may be deciding about is changed only while the lanes are held, so no decision is
in the middle; what is under way at a platform is never touched.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, false, func, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audiences import Audience, Whom
from storage.audit import Entry, note
from storage.bells import Bell, ring
from storage.bulk import among
from storage.deliveries import DeliveryState
from storage.lanes import hold_lanes
from storage.segments import people_in
from storage.slots import PlannedSlot, by_topic, plan_for
from storage.tables import campaigns, content_versions, deliveries, groups, members

AUDIENCE_CHANGED = "audience_changed"
"""Why a delivery was cancelled: who is meant changed while it waited for approval."""
LEFT_SEGMENT = "left_segment"
"""Why a private delivery was cancelled: this person is none of those whom it is for any more."""
RETRIED = "retried"
"""Why a delivery that had failed is planned again."""
RESOLVED_SENT = "resolved_sent"
RESOLVED_NOT_SENT = "resolved_not_sent"
"""What a manager said about a delivery that was uncertain."""

# Written into the statement, for the index over what is planned; see due.py.
_PLANNED = deliveries.c.state == literal_column("'planned'")


async def cancel_planned(
    connection: AsyncConnection,
    campaign_id: int,
    reason: str,
    at: datetime,
    *,
    groups: Collection[int] | None = None,
) -> int:
    """Cancel what a campaign still has planned; how many. What is under way is not touched.

    With `groups` what it has planned for others stays.
    """
    await hold_lanes(connection)
    which = deliveries.c.campaign_id == campaign_id
    if groups is not None:
        which &= deliveries.c.group_id.in_(list(groups))
    return await _cancel(connection, which, reason, at)


async def _cancel(
    connection: AsyncConnection, which: ColumnElement[bool], reason: str, at: datetime
) -> int:
    gone = await connection.execute(
        update(deliveries)
        .where(which, _PLANNED)
        .values(
            # A notice that was to go once more may have arrived the first time.
            state=case(
                (deliveries.c.resent, DeliveryState.UNCERTAIN.value),
                else_=DeliveryState.CANCELLED.value,
            ),
            reason=reason,
            moved_at=at,
        )
    )
    await ring(connection, Bell.STOP)
    return gone.rowcount


async def cancel_planned_in(
    connection: AsyncConnection, group_id: int, reason: str, at: datetime
) -> int:
    """Cancel what is planned for a group, whichever campaign's; how many."""
    await hold_lanes(connection)
    return await _cancel(connection, deliveries.c.group_id == group_id, reason, at)


async def cancel_for_who_left(connection: AsyncConnection, customer_id: int, at: datetime) -> int:
    """Cancel what is planned for a customer who carries its tags no longer; how many.

    For whoever takes a tag away: what a message rests on must stand when it goes out. No lane is
    held: what is under way goes on, and what is decided about cannot begin any more.
    """
    theirs = select(members.c.id).where(members.c.customer_id == customer_id)
    waiting = await connection.execute(
        select(deliveries.c.id, content_versions.c.audience)
        .join(content_versions, content_versions.c.id == deliveries.c.version_id)
        .where(deliveries.c.member_id.in_(theirs), _PLANNED)
    )
    left = []
    for delivery, audience in waiting.all():
        segment = Audience.from_json(audience).segment
        if segment is None:
            continue
        if await connection.scalar(theirs.where(people_in(segment, at)).limit(1)) is None:
            left.append(delivery)
    if not left:
        return 0
    return await _cancel(connection, among(deliveries.c.id, left), LEFT_SEGMENT, at)


async def release(
    connection: AsyncConnection,
    reasons: Collection[str],
    at: datetime,
    campaign_id: int | None = None,
) -> int:
    """Let go at once what was put off for one of these reasons, of one campaign or of all.

    The lanes are held: a sender that was about to put something off for such a reason has done
    so before, or finds that the reason is gone.

    Only what was due already is ever put off by a decision, so nothing leaves too early.
    """
    await hold_lanes(connection)
    held = (
        update(deliveries)
        .where(_PLANNED, deliveries.c.reason.in_(list(reasons)), deliveries.c.not_before > at)
        .values(not_before=at, reason=None)
    )
    if campaign_id is not None:
        held = held.where(deliveries.c.campaign_id == campaign_id)
    freed = await connection.execute(held)
    await ring(connection, Bell.SENDERS)
    return freed.rowcount


async def say_instead(
    connection: AsyncConnection,
    campaign_id: int,
    version_id: int,
    at: datetime,
    divide: Callable[[PlannedSlot], Awaitable[Sequence[tuple[str | None, Whom]]]],
) -> None:
    """Let what a campaign has planned in words that nobody approved say this version.

    `divide` tells whom the version is for, by the variants of a slot: of every slot that waits,
    those who are no longer meant are cancelled, and those who are meant now are added. What is
    planned with an approved version keeps it. The caller holds the lanes and the campaign.
    """
    never_approved = select(content_versions.c.id).where(
        content_versions.c.campaign_id == campaign_id,
        content_versions.c.id != version_id,
        content_versions.c.approved_at.is_(None),
    )
    waits = and_(
        deliveries.c.campaign_id == campaign_id,
        _PLANNED,
        deliveries.c.version_id.in_(never_approved),
    )
    left_out = and_(
        deliveries.c.campaign_id == campaign_id,
        deliveries.c.state == DeliveryState.CANCELLED,
        deliveries.c.reason == AUDIENCE_CHANGED,
        deliveries.c.not_after >= at,
    )
    slots = await connection.execute(
        select(
            deliveries.c.slot,
            campaigns.c.key,
            campaigns.c.priority,
            func.min(deliveries.c.not_before).label("not_before"),
            func.max(deliveries.c.not_after).label("not_after"),
        )
        .join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
        .where(or_(waits, left_out))
        .group_by(deliveries.c.slot, campaigns.c.key, campaigns.c.priority)
    )
    found = slots.all()
    if not found:
        return
    divided: list[tuple[PlannedSlot, Whom]] = []
    for row in found:
        # What was put off for good stands just behind its end; whoever is new is due now.
        begins = row.not_before if row.not_before <= row.not_after else at
        slot = PlannedSlot(
            campaign_id, row.key, version_id, row.slot, begins, row.not_after, row.priority
        )
        divided += [(replace(slot, variant=one), those) for one, those in await divide(slot)]
    # Who was left out by an edit before this one, and is meant again.
    due = case(
        (deliveries.c.not_before <= deliveries.c.not_after, deliveries.c.not_before), else_=at
    )
    for slot, those in divided:
        meant = and_(deliveries.c.slot == slot.slot, or_(false(), *_addressed(those)))
        said = {"version_id": version_id, "variant": slot.variant}
        await connection.execute(update(deliveries).where(waits, meant).values(said))
        await connection.execute(
            update(deliveries)
            .where(left_out, meant)
            .values(**said, state=DeliveryState.PLANNED, reason=None, not_before=due, moved_at=at)
        )
    await connection.execute(
        update(deliveries)
        .where(waits)
        .values(state=DeliveryState.CANCELLED, reason=AUDIENCE_CHANGED, moved_at=at)
    )
    for slot, those in divided:
        if slot.not_after >= at:
            await plan_for(connection, slot, those, at)


def _addressed(whom: Whom) -> Iterator[ColumnElement[bool]]:
    """What a delivery fulfils that goes to one of these."""
    if whom.in_private:
        theirs = select(members.c.id).where(among(members.c.customer_id, whom.customers))
        yield deliveries.c.member_id.in_(theirs)
    for topic, group_ids in by_topic(whom.aims).items():
        address = deliveries.c.address
        there = among(deliveries.c.group_id, group_ids)
        if topic is None:
            yield and_(there, ~address.contains("#"))
        else:
            yield and_(there, address.endswith(f"#{topic}", autoescape=True))


@dataclass(frozen=True, slots=True)
class Retried:
    """How many failed deliveries go out again, and for how many it is too late."""

    again: int
    too_late: int


async def retry_failed(connection: AsyncConnection, campaign_id: int, at: datetime) -> Retried:
    """Plan again what failed and is still valid; the attempts stay.

    What failed was certainly not sent, so nobody gets anything twice. Of a campaign that is
    cancelled nothing is planned again.
    """
    await hold_lanes(connection)
    failed = and_(
        deliveries.c.campaign_id == campaign_id, deliveries.c.state == DeliveryState.FAILED
    )
    too_late = await connection.scalar(
        select(func.count()).select_from(deliveries).where(failed, deliveries.c.not_after < at)
    )
    cancelled = select(campaigns.c.id).where(campaigns.c.state == "cancelled")
    planned = await connection.execute(
        update(deliveries)
        .where(failed, deliveries.c.not_after >= at, deliveries.c.campaign_id.not_in(cancelled))
        .values(state=DeliveryState.PLANNED, reason=RETRIED, tries=0, not_before=at, moved_at=at)
    )
    await ring(connection, Bell.SENDERS)
    return Retried(planned.rowcount, too_late or 0)


async def resolve(
    connection: AsyncConnection, delivery_id: int, *, sent: bool, by: str, at: datetime
) -> bool:
    """A manager has looked: an uncertain delivery was sent, or was not. It is in the audit log.

    Returns:
        False where it is not uncertain (any more): nothing was changed.
    """
    state, reason = (
        (DeliveryState.SENT, RESOLVED_SENT) if sent else (DeliveryState.FAILED, RESOLVED_NOT_SENT)
    )
    resolved = await connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state == DeliveryState.UNCERTAIN)
        .values(state=state, reason=reason, moved_at=at)
        .returning(deliveries.c.key)
    )
    key = resolved.scalar_one_or_none()
    if key is None:
        return False
    await note(connection, Entry(at, by, "resolve", key, {"sent": sent}))
    return True


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A delivery that may or may not have arrived; `recipient` is the group's or member's name."""

    id: int
    campaign_id: int
    campaign_name: str
    slot: str
    recipient: str
    moved_at: datetime
    reason: str | None


async def uncertain(
    connection: AsyncConnection,
    shop_id: int,
    campaign_id: int | None,
    limit: int,
    *,
    skip: int = 0,
) -> list[Uncertain]:
    """What a manager may resolve, of one campaign or of all; the newest first, but for `skip`."""
    question = (
        select(
            deliveries.c.id,
            deliveries.c.campaign_id,
            campaigns.c.name,
            deliveries.c.slot,
            func.coalesce(groups.c.name, members.c.name),
            deliveries.c.moved_at,
            deliveries.c.reason,
        )
        .select_from(
            deliveries.join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
            .outerjoin(groups, groups.c.id == deliveries.c.group_id)
            .outerjoin(members, members.c.id == deliveries.c.member_id)
        )
        .where(
            campaigns.c.shop_id == shop_id,
            # Both, for the index over what is in doubt; see due.py.
            literal_column("deliveries.state IN ('sending', 'uncertain')"),
            deliveries.c.state == DeliveryState.UNCERTAIN,
        )
        .order_by(deliveries.c.moved_at.desc(), deliveries.c.id.desc())
        .limit(limit)
        .offset(skip)
    )
    if campaign_id is not None:
        question = question.where(deliveries.c.campaign_id == campaign_id)
    return [Uncertain(*row) for row in await connection.execute(question)]
