from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.telegram import staffing
from bot.channels.telegram.connection import TelegramConnection
from bot.channels.telegram.staffing import Staffing
from storage.groups import ensure_groups
from storage.members import Seen, ensure_members
from storage.seats import sit
from storage.shops import ensure_shop
from tests.bot.channels.telegram.living import ACCOUNT, Living, living
from tests.bot.channels.telegram.scripted import ScriptedTelegram, does, hangs, refuses
from tests.bot.channels.telegram.updates import AT, BOSS, GROUP, ME, change, standing, update
from tests.bot.channels.telegram.updates import message as said
from tests.bot.program import until
from tests.peers.telegram.proxy import Fault

STRANGER = {"id": 5009, "is_bot": False, "first_name": "客服"}


@pytest.fixture
async def shop(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Living]:
    async with living(migrated_sqlite, tmp_path) as made:
        yield made


@pytest.fixture
async def known(shop: Living, connection: TelegramConnection) -> AsyncIterator[Staffing]:
    """What a bot at the scripted Telegram knows, whose database knows no group yet."""
    made = Staffing(connection, shop.database, shop.clock, ACCOUNT)
    await made.open()
    yield made
    await made.close()


def admins(*members: dict[str, Any]) -> list[dict[str, Any]]:
    return list(members)


def dismissed(known: Staffing) -> dict[int, str]:
    return known.take_dismissed()[1]


async def remember(
    shop: Living, *, chats: tuple[int, ...] = (), staff: tuple[int, ...] = ()
) -> None:
    """Groups and staff that storage knows from an earlier run."""
    async with shop.database.writing() as connection:
        shop_id = await ensure_shop(connection, "default")
        named = [(str(chat), f"群{chat}") for chat in chats]
        groups = await ensure_groups(connection, shop_id, ACCOUNT, named, AT)
        seen = [Seen(str(one), "店长", staff=True) for one in staff]
        made = await ensure_members(connection, "telegram", seen, AT)
        seats = [(group.id, one.id, AT) for group in groups.values() for one in made.values()]
        await sit(connection, seats)


async def test_a_group_is_asked_of_once_when_it_is_first_heard_of(
    known: Staffing, telegram: ScriptedTelegram
) -> None:
    boss, other_bot = standing("creator", BOSS), standing("administrator", ME | {"id": 9})
    telegram.answers("getChatAdministrators", does(admins(boss, other_bot)))
    found = [await known.learn(said(text="在吗")) for _ in range(3)][-1]
    assert (found.admins, found.bot_since) == ({5002: "店长"}, None)
    assert (5002 in known, 5001 in known, 9 in known) == (True, False, False)
    assert telegram.calls("getChatAdministrators") == [{"chat_id": GROUP["id"]}]


async def test_where_the_bot_is_an_admin_at_first_sight_it_was_one_before(
    known: Staffing, telegram: ScriptedTelegram
) -> None:
    """Who came while the bot was away is told by chat_member, then as now."""
    telegram.answers("getChatAdministrators", does(admins(standing("administrator", ME))))
    found = await known.learn(said(text="在吗"))
    assert found.bot_since is not None
    assert found.bot_since < AT


async def test_a_promotion_that_nobody_told_counts_from_when_it_is_found(
    known: Staffing, telegram: ScriptedTelegram, shop: Living
) -> None:
    telegram.answers("getChatAdministrators", does([]))
    assert (await known.learn(said(text="在吗"))).bot_since is None
    telegram.answers("getChatAdministrators", does(admins(standing("administrator", ME))))
    assert await known._ask(-1001234)
    since = (await known.learn(said(text="在吗"))).bot_since
    assert since is not None
    assert abs(since - shop.clock.now()) < timedelta(seconds=5)


PROMOTIONS = [
    ("made an admin", standing("member", ME), standing("administrator", ME), AT),
    ("brought in as an admin", standing("left", ME), standing("administrator", ME), AT),
    ("brought in", standing("left", ME), standing("member", ME), None),
    ("an admin no more", standing("administrator", ME), standing("member", ME), None),
    ("put out", standing("administrator", ME), standing("kicked", ME), None),
]


