"""What a manager asks about: which days, which groups, and whose words there.

Every command about demand takes the same three, and each of its buttons asks again with them:
`Inquiry.written` is how they are written behind a command.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches

from handlers.arguments import Groups, quoted
from handlers.audiences import chosen_or_here
from handlers.desk import Asked, Desk
from handlers.hearing_gaps import gap_lines, gaps_in
from handlers.insight_arguments import PeriodWords, SegmentWord
from handlers.people_meant import people_meant
from handlers.period import Period, today
from handlers.progress import progress_of
from handlers.replies import Reply, reply
from storage.groups import Group, all_groups
from storage.segments import Segment, members_in
from storage.tags import tag_counts

_DAYS = 7
_GAPS = 3  # shown of each account


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Days, groups and members, as they were asked for and what they come to.

    `aimed` are the groups as written, empty where none were named; `members` are those of the
    segment, None where everybody is meant.
    """

    words: PeriodWords
    period: Period
    aimed: str
    groups: tuple[Group, ...]
    segment: SegmentWord | None = None
    members: frozenset[int] | None = None

    @property
    def group_ids(self) -> list[int]:
        """The groups by their ids."""
        return [group.id for group in self.groups]

    @property
    def group_names(self) -> list[str]:
        """The groups by name."""
        return [group.name for group in self.groups]

    @property
    def written(self) -> str:
        """How it is asked for again, also on another day: with dates for words like 本周."""
        dates = PeriodWords.of(self.period).written
        return " ".join(filter(None, (dates, self.whom)))

    @property
    def whom(self) -> str:
        """Its groups and its segment, as written; empty for all of them."""
        segment = "" if self.segment is None else self.segment.written
        return " ".join(filter(None, (self.aimed, segment)))


async def inquire(
    desk: Desk,
    asked: Asked,
    period: PeriodWords | None,
    groups: Groups | None,
    segment: SegmentWord | None = None,
) -> Inquiry | Reply:
    """What is asked about; or the answer to a group or people that nobody knows.

    By default the last seven days, the groups that a staff chat looks after or all of them, and
    everybody's words. People may stand among the groups as well, as posts are aimed: `@tag:老客`.
    """
    if segment is None:
        groups, segment = _apart(groups)
    chosen = await chosen_or_here(desk, asked, groups)
    if isinstance(chosen, Reply):
        return chosen
    members = None if segment is None else await _meant(desk, segment)
    if isinstance(members, Reply):
        return members
    if chosen is None:
        async with desk.database.reading() as connection:
            wanted = await all_groups(connection, desk.shop_id)
    else:
        wanted = chosen.whole
    words = period or PeriodWords.days(_DAYS)
    aimed = "" if chosen is None else chosen.written
    return Inquiry(words, words.meant(today(desk)), aimed, tuple(wanted), segment, members)


def _apart(groups: Groups | None) -> tuple[Groups | None, SegmentWord | None]:
    """The groups, and the people among them, where there are any."""
    aimed = None if groups is None else groups.audience
    if groups is None or aimed is None or aimed.segment is None:
        return groups, None
    words = [f"@{quoted(name)}" for name in aimed.wanted]
    words += [f"-{quoted(name)}" for name in aimed.unwanted]
    left = Groups(" ".join(words), replace(aimed, segment=None)) if words else None
    return left, SegmentWord.asking(aimed.segment.question)


async def _meant(desk: Desk, segment: SegmentWord) -> frozenset[int] | Reply:
    """The members of a segment; or what to answer where it has none."""
    if segment.tag is not None:
        return await _carriers(desk, segment.segment, segment.tag)
    async with desk.database.reading() as connection:
        meant = await people_meant(connection, desk, segment.segment)
        if isinstance(meant, Reply):
            return meant
        found = await members_in(connection, meant, desk.clock.now())
    if found:
        return frozenset(found)
    text = desk.say(
        "没有人符合「{segment}」。发 /segment 可以先看看各有多少人。",
        segment=segment.segment.expression,
    )
    return reply(text, private=True)


async def _carriers(desk: Desk, segment: Segment, tag: str) -> frozenset[int] | Reply:
    now = desk.clock.now()
    async with desk.database.reading() as connection:
        found = await members_in(connection, segment, now)
        known = [] if found else [tag for tag, _ in await tag_counts(connection, now)]
    if found:
        return frozenset(found)
    if close := get_close_matches(tag, known, n=3, cutoff=0.3):
        listed = desk.listed(f"tag:{quoted(tag)}" for tag in close)
        text = desk.say("没有人带「{tag}」。是不是：{tags}？", tag=tag, tags=listed)
    else:
        text = desk.say("没有人带「{tag}」。发 /tags 看所有标签。", tag=tag)
    return reply(text, private=True)


async def notes_on(desk: Desk, inquiry: Inquiry) -> list[str]:
    """What is to be said above an answer: whose words it counts, what was not read or not heard."""
    reading = await progress_of(desk, inquiry.group_ids, inquiry.period)
    gaps = await gaps_in(desk, inquiry.groups, inquiry.period)
    return [*segment_lines(desk, inquiry), *reading.lines(desk), *gap_lines(desk, gaps, _GAPS)]


def segment_lines(desk: Desk, inquiry: Inquiry) -> list[str]:
    """A line that says whose words alone are counted; none where everybody's are."""
    if inquiry.segment is None or inquiry.members is None:
        return []
    segment, count = inquiry.segment, len(inquiry.members)
    if segment.tag is None:
        text = "只看符合「{segment}」的人（共 {count} 位）"
        return [desk.say(text, segment=segment.segment.expression, count=count)]
    return [desk.say("只看带「{tag}」的人（共 {count} 位）", tag=segment.tag, count=count)]
