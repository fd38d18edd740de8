"""Who may do what: the one place that says so.

What a platform says of somebody counts only where the group is the shop's: of any other group
nothing is heard (see `acceptance.py`), and so nobody is staff by it.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum

from handlers.events import Person
from handlers.settings import ShopSettings
from storage.members import Member


class Role(IntEnum):
    """What somebody is to the bot; each role may do all that the lower ones may."""

    FAN = 1
    MANAGER = 2


def role_of(member: Member, shop: ShopSettings) -> Role:
    """A manager is whom the platform calls staff, who was appointed, or is listed by id."""
    marked = member.staff or member.appointed
    return _role(member.platform, member.person, shop, marked=marked)


def role_of_person(
    person: Person, platform: str, shop: ShopSettings, appointed: Collection[str] = ()
) -> Role:
    """The same of somebody as the platform shows them, before they are looked up.

    Args:
        person: whom the platform shows.
        platform: its name.
        shop: lists managers.
        appointed: the platform's ids of those who were appointed there.
    """
    marked = person.staff or person.id in appointed
    return _role(platform, person.id, shop, marked=marked)


def may_see_names(member: Member, shop: ShopSettings) -> bool:
    """Whether somebody may see who said a quote: a manager whom the shop lists for it."""
    listed = _is_listed(member.platform, member.person, shop.names_for)
    return listed and role_of(member, shop) is Role.MANAGER


def _role(platform: str, person: str, shop: ShopSettings, *, marked: bool) -> Role:
    listed = _is_listed(platform, person, shop.managers)
    return Role.MANAGER if marked or listed else Role.FAN


def _is_listed(platform: str, person: str, ids: Collection[str]) -> bool:
    """Whether somebody is listed by the platform's id, with or without the platform's name."""
    return person in ids or f"{platform}:{person}" in ids