@pytest.mark.parametrize(
    ("before", "after", "since"),
    [row[1:] for row in PROMOTIONS],
    ids=[row[0] for row in PROMOTIONS],
)
async def test_what_becomes_of_the_bot_is_known_at_once(
    known: Staffing,
    telegram: ScriptedTelegram,
    before: dict[str, Any],
    after: dict[str, Any],
    since: object,
) -> None:
    telegram.answers("getChatAdministrators", does(admins(after)))
    assert (await known.learn(update(my_chat_member=change(before, after)))).bot_since == since


async def test_where_the_bot_is_put_out_nobody_is_staff_any_more(
    known: Staffing, telegram: ScriptedTelegram
) -> None:
    telegram.answers("getChatAdministrators", does(admins(standing("creator", BOSS))))
    await known.learn(said(text="在吗"))
    assert 5002 in known
    await known.learn(update(my_chat_member=change(standing("member", ME), standing("left", ME))))
    assert 5002 not in known


async def test_changes_are_noted_as_they_are_told(
    known: Staffing, telegram: ScriptedTelegram
) -> None:
    telegram.answers("getChatAdministrators", does(admins(standing("creator", BOSS))))
    made = change(standing("member"), standing("administrator"))
    assert (await known.learn(update(chat_member=made))).admins == {5002: "店长", 5001: "小雨 Rain"}
    unmade = change(standing("administrator"), standing("left"))
    assert (await known.learn(update(chat_member=unmade))).admins == {5002: "店长"}
    assert 5001 not in known


async def test_an_admin_of_two_groups_stays_staff_by_one(
    known: Staffing, telegram: ScriptedTelegram
) -> None:
    boss = does(admins(standing("administrator", BOSS)))
    telegram.answers("getChatAdministrators", boss, boss)
    other = {"id": -1007, "type": "supergroup", "title": "二群"}
    await known.learn(said(text="一"))
    await known.learn(said(other, text="二"))
    unmade = change(standing("administrator", BOSS), standing("member", BOSS), other)
    await known.learn(update(chat_member=unmade))
    assert 5002 in known


async def test_the_admins_of_a_group_that_moves_move_with_it(
    known: Staffing, telegram: ScriptedTelegram
) -> None:
    telegram.answers("getChatAdministrators", does(admins(standing("creator", BOSS))))
    await known.learn(said(text="在吗"))
    await known.learn(said(migrate_to_chat_id=-1008))
    moved = {"id": -1008, "type": "supergroup", "title": "一群"}
    assert (await known.learn(said(moved, text="在吗"))).admins == {5002: "店长"}
    assert (5002 in known, dismissed(known)) == (True, {})
    assert len(telegram.calls("getChatAdministrators")) == 1


async def test_who_is_found_to_be_staff_no_more_is_told_of_once(
    known: Staffing, telegram: ScriptedTelegram
) -> None:
    first, then = admins(standing("creator", BOSS)), admins(standing("creator", STRANGER))
    telegram.answers("getChatAdministrators", does(first), does(then))
    await known.learn(said(text="在吗"))
    assert dismissed(known) == {}
    await known._ask(-1001234)
    assert known.take_dismissed() == (-1001234, {5002: "店长"})
    assert dismissed(known) == {}
    unmade = change(standing("administrator", STRANGER), standing("member", STRANGER))
    await known.learn(update(chat_member=unmade))
    assert dismissed(known) == {}  # the update says it itself


async def test_they_are_kept_until_there_is_a_group_to_tell_it_of(
    known: Staffing, telegram: ScriptedTelegram
) -> None:
    boss = does(admins(standing("creator", BOSS)))
    telegram.answers("getChatAdministrators", boss, does(admins(standing("creator", STRANGER))))
    await known.learn(said(text="在吗"))
    await known.learn(update(my_chat_member=change(standing("member", ME), standing("kicked", ME))))
    assert dismissed(known) == {}
    await known.learn(said({"id": -1007, "type": "supergroup", "title": "二群"}, text="二"))
    assert dismissed(known) == {5002: "店长"}


