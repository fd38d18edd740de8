"""A review as values: what was planned, what became of it, and what fans did and said.

    Review        of a campaign, or of a year of a programme
      PartSeen    a phase of a programme
        TaskSeen  a task of it, by its posts
          PostSeen  one post, to however many groups or people
            Ledger  how its deliveries stand

Counts are of deliveries, unless a name says otherwise; moments are in UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from handlers.full_report import FullReport
from handlers.reviewing.advice import Advice
from scheduler.decide import Reason
from scheduler.trials import Trial
from storage.aftermath import Aftermath
from storage.campaign_money import Money
from storage.deliveries import DeliveryState

_WAITING = (DeliveryState.PLANNED, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True)
class Ledger:
    """How deliveries stand: (state, reason) → how many.

    `recalled` of those that arrived were taken back later.
    """

    counts: Mapping[tuple[DeliveryState, str], int] = field(default_factory=dict)
    recalled: int = 0

    @classmethod
    def together(cls, each: Iterable[Ledger]) -> Ledger:
        """All of them as one."""
        found: Counter[tuple[DeliveryState, str]] = Counter()
        recalled = 0
        for one in each:
            found.update(one.counts)
            recalled += one.recalled
        return cls(found, recalled)

    @property
    def held_out(self) -> int:
        """Those who got nothing so that there is somebody to compare with."""
        return self.of(DeliveryState.SKIPPED, Reason.HOLD_OUT)

    @property
    def planned(self) -> int:
        """All that were to be sent."""
        return sum(self.counts.values()) - self.held_out

    @property
    def sent(self) -> int:
        """Those that arrived."""
        return self.of(DeliveryState.SENT)

    @property
    def uncertain(self) -> int:
        """Those of which nobody knows whether they arrived."""
        return self.of(DeliveryState.UNCERTAIN)

    @property
    def waiting(self) -> int:
        """Those that are still to come."""
        return sum(self.of(state) for state in _WAITING)

    @property
    def held_back(self) -> int:
        """Those that did not go out and will not."""
        return self.planned - self.sent - self.uncertain - self.waiting

    @property
    def why(self) -> dict[tuple[DeliveryState, str], int]:
        """(state, reason) → how many were held back for it, the most first."""
        stays = (DeliveryState.SENT, DeliveryState.UNCERTAIN, *_WAITING)
        held = {
            key: count
            for key, count in self.counts.items()
            if key[0] not in stays and key != (DeliveryState.SKIPPED, Reason.HOLD_OUT)
        }
        return dict(sorted(held.items(), key=lambda one: (-one[1], one[0])))

    def of(self, state: DeliveryState, *reasons: str) -> int:
        """How many are in a state, for any of these reasons or for whichever."""
        return sum(
            count
            for (stands, reason), count in self.counts.items()
            if stands == state and (not reasons or reason in reasons)
        )


@dataclass(frozen=True, slots=True)
class PostSeen:
    """One post of a campaign. `at` is when it was due, or begun where that is known.

    `last` is the same of its last delivery that was not cancelled, None where there is none.
    `left_out` tells that a manager left it out, `stopped` that its campaign had ended before it was
    planned, `ahead` that it is to be planned yet, `unapproved` that nobody has approved it. Without
    deliveries and none of these there was nobody to send it to.
    """

    campaign_id: int
    slot: str
    name: str
    at: datetime
    in_private: bool
    ledger: Ledger = Ledger()
    task: str = ""
    phase: str = ""
    left_out: bool = False
    stopped: bool = False
    ahead: bool = False
    unapproved: bool = False
    last: datetime | None = None

    @property
    def reached(self) -> bool:
        """Whether anybody may have seen it."""
        return bool(self.ledger.sent or self.ledger.uncertain)

    @property
    def to_come(self) -> bool:
        """Whether some of it, or all, is to be sent yet."""
        return bool(self.ledger.waiting) or (self.ahead and not self.left_out)


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """A task of a programme, or one post of a campaign, with its posts."""

    key: str
    name: str
    goal: str
    posts: tuple[PostSeen, ...]
    did: Aftermath

    @property
    def ledger(self) -> Ledger:
        """How all of its deliveries stand."""
        return Ledger.together(one.ledger for one in self.posts)


@dataclass(frozen=True, slots=True)
class PartSeen:
    """A phase with its days, as far as they are known, and its tasks."""

    key: str
    name: str
    goal: str
    first: date | None
    last: date | None
    tasks: tuple[TaskSeen, ...]
    did: Aftermath

    @property
    def posts(self) -> list[PostSeen]:
        """All posts of it."""
        return [post for task in self.tasks for post in task.posts]

    @property
    def ledger(self) -> Ledger:
        """How all of its deliveries stand."""
        return Ledger.together(task.ledger for task in self.tasks)


@dataclass(frozen=True, slots=True)
class TrialSeen:
    """The trial of one of the campaigns."""

    number: int
    name: str
    trial: Trial


@dataclass(frozen=True, slots=True)
class Review:
    """All that is told of a campaign (`number`), or of a programme (`programme` and `year`).

    `parts` are a programme's phases; a campaign has one part without a name. `waiting` names tasks
    that were never planned because something was not known. `ends` is when the last window is over,
    None before anything was sent; `talk` is None where no group is concerned.
    """

    title: str
    number: int | None
    programme: str
    year: int
    made_at: datetime
    window: timedelta
    parts: tuple[PartSeen, ...]
    did: Aftermath
    money: Money
    trials: tuple[TrialSeen, ...] = ()
    waiting: tuple[str, ...] = ()
    talk: FullReport | None = None
    ends: datetime | None = None
    advice: tuple[Advice, ...] = ()

    @property
    def has_phases(self) -> bool:
        """Whether its parts have names of their own."""
        return any(part.key for part in self.parts)

    @property
    def posts(self) -> list[PostSeen]:
        """Every post, the earliest first."""
        every = [post for part in self.parts for post in part.posts]
        return sorted(every, key=lambda one: (one.at, one.campaign_id, one.slot))

    @property
    def tasks(self) -> list[TaskSeen]:
        """Every task, or every post of a campaign."""
        return [task for part in self.parts for task in part.tasks]

    @property
    def ledger(self) -> Ledger:
        """How all deliveries stand."""
        return Ledger.together(part.ledger for part in self.parts)

    @property
    def to_come(self) -> list[PostSeen]:
        """The posts of which something is to be sent yet, the earliest first."""
        return [post for post in self.posts if post.to_come]

    @property
    def begun(self) -> bool:
        """Whether it is settled of anything what became of it."""
        return sum(self.ledger.counts.values()) > self.ledger.waiting

    @property
    def over(self) -> bool:
        """Whether nothing of it is to come any more."""
        return not self.to_come and self.ends is not None and self.made_at >= self.ends
