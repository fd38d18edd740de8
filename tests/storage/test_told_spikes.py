"""Spikes are kept as long as they go on, and told once."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.told_spikes import (
    FoundSpike,
    delete_spikes_before,
    keep_spikes,
    note_told,
    spikes_since,
)
from tests.storage.builders import HOUR, MINUTE, NOW, shop

ALLERGY = FoundSpike("word::过敏", NOW, fans=6, usually=0.3, last_at=NOW)
LEAK = FoundSpike("word::漏液", NOW + MINUTE, fans=5, usually=0.0, last_at=NOW + MINUTE)


async def test_a_spike_that_goes_on_is_one_spike(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await keep_spikes(connection, shop_id, [ALLERGY, LEAK])
    later = replace(ALLERGY, fans=9, last_at=NOW + HOUR)
    await keep_spikes(connection, shop_id, [later])
    assert await spikes_since(connection, shop_id, NOW) == [later, LEAK]


async def test_a_spike_that_was_over_before_is_not_asked_for(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await keep_spikes(connection, shop_id, [ALLERGY, LEAK])
    assert await spikes_since(connection, shop_id, NOW + MINUTE) == [LEAK]


async def test_one_thing_can_spike_again(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    again = replace(ALLERGY, began_at=NOW + 5 * HOUR, last_at=NOW + 5 * HOUR)
    await keep_spikes(connection, shop_id, [ALLERGY])
    await keep_spikes(connection, shop_id, [again])
    assert await spikes_since(connection, shop_id, NOW) == [ALLERGY, again]


async def test_that_a_spike_was_told_stays_known(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await keep_spikes(connection, shop_id, [ALLERGY, LEAK])
    await note_told(connection, shop_id, [(ALLERGY.thing, ALLERGY.began_at)], NOW + MINUTE)
    await note_told(connection, shop_id, [(ALLERGY.thing, ALLERGY.began_at)], NOW + HOUR)
    await keep_spikes(connection, shop_id, [replace(ALLERGY, last_at=NOW + HOUR)])
    told, untold = await spikes_since(connection, shop_id, NOW)
    assert (told.told_at, untold.told_at) == (NOW + MINUTE, None)


async def test_spikes_that_were_over_long_ago_go(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await keep_spikes(connection, shop_id, [ALLERGY, LEAK])
    assert await delete_spikes_before(connection, NOW + MINUTE) == 1
    assert await spikes_since(connection, shop_id, NOW) == [LEAK]
    assert await delete_spikes_before(connection, NOW + HOUR, batch=1) == 1
    assert await spikes_since(connection, shop_id, NOW) == []
