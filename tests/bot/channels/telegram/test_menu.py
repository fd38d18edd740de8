"""The command menus: who sees which commands in which language, and when Telegram is told so."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import DeleteMyCommands, GetMyCommands, SetMyCommands, TelegramMethod
from aiogram.types import BotCommand, BotCommandScopeUnion
from pydantic import SecretStr

from bot.channels.telegram.connection import TelegramConnection
from bot.channels.telegram.menu import LANGUAGES, Menus, menu
from handlers.commands import REGISTRY
from handlers.events import Chat, Event, MessageHeard, Person, StaffChanged
from handlers.roles import Role
from tests.bot.program import until
from tests.handlers.shop import NOW

FANS, ALL = (menu(REGISTRY, role, "en") for role in Role)
EVERYWHERE = ["all_chat_administrators", "all_group_chats", "all_private_chats", "default"]


class RememberedMenus(TelegramConnection):
    """A connection to a Telegram that knows menus alone; the private chat 7 is not open."""

    def __init__(self) -> None:
        super().__init__(SecretStr("1:a"))
        self.menus: dict[tuple[str, str], list[BotCommand]] = {}
        self.changes: list[str] = []

    async def call(self, method: TelegramMethod[Any]) -> Any:
        scope = cast("GetMyCommands | SetMyCommands | DeleteMyCommands", method).scope
        code = cast("GetMyCommands | SetMyCommands | DeleteMyCommands", method).language_code
        assert scope is not None
        key = name(scope), code or ""
        if key[0] == "7":
            raise TelegramBadRequest(method, "Bad Request: chat not found")
        match method:
            case GetMyCommands():
                return self.menus.get(key, [])
            case SetMyCommands():
                self.menus[key] = method.commands
            case DeleteMyCommands():
                del self.menus[key]
            case _:
                raise NotImplementedError(method)
        self.changes.append(key[0])
        return True

    def names(self, scope: str, code: str = "") -> list[str]:
        return [one.command for one in self.menus.get((scope, code), [])]


def name(scope: BotCommandScopeUnion) -> str:
    return str(getattr(scope, "chat_id", scope.type.value))


@pytest.fixture
def telegram() -> RememberedMenus:
    return RememberedMenus()


@pytest.fixture
def managers() -> set[str]:
    """Who is stored as a manager."""
    return {"5", "7"}


@pytest.fixture
async def menus(telegram: RememberedMenus, managers: set[str]) -> AsyncIterator[Menus]:
    async def role_of(person: str) -> Role:
        return Role.MANAGER if person in managers else Role.FAN

    opened = Menus(telegram, role_of)
    opened.open()
    await offered(opened)
    yield opened
    await opened.close()


async def offered(menus: Menus, *events: Event) -> None:
    """Once everything is offered that these events, stored by now, and the start call for."""
    for event in events:
        menus.notice(event)
    menus.stored()
    await until(lambda: not menus._waiting)
    await asyncio.sleep(0.01)


def word(person: str, *, staff: bool = False, chat: Chat | None = None) -> MessageHeard:
    """Somebody says something, in private by default."""
    sender = Person(person, "小鱼", staff=staff)
    return MessageHeard("telegram:shop", "1", NOW, "1", chat, sender, "你好")


def made_staff(person: str, *, staff: bool) -> StaffChanged:
    return StaffChanged(
        "telegram:shop", "1", NOW, Chat("-1", "一群"), Person(person, "小鱼", staff)
    )


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_every_command_has_a_name_and_words_that_telegram_takes(language: str) -> None:
    offered = menu(REGISTRY, Role.MANAGER, language)
    assert 0 < len(offered) <= 100
    for one in offered:
        assert re.fullmatch(r"[a-z0-9_]{1,32}", one.command)
        assert 0 < len(one.description) <= 256


def test_fans_see_theirs_and_managers_see_all() -> None:
    assert [one.command for one in FANS] == [one.name for one in REGISTRY if one.role is Role.FAN]
    assert {one.command for one in ALL} == {one.name for one in REGISTRY if one.in_menu}


def test_what_takes_another_command_back_is_left_to_the_help() -> None:
    left_out = {one.name for one in REGISTRY} - {one.command for one in ALL}
    assert {"unmourn", "untag"} <= left_out
    assert all(name.startswith("un") for name in left_out)


def test_a_chinese_menu_tells_the_chinese_word_as_well() -> None:
    (found,) = [one for one in menu(REGISTRY, Role.FAN, "zh") if one.command == "help"]
    assert found.description == "帮助：看我会做什么"
    (found,) = [one for one in FANS if one.command == "help"]
    assert found.description.isascii()


async def test_at_open_each_scope_gets_its_menu_in_each_language(
    telegram: RememberedMenus, menus: Menus
) -> None:
    assert menus is not None
    assert sorted(telegram.menus) == [(scope, code) for scope in EVERYWHERE for code in ("", "zh")]
    assert telegram.menus["default", ""] == FANS
    assert telegram.menus["all_group_chats", "zh"] == menu(REGISTRY, Role.FAN, "zh")
    assert telegram.menus["all_chat_administrators", ""] == ALL


async def test_what_telegram_shows_already_is_not_sent_again(
    telegram: RememberedMenus, menus: Menus
) -> None:
    await menus.close()
    telegram.changes.clear()
    telegram.menus["default", ""] = FANS[:1]  # somebody asked BotFather for it
    menus.open()
    await offered(menus)
    assert telegram.changes == ["default"]


@pytest.mark.parametrize("event", [word("5"), made_staff("5", staff=True)], ids=repr)
async def test_a_manager_s_private_chat_gets_the_managers_menu(
    telegram: RememberedMenus, menus: Menus, event: Event
) -> None:
    await offered(menus, event)
    assert telegram.names("5") == [one.command for one in ALL]
    telegram.changes.clear()
    await offered(menus, word("5"))
    assert telegram.changes == []


@pytest.mark.parametrize(
    "event",
    [
        word("6"),
        word("6", staff=True),  # of a group that is not the shop's
        word("5", chat=Chat("-1", "一群")),
        made_staff("chat:-1", staff=True),  # an anonymous admin, who has no private chat
    ],
    ids=repr,
)
async def test_fans_in_private_and_everybody_in_groups_have_the_menus_for_everybody(
    telegram: RememberedMenus, menus: Menus, event: Event
) -> None:
    telegram.changes.clear()
    await offered(menus, event)
    assert telegram.changes == []


async def test_nothing_is_offered_before_it_is_stored(
    telegram: RememberedMenus, menus: Menus, managers: set[str]
) -> None:
    telegram.changes.clear()
    menus.notice(word("6"))
    managers.add("6")
    await offered(menus)
    assert telegram.names("6") == [one.command for one in ALL]


@pytest.mark.parametrize("last", [made_staff("6", staff=False), word("6")], ids=repr)
async def test_who_is_a_manager_no_more_loses_the_managers_menu(
    telegram: RememberedMenus, menus: Menus, managers: set[str], last: Event
) -> None:
    managers.add("6")
    await offered(menus, word("6", staff=True))
    managers.remove("6")
    await offered(menus, last)
    assert telegram.names("6") == telegram.names("6", "zh") == []


async def test_trouble_with_one_menu_leaves_the_others_and_is_tried_again(
    telegram: RememberedMenus, menus: Menus
) -> None:
    await offered(menus, made_staff("7", staff=True), word("5"))  # 7 never opened the private chat
    assert telegram.names("5")
    assert menus._seen.get("7") is None  # asked for again with their next word


async def test_closing_ends_the_task_and_may_be_done_twice(menus: Menus) -> None:
    before = asyncio.all_tasks()
    await menus.close()
    await menus.close()
    assert len(asyncio.all_tasks()) == len(before) - 1
