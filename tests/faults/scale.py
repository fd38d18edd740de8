"""How big the faults' world is: every window and pause of the product, scaled down as data.

A minute of a real platform is a second here, so that hundreds of deaths fit in minutes. The test
and the processes that it starts import the same figures.
"""

from __future__ import annotations

from datetime import time, timedelta

from scheduler.caring import CareSettings
from scheduler.courier import Limits, Rate
from scheduler.lease import LeaseTerms
from scheduler.sending import SenderSettings


def seconds(number: float) -> timedelta:
    """So many seconds."""
    return timedelta(seconds=number)


ACCOUNTS = tuple(f"a{number}" for number in range(8))
GROUPS_EACH = 30  # of each account
MEMBERS_EACH = 15
# So low that even a busy machine has to wait for them: a limit that nobody reaches tests nothing.
LIMITS = Limits(account=(Rate(60, seconds(1)),), chat=(Rate(3, seconds(2)),))
TERMS = LeaseTerms(
    lasts=seconds(2.5), renew_every=seconds(0.4), safety=seconds(0.5), poll_every=seconds(0.25)
)
SETTINGS = SenderSettings(
    call_deadline=seconds(0.5),
    first_question=seconds(0.2),
    last_question=seconds(1),
    first_rest=seconds(0.2),
    longest_rest=seconds(1),
    longest_sleep=seconds(1),
    answer_patience=seconds(2),
    farewell=seconds(0.2),
)
CARE = CareSettings(
    quiet_from=time(0),
    quiet_until=time(0),  # no quiet hours
    posts_a_day=1_000_000,
    posts_a_week=1_000_000,
    private_a_day=1_000_000,
    private_a_week=1_000_000,
)
FLIGHT = 2 * SETTINGS.call_deadline.total_seconds()
"""Seconds after which a call is ended by its sender, answered or not: no call travels longer."""
ONE_BATCH = 14
"""What the pace lets leave through one account within `SETTINGS.ahead`: 60 a second for 100 ms,
and once more as many, where it makes up for a delay of up to a tenth of the window."""
