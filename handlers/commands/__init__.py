"""Every command the bot knows; importing this package fills the registry."""

from handlers.commands import (
    acceptance,
    admission,
    approving,
    contents,
    doubts,
    fans,
    forms,
    friends,
    insight,
    inviting,
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
    "acceptance",
    "admission",
    "approving",
    "contents",
    "doubts",
    "fans",
    "forms",
    "friends",
    "insight",
    "inviting",
    "members",
    "posts",
    "records",
    "sending",
    "staffing",
    "steering",
    "switches",
]
