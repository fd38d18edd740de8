"""Which campaigns and programmes are over and were not told of yet."""

from __future__ import annotations

from collections.abc import Sequence

from alembic import command
from sqlalchemy import Connection, column, table, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audiences import Audience
from storage.campaigns import CampaignState, set_state
from storage.database import Database
from storage.migrations import apply
from storage.running_programmes import EVERY_YEAR, keep_facts, switch_on
from storage.tables import campaigns
from storage.told_reviews import (
    TRIED_AGAIN_AFTER,
    Ended,
    Reviewed,
    note_reviewed,
    note_unheard,
    untold_campaigns,
    untold_programmes,
    untold_years,
    year_of,
)
from tests.storage.builders import DAY, HOUR, NOW, SECOND, campaign, group, shop
from tests.storage.test_outcomes import posted


async def over(connection: AsyncConnection, key: str = "c1", state: str = "finished") -> int:
    """The campaign with this key, in this state."""
    one = await campaign(connection, key)
    await set_state(connection, one.id, state)
    return one.id


async def year_of_programme(
    connection: AsyncConnection, *keys: str, year: int = 2026
) -> tuple[int, Sequence[int]]:
    """A year of a programme and its campaigns, all of them finished."""
    running = await keep_facts(
        connection, await shop(connection), "double11", year, {}, by="room:a", at=NOW
    )
    ids = [await over(connection, key) for key in keys]
    await connection.execute(
        update(campaigns).where(campaigns.c.id.in_(ids)).values(running_id=running.id)
    )
    return running.id, ids


async def test_a_campaign_is_over_once_it_has_nothing_more_to_plan(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    await posted(connection, [await group(connection, "一群")])
    assert await untold_campaigns(connection, shop_id, NOW) == []
    for state in (CampaignState.FINISHED, CampaignState.CANCELLED):
        number = await over(connection, state=state)
        assert await untold_campaigns(connection, shop_id, NOW) == [Ended(number, NOW, 0)]
    await over(connection, state=CampaignState.PAUSED)
    assert await untold_campaigns(connection, shop_id, NOW) == []


async def test_its_last_post_counts_and_what_is_still_to_come_of_it(
    connection: AsyncConnection,
) -> None:
    shop_id, seat = await shop(connection), await group(connection, "一群")
    await posted(connection, [seat])
    await posted(connection, [seat], slot="d-0", at=NOW + DAY, state="planned")
    await posted(connection, [seat], slot="d+1", at=NOW + 2 * DAY, state="cancelled")
    number = await over(connection)
    assert await untold_campaigns(connection, shop_id, NOW) == [Ended(number, NOW + DAY, 1)]


async def test_of_a_campaign_without_posts_nobody_knows_when_it_was(
    connection: AsyncConnection,
) -> None:
    number = await over(connection)
    assert await untold_campaigns(connection, await shop(connection), NOW) == [
        Ended(number, None, 0)
    ]


async def test_what_was_told_or_passed_over_is_not_asked_for_again(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    told, passed, left = [await over(connection, key) for key in ("c1", "c2", "c3")]
    await note_reviewed(connection, shop_id, Reviewed.CAMPAIGN, [told], NOW)
    await note_reviewed(connection, shop_id, Reviewed.CAMPAIGN, [passed], None)
    await note_reviewed(connection, shop_id, Reviewed.CAMPAIGN, [told], NOW + HOUR)
    await note_reviewed(connection, shop_id, Reviewed.PROGRAMME, [left], NOW)
    assert [one.id for one in await untold_campaigns(connection, shop_id, NOW)] == [left]


async def test_what_reached_nobody_is_asked_for_again_after_a_while(
    connection: AsyncConnection,
) -> None:
    shop_id, number = await shop(connection), await over(connection)
    await note_unheard(connection, shop_id, Reviewed.CAMPAIGN, [number], NOW)
    almost = NOW + TRIED_AGAIN_AFTER - SECOND
    assert await untold_campaigns(connection, shop_id, almost) == []
    waits = await untold_campaigns(connection, shop_id, NOW + TRIED_AGAIN_AFTER)
    assert [one.id for one in waits] == [number]
    await note_reviewed(connection, shop_id, Reviewed.CAMPAIGN, [number], None)
    assert await untold_campaigns(connection, shop_id, NOW + DAY) == []


async def test_what_was_told_stays_told(connection: AsyncConnection) -> None:
    shop_id, number = await shop(connection), await over(connection)
    await note_reviewed(connection, shop_id, Reviewed.CAMPAIGN, [number], NOW)
    await note_unheard(connection, shop_id, Reviewed.CAMPAIGN, [number], NOW)
    assert await untold_campaigns(connection, shop_id, NOW + DAY) == []


async def test_of_what_runs_on_each_year_is_told_by_itself(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    running, _ = await year_of_programme(connection, "c1", year=EVERY_YEAR)
    assert await untold_years(connection, shop_id, 2026, NOW) == []  # it was never on
    await switch_on(connection, running, Audience(), {}, by="room:a", at=NOW)
    await note_reviewed(connection, shop_id, year_of(2025), [running], NOW)
    assert await untold_years(connection, shop_id, 2026, NOW) == [running]
    await note_reviewed(connection, shop_id, year_of(2026), [running], NOW)
    assert await untold_years(connection, shop_id, 2026, NOW) == []


async def test_a_programme_is_over_with_its_last_campaign(connection: AsyncConnection) -> None:
    shop_id, seat = await shop(connection), await group(connection, "一群")
    running, (first, _) = await year_of_programme(connection, "c1", "c2")
    await posted(connection, [seat])
    await set_state(connection, first, CampaignState.APPROVED)
    assert await untold_programmes(connection, shop_id, NOW) == []
    await set_state(connection, first, CampaignState.FINISHED)
    assert await untold_programmes(connection, shop_id, NOW) == [Ended(running, NOW, 0)]
    await note_reviewed(connection, shop_id, Reviewed.PROGRAMME, [running], NOW)
    assert await untold_programmes(connection, shop_id, NOW) == []


async def test_a_programme_without_campaigns_or_without_a_year_is_never_over(
    connection: AsyncConnection,
) -> None:
    await year_of_programme(connection)
    await year_of_programme(connection, "c1", year=EVERY_YEAR)
    assert await untold_programmes(connection, await shop(connection), NOW) == []


def _to_0012(connection: Connection) -> None:
    configuration = apply.configuration()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "0012")


async def test_what_an_earlier_release_told_stays_told(empty_url: str) -> None:
    earlier = Database(empty_url)
    async with earlier.writing() as connection:
        await connection.run_sync(_to_0012)
        shop_id, number = await shop(connection), await over(connection)
        told = table("told_reviews", *map(column, ("shop_id", "kind", "reviewed_id")))
        await connection.execute(
            told.insert().values(shop_id=shop_id, kind="campaign", reviewed_id=number)
        )
    await earlier.close()
    database = await Database.open(empty_url)
    try:
        async with database.reading() as connection:
            assert await untold_campaigns(connection, shop_id, NOW) == []
    finally:
        await database.close()
