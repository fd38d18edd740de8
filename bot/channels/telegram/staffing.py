"""Who is an admin of the groups that the bot sits in, kept as far as Telegram tells.

Telegram tells who is an admin of a group when it is asked, and of changes where the bot is an
admin itself. So every group is asked of when it is first heard of, changes are noted as they come,
and a task goes round all groups once an hour. Until its first round is over, those who were staff
before the restart are staff still: else a manager who speaks in private first would be nobody.

Whoever is an admin of one group is staff everywhere: a member is one person to the bot. Who is
found to be staff no more, without an update that says so, is told of with the next update; else
they would hear what is for managers until they speak. Who speaks as the group itself (an anonymous
admin) is seen in the message alone, in `translation.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.methods import GetChatAdministrators
from aiogram.types import ChatMemberUpdated, ResultChatMemberUnion, Update

from bot.channels.telegram.connection import TelegramConnection
from bot.channels.telegram.updates import chat_of_update, is_admin, is_group, is_in
from bot.seat import keep_up
from scheduler.clock import Clock
from storage import known_staff
from storage.database import Database

_log = structlog.get_logger(__name__)

_ROUND = timedelta(hours=1)
_TRIES = 3  # of each group in one round
_ROUND_AGAIN = timedelta(minutes=1)  # where some group was not answered for
# 10 groups a second: nobody says what Telegram allows here; messages are allowed 30.
_BETWEEN = timedelta(milliseconds=100)
_EVER = datetime.fromtimestamp(0, UTC)
_AT_FIRST_SIGHT = timedelta(seconds=5)  # for which hearing waits


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is an admin of a group, by id with their names, and since when the bot itself is one."""

    admins: Mapping[int, str] = field(default_factory=dict)
    bot_since: datetime | None = None


