"""Campaigns are made once, their content never changes, and the watermark never moves back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import campaigns
from storage.database import Database
from storage.groups import Audience
from storage.tables import content_versions
from tests.storage.builders import DAY, HOUR, NOW, campaign, new_campaign, shop


async def written(connection: AsyncConnection, campaign_id: int) -> list[dict[str, str]]:
    """The bodies of a campaign, the oldest first."""
    of = content_versions.c
    question = select(of.body).where(of.campaign_id == campaign_id).order_by(of.number)
    return list(await connection.scalars(question))


async def test_a_campaign_is_kept_as_it_was_made(connection: AsyncConnection) -> None:
    new = new_campaign(audience=Audience(("福利群",), ("二群",)))
    made = await campaigns.create(connection, await shop(connection), new, state="waiting")
    for part in ("key", "programme", "name", "schedule", "zone", "valid_seconds", "audience"):
        assert getattr(made, part) == getattr(new, part)
    assert (made.created_by, made.created_at) == (new.created_by, new.created_at)
    assert (made.state, made.reason, made.approved_version) == ("waiting", None, None)
    assert made.planned_until is None
    assert await written(connection, made.id) == [new.body]
    assert await campaigns.by_id(connection, made.id) == made
    assert await campaigns.by_key(connection, made.key) == made


async def test_a_campaign_nobody_made_is_none(connection: AsyncConnection) -> None:
    assert await campaigns.by_id(connection, 1) is None
    assert await campaigns.by_key(connection, "c1") is None


async def test_the_same_key_again_is_the_same_campaign_left_as_it_stands(
    connection: AsyncConnection,
) -> None:
    approved = await campaign(connection)
    again = replace(new_campaign(), name="another", body={"text": "another"})
    found = await campaigns.create(connection, await shop(connection), again, state="waiting")
    assert found == approved
    assert await written(connection, approved.id) == [new_campaign().body]


async def test_made_by_two_processes_at_once_it_is_one_campaign(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        shop_id = await shop(connection)

    async def make(which: Database) -> int:
        async with which.writing() as connection:
            made = await campaigns.create(connection, shop_id, new_campaign(), state="waiting")
            return made.id

    assert len(set(await asyncio.gather(*(make(one) for one in (database, other) * 3)))) == 1


async def test_an_edit_makes_a_new_version_and_leaves_the_approved_one(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection)
    assert made.approved_version is not None
    edited = await campaigns.add_version(
        connection, made.id, {"text": "改过"}, by="manager:小陈", at=NOW
    )
    assert await written(connection, made.id) == [new_campaign().body, {"text": "改过"}]
    assert await campaigns.by_id(connection, made.id) == made
    found = await campaigns.bodies(connection, [made.approved_version, edited])
    assert found == {made.approved_version: new_campaign().body, edited: {"text": "改过"}}


async def test_two_who_edit_at_once_make_two_versions(database: Database, other: Database) -> None:
    async with database.writing() as connection:
        made = await campaign(connection)

    async def edit(which: Database, text: str) -> int:
        async with which.writing() as connection:
            return await campaigns.add_version(connection, made.id, {"text": text}, by="x", at=NOW)

    versions = await asyncio.gather(
        *(edit(which, str(number)) for number, which in enumerate((database, other) * 4))
    )
    assert len(set(versions)) == 8


async def test_approving_approves_the_newest_version_and_sets_the_watermark(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection, approved=False)
    newest = await campaigns.add_version(connection, made.id, {}, by="x", at=NOW)
    await campaigns.set_state(connection, made.id, "held", "nobody approved it")
    await campaigns.approve(
        connection, made.id, state="active", by="manager:阿玲", at=NOW, plan_after=NOW - HOUR
    )
    found = await campaigns.by_id(connection, made.id)
    assert found is not None
    assert (found.state, found.reason, found.approved_version) == ("active", None, newest)
    assert found.planned_until == NOW - HOUR


async def test_approving_again_leaves_the_watermark(connection: AsyncConnection) -> None:
    made = await campaign(connection)
    await campaigns.advance(connection, [made.id], NOW + HOUR)
    later = NOW + DAY
    await campaigns.approve(connection, made.id, state="active", by="x", at=later, plan_after=later)
    found = await campaigns.by_id(connection, made.id)
    assert found is not None
    assert found.planned_until == NOW + HOUR


async def test_the_watermark_never_moves_back_and_only_where_something_is_approved(
    connection: AsyncConnection,
) -> None:
    made, waiting = await campaign(connection), await campaign(connection, "c2", approved=False)
    await campaigns.advance(connection, [made.id, waiting.id], NOW + HOUR)
    await campaigns.advance(connection, [made.id], NOW)
    await campaigns.advance(connection, [], NOW + DAY)
    found = await campaigns.in_states(connection, await shop(connection), ["active", "waiting"])
    assert [one.planned_until for one in found] == [NOW + HOUR, None]


async def test_campaigns_are_found_by_state_in_the_order_they_were_made(
    connection: AsyncConnection,
) -> None:
    first, second, third = [await campaign(connection, key) for key in ("c1", "c2", "c3")]
    await campaigns.set_state(connection, second.id, "cancelled", "by a manager")
    shop_id = await shop(connection)
    assert await campaigns.in_states(connection, shop_id, ["active"]) == [first, third]
    (gone,) = await campaigns.in_states(connection, shop_id, ["cancelled"])
    assert (gone.id, gone.reason) == (second.id, "by a manager")
    assert await campaigns.in_states(connection, shop_id + 1, ["active"]) == []


async def test_who_plans_campaigns_cannot_overtake_who_cancels_them(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        made, shop_id = await campaign(connection), await shop(connection)

    async def plan() -> list[campaigns.StoredCampaign]:
        async with other.writing() as connection:
            return await campaigns.in_states(connection, shop_id, ["active"], hold=True)

    async with database.writing() as connection:
        await campaigns.set_state(connection, made.id, "cancelled")
        planning = asyncio.create_task(plan())
        await asyncio.sleep(0.1)
        assert not planning.done()
    assert await planning == []
