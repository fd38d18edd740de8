"""The whole demand report, with the quotes behind each of its figures: for a page or a table.

A `DemandReport` quotes a few messages of each row. Whoever reads a full report opens any figure, so
here the quotes of each stance, demand, term and topic are looked up in the analysed days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.comparison import Other, compared
from handlers.demand import report
from handlers.desk import Desk
from handlers.inquiry import Inquiry
from handlers.period import Period
from handlers.periods_read import understood
from handlers.quoting import masked, note_look, tells_who, withheld_line
from insights.days import AnalysedDay, AspectStance, Tally
from insights.demands import Demand
from insights.opinions import Stance
from insights.report import AspectRow, DemandReport, DemandRow
from storage.quotes import said_in

_LONGEST_QUOTE = 600  # characters; who wants to read more asks for the quotes in chat
_ACTOR = "command-line"


@dataclass(frozen=True, slots=True)
class FullReport:
    """A report with all that is shown of it.

    `notes` are lines that say what is not counted, `texts` what is shown of the messages that are
    quoted. `other` is the period that it is compared with, where one was asked for; `named` tells
    that quotes say who said them, `withheld` why there are none though they are stored.
    """

    found: DemandReport
    understood: AnalysedDay
    period: Period
    groups: Sequence[str]
    notes: Sequence[str]
    texts: Mapping[int, str]
    made_at: datetime
    other: Other | None = None
    named: bool = False
    withheld: str = ""

    def about_stance(self, row: AspectRow, stance: Stance) -> list[str]:
        """What was said by those who take this stance on an aspect."""
        key = AspectStance(row.aspect, row.category, stance)
        return self._quotes(self.understood.aspects.get(key))

    def about_aspect(self, key: AspectStance) -> list[str]:
        """The same, of an aspect by its key."""
        return self._quotes(self.understood.aspects.get(key))

    def about_demand(self, key: Demand) -> list[str]:
        """What was said by those who ask for something."""
        return self._quotes(self.understood.demands.get(key))

    def about_term(self, term: str) -> list[str]:
        """What was said with a term in it."""
        return self._quotes(self.understood.terms.get(term))

    def shown(self, messages: Sequence[int]) -> list[str]:
        """These messages, as far as they are there; a long one is cut."""
        return [_cut(self.texts[one]) for one in messages if one in self.texts]

    def _quotes(self, tally: Tally | None) -> list[str]:
        return [] if tally is None else self.shown(sorted(tally.quotes.values(), reverse=True))


async def full_report(
    desk: Desk,
    inquiry: Inquiry,
    notes: Sequence[str],
    *,
    against: Period | None = None,
    names: bool = False,
) -> FullReport:
    """The whole report of what is asked about.

    Args:
        desk: the shop.
        inquiry: days, groups and members.
        notes: what is to be said above it.
        against: compare with this period.
        names: say who said a quote, and mask nothing; that is noted in the audit log.
    """
    ids, members = inquiry.group_ids, inquiry.members
    found = await report(desk, inquiry.groups, inquiry.period, members=members, against=against)
    now = await understood(desk, ids, inquiry.period, members)
    other = None if against is None else await compared(desk, ids, inquiry.period, against, members)
    withheld = ""
    if found.messages and not names and tells_who(inquiry, found.speakers):
        withheld, texts = withheld_line(desk, inquiry), {}
        found, notes = found.with_quotes({}), [*notes, withheld]
    else:
        texts = await _texts(desk, inquiry, sorted(set(_quoted(found, now))), names=names)
    if names:
        found = found.with_quotes({one: texts[one] for one in found.quoted() if one in texts})
    return FullReport(
        found=found,
        understood=now,
        period=inquiry.period,
        groups=inquiry.group_names,
        notes=notes,
        texts=texts,
        made_at=desk.shop.local(desk.clock.now()),
        other=other,
        named=names,
        withheld=withheld,
    )


def _quoted(found: DemandReport, now: AnalysedDay) -> Iterator[int]:
    """The messages behind every figure that is shown."""
    yield from found.quoted()
    aspects = [
        AspectStance(row.aspect, row.category, stance) for row in found.aspects for stance in Stance
    ]
    aspects += [one.key for one in found.trends.aspects]
    demands = [_key(row) for row in found.demands] + [one.key for one in found.trends.demands]
    tallies = [
        *(now.aspects.get(key) for key in aspects),
        *(now.demands.get(key) for key in demands),
        *(now.terms.get(one.key) for one in found.trends.terms),
    ]
    for tally in tallies:
        if tally is not None:
            yield from tally.quotes.values()


def _key(row: DemandRow) -> Demand:
    return Demand(row.kind, row.thing)


async def _texts(
    desk: Desk, inquiry: Inquiry, messages: Sequence[int], *, names: bool
) -> dict[int, str]:
    """Message id → what is shown of it; those that are gone are missing."""
    async with desk.database.reading() as connection:
        said = await said_in(connection, messages)
    if not names:
        return dict(await masked(desk, said))
    if said:
        await note_look(desk, _ACTOR, inquiry.written, said)
    return {one.id: desk.say("{name}：{quote}", name=one.name, quote=one.text) for one in said}


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
