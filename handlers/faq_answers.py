"""The shop's own answers to what fans ask in groups: given once in a while, and never in between.

A fan's text that asks something, as `insights/questions.py` reads it, is compared with the
questions that the shop has written down: both are the things they speak of. The closest one
answers where it names at least one thing in its own words and enough of the rest is the same. A
question is answered at once, by a reply that calls the fan, and not where the same answer was given
in the group within ten minutes, where somebody of the shop has spoken within ten minutes, where it
was asked of another fan, or where it complains or tells more than it asks
(`faq_left_to_staff.txt`).

What is to be said is stored with the message that it answers, and said like a welcome: once, soon,
or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from importlib import resources

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.events import MessageKind
from handlers.recording import Batch
from handlers.roles import Role, role_of
from insights.normalise import normalise
from insights.questions import read_asking
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

_LONGEST_QUESTION = 120  # characters: a longer text is a story, and the staff's to answer
_ALIKE = 0.4  # of all that either speaks of, so much both do


async def answer_faqs(connection: AsyncConnection, desk: Desk, batch: Batch) -> None:
    """Store what is to be said to those who asked what the shop has an answer to."""
    said = [one for one in batch.said if _may_be_answered(desk, one)]
    if not said or await halted_at(connection, desk.shop_id) is not None:
        return
    known = await all_faqs(connection, desk.shop_id)
    if not known:
        return
    asked = _matched(desk, said, known)
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
        and len(one.heard.text) <= _LONGEST_QUESTION
        and role_of(one.member, desk.shop) is Role.FAN
    )


def _matched(
    desk: Desk, said: Sequence[Recorded], known: Sequence[Faq]
) -> list[tuple[Recorded, Faq]]:
    """Each text that asks, with the question of the shop's that it comes closest to."""
    read = [(one, read_asking(one.heard.text, desk.segmenter, desk.lexicon)) for one in said]
    asking = [(one, each.about) for one, each in read if each.asks]
    if not asking:
        return []
    known_about = {
        faq: read_asking(faq.question, desk.segmenter, desk.lexicon).about for faq in known
    }
    closely = [(one, closest(about, known_about)) for one, about in asking]
    return [
        (one, faq)
        for one, faq in closely
        if faq is not None and not is_left_to_staff(one.heard.text, faq.question)
    ]


def is_left_to_staff(text: str, question: str) -> bool:
    """Whether a text complains, or tells something, in words that the question is not put in."""
    said, written = normalise(text), _written(question)
    return any(word in said and word not in written for word in _left_to_staff())


@lru_cache(maxsize=1)
def _left_to_staff() -> tuple[str, ...]:
    text = resources.files("handlers").joinpath("faq_left_to_staff.txt").read_text("utf-8")
    rows = (row.strip() for row in text.splitlines())
    return tuple(normalise(row) for row in rows if row and not row.startswith("#"))


_written = lru_cache(maxsize=2_000)(normalise)
"""A question in its normal form, which is asked of every message."""


def closest(about: Collection[str], known: Mapping[Faq, Collection[str]]) -> Faq | None:
    """The question that speaks of nearly the same things; None where none is close enough.

    Args:
        about: the things that a text speaks of.
        known: each question with the things that it speaks of.
    """
    best, most = None, 0.0
    for faq, theirs in known.items():
        both = set(about) & set(theirs)
        if not both:
            continue
        either = set(about) | set(theirs)
        # A wider name that both come under (delivery) is no thing that the shop wrote of.
        written = _written(faq.question)
        if not any(thing in written for thing in both):
            continue
        alike = len(both) / len(either)
        if alike >= _ALIKE and alike > most:
            best, most = faq, alike
    return best


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
