"""What groups have heard before, and which groups share fans: for words that are to be kept apart.

Both are asked for many groups at once, a few times a year.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.tables import campaigns, deliveries, members, memberships

_BEGUN = deliveries.c.state.in_(
    [literal_column("'sending'"), literal_column("'sent'"), literal_column("'uncertain'")]
)


@dataclass(frozen=True, slots=True)
class SaidBefore:
    """A post that reached a group, or may have: its content version and slot, and its variant.

    `variant` None is the first, or the only one.
    """

    group_id: int
    version_id: int
    slot: str
    variant: str | None


async def said_before(
    connection: AsyncConnection,
    programme: str,
    topic: str,
    group_ids: Collection[int],
    since: datetime,
) -> list[SaidBefore]:
    """What a programme has told these groups about a topic since a moment, in whichever campaign.

    A slot is about the topic that stands behind its colon, `2026-09-25:mid-autumn`, perhaps with
    others behind a plus.
    """
    rows = await connection.execute(
        select(
            deliveries.c.group_id, deliveries.c.version_id, deliveries.c.slot, deliveries.c.variant
        )
        .join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
        .where(
            among(deliveries.c.group_id, group_ids),
            deliveries.c.began_at > since,
            _BEGUN,
            campaigns.c.programme == programme,
            or_(
                deliveries.c.slot.endswith(f":{topic}", autoescape=True),
                deliveries.c.slot.contains(f":{topic}+", autoescape=True),
            ),
        )
        .order_by(deliveries.c.group_id, deliveries.c.began_at, deliveries.c.id)
    )
    return [SaidBefore(*row) for row in rows]


async def programme_of(connection: AsyncConnection, campaign_id: int) -> str:
    """The programme of a campaign, by its key.

    Raises:
        NoResultFound: there is no such campaign.
    """
    found = await connection.execute(
        select(campaigns.c.programme).where(campaigns.c.id == campaign_id)
    )
    return str(found.scalar_one())


async def standing_variants(
    connection: AsyncConnection, campaign_id: int, slot: str
) -> dict[int, str]:
    """Group id → the variant that it has, or is to have, in this slot already."""
    rows = await connection.execute(
        select(deliveries.c.group_id, deliveries.c.variant)
        .where(
            deliveries.c.campaign_id == campaign_id,
            deliveries.c.slot == slot,
            deliveries.c.group_id.is_not(None),
            deliveries.c.variant.is_not(None),
            or_(deliveries.c.state == literal_column("'planned'"), _BEGUN),
        )
        .order_by(deliveries.c.id)
    )
    return dict(rows.all())


async def neighbours(
    connection: AsyncConnection, group_ids: Collection[int]
) -> list[tuple[int, int]]:
    """The pairs of these groups that share a fan, each once, the lower id first.

    A fan is a customer: who sits in one group with an account of one platform and in the other
    with another's is shared, once the two are known to be one person. Staff sit everywhere and
    make no neighbours.
    """
    seat, other_seat = memberships.alias("seat"), memberships.alias("other_seat")
    fan, same_fan = members.alias("fan"), members.alias("same_fan")
    rows = await connection.execute(
        select(seat.c.group_id, other_seat.c.group_id)
        .select_from(seat)
        .join(fan, fan.c.id == seat.c.member_id)
        .join(same_fan, same_fan.c.customer_id == fan.c.customer_id)
        .join(
            other_seat,
            and_(other_seat.c.member_id == same_fan.c.id, other_seat.c.group_id > seat.c.group_id),
        )
        .where(
            among(seat.c.group_id, group_ids),
            seat.c.left_at.is_(None),
            other_seat.c.left_at.is_(None),
            ~fan.c.staff,
            ~same_fan.c.staff,
        )
        .distinct()
    )
    wanted = set(group_ids)
    return sorted((one, other) for one, other in rows if other in wanted)