class Staffing:
    """The admins of one bot's groups. As a container it holds the ids of all who are staff."""

    def __init__(
        self, connection: TelegramConnection, database: Database, clock: Clock, account: str
    ) -> None:
        self._connection = connection
        self._database = database
        self._clock = clock
        self._account = account
        self._groups: dict[int, Standing] = {}
        self._seats = Counter[int]()  # of how many groups somebody is an admin
        self._remembered: dict[int, str] = {}
        self._dismissed: dict[int, str] = {}
        self._round: asyncio.Task[None] | None = None

    def __contains__(self, user: object) -> bool:
        return user in self._seats or user in self._remembered

    def groups_of(self, user: int) -> frozenset[str] | None:
        """The groups that somebody is an admin of; None for who was staff before the restart."""
        if user in self._remembered:
            return None
        return frozenset(str(chat) for chat, one in self._groups.items() if user in one.admins)

    async def open(self) -> None:
        """Remember who was staff, and begin to go round the groups."""
        await self.close()
        platform = self._account.partition(":")[0]
        async with self._database.reading() as connection:
            persons = await known_staff.staff_on(connection, platform, self._account)
        self._remembered = {int(one): name for one, name in persons.items() if one.isdecimal()}
        name = f"staffing {self._account}"
        self._round = asyncio.create_task(keep_up(name, self._go_round), name=name)

    async def close(self) -> None:
        """End the task, and forget. Safe to call twice."""
        task, self._round = self._round, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._groups.clear()
        self._seats.clear()
        self._dismissed.clear()

    def take_dismissed(self) -> tuple[int, dict[int, str]]:
        """Who was found to be staff no more, by id with their names, and a group to tell it of.

        It is a group that the bot is in, and so one that has admins: while there is none, they are
        kept.
        """
        chat = next((chat for chat, one in self._groups.items() if one.admins), None)
        if chat is None:
            return 0, {}
        dismissed, self._dismissed = self._dismissed, {}
        return chat, dismissed

    async def learn(self, update: Update) -> Standing:
        """What is known of an update's chat, with what the update itself says counted in.

        Asks Telegram where the chat is heard of for the first time; an answer that does not come
        within seconds is left to the next round.
        """
        chat = chat_of_update(update)
        if chat is None or not is_group(chat):
            return Standing()
        if update.my_chat_member is not None:
            await self._note_bot(update.my_chat_member)
        elif update.message is not None and update.message.migrate_to_chat_id:
            self._keep(update.message.migrate_to_chat_id, self._groups.get(chat.id, Standing()))
            self._keep(chat.id, Standing())
        elif chat.id not in self._groups:
            await self._look(chat.id)
        if update.chat_member is not None:
            self._note_member(update.chat_member)
        return self._groups.get(chat.id, Standing())

    async def _note_bot(self, change: ChatMemberUpdated) -> None:
        chat, old, new = change.chat.id, change.old_chat_member, change.new_chat_member
        if not is_in(new):
            self._keep(chat, Standing())
            return
        if chat not in self._groups or not is_in(old):
            await self._look(chat)
        since: datetime | None = None
        if is_admin(new):
            since = self._groups[chat].bot_since if is_admin(old) else change.date
        self._keep(chat, Standing(self._groups[chat].admins, since))

    def _note_member(self, change: ChatMemberUpdated) -> None:
        chat, member = change.chat.id, change.new_chat_member
        standing = self._groups[chat]
        admins = dict(standing.admins)
        admins.pop(member.user.id, None)
        if is_admin(change.old_chat_member) and not is_admin(member):
            self._remembered.pop(member.user.id, None)
        self._keep(chat, Standing(admins | _people([member]), standing.bot_since))
        self._dismissed.pop(member.user.id, None)  # the update tells it itself

    async def _look(self, chat: int) -> None:
        """Ask of a group that hearing waits for."""
        try:
            async with asyncio.timeout(_AT_FIRST_SIGHT.total_seconds()):
                await self._ask(chat)
        except TimeoutError:
            _log.warning("admins_unknown", account=self._account, chat=chat, reason="no answer")
        self._groups.setdefault(chat, Standing())  # where nobody said: the round asks again

    async def _go_round(self) -> None:
        while True:
            async with self._database.reading() as connection:
                chats = await known_staff.present_chats(connection, self._account)
            silent = [int(chat) for chat in chats]
            for _ in range(_TRIES):
                silent = [chat for chat in silent if not await self._ask_in_turn(chat)]
            if not silent:
                self._forget()
            await asyncio.sleep((_ROUND_AGAIN if silent else _ROUND).total_seconds())

    async def _ask_in_turn(self, chat: int) -> bool:
        told = await self._ask(chat)
        await asyncio.sleep(_BETWEEN.total_seconds())
        return told

    async def _ask(self, chat: int) -> bool:
        """Ask who is an admin of a group; False where it was not told."""
        known = self._groups.get(chat)
        try:
            members = await self._connection.call(GetChatAdministrators(chat_id=chat))
        except (TelegramForbiddenError, TelegramBadRequest, TelegramMigrateToChat):
            # The bot is not in it any more, or there is no such group: who leads it, leads nothing.
            self._keep(chat, Standing())
            return True
        except AiogramError as trouble:
            _log.info("admins_unknown", account=self._account, chat=chat, reason=str(trouble))
            if isinstance(trouble, TelegramRetryAfter):
                await asyncio.sleep(trouble.retry_after)
            return False
        if self._groups.get(chat) is known:  # else a change was noted meanwhile, which is newer
            me = self._connection.me
            leads = me is not None and any(one.user.id == me.id for one in members)
            # What is new at first sight was so before, in all likelihood: else its promotion
            # would still be told.
            since = _EVER if known is None else known.bot_since or self._clock.now()
            self._keep(chat, Standing(_people(members), since if leads else None))
        return True

    def _forget(self) -> None:
        """Every group was asked of: who is an admin of none is not staff any more."""
        gone = {one: name for one, name in self._remembered.items() if one not in self._seats}
        self._dismissed |= gone
        self._remembered = {}

    def _keep(self, chat: int, standing: Standing) -> None:
        before = self._groups.get(chat, Standing())
        self._groups[chat] = standing
        self._seats.update(standing.admins.keys())
        self._seats.subtract(before.admins.keys())
        self._seats = +self._seats  # without those of whom none is left
        for user, name in before.admins.items():
            if user not in self:
                self._dismissed[user] = name
        for user in standing.admins:
            self._dismissed.pop(user, None)


def _people(members: Iterable[ResultChatMemberUnion]) -> dict[int, str]:
    """The people among a group's admins, with their names."""
    return {
        one.user.id: one.user.full_name for one in members if is_admin(one) and not one.user.is_bot
    }
