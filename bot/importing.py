"""`nuanqun import chat`: a history from before the bot, through the same pipeline as live talk.

Nothing in it is answered or obeyed. A row's key is made from its group, member, time and text,
and from its ordinal among rows that are the same in all of these, so that importing a file twice
stores nothing twice and two equal rows in one file are both kept. Bad rows are listed by line;
the good ones are kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.configuration import Configuration
from bot.history import FORMATS, HistoryUnreadable, Rejection, Row
from bot.wiring import open_desk
from handlers.desk import Desk
from handlers.events import Chat, MessageHeard, Person
from handlers.recording import record_batch
from handlers.roles import Role
from handlers.taggers import tag_by_words, tag_everybody
from scheduler.clock import RealClock
from storage.groups import Group, heard_groups
from storage.lately_said import IMPORTED
from storage.members import member_known_as, members_of

_BATCH = 500
_ACCOUNT = "import"
_TELEGRAM = "telegram:"


@dataclass(slots=True)
class Imported:
    """What became of a history: every row is one of the three."""

    stored: int = 0
    duplicates: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The counts, and the rejected lines with their reasons."""
        return {
            "stored": self.stored,
            "duplicates": self.duplicates,
            "rejected": len(self.rejections),
            "rejections": [{"line": one.line, "reason": one.reason} for one in self.rejections],
        }


async def import_history(
    configuration: Configuration, file: Path, form: str, group: str | None = None
) -> Imported:
    """Import a file; `group` overrides the group of every row.

    Raises:
        HistoryUnreadable: there is no such file, or it is not of this format at all.
        StorageError: the database cannot be used.
    """
    lines = FORMATS[form](file)
    # The first batch is read before anything else, so that a file which is no history changes
    # nothing.
    first = await _next_batch(lines, file)
    desk = await open_desk(configuration, RealClock())
    try:
        importer = _Importer(desk, group)
        await importer.begin()
        batch = first
        while batch:
            await importer.take(batch)
            batch = await _next_batch(lines, file)
        return await importer.end()
    finally:
        await desk.database.close()


async def _next_batch(lines: Iterator[Row | Rejection], file: Path) -> list[Row | Rejection]:
    """Read on, in a thread: a history may be larger than the memory."""
    try:
        return await asyncio.to_thread(lambda: list(islice(lines, _BATCH)))
    except OSError as trouble:
        raise HistoryUnreadable(place=file, reason=trouble.strerror) from trouble


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the words of a group belong; `ids` where the history's ids are the live group's own."""

    account: str
    platform: str
    chat: Chat
    ids: bool = False


class _Importer:
    """Turns rows into events of the right group and member, batch by batch."""

    def __init__(self, desk: Desk, group: str | None) -> None:
        self._desk = desk
        self._group = group
        self._zone = ZoneInfo(desk.shop.zone)
        self._done = Imported()
        self._ordinals: Counter[bytes] = Counter()  # by digest: a history has many texts
        self._groups: dict[str, Group] = {}
        self._live: dict[str, Group] = {}  # by the platform's id of the chat
        self._chats: dict[tuple[str, str | None], _Place] = {}
        self._people: dict[tuple[str, str], Person] = {}
        self._known: dict[tuple[str, str], Person] = {}  # by platform and id

    async def begin(self) -> None:
        """Learn the groups that are known, so that a history joins the live group that it is of."""
        async with self._desk.database.reading() as connection:
            for group in await heard_groups(connection, self._desk.shop_id):
                if group.account.startswith(_TELEGRAM):
                    self._live[group.chat] = group
                known = self._groups.get(group.name)
                # One that was imported before it was live has the same rows already.
                if known is None or known.account != _ACCOUNT:
                    self._groups[group.name] = group

    async def take(self, lines: Sequence[Row | Rejection]) -> None:
        """Import a batch."""
        self._done.rejections.extend(one for one in lines if isinstance(one, Rejection))
        await self._store([one for one in lines if isinstance(one, Row)])

    async def end(self) -> Imported:
        """Look over everybody's tags, once; what became of the history."""
        await tag_everybody(self._desk)
        return self._done

    async def _store(self, rows: Sequence[Row]) -> None:
        events: dict[tuple[str, str], list[MessageHeard]] = {}
        for row in rows:
            name = self._group or row.group
            if (name, row.chat) not in self._chats:
                self._chats[name, row.chat] = await self._place(name, row.chat)
            place = self._chats[name, row.chat]
            event = await self._event(name, place, row)
            events.setdefault((place.account, place.platform), []).append(event)
        for (_, platform), heard in events.items():
            async with self._desk.database.writing() as connection:
                batch = await record_batch(
                    connection,
                    heard,
                    shop_id=self._desk.shop_id,
                    shop=self._desk.shop,
                    platform=platform,
                    is_command=_never,
                    history=True,
                )
                await tag_by_words(connection, self._desk, batch)
            self._done.stored += len(batch.said)
            self._done.duplicates += len(heard) - len(batch.said)

    async def _place(self, name: str, chat: str | None) -> _Place:
        """Where the words of a group belong that the file names for the first time.

        Those who sit in a live group are learnt with it.
        """
        by_id = self._live.get(chat) if chat is not None and self._group is None else None
        group = by_id or self._groups.get(name)
        if group is None:
            return _Place(_ACCOUNT, _ACCOUNT, Chat(name, name))
        async with self._desk.database.reading() as connection:
            seated = await members_of(connection, group.id)
        for one in seated:
            self._people[name, one.name] = Person(one.person, one.name, one.staff)
        platform = seated[0].platform if seated else group.account.partition(":")[0]
        return _Place(group.account, platform, Chat(group.chat, group.name), ids=by_id is not None)

    async def _event(self, name: str, place: _Place, row: Row) -> MessageHeard:
        at = row.at if row.at.tzinfo is not None else row.at.replace(tzinfo=self._zone)
        same = (name, row.person or row.member, row.text, at)
        digest = _digest(*same)
        self._ordinals[digest] += 1
        message = f"{IMPORTED}{_digest(*same, self._ordinals[digest]).hex()}"
        return MessageHeard(
            account=place.account,
            cursor="",
            at=at,
            # By its own id, what the bot has heard as well is stored once.
            message=row.message if place.ids and row.message is not None else message,
            chat=place.chat,
            sender=await self._sender(name, place, row),
            text=row.text,
            forwarded=row.forwarded,
            reply_to=row.reply_to if place.ids else None,
        )

    async def _sender(self, group: str, place: _Place, row: Row) -> Person:
        """The member by the platform's id, or by the name in the live group; else a new one."""
        if place.ids and row.person is not None:
            who = place.platform, row.person
            if who not in self._known:
                async with self._desk.database.reading() as connection:
                    found = await member_known_as(connection, *who)
                self._known[who] = (
                    Person(row.person, row.member)
                    if found is None
                    else Person(found.person, found.name, found.staff)  # names change
                )
            return self._known[who]
        live = self._people.get((group, row.member))
        return live or Person(row.person or f"{_ACCOUNT}:{row.member}", row.member)


def _never(_text: str, _role: Role) -> bool:
    """Nothing in a history is a command any more."""
    return False


def _digest(group: str, member: str, text: str, at: datetime, *ordinal: int) -> bytes:
    """Sixteen bytes for a row, or for a row and its ordinal."""
    parts = json.dumps([group, member, text, at.astimezone(UTC).isoformat(), *ordinal])
    return hashlib.sha256(parts.encode()).digest()[:16]
