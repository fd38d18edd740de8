"""Every command the bot knows; importing this package fills the registry."""

from handlers.commands import (
    approving,
    contents,
    doubts,
    fans,
    forms,
    insight,
    members,
    posts,
    records,
    sending,
    staffing,
    steering,
    switches,
)
from handlers.registry import REGISTRY

__all__ = [
    "REGISTRY",
    "approving",
    "contents",
    "doubts",
    "fans",
    "forms",
    "insight",
    "members",
    "posts",
    "records",
    "sending",
    "staffing",
    "steering",
    "switches",
]
