"""New ids: the platform calls people by other ids than before, and they stay who they were.

What is known of them stands on their rows, whose `person` simply changes. What is addressed by
words (deliveries, forms, posts of the account's own) follows. Where somebody was heard of under the
new id before that was clear, the two rows become one (see `merging.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, delete, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, update_each
from storage.deliveries import DeliveryState
from storage.identities import follow
from storage.lanes import hold_lanes
from storage.merging import hold_people, merge_members
from storage.tables import (
    deliveries,
    forms,
    members,
    numbered_choices,
    own_posts,
    passing_posts,
    pending_welcomes,
    unheard_events,
)

_AT_ONCE = 1_000  # members, so that their deliveries fit into memory

_OVER = (DeliveryState.SENT, DeliveryState.SKIPPED, DeliveryState.CANCELLED)
_UNDER_WAY = (DeliveryState.SENDING, DeliveryState.UNCERTAIN)
_EVERY = true()


@dataclass(frozen=True, slots=True)
class NewId:
    """A member, and the id that stands for them now.

    `name` is what the platform calls them, `alias` what the account does; an alias of None says
    nothing.
    """

    member_id: int
    person: str
    name: str
    alias: str | None = None


async def give_ids(
    connection: AsyncConnection, platform: str, account: str, given: Sequence[NewId], at: datetime
) -> None:
    """Let these members be known by these ids from now on. No member and no id stands twice.

    A second telling changes nothing. What was sent keeps the address it was sent to. A delivery
    keeps the name that a platform may be asked about (`key`) while it is in doubt; any other that
    may be planned again is named anew, so that this finds it.
    """
    if not given:
        return
    await hold_lanes(connection)
    before = await _persons(connection, [one.member_id for one in given])
    changed = [one for one in given if before.get(one.member_id, one.person) != one.person]
    others = await _members(connection, platform, [one.person for one in changed])
    await hold_people(connection, [*(one.member_id for one in changed), *others.values()])
    for one in changed:
        if one.person in others:
            await merge_members(connection, others[one.person], one.member_id, at)
    await _rename(connection, changed)
    # Whom it was refused to write to by the old id, nobody refuses by the new one so far.
    unheard = [one.member_id for one in changed if one.person not in others]
    await connection.execute(
        update(members).where(among(members.c.id, unheard)).values(unreachable_at=None)
    )
    for start in range(0, len(changed), _AT_ONCE):
        some = changed[start : start + _AT_ONCE]
        moved = {one.member_id: _Move(before[one.member_id], one.person) for one in some}
        await _readdress_deliveries(connection, account, moved, at)
        await _readdress(connection, account, {one.old: one.new for one in moved.values()})
    persons = {before[one.member_id]: one.person for one in changed}
    await _write_anew(connection, unheard_events, account, "person", persons)
    await follow(connection, account, persons)


class _Move:
    """The address of somebody in private, by the old id and by the new one."""

    def __init__(self, before: str, after: str) -> None:
        # Written as `slots.py` does.
        self.old, self.new = f"person:{before}", f"person:{after}"


async def _persons(connection: AsyncConnection, member_ids: Sequence[int]) -> dict[int, str]:
    rows = await connection.execute(
        select(members.c.id, members.c.person).where(among(members.c.id, member_ids))
    )
    return {row.id: row.person for row in rows}


async def _members(
    connection: AsyncConnection, platform: str, persons: Sequence[str]
) -> dict[str, int]:
    rows = await connection.execute(
        select(members.c.person, members.c.id).where(
            members.c.platform == platform, among(members.c.person, persons)
        )
    )
    return {row.person: row.id for row in rows}


async def _rename(connection: AsyncConnection, given: Sequence[NewId]) -> None:
    named = [{"id": one.member_id, "person": one.person, "name": one.name} for one in given]
    await update_each(connection, members, named, _EVERY)
    called = [{"id": one.member_id, "alias": one.alias} for one in given if one.alias is not None]
    await update_each(connection, members, called, _EVERY)


async def _readdress_deliveries(
    connection: AsyncConnection, account: str, moved: Mapping[int, _Move], at: datetime
) -> None:
    """Send on what is addressed to these members in private, through this account."""
    found = await connection.execute(
        select(
            deliveries.c.id,
            deliveries.c.member_id,
            deliveries.c.key,
            deliveries.c.address,
            deliveries.c.state,
        ).where(
            among(deliveries.c.member_id, list(moved)),
            deliveries.c.account == account,
            # What is over, and whose window is, is planned no more by any name.
            deliveries.c.state.not_in(_OVER) | (deliveries.c.not_after > at),
        )
    )
    keys, addresses = {}, {}
    for row in found:
        move = moved[row.member_id]
        # A key ends with an address: see `slots.py`.
        if row.state not in _UNDER_WAY and row.key.endswith(f"/{move.old}"):
            keys[row.id] = row.key.removesuffix(move.old) + move.new
        if row.state not in _OVER and row.address == move.old:
            addresses[row.id] = move.new
    taken = set(
        await connection.scalars(
            select(deliveries.c.key).where(among(deliveries.c.key, list(keys.values())))
        )
    )
    named = [{"id": id_, "key": key} for id_, key in keys.items() if key not in taken]
    await update_each(connection, deliveries, named, _EVERY)
    sent_on = [{"id": id_, "address": address} for id_, address in addresses.items()]
    await update_each(connection, deliveries, sent_on, _EVERY)


async def _readdress(connection: AsyncConnection, account: str, moved: Mapping[str, str]) -> None:
    """Send on everything else that is addressed."""
    choices = numbered_choices.c.account == account
    offered = set(
        await connection.scalars(
            select(numbered_choices.c.address).where(
                choices, among(numbered_choices.c.address, list(moved.values()))
            )
        )
    )
    # What was offered under the new id is the last offer, and the only one that holds.
    outdated = [before for before, after in moved.items() if after in offered]
    await connection.execute(
        delete(numbered_choices).where(choices, among(numbered_choices.c.address, outdated))
    )
    for table in (pending_welcomes, passing_posts, forms, own_posts, numbered_choices):
        await _write_anew(connection, table, account, "address", moved)


async def _write_anew(
    connection: AsyncConnection, table: Table, account: str, name: str, anew: Mapping[str, str]
) -> None:
    """Put other words into a column of an account's rows. Few rows hold any of the old ones."""
    column = table.c[name]
    found = await connection.scalars(
        select(column).where(table.c.account == account, among(column, list(anew))).distinct()
    )
    for words in found.all():
        await connection.execute(
            update(table)
            .where(table.c.account == account, column == words)
            .values({name: anew[words]})
        )
