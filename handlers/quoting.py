"""What fans said about one thing, in their own words: the messages behind a figure of a report.

The analysed days tell who spoke about the thing, so only what these members said is read again,
the newest first, until there are enough quotes. A quote is masked like those of a
report; names are given to whoever may see them (`roles.may_see_names`), and each such look is in
the audit log. Of a segment in which only a few spoke nobody else sees quotes: a tag that one fan
carries would tell who said them (`tells_who`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass

from handlers.desk import Asked, Desk
from handlers.inquiry import Inquiry
from handlers.insight_arguments import About
from handlers.period import bounds_of
from handlers.periods_read import understood
from handlers.reading_days import read_some
from handlers.roles import may_see_names
from insights.about import may_be_category, names_of, speaks_about, tallies_about
from insights.days import Tally
from insights.masking import mask_texts
from insights.understanding import understand
from storage import audit
from storage.quotes import Said, said_by, said_in
from storage.seats import names_in

_READ_AT_ONCE = 5_000  # messages that are read by the way, as for a report
_LOOKED_THROUGH = 20_000  # messages at most: a good second
_PIECE = 500  # messages that are looked through at once: some 50 ms
_FEWEST = 5  # members of a segment who spoke, for its quotes to tell nobody


@dataclass(frozen=True, slots=True)
class Found:
    """Who speaks about a thing, and some of what they said, the newest first.

    `speakers` is how many members said anything at all, of those who were asked about; `whole`
    tells that all of their messages were looked through, as far as they were needed.
    """

    tally: Tally
    quotes: Sequence[Said]
    speakers: int
    whole: bool


async def find_quotes(desk: Desk, inquiry: Inquiry, about: About, *, skip: int, most: int) -> Found:
    """What fans said about a thing: `most` messages behind the newest `skip`, and who did.

    Who asked for no record, or was forgotten, is not among them. Of talkative members only the
    newest messages are looked through.
    """
    ids = inquiry.group_ids
    await read_some(desk, ids, inquiry.period, _READ_AT_ONCE)
    period = await understood(desk, ids, inquiry.period, inquiry.members)
    names = names_of(about.thing, desk.lexicon)
    categories = may_be_category(names, desk.lexicon)
    tally = tallies_about(period, names, about.stance, kind=about.kind, categories=categories)
    quotes: list[Said] = []
    looked_through = 0
    async for said in _said(desk, inquiry, tally.members):
        if looked_through >= _LOOKED_THROUGH:
            return Found(tally, quotes[skip : skip + most], period.speakers, whole=False)
        quotes += await asyncio.to_thread(_telling, desk, said, names, about)
        looked_through += len(said)
        if len(quotes) >= skip + most:
            break
    return Found(tally, quotes[skip : skip + most], period.speakers, whole=True)


async def is_gone(desk: Desk, tally: Tally) -> bool:
    """Whether what was said is no longer stored: it is older than texts are kept."""
    async with desk.database.reading() as connection:
        return not await said_in(connection, list(tally.quotes.values()))


async def _said(
    desk: Desk, inquiry: Inquiry, members: Collection[int]
) -> AsyncIterator[Sequence[Said]]:
    """All that these members said, piece by piece, the newest first."""
    since, until = bounds_of(desk, inquiry.period)
    behind = None
    while members:
        async with desk.database.reading() as connection:
            said = await said_by(
                connection, inquiry.group_ids, members, since, until, behind=behind, most=_PIECE
            )
        yield said
        if len(said) < _PIECE:
            return
        behind = said[-1]


def _telling(desk: Desk, said: Sequence[Said], names: Collection[str], about: About) -> list[Said]:
    """Those messages that speak about a thing."""
    return [
        one
        for one in said
        if speaks_about(
            understand(one.text, desk.segmenter, desk.lexicon),
            names,
            about.stance,
            kind=about.kind,
            categories=may_be_category(names, desk.lexicon),
        )
    ]


async def masked(desk: Desk, quotes: Sequence[Said]) -> Mapping[int, str]:
    """Message id → its text without anything that tells who somebody is."""
    if not quotes:
        return {}
    groups, speakers = {one.group_id for one in quotes}, {one.member_id for one in quotes}
    async with desk.database.reading() as connection:
        names = await names_in(connection, groups, speakers)
    return await asyncio.to_thread(mask_texts, {one.id: one.text for one in quotes}, names)


def tells_who(inquiry: Inquiry, speakers: int) -> bool:
    """Whether any quote of the answer would tell who said it, however well it is masked.

    It would where only a few members of a segment spoke (`speakers`). How many carry its tag says
    little: all but one of them may be silent.
    """
    return inquiry.members is not None and speakers < _FEWEST


def withheld_line(desk: Desk, inquiry: Inquiry) -> str:
    """Why there are no quotes, where `tells_who`."""
    segment = inquiry.segment
    if segment is not None and segment.tag is None:
        return desk.say(
            "符合「{segment}」又说过话的不到 {count} 位，一看原话就知道是谁，所以不显示。",
            segment=segment.segment.expression,
            count=_FEWEST,
        )
    return desk.say(
        "带「{tag}」又说过话的不到 {count} 位，一看原话就知道是谁，所以不显示。",
        tag="" if segment is None else segment.tag,
        count=_FEWEST,
    )


def sees_names(desk: Desk, asked: Asked) -> bool:
    """Whether the answer may name who said a quote.

    In a staff chat everybody reads the answer, and nobody knows who may see names.
    """
    among_staff = asked.group is not None and asked.group.is_staff
    return not among_staff and may_see_names(asked.member, desk.shop)


async def note_look(desk: Desk, actor: str, subject: str, quotes: Collection[Said]) -> None:
    """Keep in the audit log who looked at the names behind which messages."""
    details = {"messages": sorted(one.id for one in quotes)}
    async with desk.database.writing() as connection:
        entry = audit.Entry(desk.clock.now(), actor, "names", subject, details)
        await audit.note(connection, entry)
