"""Who asks to be friends with the bot's account: kept, and ruled on where the request is recorded.

The account's rule grants a request or leaves it to people; it never refuses anybody. What was
granted is carried out afterwards, see `befriending.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import FriendAsked
from handlers.origin import Origin
from storage import friendships
from storage.columns import storable
from storage.friendships import Admits, FriendRequest, FriendRule, NewFriendRequest
from storage.join_requests import Verdict
from storage.members import ensure_members
from storage.tags import BY_RULE


def admits(rule: FriendRule, words: str) -> bool:
    """Whether a rule grants the request of somebody who says this.

    The agreed words may stand anywhere in it, however they are spaced, in small or large letters.
    """
    if rule.admits is Admits.WHO_SAYS:
        agreed = _plain(rule.words or "")
        return bool(agreed) and agreed in _plain(words)
    return rule.admits is Admits.EVERYONE


def _plain(words: str) -> str:
    return "".join(unicodedata.normalize("NFKC", words).casefold().split())


async def note_request(connection: AsyncConnection, event: FriendAsked, origin: Origin) -> None:
    """Keep that somebody asks, and apply the account's rule, in the transaction that records it.

    What they say is heard by the rule, but not kept of who wants nothing recorded.
    """
    seen = origin.seen(event.member)
    people = await ensure_members(connection, origin.platform, [seen], event.at)
    member = people[seen.person]
    new = NewFriendRequest(
        account=event.account,
        request=storable(event.request),
        member_id=member.id,
        words="" if member.no_record else event.words,
        asked_at=event.at,
    )
    number = await friendships.keep_request(connection, new)
    if number is None:
        return
    rule = await friendships.rule_of(connection, event.account)
    if admits(rule, event.words):
        await _grant(connection, rule, [number], event.at)


async def set_rule(
    connection: AsyncConnection, account: str, rule: FriendRule, at: datetime
) -> Sequence[FriendRequest]:
    """Give an account a rule, and grant by it what waits already; which requests that were."""
    await friendships.set_rule(connection, account, rule)
    waiting = await friendships.waiting(connection, account)
    admitted = [one for one in waiting if admits(rule, one.words)]
    await _grant(connection, rule, [one.id for one in admitted], at)
    return admitted


async def _grant(
    connection: AsyncConnection, rule: FriendRule, requests: Sequence[int], at: datetime
) -> None:
    by = f"{BY_RULE}{rule.admits}"
    await friendships.decide(connection, requests, Verdict.ADMITTED, by=by, at=at)
