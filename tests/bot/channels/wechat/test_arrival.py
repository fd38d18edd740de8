from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.wechat import hearing as hearing_room
from bot.channels.wechat.arrival import Arrival
from bot.channels.wechat.gateway import Failure, Ready
from bot.channels.wechat.hearing import WeChatHearing
from bot.channels.wechat.known import Known
from bot.channels.wechat.leaders import Leaders
from bot.channels.wechat.line import RoomsKnown, Told
from bot.channels.wechat.people import People
from handlers.events import (
    AccountChanged,
    AccountState,
    Chat,
    Event,
    GroupChanged,
    IdsChanged,
    MessageHeard,
    Person,
    StaffChanged,
)
from storage import accounts, groups, members, shops
from storage.accounts import State
from storage.seats import sit
from tests.bot.channels.wechat.fake_gateway import ME
from tests.bot.channels.wechat.heard import (
    ACCOUNT,
    FAN,
    GROUP,
    OWNER,
    E,
    Heard,
    hear,
    hear_one,
    settled,
)

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)


async def stored_as(shop: Heard, me: str) -> None:
    """The account was online under this id."""
    async with shop.database.writing() as connection:
        state = State("online", NOW, me=me, me_name="暖暖")
        await accounts.note_state(connection, ACCOUNT, "wechat", state)


async def stored_groups(shop: Heard, *chats: str) -> None:
    async with shop.database.writing() as connection:
        shop_id = await shops.ensure_shop(connection, "小店")
        named = [(chat, f"群 {chat}") for chat in chats]
        await groups.ensure_groups(connection, shop_id, ACCOUNT, named, NOW)


def of_kind(events: list[Event], kind: type[E]) -> list[E]:
    return [one for one in events if isinstance(one, kind)]


