"""A day of the shop's groups as the staff want to know it the morning after, group by group.

Who joined and left and how many spoke, how fast the staff answered and what nobody answered, who
complained and in which words, and what became of the shop's posts. What counts as what stands in
`docs/discussions/insights.md`; `morning_text.py` has the words.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from handlers.desk import Desk
from handlers.hearing_gaps import gaps_of
from handlers.period import Period, day_bounds
from handlers.progress import Progress, progress_of
from handlers.questions import OVERDUE, GroupQuestion, questions_in, was_heard
from handlers.quoting import masked
from handlers.reading_days import read_some
from insights.days import AnalysedDay, Tally
from insights.lexicon import DemandKind
from insights.opinions import Stance
from insights.questions import STAFF_ANSWERS
from scheduler.decide import Reason
from storage import analysis, members, messages
from storage.comings import ComingAndGoing, comings_and_goings
from storage.deliveries import DeliveryState
from storage.group_days import Ended, Presence, posts_of, presence
from storage.groups import Group
from storage.hearing_gaps import Gap
from storage.quotes import Said

_READ_AT_ONCE = 5_000  # messages that are read by the way, as for a report
QUOTES = 2
"""So many complaints of a group, and open questions, have their texts."""
_HOLDS = (Reason.NOT_APPROVED, Reason.CAMPAIGN_PAUSED, Reason.HALTED)


@dataclass(frozen=True, slots=True)
class Complaints:
    """Who complained of which aspects, who wants something mended or taken back, and quotes.

    A complaint is a dislike, or such a demand (after-sale). `quotes` are messages with who said
    them: the newest about what the most complain of first.
    """

    about: Mapping[str, frozenset[int]] = field(default_factory=dict)
    after_sale: frozenset[int] = frozenset()
    quotes: tuple[tuple[int, int], ...] = ()

    @property
    def fans(self) -> frozenset[int]:
        """Everybody who complained."""
        return self.after_sale.union(*self.about.values())


@dataclass(frozen=True, slots=True)
class GroupDay:
    """One group's day. `slow` questions stood for half an hour without any answer."""

    group: Group
    moves: ComingAndGoing
    presence: Presence
    questions: int
    answer_times: tuple[timedelta, ...]
    slow: tuple[GroupQuestion, ...]
    complaints: Complaints
    posts: tuple[Ended, ...]

    @property
    def open(self) -> tuple[GroupQuestion, ...]:
        """The slow questions that still have no answer."""
        return tuple(one for one in self.slow if one.question.answered_at is None)

    @property
    def weight(self) -> int:
        """How much it wants to be looked at: 0 where all went well."""
        held = sum(one.count for one in self.posts if one.state is not DeliveryState.SENT)
        waits = 2 * len(self.open) + len(self.slow)
        return 3 * len(self.complaints.fans) + 2 * waits + held + max(-self.moves.net, 0)


@dataclass(frozen=True, slots=True)
class Morning:
    """A day of some groups, the one that most wants to be looked at first.

    `texts` are the masked quotes by message; `gaps` are when nothing was heard.
    """

    day: date
    groups: tuple[GroupDay, ...]
    gaps: tuple[Gap, ...]
    progress: Progress
    texts: Mapping[int, str] = field(default_factory=dict)

    def of(self, group_ids: Collection[int], progress: Progress) -> Morning:
        """The same day of some of these groups alone, and how far the reading of these is."""
        some = tuple(one for one in self.groups if one.group.id in group_ids)
        accounts = {one.group.account for one in some}
        gaps = tuple(gap for gap in self.gaps if gap.account in accounts)
        return Morning(self.day, some, gaps, progress, self.texts)


@dataclass(frozen=True, slots=True)
class Figures:
    """What some groups come to together. Who is in several groups complains once."""

    joined: int
    left: int
    there: int
    spoke: int
    questions: int
    first_answer: timedelta | None  # the median, over what the staff answered
    slow: int
    open: int
    complainers: int
    about: tuple[tuple[str, int], ...]
    after_sale: int
    sent: int
    held: tuple[tuple[str, int], ...]  # reason → posts that did not go out, the most first
    uncertain: int  # posts that may have gone out: nobody knows

    @classmethod
    def of(cls, days: Sequence[GroupDay]) -> Figures:
        """The figures of these groups."""
        times = [time.total_seconds() for one in days for time in one.answer_times]
        about: dict[str, frozenset[int]] = {}
        held: Counter[str] = Counter()
        for one in days:
            for aspect, fans in one.complaints.about.items():
                about[aspect] = about.get(aspect, frozenset()) | fans
            held.update(_by_reason(one.posts))
        after_sale = {fan for one in days for fan in one.complaints.after_sale}
        return cls(
            joined=sum(one.moves.joined for one in days),
            left=sum(one.moves.left for one in days),
            there=sum(one.presence.there for one in days),
            spoke=sum(one.presence.spoke for one in days),
            questions=sum(one.questions for one in days),
            first_answer=timedelta(seconds=median(times)) if times else None,
            slow=sum(len(one.slow) for one in days),
            open=sum(len(one.open) for one in days),
            complainers=len({fan for one in days for fan in one.complaints.fans}),
            about=_most_first({aspect: len(fans) for aspect, fans in about.items()}),
            after_sale=len(after_sale),
            sent=_in_state(days, DeliveryState.SENT),
            held=_most_first(held),
            uncertain=_in_state(days, DeliveryState.UNCERTAIN),
        )


def _in_state(days: Iterable[GroupDay], state: DeliveryState) -> int:
    return sum(post.count for one in days for post in one.posts if post.state is state)


