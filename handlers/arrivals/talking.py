"""Who of a group's fans spoke of certain things lately: a share of each group, in few questions.

The finished days of many groups are read at once and looked at in a thread, and of each only what
was asked about. A shop has hundreds of groups, and asks about each new product anew.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from handlers.desk import Desk
from handlers.period import Period, today
from storage import analysis, members

_LOOKED_AT = 14  # days
_GROUPS_AT_ONCE = 50  # so many groups' days are in memory together


async def shares_talking(
    desk: Desk, group_ids: Collection[int], words: Collection[str]
) -> dict[int, float]:
    """Group id → the share, from 0 to 1, of those who spoke there who said the most frequent word.

    What is said today counts tomorrow; who asked for no record is left out.
    """
    period = Period.ending(today(desk) - timedelta(days=1), _LOOKED_AT)
    ids, found = sorted(group_ids), dict[int, float]()
    async with desk.database.reading() as connection:
        unrecorded = frozenset(await members.unrecorded(connection))
    for start in range(0, len(ids), _GROUPS_AT_ONCE):
        async with desk.database.reading() as connection:
            days = await analysis.bodies_between(
                connection, ids[start : start + _GROUPS_AT_ONCE], period.first, period.last
            )
        found |= await asyncio.to_thread(_shares, days, frozenset(words), unrecorded)
    return found


def _shares(
    days: Mapping[int, Iterable[str]], words: frozenset[str], without: frozenset[int]
) -> dict[int, float]:
    return {group: _share(map(json.loads, texts), words, without) for group, texts in days.items()}


def _share(
    days: Iterable[Mapping[str, Any]], words: frozenset[str], without: frozenset[int]
) -> float:
    """The share in the days of one group; members stand before their counts (see `to_json`)."""
    speakers: set[int] = set()
    said: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for day in days:
        speakers.update(day["messages"][0::2])
        for term, who, _ in day["terms"]:
            if term in words:
                said["", term].update(who[0::2])
        for kind, thing, who, _ in day["demands"]:
            if thing in words:
                said[kind, thing].update(who[0::2])
    speakers -= without
    most = max((len(who - without) for who in said.values()), default=0)
    return min(1.0, most / len(speakers)) if speakers else 0.0
