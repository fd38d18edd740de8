"""The shop's answers to what fans often ask, and when each was last given in a group."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert, insert_new
from storage.messages import BOT, STAFF
from storage.tables import faq_answers, faqs, members, messages


@dataclass(frozen=True, slots=True)
class Faq:
    """A question as the shop wrote it, and its answer."""

    id: int
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class FaqAnswer:
    """That a fan's message in a group is answered with one of them."""

    message_id: int
    faq_id: int
    group_id: int
    at: datetime


async def keep_faq(  # noqa: PLR0917 (the row: nothing of it can be left out)
    connection: AsyncConnection, shop_id: int, question: str, answer: str, by: str, at: datetime
) -> int:
    """Answer a question with this from now on; its number."""
    said = {"answer": answer, "set_by": by, "set_at": at}
    made = await connection.execute(
        insert(connection, faqs)
        .values(shop_id=shop_id, question=question, **said)
        .on_conflict_do_update(index_elements=["shop_id", "question"], set_=said)
        .returning(faqs.c.id)
    )
    return int(made.scalar_one())


async def drop_faq(connection: AsyncConnection, shop_id: int, number: int) -> bool:
    """Answer a question no more; False where there is none of this number."""
    gone = await connection.execute(
        delete(faqs).where(faqs.c.shop_id == shop_id, faqs.c.id == number)
    )
    return gone.rowcount > 0


async def all_faqs(connection: AsyncConnection, shop_id: int) -> list[Faq]:
    """Every question of the shop's that is answered, in the order they were written."""
    rows = await connection.execute(
        select(faqs.c.id, faqs.c.question, faqs.c.answer)
        .where(faqs.c.shop_id == shop_id)
        .order_by(faqs.c.id)
    )
    return [Faq(*row) for row in rows]


async def given_since(
    connection: AsyncConnection, group_ids: Collection[int], since: datetime
) -> dict[tuple[int, int], datetime]:
    """(Group id, faq id) → when that answer was given last, of those given from a moment on."""
    rows = await connection.execute(
        select(faq_answers.c.group_id, faq_answers.c.faq_id, func.max(faq_answers.c.at))
        .where(among(faq_answers.c.group_id, group_ids), faq_answers.c.at >= since)
        .group_by(faq_answers.c.group_id, faq_answers.c.faq_id)
    )
    return {(group, faq): at for group, faq, at in rows}


async def note_given(connection: AsyncConnection, answers: Collection[FaqAnswer]) -> set[int]:
    """Note what is answered; the ids of the messages that were not answered before.

    A question that the last answer in its group holds for is noted with the moment of that answer.
    """
    rows = [
        {
            "message_id": one.message_id,
            "faq_id": one.faq_id,
            "group_id": one.group_id,
            "at": one.at,
        }
        for one in answers
    ]
    fresh = await insert_new(connection, faq_answers, rows, faq_answers.c.message_id)
    return {row.message_id for row in fresh}


async def answered_at(connection: AsyncConnection, ids: Collection[int]) -> dict[int, datetime]:
    """Message id → when it was answered with one of the shop's answers; the others are missing."""
    rows = await connection.execute(
        select(faq_answers.c.message_id, faq_answers.c.at).where(
            among(faq_answers.c.message_id, ids)
        )
    )
    return {row.message_id: row.at for row in rows}


async def times_given(connection: AsyncConnection, shop_id: int) -> dict[int, int]:
    """Question's number → how often it was answered, as far as the messages are kept.

    Who asked right behind an answer had it with the others (see `note_given`).
    """
    given = (
        select(faq_answers.c.faq_id, faq_answers.c.group_id, faq_answers.c.at)
        .join_from(faq_answers, faqs)
        .where(faqs.c.shop_id == shop_id)
        .distinct()
        .subquery()
    )
    rows = await connection.execute(select(given.c.faq_id, func.count()).group_by(given.c.faq_id))
    return {row[0]: row[1] for row in rows}


async def staff_spoke_in(
    connection: AsyncConnection, group_ids: Collection[int], since: datetime
) -> set[int]:
    """Those of these groups in which somebody of the shop said something from a moment on.

    What comes out of the bot's own account by hand is the staff's.
    """
    found = await connection.scalars(
        select(messages.c.group_id)
        .join(members)
        .where(
            among(messages.c.group_id, group_ids),
            messages.c.at >= since,
            or_(
                messages.c.kind.in_((STAFF, BOT)),
                members.c.staff,
                members.c.appointed_at.is_not(None),
            ),
        )
        .distinct()
    )
    return {one for one in found if one is not None}
