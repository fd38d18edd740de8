"""Forgetting, besides messages: what somebody left who wants nothing recorded, and old requests.

Such a person said things where they asked to be let in or to be friends, and to handlers that
failed. What the bot offered them by number goes, and what it told them in private is remembered no
more, except what is under way: the platform shows that again, and it must be known for the bot's
own. How they were called stays only where a manager still has to say who they are, for their wish
to follow them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import (
    accounts,
    friend_requests,
    identity_matches,
    join_requests,
    members,
    numbered_choices,
    own_posts,
)
from storage.taking_part import forget_taking_part
from storage.unheard import forget_unheard


async def forget_customer(connection: AsyncConnection, customer_id: int) -> None:
    """Empty what is kept of a customer, on whichever channel."""
    theirs = select(members.c.id).where(members.c.customer_id == customer_id)
    await forget_unheard(connection, customer_id)
    await forget_taking_part(connection, customer_id)
    for requests in (join_requests, friend_requests):
        await connection.execute(
            update(requests).where(requests.c.member_id.in_(theirs)).values(words="")
        )
    await connection.execute(
        delete(numbered_choices).where(_in_private(numbered_choices, customer_id))
    )
    await connection.execute(
        delete(own_posts).where(
            own_posts.c.receipt.is_not(None), _in_private(own_posts, customer_id)
        )
    )
    await connection.execute(
        update(identity_matches)
        .where(identity_matches.c.member_id.in_(theirs), identity_matches.c.decided.is_not(None))
        .values(name="")
    )


async def delete_requests_before(
    connection: AsyncConnection, moment: datetime, *, batch: int = 1_000
) -> int:
    """Delete at most `batch` requests to be let in or to be friends; how many there were.

    They are those made before `moment`.
    """
    gone = 0
    for requests in (join_requests, friend_requests):
        old = (
            select(requests.c.id)
            .where(requests.c.asked_at < moment)
            .order_by(requests.c.id)
            .limit(batch - gone)
        )
        done = await connection.execute(delete(requests).where(requests.c.id.in_(old)))
        gone += done.rowcount
    return gone


def _in_private(table: Table, customer_id: int) -> ColumnElement[bool]:
    """Whether a row's account and address are a private chat with the customer."""
    chats = (
        select(members.c.id)
        .join(accounts, accounts.c.platform == members.c.platform)
        .where(
            members.c.customer_id == customer_id,
            accounts.c.account == table.c.account,
            literal("person:") + members.c.person == table.c.address,
        )
    )
    return chats.exists()
