"""Moments, words and documents come back as they went in, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import cast, func, literal, select, text
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from storage import audit
from storage.audit import Entry
from storage.columns import Document, UtcDateTime, Words
from storage.tables import audit_log
from tests.storage.builders import HOUR, NOW

DIALECT = DefaultDialect()
SHANGHAI = timezone(timedelta(hours=8))


async def kept(connection: AsyncConnection, **parts: Any) -> Entry:
    """The entry as the engine gives it back."""
    standard: dict[str, Any] = {"at": NOW, "actor": "a", "action": "b", "subject": "c"}
    await audit.note(connection, Entry(**{**standard, "details": {}, **parts}))
    return (await audit.latest(connection, 1))[0]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 1, 4, 0, tzinfo=UTC),
        datetime(2026, 11, 1, 4, 0, 0, 123456, tzinfo=UTC),
        datetime(2026, 11, 11, 0, 0, tzinfo=SHANGHAI),
        datetime(2056, 2, 29, 23, 59, 59, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
    ],
)
async def test_a_moment_comes_back_the_same_in_utc(
    connection: AsyncConnection, moment: datetime
) -> None:
    back = (await kept(connection, at=moment)).at
    assert back == moment
    assert back.tzinfo is UTC


@pytest.mark.parametrize("shared", ["sqlite"], indirect=True)
async def test_sqlite_keeps_moments_as_every_release_has_written_them(
    connection: AsyncConnection,
) -> None:
    await kept(connection, at=datetime(2026, 11, 11, 0, 0, tzinfo=SHANGHAI))
    written = await connection.scalar(text("SELECT at FROM audit_log"))
    assert written == "2026-11-10 16:00:00.000000"


async def test_a_naive_moment_is_refused(connection: AsyncConnection) -> None:
    with pytest.raises(StatementError, match="needs a time zone"):
        await kept(connection, at=datetime(2026, 11, 1, 4, 0))  # noqa: DTZ001 (it is the point)


async def test_moments_of_different_zones_are_compared_as_moments(
    connection: AsyncConnection,
) -> None:
    earlier = datetime(2026, 11, 11, 0, 0, tzinfo=SHANGHAI)  # 16:00 of the day before in UTC
    later = datetime(2026, 11, 10, 17, 0, tzinfo=UTC)
    await kept(connection, at=later)
    await kept(connection, at=earlier)
    assert await connection.scalar(select(func.min(audit_log.c.at))) == earlier
    assert await connection.scalar(select(func.max(audit_log.c.at))) == later
    after = select(func.count()).where(audit_log.c.at > earlier + HOUR / 2)
    assert await connection.scalar(after) == 1


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"text": "姐妹们，预售开始啦 🎉", "pictures": [{"source": "a.png", "caption": "“补水”"}]},
        {"深": {"更深": [1, 2.5, None, True, "\n\t\\"]}},
    ],
)
async def test_a_document_comes_back_the_same(
    connection: AsyncConnection, document: dict[str, Any]
) -> None:
    assert (await kept(connection, details=document)).details == document


def test_chinese_in_a_document_stays_readable_to_whoever_looks_into_the_file() -> None:
    written = Document().process_bind_param({"text": "面霜"}, DIALECT)
    assert written == '{"text":"面霜"}'


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("姐妹们 🎉\n好用", "姐妹们 🎉\n好用"),
        ("half a smile \ud83d", "half a smile \N{REPLACEMENT CHARACTER}"),
        ("a\x00b", "a\N{REPLACEMENT CHARACTER}b"),
        ("'; DROP TABLE members; --", "'; DROP TABLE members; --"),
        ("", ""),
    ],
)
async def test_words_are_stored_whatever_is_in_them(
    connection: AsyncConnection, said: str, stored: str
) -> None:
    assert (await kept(connection, actor=said)).actor == stored


async def test_a_document_is_stored_whatever_is_in_it(connection: AsyncConnection) -> None:
    back = await kept(connection, details={"text": "half \ud83d", "nul": "\x00"})
    assert back.details == {"text": "half \N{REPLACEMENT CHARACTER}", "nul": "\x00"}


@given(st.text(st.characters()))
def test_any_text_at_all_becomes_text_that_utf_8_can_hold(said: str) -> None:
    stored = Words().process_bind_param(said, DIALECT)
    assert stored is not None
    assert len(stored) == len(said)
    assert "\x00" not in stored
    assert stored.encode().decode() == stored


@pytest.mark.parametrize("kind", [Words(), UtcDateTime(), Document()])
async def test_nothing_stays_nothing(connection: AsyncConnection, kind: TypeEngine[Any]) -> None:
    nothing = select(cast(literal(None, kind), kind))
    assert (await connection.execute(nothing)).scalar_one() is None
