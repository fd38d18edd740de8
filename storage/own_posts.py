"""Own posts: what an account has begun to say, until the platform tells what became of it.

Some platforms answer a call without saying which message came of it, or lose the answer, but show
an account its own words like everybody else's. So what is about to be said is written down with a
digest of it before the call; the words that come back find their row, and it is given its receipt.
A post may be several messages: each is a row, its `piece` counted from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import own_posts


@dataclass(frozen=True, slots=True)
class OpenPiece:
    """A message that was begun, and of which no receipt is known."""

    key: str
    piece: int
    began_at: datetime


@dataclass(frozen=True, slots=True)
class OwnPost:
    """What an account is about to say: the delivery's key, where (a written address), and what.

    `digests` are of each of its messages, in their order; at least one.
    """

    key: str
    address: str
    digests: Sequence[str]


async def begin(connection: AsyncConnection, account: str, post: OwnPost, at: datetime) -> None:
    """Write down what is about to be said; what was written down of the same key is forgotten."""
    await withdraw(connection, account, post.key)
    row = {"account": account, "key": post.key, "address": post.address, "began_at": at}
    await connection.execute(
        insert(own_posts),
        [{**row, "piece": piece, "digest": one} for piece, one in enumerate(post.digests)],
    )


async def withdraw(connection: AsyncConnection, account: str, key: str) -> None:
    """Forget a post of which it is certain that nothing was said."""
    await connection.execute(
        delete(own_posts).where(own_posts.c.account == account, own_posts.c.key == key)
    )


async def note_receipt(
    connection: AsyncConnection, account: str, key: str, piece: int, receipt: str
) -> None:
    """Write down which message came of a piece; a later word replaces an earlier one."""
    await connection.execute(
        update(own_posts)
        .where(own_posts.c.account == account, own_posts.c.key == key, own_posts.c.piece == piece)
        .values(receipt=receipt)
    )


async def open_pieces(
    connection: AsyncConnection, account: str, address: str, digest: str
) -> list[OpenPiece]:
    """The messages at an address that said this and have no receipt, the oldest first."""
    rows = await connection.execute(
        select(own_posts.c.key, own_posts.c.piece, own_posts.c.began_at)
        .where(
            own_posts.c.account == account,
            own_posts.c.address == address,
            own_posts.c.digest == digest,
            own_posts.c.receipt.is_(None),
        )
        .order_by(own_posts.c.began_at, own_posts.c.key, own_posts.c.piece)
    )
    return [OpenPiece(*row) for row in rows]


async def begun_at(connection: AsyncConnection, account: str, receipt: str) -> datetime | None:
    """When the message with this receipt was begun; None where it is none of the account's posts.

    Args:
        connection: an open transaction.
        account: who said it.
        receipt: the platform's id of one message.
    """
    found = await connection.execute(
        select(own_posts.c.began_at)
        .where(own_posts.c.account == account, own_posts.c.receipt == receipt)
        .limit(1)
    )
    return found.scalar_one_or_none()


async def receipts_of(connection: AsyncConnection, account: str, key: str) -> list[str | None]:
    """The receipt of each message of a post, in their order; none where it was never begun."""
    rows = await connection.scalars(
        select(own_posts.c.receipt)
        .where(own_posts.c.account == account, own_posts.c.key == key)
        .order_by(own_posts.c.piece)
    )
    return list(rows)


async def delete_begun_before(connection: AsyncConnection, before: datetime, *, batch: int) -> int:
    """Forget what was begun before a moment, `batch` messages at most; how many."""
    row = tuple_(own_posts.c.account, own_posts.c.key, own_posts.c.piece)
    old = (
        select(own_posts.c.account, own_posts.c.key, own_posts.c.piece)
        .where(own_posts.c.began_at < before)
        .limit(batch)
    )
    gone = await connection.execute(delete(own_posts).where(row.in_(old)))
    return gone.rowcount
