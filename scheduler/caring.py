"""How a shop cares for its fans: its settings, which `decide.py` and others go by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

from insights.lexicon import TRADES
from scheduler.caps import DAY
from scheduler.quiet_hours import QuietHours
from scheduler.wall_time import zone_named

_LEAST = timedelta(minutes=30)  # of a day that quiet hours leave


@dataclass(frozen=True, slots=True)
class CareSettings:
    """How a shop cares for its fans where nothing else is said.

    `zone` is the shop's time zone by its IANA name. Quiet hours are wall times (equal: none) and
    leave at least half an hour of a day. The caps roll over 24 hours and 7 days: posts for a
    group, private messages for a customer. `trades` are those whose wording rules hold, and
    `sites` the shop's own hosts, which its links may lead to (see `wording_rules.py`).

    Raises:
        ZoneUnknown: `zone` is no time zone.
        ValueError: the quiet hours or the caps would let nothing through.
    """

    zone: str = "Asia/Shanghai"
    quiet_from: time = time(22)
    quiet_until: time = time(9)
    posts_a_day: int = 3
    posts_a_week: int = 15
    private_a_day: int = 2
    private_a_week: int = 5
    trades: tuple[str, ...] = TRADES
    sites: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        zone_named(self.zone)
        begin, end = (
            timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
            for at in (self.quiet_from, self.quiet_until)
        )
        if begin != end and (begin - end) % DAY < _LEAST:
            raise ValueError("quiet hours leave at least half an hour of a day")
        caps = (self.posts_a_day, self.posts_a_week, self.private_a_day, self.private_a_week)
        if min(caps) < 1:
            raise ValueError(f"a cap lets something through: {self!r}")

    @property
    def quiet_hours(self) -> QuietHours:
        """The quiet hours of an ordinary day."""
        return QuietHours(self.quiet_from, self.quiet_until)
