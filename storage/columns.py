"""The column types that every table shares.

Times are stored in UTC and come back aware, on both engines; ids are 64 bits wide where the
engine has them; text and documents of JSON are stored alike, whatever a platform puts in them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

Identity = BigInteger().with_variant(Integer(), "sqlite")
"""An id: 64 bits; SQLite counts rows itself only for its own INTEGER."""


_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL refuses, and halves of surrogate pairs, which UTF-8 does not have."""


def storable(text: str) -> str:
    """The text with U+FFFD for every character that an engine cannot store."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


class Words(TypeDecorator[str]):
    """Text. A character that an engine cannot store becomes U+FFFD.

    So one broken message, as JSON can carry it, never stops the batch that it comes in.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Replace what cannot be stored."""
        return None if value is None else storable(value)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Naive datetimes are refused: nobody knows when they were.

    SQLite keeps it as text, to the microsecond, which sorts like the moments themselves. Written
    here and not by SQLAlchemy, which takes three times as long: moments are most of what the
    ledger reads and writes.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Turn any aware moment into UTC, as the engine takes it."""
        return _as_text if dialect.name == "sqlite" else _in_utc

    def result_processor(
        self,
        dialect: Dialect,
        coltype: object,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> Callable[[Any], datetime | None]:
        """Give the moment back in UTC, aware."""
        return _from_text if dialect.name == "sqlite" else _in_utc


def _in_utc(moment: datetime | None) -> datetime | None:
    """The moment in UTC.

    Raises:
        ValueError: it is naive.
    """
    if moment is None or moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"a moment needs a time zone: {moment!r}")
    return moment.astimezone(UTC)


def _as_text(moment: datetime | None) -> str | None:
    in_utc = _in_utc(moment)
    return None if in_utc is None else in_utc.isoformat(" ", "microseconds").removesuffix("+00:00")


def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


class Document(TypeDecorator[Any]):
    """A JSON document, kept as text so that both engines give back exactly what was written."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Write compact JSON with Chinese left readable."""
        if value is None:
            return None
        written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", written)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 (SQLAlchemy's signature)
        """Read the JSON."""
        return None if value is None else json.loads(value)
