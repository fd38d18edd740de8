"""Campaigns are made once, their content never changes, and nothing is said unapproved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import approvals, audit, campaigns, slots
from storage.audiences import Audience
from storage.bells import Bell, rung_in
from storage.campaigns import CampaignState, StoredCampaign
from storage.database import Database
from storage.holds import CAMPAIGN_PAUSED, NOT_APPROVED
from storage.tables import content_versions, deliveries, groups
from tests.storage.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    approved,
    campaign,
    edited,
    group,
    new_campaign,
    planned,
    put_off,
    shop,
    slot_of,
    states,
    stored,
    waiting,
)

TICK = timedelta(microseconds=1)


class Row(NamedTuple):
    """How a delivery stands."""

    state: str
    reason: str | None
    version: int
    not_before: datetime


async def ledger(connection: AsyncConnection, key: str = "c1") -> dict[str, Row]:
    """Group → how the campaign's delivery to it stands."""
    found = await campaigns.by_key(connection, key)
    assert found is not None
    of = deliveries.c
    rows = await connection.execute(
        select(groups.c.name, of.state, of.reason, of.version_id, of.not_before)
        .join_from(deliveries, groups, groups.c.id == of.group_id)
        .where(of.campaign_id == found.id)
    )
    return {name: Row(*rest) for name, *rest in rows}


async def written(connection: AsyncConnection, campaign_id: int) -> list[dict[str, str]]:
    """The bodies of a campaign, the oldest first."""
    of = content_versions.c
    question = select(of.body).where(of.campaign_id == campaign_id).order_by(of.number)
    return list(await connection.scalars(question))


async def test_a_campaign_is_kept_as_it_was_made(connection: AsyncConnection) -> None:
    new = replace(
        new_campaign(audience=Audience(("福利群",), ("二群",))),
        priority=2,
        hold_out=10,
        promotion={"posts_a_day": 6},
    )
    made = await campaigns.create(connection, await shop(connection), new, state="draft")
    for part in (
        *("key", "programme", "name", "schedule", "zone", "valid_seconds", "audience"),
        *("priority", "hold_out", "promotion", "created_by", "created_at"),
    ):
        assert getattr(made, part) == getattr(new, part)
    assert (made.state, made.reason, made.approved_version) == (CampaignState.DRAFT, None, None)
    assert (made.submitted_by, made.submitted_at) == (new.created_by, new.created_at)
    assert await written(connection, made.id) == [new.body]
    assert await campaigns.bodies(connection, [made.version_id]) == {made.version_id: new.body}
    assert await campaigns.by_id(connection, made.id) == made
    assert await campaigns.by_key(connection, made.key) == made


async def test_it_is_planned_from_the_very_moment_on_at_which_it_was_made(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection, approved=False)
    assert made.planned_until == NOW - TICK


async def test_a_campaign_nobody_made_is_none_and_cannot_be_steered(
    connection: AsyncConnection,
) -> None:
    assert await campaigns.by_id(connection, 1) is None
    assert await campaigns.by_key(connection, "c1") is None
    with pytest.raises(LookupError):
        await campaigns.pause(connection, 1, "why")


async def test_the_same_key_again_is_the_same_campaign_left_as_it_stands(
    connection: AsyncConnection,
) -> None:
    first = await campaign(connection)
    again = replace(new_campaign(), name="another", body={"text": "another"})
    found = await campaigns.create(connection, await shop(connection), again, state="draft")
    assert found == first
    assert await written(connection, first.id) == [new_campaign().body]


