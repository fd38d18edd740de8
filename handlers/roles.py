"""Who may do what: the one place that says so."""

from __future__ import annotations

from enum import IntEnum

from handlers.events import Person
from handlers.settings import ShopSettings
from storage.members import Member


class Role(IntEnum):
    """What somebody is to the bot; each role may do all that the lower ones may."""

    FAN = 1
    MANAGER = 2


def role_of(member: Member, shop: ShopSettings) -> Role:
    """A manager is who the platform calls staff, or whom the configuration lists by id."""
    return _role(member.platform, member.person, shop, staff=member.staff)


def role_of_person(person: Person, platform: str, shop: ShopSettings) -> Role:
    """The same of somebody as the platform shows them, before they are looked up."""
    return _role(platform, person.id, shop, staff=person.staff)


def _role(platform: str, person: str, shop: ShopSettings, *, staff: bool) -> Role:
    listed = person in shop.managers or f"{platform}:{person}" in shop.managers
    return Role.MANAGER if staff or listed else Role.FAN
