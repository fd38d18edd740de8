"""What a year is judged by: pure functions over what arrived and what the ledger says of it.

Each looks at values and returns one sentence for each breach it finds, in the order of time. They
reckon by themselves: nothing of the product's deciding is asked, only its settings.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.caring import CareSettings
from scheduler.promotions import Promotion

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
TWO_YEARS = timedelta(days=730)
GREETINGS = "festivals"
CARE = "care"
DOUBLE_11 = "double11"
SENT = "sent"
_FINAL = {SENT, "skipped", "cancelled", "failed"}
_HELD_FOR = {"daily_cap", "weekly_cap", "quiet_hours"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One post at the network's far end; `address` as the product writes it."""

    at: datetime
    address: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One delivery as the ledger has it at the end, with the window its campaign gave it.

    `to` is `group:ID`, or `customer:ID` where `private`; `zone` is the recipient's.
    """

    key: str
    campaign: str
    programme: str
    name: str
    slot: str
    to: str
    private: bool
    state: str
    reason: str | None
    opens: datetime
    closes: datetime
    zone: ZoneInfo
    promotion: Promotion | None


@dataclass(frozen=True, slots=True)
class Post:
    """What arrived of a delivery, and when."""

    planned: Planned
    at: datetime
    text: str

    @property
    def wall(self) -> datetime:
        """The recipient's clock when it arrived."""
        return self.at.astimezone(self.planned.zone)

    @property
    def is_greeting(self) -> bool:
        """Whether it greets."""
        return self.planned.programme == GREETINGS

    def __str__(self) -> str:
        one = self.planned
        return f"{one.campaign} {one.slot} to {one.to} at {self.wall:%Y-%m-%d %H:%M:%S}"


def posts_of(arrivals: Iterable[Arrival], planned: Iterable[Planned]) -> list[Post]:
    """The planned posts that arrived, in the order of time; answers are none."""
    by_key = {one.key: one for one in planned}
    return [
        Post(by_key[arrival.key], arrival.at, arrival.text)
        for arrival in arrivals
        if arrival.key in by_key
    ]


def outside_window(posts: Iterable[Post]) -> list[str]:
    """Posts before their moment or after their end."""
    return [
        f"outside its window: {post}"
        for post in posts
        if not post.planned.opens <= post.at <= post.planned.closes
    ]


def over_caps(posts: Iterable[Post], settings: CareSettings) -> list[str]:
    """Posts with too many to the same group or customer in the 24 hours or 7 days before them."""
    before: dict[str, list[datetime]] = defaultdict(list)
    found = []
    for post in posts:
        moments = before[post.planned.to]
        moments.append(post.at)
        for span, cap in zip((DAY, WEEK), _caps(post, settings), strict=True):
            count = len(moments) - bisect_right(moments, post.at - span)
            if count > cap:
                found.append(f"number {count} within {span.days} days, {cap} allowed: {post}")
    return found


def _caps(post: Post, settings: CareSettings) -> tuple[int, int]:
    if post.planned.private:
        return settings.private_a_day, settings.private_a_week
    allowed = _promotion_on(post) or settings
    return allowed.posts_a_day, allowed.posts_a_week


def _promotion_on(post: Post) -> Promotion | None:
    promotion = post.planned.promotion
    if promotion is None:
        return None
    inside = promotion.first_day <= post.wall.date() <= promotion.last_day
    return promotion if inside else None


def in_quiet_hours(posts: Iterable[Post], settings: CareSettings) -> list[str]:
    """Posts in the recipient's quiet hours, but for the late nights of their promotion."""
    found = []
    for post in posts:
        promotion, wall = _promotion_on(post), post.wall
        late = promotion is not None and wall.date() in promotion.late_nights
        quiet = wall.time() < settings.quiet_until or (
            wall.time() >= settings.quiet_from and not late
        )
        if quiet:
            found.append(f"in quiet hours: {post}")
    return found


def held_back(planned: Iterable[Planned], programme: str = DOUBLE_11) -> list[str]:
    """Deliveries of a programme that caps or quiet hours kept from being sent."""
    return [
        f"held back for {one.reason}: {one.campaign} {one.slot} to {one.to}"
        for one in planned
        if one.programme == programme and one.state != SENT and one.reason in _HELD_FOR
    ]


def missed_by_groups(
    planned: Iterable[Planned], groups: Collection[str], programme: str = DOUBLE_11
) -> list[str]:
    """Group posts of a programme that did not reach every group, whatever the reason."""
    reached: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in planned:
        if one.programme == programme and not one.private:
            reached[one.campaign, one.slot] |= {one.to} if one.state == SENT else set()
    return [
        f"{campaign} {slot} reached {len(there)} of {len(groups)} groups"
        for (campaign, slot), there in reached.items()
        if there != set(groups)
    ]


