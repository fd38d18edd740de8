"""What an account says is known by its digest before the platform says what became of it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import own_posts
from storage.own_posts import OpenPiece, OwnPost
from tests.storage.builders import DAY, MINUTE, NOW, SECOND

ACCOUNT = "wechat:shop"
HERE = "group:1@chatroom"


async def test_open_pieces_are_found_where_and_as_they_were_said(
    connection: AsyncConnection,
) -> None:
    await own_posts.begin(connection, ACCOUNT, OwnPost("b", HERE, ["早"]), NOW + SECOND)
    await own_posts.begin(connection, ACCOUNT, OwnPost("a", HERE, ["早", "图"]), NOW)
    await own_posts.begin(connection, ACCOUNT, OwnPost("c", "person:x", ["早"]), NOW)
    await own_posts.begin(connection, "wechat:other", OwnPost("a", HERE, ["早"]), NOW)
    found = await own_posts.open_pieces(connection, ACCOUNT, HERE, "早")
    assert found == [OpenPiece("a", 0, NOW), OpenPiece("b", 0, NOW + SECOND)]
    assert await own_posts.open_pieces(connection, ACCOUNT, HERE, "图") == [OpenPiece("a", 1, NOW)]
    assert await own_posts.open_pieces(connection, ACCOUNT, HERE, "晚") == []


async def test_a_piece_with_a_receipt_is_open_no_more(connection: AsyncConnection) -> None:
    await own_posts.begin(connection, ACCOUNT, OwnPost("a", HERE, ["早", "早"]), NOW)
    await own_posts.note_receipt(connection, ACCOUNT, "a", 0, "m1")
    assert await own_posts.open_pieces(connection, ACCOUNT, HERE, "早") == [OpenPiece("a", 1, NOW)]
    assert await own_posts.receipts_of(connection, ACCOUNT, "a") == ["m1", None]
    assert await own_posts.begun_at(connection, ACCOUNT, "m1") == NOW
    assert await own_posts.begun_at(connection, "wechat:other", "m1") is None


async def test_of_a_post_that_never_began_nothing_is_known(connection: AsyncConnection) -> None:
    assert await own_posts.receipts_of(connection, ACCOUNT, "a") == []
    assert await own_posts.begun_at(connection, ACCOUNT, "m1") is None


async def test_a_post_that_begins_again_is_a_new_one(connection: AsyncConnection) -> None:
    await own_posts.begin(connection, ACCOUNT, OwnPost("a", HERE, ["早", "图"]), NOW)
    await own_posts.note_receipt(connection, ACCOUNT, "a", 0, "m1")
    await own_posts.begin(connection, ACCOUNT, OwnPost("a", HERE, ["晚"]), NOW + MINUTE)
    assert await own_posts.receipts_of(connection, ACCOUNT, "a") == [None]
    await own_posts.withdraw(connection, ACCOUNT, "a")
    assert await own_posts.receipts_of(connection, ACCOUNT, "a") == []


async def test_old_posts_are_forgotten_a_part_at_a_time(connection: AsyncConnection) -> None:
    for number in range(3):
        await own_posts.begin(connection, ACCOUNT, OwnPost(f"old{number}", HERE, ["早"]), NOW - DAY)
    await own_posts.begin(connection, ACCOUNT, OwnPost("new", HERE, ["早"]), NOW)
    gone = [
        await own_posts.delete_begun_before(connection, NOW - MINUTE, batch=2) for _ in range(3)
    ]
    assert gone == [2, 1, 0]
    assert await own_posts.receipts_of(connection, ACCOUNT, "new") == [None]
