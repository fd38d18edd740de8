"""A programme as values: what its file says, before a year, a shop's facts or a node fill it in.

    Programme          one kind of care, with its facts, phases and tasks
      Fact             what the shop has to say when it switches the programme on
      Phase            a span of days with a goal
        Task           something that is posted in a phase, once or on several days
          Button       what fans may press below it

`programme_file.py` reads and checks the file, `programme_dates.py` knows how its days and times
are written, and `programme_plan.py` makes the posts of a year out of all this. Names and texts are
kept by language; Chinese (`zh`) is always there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from scheduler.festivals import Region, festival_keys
from scheduler.legal_days import DayOff
from scheduler.programme_calendar import Calendar, NotKnownYet, day_of
from scheduler.programme_dates import DateInvalid, read_day
from scheduler.promotions import Promotion
from scheduler.schedule_json import schedule_from_json
from scheduler.schedules import Schedule

CHINESE = "zh"
USUALLY_PROPOSED_AHEAD = timedelta(days=21)
"""So long before a programme's first day its next year is proposed, where a file says nothing."""
COUNTDOWN = "countdown"
"""What stands for a picture that is drawn."""
ANY_SLOT = ""
"""The place in a task's texts of words that fit each of its slots."""

Named = Mapping[str, str]
"""Language → a name or a sentence."""
Texts = Mapping[str, tuple[str, ...]]
"""Language → the variants of a text, each a template; the first is the usual one."""


class FactKind(StrEnum):
    """What a fact is."""

    TEXT = "text"
    DAY = "day"
    MONEY = "money"
    NUMBER = "number"
    MOMENT = "moment"


