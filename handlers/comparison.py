"""Two periods side by side: the figures of a report, and how many it were in another period.

A report names only what has surely changed. Here every figure is looked up in the other period,
from the same analysed days; also those that stand too far down there to be in its own report.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from handlers.desk import Desk
from handlers.period import Period
from handlers.periods_read import understood
from insights.days import AnalysedDay, AspectStance, Tally
from insights.demands import Demand
from insights.opinions import Stance
from insights.report import AspectRow, DemandRow


@dataclass(frozen=True, slots=True)
class Other:
    """The period that a report is compared with, and what was understood of it."""

    period: Period
    understood: AnalysedDay

    @property
    def messages(self) -> int:
        """How many messages were said."""
        return self.understood.message_count

    @property
    def speakers(self) -> int:
        """By how many members."""
        return self.understood.speakers

    def stance(self, row: AspectRow, stance: Stance) -> int:
        """How many members took this stance on an aspect."""
        key = AspectStance(row.aspect, row.category, stance)
        return _speakers(self.understood.aspects.get(key))

    def demand(self, row: DemandRow) -> int:
        """How many members asked for the same."""
        return _speakers(self.understood.demands.get(Demand(row.kind, row.thing)))

    def term(self, word: str) -> int:
        """How many members said a word."""
        return _speakers(self.understood.terms.get(word))


async def other_period(
    desk: Desk, group_ids: Sequence[int], period: Period, members: Collection[int] | None = None
) -> Other:
    """What was said in these groups in the other period; with `members`, by these alone."""
    return Other(period, await understood(desk, group_ids, period, members))


def _speakers(tally: Tally | None) -> int:
    return 0 if tally is None else tally.speakers
