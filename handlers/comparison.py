"""Two periods side by side: the figures of a report, and how many it were in another period.

A report names only what has surely changed. Here every figure is looked up in the other period,
also one that stands too far down there to be in its own report.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from handlers.desk import Desk
from handlers.period import Period
from handlers.periods_read import spoken_in
from insights.counted import Spoken
from insights.days import AspectStance
from insights.demands import Demand
from insights.opinions import Stance
from insights.report import AspectRow, DemandRow


@dataclass(frozen=True, slots=True)
class Other:
    """The period that a report is compared with, and how many members said what: then, and now."""

    period: Period
    spoken: Spoken
    now: Spoken

    @property
    def speakers(self) -> int:
        """How many members said anything."""
        return self.spoken.speakers

    def stance(self, row: AspectRow, stance: Stance) -> int:
        """How many members took this stance on an aspect."""
        return self.spoken.aspects.get(AspectStance(row.aspect, row.category, stance), 0)

    def demand(self, row: DemandRow) -> int:
        """How many members asked for the same."""
        return self.spoken.demands.get(Demand(row.kind, row.thing), 0)

    def term(self, word: str) -> int:
        """How many members said a word."""
        return self.spoken.terms.get(word, 0)


async def compared(
    desk: Desk,
    group_ids: Sequence[int],
    now: Period,
    period: Period,
    members: Collection[int] | None = None,
) -> Other:
    """What was said in these groups in the other period and in this one (`now`).

    With `members`, by these alone.
    """
    return Other(
        period,
        await spoken_in(desk, group_ids, period, members),
        await spoken_in(desk, group_ids, now, members),
    )
