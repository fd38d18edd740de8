"""Words that fans use and no dictionary knows: found, proposed to the managers, and decided on.

A word that a manager learns is kept whole when texts are cut; one that is refused is not proposed
again. A manager may decide on a word that was never proposed, and change their mind. One that
nobody decides on lapses when it is no longer said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert
from storage.shop_words import note_change
from storage.tables import word_proposals


class Decision(StrEnum):
    """What a manager said of a word."""

    LEARNT = "learnt"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FoundWord:
    """A word to propose: how often it was said lately, and by how many."""

    word: str
    mentions: int
    speakers: int


@dataclass(frozen=True, slots=True)
class ShopWord:
    """A word that was found or decided on.

    `decided` is a `Decision`, and None while a manager is to say; `decided_by` is an actor of the
    audit log. One that was never found has no mentions.
    """

    word: str
    mentions: int
    speakers: int
    decided: str | None
    decided_by: str | None
    decided_at: datetime | None


_COLUMNS = (
    word_proposals.c.word,
    word_proposals.c.mentions,
    word_proposals.c.speakers,
    word_proposals.c.decided,
    word_proposals.c.decided_by,
    word_proposals.c.decided_at,
)

_RENEWED = ("mentions", "speakers", "found_at")


async def propose(
    connection: AsyncConnection, shop_id: int, found: Sequence[FoundWord], at: datetime
) -> None:
    """Keep words that were found. One that waits has new counts and time; a decision stands."""
    if not found:
        return
    statement = insert(connection, word_proposals)
    counts = {name: getattr(statement.excluded, name) for name in _RENEWED}
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["shop_id", "word"],
            set_=counts,
            where=word_proposals.c.decided.is_(None),
        ),
        [
            {
                "shop_id": shop_id,
                "word": one.word,
                "mentions": one.mentions,
                "speakers": one.speakers,
                "found_at": at,
            }
            for one in sorted(found, key=lambda one: one.word)
        ],
    )


async def waiting_words(
    connection: AsyncConnection, shop_id: int, *, untold: bool = False
) -> list[ShopWord]:
    """The words that a manager is to say about, those of the most members first.

    With `untold` only those that no manager has been asked about.
    """
    wanted = [word_proposals.c.shop_id == shop_id, word_proposals.c.decided.is_(None)]
    if untold:
        wanted.append(word_proposals.c.told_at.is_(None))
    rows = await connection.execute(
        select(*_COLUMNS)
        .where(*wanted)
        .order_by(
            word_proposals.c.speakers.desc(),
            word_proposals.c.mentions.desc(),
            word_proposals.c.word,
        )
    )
    return [ShopWord(*row) for row in rows]


async def withdraw(
    connection: AsyncConnection,
    shop_id: int,
    known: Collection[str],
    before: datetime | None = None,
) -> None:
    """Ask no longer about words that are known by now, or were last found before this."""
    gone = [among(word_proposals.c.word, known)]
    if before is not None:
        gone.append(word_proposals.c.found_at < before)
    await connection.execute(
        delete(word_proposals).where(
            word_proposals.c.shop_id == shop_id,
            word_proposals.c.decided.is_(None),
            or_(*gone),
        )
    )


async def note_asked(
    connection: AsyncConnection, shop_id: int, words: Iterable[str], at: datetime
) -> None:
    """Note that managers were asked about these words."""
    await connection.execute(
        update(word_proposals)
        .where(word_proposals.c.shop_id == shop_id, among(word_proposals.c.word, list(words)))
        .values(told_at=at)
    )


async def decide_on(
    connection: AsyncConnection,
    shop_id: int,
    word: str,
    decision: Decision,
    *,
    by: str,
    at: datetime,
) -> bool:
    """Learn a word, or refuse it; False where that is decided already."""
    said = {"decided": decision.value, "decided_by": by, "decided_at": at}
    stood = await connection.scalar(
        select(word_proposals.c.decided)
        .where(word_proposals.c.shop_id == shop_id, word_proposals.c.word == word)
        .with_for_update()
    )
    if stood == decision:
        return False
    await connection.execute(
        insert(connection, word_proposals)
        .values(shop_id=shop_id, word=word, mentions=0, speakers=0, found_at=at, **said)
        .on_conflict_do_update(index_elements=["shop_id", "word"], set_=said)
    )
    if Decision.LEARNT in (stood, decision):
        await note_change(connection, shop_id, at)
    return True


async def decided_words(
    connection: AsyncConnection, shop_id: int, decision: Decision
) -> list[ShopWord]:
    """The words that were learnt, or refused, by name."""
    rows = await connection.execute(
        select(*_COLUMNS)
        .where(word_proposals.c.shop_id == shop_id, word_proposals.c.decided == decision.value)
        .order_by(word_proposals.c.word)
    )
    return [ShopWord(*row) for row in rows]
