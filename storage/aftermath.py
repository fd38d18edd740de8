"""What fans did after the posts that are looked back on: of a whole and of all its parts at once.

A part is some posts of some campaigns, and a post may belong to several parts. Posts that belong to
the same parts are a cell, and each cell is a bit of a number: so each question is asked once, and
its answer is one number for each fan, of the cells after whose posts they did it. What came of a
part is then a matter of these bits, which a thread looks at beside the loop.

What counts is told by the sources that trials are counted from (`outcome_sources.py`). Who asked
for no record, the staff and the bot's own accounts are nobody here. Nothing is written.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.aftermath_questions import MOST_CELLS, Cell, Looking, Way, deeds, posts_sent
from storage.outcome_sources import Metric
from storage.outcomes import Counted

GONE = (Metric.OPT_OUTS, Metric.LEAVES)
"""What tells that somebody has had enough."""

_PIECE = 1_000  # rows that are taken in before somebody else has their turn


@dataclass(frozen=True, slots=True)
class After:
    """What came of posts that reached somebody.

    `recipients` are groups, or those customers who count here and were written to; `fans` those who
    sat in a group when a post came there, or did something after it, or the customers. `gone` left
    a group, opted out, or both. Each fan counts once, in however many groups.
    """

    posts: int
    recipients: int
    fans: Counted
    did: Mapping[Metric, Counted]
    gone: Counted

    def people(self, metric: Metric) -> int:
        """How many fans did it."""
        return self.did[metric].people


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What came of one part: of its posts in groups, of its private messages, and of both.

    Of both together each fan counts once, too. None where nothing reached anybody that way.
    """

    groups: After | None = None
    private: After | None = None
    both: After | None = None

    def people(self, metric: Metric) -> int:
        """How many fans did it."""
        return 0 if self.both is None else self.both.people(metric)

    @property
    def fans(self) -> int:
        """How many fans were reached."""
        return 0 if self.both is None else self.both.fans.people

    @property
    def gone(self) -> int:
        """How many fans left a group, opted out, or both."""
        return 0 if self.both is None else self.both.gone.people


Part = Mapping[int, Collection[str]]
"""Campaign id → the slots that belong to a part."""


async def aftermath(
    connection: AsyncConnection, parts: Mapping[str, Part], looking: Looking
) -> dict[str, Aftermath]:
    """Part → what came of it; parts whose posts reached nobody are missing."""
    cells = _cells(parts)
    if not cells:
        return {}
    found = {way: _Found() for way in Way}
    await _note_posts(connection, cells, found)
    new: set[int] = set()
    for first in range(0, len(cells), MOST_CELLS):
        some = cells[first : first + MOST_CELLS]
        for way, one in found.items():
            if one.posts:
                kinds, rows = await deeds(connection, way, some, looking)
                for piece in rows.partitions(_PIECE):
                    _note_deeds(kinds, piece, first, one, new)
                    await asyncio.sleep(0)  # others have their turn
    return await asyncio.to_thread(_told, list(parts), cells, found, new)


_Bits = defaultdict[int, int]
"""A customer, or a group → a bit for each cell."""


def _no_bits() -> _Bits:
    return defaultdict(int)


@dataclass(slots=True)
class _Found:
    """What was read of one way: to whom posts of which cells went, and who did what after them.

    `posts` are counted by cell. A metric of None tells who the fans are.
    """

    posts: Counter[int] = field(default_factory=Counter)
    recipients: _Bits = field(default_factory=_no_bits)
    did: defaultdict[Metric | None, _Bits] = field(default_factory=lambda: defaultdict(_no_bits))


def _cells(parts: Mapping[str, Part]) -> list[Cell]:
    """The posts of all parts, those together that belong to the same ones."""
    belongs: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    for name, part in parts.items():
        for campaign, slots in part.items():
            for slot in slots:
                belongs[campaign, slot].add(name)
    of_parts: defaultdict[frozenset[str], list[tuple[int, str]]] = defaultdict(list)
    for post, names in belongs.items():
        of_parts[frozenset(names)].append(post)
    return [Cell(posts, names) for names, posts in of_parts.items()]