@pytest.mark.parametrize("refusal", [refuses(400, "Bad Request: chat not found"), hangs])
async def test_a_group_that_is_not_answered_for_does_not_hold_hearing_up(
    known: Staffing,
    telegram: ScriptedTelegram,
    refusal: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(staffing, "_AT_FIRST_SIGHT", timedelta(seconds=0.1))
    telegram.answers("getChatAdministrators", refusal)
    async with asyncio.timeout(2):
        assert (await known.learn(said(text="在吗"))).admins == {}
        await known.learn(said(text="在吗"))
    assert len(telegram.calls("getChatAdministrators")) == 1  # the round asks again


async def test_a_group_that_is_no_more_keeps_nobody_staff(
    known: Staffing, telegram: ScriptedTelegram
) -> None:
    boss = does(admins(standing("creator", BOSS)))
    telegram.answers("getChatAdministrators", boss, refuses(400, "Bad Request: chat not found"))
    await known.learn(said(text="在吗"))
    assert 5002 in known
    assert await known._ask(-1001234)
    assert 5002 not in known


async def test_private_words_ask_nobody(known: Staffing, telegram: ScriptedTelegram) -> None:
    private = {"id": 5001, "type": "private", "first_name": "小雨"}
    assert (await known.learn(said(private, text="在吗"))).admins == {}
    assert telegram.calls("getChatAdministrators") == []


async def test_who_was_staff_is_staff_until_every_group_was_asked_of(shop: Living) -> None:
    """A manager who speaks in private first, after a restart, is a manager."""
    gone, boss = 77, shop.owner.id
    await remember(shop, chats=(shop.group.id,), staff=(gone, boss))
    held = asyncio.Event()
    connection = shop.connection()
    await connection.open()
    shop.proxy.chooses = lambda call: (
        Fault.HANG if call.method == "getChatAdministrators" and not held.is_set() else None
    )
    connection._deadline = timedelta(seconds=0.3)
    known = Staffing(connection, shop.database, shop.clock, ACCOUNT)
    await known.open()
    assert (gone in known, boss in known) == (True, True)
    held.set()
    await known.close()
    await known.open()
    await until(lambda: gone not in known)
    assert boss in known
    await known.learn(said({"id": shop.group.id, "type": "supergroup", "title": "一群"}, text="一"))
    assert dismissed(known) == {gone: "店长"}
    await known.close()
    await connection.close()


async def test_a_round_that_was_not_answered_is_made_again(
    shop: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staffing, "_ROUND_AGAIN", timedelta(seconds=0.05))
    await remember(shop, chats=(shop.group.id,), staff=(77,))
    troubles = [Fault.BROKEN, Fault.RESET, Fault.TOO_FAST]
    shop.proxy.chooses = lambda call: (
        troubles.pop(0) if call.method == "getChatAdministrators" and troubles else None
    )
    connection = shop.connection()
    await connection.open()
    known = Staffing(connection, shop.database, shop.clock, ACCOUNT)
    await known.open()
    await until(lambda: 77 not in known)
    assert (troubles, shop.owner.id in known) == ([], True)
    await known.close()
    await connection.close()


async def test_a_change_that_is_told_while_telegram_is_asked_is_not_forgotten(
    known: Staffing, telegram: ScriptedTelegram
) -> None:
    telegram.answers("getChatAdministrators", does(admins(standing("creator", BOSS))))
    await known.learn(said(text="在吗"))
    answered = asyncio.Event()

    async def stale(request: Any) -> Any:
        await answered.wait()
        return await does(admins(standing("creator", BOSS)))(request)

    telegram.answers("getChatAdministrators", stale)
    asking = asyncio.create_task(known._ask(-1001234))
    await until(lambda: len(telegram.calls("getChatAdministrators")) == 2)
    made = change(standing("member", STRANGER), standing("administrator", STRANGER))
    await known.learn(update(chat_member=made))
    answered.set()
    assert await asking
    assert 5009 in known


async def test_only_people_s_ids_are_remembered(
    shop: Living, connection: TelegramConnection
) -> None:
    async with shop.database.writing() as database:
        seen = [Seen("chat:-1001234", "一群", staff=True)]
        await ensure_members(database, "telegram", seen, AT)
    known = Staffing(connection, shop.database, shop.clock, ACCOUNT)
    await known.open()
    assert -1001234 not in known
    await known.close()
