"""Hearing by asking: getUpdates again and again, confirming only what is stored.

Telegram forgets an update as soon as it is asked for what comes behind it. So the offset follows
what was confirmed, and not what was handed on: whatever dies in between is told again. What
Telegram repeats meanwhile, because it is not confirmed yet, is known and not handed on twice.

Numbers of updates mostly rise, but after a week of silence Telegram begins anew at any number,
maybe a lower one: they are never compared, except with what was told since.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

import structlog
from aiogram.exceptions import AiogramError, TelegramRetryAfter
from aiogram.methods import DeleteWebhook, GetUpdates
from aiogram.types import Update

from bot.channels.telegram.connection import TelegramConnection, Unreadable
from bot.channels.telegram.hearing import unless
from bot.channels.telegram.intake import Intake, not_set_up, read_update
from bot.channels.telegram.updates import ALLOWED_UPDATES
from handlers.events import Event

_log = structlog.get_logger(__name__)

AT_ONCE = 100  # updates in one answer, the most that Telegram gives
PATIENCE = 30  # seconds that Telegram waits for news: it would 50, but some proxies would not
_FIRST_REST = 0.5  # seconds, after trouble
_LONGEST_REST = 30.0
_ASK_AGAIN = 0.25  # seconds, while something is not confirmed yet


class PollingHearing:
    """The updates of one bot, asked for.

    Args:
        connection: the bot's calls, opened before this and closed after.
        intake: what makes events of updates; opened and closed with this.
    """

    def __init__(self, connection: TelegramConnection, intake: Intake) -> None:
        self._connection = connection
        self._intake = intake
        self._closed = asyncio.Event()
        self._closed.set()
        self._told = _Told(None)

    async def open(self) -> None:
        """Take away a webhook, beside which Telegram answers nobody who asks.

        Telegram keeps only the kinds of updates that were asked for last: they are named from here
        on, so that what happens before the first question proper is kept too.

        Raises:
            TelegramUnreachable: Telegram did not do it.
        """
        try:
            await self._connection.call(DeleteWebhook())
        except AiogramError as trouble:
            raise not_set_up(self._connection, trouble) from trouble
        try:
            await self._connection.call(
                GetUpdates(limit=1, timeout=0, allowed_updates=list(ALLOWED_UPDATES))
            )
        except AiogramError as trouble:  # an unread answer is one, too; all is asked for again
            _log.info("kinds_not_named", bot=repr(self._connection), reason=str(trouble))
        await self._intake.open()
        self._closed = asyncio.Event()

    async def close(self) -> None:
        """End hearing, and every task. Safe to call twice."""
        self._closed.set()
        await self._intake.close()

    async def confirm(self, cursor: str) -> None:
        """Everything up to this cursor is stored: the next question confirms it to Telegram."""
        self._told.confirm(cursor)

    async def events(self, after: str | None) -> AsyncGenerator[Event]:
        """What happened behind the update `after`; ends only when the hearing is closed.

        Raises:
            HeardLate: hearing was interrupted for long; hear anew.
        """
        closed = self._closed
        told = self._told = _Told(after)
        moments = self._intake.begin()
        waited = True  # until Telegram has told all that it had when this began
        while not closed.is_set():
            patience = 0 if waited or told else PATIENCE
            updates = await unless(closed, self._ask(told.ask_behind(), patience))
            if updates is None:
                return
            for update in updates:
                if update.update_id in told:
                    continue
                events = await self._intake.events_of(update, moments, waited=waited)
                if closed.is_set():
                    return
                told.note(update.update_id, unconfirmed=bool(events))
                for event in events:
                    yield event
            waited = waited and len(updates) == AT_ONCE
            await unless(closed, told.settle())

    async def _ask(self, offset: int | None, patience: int) -> list[Update]:
        """Ask until there is an answer, with growing rests."""
        question = GetUpdates(
            offset=offset, limit=AT_ONCE, timeout=patience, allowed_updates=list(ALLOWED_UPDATES)
        )
        rest = _FIRST_REST
        while True:
            try:
                return await self._connection.call(question)
            except Unreadable as answer:
                updates = _one_by_one(answer.data)
                if updates is not None:
                    return updates
                reason = str(answer)
            except TelegramRetryAfter as wait:
                rest, reason = max(rest, wait.retry_after), str(wait)
            except AiogramError as trouble:
                # No network, a server that fails, another program that asks with the same token
                # (409), a token that was revoked: all of it may pass, and is told each time.
                reason = str(trouble)
            _log.warning("not_hearing", bot=repr(self._connection), reason=reason, again_in=rest)
            await asyncio.sleep(rest)
            rest = min(rest * 2, _LONGEST_REST)


class _Told:
    """The updates that were handed on, in order, and are not confirmed yet."""

    def __init__(self, after: str | None) -> None:
        # 0 is before the first update, and the cursor of a webhook names no place (see there).
        place = int(after) if after is not None and after.isdecimal() else 0
        self._offset = place + 1 if place else None
        self._order: deque[int] = deque()
        self._unconfirmed: set[int] = set()
        self._known: set[int] = set()
        self._moved = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._order)

    def __contains__(self, number: int) -> bool:
        """Whether it was handed on before the question whose answer it came in."""
        return number in self._known

    def ask_behind(self) -> int | None:
        """Where the next question begins: what is confirmed by now does not come again."""
        self._known = set(self._order)
        return self._offset

    def note(self, number: int, *, unconfirmed: bool) -> None:
        """An update is handed on; one that tells nothing needs no confirmation of its own."""
        self._known.add(number)
        self._order.append(number)
        if unconfirmed:
            self._unconfirmed.add(number)
        self._advance()

    def confirm(self, cursor: str) -> None:
        """What was handed on up to this update is stored; other cursors say nothing new."""
        if not cursor.isdecimal() or int(cursor) not in self._unconfirmed:
            return
        for number in self._order:
            self._unconfirmed.discard(number)
            if number == int(cursor):
                break
        self._advance()

    def _advance(self) -> None:
        while self._order and self._order[0] not in self._unconfirmed:
            self._offset = self._order.popleft() + 1
        self._moved.set()

    async def settle(self) -> None:
        """Wait a moment for the confirmation of all, or as long as Telegram could tell no more."""
        while self._order:
            self._moved.clear()
            wait = None if len(self._order) >= AT_ONCE else _ASK_AGAIN
            try:
                async with asyncio.timeout(wait):
                    await self._moved.wait()
            except TimeoutError:
                return


def _one_by_one(answer: Any) -> list[Update] | None:
    """The updates of an answer that could not be read as a whole; None where it is no answer."""
    try:
        return [read_update(document) for document in answer["result"]]
    except (KeyError, TypeError):
        return None
