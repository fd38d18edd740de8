"""Where it is read what fans did after a post: for each metric, the rows that tell of it.

A source is a part of a question over `posts`: the deliveries that count, each with its campaign,
its group or customer, its receipt, and its window from `since` to `until` (see `outcomes.py`).

Orders will be one more metric with two more sources here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
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
from storage.tables import (
    campaigns,
    comings,
    coupons,
    customers,
    groups,
    members,
    memberships,
    messages,
    round_entries,
    rounds,
)


class Metric(StrEnum):
    """What fans did within the window after a post; each fan counts once."""

    REPLIES = "replies"  # replied to the post, or wrote back in private; a press is no reply
    TALK = "talk"  # said anything of their own, in the group or to the bot
    PRESSES = "presses"  # pressed a button below the post
    MENTIONS = "mentions"  # named the shop or the product
    ENTRIES = "entries"  # took part in what the post announced: a poll, a list, a draw
    CLAIMS = "claims"  # got a coupon
    COUPONS = "coupons"  # redeemed a coupon
    OPT_OUTS = "opt_outs"  # asked for no more marketing
    LEAVES = "leaves"  # left the group, or any group


def _within(moment: ColumnElement[datetime], posts: CTE) -> ColumnElement[bool]:
    """Whether something happened in a post's window."""
    return and_(moment >= posts.c.since, moment < posts.c.until)


@dataclass(frozen=True, slots=True)
class Source:
    """What to count: where it is read, the member who did it, and which of it counts."""

    rows: FromClause
    member: ColumnElement[int]
    which: ColumnElement[bool]


def said_there(posts: CTE) -> Source:
    """All that was said in the groups of posts within their windows."""
    there = and_(messages.c.group_id == posts.c.group_id, _within(messages.c.at, posts))
    return Source(posts.join(messages, there), messages.c.member_id, true())


def said_by_them(posts: CTE) -> Source:
    """What was said by those to whom posts were sent in private, wherever, within their windows."""
    theirs = and_(messages.c.member_id == members.c.id, _within(messages.c.at, posts))
    return Source(_those(posts).join(messages, theirs), members.c.id, true())


def _those(posts: CTE) -> FromClause:
    """Those to whom posts were sent in private."""
    return posts.join(members, members.c.customer_id == posts.c.customer_id)


def _with_coupon(moment: ColumnElement[Any]) -> Select[Any]:
    """Who came to this moment with a coupon, and when."""
    return (
        select(members.c.id.label("member_id"), members.c.customer_id, moment.label("at"))
        .join_from(coupons, members, members.c.customer_id == coupons.c.customer_id)
        .where(moment.is_not(None))
    )


def _took_part(posts: CTE) -> Select[Any]:
    """Who takes part in what these posts announced, since when, and by which campaign."""
    return (
        select(
            members.c.id.label("member_id"),
            members.c.customer_id,
            round_entries.c.at,
            campaigns.c.id.label("campaign_id"),
        )
        .select_from(
            campaigns.join(rounds, rounds.c.key == campaigns.c.key)
            .join(round_entries, round_entries.c.round_id == rounds.c.id)
            .join(members, members.c.customer_id == round_entries.c.customer_id)
        )
        .where(campaigns.c.id.in_(select(posts.c.campaign_id)))
    )


_OPTED_OUT = (
    select(
        members.c.id.label("member_id"),
        customers.c.id.label("customer_id"),
        customers.c.opted_out_at.label("at"),
    )
    .join_from(customers, members, members.c.customer_id == customers.c.id)
    .where(customers.c.opted_out_at.is_not(None), ~customers.c.opt_out_lent)
)
"""Who opted out by their own wish, and when."""


def _by_those_there(done: Select[Any], posts: CTE) -> Source:
    """What was done by who sat in the groups of posts then, and had not left before.

    Of deeds that tell their campaign, only what came of posts of that one.
    """
    deeds = done.subquery()
    told = [column for column in deeds.c if column.name in {"member_id", "at", "campaign_id"}]
    # Few did it, and many sit there: so first it is found out where those sit who did it.
    seated = (
        select(*told, memberships.c.group_id, memberships.c.left_at)
        .join_from(deeds, memberships, memberships.c.member_id == deeds.c.member_id)
        .where(memberships.c.joined_at <= deeds.c.at)
        .cte()
        .prefix_with("MATERIALIZED")
    )
    there = and_(
        posts.c.group_id == seated.c.group_id,
        _within(seated.c.at, posts),
        or_(seated.c.left_at.is_(None), seated.c.left_at > posts.c.since),
        *_of_its_campaign(seated, posts),
    )
    return Source(posts.join(seated, there), seated.c.member_id, true())


def _of_its_campaign(deeds: FromClause, posts: CTE) -> Iterator[ColumnElement[bool]]:
    if "campaign_id" in deeds.c:
        yield deeds.c.campaign_id == posts.c.campaign_id


