"""Moving a group: the platform gave it another id, and it stays the group it was.

Its history, tags, members, campaigns and settings stand on its row, whose `chat` simply changes.
What is addressed by words (deliveries, welcomes, forms, offers) follows. Where the new id was heard
of before the move, it has a row of its own by then: the two become one, the older one's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.analysis import mark_dirty
from storage.deliveries import DeliveryState
from storage.lanes import hold_lanes
from storage.one_row import Two, deliver_once, hand_over
from storage.segments import Segment
from storage.tables import (
    analysed_days,
    campaigns,
    comings,
    content_versions,
    deliveries,
    faq_answers,
    forms,
    friend_rules,
    group_tags,
    groups,
    invites,
    join_requests,
    memberships,
    messages,
    numbered_choices,
    own_posts,
    passing_posts,
    pending_welcomes,
    running_programmes,
    topics,
)

GROUP_MOVED = "group_moved"
"""Why a delivery was cancelled: it was planned for a group under both of its ids."""

_OVER = (DeliveryState.SENT, DeliveryState.SKIPPED, DeliveryState.CANCELLED)
_UNDER_WAY = (DeliveryState.SENDING, DeliveryState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A chat by the platform's id, and the address of it as it is written down."""

    chat: str
    address: str


async def move_group(
    connection: AsyncConnection,
    account: str,
    before: Whereabouts,
    after: Whereabouts,
    at: datetime,
) -> int | None:
    """Let the group of one id be the group of another; its row's id, None: it is not known.

    A second telling changes nothing. What was sent keeps the address it was sent to. A delivery
    keeps the name that a platform may be asked about (`key`) while it is in doubt; any other that
    may be planned again is named anew, so that this finds it.
    """
    known = await _rows(connection, account, before.chat, after.chat)
    if before.chat not in known or before.chat == after.chat:
        return None
    await hold_lanes(connection)
    group_id = known[before.chat]
    # They led into the chat that is no more: each is made anew when its owner asks for it.
    await connection.execute(update(invites).where(invites.c.group_id == group_id).values(link=""))
    if after.chat in known:
        await _become_one(connection, known[after.chat], group_id, at)
    await connection.execute(
        update(groups).where(groups.c.id == group_id).values(chat=after.chat, present=True)
    )
    await _readdress(connection, account, group_id, before.address, after.address, at=at)
    return group_id


async def _rows(connection: AsyncConnection, account: str, *chats: str) -> dict[str, int]:
    found = await connection.execute(
        select(groups.c.chat, groups.c.id).where(
            groups.c.account == account, groups.c.chat.in_(chats)
        )
    )
    return {row.chat: row.id for row in found}


async def _readdress(
    connection: AsyncConnection,
    account: str,
    group_id: int,
    before: str,
    after: str,
    *,
    at: datetime,
) -> None:
    """Send on what is addressed to the group, or to a topic of it."""
    length = len(before)

    def moved(column: Column[Any]) -> ColumnElement[str]:
        return after + func.substr(column, length + 1)

    address = deliveries.c.address
    theirs = and_(deliveries.c.group_id == group_id, address.startswith(before, autoescape=True))
    # What is over, and whose window is, is planned no more by any name.
    again = deliveries.c.state.not_in(_OVER) | (deliveries.c.not_after > at)
    # A key ends with the address: see `slots.py`.
    kept = func.length(deliveries.c.key) - func.length(address)
    named = func.substr(deliveries.c.key, 1, kept) + moved(address)
    other = deliveries.alias()
    await connection.execute(
        update(deliveries)
        .where(
            theirs,
            again,
            deliveries.c.state.not_in(_UNDER_WAY),
            ~exists().where(other.c.key == named),
        )
        .values(key=named)
    )
    await connection.execute(
        update(deliveries)
        .where(theirs, deliveries.c.state.not_in(_OVER))
        .values(address=moved(address))
    )
    # An address has one offer: what was offered there under the new id is the later one.
    offers, later = numbered_choices, numbered_choices.alias()
    await connection.execute(
        delete(offers).where(
            offers.c.account == account,
            _lies_in(offers.c.address, before),
            exists().where(later.c.account == account, later.c.address == moved(offers.c.address)),
        )
    )
    for table in (pending_welcomes, forms, own_posts, numbered_choices):
        await connection.execute(
            update(table)
            .where(table.c.account == account, _lies_in(table.c.address, before))
            .values(address=moved(table.c.address))
        )
    # What stands in the chat that is no more cannot be taken back from the new one.
    await connection.execute(
        delete(passing_posts).where(
            passing_posts.c.account == account, _lies_in(passing_posts.c.address, before)
        )
    )


def _lies_in(address: Column[str], chat: str) -> ColumnElement[bool]:
    return (address == chat) | address.startswith(f"{chat}#", autoescape=True)


