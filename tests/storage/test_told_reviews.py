"""Which campaigns and programmes are over and were not told of yet."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.campaigns import CampaignState, set_state
from storage.running_programmes import EVERY_YEAR, keep_facts
from storage.tables import campaigns
from storage.told_reviews import (
    Ended,
    Reviewed,
    note_reviewed,
    untold_campaigns,
    untold_programmes,
)
from tests.storage.builders import DAY, HOUR, NOW, campaign, group, shop
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
    assert await untold_campaigns(connection, shop_id) == []
    for state in (CampaignState.FINISHED, CampaignState.CANCELLED):
        number = await over(connection, state=state)
        assert await untold_campaigns(connection, shop_id) == [Ended(number, NOW, 0)]
    await over(connection, state=CampaignState.PAUSED)
    assert await untold_campaigns(connection, shop_id) == []


async def test_its_last_post_counts_and_what_is_still_to_come_of_it(
    connection: AsyncConnection,
) -> None:
    shop_id, seat = await shop(connection), await group(connection, "一群")
    await posted(connection, [seat])
    await posted(connection, [seat], slot="d-0", at=NOW + DAY, state="planned")
    await posted(connection, [seat], slot="d+1", at=NOW + 2 * DAY, state="cancelled")
    number = await over(connection)
    assert await untold_campaigns(connection, shop_id) == [Ended(number, NOW + DAY, 1)]


async def test_of_a_campaign_without_posts_nobody_knows_when_it_was(
    connection: AsyncConnection,
) -> None:
    number = await over(connection)
    assert await untold_campaigns(connection, await shop(connection)) == [Ended(number, None, 0)]


async def test_what_was_told_or_passed_over_is_not_asked_for_again(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    told, passed, left = [await over(connection, key) for key in ("c1", "c2", "c3")]
    await note_reviewed(connection, shop_id, Reviewed.CAMPAIGN, [told], NOW)
    await note_reviewed(connection, shop_id, Reviewed.CAMPAIGN, [passed], None)
    await note_reviewed(connection, shop_id, Reviewed.CAMPAIGN, [told], NOW + HOUR)
    await note_reviewed(connection, shop_id, Reviewed.PROGRAMME, [left], NOW)
    assert [one.id for one in await untold_campaigns(connection, shop_id)] == [left]


async def test_a_programme_is_over_with_its_last_campaign(connection: AsyncConnection) -> None:
    shop_id, seat = await shop(connection), await group(connection, "一群")
    running, (first, _) = await year_of_programme(connection, "c1", "c2")
    await posted(connection, [seat])
    await set_state(connection, first, CampaignState.APPROVED)
    assert await untold_programmes(connection, shop_id) == []
    await set_state(connection, first, CampaignState.FINISHED)
    assert await untold_programmes(connection, shop_id) == [Ended(running, NOW, 0)]
    await note_reviewed(connection, shop_id, Reviewed.PROGRAMME, [running], NOW)
    assert await untold_programmes(connection, shop_id) == []


async def test_a_programme_without_campaigns_or_without_a_year_is_never_over(
    connection: AsyncConnection,
) -> None:
    await year_of_programme(connection)
    await year_of_programme(connection, "c1", year=EVERY_YEAR)
    assert await untold_programmes(connection, await shop(connection)) == []