async def test_made_by_two_processes_at_once_it_is_one_campaign(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        shop_id = await shop(connection)

    async def make(which: Database) -> int:
        async with which.writing() as connection:
            made = await campaigns.create(connection, shop_id, new_campaign(), state="draft")
            return made.id

    assert len(set(await asyncio.gather(*(make(one) for one in (database, other) * 3)))) == 1


async def test_an_edit_makes_a_new_version_that_waits_for_approval(
    connection: AsyncConnection,
) -> None:
    before = await campaign(connection)
    version = await edited(connection, before, audience=Audience(("福利群",)))
    found = await stored(connection, before)
    assert await written(connection, before.id) == [new_campaign().body, {"text": "改过"}]
    assert found == replace(
        before,
        state=CampaignState.DRAFT,
        version_id=version,
        version_number=2,
        audience=Audience(("福利群",)),
        submitted_by="manager:小陈",
    )
    assert found.approved_version == before.version_id != version


async def test_two_who_edit_at_once_make_two_versions(database: Database, other: Database) -> None:
    async with database.writing() as connection:
        made = await campaign(connection)

    async def edit(which: Database, text: str) -> int:
        async with which.writing() as connection:
            return await edited(connection, made, text)

    versions = await asyncio.gather(
        *(edit(which, str(number)) for number, which in enumerate((database, other) * 4))
    )
    assert len(set(versions)) == 8
    async with database.reading() as connection:
        assert (await stored(connection, made)).version_id == max(versions)


async def test_approving_says_exactly_the_version_that_was_shown(
    connection: AsyncConnection,
) -> None:
    shown = await campaign(connection, approved=False)
    newer = await edited(connection, shown)
    draft = await stored(connection, shown)
    assert not await approved(connection, shown, shown.version_id)
    assert await stored(connection, shown) == draft
    assert await approved(connection, shown, newer)
    found = await stored(connection, shown)
    assert (found.state, found.version_id, found.approved_version) == ("approved", newer, newer)


async def test_approved_twice_it_keeps_who_approved_it_first(connection: AsyncConnection) -> None:
    made = await campaign(connection)
    assert await approvals.approve(
        connection, made.id, version=made.version_id, state="approved", by="another", at=NOW + DAY
    )
    of = content_versions.c
    (row,) = await connection.execute(select(of.approved_by, of.approved_at))
    assert tuple(row) == ("manager:阿玲", NOW)


async def test_a_cancelled_campaign_is_not_brought_back_by_approving_it(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection, approved=False)
    await campaigns.set_state(connection, made.id, "cancelled", "by a manager")
    assert not await approved(connection, made, made.version_id)
    assert (await stored(connection, made)).state is CampaignState.CANCELLED


async def test_what_was_planned_with_an_approved_version_keeps_it(
    connection: AsyncConnection,
) -> None:
    await planned(connection, "一群")
    made = await campaign(connection)
    await edited(connection, made, audience=Audience(("二群",)))
    before = Row("planned", None, made.version_id, NOW)
    assert await ledger(connection) == {"一群": before}
    newer = (await stored(connection, made)).version_id
    assert await approvals.reject(connection, made.id, version=newer, by="x", at=NOW)
    assert await ledger(connection) == {"一群": before}


async def test_what_waits_for_a_version_that_nobody_approved_says_the_next_one(
    connection: AsyncConnection,
) -> None:
    made = await waiting(connection, "一群", "二群")
    await put_off(connection, NOT_APPROVED)
    version = await edited(connection, made)
    held = Row("planned", "not_approved", version, NOW + HOUR + SECOND)
    assert await ledger(connection) == {"一群": held, "二群": held}
    assert await approved(connection, made, version, NOW + MINUTE)
    free = Row("planned", None, version, NOW + MINUTE)
    assert await ledger(connection) == {"一群": free, "二群": free}


async def test_what_waits_follows_the_audience_that_the_next_version_has(
    connection: AsyncConnection,
) -> None:
    made = await waiting(connection, "一群", "二群")
    await put_off(connection, NOT_APPROVED)
    await group(connection, "三群")
    version = await edited(connection, made, audience=Audience((), ("一群",)))
    found = await ledger(connection)
    assert found["一群"][:3] == ("cancelled", "audience_changed", made.version_id)
    assert found["二群"][:3] == ("planned", "not_approved", version)
    assert found["三群"] == Row("planned", None, version, NOW)


async def test_what_waits_follows_the_next_version_into_its_topic(
    connection: AsyncConnection,
) -> None:
    made = await waiting(connection, "一群")
    seat = await group(connection, "一群")

    async def planned_for() -> dict[str, str]:
        rows = await connection.execute(select(deliveries.c.address, deliveries.c.state))
        return {row.address: row.state for row in rows}

    await edited(connection, made, audience=Audience(topics=((seat.id, "7"),)))
    here, topic = "group:chat-一群", "group:chat-一群#7"
    assert await planned_for() == {here: "cancelled", topic: "planned"}
    await edited(connection, made, audience=Audience(taken=(seat.id,), topics=((seat.id, "8"),)))
    assert await planned_for() == {here: "planned", topic: "cancelled", f"{here}#8": "planned"}


async def test_a_group_that_one_edit_leaves_out_and_the_next_means_again_hears_it(
    connection: AsyncConnection,
) -> None:
    made = await waiting(connection, "一群", "二群")
    await put_off(connection, NOT_APPROVED)
    await edited(connection, made, audience=Audience((), ("二群",)))
    version = await edited(connection, made)
    assert (await ledger(connection))["二群"] == Row("planned", None, version, NOW)
    await edited(connection, made, audience=Audience((), ("一群", "二群")))
    version = await edited(connection, made)
    assert await approved(connection, made, version, NOW + MINUTE)
    found = await ledger(connection)
    assert {name: row[:3] for name, row in found.items()} == {
        "一群": ("planned", None, version),
        "二群": ("planned", None, version),
    }


async def test_a_slot_that_is_still_to_come_keeps_its_moment_for_those_who_join_it(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection, approved=False)
    one, two = await group(connection, "一群"), await group(connection, "二群")
    later = slot_of(made, "later", NOW + 10 * MINUTE)
    await slots.plan_for_groups(connection, later, [one.id], NOW)
    await edited(connection, made)
    assert {row.not_before for row in (await ledger(connection)).values()} == {later.not_before}
    assert two.name in await ledger(connection)


async def test_approving_releases_what_was_held_for_it_and_nothing_else(
    connection: AsyncConnection,
) -> None:
    made = await waiting(connection, "一群")
    await waiting(connection, "一群", key="c2")
    await put_off(connection, NOT_APPROVED)
    before = await ledger(connection, "c2")
    ids = [(await group(connection, "二群")).id]
    await slots.plan_for_groups(connection, slot_of(made, "later", NOW + 10 * MINUTE), ids, NOW)
    assert await approved(connection, made, made.version_id, NOW + MINUTE)
    found = await ledger(connection)
    assert found["一群"][1:] == (None, made.version_id, NOW + MINUTE)
    assert found["二群"][1:] == (None, made.version_id, NOW + 10 * MINUTE)
    assert await ledger(connection, "c2") == before


async def test_a_rejected_version_gives_way_to_the_approved_one(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection)
    one, two = await group(connection, "一群"), await group(connection, "二群")
    await group(connection, "三群")
    version = await edited(connection, made, audience=Audience((), ("三群",)))
    draft = await stored(connection, made)
    await slots.plan_for_groups(connection, slot_of(draft), [one.id, two.id], NOW)
    await put_off(connection, NOT_APPROVED)
    at = NOW + MINUTE
    assert await approvals.reject(connection, made.id, version=version, by="room:p1", at=at)
    assert await stored(connection, made) == made
    free = Row("planned", None, made.version_id, at)
    # Whom the approved version is for hears it, and nobody else would.
    assert await ledger(connection) == {"一群": free, "二群": free, "三群": free}
    noted = await audit.found(connection, "reject", made.key)
    assert noted is not None
    assert (noted.actor, noted.details) == ("room:p1", {"version": version})


async def test_groups_that_only_the_rejected_version_was_for_hear_nothing(
    connection: AsyncConnection,
) -> None:
    new = new_campaign(audience=Audience(("一群",)))
    one, two = await group(connection, "一群"), await group(connection, "二群")
    made = await campaigns.create(connection, await shop(connection), new, state="draft")
    assert await approved(connection, made, made.version_id)
    version = await edited(connection, made)
    draft = await stored(connection, made)
    await slots.plan_for_groups(connection, slot_of(draft), [one.id, two.id], NOW)
    assert await approvals.reject(connection, made.id, version=version, by="x", at=NOW)
    assert {name: row[:3] for name, row in (await ledger(connection)).items()} == {
        "一群": ("planned", None, made.version_id),
        "二群": ("cancelled", "audience_changed", version),
    }


async def test_a_campaign_whose_only_version_is_rejected_is_cancelled(
    connection: AsyncConnection,
) -> None:
    made = await waiting(connection, "一群")
    at = NOW + MINUTE
    assert await approvals.reject(connection, made.id, version=made.version_id, by="x", at=at)
    found = await stored(connection, made)
    assert (found.state, found.reason) == ("cancelled", "rejected")
    assert (await ledger(connection))["一群"][:2] == ("cancelled", "rejected")
    assert not await approvals.reject(connection, made.id, version=made.version_id, by="x", at=at)


async def test_only_the_newest_version_can_be_rejected_and_only_while_it_waits(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection)
    assert not await approvals.reject(connection, made.id, version=made.version_id, by="x", at=NOW)
    older = await edited(connection, made, "第二版")
    await edited(connection, made, "第三版")
    before = await stored(connection, made)
    assert not await approvals.reject(connection, made.id, version=older, by="x", at=NOW)
    assert await stored(connection, made) == before


async def test_a_paused_campaign_goes_on_where_it_stood(connection: AsyncConnection) -> None:
    await planned(connection, "一群")
    made = await campaign(connection)
    assert await campaigns.pause(connection, made.id, "group_gone")
    found = await stored(connection, made)
    assert (found.state, found.reason) == ("paused", "group_gone")
    assert not await campaigns.pause(connection, made.id, "again")
    await put_off(connection, CAMPAIGN_PAUSED)
    assert await campaigns.resume(connection, made.id, NOW + MINUTE)
    assert await stored(connection, made) == made
    assert (await ledger(connection))["一群"].not_before == NOW + MINUTE
    assert not await campaigns.resume(connection, made.id, NOW + MINUTE)


async def test_a_campaign_paused_while_its_newest_version_waits_goes_on_as_a_draft(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection)
    await campaigns.pause(connection, made.id, "by_manager")
    await edited(connection, made)
    assert (await stored(connection, made)).state is CampaignState.PAUSED
    await campaigns.resume(connection, made.id, NOW)
    assert (await stored(connection, made)).state is CampaignState.DRAFT


async def test_approving_or_rejecting_does_not_resume_a_paused_campaign(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection)
    await campaigns.pause(connection, made.id, "by_manager")
    second = await edited(connection, made)
    assert await approved(connection, made, second)
    third = await edited(connection, made)
    assert await approvals.reject(connection, made.id, version=third, by="x", at=NOW)
    found = await stored(connection, made)
    assert (found.state, found.reason, found.version_id) == ("paused", "by_manager", second)


@pytest.mark.parametrize(
    ("state", "pausable"),
    [("draft", True), ("approved", True), ("finished", True), ("cancelled", False)],
)
async def test_what_still_speaks_can_be_paused(
    connection: AsyncConnection,
    state: str,
    pausable: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    made = await campaign(connection)
    await campaigns.set_state(connection, made.id, state)
    assert await campaigns.pause(connection, made.id, "why") == pausable


STEPS: dict[str, tuple[Callable[[AsyncConnection, StoredCampaign], Awaitable[object]], set[Bell]]]
STEPS = {
    "edit": (edited, {Bell.PLANNER}),
    "approve": (
        lambda c, one: approved(c, one, one.version_id),
        {Bell.PLANNER, Bell.SENDERS},
    ),
    "approve another version": (lambda c, one: approved(c, one, -1), set()),
    "reject": (
        lambda c, one: approvals.reject(c, one.id, version=one.version_id, by="x", at=NOW),
        {Bell.STOP},
    ),
    "pause": (lambda c, one: campaigns.pause(c, one.id, "why"), {Bell.STOP}),
    "cancel": (lambda c, one: campaigns.set_state(c, one.id, "cancelled"), {Bell.STOP}),
    "finish": (lambda c, one: campaigns.set_state(c, one.id, "finished"), {Bell.SENDERS}),
}


@pytest.mark.parametrize("step", STEPS)
async def test_every_change_rings_for_those_whom_it_concerns(
    connection: AsyncConnection, step: str
) -> None:
    assert set(rung_in(connection)) == set()
    made = await campaign(connection, approved=False)
    assert set(rung_in(connection)) == {Bell.PLANNER}
    rung_in(connection).clear()
    act, bells = STEPS[step]
    await act(connection, made)
    assert set(rung_in(connection)) == bells


async def test_resuming_rings_for_planner_and_senders(connection: AsyncConnection) -> None:
    made = await campaign(connection)
    await campaigns.pause(connection, made.id, "why")
    rung_in(connection).clear()
    await campaigns.resume(connection, made.id, NOW)
    assert set(rung_in(connection)) == {Bell.PLANNER, Bell.SENDERS}


async def test_the_watermark_never_moves_back(connection: AsyncConnection) -> None:
    one, two = await campaign(connection), await campaign(connection, "c2", approved=False)
    await campaigns.advance(connection, [one.id], NOW + HOUR)
    await campaigns.advance(connection, [one.id], NOW)
    await campaigns.advance(connection, [], NOW + DAY)
    found = await campaigns.in_states(connection, await shop(connection), ["approved", "draft"])
    assert [each.planned_until for each in found] == [NOW + HOUR, two.planned_until]


async def test_approving_leaves_the_watermark(connection: AsyncConnection) -> None:
    made = await campaign(connection, approved=False)
    await campaigns.advance(connection, [made.id], NOW + HOUR)
    await approved(connection, made, made.version_id, NOW + DAY)
    assert (await stored(connection, made)).planned_until == NOW + HOUR


async def test_campaigns_are_found_by_state_in_the_order_they_were_made(
    connection: AsyncConnection,
) -> None:
    first, second, third = [await campaign(connection, key) for key in ("c1", "c2", "c3")]
    await campaigns.set_state(connection, second.id, "cancelled", "by a manager")
    shop_id = await shop(connection)
    assert await campaigns.in_states(connection, shop_id, ["approved"]) == [first, third]
    (gone,) = await campaigns.in_states(connection, shop_id, ["cancelled"])
    assert (gone.id, gone.reason) == (second.id, "by a manager")
    assert await campaigns.in_states(connection, shop_id + 1, ["approved"]) == []


async def held(which: Database, shop_id: int) -> list[StoredCampaign]:
    """What a process finds to plan."""
    async with which.writing() as connection:
        return await campaigns.in_states(connection, shop_id, ["draft", "approved"], hold=True)


@pytest.mark.parametrize("act", ["cancel", "edit"])
async def test_who_plans_campaigns_cannot_overtake_who_cancels_or_edits_them(
    database: Database, other: Database, act: str
) -> None:
    async with database.writing() as connection:
        one, two = [await campaign(connection, key) for key in ("c1", "c2")]
        shop_id = await shop(connection)
    async with database.writing() as connection:
        if act == "cancel":
            await campaigns.set_state(connection, one.id, "cancelled")
        else:
            await edited(connection, one)
        meanwhile = asyncio.create_task(held(other, shop_id))
        await asyncio.sleep(0.1)
        changed = await stored(connection, one)
    # Either it was left out, or it was waited for.
    assert await meanwhile in ([two], [changed, two])
    later = [changed, two] if act == "edit" else [two]
    assert await held(other, shop_id) == later


async def test_two_who_plan_at_once_share_the_campaigns(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        made, shop_id = await campaign(connection), await shop(connection)
    async with database.writing() as connection:
        mine = await campaigns.in_states(connection, shop_id, ["approved"], hold=True)
        theirs = asyncio.create_task(held(other, shop_id))
        await asyncio.sleep(0.1)
        assert theirs.done() != database.is_sqlite
    assert mine == [made]
    assert await theirs == ([made] if database.is_sqlite else [])


async def test_what_waits_for_approval_is_found_until_somebody_was_reminded_of_it(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    await campaign(connection, "approved")
    draft = await campaign(connection, "draft", approved=False)
    assert await campaigns.unreminded(connection, shop_id) == [draft]
    assert await campaigns.unreminded(connection, shop_id + 1) == []
    assert await approvals.note_reminded(connection, draft.version_id, NOW)
    assert not await approvals.note_reminded(connection, draft.version_id, NOW)
    assert await campaigns.unreminded(connection, shop_id) == []
    version = await edited(connection, draft)
    assert [one.version_id for one in await campaigns.unreminded(connection, shop_id)] == [version]


async def test_nobody_is_reminded_of_what_was_approved_meanwhile(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection)
    assert not await approvals.note_reminded(connection, made.version_id, NOW)
    assert await states(connection) == {}
