"""What the wording rules say of a text, in words: the complaint, and the lines of a preview.

The rules themselves, and the check, stand in `scheduler/wording_rules.py`; the sender's feed asks
them once more when a post leaves. Here they are asked for whoever has just written something:
`complaint_about` for a text that is kept as it is (a welcome, an answer, a poll, a draw), and
`hits_in` with `hit_lines` for what is previewed first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from urllib.parse import urlsplit

from handlers.desk import Desk
from handlers.replies import Reply, reply
from scheduler.content import Content
from scheduler.wording_rules import Hit, Severity, blocking, check_content, rules_for

REWARDS = frozenset({"share-reward", "praise-reward", "gambling"})
"""The rules of what no poll and no draw may be for: sharing, inviting, praise, a stake."""

_SHOWN = 5  # hits that a person reads at once
_LONGEST = 20  # characters of the words of a hit


def complaint_about(
    desk: Desk,
    text: str,
    *,
    accounts: Collection[str] = (),
    known_prices: Mapping[str, Collection[Decimal]] | None = None,
    names: Collection[str] = (),
    only: Collection[str] | None = None,
) -> Reply | None:
    """The answer to a text that may not be said: which words, and what to write instead.

    None where it may be said; what would only be warned of may. With `only`, other rules are left
    to the preview that follows, where a manager may let them pass. For the rest see `hits_in`.
    """
    found = hits_in(
        desk, [Content(text)], accounts=accounts, known_prices=known_prices, names=names
    )
    blocked = [hit for hit in blocking(found) if only is None or hit.rule in only]
    if not blocked:
        return None
    lines = [desk.say("这段话先别发，改一下："), *hit_lines(desk, blocked)]
    return reply("\n".join(lines), private=True)


def hits_in(
    desk: Desk,
    contents: Iterable[Content],
    *,
    accounts: Collection[str] = (),
    known_prices: Mapping[str, Collection[Decimal]] | None = None,
    names: Collection[str] = (),
) -> tuple[Hit, ...]:
    """What the rules find in any of these messages, blocks first, each words of a rule once.

    Args:
        desk: whose shop; its trades and sites choose the rules, its name is no claim.
        contents: as they would go out.
        accounts: those they would go out through, whose platforms' rules hold; none: all.
        known_prices: a product's name and the prices in yuan that may stand beside it.
        names: further names that are what they are, of groups and people.
    """
    platforms = {account.partition(":")[0] for account in accounts or desk.senders}
    spared = [desk.shop.name, *names]
    rules = [
        rules_for(platform, desk.care.trades, _own_sites(desk)) for platform in sorted(platforms)
    ]
    found = {
        (hit.rule, hit.words): hit
        for content in contents
        for some in rules
        for hit in check_content(content, some, known_prices=known_prices, names=spared)
    }
    return tuple(sorted(found.values(), key=lambda hit: hit.severity is Severity.WARN))


def _own_sites(desk: Desk) -> frozenset[str]:
    """The hosts that the shop's links may lead to: those it names, and those of its feeds."""
    feeds = desk.shop.arrivals.feeds.values()
    hosts = {urlsplit(feed.url).hostname for feed in feeds if feed.url}
    follows = {host for feed in feeds for host in feed.follows}
    return frozenset({*desk.care.sites, *follows, *(host for host in hosts if host)})


def hit_lines(desk: Desk, hits: Collection[Hit]) -> list[str]:
    """A line for each hit: why it is one, and what to write instead."""
    say, language = desk.say, desk.shop.language
    lines = []
    for hit in list(hits)[:_SHOWN]:
        sentence = (
            "✗ {why}。{instead}。" if hit.severity is Severity.BLOCK else "！{why}。{instead}。"
        )
        why = hit.why[language]
        if len(hit.words) > _LONGEST:
            why = why.replace(hit.words, f"{hit.words[:_LONGEST]}…")
        lines.append(say(sentence, why=why, instead=hit.instead[language]))
    if len(hits) > _SHOWN:
        lines.append(say("……还有 {count} 处", count=len(hits) - _SHOWN))
    return lines
