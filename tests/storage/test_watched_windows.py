"""Windows that were counted, and counted again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.watched_windows import (
    CountedWindow,
    delete_windows_before,
    keep_windows,
    window_versions,
    windows_at,
)
from tests.storage.builders import NOW, shop

WINDOW = timedelta(minutes=20)
FIRST = CountedWindow(NOW, "one", 7, {"word::过敏": 2})
SECOND = CountedWindow(NOW + WINDOW, "one", 0, {})


async def test_windows_are_kept_as_they_were_counted(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await keep_windows(connection, shop_id, [SECOND, FIRST])
    assert await window_versions(connection, shop_id, NOW) == {NOW: "one", NOW + WINDOW: "one"}
    assert await window_versions(connection, shop_id, NOW + WINDOW) == {NOW + WINDOW: "one"}
    wanted = [NOW, NOW + WINDOW, NOW + 2 * WINDOW]
    assert await windows_at(connection, shop_id, wanted) == [FIRST, SECOND]


async def test_what_is_counted_again_replaces_what_was_counted(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await keep_windows(connection, shop_id, [FIRST, SECOND])
    again = CountedWindow(NOW, "two", 8, {"word::过敏": 3, "aspect::安全": 3})
    await keep_windows(connection, shop_id, [again])
    assert await windows_at(connection, shop_id, [NOW, NOW + WINDOW]) == [again, SECOND]


async def test_old_windows_go(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await keep_windows(connection, shop_id, [FIRST, SECOND])
    await delete_windows_before(connection, shop_id, NOW + WINDOW)
    assert await windows_at(connection, shop_id, [NOW, NOW + WINDOW]) == [SECOND]
