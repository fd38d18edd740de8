"""Merging: two rows of one person become one, the older one's.

A platform may know somebody by another id than before, and until it is clear that they are the
same, what is heard of them stands on a row of its own. Everything of that newer row then belongs to
the older one, and where both have what one person has once, the one that counts is kept. Their
customers become one as well, which wants the stricter of what the two wanted.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.analysis import mark_dirty
from storage.bulk import among
from storage.customers import set_no_record
from storage.friendships import keep_newest
from storage.one_row import Two, deliver_once, hand_over
from storage.tables import (
    comings,
    confirmations,
    customers,
    deliveries,
    forms,
    friend_requests,
    identity_matches,
    invites,
    join_requests,
    last_choices,
    members,
    memberships,
    messages,
    tags,
)
from storage.tags import BY_MANAGER, forget_rule_tags
from storage.taking_part import take_part_once

SAME_PERSON = "same_person"
"""Why a delivery was cancelled: it was planned for one person under two ids."""


async def hold_people(connection: AsyncConnection, member_ids: Collection[int]) -> None:
    """Make whoever would note something of these members wait until this transaction ends.

    What others are noting just now is waited for, and seen afterwards: nothing of it is lost with
    a row that goes.
    """
    these = among(members.c.id, list(member_ids))
    theirs = customers.c.id.in_(select(members.c.customer_id).where(these))
    # Customers first, as those do who record what was said.
    for table, which in ((customers, theirs), (members, these)):
        held = select(table.c.id).where(which).order_by(table.c.id).with_for_update()
        await connection.execute(held)


async def merge_members(connection: AsyncConnection, newer: int, older: int, at: datetime) -> None:
    """Put everything of the newer member's row to the older one, and delete the newer one.

    Both are held, and so are the lanes (see `hold_people`, `lanes.hold_lanes`). The older row is
    called, and can be reached, as the newer one; whoever is staff by either is staff.
    """
    two = Two("member_id", newer, older)
    await deliver_once(connection, two, reason=SAME_PERSON, at=at)
    await _say_anew(connection, newer)
    for table in (messages, deliveries, friend_requests, confirmations):
        await hand_over(connection, two, table)
    await keep_newest(connection, older)
    await _have_one_invite_each(connection, newer, older)
    for table, own in ((join_requests, ("group_id", "asked_at")), (invites, ("group_id",))):
        await hand_over(connection, two, table, *own)
    await hand_over(connection, two, identity_matches, "account", "after")
    await hand_over(connection, two, comings, "group_id", "at", "came")
    await _seat(connection, two)
    await _keep_the_better_tags(connection, two)
    await _keep_the_later(connection, two)
    await _become_one_customer(connection, newer, older)
    await _keep_what_is_known(connection, newer, older)


async def _say_anew(connection: AsyncConnection, newer: int) -> None:
    """Have the days analysed again on which the newer row spoke: they keep who said each term."""
    said = await connection.execute(
        select(messages.c.group_id, messages.c.at).where(
            messages.c.member_id == newer, messages.c.group_id.is_not(None)
        )
    )
    # The shop's day of a moment is its day in UTC, or the one before or after.
    days = {
        (row.group_id, row.at.date() + timedelta(days=away)) for row in said for away in (-1, 0, 1)
    }
    await mark_dirty(connection, days)


async def _have_one_invite_each(connection: AsyncConnection, newer: int, older: int) -> None:
    """Where both have a link into a group, count those who came by either for the older one's."""
    theirs = invites.alias()
    both = await connection.execute(
        select(invites.c.id, invites.c.link, theirs.c.id, theirs.c.link)
        .join(theirs, and_(theirs.c.group_id == invites.c.group_id, theirs.c.member_id == older))
        .where(invites.c.member_id == newer)
    )
    for new, new_link, old, old_link in both.all():
        for table in (memberships, join_requests):
            await connection.execute(
                update(table).where(table.c.invite_id == new).values(invite_id=old)
            )
        if not old_link:
            await connection.execute(
                update(invites).where(invites.c.id == old).values(link=new_link)
            )


