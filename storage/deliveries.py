"""The ledger: every delivery, and the only ways it moves while it is sent.

    planned → sending → sent | failed | uncertain
    planned → skipped | cancelled
    planned → planned      (put off, with the reason)
    sending → planned      (nothing was sent for certain: tried again later)
    uncertain → sent | failed
    uncertain → planned    (a look-up proved that it never arrived, or a notice goes once more)
    planned → uncertain    (a notice that was to go once more is left out: it may have arrived)

`begin` commits `sending` and one attempt for each call before the call is made, and `move`
records the answers; both work under a lane's token, so a process that lost its lane can no
longer move anything, but for a late receipt (uncertain → sent). Nobody else moves a delivery, but
for what a manager does to a whole campaign (see `steering.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    Integer,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, update_each
from storage.columns import Identity, UtcDateTime
from storage.lanes import Lane, guard, is_leased
from storage.tables import attempts, campaigns, deliveries, lanes, shops


class DeliveryState(StrEnum):
    """Where a delivery stands; all but the first two are final."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


# Rows that are named by their ids are found by these alone. An engine that used an index over what
# is planned instead would go through all of it, to begin a few; behind the empty word it cannot.
_STATE = deliveries.c.state.concat("")
_OF_THE_LANE = deliveries.c.account == bindparam("lane")

_MAY_BEGIN = and_(
    _STATE == DeliveryState.PLANNED,
    _OF_THE_LANE,
    ~exists().where(
        campaigns.c.id == deliveries.c.campaign_id,
        campaigns.c.state.in_([literal_column("'paused'"), literal_column("'cancelled'")]),
    ),
    ~exists().where(shops.c.halted_at.is_not(None)),
)
_BEGIN = (
    update(deliveries)
    .where(among(deliveries.c.id, "ids"), _MAY_BEGIN)
    .values(
        state=DeliveryState.SENDING.value,
        reason=None,
        tries=deliveries.c.tries + 1,
        began_at=bindparam("at", type_=UtcDateTime()),
        moved_at=bindparam("at", type_=UtcDateTime()),
    )
    .returning(deliveries.c.id)
)
_CALL = (
    insert(attempts)
    .from_select(
        ["account", "address", "key", "action", "delivery_id", "token", "began_at", "messages"],
        select(
            deliveries.c.account,
            deliveries.c.address,
            deliveries.c.key,
            literal_column("'post'"),
            deliveries.c.id,
            bindparam("token", type_=Identity),
            bindparam("at", type_=UtcDateTime()),
            bindparam("messages", type_=Integer()),
        ).where(among(deliveries.c.id, "ids")),
    )
    .returning(attempts.c.delivery_id, attempts.c.id)
)


_ONE_EACH: Mapping[int, int] = MappingProxyType({})


async def begin(
    connection: AsyncConnection,
    lane: Lane,
    delivery_ids: Collection[int],
    at: datetime,
    messages: Mapping[int, int] = _ONE_EACH,
) -> dict[int, int]:
    """Mark deliveries as sending and write their attempts, before the calls are made.

    `messages` is how many messages a delivery is, of those that the platform's rates count, where
    it is more than one.

    Returns:
        Delivery id → attempt id, only of those that could still be moved: one that was
        cancelled or paused meanwhile is missing, and all are while sending is stopped (急停).

    Raises:
        LaneLost: another process sends through this account now.
    """
    await guard(connection, lane)
    if not delivery_ids:
        return {}
    moved = await connection.execute(
        _BEGIN, {"ids": list(delivery_ids), "lane": lane.account, "at": at}
    )
    going = moved.scalars().all()
    if not going:
        return {}
    alike: dict[int, list[int]] = {}
    for delivery in going:
        alike.setdefault(messages.get(delivery, 1), []).append(delivery)
    calls: dict[int, int] = {}
    for count, ids in alike.items():
        call = {"ids": ids, "token": lane.token, "at": at, "messages": count}
        made = await connection.execute(_CALL, call)
        calls.update((row.delivery_id, row.id) for row in made.all())
    return calls


@dataclass(frozen=True, slots=True)
class Move:
    """Where a delivery goes from here.

    `not_before` only for one that is put off or tried again; `resent` once a notice goes out for
    the second time; `absent` where a look-up proved that nothing of it has arrived so far.
    """

    delivery_id: int
    state: DeliveryState
    reason: str | None = None
    receipt: str | None = None
    not_before: datetime | None = None
    resent: bool = False
    absent: bool = False


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
_MOVABLE = {
    state: and_(_OF_THE_LANE, _STATE.in_([literal_column(f"'{one}'") for one in before]))
    for state, before in _FROM.items()
}
_MOVABLE[DeliveryState.UNCERTAIN] = or_(
    _MOVABLE[DeliveryState.UNCERTAIN],
    and_(_OF_THE_LANE, _STATE.in_([literal_column("'planned'")]), deliveries.c.resent),
)