class TaskKind(StrEnum):
    """What a task is for, as the craft calls it; the values are what a file writes."""

    CARE = "关怀互动"
    PRESALE = "预售预热"
    ACTIVATION = "激活冲刺"
    HARVEST = "收割转化"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that only the shop knows: its gift, the day on which it stops sending parcels.

    A `needed` fact has to be said before the programme can be switched on; another may be left
    out: tasks that need it wait, and in texts it is `default`, or empty. One that holds `once` is
    of one year only: what is sold out today is not next year. `suggested` is the day that stands
    in the example of one that has to be said, with `day_off` a working day; `example` is that of a
    text. A day that makes sense only in its season is not before `earliest` nor after `latest`,
    days as `programme_dates.py` writes them.
    """

    key: str
    kind: FactKind
    name: Named
    needed: bool = False
    default: str | int | None = None
    once: bool = False
    suggested: str | None = None
    day_off: DayOff | None = None
    earliest: str | None = None
    latest: str | None = None
    example: Named = field(default_factory=dict)

    @property
    def dated(self) -> bool:
        """Whether it is a day or a moment, which is another one every year."""
        return self.kind in {FactKind.DAY, FactKind.MOMENT}


@dataclass(frozen=True, slots=True)
class Phase:
    """A span of days, both included, written as in `programme_dates.py`."""

    key: str
    name: Named
    first: str
    last: str
    goal: Named = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Button:
    """A button below a post: pressing it says `says` for the fan (`/wish 面霜`)."""

    label: Named
    says: str


@dataclass(frozen=True, slots=True)
class Task:
    """Something that is posted in a phase: to groups, or in private to `audience`.

    `on` are days and `at` is a time, written as in `programme_dates.py`; a time that hangs on a
    node needs no day. A post is valid for `valid_for` and not beyond its day, or until `until`.
    `audience` is an expression of the segment language (None: a post in groups); `groups` narrows
    the groups as a manager would write them. `needs` are facts, and nodes as `node:KEY`, without
    which it waits. `picture` is `COUNTDOWN`, or the path of a file. `texts` holds words
    by the label of a slot (`d-10`), or by `ANY_SLOT`. A `countdown` says the programme's own
    countdown: its slots are the countdown's, so that whoever asks for either is told of one and the
    same post. `nodes` are the keys of all nodes that it hangs on, the one that it is about first.
    With `day_off` it is posted on a working day: one that promises an answer, or people at work.
    """

    key: str
    name: Named
    phase: str
    kind: TaskKind
    on: tuple[str, ...]
    at: str
    valid_for: timedelta
    texts: Mapping[str, Texts]
    until: str | None = None
    audience: str | None = None
    groups: str | None = None
    needs: tuple[str, ...] = ()
    picture: str | None = None
    buttons: tuple[Button, ...] = ()
    goal: Named = field(default_factory=dict)
    countdown: bool = False
    nodes: tuple[str, ...] = ()
    day_off: DayOff | None = None

    def slot_for(self, label: str) -> str:
        """The slot of its post with this label (see `programme_calendar.labelled_days`)."""
        if self.countdown:
            return label
        return f"{self.key}:{label}" if label else self.key

    def texts_for(self, label: str) -> Texts | None:
        """The words for the slot with this label, where the task has any."""
        return self.texts.get(label, self.texts.get(ANY_SLOT))


@dataclass(frozen=True, slots=True)
class Programme:
    """One kind of care.

    `schedule` and `texts` are its part that any shop can use as it is (greetings, a countdown),
    under `schedule_names` where that part has a name of its own. `texts` maps a topic and a
    language to a template; the topic of an occurrence is its festival's key, or its slot (see
    `programme.topic_of`). `schedule` is the JSON of a schedule in which a countdown's day has no
    year (`11-11`), and `promotion` that of a promotion window. `anchor` is the day that `d-3`
    counts to, written like the promotion's days as in `programme_dates.py`. `proposed_ahead` of its
    first day the staff are asked whether to run it again. `called` are other names by which
    managers may ask for it.
    """

    key: str
    names: Named
    valid_for: timedelta
    schedule: Mapping[str, Any] | None = None
    schedule_names: Named = field(default_factory=dict)
    texts: Mapping[str, Named] = field(default_factory=dict)
    promotion: Mapping[str, Any] | None = None
    anchor: str | None = None
    proposed_ahead: timedelta = USUALLY_PROPOSED_AHEAD
    facts: tuple[Fact, ...] = ()
    phases: tuple[Phase, ...] = ()
    tasks: tuple[Task, ...] = ()
    called: tuple[str, ...] = ()

    def schedule_for(self, year: int, region: Region = Region.NORTH) -> Schedule:
        """The schedule of a year.

        Raises:
            ScheduleInvalid: the file has none, it is wrong, or its day is not in this year.
        """
        document = dict(self.schedule or {})
        if document.get("kind") == "countdown":
            document["day"] = f"{year}-{document.get('day')}"
        if document.get("kind") == "festivals":
            document["keys"] = [key for key in festival_keys() if key in self.texts]
            document["region"] = region.value
        return schedule_from_json(document)

    def promotion_for(self, calendar: Calendar) -> Promotion | None:
        """The promotion window of a year; its days are written as in `programme_dates.py`.

        A late night that hangs on a node or a fact which is not known yet is left out.

        Raises:
            PromotionInvalid: the file's promotion is wrong.
            NotKnownYet, DayMissing: its first or last day cannot be told for this year.
        """
        if self.promotion is None:
            return None
        document = dict(self.promotion)
        for part in ("first_day", "last_day"):
            document[part] = iso_day_of(document.get(part), calendar)
        if isinstance(nights := document.get("late_nights"), list):
            document["late_nights"] = list(_known_days(nights, calendar))
        return Promotion.from_json(document)


def iso_day_of(written: Any, calendar: Calendar) -> Any:
    """A day as a promotion writes it; what is no day stays as it is, to be refused there."""
    if not isinstance(written, str):
        return written
    try:
        rule = read_day(written)
    except DateInvalid:
        return written
    return day_of(rule, calendar).isoformat()


def _known_days(written: list[Any], calendar: Calendar) -> Iterator[Any]:
    for day in written:
        with suppress(NotKnownYet):
            yield iso_day_of(day, calendar)
