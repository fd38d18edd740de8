"""Who matches an expression of the segment language, as the command line shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.asking import opened_desk
from bot.configuration import Configuration
from insights.masking import mask_name
from storage import audit
from storage.saved_segments import nobody_knows, pinned, spares_nobody
from storage.segments import Match, Segment, matches

_SHOWN = 20
_ACTOR = "command line"


@dataclass(frozen=True, slots=True)
class People:
    """The members of a segment, with their names as they are shown."""

    segment: Segment
    found: tuple[Match, ...]
    unknown: tuple[Segment, ...]

    @property
    def customers(self) -> int:
        """How many people these members are."""
        return len({one.customer_id for one in self.found})

    @property
    def text(self) -> str:
        """How many, and the first of them."""
        names = [one.name for one in self.found[:_SHOWN]]
        if len(self.found) > _SHOWN:
            names.append("...")
        return "\n".join([f"{self.segment.expression}: {self.customers} customers", *names])

    @property
    def notes(self) -> list[str]:
        """What the segment names that is not there."""
        return [f"nobody knows {one.expression}" for one in self.unknown]

    def to_json(self) -> dict[str, Any]:
        """All of it; `unknown` are the conditions that name what is not there."""
        return {
            "segment": self.segment.expression,
            "customers": self.customers,
            "members": [
                {"member": one.member_id, "customer": one.customer_id, "name": one.name}
                for one in self.found
            ],
            "unknown": [one.expression for one in self.unknown],
        }


async def people(configuration: Configuration, expression: str, *, names: bool) -> People:
    """Who matches, with names masked; not masked with `names`, which is noted in the audit log.

    Raises:
        SegmentUnreadable: the expression is none.
        SavedSegmentUnknown: it names a saved segment that there is none of.
    """
    segment = Segment.parse(expression)
    async with opened_desk(configuration) as desk:
        now = desk.clock.now()
        async with desk.database.reading() as connection:
            meant = await pinned(connection, desk.shop_id, segment)
            unknown = await nobody_knows(connection, desk.shop_id, meant, now)
            unknown += await spares_nobody(connection, meant, now)
            found = await matches(connection, meant, now)
        if names:
            async with desk.database.writing() as connection:
                details = {"members": [one.member_id for one in found]}
                look = audit.Entry(now, _ACTOR, "segment_names", segment.expression, details)
                await audit.note(connection, look)
        else:
            found = [Match(one.member_id, one.customer_id, mask_name(one.name)) for one in found]
    return People(segment, tuple(found), tuple(map(Segment.asking, unknown)))
