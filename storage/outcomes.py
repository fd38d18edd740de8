"""What happened after a campaign's posts."""

from __future__ import annotations

from enum import StrEnum


class Metric(StrEnum):
    """What fans did within the window after a post; each fan counts once."""

    REPLIES = "replies"  # answered: replied to the post, pressed a button, or wrote back in private
    TALK = "talk"  # said anything in the group, or to the bot in private
    PRESSES = "presses"  # pressed a button below the post
    MENTIONS = "mentions"  # named the shop or the product
    COUPONS = "coupons"  # redeemed a coupon
    OPT_OUTS = "opt_outs"  # asked for no more marketing
    LEAVES = "leaves"  # left the group
