"""A chat history in a file, as rows: one message each, or why a line is none.

`FORMATS` names the readers. Each is a generator that reads on as its rows are taken, so a history
may be larger than the memory; a bad line becomes a `Rejection` and the next ones are still read.
`importing.py` stores the rows.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storage.errors import RunningError

_LONGEST_TEXT = 20_000
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_LONGEST_STAMP = 10  # digits of a time in seconds, up to the year 2286


class HistoryUnreadable(RunningError):
    """The file cannot be read as a history of this format."""

    number = 505
    sentence = "The history {place} cannot be read: {reason}."
    mend = "docs/how-to/import-a-history.md shows what the lines of a history look like."


@dataclass(frozen=True, slots=True)
class Row:
    """One message of a history.

    `person`, `chat`, `message` and `reply_to` (the message that this one replies to) are the
    platform's ids where the history has them. A time without a zone is the shop's. What is
    `forwarded` are somebody else's words.
    """

    line: int
    group: str
    member: str
    text: str
    at: datetime
    person: str | None = None
    forwarded: bool = False
    chat: str | None = None
    message: str | None = None
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A line that could not be read, and why."""

    line: int
    reason: str


def _jsonl(file: Path) -> Iterator[Row | Rejection]:
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            text = line.removeprefix(BOM_UTF8) if number == 1 else line
            if text.strip():
                yield _read(number, text)


def _read(number: int, line: bytes) -> Row | Rejection:
    try:
        return _row(number, json.loads(line.rstrip().decode("utf-8")))
    except _Wrong as wrong:
        return Rejection(number, str(wrong))
    except UnicodeDecodeError:
        return Rejection(number, "it is not UTF-8")
    except json.JSONDecodeError as broken:
        return Rejection(number, f"it is not JSON: {broken.msg} at character {broken.pos + 1}")
    except (ValueError, RecursionError) as strange:
        # JSON, but a number or a nesting that no message needs and Python refuses.
        return Rejection(number, f"it cannot be read: {strange}")


class _Wrong(ValueError):
    """Something that is JSON but not a message; its text says why."""


def _row(line: int, document: Any) -> Row:
    if not isinstance(document, dict):
        raise _Wrong("it is not an object")
    parts = {name: _part(document, name) for name in ("group", "member", "text", "at")}
    try:
        at = datetime.fromisoformat(parts["at"])
    except ValueError:
        raise _Wrong(
            f"at is no time: {parts['at'][:40]!r}; write 2026-11-05T20:13:00+08:00"
        ) from None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise _Wrong(f"at is in the year {at.year}")
    return Row(line, parts["group"].strip(), parts["member"].strip(), _text(parts["text"]), at)


def _part(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if value is None:
        raise _Wrong(f"{name} is missing")
    if not isinstance(value, str):
        raise _Wrong(f"{name} must be a text")
    if not value.strip():
        raise _Wrong(f"{name} is empty")
    return value


def _text(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise _Wrong(f"text is longer than {_LONGEST_TEXT:,} characters")
    return text


def _telegram(file: Path) -> Iterator[Row | Rejection]:
    """The messages of a Telegram Desktop export of one chat; service lines are left out.

    `from_id` is the member's id with a word before it; `text` is a text or a list of parts. `id` is
    the chat's without what the Bot API puts before it, which depends on the chat's type.
    """
    try:
        document = json.loads(file.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as broken:
        raise HistoryUnreadable(place=file, reason=f"it is not JSON: {broken}") from broken
    name, messages = (
        (document.get("name"), document.get("messages"))
        if isinstance(document, dict)
        else (None,) * 2
    )
    if not isinstance(name, str) or not name.strip() or not isinstance(messages, list):
        reason = "it is not Telegram Desktop's export of one chat, with its name and messages"
        raise HistoryUnreadable(place=file, reason=reason)
    chat = _telegram_chat(document)
    for number, one in enumerate(messages, start=1):
        try:
            row = _telegram_row(number, name.strip(), chat, one)
        except _Wrong as wrong:
            yield Rejection(number, str(wrong))
        else:
            if row is not None:
                yield row


_BEFORE_THE_ID = {"private_group": "-", "private_supergroup": "-100", "public_supergroup": "-100"}


def _telegram_chat(document: dict[str, Any]) -> str | None:
    """The chat's id as the Bot API writes it; None where the export does not say."""
    before, identity = _BEFORE_THE_ID.get(str(document.get("type"))), document.get("id")
    return f"{before}{identity}" if before and isinstance(identity, int) else None


def _telegram_row(number: int, group: str, chat: str | None, message: Any) -> Row | None:
    """One message as a row; None where nobody says anything.

    Messages from before a small group became a supergroup have ids below zero in the export, which
    no bot has ever heard.
    """
    if not isinstance(message, dict):
        raise _Wrong("it is not an object")
    if message.get("type") != "message":
        return None
    text = _text(_plain(message.get("text", "")))
    if not text.strip():
        return None
    stamp = str(message.get("date_unixtime"))
    if not stamp.isdecimal() or len(stamp) > _LONGEST_STAMP:
        raise _Wrong("date_unixtime is no time")
    return Row(
        line=number,
        group=group,
        member=_part(message, "from").strip(),
        text=text,
        at=datetime.fromtimestamp(int(stamp), UTC),
        person=str(message.get("from_id") or "").removeprefix("user") or None,
        forwarded="forwarded_from" in message,
        chat=chat,
        message=_telegram_message(chat, message.get("id")),
        reply_to=_telegram_message(chat, message.get("reply_to_message_id")),
    )


def _telegram_message(chat: str | None, identity: Any) -> str | None:
    """A message's id as the bot hears it; None of one that no bot has heard."""
    return f"{chat}/{identity}" if chat and isinstance(identity, int) and identity > 0 else None


def _plain(text: Any) -> str:
    """A text of Telegram's: whole, or in parts of which some are objects with a `text`."""
    if isinstance(text, str):
        return text
    if not isinstance(text, list):
        raise _Wrong("text must be a text or a list of parts")
    return "".join(
        _plain(part.get("text")) if isinstance(part, dict) else _plain(part) for part in text
    )


FORMATS: dict[str, Callable[[Path], Iterator[Row | Rejection]]] = {
    "jsonl": _jsonl,
    "telegram": _telegram,
}