async def move(
    connection: AsyncConnection, lane: Lane, moves: Iterable[Move], at: datetime
) -> None:
    """Record where deliveries went; each stands in `moves` once.

    A move that the drawing at the top does not show changes nothing.

    Raises:
        LaneLost: another process sends through this account now.
    """
    await guard(connection, lane)
    # Each kind of move sets its own columns: the usual one (sent) few, and only a proof takes back
    # that a notice was resent.
    kinds: dict[tuple[DeliveryState, tuple[str, ...]], list[dict[str, Any]]] = {}
    for one in moves:
        row: dict[str, Any] = {
            "id": one.delivery_id,
            "state": one.state.value,
            "reason": one.reason,
            "receipt": one.receipt,
            "moved_at": at,
        }
        if one.not_before is not None:
            row["not_before"] = one.not_before
        if one.resent or one.absent:
            row["resent"] = not one.absent
        kinds.setdefault((one.state, tuple(row)), []).append(row)
    for (state, _), rows in kinds.items():
        await update_each(connection, deliveries, rows, _MOVABLE[state], lane=lane.account)


async def late_receipt(
    connection: AsyncConnection, account: str, key: str, receipt: str, at: datetime
) -> bool:
    """A receipt came after its delivery was given up as uncertain: it was sent after all.

    The one move that needs no lane: whoever learns that a message arrived may say so.
    """
    found = await connection.execute(
        update(deliveries)
        .where(
            deliveries.c.account == account,
            deliveries.c.key == key,
            deliveries.c.state == DeliveryState.UNCERTAIN,
        )
        .values(state=DeliveryState.SENT, reason="late_receipt", receipt=receipt, moved_at=at)
    )
    return found.rowcount == 1


async def record_receipts(
    connection: AsyncConnection, lane: Lane, receipts: Sequence[tuple[str, str]], at: datetime
) -> None:
    """Key and receipt of what this process sent under a former lease, and could not record then.

    Raises:
        LaneLost: another process sends through this account now.
    """
    await guard(connection, lane)
    for key, receipt in receipts:
        await connection.execute(
            update(deliveries)
            .where(
                deliveries.c.account == lane.account,
                deliveries.c.key == key,
                deliveries.c.state.in_((DeliveryState.SENDING, DeliveryState.UNCERTAIN)),
            )
            .values(state=DeliveryState.SENT, reason="late_receipt", receipt=receipt, moved_at=at)
        )


async def bring_forward(connection: AsyncConnection, lane: Lane, reason: str, at: datetime) -> None:
    """Let what the lane had put off for this reason be due now."""
    await connection.execute(
        update(deliveries)
        .where(
            deliveries.c.account == lane.account,
            # Written out for the index over what is planned; see due.py.
            literal_column("deliveries.state = 'planned'"),
            deliveries.c.reason == reason,
            deliveries.c.not_before > at,
        )
        .values(not_before=at, reason=None)
    )


UNSERVED = "account_unserved"
"""Why a delivery was left out: no process had sent through its account while it was valid."""


async def leave_out_unserved(
    connection: AsyncConnection, over_since: datetime, at: datetime
) -> int:
    """Leave out what nobody will ever look at, because nobody holds its account's lane; how many.

    Only what was not valid any more at `over_since`. Who takes such a lane at this moment would
    find it too late as well.
    """
    served = select(lanes.c.account).where(is_leased(connection))
    gone = await connection.execute(
        update(deliveries)
        .where(
            literal_column("deliveries.state = 'planned'"),
            deliveries.c.not_after < over_since,
            deliveries.c.account.not_in(served),
        )
        .values(state=DeliveryState.SKIPPED, reason=UNSERVED, moved_at=at)
    )
    return gone.rowcount


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A delivery that may or may not have been sent, with its open attempt if there is one."""

    id: int
    key: str
    state: DeliveryState
    priority: int
    resent: bool
    not_after: datetime
    attempt_id: int | None


async def in_doubt(
    connection: AsyncConnection,
    account: str,
    since: datetime,
    *,
    under_way: Collection[int] = (),
) -> list[InDoubt]:
    """What an ended process of this account left in sending, and what is uncertain.

    What was uncertain and not valid any more before `since` is left to a manager; `under_way` are
    the deliveries that this process is sending itself.
    """
    rows = await connection.execute(
        select(
            deliveries.c.id,
            deliveries.c.key,
            deliveries.c.state,
            deliveries.c.priority,
            deliveries.c.resent,
            deliveries.c.not_after,
            func.max(attempts.c.id),
        )
        .select_from(
            deliveries.outerjoin(
                attempts,
                and_(attempts.c.delivery_id == deliveries.c.id, attempts.c.ended_at.is_(None)),
            )
        )
        .where(
            deliveries.c.account == account,
            # Written out for the index over what is in doubt; see due.py.
            literal_column("deliveries.state IN ('sending', 'uncertain')"),
            or_(
                deliveries.c.state == DeliveryState.SENDING,
                deliveries.c.not_after >= since,
            ),
        )
        .group_by(deliveries.c.id)
        .order_by(deliveries.c.id)
    )
    return [
        InDoubt(delivery, key, DeliveryState(state), priority, resent, not_after, attempt)
        for delivery, key, state, priority, resent, not_after, attempt in rows
        if delivery not in under_way
    ]


async def counts(connection: AsyncConnection, campaign_id: int | None = None) -> dict[str, int]:
    """State → number of deliveries, of one campaign or of all; every state is named."""
    question = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    if campaign_id is not None:
        question = question.where(deliveries.c.campaign_id == campaign_id)
    found = {str(state): number for state, number in await connection.execute(question)}
    return {state.value: found.get(state.value, 0) for state in DeliveryState}
