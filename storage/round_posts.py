"""Where a round was announced: the posts of its campaign, and who may take part by them.

A round is open to whoever sits in a group that was sent its announcement, as long as that was not
taken back; that is found in the ledger, which follows groups that move and is never written twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.deliveries import DeliveryState
from storage.rounds import ROUND, Round, round_of
from storage.tables import campaigns, deliveries, members, memberships, rounds

_ARRIVED = deliveries.c.state.in_((DeliveryState.SENT, DeliveryState.UNCERTAIN))
_STANDING = (_ARRIVED, deliveries.c.recalled_at.is_(None))
_POSTED = rounds.join(campaigns, campaigns.c.key == rounds.c.key).join(
    deliveries, deliveries.c.campaign_id == campaigns.c.id
)


@dataclass(frozen=True, slots=True)
class RoundPost:
    """The announcement of a round as a group was sent it."""

    round: Round
    group_id: int
    account: str
    address: str
    receipt: str


async def is_open_to(connection: AsyncConnection, round_id: int, customer_id: int) -> bool:
    """Whether a customer sits in a group in which the round stands, or stood until it was over."""
    found = await connection.scalar(
        select(rounds.c.id)
        .select_from(
            _POSTED.join(memberships, memberships.c.group_id == deliveries.c.group_id).join(
                members, members.c.id == memberships.c.member_id
            )
        )
        .where(
            rounds.c.id == round_id,
            _ARRIVED,
            deliveries.c.recalled_at.is_(None) | rounds.c.closed_at.is_not(None),
            members.c.customer_id == customer_id,
            memberships.c.left_at.is_(None),
        )
        .limit(1)
    )
    return found is not None


async def rounds_open_to(
    connection: AsyncConnection, customer_id: int, at: datetime
) -> list[Round]:
    """The rounds that take entries of a moment and stand where a customer sits, newest first."""
    standing = (
        select(deliveries.c.campaign_id)
        .select_from(
            deliveries.join(memberships, memberships.c.group_id == deliveries.c.group_id).join(
                members, members.c.id == memberships.c.member_id
            )
        )
        .where(*_STANDING, members.c.customer_id == customer_id, memberships.c.left_at.is_(None))
    )
    rows = await connection.execute(
        select(*ROUND)
        .select_from(rounds.join(campaigns, campaigns.c.key == rounds.c.key))
        .where(rounds.c.closed_at.is_(None), rounds.c.closes_at >= at, campaigns.c.id.in_(standing))
        .order_by(rounds.c.id.desc())
    )
    return [round_of(row) for row in rows]


async def groups_of(connection: AsyncConnection, round_id: int) -> list[int]:
    """The ids of the groups in which a round stands: its post came, and was not taken back."""
    found = await connection.scalars(
        select(deliveries.c.group_id)
        .select_from(_POSTED)
        .where(
            rounds.c.id == round_id,
            deliveries.c.group_id.is_not(None),
            *_STANDING,
        )
        .distinct()
        .order_by(deliveries.c.group_id)
    )
    return list(found)


_POST = (
    *ROUND,
    deliveries.c.group_id,
    deliveries.c.account,
    deliveries.c.address,
    deliveries.c.receipt,
)


async def open_posts(
    connection: AsyncConnection, group_ids: Collection[int], at: datetime
) -> list[RoundPost]:
    """The announcements in these groups of rounds that take entries of a moment, newest first."""
    still_open = (rounds.c.closed_at.is_(None), rounds.c.closes_at >= at)
    # Mostly there is none, and this is asked of every batch in which somebody replies.
    if await connection.scalar(select(rounds.c.id).where(*still_open).limit(1)) is None:
        return []
    rows = await connection.execute(
        select(*_POST)
        .select_from(_POSTED)
        .where(
            among(deliveries.c.group_id, group_ids),
            *_STANDING,
            *still_open,
        )
        .order_by(rounds.c.id.desc(), deliveries.c.id)
    )
    return [_post(row) for row in rows]


async def posts_to_update(
    connection: AsyncConnection, account: str, closed_since: datetime
) -> list[RoundPost]:
    """An account's announcements of rounds that are open, or were closed since a moment."""
    rows = await connection.execute(
        select(*_POST)
        .select_from(_POSTED)
        .where(
            deliveries.c.account == account,
            deliveries.c.state == DeliveryState.SENT,
            deliveries.c.receipt.is_not(None),
            deliveries.c.recalled_at.is_(None),
            deliveries.c.group_id.is_not(None),
            rounds.c.closed_at.is_(None) | (rounds.c.closed_at >= closed_since),
        )
        .order_by(rounds.c.id, deliveries.c.id)
    )
    return [_post(row) for row in rows]


def _post(row: Any) -> RoundPost:
    return RoundPost(round_of(row), row.group_id, row.account, row.address, row.receipt or "")
