"""What the ledger knows keeps greetings apart: between neighbours, and from year to year."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.apart import Clash
from scheduler.bodies import SlotUnwritten
from scheduler.kept_apart import kept_apart
from scheduler.variants import parts
from storage import campaigns, slots
from storage.audiences import Audience, Whom
from storage.database import Database
from storage.deliveries import DeliveryState
from storage.slots import PlannedSlot
from storage.tables import deliveries as ledger
from tests.storage.builders import NOW, campaign, group, member

MOON_2026 = "2026-09-25:mid-autumn"
MOON_2027 = "2027-09-15:mid-autumn"
PROGRAMME = "double11"  # what the builders' campaigns belong to
HOUR = timedelta(hours=1)
TEXTS = ("月圆", "人圆", "桂花香")


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.writing() as opened:
        yield opened


def body_of(*texts: str) -> dict[str, Any]:
    return {"templates": {"mid-autumn": list(texts)}, "variables": {}, "language": "zh"}


async def slot_of(
    connection: AsyncConnection, key: str, slot: str, *texts: str
) -> tuple[PlannedSlot, dict[str, Any]]:
    """A greeting of this campaign, whose body has these texts."""
    made, body = await campaign(connection, key), body_of(*texts)
    version = await campaigns.add_version(
        connection, made.id, body=body, audience=Audience(), by="room:p1", at=NOW
    )
    at = datetime.fromisoformat(slot.partition(":")[0]).replace(hour=2, tzinfo=UTC)
    return PlannedSlot(made.id, key, version, slot, at, at + HOUR), body


async def sent(
    connection: AsyncConnection, slot: PlannedSlot, variants: dict[int, str | None]
) -> None:
    """The greeting as it went out to these groups."""
    await slots.plan_for_groups(connection, slot, list(variants), NOW)
    for group_id, variant in variants.items():
        await connection.execute(
            update(ledger)
            .where(ledger.c.group_id == group_id, ledger.c.campaign_id == slot.campaign_id)
            .values(variant=variant, state=DeliveryState.SENT, began_at=slot.not_before)
        )


async def test_a_group_does_not_hear_last_years_words(connection: AsyncConnection) -> None:
    one = (await group(connection, "一群")).id
    then, _ = await slot_of(connection, "festivals:2026", MOON_2026, *TEXTS)
    await sent(connection, then, {one: "b"})
    for left, said in ((TEXTS[:2], "月圆"), (TEXTS[1:], "桂花香")):
        now, body = await slot_of(connection, f"festivals:{said}", MOON_2027, *left)
        found = await kept_apart(connection, PROGRAMME, now, [one], body)
        assert body["templates"]["mid-autumn"][ord(found.assigned[one]) - ord("a")] == said
        assert found.clashes == ()


async def test_who_was_given_no_variant_heard_the_first(connection: AsyncConnection) -> None:
    one = (await group(connection, "一群")).id
    then, _ = await slot_of(connection, "festivals:2026", MOON_2026, *TEXTS[:2])
    await sent(connection, then, {one: None})
    now, body = await slot_of(connection, "festivals:2027", MOON_2027, *TEXTS[:2])
    assert (await kept_apart(connection, PROGRAMME, now, [one], body)).assigned == {one: "b"}


async def test_after_two_years_words_may_come_again(connection: AsyncConnection) -> None:
    one = (await group(connection, "一群")).id
    then, _ = await slot_of(connection, "festivals:2023", "2023-09-29:mid-autumn", "月圆")
    await sent(connection, then, {one: "a"})
    now, body = await slot_of(connection, "festivals:2026", MOON_2026, "月圆")
    assert (await kept_apart(connection, PROGRAMME, now, [one], body)).clashes == ()
    sooner, body = await slot_of(connection, "festivals:2025", "2025-09-20:mid-autumn", "月圆")
    assert (await kept_apart(connection, PROGRAMME, sooner, [one], body)).clashes == (
        Clash(one, "a"),
    )


async def test_neighbours_differ_and_one_that_joins_later_too(connection: AsyncConnection) -> None:
    one, two, three = [await group(connection, name) for name in ("一群", "二群", "三群")]
    await member(connection, "小美", one, two, three)
    now, body = await slot_of(connection, "festivals:2026", MOON_2026, *TEXTS)
    first = await kept_apart(connection, PROGRAMME, now, [one.id, two.id], body)
    assert len(set(first.assigned.values())) == 2
    await sent(connection, now, dict(first.assigned))
    later = await kept_apart(connection, PROGRAMME, now, [three.id], body)
    assert later.assigned.keys() == {three.id}
    assert later.assigned[three.id] not in first.assigned.values()
    assert (
        await kept_apart(connection, PROGRAMME, now, [one.id, two.id], body)
    ).assigned == first.assigned


async def test_what_cannot_be_kept_apart_is_told(connection: AsyncConnection) -> None:
    one, two = [await group(connection, name) for name in ("一群", "二群")]
    await member(connection, "小美", one, two)
    now, body = await slot_of(connection, "festivals:2026", MOON_2026, "月圆")
    found = await kept_apart(connection, PROGRAMME, now, [one.id, two.id], body)
    assert found.clashes == (Clash(one.id, "a", two.id),)


async def test_a_slot_without_words_is_no_greeting(connection: AsyncConnection) -> None:
    now, body = await slot_of(connection, "festivals:2026", "2026-05-10:mother", *TEXTS)
    with pytest.raises(SlotUnwritten):
        await kept_apart(connection, PROGRAMME, now, [1], body)


async def test_the_planner_gives_neighbours_different_greetings(
    connection: AsyncConnection,
) -> None:
    one, two = [await group(connection, name) for name in ("一群", "二群")]
    await member(connection, "小美", one, two)
    now, body = await slot_of(connection, "festivals:2026", MOON_2026, *TEXTS)
    meant = Whom(aims=((one.id, None), (two.id, "7")))
    divided = await parts(connection, now, meant, {**body, "apart": True}, NOW)
    assert sorted(aim for _, some in divided for aim in some.aims) == sorted(meant.aims)
    assert len({variant for variant, _ in divided}) == 2
    unwritten = replace(now, slot="2026-05-10:mother")
    assert await parts(connection, unwritten, meant, {**body, "apart": True}, NOW) == [
        (None, meant)
    ]