def greeted_twice(posts: Iterable[Post]) -> list[str]:
    """Second greetings to a group on one day of its own."""
    found, greeted = [], set[tuple[str, date]]()
    for post in posts:
        if not post.is_greeting:
            continue
        day = (post.planned.to, post.wall.date())
        if day in greeted:
            found.append(f"greeted twice: {post}")
        greeted.add(day)
    return found


@dataclass(frozen=True, slots=True)
class Listed:
    """What managers were told cannot be kept apart: a group that hears a text again (`other` is
    None), or that says the same as a neighbour."""

    slot: str
    group: str
    other: str | None = None


def said_again(posts: Iterable[Post], listed: Collection[Listed]) -> list[str]:
    """Greetings in words that the group had within two years, unless that was listed."""
    found, last = [], dict[tuple[str, str], datetime]()
    for post in posts:
        if not post.is_greeting:
            continue
        said = (post.planned.to, post.text)
        before = last.get(said)
        known = Listed(post.planned.slot, post.planned.to) in listed
        if before is not None and post.at - before < TWO_YEARS and not known:
            found.append(f"said on {before:%Y-%m-%d} already: {post}")
        last[said] = post.at
    return found


def neighbours_alike(
    posts: Iterable[Post], neighbours: Iterable[tuple[str, str]], listed: Collection[Listed]
) -> list[str]:
    """Greetings that two groups with common fans got in the same words, unless that was listed."""
    said: dict[str, dict[str, str]] = defaultdict(dict)
    for post in posts:
        if post.is_greeting:
            said[post.planned.slot][post.planned.to] = post.text
    pairs = list(neighbours)
    return [
        f"{slot} is the same in {one} and {other}, who share fans"
        for slot, texts in said.items()
        for one, other in pairs
        if one in texts and texts[one] == texts.get(other)
        if not {Listed(slot, one, other), Listed(slot, other, one)} & set(listed)
    ]


def on_quiet_days(posts: Iterable[Post], quiet: Collection[date]) -> list[str]:
    """Posts on a quiet day of the recipient, but for care and the greeting of that day itself."""
    found = []
    for post in posts:
        day = post.wall.date()
        own = post.is_greeting and post.planned.slot.startswith(f"{day.isoformat()}:")
        if day in quiet and not own and post.planned.programme != CARE:
            found.append(f"on a quiet day: {post}")
    return found


def arrived_twice(arrivals: Iterable[Arrival]) -> list[str]:
    """Posts that came more than once under one key."""
    count = Counter(arrival.key for arrival in arrivals)
    return [f"{key} arrived {number} times" for key, number in count.items() if number > 1]


def unaccounted(planned: Iterable[Planned], arrived: Collection[str]) -> list[str]:
    """Deliveries in no final state, and those whose state is not what the network saw."""
    found = []
    for one in planned:
        if one.state not in _FINAL:
            found.append(f"ended as {one.state}: {one.key}")
        elif (one.state == SENT) != (one.key in arrived):
            seen = "arrived" if one.key in arrived else "missing"
            found.append(f"{one.state}, but {seen}: {one.key}")
    return found


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw that is over: who won, by number, and how often its result and its winners were told.

    `results` is group → how often it was told the result; `told` number → how often that winner
    was told in private; `faults` are those that its public record shows.
    """

    title: str
    winners: tuple[int, ...]
    tickets: Mapping[int, int | None]
    results: Mapping[str, int]
    told: Mapping[int, int]
    faults: tuple[str, ...] = ()


def drawn_twice(draws: Iterable[Drawn]) -> list[str]:
    """What is drawn, won or told more than once, and records that do not hold."""
    found = []
    for one in draws:
        people = [one.tickets.get(number) for number in one.winners]
        found += [f"{one.title}: {fault}" for fault in one.faults]
        if len(set(one.winners)) < len(one.winners) or len(set(people)) < len(people):
            found.append(f"{one.title}: somebody won twice: {one.winners}")
        if wrong := {to: count for to, count in one.results.items() if count != 1}:
            found.append(f"{one.title}: the result was told so often: {wrong}")
        if wrong_people := {to: count for to, count in one.told.items() if count > 1}:
            found.append(f"{one.title}: winners were told so often: {wrong_people}")
    return found


def too_fast(arrivals: Sequence[Arrival], cap: int, span: timedelta) -> list[str]:
    """Moments at which more than `cap` posts arrived within `span`, all addresses together."""
    moments = [arrival.at for arrival in arrivals]
    return [
        f"{arrivals[number].at:%Y-%m-%d %H:%M:%S}: more than {cap} within {span}"
        for number in range(cap, len(moments))
        if moments[number] - moments[number - cap] < span
    ]
