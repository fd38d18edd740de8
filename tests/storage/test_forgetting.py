"""Who wants nothing recorded leaves nothing behind but what still has to be done for them."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts, customers, friendships, join_requests, own_posts
from storage.forgetting import delete_requests_before
from storage.friendships import NewFriendRequest
from storage.friendships import keep_request as keep_friend
from storage.join_requests import NewRequest
from storage.join_requests import keep_request as keep_join
from storage.numbered_choices import offer, offered
from storage.own_posts import OwnPost
from storage.tables import identity_matches
from tests.storage.builders import ACCOUNT, MINUTE, NOW, PLATFORM, group, member, shop

HERS, OTHERS, GROUP = "person:id-小鱼", "person:id-小美", "group:chat-一群"


async def forget(connection: AsyncConnection, name: str) -> None:
    await accounts.set_cursor(connection, ACCOUNT, PLATFORM, "1")
    who = await member(connection, name)
    await customers.set_no_record(connection, who.customer_id, no_record=True)


@pytest.mark.parametrize(("address", "kept"), [(HERS, []), (OTHERS, ["/me"]), (GROUP, ["/me"])])
async def test_what_was_offered_in_private_goes(
    connection: AsyncConnection, address: str, kept: list[str]
) -> None:
    await member(connection, "小美")
    await offer(connection, ACCOUNT, address, ["/me"], NOW)
    await forget(connection, "小鱼")
    assert await offered(connection, ACCOUNT, address, NOW) == kept


async def test_what_another_platform_offered_to_the_same_id_stays(
    connection: AsyncConnection,
) -> None:
    await accounts.set_cursor(connection, "other:1", "other", "1")
    await offer(connection, "other:1", HERS, ["/me"], NOW)
    await forget(connection, "小鱼")
    assert await offered(connection, "other:1", HERS, NOW) == ["/me"]


async def test_what_was_said_in_private_is_forgotten_once_it_is_over(
    connection: AsyncConnection,
) -> None:
    for key, address in (("over", HERS), ("under way", HERS), ("to another", OTHERS)):
        await own_posts.begin(connection, ACCOUNT, OwnPost(key, address, ["digest"]), NOW)
    for key in ("over", "to another"):
        await own_posts.note_receipt(connection, ACCOUNT, key, 0, f"receipt of {key}")
    await forget(connection, "小鱼")
    assert await own_posts.receipts_of(connection, ACCOUNT, "over") == []
    assert await own_posts.receipts_of(connection, ACCOUNT, "under way") == [None]
    assert await own_posts.receipts_of(connection, ACCOUNT, "to another") == [
        "receipt of to another"
    ]


async def test_old_requests_go_in_batches(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    for number in range(4):
        who = await member(connection, f"粉丝{number}")
        at = NOW + number // 2 * MINUTE  # two are old
        await keep_join(connection, NewRequest(here.id, who.id, "", None, at))
        await keep_friend(connection, NewFriendRequest(ACCOUNT, f"ask-{number}", who.id, "", at))
    horizon = NOW + MINUTE
    gone = [await delete_requests_before(connection, horizon, batch=3) for _ in range(3)]
    assert gone == [3, 1, 0]
    assert len(await join_requests.waiting(connection, await shop(connection))) == 2
    assert len(await friendships.waiting(connection)) == 2


async def test_how_somebody_was_called_stays_only_where_a_manager_is_to_say(
    connection: AsyncConnection,
) -> None:
    who = await member(connection, "小鱼")
    for after, decided in (("one", "same"), ("two", "other"), ("three", None)):
        await connection.execute(
            insert(identity_matches).values(
                account=ACCOUNT,
                member_id=who.id,
                before="id-小鱼",
                after=after,
                name="小鱼儿",
                confidence=70,
                why=[],
                at=NOW,
                decided=decided,
            )
        )
    await forget(connection, "小鱼")
    rows = await connection.execute(
        select(identity_matches.c.after, identity_matches.c.name).order_by(identity_matches.c.id)
    )
    assert [tuple(row) for row in rows] == [("one", ""), ("two", ""), ("three", "小鱼儿")]
