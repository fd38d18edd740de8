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
from storage.members import members_of

_BATCH = 500
_ACCOUNT = "import"


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


class _Importer:
    """Turns rows into events of the right group and member, batch by batch."""

    def __init__(self, desk: Desk, group: str | None) -> None:
        self._desk = desk
        self._group = group
        self._zone = ZoneInfo(desk.shop.zone)
        self._done = Imported()
        self._ordinals: Counter[bytes] = Counter()  # by digest: a history has many texts
        self._groups: dict[str, Group] = {}
        self._chats: dict[str, tuple[str, str, Chat]] = {}
        self._people: dict[tuple[str, str], Person] = {}

    async def begin(self) -> None:
        """Learn the groups that are known, so that a history joins the live group of its name."""
        async with self._desk.database.reading() as connection:
            for group in await heard_groups(connection, self._desk.shop_id):
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
            if name not in self._chats:
                self._chats[name] = await self._chat(name)
            account, platform, event = self._event(name, row)
            events.setdefault((account, platform), []).append(event)
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

    async def _chat(self, name: str) -> tuple[str, str, Chat]:
        """The account, the platform and the chat of a group that the file names for the first time.

        Those who sit in a live group are learnt with it.
        """
        group = self._groups.get(name)
        if group is None:
            return _ACCOUNT, _ACCOUNT, Chat(name, name)
        async with self._desk.database.reading() as connection:
            seated = await members_of(connection, group.id)
        for one in seated:
            self._people[name, one.name] = Person(one.person, one.name, one.staff)
        platform = seated[0].platform if seated else group.account
        return group.account, platform, Chat(group.chat, name)

    def _event(self, name: str, row: Row) -> tuple[str, str, MessageHeard]:
        account, platform, chat = self._chats[name]
        at = row.at if row.at.tzinfo is not None else row.at.replace(tzinfo=self._zone)
        same = (name, row.person or row.member, row.text, at)
        digest = _digest(*same)
        self._ordinals[digest] += 1
        event = MessageHeard(
            account=account,
            cursor="",
            at=at,
            message=f"import:{_digest(*same, self._ordinals[digest]).hex()}",
            chat=chat,
            sender=self._sender(name, row),
            text=row.text,
            forwarded=row.forwarded,
        )
        return account, platform, event

    def _sender(self, group: str, row: Row) -> Person:
        """The member of the live group who has this name; else somebody of the history's own."""
        live = self._people.get((group, row.member))
        return live or Person(row.person or f"{_ACCOUNT}:{row.member}", row.member)


def _never(_text: str, _role: Role) -> bool:
    """Nothing in a history is a command any more."""
    return False


def _digest(group: str, member: str, text: str, at: datetime, *ordinal: int) -> bytes:
    """Sixteen bytes for a row, or for a row and its ordinal."""
    parts = json.dumps([group, member, text, at.astimezone(UTC).isoformat(), *ordinal])
    return hashlib.sha256(parts.encode()).digest()[:16]
