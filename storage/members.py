"""Members, and the customers they are; `seats.py` knows where they sit.

Every member is given a customer row at birth. What binds a person on every channel (opt-out,
no-record) stands on the customer; what the platform says (name, staff) on the member.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ScalarSelect, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert_new
from storage.lent_wishes import is_asked_about_any, lend_wishes
from storage.tables import (
    accounts,
    customers,
    members,
    memberships,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A person on one channel. `person` is the platform's id.

    One who is `appointed` is a manager, whatever the platform says.
    """

    id: int
    customer_id: int
    platform: str
    person: str
    name: str
    staff: bool
    first_seen_at: datetime
    opted_out: bool
    no_record: bool
    appointed: bool = False
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody as a platform shows them; `alias` is the account's own name for them.

    An alias of None says nothing, an empty one that there is none.
    """

    person: str
    name: str
    staff: bool = False
    alias: str | None = None


_MEMBER = (
    members.c.id,
    members.c.customer_id,
    members.c.platform,
    members.c.person,
    members.c.name,
    members.c.staff,
    members.c.first_seen_at,
    customers.c.opted_out_at,
    customers.c.no_record,
    members.c.appointed_at,
    members.c.alias,
)

OURS = exists().where(accounts.c.platform == members.c.platform, accounts.c.me == members.c.person)
"""Whether a member is one of the bot's own accounts, whose words are kept as the bot's."""


def _member(row: Any) -> Member:
    return Member(
        id=row.id,
        customer_id=row.customer_id,
        platform=row.platform,
        person=row.person,
        name=row.name,
        staff=row.staff,
        first_seen_at=row.first_seen_at,
        opted_out=row.opted_out_at is not None,
        no_record=row.no_record,
        appointed=row.appointed_at is not None,
        alias=row.alias,
    )


async def ensure_members(
    connection: AsyncConnection, platform: str, seen: Iterable[Seen], at: datetime
) -> dict[str, Member]:
    """The members by person; unknown ones are made, new names, aliases and staff marks are kept."""
    shown = {person.person: person for person in seen}
    if not shown:
        return {}
    found = await _by_person(connection, platform, shown)
    missing = [person for key, person in shown.items() if key not in found]
    changed = [
        person for key, person in shown.items() if key in found and _is_news(person, found[key])
    ]
    if not missing and not changed:
        return found
    await _make(connection, platform, missing, at)
    for person in sorted(changed, key=lambda person: person.person):
        await connection.execute(
            update(members)
            .where(members.c.id == found[person.person].id)
            .values(
                name=person.name,
                staff=person.staff,
                alias=found[person.person].alias if person.alias is None else person.alias,
            )
        )
    return await _by_person(connection, platform, shown)


def _is_news(seen: Seen, known: Member) -> bool:
    """Whether somebody is shown otherwise than they are known."""
    alias = known.alias if seen.alias is None else seen.alias
    return (seen.name, seen.staff, alias) != (known.name, known.staff, known.alias)


async def _make(
    connection: AsyncConnection, platform: str, missing: Sequence[Seen], at: datetime
) -> None:
    births = await insert_new(
        connection, customers, [{"no_record": False} for _ in missing], customers.c.id
    )
    # Two processes may meet the same people at once: in one order, they cannot wait in a circle.
    people = sorted(missing, key=lambda person: person.person)
    made = await insert_new(
        connection,
        members,
        [
            {
                "customer_id": birth.id,
                "platform": platform,
                "person": person.person,
                "name": person.name,
                "alias": person.alias,
                "staff": person.staff,
                "first_seen_at": at,
            }
            for birth, person in zip(births, people, strict=True)
        ],
        members.c.customer_id,
    )
    if await is_asked_about_any(connection, [person.person for person in missing]):
        await lend_wishes(connection)
    unused = {birth.id for birth in births} - {row.customer_id for row in made}
    if unused:  # another process made some of these members meanwhile
        await connection.execute(delete(customers).where(customers.c.id.in_(list(unused))))


async def _by_person(
    connection: AsyncConnection, platform: str, persons: Mapping[str, Seen]
) -> dict[str, Member]:
    # The lock keeps no-record as it was read until this transaction has stored what was said:
    # whoever turns it on waits for us, and then finds the new texts to empty.
    rows = await connection.execute(
        select(*_MEMBER)
        .select_from(members.join(customers))
        .where(members.c.platform == platform, members.c.person.in_(list(persons)))
        .order_by(members.c.id)
        .with_for_update(read=True, of=customers)
    )
    return {row.person: _member(row) for row in rows}


async def members_by_id(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Member]:
    """Members by their ids."""
    rows = await connection.execute(
        select(*_MEMBER).select_from(members.join(customers)).where(members.c.id.in_(list(ids)))
    )
    return {row.id: _member(row) for row in rows}


async def member_known_as(connection: AsyncConnection, platform: str, person: str) -> Member | None:
    """The member with this id on this platform."""
    row = (
        await connection.execute(
            select(*_MEMBER)
            .select_from(members.join(customers))
            .where(members.c.platform == platform, members.c.person == person)
        )
    ).one_or_none()
    return None if row is None else _member(row)


async def members_named(
    connection: AsyncConnection, name: str, group_ids: Collection[int] | None = None
) -> list[Member]:
    """Everybody with exactly this name or platform id; of these groups, where they are given.

    What they call themselves there is a name as well, and so is what the account calls them.
    """
    source = members.join(customers)
    seats = [memberships.c.left_at.is_(None)]
    if group_ids is not None:
        seats.append(memberships.c.group_id.in_(list(group_ids)))
    known_as = select(memberships.c.member_id).where(memberships.c.nickname == name, *seats)
    question = or_(
        members.c.name == name,
        members.c.person == name,
        members.c.alias == name,
        members.c.id.in_(known_as),
    )
    if group_ids is not None:
        question &= members.c.id.in_(select(memberships.c.member_id).where(*seats))
    rows = await connection.execute(
        select(*_MEMBER).select_from(source).where(question).order_by(members.c.id)
    )
    return [_member(row) for row in rows]


async def members_of(connection: AsyncConnection, group_id: int) -> list[Member]:
    """Everybody who sits or sat in a group."""
    rows = await connection.execute(
        select(*_MEMBER)
        .select_from(members.join(customers).join(memberships))
        .where(memberships.c.group_id == group_id)
        .order_by(members.c.id)
    )
    return [_member(row) for row in rows]


async def staff(connection: AsyncConnection, persons: Collection[str] = ()) -> list[Member]:
    """Everybody marked as staff or appointed, and whoever has one of these ids, as first seen."""
    rows = await connection.execute(
        select(*_MEMBER)
        .select_from(members.join(customers))
        .where(
            members.c.staff
            | members.c.appointed_at.is_not(None)
            | members.c.person.in_(list(persons))
        )
        .order_by(members.c.id)
    )
    return [_member(row) for row in rows]


async def recorded_fans(connection: AsyncConnection, *, after: int, limit: int) -> list[int]:
    """The ids of the next fans behind the id `after`, those left out who asked for no record.

    The bot's own accounts are no fans.
    """
    rows = await connection.execute(
        select(members.c.id)
        .select_from(members.join(customers))
        .where(members.c.id > after, ~members.c.staff, ~customers.c.no_record, ~OURS)
        .order_by(members.c.id)
        .limit(limit)
    )
    return [row.id for row in rows]


async def recorded_among(
    connection: AsyncConnection, ids: Collection[int], *, hold: bool = False
) -> dict[int, bool]:
    """Those of these members who are fans and may be remembered → whether they opted out.

    With `hold` it stays so until the transaction ends: whoever wishes otherwise waits.
    """
    question = (
        select(members.c.id, customers.c.opted_out_at.is_not(None).label("opted_out"))
        .select_from(members.join(customers))
        .where(among(members.c.id, ids), ~members.c.staff, ~customers.c.no_record, ~OURS)
        .order_by(members.c.id)
    )
    if hold:
        question = question.with_for_update(read=True, of=customers)
    return {row.id: row.opted_out for row in await connection.execute(question)}


async def customers_of(connection: AsyncConnection, ids: Collection[int]) -> list[int]:
    """The customers that these members are, each once, in the order of their ids."""
    found = await connection.scalars(
        select(members.c.customer_id)
        .where(among(members.c.id, ids))
        .distinct()
        .order_by(members.c.customer_id)
    )
    return list(found)


def name_of_customer(customer: Column[int]) -> ScalarSelect[str]:
    """What a customer is called, in a query over something of theirs: by their oldest member."""
    return (
        select(members.c.name)
        .where(members.c.customer_id == customer)
        .order_by(members.c.id)
        .limit(1)
        .scalar_subquery()
    )


async def of_customer(connection: AsyncConnection, customer_id: int) -> list[Member]:
    """A customer's members, on whichever channel, the first known first."""
    rows = await connection.execute(
        select(*_MEMBER)
        .select_from(members.join(customers))
        .where(members.c.customer_id == customer_id)
        .order_by(members.c.id)
    )
    return [_member(row) for row in rows]