def _by_reason(posts: Iterable[Ended]) -> Counter[str]:
    """Why how many posts surely did not go out."""
    found: Counter[str] = Counter()
    for one in posts:
        if one.state not in (DeliveryState.SENT, DeliveryState.UNCERTAIN):
            found[one.reason or ""] += one.count
    return found


def _most_first(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


async def read_morning(desk: Desk, groups: Sequence[Group], day: date) -> Morning:
    """A finished day of these groups. What is unread of it is read first, if it is little."""
    ids = [group.id for group in groups]
    period = Period(day, day)
    since, until = day_bounds(desk, day)
    await read_some(desk, ids, period, _READ_AT_ONCE)
    accounts = {group.account for group in groups}
    gaps = await gaps_of(desk, accounts, since, until + OVERDUE)  # for what was asked last, too
    asked = await _asked(desk, groups, since, until)
    complaints = await _complaints(desk, ids, day)
    async with desk.database.reading() as connection:
        moves = await comings_and_goings(connection, ids, since, until)
        there = await presence(connection, ids, since, until)
        posts = await posts_of(connection, ids, since, until, _HOLDS)
    now = desk.clock.now()
    days = [
        GroupDay(
            group=group,
            moves=moves.get(group.id, ComingAndGoing()),
            presence=there.get(group.id, Presence(0, 0)),
            questions=len(asked[group.id]),
            answer_times=_answer_times(asked[group.id]),
            slow=tuple(one for one in asked[group.id] if _is_slow(one, gaps, now)),
            complaints=complaints.get(group.id, Complaints()),
            posts=tuple(one for one in posts if one.group_id == group.id),
        )
        for group in groups
    ]
    days.sort(key=lambda one: (-one.weight, one.group.name, one.group.id))
    return Morning(
        day=day,
        groups=tuple(days),
        gaps=tuple(gap for gap in gaps if gap.since < until),
        progress=await progress_of(desk, ids, period),
        texts=await _texts(desk, days),
    )


async def _asked(
    desk: Desk, groups: Sequence[Group], since: datetime, until: datetime
) -> Mapping[int, list[GroupQuestion]]:
    """Group id → its questions, in order."""
    found: dict[int, list[GroupQuestion]] = {group.id: [] for group in groups}
    for one in await questions_in(desk, groups, since, until, heard=until + STAFF_ANSWERS):
        found[one.group.id].append(one)
    return found


def _answer_times(asked: Iterable[GroupQuestion]) -> tuple[timedelta, ...]:
    """How long the staff took with each question that they answered."""
    times = ((one.question.staff_at, one.question.at) for one in asked)
    return tuple(answered - at for answered, at in times if answered is not None)


def _is_slow(one: GroupQuestion, gaps: Collection[Gap], now: datetime) -> bool:
    """Whether a question surely stood too long: all that was said meanwhile was heard."""
    waited = one.question.waited(now)
    return waited >= OVERDUE and was_heard(one, gaps, one.question.at + OVERDUE)


async def _complaints(desk: Desk, group_ids: Sequence[int], day: date) -> Mapping[int, Complaints]:
    """Group id → who complained there, those left out who asked for no record."""
    async with desk.database.reading() as connection:
        bodies = await analysis.bodies_of_day(connection, group_ids, day)
        unrecorded = frozenset(await members.unrecorded(connection))
    return await asyncio.to_thread(
        lambda: {
            group_id: complaints_in(AnalysedDay.from_json(json.loads(body)), unrecorded)
            for group_id, body in bodies.items()
        }
    )


def complaints_in(day: AnalysedDay, unrecorded: Collection[int] = ()) -> Complaints:
    """Who complained on an analysed day, of what, and in which messages."""
    disliked: dict[str, list[Tally]] = {}
    for key, tally in day.aspects.items():
        if key.stance is Stance.DISLIKE:
            disliked.setdefault(key.aspect, []).append(tally)
    wanted = [
        tally for demand, tally in day.demands.items() if demand.kind is DemandKind.AFTER_SALE
    ]
    about = {name: _fans(tallies, unrecorded) for name, tallies in disliked.items()}
    by_fans = sorted(disliked, key=lambda name: (-len(about[name]), name))
    tallies = [*wanted, *(tally for name in by_fans for tally in disliked[name])]
    return Complaints(
        about={name: about[name] for name in by_fans if about[name]},
        after_sale=_fans(wanted, unrecorded),
        quotes=_newest_of_each(tallies, unrecorded)[:QUOTES],
    )


def _fans(tallies: Iterable[Tally], unrecorded: Collection[int]) -> frozenset[int]:
    return frozenset(fan for tally in tallies for fan in tally.members if fan not in unrecorded)


def _newest_of_each(
    tallies: Iterable[Tally], unrecorded: Collection[int]
) -> tuple[tuple[int, int], ...]:
    """The newest (message, member) of each, every member quoted once."""
    found: dict[int, int] = {}
    for tally in tallies:
        newest = sorted(tally.quotes.items(), key=lambda one: -one[1])
        for member, message in newest:
            if member not in unrecorded and member not in found:
                found[member] = message
                break
    return tuple((message, member) for member, message in found.items())


async def _texts(desk: Desk, days: Sequence[GroupDay]) -> Mapping[int, str]:
    """The masked texts of what may be quoted; of what is gone there is none."""
    asked = [one.said for day in days for one in day.open[:QUOTES]]
    wanted = {
        message: (day.group.id, member) for day in days for message, member in day.complaints.quotes
    }
    async with desk.database.reading() as connection:
        kept = await messages.quotes(connection, list(wanted))
    complaints = [
        Said(one.id, *wanted[one.id], name="", at=desk.clock.now(), text=one.text) for one in kept
    ]
    return await masked(desk, [*asked, *complaints])
