"""Which groups a new product is for: by their tags, what their fans carry, and what they talk of.

A group that is tagged with a word of the product is for it. Beyond that it counts which share of a
group's fans carry a tag about it, and which share of those who spoke lately spoke of it. The groups
that fit at least half as well as the best one are meant; where none fits at all, every one is.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from handlers.arrivals.talking import shares_talking
from handlers.desk import Desk
from handlers.taggers import is_private_matter
from insights.normalise import normalise
from insights.terms import read_terms
from storage.group_interests import Interests, interests_in
from storage.groups import Group, all_groups, tags_of_groups
from storage.products import Ware

_TAGGED = 1.0  # as much as if all its fans carried the tag
_HALF = 2
_LEAST = 0.02  # of its fans: less is chance
_SHORTEST = 2  # characters of a word that tells anything


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What speaks for a group: whether it is tagged so, and shares of its fans from 0 to 1."""

    tagged: bool = False
    carrying: float = 0.0
    talking: float = 0.0

    @property
    def fit(self) -> float:
        """How well it fits; 0: nothing speaks for it."""
        shares = self.carrying + self.talking
        return _TAGGED * self.tagged + (shares if shares >= _LEAST else 0.0)


@dataclass(frozen=True, slots=True)
class Fitting:
    """The groups that are meant; `fits` where something speaks for them."""

    groups: tuple[Group, ...]
    fits: bool


def best(facts: Mapping[int, GroupFacts]) -> frozenset[int]:
    """The groups (by id) that fit at least half as well as the best; none where none fits."""
    most = max((one.fit for one in facts.values()), default=0.0)
    return frozenset(group for group, one in facts.items() if most > 0 and one.fit * _HALF >= most)


def words_of(desk: Desk, wares: Iterable[Ware]) -> frozenset[str]:
    """The words that a group may be for these products by; no private matter is one."""
    words: set[str] = set()
    for ware in wares:
        named = [ware.category, *ware.tags]
        words.update(normalise(one) for one in named)
        for text in (ware.title, *named):
            words.update(read_terms(desk.segmenter.tag(normalise(text))))
    return frozenset(one for one in words if len(one) >= _SHORTEST and not is_private_matter(one))


async def fitting_groups(desk: Desk, wares: Sequence[Ware]) -> Fitting:
    """The groups that these products are announced in, in order of their names."""
    now = desk.clock.now()
    async with desk.database.reading() as connection:
        groups = await all_groups(connection, desk.shop_id)
        ids = [group.id for group in groups]
        tagged = await tags_of_groups(connection, desk.shop_id)
        interests = await interests_in(connection, ids, now)
    if desk.shop.arrivals.everywhere or len(groups) < _HALF:
        return Fitting(tuple(groups), fits=False)
    words = await asyncio.to_thread(words_of, desk, wares)
    talking = await shares_talking(desk, ids, words)
    facts = {
        group: GroupFacts(
            tagged=_names_one(tagged.get(group, ()), words),
            carrying=_share_carrying(interests.get(group, Interests()), words),
            talking=talking.get(group, 0.0),
        )
        for group in ids
    }
    chosen = best(facts)
    meant = tuple(one for one in groups if one.id in chosen)
    return Fitting(meant or tuple(groups), fits=bool(meant))


def _names_one(tags: Iterable[str], words: Collection[str]) -> bool:
    return any(_thing(tag) in words for tag in tags)


def _thing(tag: str) -> str:
    """What a tag is about: 面霜 of 关心:面霜."""
    return normalise(re.split("[:：]", tag)[-1])


def _share_carrying(found: Interests, words: Collection[str]) -> float:
    """The share of a group's fans who carry the most frequent tag that names one of the words."""
    carriers = [count for tag, count in found.carriers.items() if _thing(tag) in words]
    return max(carriers, default=0) / found.fans if found.fans else 0.0
