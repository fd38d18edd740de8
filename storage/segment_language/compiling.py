"""From a question to SQL: a condition on `members` that both engines answer alike.

Every fact is one set of customers, found once however many members are asked about, and a question
joins such sets with IN, AND, OR and NOT. No part of an expression becomes a piece of SQL text:
names, numbers and moments go as parameters.

What somebody says who asked for no record is nobody's business: a condition on talk never holds of
them, whichever way it asks. So `not` is carried inward to the single conditions, where those on
talk have opposites of their own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import singledispatch
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)

from storage.columns import Words
from storage.dialects import Holds
from storage.segment_language.questions import (
    Every,
    InGroup,
    InTaggedGroup,
    Joined,
    LastSpoke,
    Mark,
    Not,
    Question,
    Said,
    Some,
    Spoke,
    Tagged,
    Than,
)
from storage.tables import customers, group_tags, groups, members, memberships, messages, tags

FAN = "fan"
"""The kind of a message in which a fan speaks: see `messages.py`."""

_OURS = and_(groups.c.accepted_at.is_not(None), ~groups.c.is_staff)


@singledispatch
def compiled(question: Question, now: datetime) -> ColumnElement[bool]:
    """The condition that a member's customer is meant at a moment.

    Raises:
        TypeError: a saved segment is asked for by its name; see `saved_segments.pinned`.
    """
    raise TypeError(question, now)


@compiled.register
def _(question: Not, now: datetime) -> ColumnElement[bool]:
    if isinstance(question.part, Said):
        return _of_talk(_saying(question.part, now), opposite=True)
    turned = _opposite(question.part)
    return not_(compiled(question.part, now)) if turned is None else compiled(turned, now)


def _opposite(question: Question) -> Question | None:
    """What asks for everybody else, with `not` further in or gone; None: there is no such."""
    match question:
        case Not(part):
            return part
        case Every(parts):
            return Some(tuple(map(Not, parts)))
        case Some(parts):
            return Every(tuple(map(Not, parts)))
        case LastSpoke(than, days):
            return LastSpoke(than.opposite, days)
        case Spoke(than, number, days):
            return Spoke(than.opposite, number, days)
        case _:
            return None


@compiled.register
def _(question: Every, now: datetime) -> ColumnElement[bool]:
    return and_(*(compiled(part, now) for part in question.parts))


@compiled.register
def _(question: Some, now: datetime) -> ColumnElement[bool]:
    return or_(*(compiled(part, now) for part in question.parts))


@compiled.register
def _(question: Tagged, now: datetime) -> ColumnElement[bool]:
    known = members.alias()
    carriers = select(known.c.customer_id).join(tags, tags.c.member_id == known.c.id)
    still = or_(tags.c.until.is_(None), tags.c.until > now)
    return _is_among(carriers.where(tags.c.tag.in_(question.tags), still))


@compiled.register
def _(question: InGroup, now: datetime) -> ColumnElement[bool]:  # noqa: ARG001 (as the others)
    return _is_among(
        _sitting().where(or_(groups.c.name.in_(question.names), groups.c.id.in_(question.ids)))
    )


@compiled.register
def _(question: InTaggedGroup, now: datetime) -> ColumnElement[bool]:  # noqa: ARG001 (as the others)
    tagged = select(group_tags.c.group_id).where(group_tags.c.tag.in_(question.tags))
    return _is_among(_sitting().where(groups.c.id.in_(tagged)))


@compiled.register
def _(question: Joined, now: datetime) -> ColumnElement[bool]:
    known = members.alias()
    came = (
        select(known.c.customer_id)
        .join(memberships, memberships.c.member_id == known.c.id)
        .join(groups, groups.c.id == memberships.c.group_id)
        .where(_OURS)
        .group_by(known.c.customer_id)
    )
    first = func.min(memberships.c.joined_at)
    return _is_among(came.having(_age(question.than, first, now, question.days)))


@compiled.register
def _(question: LastSpoke, now: datetime) -> ColumnElement[bool]:
    silent = question.than in {Than.MORE, Than.AT_LEAST}
    than = question.than.opposite if silent else question.than
    known = members.alias()
    spoke = exists().where(
        messages.c.member_id == known.c.id,
        messages.c.kind == FAN,
        _age(than, messages.c.at, now, question.days),
    )
    return _of_talk(select(known.c.customer_id).where(spoke), opposite=silent)


@compiled.register
def _(question: Spoke, now: datetime) -> ColumnElement[bool]:
    # Who said nothing has no row to be counted: they are found by what they are not.
    opposite = question.than.compare(0, question.number)
    than = question.than.opposite if opposite else question.than
    spoke = _words(now, question.days)
    number = than.compare(func.count(), literal(question.number))
    return _of_talk(spoke.group_by(*spoke.selected_columns).having(number), opposite=opposite)


@compiled.register
def _(question: Said, now: datetime) -> ColumnElement[bool]:
    return _of_talk(_saying(question, now))


@compiled.register
def _(question: Mark, now: datetime) -> ColumnElement[bool]:  # noqa: ARG001 (as the others)
    known = members.alias()
    found = select(known.c.customer_id)
    if question is Mark.OPTED_OUT:
        return _is_among(select(customers.c.id).where(customers.c.opted_out_at.is_not(None)))
    if question is Mark.STAFF:
        return _is_among(found.where(known.c.staff))
    return _is_among(found.where(known.c.started_at.is_not(None), known.c.unreachable_at.is_(None)))


def _is_among(found: Select[Any]) -> ColumnElement[bool]:
    return members.c.customer_id.in_(found)


def _sitting() -> Select[Any]:
    """The customers with a member who sits in a group of the shop now."""
    known = members.alias()
    return (
        select(known.c.customer_id)
        .join(memberships, memberships.c.member_id == known.c.id)
        .join(groups, groups.c.id == memberships.c.group_id)
        .where(memberships.c.left_at.is_(None), _OURS)
    )


def _words(now: datetime, days: int | None) -> Select[Any]:
    """The customer of each message that a fan said within so many days; None: of all there are."""
    known = members.alias()
    said = (
        select(known.c.customer_id)
        .join(messages, messages.c.member_id == known.c.id)
        .where(messages.c.kind == FAN)
    )
    return said if days is None else said.where(_age(Than.LESS, messages.c.at, now, days))


def _saying(question: Said, now: datetime) -> Select[Any]:
    """The customers who said a message with a piece of text in it."""
    piece = literal(question.piece, Words())
    return _words(now, question.days).where(Holds(messages.c.text, piece))


def _of_talk(found: Select[Any], *, opposite: bool = False) -> ColumnElement[bool]:
    """Who is among those found by what they say, or is not; never who asked for no record."""
    recorded = members.c.customer_id.not_in(select(customers.c.id).where(customers.c.no_record))
    among = _is_among(found)
    return and_(recorded, not_(among) if opposite else among)


def _age(than: Than, moment: ColumnElement[Any], now: datetime, days: int) -> ColumnElement[bool]:
    """Whether a moment lies so many days back: less than 7 days is after the moment 7 days ago."""
    back = now - timedelta(days=days)
    return {
        Than.LESS: moment > back,
        Than.AT_MOST: moment >= back,
        Than.MORE: moment < back,
        Than.AT_LEAST: moment <= back,
    }[than]
