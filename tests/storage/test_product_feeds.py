"""A feed keeps how it was read, until its address is another."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.product_feeds import change_feed, ensure_feed, feeds
from tests.storage.builders import HOUR, NOW, shop


async def test_a_feed_keeps_how_it_was_read_until_its_address_changes(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    feed = await ensure_feed(connection, shop_id, "web", "a1", NOW)
    assert (feed.baseline_at, feed.next_look_at, feed.pages, feed.failures) == (None, NOW, [], 0)
    pages = [{"etag": '"x"', "modified": None, "wares": 3}]
    await change_feed(connection, feed.id, baseline_at=NOW, pages=pages, held={"why": "many"})
    again = await ensure_feed(connection, shop_id, "web", "a1", NOW + HOUR)
    assert (again.baseline_at, again.pages, again.held) == (NOW, pages, {"why": "many"})
    assert await feeds(connection, shop_id) == {"web": again}
    moved = await ensure_feed(connection, shop_id, "web", "b2", NOW + HOUR)
    assert moved.id == feed.id
    assert (moved.baseline_at, moved.pages, moved.held) == (None, [], None)
    assert moved.next_look_at == NOW + HOUR
