"""A shop to measure on: as many groups and people as asked for, and campaigns that are approved.

Groups and people are made by the engine itself from a row of numbers, so that a million of them
take seconds and no memory here. Campaigns are made as managers make them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, String, cast, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.bodies import literal_body
from scheduler.content import Content
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Once
from storage import approvals, campaigns, shops
from storage.audiences import Audience
from storage.campaigns import CampaignState, NewCampaign, StoredCampaign
from storage.columns import UtcDateTime
from storage.segments import Segment
from storage.slots import PlannedSlot
from storage.tables import customers, groups, members, memberships, tags

NOON = datetime(2026, 11, 5, 4, 0, tzinfo=UTC)
"""Noon in Shanghai: no quiet hours, and no limit of a festival."""

_PLATFORM = "bench"
_ZONE = "Asia/Shanghai"
_VALID = timedelta(hours=2)


def _numbers(size: int) -> CTE:
    """The numbers from 1 to `size`, counted by the engine."""
    first = select(literal(1).label("number")).cte("numbers", recursive=True)
    return first.union_all(select(first.c.number + 1).where(first.c.number < size))


async def make_people(connection: AsyncConnection, size: int) -> range:
    """So many customers with one member each; the members' ids."""
    each = _numbers(size).c.number
    await connection.execute(insert(customers).from_select(["id"], select(each)))
    person = literal("person-") + cast(each, String)
    since = literal(NOON, UtcDateTime())
    await connection.execute(
        insert(members).from_select(
            ["id", "customer_id", "platform", "person", "name", "first_seen_at"],
            select(each, each, literal(_PLATFORM), person, person, since),
        )
    )
    return range(1, size + 1)


async def seat_people(connection: AsyncConnection, people: int, groups_: int, tag: str) -> None:
    """Seat so many people in so many groups, one after the other, and give each of them a tag."""
    each = _numbers(people).c.number
    since = literal(NOON, UtcDateTime())
    await connection.execute(
        insert(memberships).from_select(
            ["group_id", "member_id", "joined_at"], select(each % groups_ + 1, each, since)
        )
    )
    said = literal("1")
    await connection.execute(
        insert(tags).from_select(
            ["member_id", "tag", "set_by", "why", "set_at"],
            select(each, literal(tag), literal("rule:interest"), said, since),
        )
    )


async def make_groups(connection: AsyncConnection, size: int, account: str) -> range:
    """So many groups of one account; their ids."""
    shop_id = await shops.ensure_shop(connection, "bench")
    each = _numbers(size).c.number
    chat = literal("chat-") + cast(each, String)
    since = literal(NOON, UtcDateTime())
    await connection.execute(
        insert(groups).from_select(
            ["id", "shop_id", "account", "chat", "name", "since", "accepted_at"],
            select(each, literal(shop_id), literal(account), chat, chat, since, since),
        )
    )
    return range(1, size + 1)


async def make_campaign(
    connection: AsyncConnection, key: str, at: datetime = NOON, *, segment: Segment | None = None
) -> StoredCampaign:
    """An approved campaign that says one sentence at one moment: to every group, or a segment."""
    local = at.astimezone(ZoneInfo(_ZONE)).replace(tzinfo=None)
    made = await campaigns.create(
        connection,
        await shops.ensure_shop(connection, "bench"),
        NewCampaign(
            key=key,
            programme="broadcast",
            name=key,
            schedule=schedule_to_json(Once(local)),
            zone=_ZONE,
            valid_seconds=int(_VALID.total_seconds()),
            audience=Audience(segment=segment),
            body=literal_body(Content("今晚八点直播，预售定金翻倍")),
            created_by="bench:manager",
            created_at=at,
        ),
        state=CampaignState.DRAFT,
    )
    await approvals.approve(
        connection,
        made.id,
        version=made.version_id,
        state=CampaignState.APPROVED,
        by="bench:manager",
        at=at,
    )
    return made


def slot_of(campaign: StoredCampaign, name: str = "once", at: datetime = NOON) -> PlannedSlot:
    """One occurrence of the campaign."""
    return PlannedSlot(campaign.id, campaign.key, campaign.version_id, name, at, at + _VALID)