async def _note_posts(
    connection: AsyncConnection, cells: Sequence[Cell], found: Mapping[Way, _Found]
) -> None:
    """Count the posts of each cell that reached somebody, and the groups that they reached."""
    place_of = {post: place for place, cell in enumerate(cells) for post in cell.posts}
    for campaign, slot, group, count in await posts_sent(connection, cells):
        place = place_of.get((campaign, slot))
        if place is None:
            continue
        one = found[Way.PRIVATE if group is None else Way.GROUPS]
        one.posts[place] += count
        if group is not None:
            one.recipients[group] |= 1 << place


def _note_deeds(
    kinds: Sequence[Sequence[Metric | None]],
    rows: Iterable[Any],
    first: int,
    found: _Found,
    new: set[int],
) -> None:
    """Note who did what after the posts of some cells, of which the first is the bit `first`."""
    for customer, is_new, kind, *each in rows:
        if is_new:
            new.add(customer)
        for metric, bits in zip(kinds[kind], each, strict=False):  # the rest is filled up
            if bits:
                found.did[metric][customer] |= bits << first


_Tally = Counter[tuple[int, bool]]
"""The bits of a fan, and whether they are new → how many fans have them."""


def _told(
    parts: Collection[str], cells: Sequence[Cell], found: Mapping[Way, _Found], new: Collection[int]
) -> dict[str, Aftermath]:
    """What came of each part, by what was found of either way."""
    found[Way.PRIVATE].recipients = found[Way.PRIVATE].did[None].copy()
    either = _Found()
    for one in found.values():
        for metric, bits in one.did.items():
            _merge(either.did[metric], bits)
    groups, private, both = (_tallies(one.did, new) for one in (*found.values(), either))
    told = {}
    for part in parts:
        mine = sum(1 << place for place, cell in enumerate(cells) if part in cell.parts)
        posts, recipients = {}, {}
        for way, one in found.items():
            posts[way] = sum(n for place, n in one.posts.items() if mine >> place & 1)
            recipients[way] = sum(1 for bits in one.recipients.values() if bits & mine)
        ways = [
            _after(posts[way], recipients[way], tallies, mine) if posts[way] else None
            for way, tallies in ((Way.GROUPS, groups), (Way.PRIVATE, private))
        ]
        if any(posts.values()):
            whole = _after(sum(posts.values()), sum(recipients.values()), both, mine)
            told[part] = Aftermath(ways[0], ways[1], whole)
    return told


_GONE = "gone"


def _tallies(
    did: defaultdict[Metric | None, _Bits], new: Collection[int]
) -> dict[Metric | str | None, _Tally]:
    """How many fans did what after which posts; under "gone" all that tells that they are."""
    gone: _Bits = defaultdict(int)
    for metric in Metric:
        _merge(did[None], did[metric])  # who did something was there
        if metric in GONE:
            _merge(gone, did[metric])
    each: list[tuple[Metric | str | None, _Bits]] = [*did.items(), (_GONE, gone)]
    return {
        what: Counter((some, customer in new) for customer, some in bits.items())
        for what, bits in each
    }


def _after(
    posts: int, recipients: int, tallies: Mapping[Metric | str | None, _Tally], mine: int
) -> After:
    """What came of the cells whose bits are `mine`."""

    def counted(what: Metric | str | None) -> Counted:
        those = [(is_new, count) for (bits, is_new), count in tallies[what].items() if bits & mine]
        return Counted(
            sum(count for _, count in those), sum(count for is_new, count in those if is_new)
        )

    each = {metric: counted(metric) for metric in Metric}
    return After(posts, recipients, counted(None), each, counted(_GONE))


def _merge(into: _Bits, bits: Mapping[int, int]) -> None:
    for customer, some in bits.items():
        into[customer] |= some
