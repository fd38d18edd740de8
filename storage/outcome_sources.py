"""Where it is read what fans did after a post: for each metric, the rows that tell of it.

A source is a part of a question over `posts`: the deliveries that count, each with its group or its
customer, its receipt, and its window from `since` to `until` (see `outcomes.py`, which counts).

Orders will be one more metric with two more sources here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    FromClause,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from storage.columns import Words
from storage.dialects import Holds, HoldsExactly
from storage.messages import FAN
from storage.tables import comings, coupons, customers, groups, members, memberships, messages


class Metric(StrEnum):
    """What fans did within the window after a post; each fan counts once."""

    REPLIES = "replies"  # replied to the post, pressed a button below it, or wrote back in private
    TALK = "talk"  # said anything of their own, in the group or to the bot
    PRESSES = "presses"  # pressed a button below the post
    MENTIONS = "mentions"  # named the shop or the product
    COUPONS = "coupons"  # redeemed a coupon
    OPT_OUTS = "opt_outs"  # asked for no more marketing
    LEAVES = "leaves"  # left the group, or any group


def _within(moment: Column[datetime], posts: CTE) -> ColumnElement[bool]:
    """Whether something happened in a post's window."""
    return and_(moment >= posts.c.since, moment < posts.c.until)


@dataclass(frozen=True, slots=True)
class Source:
    """What to count: where it is read, the member who did it, and which of it counts."""

    rows: FromClause
    member: ColumnElement[int]
    which: ColumnElement[bool]


def _said_there(posts: CTE, *which: ColumnElement[bool]) -> Source:
    """What was said in the groups of posts within their windows."""
    there = and_(messages.c.group_id == posts.c.group_id, _within(messages.c.at, posts))
    return Source(posts.join(messages, there), messages.c.member_id, and_(true(), *which))


def _said_by(posts: CTE, *which: ColumnElement[bool]) -> Source:
    """What was said by those to whom posts were sent in private, wherever, within their windows."""
    theirs = and_(messages.c.member_id == members.c.id, _within(messages.c.at, posts))
    return Source(_those(posts).join(messages, theirs), members.c.id, and_(true(), *which))


def _sitting_there(posts: CTE) -> FromClause:
    """Who sat in the groups of posts and had not left before."""
    seat = and_(
        memberships.c.group_id == posts.c.group_id,
        or_(memberships.c.left_at.is_(None), memberships.c.left_at > posts.c.since),
    )
    return posts.join(memberships, seat).join(members, members.c.id == memberships.c.member_id)


def _those(posts: CTE) -> FromClause:
    """Those to whom posts were sent in private."""
    return posts.join(members, members.c.customer_id == posts.c.customer_id)


def _redeemed(posts: CTE, fans: FromClause) -> Source:
    """The coupons that these fans redeemed."""
    theirs = coupons.c.customer_id == members.c.customer_id
    within = _within(coupons.c.redeemed_at, posts)
    return Source(fans.join(coupons, theirs), members.c.id, within)


def _opted_out(posts: CTE, fans: FromClause) -> Source:
    """Who of these fans opted out by their own wish."""
    wish = and_(_within(customers.c.opted_out_at, posts), ~customers.c.opt_out_lent)
    theirs = customers.c.id == members.c.customer_id
    return Source(fans.join(customers, theirs), members.c.id, wish)


def _left(posts: CTE, goings: FromClause) -> Source:
    """Who left, of what was told of the groups or the fans."""
    return Source(goings, comings.c.member_id, and_(~comings.c.came, _within(comings.c.at, posts)))


def _pressed(posts: CTE) -> ColumnElement[bool]:
    """Whether a message is a button pressed below a post, which may be several messages."""
    return _is_part(messages.c.pressed_on, posts)


def _replied(posts: CTE) -> ColumnElement[bool]:
    """Whether a message replies to a post; some platforms put the chat before the message."""
    chat = (
        select(groups.c.chat).where(groups.c.id == posts.c.group_id).correlate(posts)
    ).scalar_subquery()
    return _is_part(func.replace(messages.c.reply_to, chat + "/", ""), posts)


def _is_part(message: ColumnElement[Any], posts: CTE) -> ColumnElement[bool]:
    return HoldsExactly(literal(",") + posts.c.receipt + ",", literal(",") + message + ",")


def _names_it(words: Collection[str]) -> ColumnElement[bool]:
    named = (Holds(messages.c.text, literal(word, Words())) for word in words)
    return and_(messages.c.kind == FAN, or_(false(), *named))


IN_GROUPS: Mapping[Metric, Callable[[CTE, Collection[str]], Source]] = {
    Metric.REPLIES: lambda posts, _: _said_there(posts, or_(_replied(posts), _pressed(posts))),
    Metric.TALK: lambda posts, _: _said_there(posts, messages.c.kind == FAN),
    Metric.PRESSES: lambda posts, _: _said_there(posts, _pressed(posts)),
    Metric.MENTIONS: lambda posts, words: _said_there(posts, _names_it(words)),
    Metric.COUPONS: lambda posts, _: _redeemed(posts, _sitting_there(posts)),
    Metric.OPT_OUTS: lambda posts, _: _opted_out(posts, _sitting_there(posts)),
    Metric.LEAVES: lambda posts, _: _left(
        posts, posts.join(comings, comings.c.group_id == posts.c.group_id)
    ),
}
"""What to count of posts to groups; words name the shop or the product."""

IN_PRIVATE: Mapping[Metric, Callable[[CTE, Collection[str]], Source]] = {
    Metric.REPLIES: lambda posts, _: _said_by(
        posts, messages.c.group_id.is_(None), or_(messages.c.kind == FAN, _pressed(posts))
    ),
    Metric.TALK: lambda posts, _: _said_by(posts, messages.c.kind == FAN),
    Metric.PRESSES: lambda posts, _: _said_by(
        posts, messages.c.group_id.is_(None), _pressed(posts)
    ),
    Metric.MENTIONS: lambda posts, words: _said_by(posts, _names_it(words)),
    Metric.COUPONS: lambda posts, _: _redeemed(posts, _those(posts)),
    Metric.OPT_OUTS: lambda posts, _: _opted_out(posts, _those(posts)),
    Metric.LEAVES: lambda posts, _: _left(
        posts, _those(posts).join(comings, comings.c.member_id == members.c.id)
    ),
}
"""The same of private messages."""
