"""The ledger: every delivery, every attempt, and the only ways they move.

    planned → sending → sent | failed | uncertain
    planned → skipped | cancelled
    sending → planned      (nothing was sent for certain: tried again later)
    uncertain → sent | failed
    uncertain → planned    (a look-up proved that it never arrived)

`begin` commits `sending` and one attempt for each call before the call is made, and `finish`
records the answers; both check the lane's token first, so a process that lost its lane can no
longer move anything. Nobody else moves a delivery, except that cancelling takes planned ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, bindparam, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.accounts import Lane, guard, hold_lanes
from storage.bulk import insert, insert_new
from storage.tables import attempts, campaigns, deliveries, groups, shops


class DeliveryState(StrEnum):
    """Where a delivery stands; all but the first two are final."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class PlannedSlot:
    """One occurrence to be delivered: which campaign and version, which slot, and its window."""

    campaign_id: int
    campaign_key: str
    version_id: int
    slot: str
    not_before: datetime
    not_after: datetime


async def plan_for_groups(
    connection: AsyncConnection, slot: PlannedSlot, group_ids: Sequence[int], at: datetime
) -> int:
    """Insert one delivery for each group; those planned before are left alone. How many are new.

    The key is made of campaign, slot and address alone, so that planning twice, in one process
    or in several at once, makes nothing twice.
    """
    address = literal("group:") + groups.c.chat
    rows = select(
        (literal(f"{slot.campaign_key}/{slot.slot}/") + groups.c.account + "/" + address),
        literal(slot.campaign_id),
        literal(slot.version_id),
        literal(slot.slot),
        groups.c.account,
        address,
        groups.c.id,
        literal(DeliveryState.PLANNED.value),
        literal(slot.not_before, deliveries.c.not_before.type),
        literal(slot.not_after, deliveries.c.not_after.type),
        literal(at, deliveries.c.moved_at.type),
    ).where(groups.c.id.in_(list(group_ids)))
    names = ["key", "campaign_id", "version_id", "slot", "account", "address", "group_id"]
    names += ["state", "not_before", "not_after", "moved_at"]
    made = await connection.execute(
        insert(connection, deliveries)
        .from_select(names, rows.order_by(groups.c.id))
        .on_conflict_do_nothing()
    )
    return made.rowcount


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose time has come, with all that the decision needs."""

    id: int
    key: str
    campaign_id: int
    campaign_key: str
    campaign_state: str
    programme: str
    version_id: int
    slot: str
    address: str
    group_name: str | None
    group_present: bool
    not_before: datetime
    not_after: datetime
    tries: int


async def due(connection: AsyncConnection, account: str, now: datetime, limit: int) -> list[Due]:
    """The planned deliveries of an account whose time has come, the oldest first."""
    rows = await connection.execute(
        select(
            deliveries.c.id,
            deliveries.c.key,
            deliveries.c.campaign_id,
            campaigns.c.key,
            campaigns.c.state,
            campaigns.c.programme,
            deliveries.c.version_id,
            deliveries.c.slot,
            deliveries.c.address,
            groups.c.name,
            func.coalesce(groups.c.present, True),
            deliveries.c.not_before,
            deliveries.c.not_after,
            deliveries.c.tries,
        )
        .select_from(
            deliveries.join(campaigns, campaigns.c.id == deliveries.c.campaign_id).outerjoin(
                groups, groups.c.id == deliveries.c.group_id
            )
        )
        .where(
            deliveries.c.account == account,
            deliveries.c.state == DeliveryState.PLANNED,
            deliveries.c.not_before <= now,
        )
        .order_by(deliveries.c.not_before, deliveries.c.id)
        .limit(limit)
    )
    return [Due(*tuple(row)) for row in rows]


async def next_due(connection: AsyncConnection, account: str) -> datetime | None:
    """When this account's next planned delivery falls due; None where nothing is planned."""
    found = await connection.execute(
        select(func.min(deliveries.c.not_before)).where(
            deliveries.c.account == account, deliveries.c.state == DeliveryState.PLANNED
        )
    )
    moment: datetime | None = found.scalar_one()
    return moment