async def _become_one(connection: AsyncConnection, new: int, old: int, at: datetime) -> None:
    """Put everything of the newer row to the older one, and delete the newer one."""
    two = Two("group_id", new, old)
    await deliver_once(connection, two, reason=GROUP_MOVED, at=at)
    await connection.execute(
        update(deliveries).where(deliveries.c.group_id == new).values(group_id=old)
    )
    # The days on which both were heard are analysed again, from the words of both.
    since = await connection.scalar(select(groups.c.since).where(groups.c.id == new))
    days = await connection.scalars(
        select(analysed_days.c.day).where(
            analysed_days.c.group_id == old,
            analysed_days.c.day >= (since or at).date() - timedelta(days=1),
        )
    )
    await mark_dirty(connection, [(old, day) for day in days])
    await connection.execute(
        update(messages).where(messages.c.group_id == new).values(group_id=old)
    )
    await _seat_all(connection, new, old)
    for table, own in (
        (group_tags, ("tag",)),
        (topics, ("topic",)),
        (invites, ("member_id",)),
        (join_requests, ("member_id", "asked_at")),
        (comings, ("member_id", "at", "came")),
        (faq_answers, ()),
    ):
        await hand_over(connection, two, table, *own)
    await connection.execute(
        update(groups).where(groups.c.staff_group_id == new).values(staff_group_id=old)
    )
    await connection.execute(
        update(friend_rules).where(friend_rules.c.group_id == new).values(group_id=old)
    )
    await _mean_the_older(connection, new, old)
    await _keep_settings(connection, new, old)
    await connection.execute(delete(groups).where(groups.c.id == new))


async def _seat_all(connection: AsyncConnection, new: int, old: int) -> None:
    """Who sits under either id sits in the group; whoever was known before keeps their moment."""
    there = memberships.alias()
    await connection.execute(
        update(memberships)
        .where(
            memberships.c.group_id == old,
            exists().where(
                there.c.group_id == new,
                there.c.member_id == memberships.c.member_id,
                there.c.left_at.is_(None),
            ),
        )
        .values(left_at=None)
    )
    await hand_over(connection, Two("group_id", new, old), memberships, "member_id")


async def _mean_the_older(connection: AsyncConnection, new: int, old: int) -> None:
    """Let audiences that hold the newer row by its id hold the older one."""
    rows = await connection.execute(
        select(content_versions.c.id, content_versions.c.audience, content_versions.c.body)
        .join(campaigns, campaigns.c.id == content_versions.c.campaign_id)
        .where(campaigns.c.state.not_in(("cancelled", "finished")))
    )
    for version, audience, body in rows.all():
        said = {}
        if meant := _of_the_older(audience, new, old):
            said["audience"] = {**audience, **meant}
        # The people of a trial are named as an audience names its own.
        if among := _of_the_older(body.get("test") or {}, new, old):
            said["body"] = {**body, "test": {**body["test"], **among}}
        if said:
            await connection.execute(
                update(content_versions).where(content_versions.c.id == version).values(said)
            )
    running = await connection.execute(
        select(running_programmes.c.id, running_programmes.c.audience).where(
            running_programmes.c.audience.is_not(None)
        )
    )
    for programme, audience in running.all():
        if meant := _of_the_older(audience, new, old):
            await connection.execute(
                update(running_programmes)
                .where(running_programmes.c.id == programme)
                .values(audience={**audience, **meant})
            )


def _of_the_older(audience: Mapping[str, Any], new: int, old: int) -> dict[str, Any]:
    """The parts of an audience that say something else now."""
    meant: dict[str, Any] = {
        part: sorted({old if one == new else one for one in audience.get(part, ())})
        for part in ("taken", "kept_out")
        if new in audience.get(part, ())
    }
    topics = audience.get("topics", ())
    if any(one == new for one, _ in topics):
        meant["topics"] = sorted([old if one == new else one, topic] for one, topic in topics)
    if people := audience.get("segment"):
        segment = Segment.from_json(people)
        moved = segment.regrouped(new, old)
        if moved != segment:
            meant["segment"] = moved.to_json()
    return meant


async def _keep_settings(connection: AsyncConnection, new: int, old: int) -> None:
    """What was set for the group before holds; what the platform says now is the newer row's."""
    newer = (await connection.execute(select(groups).where(groups.c.id == new))).one()
    await connection.execute(
        update(groups)
        .where(groups.c.id == old)
        .values(
            name=newer.name,
            muted_at=newer.muted_at,
            is_staff=or_(groups.c.is_staff, literal(newer.is_staff)),
            zone=func.coalesce(groups.c.zone, newer.zone),
            staff_group_id=func.coalesce(groups.c.staff_group_id, newer.staff_group_id),
            admits=func.coalesce(groups.c.admits, newer.admits),
            accepted_at=func.coalesce(groups.c.accepted_at, newer.accepted_at),
            asked_at=func.coalesce(groups.c.asked_at, newer.asked_at),
            declined_at=func.coalesce(groups.c.declined_at, newer.declined_at),
        )
    )
