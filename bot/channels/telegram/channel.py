"""The channel to Telegram: one bot account that hears and speaks.

It puts the rooms of this package together. Actions become methods (`rendering.py`), are called
(`connection.py`), and what comes of them is an outcome (`outcomes.py`). What happens comes from its
hearing, whichever kind that is; the channel adds only what it learns by speaking: that a group has
moved to another id. What was on its way to the old id goes to the new one at once.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramMigrateToChat
from aiogram.methods import EditMessageText, GetChat, TelegramMethod
from aiogram.types import ChatInviteLink, Message

from bot.channels.telegram.button_signs import words_to_keep
from bot.channels.telegram.connection import TelegramConnection
from bot.channels.telegram.hearing import Hearing
from bot.channels.telegram.menu import Menus
from bot.channels.telegram.outcomes import NO_TEXT, outcome_of
from bot.channels.telegram.pictures import Pictures, Upload
from bot.channels.telegram.rendering import method_of, receipt_of, words_changed
from bot.channels.telegram.silences import Silences
from handlers.events import Chat, Event, GroupMoved
from scheduler.clock import Clock
from scheduler.courier import (
    Action,
    Address,
    Admit,
    Befriend,
    Delete,
    Done,
    Edit,
    Invite,
    Limits,
    Lookup,
    Outcome,
    Pin,
    Post,
    Presence,
    Rate,
    TooFast,
    Unable,
)
from storage import button_words
from storage.database import Database

_log = structlog.get_logger(__name__)

PLATFORM = "telegram"

_BEFORE_SUPERGROUPS = "-100"  # stands before the ids of supergroups in the Bot API

LIMITS = Limits(
    # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    account=(Rate(30, timedelta(seconds=1)),),
    chat=(Rate(1, timedelta(seconds=1)),),
    group=(Rate(20, timedelta(minutes=1)),),
    # sendMessage, sendPhoto and sendMediaGroup at https://core.telegram.org/bots/api. Lengths are
    # in code points (message_length_max at https://core.telegram.org/constructor/config).
    text_length=4096,
    caption_length=1024,
    pictures=10,
    pictures_alone=True,
)


class TelegramChannel:
    """One bot account on Telegram.

    Args:
        name: the account's name among this bot's Telegram accounts.
        connection: the bot's calls; the channel opens and closes it.
        hearing: how updates come in; the channel opens it behind the connection.
        database: where what buttons say is kept.
        clock: what time it is.
        data: the folder below which the bot's own pictures lie.
        menus: the command menus that it keeps up; None leaves the bot's as they are.
    """

    def __init__(
        self,
        *,
        name: str,
        connection: TelegramConnection,
        hearing: Hearing,
        database: Database,
        clock: Clock,
        data: Path,
        menus: Menus | None = None,
    ) -> None:
        self._account = f"{PLATFORM}:{name}"
        self._connection = connection
        self._hearing = hearing
        self._database = database
        self._clock = clock
        self._pictures = Pictures(data)
        self._menus = menus
        self._silences = Silences()
        self._moved: dict[str, str] = {}  # the new id of each group, by the old one
        self._moves: asyncio.Queue[str] = asyncio.Queue()  # old ids of groups, yet to be told of

    @property
    def platform(self) -> str:
        """`telegram`."""
        return PLATFORM

    @property
    def account(self) -> str:
        """`telegram:NAME`."""
        return self._account

    @property
    def limits(self) -> Limits:
        """What Telegram allows a bot."""
        return LIMITS

    @property
    def start_link(self) -> str | None:
        """Where a person starts the bot; None until the bot was connected once."""
        me = self._connection.me
        return None if me is None else f"https://t.me/{me.username}?start=hello"

    def link_to(self, message: str) -> str | None:
        """Telegram's address of a message in a supergroup, which opens for its members alone.

        Source: https://core.telegram.org/api/links#message-links. Small groups have none.
        """
        chat, _, number = message.partition("/")
        supergroup = chat.removeprefix(_BEFORE_SUPERGROUPS)
        if supergroup == chat or not (supergroup.isdecimal() and number.isdecimal()):
            return None
        return f"https://t.me/c/{supergroup}/{number}"

    async def open(self) -> None:
        """Connect, and begin to hear.

        Raises:
            TelegramUnreachable: nobody answers as Telegram would.
            TelegramRefused: the token is none, or no longer one.
            RunningError: the hearing cannot begin.
        """
        await self._connection.open()
        try:
            await self._hearing.open()
        except BaseException:
            await self.close()
            raise
        if self._menus is not None:
            self._menus.open()

    async def close(self) -> None:
        """Stop hearing, end every call and disconnect. Safe to call twice."""
        try:
            if self._menus is not None:
                await self._menus.close()
            await self._hearing.close()
        finally:
            await self._connection.close()

    async def events(self, after: str | None) -> AsyncGenerator[Event]:
        """What happened behind the update `after`, and the moves that speaking brought to light.

        A move has no update of its own, and carries the cursor of the event before it.
        """
        cursor = after or "0"
        # Whoever listens anew may not have stored what they were told before.
        moves: asyncio.Queue[str] = asyncio.Queue()
        self._moves = moves
        for before in self._moved:
            moves.put_nowait(before)
        async with aclosing(self._hearing.events(after)) as heard:
            moving = asyncio.create_task(moves.get())
            hearing = asyncio.create_task(_next(heard))
            try:
                while True:
                    await asyncio.wait((moving, hearing), return_when=asyncio.FIRST_COMPLETED)
                    if moving.done():
                        before, moving = moving.result(), asyncio.create_task(moves.get())
                        yield await self._told(before, cursor)
                    if hearing.done():
                        event = hearing.result()
                        if event is None:
                            return
                        cursor = event.cursor
                        if self._menus is not None:
                            self._menus.notice(event)
                        yield event
                        hearing = asyncio.create_task(_next(heard))
            finally:
                moving.cancel()
                hearing.cancel()
                await asyncio.gather(moving, hearing, return_exceptions=True)

    async def _told(self, before: str, cursor: str) -> GroupMoved:
        """A move as an event; the group's name is asked for, and empty where nobody says it."""
        now = self._moved[before]
        try:
            name = (await self._connection.call(GetChat(chat_id=int(now)))).title or ""
        except AiogramError as error:
            _log.warning("group_not_described", account=self._account, reason=str(error))
            name = ""
        return GroupMoved(self._account, cursor, self._clock.now(), Chat(now, name), before)

    async def confirm(self, cursor: str) -> None:
        """Everything up to this update is stored."""
        await self._hearing.confirm(cursor)
        if self._menus is not None:
            self._menus.stored()

    async def lookup(self, key: str) -> Lookup:  # noqa: ARG002 (the port hands it in)
        """Telegram does not tell what a bot has posted."""
        return Lookup(Presence.UNKNOWN)

    async def perform(self, action: Action) -> Outcome:
        """Carry one action out; whatever Telegram or the network does is an outcome."""
        pictures: list[Upload] = []
        if isinstance(action, Post | Edit):
            try:
                pictures = await self._pictures.uploads(action.content.pictures)
            except OSError as error:  # the bot's own picture cannot be read
                return Unable(str(error))
            await self._keep_words(action)
        return await self._carry_out(self._followed(action), pictures)

    async def _keep_words(self, action: Post | Edit) -> None:
        words = words_to_keep(action.content)
        if words:
            async with self._database.writing() as connection:
                await button_words.keep(connection, words, self._clock.now())

    def _followed(self, action: Action) -> Action:
        """The action at the id that its group has now.

        Earlier posts stayed at the old id, where nothing can be done to them: at the new one their
        numbers are other people's messages.
        """
        now = self._moved.get(action.address.group or "")
        if now is None or isinstance(action, Edit | Delete | Pin):
            return action
        address = Address(group=now, topic=action.address.topic)
        return dataclasses.replace(action, address=address)

    async def _carry_out(
        self, action: Action, pictures: list[Upload], *, again: bool = False
    ) -> Outcome:
        try:
            method = method_of(action, pictures)
        except ValueError as error:  # Telegram has no such thing
            return Unable(str(error))
        try:
            result = await self._call(action, method)
        except TelegramMigrateToChat as moved:
            if action.address.group is None or again:
                return outcome_of(moved, _wanted(action))
            self._note_move(action.address.group, str(moved.migrate_to_chat_id))
            if isinstance(action, Edit | Delete | Pin):
                return Unable("the post stayed behind when its group moved")
        except AiogramError as error:
            return self._judged(action, outcome_of(error, _wanted(action)), pictures)
        else:
            self._pictures.posted(pictures, _messages(result))
            return Done(_receipt(action, result))
        return await self._carry_out(self._followed(action), pictures, again=True)

    async def _call(self, action: Action, method: TelegramMethod[Any]) -> Any:
        try:
            return await self._connection.call(method)
        except TelegramBadRequest as error:
            # Only Telegram knows whether a post's words stand alone or below a picture.
            if not (isinstance(action, Edit) and isinstance(method, EditMessageText)):
                raise
            if NO_TEXT not in error.message.lower():
                raise
        return await self._connection.call(words_changed(action))

    def _note_move(self, before: str, now: str) -> None:
        if self._moved.get(before) != now:
            _log.info("group_moved", account=self._account, before=before, now=now)
            self._moved[before] = now
            self._moves.put_nowait(before)

    def _judged(self, action: Action, outcome: Outcome, pictures: list[Upload]) -> Outcome:
        """The outcome; a "too fast" with the word whether the whole account is meant."""
        if isinstance(outcome, Unable):
            self._pictures.refused(pictures)
        if not isinstance(outcome, TooFast):
            return outcome
        now, address = self._clock.now(), action.address
        chat = address.group or address.person or ""
        account_wide = self._silences.mean_account(chat, now + outcome.retry_after, now)
        return dataclasses.replace(outcome, account_wide=account_wide)


async def _next(events: AsyncGenerator[Event]) -> Event | None:
    """The next event; None once there will be none."""
    return await anext(events, None)


def _messages(result: Any) -> list[Message]:
    """The messages that Telegram answers with, if it does so."""
    answered = result if isinstance(result, list) else [result]
    return [one for one in answered if isinstance(one, Message)]


def _receipt(action: Action, result: Any) -> str:
    """The receipt of an action that Telegram did: of its answer, or what it was wanted for."""
    if isinstance(result, ChatInviteLink):
        return result.invite_link
    if isinstance(action, Post):
        return receipt_of([message.message_id for message in _messages(result)])
    return _wanted(action)


def _wanted(action: Action) -> str:
    """What an action is about that changes something: the post, or the person."""
    match action:
        case Post() | Invite():
            return action.key
        case Admit():
            return action.person
        case Befriend():
            return action.request
        case _:
            return action.receipt
