"""Keeping the greetings of one slot apart, with what the ledger and the groups know.

`apart.py` decides; here its question is put together: which groups share fans, and which of the
texts each group has had within two years. Texts are compared as they are written, not by their
variants' names, so a text that was moved to another place, or taken over into another campaign, is
known again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.apart import Apart, apart
from scheduler.bodies import SlotUnwritten, written_at
from scheduler.programme import topic_of
from storage import campaigns
from storage.said_before import SaidBefore, neighbours, said_before, standing_variants
from storage.slots import PlannedSlot

NOT_AGAIN_WITHIN = timedelta(days=2 * 366)
"""No group hears a greeting in the same words within two years; two of them may be leap years."""


async def kept_apart(
    connection: AsyncConnection,
    programme: str,
    slot: PlannedSlot,
    group_ids: Collection[int],
    body: Mapping[str, Any],
) -> Apart:
    """Which variant of a slot each of these groups gets, and what could not be kept apart.

    Groups that have theirs already, because the slot was planned before they joined or in parts,
    keep it, and the others are kept apart from them.

    Raises:
        SlotUnwritten: the body has no words for the slot.
        BodyBroken: the body has another shape.
    """
    texts = written_at(body, slot.slot)
    standing = await standing_variants(connection, slot.campaign_id, slot.slot)
    everybody = sorted({*group_ids, *standing})
    said = await said_before(
        connection,
        programme,
        topic_of(slot.slot),
        group_ids,
        slot.not_before - NOT_AGAIN_WITHIN,
    )
    elsewhere = [one for one in said if one.slot != slot.slot]
    bodies = await campaigns.bodies(connection, sorted({one.version_id for one in elsewhere}))
    found = apart(
        everybody,
        await neighbours(connection, everybody),
        _heard(elsewhere, bodies, texts),
        tuple(texts),
        standing=standing,
    )
    asked = set(group_ids)
    return Apart(
        {group: variant for group, variant in found.assigned.items() if group in asked},
        tuple(one for one in found.clashes if {one.group, one.neighbour} & asked),
    )


def _heard(
    said: Collection[SaidBefore],
    bodies: Mapping[int, Mapping[str, Any]],
    texts: Mapping[str, str],
) -> Mapping[int, set[str]]:
    """Group → the variants of `texts` that it has heard, whatever they were called then."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for name, text in texts.items():
        names[text].add(name)
    heard: defaultdict[int, set[str]] = defaultdict(set)
    for one in said:
        try:
            then = written_at(bodies[one.version_id], one.slot)
        except SlotUnwritten:
            continue  # it reached the group in words that an edit has taken away since
        text = then.get(one.variant or "", next(iter(then.values())))
        heard[one.group_id] |= names.get(text, set())
    return heard
