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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.configuration import Configuration
from bot.wiring import open_desk
from handlers.desk import Desk
from handlers.events import Chat, MessageHeard, Person
from handlers.recording import record_batch
from handlers.roles import Role
from handlers.taggers import tag_by_words, tag_everybody
from scheduler.clock import RealClock
from storage.errors import RunningError
from storage.groups import all_groups
from storage.members import members_of

_BATCH = 500
_LONGEST_TEXT = 20_000
_ACCOUNT = "import"


class HistoryUnreadable(RunningError):
    """The file cannot be read as a history of this format."""

    number = 505
    sentence = "The history {place} cannot be read: {reason}."
    mend = "docs/how-to/import-a-history.md shows what the lines of a history look like."


@dataclass(frozen=True, slots=True)
class Row:
    """One message of a history. `person` is the platform's id where the history has it.

    A time without a zone is the shop's.
    """

    line: int
    group: str
    member: str
    text: str
    at: datetime
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A line that could not be read, and why."""

    line: int
    reason: str


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
    try:
        lines = await asyncio.to_thread(_read, file, form)
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as trouble:
        reason = getattr(trouble, "strerror", None) or f"{trouble}" or type(trouble).__name__
        raise HistoryUnreadable(place=file, reason=reason) from trouble
    desk = await open_desk(configuration, RealClock(), ())
    try:
        return await _Importer(desk, group).take(lines)
    finally:
        await desk.database.close()


class _Importer:
    """Turns rows into events of the right group and member, batch by batch."""

    def __init__(self, desk: Desk, group: str | None) -> None:
        self._desk = desk
        self._group = group
        self._zone = ZoneInfo(desk.shop.zone)
        self._done = Imported()
        self._ordinals: Counter[tuple[str, str, str, datetime]] = Counter()
        self._chats: dict[str, tuple[str, str, Chat]] = {}
        self._people: dict[str, dict[str, Person]] = {}

    async def take(self, lines: Iterable[Row | Rejection]) -> Imported:
        """Import every row, then look over everybody's tags once."""
        await self._learn_groups()
        rest = iter(lines)
        while batch := list(islice(rest, _BATCH)):
            self._done.rejections.extend(one for one in batch if isinstance(one, Rejection))
            await self._store([one for one in batch if isinstance(one, Row)])
        async with self._desk.database.writing() as connection:
            await tag_everybody(connection, self._desk)
        return self._done

    async def _learn_groups(self) -> None:
        """The groups that are known already, so that a history joins the live group."""
        async with self._desk.database.reading() as connection:
            for group in await all_groups(connection, self._desk.shop_id):
                seated = await members_of(connection, group.id)
                platform = seated[0].platform if seated else group.account
                self._chats[group.name] = (
                    group.account,
                    platform,
                    Chat(group.chat, group.name),
                )
                self._people[group.name] = {
                    one.name: Person(one.person, one.name, one.staff) for one in seated
                }

    async def _store(self, rows: Sequence[Row]) -> None:
        events: dict[tuple[str, str], list[MessageHeard]] = {}
        for row in rows:
            account, platform, event = self._event(row)
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

    def _event(self, row: Row) -> tuple[str, str, MessageHeard]:
        name = self._group or row.group
        account, platform, chat = self._chats.setdefault(
            name, (_ACCOUNT, _ACCOUNT, Chat(name, name))
        )
        at = row.at if row.at.tzinfo is not None else row.at.replace(tzinfo=self._zone)
        same = (name, row.member, row.text, at)
        self._ordinals[same] += 1
        known = self._people.setdefault(name, {})
        person = known.setdefault(
            row.member, Person(row.person or f"{_ACCOUNT}:{row.member}", row.member)
        )
        event = MessageHeard(
            account=account,
            cursor="",
            at=at,
            message=_key(*same, self._ordinals[same]),
            chat=chat,
            sender=person,
            text=row.text,
        )
        return account, platform, event


def _never(_text: str, _role: Role) -> bool:
    """Nothing in a history is a command any more."""
    return False


def _key(group: str, member: str, text: str, at: datetime, ordinal: int) -> str:
    parts = json.dumps([group, member, text, at.astimezone(UTC).isoformat(), ordinal])
    return f"import:{hashlib.sha256(parts.encode()).hexdigest()[:32]}"


def _read(file: Path, form: str) -> Iterable[Row | Rejection]:
    if form == "telegram":
        return list(_telegram(json.loads(file.read_text(encoding="utf-8"))))
    text = file.read_bytes()
    return list(_jsonl(text))


def _jsonl(data: bytes) -> Iterator[Row | Rejection]:
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield _row(number, json.loads(line.decode("utf-8")))
        except UnicodeDecodeError:
            yield Rejection(number, "it is not UTF-8")
        except json.JSONDecodeError as broken:
            yield Rejection(number, f"it is not JSON: {broken.msg} at character {broken.pos + 1}")
        except _Wrong as wrong:
            yield Rejection(number, str(wrong))


class _Wrong(ValueError):
    """A row that is JSON but not a message; its text says why."""


def _row(line: int, document: Any) -> Row:
    if not isinstance(document, dict):
        raise _Wrong("it is not an object")
    parts = {}
    for name in ("group", "member", "text", "at"):
        value = document.get(name)
        if not isinstance(value, str) or not value.strip():
            raise _Wrong(f"{name} is missing" if value is None else f"{name} must be a text")
        parts[name] = value
    if len(parts["text"]) > _LONGEST_TEXT:
        raise _Wrong(f"text is longer than {_LONGEST_TEXT} characters")
    try:
        at = datetime.fromisoformat(parts["at"])
    except ValueError:
        raise _Wrong(
            f"at is no time: {parts['at'][:40]!r}; write 2026-11-05T20:13:00+08:00"
        ) from None
    if at.tzinfo is None:
        raise _Wrong("at has no time zone; write 2026-11-05T20:13:00+08:00")
    return Row(line, parts["group"].strip(), parts["member"].strip(), parts["text"], at)


def _telegram(document: Any) -> Iterator[Row | Rejection]:
    """The messages of a Telegram Desktop export; service lines are left out.

    `from_id` is the member's id with a word before it; `text` is a text or a list of parts.
    """
    group = str(document["name"])
    for number, one in enumerate(document["messages"], start=1):
        if one.get("type") != "message":
            continue
        text = _plain(one.get("text", ""))
        if not text.strip():
            continue
        name, stamp = one.get("from"), one.get("date_unixtime")
        if not isinstance(name, str) or not str(stamp or "").isdigit():
            yield Rejection(number, "from or date_unixtime is missing")
            continue
        person = str(one.get("from_id", "")).removeprefix("user") or None
        yield Row(number, group, name, text, datetime.fromtimestamp(int(stamp), UTC), person)


def _plain(text: Any) -> str:
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else str(part.get("text", "")) for part in text)
