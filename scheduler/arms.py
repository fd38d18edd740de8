"""Which arm of a campaign a recipient falls into: a lot, the same for ever (see `lots.py`).

The lot hangs on the campaign and the recipient alone, so that somebody gets the same variant in
every slot of a campaign, and another one may fall to them in the next campaign.
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.lots import lot
from storage.slots import HELD_OUT

_PERCENT = 100


def group_name(group_id: int) -> str:
    """What a group is called in a lot, so that it never falls with the customer of its number."""
    return f"group:{group_id}"


def arm(campaign_key: str, recipient: str, arms: Sequence[str], hold_out: int) -> str:
    """The variant that a lot gives a recipient, or `HELD_OUT` for this share of them, in percent.

    `recipient` is a customer's id in digits, or a group's `group_name`.
    """
    if is_held_out(campaign_key, recipient, hold_out):
        return HELD_OUT
    return arms[lot(len(arms), "variant", campaign_key, recipient)]


def is_held_out(campaign_key: str, recipient: str, percent: int) -> bool:
    """Whether a lot holds a recipient out of a campaign that holds so many percent out."""
    return lot(_PERCENT, "hold_out", campaign_key, recipient) < percent
