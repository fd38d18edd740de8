"""The bot's own accounts are nobody: no fan, no manager, no newcomer, whoever tells of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from handlers.events import (
    AccountChanged,
    AccountState,
    ButtonPressed,
    Event,
    FriendAsked,
    GroupChanged,
    IdsChanged,
    MemberJoined,
    MemberLeft,
    MessageEdited,
    MessageHeard,
    Person,
    ReachChanged,
    Roster,
    StaffChanged,
)
from handlers.ourselves import without_ourselves
from handlers.staff import managers, needs_another
from storage.members import count_members, recorded_fans
from storage.tables import messages
from tests.handlers.shop import ACCOUNT, MANAGER, NOW, Shop, chat_of

US = Person("wxid_us", "暖暖", staff=True)
FISH = Person("wxid_fish", "小鱼")
GROUP = chat_of("一群")
PLACE = (ACCOUNT, "1", NOW)
ONLINE = AccountChanged(*PLACE, AccountState.ONLINE, me=US)
HEARD = MessageHeard(*PLACE, "m1", GROUP, US, "/halt")


@pytest.mark.parametrize(
    ("event", "seen"),
    [
        (HEARD, replace(HEARD, own=True)),
        (replace(HEARD, sender=FISH), replace(HEARD, sender=FISH)),
        (ButtonPressed(*PLACE, "p1", GROUP, US, "/halt"), None),
        (MessageEdited(*PLACE, "m1", GROUP, US, "x"), None),
        (MemberJoined(*PLACE, GROUP, US), None),
        (MemberJoined(*PLACE, GROUP, FISH, by=US), MemberJoined(*PLACE, GROUP, FISH)),
        (MemberLeft(*PLACE, GROUP, US), None),
        (StaffChanged(*PLACE, GROUP, US), None),
        (ReachChanged(*PLACE, US, reachable=True), None),
        (FriendAsked(*PLACE, "f1", US), None),
        (
            GroupChanged(*PLACE, GROUP, present=True, by=US),
            GroupChanged(*PLACE, GROUP, present=True),
        ),
        (
            IdsChanged(*PLACE, (Roster(GROUP, (US, FISH)),), (FISH, US)),
            IdsChanged(*PLACE, (Roster(GROUP, (FISH,)),), (FISH,)),
        ),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_we_do_is_nobody_s_deed(event: Event, seen: Event | None) -> None:
    expected = [] if seen is None else [seen]
    assert list(without_ourselves([event], {"wxid_us"})) == expected
    assert list(without_ourselves([ONLINE, event], ())) == [ONLINE, *expected]


async def test_an_account_that_brings_somebody_in_is_no_second_manager(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says(MANAGER, "早")
    await shop.hear(ONLINE)
    at = shop.clock.now()
    fish = shop.person("小鱼")
    await shop.hear(MemberJoined(ACCOUNT, "2", at, chat_of("二群"), fish, by=US))
    await shop.hear(StaffChanged(ACCOUNT, "3", at, chat_of("二群"), US))
    await shop.hear(MessageHeard(ACCOUNT, "4", at, "m4", chat_of("二群"), US, "大家好"))
    async with shop.desk.database.reading() as connection:
        assert not await needs_another(connection, shop.desk.shop)
        assert [one.name for one in await managers(connection, shop.desk.shop)] == [MANAGER]
        counted = await count_members(connection)
        fans = await recorded_fans(connection, after=0, limit=100)
        kinds = await connection.scalars(select(messages.c.kind).where(messages.c.message == "m4"))
        assert list(kinds) == ["bot"]
    assert len(fans) == counted - 1  # all but the manager