_SENDING_ALLOWED = ~exists(select(shops.c.id).where(shops.c.halted_at.is_not(None)))


async def begin(
    connection: AsyncConnection, lane: Lane, ready: Sequence[Due], at: datetime
) -> dict[int, int]:
    """Mark deliveries as sending and write their attempts, before the calls are made.

    Returns:
        Delivery id → attempt id, only of those that could still be moved: one that was
        cancelled meanwhile is missing, and all are while sending is stopped (急停).

    Raises:
        LaneLost: another process sends through this account now.
    """
    await guard(connection, lane)
    moved = await connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id.in_([one.id for one in ready]),
            deliveries.c.account == lane.account,
            deliveries.c.state == DeliveryState.PLANNED,
            _SENDING_ALLOWED,
        )
        .values(state=DeliveryState.SENDING, tries=deliveries.c.tries + 1, moved_at=at)
        .returning(deliveries.c.id)
    )
    going = {row.id for row in moved}
    made = await insert_new(
        connection,
        attempts,
        [
            {
                "account": lane.account,
                "address": one.address,
                "key": one.key,
                "action": "post",
                "delivery_id": one.id,
                "token": lane.token,
                "began_at": at,
            }
            for one in ready
            if one.id in going
        ],
        attempts.c.id,
        attempts.c.delivery_id,
    )
    return {row.delivery_id: row.id for row in made}


async def stopped(connection: AsyncConnection, campaign_id: int) -> str | None:
    """Why nothing of this campaign may leave now: `halted`, or its state; None where it may."""
    row = (
        await connection.execute(
            select(campaigns.c.state, shops.c.halted_at)
            .select_from(campaigns.join(shops))
            .where(campaigns.c.id == campaign_id)
        )
    ).one()
    if row.halted_at is not None:
        return "halted"
    return str(row.state) if row.state in {"cancelled", "paused"} else None


@dataclass(frozen=True, slots=True)
class Move:
    """Where a delivery goes from here. `not_before` only for one that is tried again."""

    delivery_id: int
    state: DeliveryState
    reason: str | None = None
    receipt: str | None = None
    not_before: datetime | None = None
    attempt_id: int | None = None


_FROM = {
    DeliveryState.PLANNED: (
        DeliveryState.PLANNED,
        DeliveryState.SENDING,
        DeliveryState.UNCERTAIN,
    ),
    DeliveryState.SENT: (DeliveryState.SENDING, DeliveryState.UNCERTAIN),
    DeliveryState.FAILED: (DeliveryState.SENDING, DeliveryState.UNCERTAIN),
    DeliveryState.UNCERTAIN: (DeliveryState.SENDING,),
    DeliveryState.SKIPPED: (DeliveryState.PLANNED,),
}


