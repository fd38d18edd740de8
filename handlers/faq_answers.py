"""The shop's own answers to what fans ask in groups: given once in a while, and never in between.

Which question a fan's text asks is found before the text is stored (`faq_matching.py`). It is
answered at once, by a reply that calls the fan, and not where the same answer was given in the
group within ten minutes, where somebody of the shop has spoken within ten minutes, or where it was
asked of another fan.

What is to be said is stored with the message that it answers, and said like a welcome: once, soon,
or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.events import MessageKind
from handlers.recording import Batch
from handlers.roles import Role, role_of
from scheduler.content import Content, Mention
from scheduler.courier import Address
from storage.faqs import Faq, FaqAnswer, all_faqs, given_since, note_given, staff_spoke_in
from storage.messages import Recorded
from storage.shops import halted_at
from storage.welcomes import NewWelcome, keep_welcomes

APART = timedelta(minutes=10)
"""So long the same answer is not given again in a group."""

STAFF_TALK_FOR = timedelta(minutes=10)
"""So long after a word of the staff's the bot leaves the group's questions to them."""


async def answer_faqs(
    connection: AsyncConnection, desk: Desk, batch: Batch, found: Mapping[str, Faq]
) -> None:
    """Store what is to be said to those who asked what the shop has an answer to.

    `found` are the questions that were found in what was said, by message.
    """
    said = [
        (one, found[one.heard.message])
        for one in batch.said
        if one.heard.message in found and _may_be_answered(desk, one)
    ]
    if not said or await halted_at(connection, desk.shop_id) is not None:
        return
    standing = {faq.id: faq for faq in await all_faqs(connection, desk.shop_id)}
    asked = [(one, standing[faq.id]) for one, faq in said if faq.id in standing]
    if not asked:
        return
    groups = {one.group.id for one, _ in asked if one.group is not None}
    first = min(one.heard.at for one, _ in asked)
    given = await given_since(connection, groups, first - APART)
    talking = await staff_spoke_in(connection, groups, first - STAFF_TALK_FOR)
    answers: dict[int, tuple[Recorded, Faq, FaqAnswer]] = {}
    behind: list[FaqAnswer] = []
    for one, faq in asked:
        if one.group is None or one.id is None or one.group.id in talking:
            continue
        before = given.get((one.group.id, faq.id))
        if before is not None:
            # The answer stands above: it is theirs as well, and nobody of the staff is called.
            behind.append(FaqAnswer(one.id, faq.id, one.group.id, before))
            continue
        given[one.group.id, faq.id] = one.heard.at
        answers[one.id] = one, faq, FaqAnswer(one.id, faq.id, one.group.id, one.heard.at)
    await note_given(connection, behind)
    fresh = await note_given(connection, [answer for _, _, answer in answers.values()])
    await keep_welcomes(
        connection,
        batch.account,
        [_to_say(desk, batch.account, *answers[message][:2]) for message in sorted(fresh)],
    )


def _may_be_answered(desk: Desk, one: Recorded) -> bool:
    return (
        one.heard.kind == MessageKind.FAN
        and one.group is not None
        and not one.group.is_staff
        and not one.member.no_record
        and one.heard.reply_to is None
        and not one.heard.to_another
        and role_of(one.member, desk.shop) is Role.FAN
    )


def _to_say(desk: Desk, account: str, one: Recorded, faq: Faq) -> NewWelcome:
    group = one.group
    if group is None:
        raise ValueError(one.heard.message)
    text = desk.say("@{name} {answer}", name=one.member.name, answer=faq.answer)
    content = Content(text, mentions=(Mention(one.member.person, one.member.name),))
    return NewWelcome(
        key=f"faq:{account}/{one.heard.message}",
        address=str(Address(group=group.chat, topic=one.heard.topic)),
        body=content.to_json(),
        at=one.heard.at,
    )