def _by_those_written_to(done: Select[Any], posts: CTE) -> Source:
    """What was done by those to whom posts were sent in private."""
    deeds = done.cte().prefix_with("MATERIALIZED")
    theirs = and_(
        deeds.c.customer_id == posts.c.customer_id,
        _within(deeds.c.at, posts),
        *_of_its_campaign(deeds, posts),
    )
    return Source(posts.join(deeds, theirs), deeds.c.member_id, true())


def _left(posts: CTE, goings: FromClause) -> Source:
    """Who left, of what was told of the groups or the fans."""
    return Source(goings, comings.c.member_id, and_(~comings.c.came, _within(comings.c.at, posts)))


def _pressed(posts: CTE) -> ColumnElement[bool]:
    """Whether a message is a button pressed below a post, which may be several messages."""
    return and_(messages.c.pressed_on.is_not(None), _is_part(messages.c.pressed_on, posts))


def _replied(posts: CTE) -> ColumnElement[bool]:
    """Whether a message replies to a post; some platforms put the chat before the message."""
    chat = (
        select(groups.c.chat).where(groups.c.id == posts.c.group_id).correlate(posts)
    ).scalar_subquery()
    replied_to = func.replace(messages.c.reply_to, chat + "/", "")
    return and_(messages.c.reply_to.is_not(None), _is_part(replied_to, posts))


def _is_part(message: ColumnElement[Any], posts: CTE) -> ColumnElement[bool]:
    return HoldsExactly(literal(",") + posts.c.receipt + ",", literal(",") + message + ",")


def _names_it(words: Collection[str]) -> ColumnElement[bool]:
    named = (Holds(messages.c.text, literal(word, Words())) for word in words)
    return and_(messages.c.kind == FAN, or_(false(), *named))


Which = Callable[[CTE, Collection[str]], ColumnElement[bool]]
"""Which messages count, of those said within the window of a post."""

SAID_IN_GROUPS: Mapping[Metric, Which] = {
    Metric.REPLIES: lambda posts, _: and_(_replied(posts), messages.c.pressed_on.is_(None)),
    Metric.TALK: lambda *_: messages.c.kind == FAN,
    Metric.PRESSES: lambda posts, _: _pressed(posts),
    Metric.MENTIONS: lambda _, words: _names_it(words),
}
"""What counts of all that was said in the groups of posts."""

SAID_BY_THEM: Mapping[Metric, Which] = {
    Metric.REPLIES: lambda *_: and_(messages.c.group_id.is_(None), messages.c.kind == FAN),
    Metric.TALK: lambda *_: messages.c.kind == FAN,
    Metric.PRESSES: lambda posts, _: and_(messages.c.group_id.is_(None), _pressed(posts)),
    Metric.MENTIONS: lambda _, words: _names_it(words),
}
"""What counts of all that they said, wherever, to whom posts were sent in private."""


def _said(
    source: Callable[[CTE], Source], which: Which
) -> Callable[[CTE, Collection[str]], Source]:
    return lambda posts, words: replace(source(posts), which=which(posts, words))


IN_GROUPS: Mapping[Metric, Callable[[CTE, Collection[str]], Source]] = {
    **{metric: _said(said_there, which) for metric, which in SAID_IN_GROUPS.items()},
    Metric.ENTRIES: lambda posts, _: _by_those_there(_took_part(posts), posts),
    Metric.CLAIMS: lambda posts, _: _by_those_there(_with_coupon(coupons.c.handed_at), posts),
    Metric.COUPONS: lambda posts, _: _by_those_there(_with_coupon(coupons.c.redeemed_at), posts),
    Metric.OPT_OUTS: lambda posts, _: _by_those_there(_OPTED_OUT, posts),
    Metric.LEAVES: lambda posts, _: _left(
        posts, posts.join(comings, comings.c.group_id == posts.c.group_id)
    ),
}
"""What to count of posts to groups; words name the shop or the product."""

IN_PRIVATE: Mapping[Metric, Callable[[CTE, Collection[str]], Source]] = {
    **{metric: _said(said_by_them, which) for metric, which in SAID_BY_THEM.items()},
    Metric.ENTRIES: lambda posts, _: _by_those_written_to(_took_part(posts), posts),
    Metric.CLAIMS: lambda posts, _: _by_those_written_to(_with_coupon(coupons.c.handed_at), posts),
    Metric.COUPONS: lambda posts, _: _by_those_written_to(
        _with_coupon(coupons.c.redeemed_at), posts
    ),
    Metric.OPT_OUTS: lambda posts, _: _by_those_written_to(_OPTED_OUT, posts),
    Metric.LEAVES: lambda posts, _: _left(
        posts, _those(posts).join(comings, comings.c.member_id == members.c.id)
    ),
}
"""The same of private messages."""