async def _seat(connection: AsyncConnection, two: Two) -> None:
    """Who sits under either id sits there, and since they first did."""
    await connection.execute(
        update(memberships)
        .where(memberships.c.invited_by == two.newer)
        .values(invited_by=two.older)
    )
    seats = {
        (row.group_id, row.member_id): row
        for row in await connection.execute(
            select(memberships).where(memberships.c.member_id.in_([two.newer, two.older]))
        )
    }
    for (group, member), new in seats.items():
        old = seats.get((group, two.older))
        if member != two.newer or old is None:
            continue
        await connection.execute(
            update(memberships)
            .where(memberships.c.group_id == group, memberships.c.member_id == two.older)
            .values(
                joined_at=min(old.joined_at, new.joined_at),
                left_at=new.left_at,  # of the old id nobody tells any more
                invite_id=new.invite_id if old.invite_id is None else old.invite_id,
                invited_by=new.invited_by if old.invited_by is None else old.invited_by,
                nickname=old.nickname if new.nickname is None else new.nickname,
            )
        )
    await hand_over(connection, two, memberships, "group_id")


async def _keep_the_better_tags(connection: AsyncConnection, two: Two) -> None:
    """Of a tag that both carry, keep a manager's rather than a rule's, else the later one."""
    found = await connection.execute(
        select(tags).where(tags.c.member_id.in_([two.newer, two.older]))
    )
    carried = {(row.member_id, row.tag): row for row in found}

    def worth(row: Row[Any]) -> tuple[bool, datetime]:
        return row.set_by.startswith(BY_MANAGER), row.set_at

    for (member, tag), new in carried.items():
        old = carried.get((two.older, tag))
        if member == two.newer and old is not None and worth(new) > worth(old):
            await connection.execute(
                delete(tags).where(tags.c.member_id == two.older, tags.c.tag == tag)
            )
    await hand_over(connection, two, tags, "tag")


async def _keep_the_later(connection: AsyncConnection, two: Two) -> None:
    """Of the groups chosen last and of a form that is being filled in, keep the later."""
    moved = select(forms.c.moved_at).where(forms.c.member_id == two.newer).scalar_subquery()
    for table, outdated in (
        (forms, forms.c.moved_at < moved),
        (last_choices, exists().where(last_choices.alias().c.member_id == two.newer)),
    ):
        await connection.execute(delete(table).where(table.c.member_id == two.older, outdated))
        still = await connection.scalar(
            select(table.c.member_id).where(table.c.member_id == two.older)
        )
        if still is None:
            await hand_over(connection, two, table)


async def _become_one_customer(connection: AsyncConnection, newer: int, older: int) -> None:
    """Let both rows, and every other of either person, belong to one customer, the older one's.

    It has opted out, or asked for no record, if either did; what it does not want recorded any
    more is emptied as if it had asked now.
    """
    found = await connection.execute(
        select(members.c.id.label("member"), customers)
        .join(customers, customers.c.id == members.c.customer_id)
        .where(members.c.id.in_([newer, older]))
    )
    of = {row.member: row for row in found}
    new, old = of[newer], of[older]
    if new.id == old.id:
        return
    await connection.execute(
        update(members).where(members.c.customer_id == new.id).values(customer_id=old.id)
    )
    await connection.execute(
        update(customers)
        .where(customers.c.id == old.id)
        .values(
            opted_out_at=_earliest(old.opted_out_at, new.opted_out_at),
            # What only one of them may wish is lent as long as nobody says so (`lent_wishes.py`).
            opt_out_lent=not any(
                one.opted_out_at is not None and not one.opt_out_lent for one in (old, new)
            )
            and (old.opt_out_lent or new.opt_out_lent),
            no_record=old.no_record or new.no_record,
            no_record_lent=old.no_record_lent or new.no_record_lent,
            zone=old.zone or new.zone,
        )
    )
    await take_part_once(connection, new.id, old.id)
    await connection.execute(delete(customers).where(customers.c.id == new.id))
    if any(one.no_record and not one.no_record_lent for one in (old, new)):
        await set_no_record(connection, old.id, no_record=True)
        await forget_rule_tags(connection, old.id)


async def _keep_what_is_known(connection: AsyncConnection, newer: int, older: int) -> None:
    """Take over what the platform says of the newer row, and delete it."""
    found = await connection.execute(select(members).where(members.c.id.in_([newer, older])))
    of = {row.id: row for row in found}
    new, old = of[newer], of[older]
    await connection.execute(delete(members).where(members.c.id == newer))
    await connection.execute(
        update(members)
        .where(members.c.id == older)
        .values(
            person=new.person,
            name=new.name,
            alias=old.alias if new.alias is None else new.alias,
            staff=old.staff or new.staff,
            first_seen_at=min(old.first_seen_at, new.first_seen_at),
            started_at=_earliest(old.started_at, new.started_at),
            unreachable_at=new.unreachable_at,
            appointed_at=_earliest(old.appointed_at, new.appointed_at),
        )
    )


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((one for one in moments if one is not None), default=None)