async def move(
    connection: AsyncConnection, lane: Lane, moves: Iterable[Move], at: datetime
) -> None:
    """Record where deliveries went, and the end of the attempts behind them.

    A move that the drawing at the top does not show changes nothing.

    Raises:
        LaneLost: another process sends through this account now.
    """
    await guard(connection, lane)
    by_state: dict[DeliveryState, list[Move]] = {}
    for one in moves:
        by_state.setdefault(one.state, []).append(one)
    for state, ones in by_state.items():
        movable = and_(
            deliveries.c.id == bindparam("of"),
            deliveries.c.account == lane.account,
            # Written out: a list cannot be bound while many moves go in one statement.
            or_(*(deliveries.c.state == before for before in _FROM[state])),
        )
        ended = [one for one in ones if one.attempt_id is not None]
        if ended:  # before the deliveries, which will have left the state that is asked for
            await connection.execute(
                update(attempts)
                .where(
                    attempts.c.id == bindparam("call"),
                    attempts.c.delivery_id.in_(select(deliveries.c.id).where(movable)),
                )
                .values(ended_at=at, outcome=state, reason=bindparam("why")),
                [
                    {"call": one.attempt_id, "of": one.delivery_id, "why": one.reason}
                    for one in ended
                ],
            )
        await connection.execute(
            update(deliveries)
            .where(movable)
            .values(
                state=state,
                reason=bindparam("why"),
                receipt=bindparam("paper"),
                not_before=func.coalesce(
                    bindparam("later", type_=deliveries.c.not_before.type),
                    deliveries.c.not_before,
                ),
                moved_at=at,
            ),
            [
                {
                    "of": one.delivery_id,
                    "why": one.reason,
                    "paper": one.receipt,
                    "later": one.not_before,
                }
                for one in ones
            ],
        )


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A delivery that may or may not have been sent, with its open attempt if there is one."""

    id: int
    key: str
    state: DeliveryState
    attempt_id: int | None


async def in_doubt(connection: AsyncConnection, account: str, since: datetime) -> list[InDoubt]:
    """What an ended process of this account left in sending, and what is uncertain.

    What was uncertain and not valid any more before `since` is left to a manager.
    """
    rows = await connection.execute(
        select(deliveries.c.id, deliveries.c.key, deliveries.c.state, func.max(attempts.c.id))
        .select_from(
            deliveries.outerjoin(
                attempts,
                and_(attempts.c.delivery_id == deliveries.c.id, attempts.c.ended_at.is_(None)),
            )
        )
        .where(
            deliveries.c.account == account,
            or_(
                deliveries.c.state == DeliveryState.SENDING,
                and_(
                    deliveries.c.state == DeliveryState.UNCERTAIN,
                    deliveries.c.not_after >= since,
                ),
            ),
        )
        .group_by(deliveries.c.id, deliveries.c.key, deliveries.c.state)
        .order_by(deliveries.c.id)
    )
    return [
        InDoubt(delivery, key, DeliveryState(state), attempt)
        for delivery, key, state, attempt in rows
    ]


async def begin_call(
    connection: AsyncConnection, lane: Lane, *, address: str, key: str, action: str, at: datetime
) -> int:
    """Write the attempt of a call that belongs to no planned delivery: a reply, or a recall.

    急停 does not stop these: the manager who stopped everything is still answered.

    Returns:
        The attempt's id.

    Raises:
        LaneLost: another process sends through this account now.
    """
    await guard(connection, lane)
    made = await connection.execute(
        insert(connection, attempts)
        .values(
            account=lane.account,
            address=address,
            key=key,
            action=action,
            token=lane.token,
            began_at=at,
        )
        .returning(attempts.c.id)
    )
    return int(made.scalar_one())


async def end_call(
    connection: AsyncConnection, attempt_id: int, outcome: str, reason: str | None, at: datetime
) -> None:
    """Write how such a call ended."""
    await connection.execute(
        update(attempts)
        .where(attempts.c.id == attempt_id)
        .values(ended_at=at, outcome=outcome, reason=reason)
    )


async def cancel_planned(
    connection: AsyncConnection, campaign_id: int, reason: str, at: datetime
) -> int:
    """Cancel what a campaign still has planned; how many. What is under way is not touched."""
    await hold_lanes(connection)
    gone = await connection.execute(
        update(deliveries)
        .where(
            deliveries.c.campaign_id == campaign_id,
            deliveries.c.state == DeliveryState.PLANNED,
        )
        .values(state=DeliveryState.CANCELLED, reason=reason, moved_at=at)
    )
    return gone.rowcount


async def counts(connection: AsyncConnection, campaign_id: int | None = None) -> dict[str, int]:
    """State → number of deliveries, of one campaign or of all; every state is named."""
    question = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    if campaign_id is not None:
        question = question.where(deliveries.c.campaign_id == campaign_id)
    found = {str(state): number for state, number in await connection.execute(question)}
    return {state.value: found.get(state.value, 0) for state in DeliveryState}
