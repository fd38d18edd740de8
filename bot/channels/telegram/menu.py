"""The command menu that Telegram shows: fans see theirs, managers see all.

It is made from the registry of commands, in Chinese for those whose Telegram is Chinese and in
English for everybody else. Telegram keeps a menu for each scope and language; what it has already
is asked first, so that a start changes nothing where nothing changed. Menus are a convenience: a
task of its own offers them, and trouble with one is logged and left for the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

import structlog
from aiogram.exceptions import AiogramError
from aiogram.methods import DeleteMyCommands, GetMyCommands, SetMyCommands
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
    BotCommandScopeUnion,
)
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.telegram.connection import TelegramConnection
from handlers.commands import REGISTRY
from handlers.events import ButtonPressed, Event, MessageHeard, StaffChanged
from handlers.registry import Command
from handlers.roles import Role
from handlers.wording import wording

_log = structlog.get_logger(__name__)

# Telegram's language code → the bot's language; the empty code is for all that have none of theirs.
LANGUAGES: Mapping[str, str] = {"zh": "zh", "": "en"}

# The most special scope that fits wins: https://core.telegram.org/bots/api#botcommandscope. Those
# for private chats and groups are set too, lest menus of an earlier bot on this token hide ours.
FOR_EVERYBODY: tuple[tuple[BotCommandScopeUnion, Role], ...] = (
    (BotCommandScopeDefault(), Role.FAN),
    (BotCommandScopeAllPrivateChats(), Role.FAN),
    (BotCommandScopeAllGroupChats(), Role.FAN),
    (BotCommandScopeAllChatAdministrators(), Role.MANAGER),
)


def menu(commands: Iterable[Command], role: Role, language: str) -> list[BotCommand]:
    """What somebody of this role may use, as Telegram shows it.

    A Chinese menu names the Chinese word too, which does as well as the Latin name. Telegram takes
    100 commands at most.
    """
    say = wording(language)
    return [
        BotCommand(
            command=one.name,
            description=f"{one.alias}：{say(one.summary)}"
            if language == "zh"
            else say(one.summary),
        )
        for one in commands
        if role >= one.role and one.in_menu
    ]


class Menus:
    """The menus of one bot: those for everybody, and one in each manager's private chat.

    Args:
        connection: the bot's calls.
        role_of: what somebody is to the bot, by Telegram's id, as far as it is stored.
    """

    def __init__(
        self, connection: TelegramConnection, role_of: Callable[[str], Awaitable[Role]]
    ) -> None:
        self._connection = connection
        self._role_of = role_of
        # Whose menu somebody has in private: fans' by default, None where nobody knows.
        self._seen: dict[str, Role | None] = {}
        self._noticed: dict[str, bool] = {}  # who may want another; whether it is looked at anyway
        self._waiting: dict[str, tuple[BotCommandScopeUnion, Role | None]] = {}
        self._something_waits = asyncio.Event()
        self._offering: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to offer; the connection is open."""
        for scope, role in FOR_EVERYBODY:
            self._ask_for(scope.type.value, scope, role)
        self._offering = asyncio.create_task(self._offer_all(), name="menus")

    async def close(self) -> None:
        """Offer no more. Safe to call twice."""
        offering, self._offering = self._offering, None
        if offering is not None:
            offering.cancel()
            await asyncio.gather(offering, return_exceptions=True)

    def notice(self, event: Event) -> None:
        """See whether this may call for another menu in somebody's private chat."""
        match event:
            case MessageHeard(chat=None, sender=one) | ButtonPressed(chat=None, sender=one):
                anyway = False
            case StaffChanged(member=one):
                anyway = True  # an earlier run may have given them theirs
            case _:
                return
        if one.id.isdecimal():  # who speaks as a chat has no private one
            self._noticed[one.id] = anyway or self._noticed.get(one.id, False)

    def stored(self) -> None:
        """What was noticed is stored: only now it is known what somebody is to the bot."""
        noticed, self._noticed = self._noticed, {}
        for person, anyway in noticed.items():
            if anyway:
                self._seen[person] = None
            self._ask_for(person, BotCommandScopeChat(chat_id=int(person)), None)

    def _ask_for(self, key: str, scope: BotCommandScopeUnion, role: Role | None) -> None:
        self._waiting[key] = scope, role
        self._something_waits.set()

    async def _offer_all(self) -> None:
        """Offer what is asked for, one after the other."""
        while True:
            await self._something_waits.wait()
            self._something_waits.clear()
            while self._waiting:
                key = next(iter(self._waiting))
                scope, role = self._waiting.pop(key)
                try:
                    if role is not None:
                        await self._offer(scope, role)
                    elif (theirs := await self._role_of(key)) is not self._seen.get(key, Role.FAN):
                        await self._offer(scope, theirs)
                        self._seen[key] = theirs
                except (AiogramError, SQLAlchemyError, OSError) as error:
                    # Among them: staff who never opened a private chat with the bot.
                    _log.info("menu_not_offered", scope=scope.type.value, reason=str(error))

    async def _offer(self, scope: BotCommandScopeUnion, role: Role) -> None:
        """Have the menu there in each language, if it is another one."""
        # In a fan's private chat there is none of its own: the one for all private chats shows.
        nothing = role is Role.FAN and isinstance(scope, BotCommandScopeChat)
        for code, language in LANGUAGES.items():
            wanted = [] if nothing else menu(REGISTRY, role, language)
            call = self._connection.call
            shown = await call(GetMyCommands(scope=scope, language_code=code))
            if _words(shown) == _words(wanted):
                continue
            if wanted:
                await call(SetMyCommands(commands=wanted, scope=scope, language_code=code))
            else:
                await call(DeleteMyCommands(scope=scope, language_code=code))


def _words(commands: Iterable[BotCommand]) -> list[tuple[str, str]]:
    """What can be compared: commands that Telegram sent know their bot besides."""
    return [(one.command, one.description) for one in commands]
