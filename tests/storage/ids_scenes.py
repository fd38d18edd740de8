"""What the tests of new ids share: 小美 by her old id and by her new one, and the ledger."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import (
    members,
)
from storage.members import Member, Seen
from storage.new_ids import NewId, give_ids
from storage.tables import deliveries as ledger
from tests.storage.builders import (
    ACCOUNT,
    HOUR,
    NOW,
    PLATFORM,
    campaign,
    slot_of,
)
from tests.storage.private_deliveries import deliver_to

NEW = "@new"
"""The id that 小美 has now; she had id-小美."""

OLD_ADDRESS, NEW_ADDRESS = "person:id-小美", f"person:{NEW}"


async def told(connection: AsyncConnection, *given_ids: NewId) -> None:
    """The platform's new ids become known."""
    await give_ids(connection, PLATFORM, ACCOUNT, given_ids, NOW)


async def known_as(connection: AsyncConnection, person: str) -> Member:
    """The member with this id."""
    found = await members.member_known_as(connection, PLATFORM, person)
    assert found is not None
    return found


async def newer(connection: AsyncConnection, name: str = "小美") -> Member:
    """小美 as she was heard of by her new id, before anybody knew that it is hers."""
    people = await members.ensure_members(connection, PLATFORM, [Seen(NEW, name)], NOW + HOUR)
    return people[NEW]


async def private(connection: AsyncConnection, one: Member, slot: str, key: str = "c1") -> None:
    """A private delivery to somebody, due now."""
    of = await campaign(connection, key)
    await deliver_to(connection, slot_of(of, slot), ACCOUNT, [one.id], NOW)


async def ledger_rows(connection: AsyncConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Slot → state, address, key and reason of each delivery."""
    rows = await connection.execute(
        select(
            ledger.c.slot, ledger.c.state, ledger.c.address, ledger.c.key, ledger.c.reason
        ).order_by(ledger.c.id)
    )
    found: dict[str, list[tuple[Any, ...]]] = {}
    for slot, *row in rows:
        found.setdefault(slot, []).append(tuple(row))
    return found
