"""Posts that reached their groups can be found again to be taken back."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import deliveries, posts
from storage.deliveries import DeliveryState, Move
from tests.storage.builders import ACCOUNT, MINUTE, NOW, begun, lane, planned, sent, shop


async def test_the_posts_of_a_campaign_are_those_sent_and_not_taken_back(
    connection: AsyncConnection,
) -> None:
    one, two, three = await planned(connection, "一群", "二群", "三群")
    right = await lane(connection)
    await sent(connection, right, [one, two])
    await begun(connection, right, [three])
    await deliveries.move(connection, right, [Move(three.id, DeliveryState.UNCERTAIN)], NOW)
    found = await posts.sent_posts(connection, one.campaign_id)
    assert {post.id: (post.name, post.receipt) for post in found} == {
        one.id: ("一群", "receipt-一群"),
        two.id: ("二群", "receipt-二群"),
    }
    assert {(post.account, post.key) for post in found} == {(ACCOUNT, one.key), (ACCOUNT, two.key)}
    await posts.mark_recalled(connection, [one.id], NOW + MINUTE)
    assert [post.id for post in await posts.sent_posts(connection, one.campaign_id)] == [two.id]


async def test_a_post_without_a_receipt_cannot_be_taken_back(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    right = await lane(connection)
    await begun(connection, right, [one])
    await deliveries.move(connection, right, [Move(one.id, DeliveryState.SENT)], NOW)
    assert await posts.sent_posts(connection, one.campaign_id) == []


async def test_what_was_sent_last_and_still_stands_comes_first(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    assert await posts.last_sent(connection, shop_id, 8) == []
    (first,) = await planned(connection, "一群", key="c1")
    (second,) = await planned(connection, "一群", key="c2")
    right = await lane(connection)
    await sent(connection, right, [second], NOW)
    await sent(connection, right, [first], NOW + MINUTE)
    found = await posts.last_sent(connection, shop_id, 8)
    assert [(one.campaign_id, one.count, one.in_private, one.at) for one in found] == [
        (first.campaign_id, 1, False, NOW + MINUTE),
        (second.campaign_id, 1, False, NOW),
    ]
    assert await posts.last_sent(connection, shop_id, 1) == found[:1]
    assert await posts.last_sent(connection, shop_id + 1, 8) == []
    await posts.mark_recalled(connection, [first.id], NOW + MINUTE)
    assert await posts.last_sent(connection, shop_id, 8) == found[1:]
    assert not await posts.stands(connection, first.campaign_id)
    assert await posts.stands(connection, second.campaign_id)


async def test_the_calendar_of_what_went_out_shows_every_post_that_was_sent(
    connection: AsyncConnection,
) -> None:
    (first,) = await planned(connection, "一群", key="c1")
    (second,) = await planned(connection, "一群", key="c2", slot="d-3")
    await planned(connection, "二群", key="c2", slot="d-3")
    right = await lane(connection)
    await sent(connection, right, [second], NOW + MINUTE)
    await sent(connection, right, [first], NOW)
    assert [(one.at, one.slot, one.version_id) for one in await posts.all_sent(connection)] == [
        (NOW, first.slot, first.version_id),
        (NOW + MINUTE, "d-3", second.version_id),
    ]
