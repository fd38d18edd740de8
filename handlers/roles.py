"""Who may do what: the one place that says so."""

from __future__ import annotations

from enum import IntEnum

from handlers.settings import ShopSettings
from storage.members import Member


class Role(IntEnum):
    """What somebody is to the bot; each role may do all that the lower ones may."""

    FAN = 1
    MANAGER = 2


def role_of(member: Member, shop: ShopSettings) -> Role:
    """A manager is who the platform calls staff, or whom the configuration lists by id."""
    listed = member.person in shop.managers or f"{member.platform}:{member.person}" in shop.managers
    return Role.MANAGER if member.staff or listed else Role.FAN


def may(role: Role, needed: Role) -> bool:
    """Whether a role suffices for what needs `needed`."""
    return role >= needed
