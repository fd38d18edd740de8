"""Who is appointed is a manager for good; an account's code is good once, and for a time."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import appointments, members
from storage.database import Database
from storage.tables import appointment_codes
from tests.storage.builders import ACCOUNT, DAY, MINUTE, NOW, PLATFORM, member

DIGEST, OTHER = "a" * 64, "b" * 64


async def test_who_is_appointed_is_so_for_good(connection: AsyncConnection) -> None:
    await member(connection, "小美")
    made = await member(connection, "店主")
    await appointments.appoint(connection, made.id, NOW)
    (found,) = await members.staff(connection)
    assert (found.name, found.staff, found.appointed) == ("店主", True, True)
    assert await appointments.appointed_on(connection, PLATFORM) == {"id-店主"}
    assert await appointments.appointed_on(connection, "telegram") == frozenset()
    seen_again = await member(connection, "店主")  # no platform calls them staff
    assert (seen_again.staff, seen_again.appointed) == (False, True)
    assert await members.staff(connection) == [seen_again]


async def test_a_code_is_used_up_by_its_first_use(connection: AsyncConnection) -> None:
    await appointments.keep_code(connection, ACCOUNT, DIGEST, NOW + DAY)
    for account, digest, at in (
        (ACCOUNT, OTHER, NOW),
        ("telegram:other", DIGEST, NOW),
        (ACCOUNT, DIGEST, NOW + DAY),
    ):
        assert not await appointments.use_code(connection, account, digest, at)
    assert await appointments.use_code(connection, ACCOUNT, DIGEST, NOW + DAY - MINUTE)
    assert not await appointments.use_code(connection, ACCOUNT, DIGEST, NOW)
    assert (await connection.execute(select(appointment_codes))).all() == []


async def test_a_new_code_puts_an_end_to_the_one_before(connection: AsyncConnection) -> None:
    await appointments.keep_code(connection, ACCOUNT, DIGEST, NOW + DAY)
    await appointments.keep_code(connection, ACCOUNT, OTHER, NOW + DAY)
    assert not await appointments.use_code(connection, ACCOUNT, DIGEST, NOW)
    await appointments.drop_code(connection, ACCOUNT)
    assert not await appointments.use_code(connection, ACCOUNT, OTHER, NOW)


async def test_of_two_processes_only_one_finds_a_code(database: Database, other: Database) -> None:
    async with database.writing() as connection:
        await appointments.keep_code(connection, ACCOUNT, DIGEST, NOW + DAY)
    async with database.writing() as connection:
        first = await appointments.use_code(connection, ACCOUNT, DIGEST, NOW)
    async with other.writing() as connection:
        second = await appointments.use_code(connection, ACCOUNT, DIGEST, NOW)
    assert (first, second) == (True, False)