async def unrecorded(connection: AsyncConnection) -> list[int]:
    """The ids of the members who asked for no record."""
    rows = await connection.execute(
        select(members.c.id)
        .select_from(members.join(customers))
        .where(customers.c.no_record)
        .order_by(members.c.id)
    )
    return [row.id for row in rows]


async def unrecorded_among(
    connection: AsyncConnection, platform: str, persons: Collection[str]
) -> set[str]:
    """Those of these persons of a platform who asked for no record."""
    found = await connection.scalars(
        select(members.c.person)
        .select_from(members.join(customers))
        .where(members.c.platform == platform, among(members.c.person, persons))
        .where(customers.c.no_record)
    )
    return set(found)


async def count_members(connection: AsyncConnection) -> int:
    """How many members are known, the staff among them; the bot's own accounts are none."""
    counted = select(func.count()).select_from(members).where(~OURS)
    return int((await connection.execute(counted)).scalar_one())


async def names(connection: AsyncConnection) -> list[str]:
    """Everybody's name, each once."""
    rows = await connection.execute(select(members.c.name).distinct().order_by(members.c.name))
    return [row.name for row in rows]


async def dismiss(connection: AsyncConnection, platform: str, person: str) -> None:
    """Note that somebody is not staff any more, if they are known at all."""
    await connection.execute(
        update(members)
        .where(members.c.platform == platform, members.c.person == person, members.c.staff)
        .values(staff=False)
    )