async def test_at_the_log_in_the_account_s_groups_and_who_leads_them_are_told(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.gateway.add_room("room-2@chatroom", "二群", [FAN])
    heard = await settled(hearing)
    online, *_ = heard
    assert isinstance(online, AccountChanged)
    assert (online.state, online.me) == (
        AccountState.ONLINE,
        Person(ME, "暖暖", staff=True, alias=""),
    )
    present = {(one.chat, one.present, one.by) for one in of_kind(heard, GroupChanged)}
    assert present == {
        (Chat(GROUP, "一群"), True, None),
        (Chat("room-2@chatroom", "二群"), True, None),
    }
    (leads,) = of_kind(heard, StaffChanged)
    assert (leads.chat.id, leads.member.id, leads.member.staff_in) == (
        GROUP,
        OWNER,
        frozenset({GROUP}),
    )
    assert hearing.online
    assert hearing.me == online.me


async def test_a_group_that_the_account_is_not_in_any_more_is_told_so(
    shop: Heard, hearing: WeChatHearing
) -> None:
    await stored_groups(shop, GROUP, "gone@chatroom")
    told = {one.chat.id: one.present for one in of_kind(await settled(hearing), GroupChanged)}
    assert told == {GROUP: True, "gone@chatroom": False}


async def test_a_group_that_the_gateway_does_not_list_may_be_there_all_the_same(
    shop: Heard, hearing: WeChatHearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stored_groups(shop, GROUP)

    async def none() -> list[str]:
        return []

    monkeypatch.setattr(shop.gateway, "rooms", none)
    told = of_kind(await settled(hearing), GroupChanged)
    assert [(one.chat, one.present) for one in told] == [(Chat(GROUP, "一群"), True)]


async def test_before_the_rooms_are_all_known_none_is_missed(shop: Heard) -> None:
    await stored_groups(shop, GROUP, "not-yet@chatroom")
    shop.gateway.ready = False
    async with shop.open() as hearing:
        told = of_kind(await settled(hearing), GroupChanged)
    assert [(one.chat.id, one.present) for one in told] == [(GROUP, True)]


async def test_who_was_staff_is_so_until_the_rooms_are_known_and_then_no_more(
    shop: Heard,
) -> None:
    async with shop.database.writing() as connection:
        shop_id = await shops.ensure_shop(connection, "小店")
        group = (await groups.ensure_groups(connection, shop_id, ACCOUNT, [(GROUP, "一群")], NOW))[
            GROUP
        ]
        seen = [members.Seen(FAN, "小雨", staff=True)]
        fan = (await members.ensure_members(connection, "wechat", seen, NOW))[FAN]
        await sit(connection, [(group.id, fan.id, NOW)])
    listing = shop.gateway.holds("rooms")
    async with shop.open() as hearing:
        shop.gateway.arrives(FAN, "/plan")
        async with asyncio.timeout(5), aclosing(hearing.events(None)) as events:
            heard = [await anext(events)]
            await asyncio.sleep(0.05)
            listing.set()
            heard += [await anext(events) for _ in range(4)]
    (said,) = of_kind(heard, MessageHeard)
    assert (said.sender.staff, said.sender.staff_in) == (True, None)
    news = of_kind(heard, StaffChanged)
    assert [one.member.id for one in news if not one.member.staff] == [FAN]


async def test_the_same_id_as_before_changes_nobody_s(shop: Heard) -> None:
    await stored_as(shop, ME)
    async with shop.open() as hearing:
        assert not of_kind(await settled(hearing), IdsChanged)


async def test_another_id_than_before_shows_everybody_anew_before_anything_is_said(
    shop: Heard,
) -> None:
    await stored_as(shop, "wxid_before")
    shop.gateway.add_person("wxid_friend", "老客", alias="王姐", friend=True)
    shop.gateway.add_person("gh_123", "某公众号", friend=True)
    shop.gateway.call_themselves(FAN, GROUP, "小雨（油皮）")
    contacts = shop.gateway.holds("contacts")
    async with shop.open() as hearing:
        shop.gateway.arrives(FAN, "油皮能用吗", room=GROUP)
        hearing_it = asyncio.create_task(
            hear(hearing, lambda some: isinstance(some[-1], MessageHeard))
        )
        await asyncio.sleep(0.05)
        contacts.set()
        ids, online, *_ = await hearing_it
    assert isinstance(ids, IdsChanged)
    (roster,) = ids.rosters
    assert roster.chat == Chat(GROUP, "一群")
    assert {(one.id, one.name, one.alias, one.nickname) for one in roster.members} == {
        (FAN, "小雨", "爱买面霜的", "小雨（油皮）"),
        (OWNER, "群主", "", ""),
    }
    assert [(one.id, one.alias) for one in ids.friends] == [("wxid_friend", "王姐")]
    assert isinstance(online, AccountChanged)
    assert online.me is not None
    assert online.me.id == ME


async def test_ids_that_changed_while_the_bot_ran_are_noticed(
    shop: Heard, hearing: WeChatHearing
) -> None:
    shop.gateway.logs_out()
    shop.gateway.logs_in("@new-id")
    ids = await hear_one(hearing, IdsChanged)
    assert {one.id for one in ids.rosters[0].members} >= {FAN, OWNER}
    assert hearing.me is not None or hearing.online


async def test_rooms_that_are_never_said_to_be_known_are_not_waited_for_forever(
    shop: Heard,
) -> None:
    await stored_as(shop, "wxid_before")
    shop.gateway.ready = False
    async with shop.open() as hearing:
        assert len((await hear_one(hearing, IdsChanged)).rosters) == 1


async def test_rooms_that_come_late_are_shown_once_more_and_none_is_missed_before(
    shop: Heard,
) -> None:
    await stored_as(shop, "wxid_before")
    await stored_groups(shop, GROUP, "old@chatroom")
    shop.gateway.ready = False
    async with shop.open() as hearing:
        first = await hear_one(hearing, IdsChanged)
        assert not first.complete
        shop.gateway.add_room("late@chatroom", "晚到的群", [FAN])
        shop.gateway.tell(Ready())
        second = await hear_one(hearing, IdsChanged, first.cursor)
        assert second.complete
        assert {roster.chat.id for roster in second.rosters} == {GROUP, "late@chatroom"}
        others = await settled(hearing)
        gone = [one for one in of_kind(others, GroupChanged) if not one.present]
        assert {one.chat.id for one in gone} == {"old@chatroom"}
        assert min(one.cursor for one in gone) >= second.cursor


async def test_ids_that_nobody_could_look_up_are_looked_up_at_the_next_log_in(
    shop: Heard,
) -> None:
    await stored_as(shop, "wxid_before")
    shop.gateway.fails("contacts", *[Failure.LOST] * 30)  # ten times three
    async with shop.open() as hearing:
        online = await hear_one(hearing, AccountChanged)
        assert (online.state, online.me) == (AccountState.ONLINE, None)
        shop.gateway.break_off()
        ids = await hear_one(hearing, IdsChanged, online.cursor)
        assert ids.cursor > online.cursor


async def test_one_lost_answer_gives_no_log_in_up_however_long_the_others_take(
    shop: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing_room, "_TRIED_FOR", timedelta(0))
    await stored_as(shop, "wxid_before")
    for call in ("contacts", "rooms", "contact", "room_member"):
        shop.gateway.fails(call, *[Failure.LOST] * 4)
    async with shop.open() as hearing:
        heard = await settled(hearing)
    assert len(of_kind(heard, IdsChanged)) == 1
    (online,) = of_kind(heard, AccountChanged)
    assert online.me is not None


@pytest.mark.parametrize("reason", ["Error: timeout", "no payload"])
@pytest.mark.parametrize("refusals", [2, 1_000])
async def test_a_room_that_is_listed_is_there_whatever_the_gateway_refuses(
    shop: Heard, refusals: int, reason: str
) -> None:
    await stored_groups(shop, GROUP)
    shop.gateway.fails("room", *[Failure.REFUSED] * refusals, reason=reason)
    async with shop.open() as hearing:
        heard = await settled(hearing)
    assert not [one for one in of_kind(heard, GroupChanged) if not one.present]


async def test_of_a_room_that_is_not_listed_only_its_absence_says_that_it_is_gone(
    shop: Heard,
) -> None:
    await stored_groups(shop, "silent@chatroom")
    shop.gateway.fails("room", *[Failure.REFUSED] * 1_000, reason="Error: timeout")
    async with shop.open() as hearing:
        assert not [one for one in of_kind(await settled(hearing), GroupChanged) if not one.present]
    shop.gateway.mends("room")
    async with shop.open() as hearing:
        (gone,) = [one for one in of_kind(await settled(hearing), GroupChanged) if not one.present]
    assert gone.chat.id == "silent@chatroom"


async def test_who_was_staff_is_so_still_where_a_room_was_not_shown(shop: Heard) -> None:
    leaders = Leaders()
    leaders.remember({OWNER})
    room = replace(shop.gateway.groups[GROUP], id="other@chatroom", owner="")
    shop.gateway.groups[room.id] = room
    known = Known(shop.gateway, shop.stops)
    people = People(known, leaders, shop.database, shop.stops)
    arrival = Arrival(
        account=ACCOUNT,
        gateway=shop.gateway,
        people=people,
        leaders=leaders,
        database=shop.database,
        patience=timedelta(0),
    )
    shop.gateway.fails("room", *[Failure.REFUSED] * 3)  # of the first room
    now = shop.clock.now()
    await arrival.rooms(Told(now, now, RoomsKnown(complete=True), ME), ME, complete=True)
    assert leaders.is_staff(OWNER)


async def test_a_member_whom_the_gateway_cannot_show_is_shown_by_id(shop: Heard) -> None:
    await stored_as(shop, "wxid_before")
    shop.gateway.add_room("room-2@chatroom", "二群", ["wxid_unknown"])
    shop.gateway.groups.pop(GROUP)
    async with shop.open() as hearing:
        (roster,) = (await hear_one(hearing, IdsChanged)).rosters
    assert [(one.id, one.name) for one in roster.members] == [("wxid_unknown", "wxid_unknown")]
