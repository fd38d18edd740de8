"""Where a batch of events comes from, and with that what somebody in it is to the shop."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.events import Person
from handlers.roles import Role, role_of_person
from handlers.settings import ShopSettings
from storage.columns import storable
from storage.members import Seen


@dataclass(frozen=True, slots=True)
class Origin:
    """Where events come from: one shop's account on one platform."""

    shop_id: int
    shop: ShopSettings
    platform: str
    account: str
    appointed: frozenset[str] = frozenset()  # the platform's ids of those who were appointed

    @property
    def open_to_all(self) -> bool:
        """Whether anybody can bring the account into a group."""
        return self.account in self.shop.open_accounts

    def role(self, person: Person) -> Role:
        """What somebody is to the bot."""
        return role_of_person(person, self.platform, self.shop, self.appointed)

    def seen(self, person: Person) -> Seen:
        """Somebody as they are stored: a manager by the shop's word is as much staff as an admin.

        Ids are looked for as they are stored.
        """
        return Seen(
            storable(person.id),
            person.name,
            staff=self.role(person) is Role.MANAGER,
            alias=person.alias,
        )
