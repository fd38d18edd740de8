"""Who may command: by the platform's word, by the configuration, by an appointment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.events import Person
from handlers.roles import Role, may_see_names, role_of, role_of_person
from handlers.settings import ShopSettings
from storage.members import Member
from tests.handlers.shop import NOW

FAN, MANAGER = Role.FAN, Role.MANAGER


@pytest.mark.parametrize(
    ("staff", "appointed", "listed", "role"),
    [
        (False, False, (), FAN),
        (False, False, ("8", "room:7", "telegram:8"), FAN),
        (True, False, (), MANAGER),
        (False, True, (), MANAGER),
        (False, False, ("7",), MANAGER),
        (False, False, ("telegram:7",), MANAGER),
    ],
)
def test_who_is_a_manager(
    *, staff: bool, appointed: bool, listed: tuple[str, ...], role: Role
) -> None:
    shop = ShopSettings(managers=listed)
    member = Member(
        id=1,
        customer_id=1,
        platform="telegram",
        person="7",
        name="小鱼",
        staff=staff,
        first_seen_at=NOW,
        opted_out=False,
        no_record=False,
        appointed=appointed,
    )
    assert role_of(member, shop) is role
    for names_for, sees in (((), False), (("8",), False), (("7",), True), (("telegram:7",), True)):
        listing = replace(shop, names_for=names_for)
        assert may_see_names(member, listing) is (sees and role is MANAGER)
    seen = Person("7", "小鱼", staff=staff)
    of_them = {"7"} if appointed else {"8"}
    assert role_of_person(seen, "telegram", shop, of_them) is role
