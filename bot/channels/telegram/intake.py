"""From what Telegram sends to events: the steps that polling and webhooks share.

An update is read, what must be known besides it is found out (who is staff, what a long button
says), and it is translated. An update that cannot be read, such as one of a kind that this release
does not know, is logged and told as nothing: it must not hold up those behind it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiogram.exceptions import AiogramError
from aiogram.types import Update
from pydantic import ValidationError

from bot.channels.telegram.button_signs import digest_in
from bot.channels.telegram.connection import TelegramConnection, TelegramUnreachable
from bot.channels.telegram.moments import Moments
from bot.channels.telegram.reading import Me
from bot.channels.telegram.staffing import Staffing
from bot.channels.telegram.translation import Scene, numbered, translate
from handlers.events import Chat, Event, Person, StaffChanged
from scheduler.clock import Clock
from storage import button_words
from storage.database import Database

_log = structlog.get_logger(__name__)


class Intake:
    """The updates of one bot as events. It is opened behind the connection, and closed before."""

    def __init__(
        self, *, account: str, connection: TelegramConnection, database: Database, clock: Clock
    ) -> None:
        self._account = account
        self._connection = connection
        self._database = database
        self._clock = clock
        self._staffing = Staffing(connection, database, clock, account)
        self._spinners: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to find out who is staff."""
        await self._staffing.open()

    async def close(self) -> None:
        """End every task. Safe to call twice."""
        await self._staffing.close()
        for task in self._spinners:
            task.cancel()
        await asyncio.gather(*self._spinners, return_exceptions=True)

    def begin(self) -> Moments:
        """Begin a run of hearing: what happened before now is the past."""
        return Moments(self._clock.now())

    async def events_of(self, update: Update, moments: Moments, *, waited: bool) -> list[Event]:
        """What an update tells; empty where it is nothing to the bot.

        Args:
            update: the update.
            moments: those of this run.
            waited: whether it may have waited at Telegram since before this run.

        Raises:
            HeardLate: hearing was interrupted, and is to begin anew.
        """
        me = self._connection.me
        if me is None:
            raise RuntimeError("the connection was never opened")
        at = moments.of(update, self._clock.now(), waited=waited)
        standing = await self._staffing.learn(update)
        words: dict[str, str] = {}
        if update.callback_query is not None:
            words = await self._words(update.callback_query.data or "")
            self._stop_spinner(update.callback_query.id)
        scene = Scene(
            account=self._account,
            me=Me(me.id, me.username or ""),
            staff=self._staffing,
            admins=standing.admins,
            admin_since=standing.bot_since,
            words=words,
            staff_in=self._staffing.groups_of,
        )
        events = [*self._dismissed(), *translate(update, scene, at)]
        return numbered(events, update.update_id)

    def _dismissed(self) -> list[Event]:
        """Who was found to be staff no more; told with whatever update comes next."""
        chat, dismissed = self._staffing.take_dismissed()
        here, now = Chat(str(chat), ""), self._clock.now()
        return [
            StaffChanged(self._account, "", now, here, Person(str(user), name))
            for user, name in dismissed.items()
        ]

    async def _words(self, sign: str) -> dict[str, str]:
        digest = digest_in(sign)
        if digest is None:
            return {}
        async with self._database.reading() as connection:
            return await button_words.words_of(connection, [digest])

    def _stop_spinner(self, press: str) -> None:
        task = asyncio.create_task(self._connection.stop_spinner(press))
        self._spinners.add(task)
        task.add_done_callback(self._spinners.discard)


def read_update(document: dict[str, Any]) -> Update:
    """An update from its JSON; one that cannot be read is one that tells nothing.

    Raises:
        KeyError: it has not even a number.
    """
    number = document["update_id"]
    try:
        return Update.model_validate(document)
    except ValidationError as trouble:
        # What is wrong, but not what people said.
        wrong = [(one["loc"], one["type"]) for one in trouble.errors(include_input=False)]
        kinds = sorted(document.keys() - {"update_id"})
        _log.error("update_unreadable", update=number, kinds=kinds, wrong=wrong[:5])
        return Update(update_id=number)


def not_set_up(connection: TelegramConnection, trouble: AiogramError) -> TelegramUnreachable:
    """The error of a hearing that could not arrange with Telegram how updates come."""
    return TelegramUnreachable(api=connection.api, reason=trouble)
