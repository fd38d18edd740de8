"""What a button says, where its platform only has room for a short sign of it.

The sign is a digest of the words, so that the same words are kept once, by whichever process, and
a button that was posted before a restart still says them. Words are kept anew with each button
that is posted; those whose last button is old are forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import button_words


async def keep(connection: AsyncConnection, words: Mapping[str, str], at: datetime) -> None:
    """Keep the words of the buttons that are about to be posted.

    Args:
        connection: an open transaction.
        words: what each digest stands for.
        at: now; words that were kept before are as good as new.
    """
    if not words:
        return
    # Always in the same order: two processes that each wait for the other's row wait for ever.
    rows = [{"digest": one, "says": words[one], "used_at": at} for one in sorted(words)]
    statement = insert(connection, button_words).values(rows)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["digest"], set_={"used_at": statement.excluded.used_at}
        )
    )


async def words_of(connection: AsyncConnection, digests: Collection[str]) -> dict[str, str]:
    """What these digests stand for; those that were forgotten are left out."""
    found = await connection.execute(
        select(button_words.c.digest, button_words.c.says).where(button_words.c.digest.in_(digests))
    )
    return {row.digest: row.says for row in found}


async def forget_unused(connection: AsyncConnection, before: datetime, *, batch: int) -> int:
    """Forget words whose last button was posted before a moment, `batch` at most; how many."""
    old = select(button_words.c.digest).where(button_words.c.used_at < before).limit(batch)
    gone = await connection.execute(delete(button_words).where(button_words.c.digest.in_(old)))
    return gone.rowcount
