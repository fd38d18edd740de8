"""What managers taught the bot of words: about this aspect, this word counts as that stance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.shop_words import note_change
from storage.tables import taught_opinions


@dataclass(frozen=True, slots=True)
class TaughtOpinion:
    """One word as a manager corrected it.

    `aspect` is empty where it counts so whatever it is said of; `set_by` is an actor of the audit
    log.
    """

    aspect: str
    word: str
    stance: str
    set_by: str
    set_at: datetime


_COLUMNS = (
    taught_opinions.c.aspect,
    taught_opinions.c.word,
    taught_opinions.c.stance,
    taught_opinions.c.set_by,
    taught_opinions.c.set_at,
)


async def teach_opinion(connection: AsyncConnection, shop_id: int, one: TaughtOpinion) -> None:
    """Keep what a word counts as, in the place of what it counted as before."""
    counts = {"stance": one.stance, "set_by": one.set_by, "set_at": one.set_at}
    await connection.execute(
        insert(connection, taught_opinions)
        .values(shop_id=shop_id, aspect=one.aspect, word=one.word, **counts)
        .on_conflict_do_update(index_elements=["shop_id", "aspect", "word"], set_=counts)
    )
    await note_change(connection, shop_id, one.set_at)


async def take_back_opinion(
    connection: AsyncConnection, shop_id: int, aspect: str, word: str, at: datetime
) -> bool:
    """Let a word count as it did before anybody taught it; False where nobody had."""
    gone = await connection.execute(
        delete(taught_opinions).where(
            taught_opinions.c.shop_id == shop_id,
            taught_opinions.c.aspect == aspect,
            taught_opinions.c.word == word,
        )
    )
    if gone.rowcount != 1:
        return False
    await note_change(connection, shop_id, at)
    return True


async def opinion_taught(
    connection: AsyncConnection, shop_id: int, aspect: str, word: str
) -> TaughtOpinion | None:
    """What was taught of one word about one aspect, or about whatever it is said of."""
    row = (
        await connection.execute(
            select(*_COLUMNS).where(
                taught_opinions.c.shop_id == shop_id,
                taught_opinions.c.aspect == aspect,
                taught_opinions.c.word == word,
            )
        )
    ).one_or_none()
    return None if row is None else TaughtOpinion(*row)


async def all_taught(connection: AsyncConnection, shop_id: int) -> list[TaughtOpinion]:
    """Everything that was taught, by aspect and word."""
    rows = await connection.execute(
        select(*_COLUMNS)
        .where(taught_opinions.c.shop_id == shop_id)
        .order_by(taught_opinions.c.aspect, taught_opinions.c.word)
    )
    return [TaughtOpinion(*row) for row in rows]
