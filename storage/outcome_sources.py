"""Where it is read what fans did after a post: for each metric, the rows that tell of it.

A source is a part of a question over `posts`: the deliveries that count, each with its group or its
customer, its receipt, and its window from `since` to `until` (see `outcomes.py`, which counts). It
names where to read and what of it counts; the `members` in it are those who did it.

Orders will be one more metric with two more sources here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
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
)

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


ANSWERS = frozenset({Metric.REPLIES, Metric.PRESSES})
"""What only those can do who got something: nobody is compared with those held out by it."""


def _within(moment: Column[datetime], posts: CTE) -> ColumnElement[bool]:
    """Whether something happened in a post's window."""
    return and_(moment >= posts.c.since, moment < posts.c.until)


Source = tuple[Any, ...]
"""What to count: where it is read from, with the `members` who did it, and which of it counts."""


def _said_there(posts: CTE) -> FromClause:
    """What was said in the groups of posts within their windows."""
    there = and_(messages.c.group_id == posts.c.group_id, _within(messages.c.at, posts))
    return posts.join(messages, there).join(members, members.c.id == messages.c.member_id)


def _said_by(posts: CTE) -> FromClause:
    """What was said by those to whom posts were sent in private, wherever, within their windows."""
    theirs = and_(messages.c.member_id == members.c.id, _within(messages.c.at, posts))
    return posts.join(members, members.c.customer_id == posts.c.customer_id).join(messages, theirs)


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
    return (literal(",") + posts.c.receipt + ",").contains(literal(",") + message + ",")


def _names_it(words: Collection[str]) -> ColumnElement[bool]:
    named = (messages.c.text.contains(word, autoescape=True) for word in words)
    return and_(messages.c.kind == FAN, or_(false(), *named))


IN_GROUPS: Mapping[Metric, Callable[[CTE, Collection[str]], Source]] = {
    Metric.REPLIES: lambda posts, _: (_said_there(posts), or_(_replied(posts), _pressed(posts))),
    Metric.TALK: lambda posts, _: (_said_there(posts), messages.c.kind == FAN),
    Metric.PRESSES: lambda posts, _: (_said_there(posts), _pressed(posts)),
    Metric.MENTIONS: lambda posts, words: (_said_there(posts), _names_it(words)),
    Metric.COUPONS: lambda posts, _: (
        _sitting_there(posts).join(coupons, coupons.c.customer_id == members.c.customer_id),
        _within(coupons.c.redeemed_at, posts),
    ),
    Metric.OPT_OUTS: lambda posts, _: (
        _sitting_there(posts),
        _within(customers.c.opted_out_at, posts),
        ~customers.c.opt_out_lent,
    ),
    Metric.LEAVES: lambda posts, _: (
        posts.join(comings, comings.c.group_id == posts.c.group_id).join(
            members, members.c.id == comings.c.member_id
        ),
        ~comings.c.came,
        _within(comings.c.at, posts),
    ),
}
"""What to count of posts to groups; words name the shop or the product."""

IN_PRIVATE: Mapping[Metric, Callable[[CTE, Collection[str]], Source]] = {
    Metric.REPLIES: lambda posts, _: (
        _said_by(posts),
        messages.c.group_id.is_(None),
        or_(messages.c.kind == FAN, _pressed(posts)),
    ),
    Metric.TALK: lambda posts, _: (_said_by(posts), messages.c.kind == FAN),
    Metric.PRESSES: lambda posts, _: (
        _said_by(posts),
        messages.c.group_id.is_(None),
        _pressed(posts),
    ),
    Metric.MENTIONS: lambda posts, words: (_said_by(posts), _names_it(words)),
    Metric.COUPONS: lambda posts, _: (
        _those(posts).join(coupons, coupons.c.customer_id == members.c.customer_id),
        _within(coupons.c.redeemed_at, posts),
    ),
    Metric.OPT_OUTS: lambda posts, _: (
        _those(posts),
        _within(customers.c.opted_out_at, posts),
        ~customers.c.opt_out_lent,
    ),
    Metric.LEAVES: lambda posts, _: (
        _those(posts).join(comings, comings.c.member_id == members.c.id),
        ~comings.c.came,
        _within(comings.c.at, posts),
    ),
}
"""The same of private messages."""
