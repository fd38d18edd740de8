"""Which programmes are on, and what the shop has said of itself for them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import campaigns
from storage.audiences import Audience
from storage.running_programmes import (
    EVERY_YEAR,
    RunningProgramme,
    keep_facts,
    programmes_ever_on,
    programmes_on,
    running_programme,
    switch_off,
    switch_on,
)
from storage.tables import campaigns as campaign_table
from tests.storage.builders import DAY, HOUR, NOW, campaign, shop, stored

GROUPS = Audience(taken=(3,), written="@一群")


async def said(connection: AsyncConnection, **facts: str) -> RunningProgramme:
    """The shop says so of its Double-11 of 2026."""
    return await keep_facts(
        connection, await shop(connection), "double11", 2026, facts, by="room:a", at=NOW
    )


async def found(connection: AsyncConnection, year: int = 2026) -> RunningProgramme | None:
    return await running_programme(connection, await shop(connection), "double11", year, hold=True)


async def test_facts_are_kept_before_it_is_on_and_the_last_word_counts(
    connection: AsyncConnection,
) -> None:
    assert await found(connection) is None
    first = await said(connection, gift="小样")
    again = await said(connection, gift="小样三件", price="99")
    assert again.id == first.id
    assert again == await found(connection)
    assert (again.facts, again.is_on, again.audience) == (
        {"gift": "小样三件", "price": "99"},
        False,
        None,
    )
    assert await found(connection, EVERY_YEAR) is None
    assert await programmes_on(connection, await shop(connection)) == []


async def test_it_is_on_since_it_was_first_switched_on(connection: AsyncConnection) -> None:
    one = await said(connection)
    shop_id = await shop(connection)
    assert await switch_on(connection, one.id, GROUPS, {"gift": "小样"}, by="room:a", at=NOW)
    assert not await switch_on(connection, one.id, Audience(), {}, by="room:b", at=NOW + HOUR)
    (on,) = await programmes_on(connection, shop_id)
    assert (on.on_since, on.audience, on.facts, on.changed_by, on.changed_at) == (
        NOW,
        Audience(),
        {},
        "room:b",
        NOW + HOUR,
    )


async def test_it_is_off_once_and_keeps_what_was_said(connection: AsyncConnection) -> None:
    one = await said(connection, gift="小样")
    await switch_on(connection, one.id, GROUPS, one.facts, by="room:a", at=NOW)
    off = {"by": "room:b", "at": NOW + DAY}
    assert await switch_off(connection, one.id, **off)  # type: ignore[arg-type]  # as keywords
    assert not await switch_off(connection, one.id, **off)  # type: ignore[arg-type]  # as keywords
    left = await found(connection)
    assert left is not None
    assert (left.is_on, left.facts, left.audience) == (False, {"gift": "小样"}, GROUPS)


async def test_what_a_programme_made_is_found_by_it(connection: AsyncConnection) -> None:
    one = await said(connection)
    made = await campaign(connection, "double11:2026")
    await campaign(connection, "broadcast:1")
    await connection.execute(
        campaign_table.update().where(campaign_table.c.id == made.id).values(running_id=one.id)
    )
    assert await campaigns.of_programme(connection, one.id) == [await stored(connection, made)]
    assert (await stored(connection, made)).running_id == one.id


async def test_what_was_ever_on_is_known_the_newest_year_first(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    one = await said(connection)
    assert await programmes_ever_on(connection, shop_id) == []
    later = await keep_facts(connection, shop_id, "sale", 2027, {}, by="room:a", at=NOW)
    for programme in (one, later):
        await switch_on(connection, programme.id, GROUPS, {}, by="room:a", at=NOW)
    await switch_off(connection, one.id, by="room:a", at=NOW + HOUR)
    ever = await programmes_ever_on(connection, shop_id)
    assert [(each.key, each.year, each.is_on) for each in ever] == [
        ("sale", 2027, True),
        ("double11", 2026, False),
    ]
