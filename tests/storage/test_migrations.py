"""What an earlier release wrote is all there after the step to this one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, select, text

from storage import attempts, campaigns, deliveries, due, lanes
from storage import database as database_room
from storage.attempts import End
from storage.audiences import Audience
from storage.database import Database
from storage.deliveries import DeliveryState, Move
from storage.errors import DatabaseInUse
from storage.migrations import apply
from storage.tables import attempts as attempt_table
from storage.tables import campaigns as campaign_table
from storage.tables import content_versions, groups, metadata
from storage.tables import deliveries as ledger
from tests.storage.builders import ACCOUNT, HOUR, NOW

WRITTEN = Path(__file__).with_name("written_by_0001.sql").read_text(encoding="utf-8")
STATEMENTS = [
    # A colon inside a document is no parameter.
    re.sub(r"(?<=\"):", r"\\:", statement)
    for statement in WRITTEN.split(";\n")
    if "INSERT" in statement
]
LATER = NOW + HOUR


def to_0001(connection: Connection) -> None:
    """Make the tables that release 0.1 left behind."""
    configuration = apply.configuration()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "0001")


async def written_by_0001(url: str) -> None:
    """A database as release 0.1 left it, with something in every table that has changed."""
    database = Database(url)
    moments: dict[str, Any] = {"now": NOW, "later": LATER}
    if database.is_sqlite:
        moments = {name: f"{one:%Y-%m-%d %H:%M:%S.%f}" for name, one in moments.items()}
    async with database.writing() as connection:
        await connection.run_sync(to_0001)
        for statement in STATEMENTS:
            used = {name: one for name, one in moments.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)
    await database.close()


@pytest.fixture
async def database(empty_url: str) -> AsyncIterator[Database]:
    """A database that release 0.1 wrote, opened by this one."""
    await written_by_0001(empty_url)
    opened = await Database.open(empty_url)
    yield opened
    await opened.close()


async def test_every_row_is_kept(database: Database) -> None:
    expected = {
        "shops": 1,
        "accounts": 1,
        "lanes": 1,
        "groups": 2,
        "customers": 1,
        "members": 1,
        "messages": 1,
        "campaigns": 2,
        "content_versions": 3,
        "deliveries": 3,
        "attempts": 4,
    }
    async with database.reading() as connection:
        for table in metadata.sorted_tables:
            rows = (await connection.execute(select(table))).all()
            assert len(rows) == expected.get(table.name, 0), table.name


async def test_the_attempts_still_belong_to_their_deliveries(database: Database) -> None:
    async with database.reading() as connection:
        rows = await connection.execute(
            select(ledger.c.key, attempt_table.c.outcome)
            .join_from(attempt_table, ledger)
            .order_by(attempt_table.c.id)
        )
        assert [tuple(row) for row in rows] == [("k1", "planned"), ("k1", "sent"), ("k3", None)]


async def test_the_groups_of_before_are_the_shops(database: Database) -> None:
    async with database.reading() as connection:
        rows = (await connection.execute(select(groups.c.since, groups.c.accepted_at))).all()
    assert len(rows) == 2
    assert all(row.accepted_at == row.since for row in rows)


async def test_each_version_gets_the_audience_of_its_campaign(database: Database) -> None:
    async with database.reading() as connection:
        rows = await connection.execute(
            select(content_versions.c.campaign_id, content_versions.c.audience)
        )
        found = {(row.campaign_id, Audience.from_json(row.audience)) for row in rows}
    chosen = Audience(wanted=("老客群",), taken=(1,), kept_out=(2,), written="老客群 -二群")
    assert found == {(1, chosen), (2, Audience())}


async def test_a_campaign_says_its_newest_version_and_a_draft_is_planned_from_its_first_day(
    database: Database,
) -> None:
    async with database.reading() as connection:
        rows = await connection.execute(select(campaign_table).order_by(campaign_table.c.id))
        found = [
            (row.version_id, row.approved_version, row.planned_until, row.priority, row.hold_out)
            for row in rows
        ]
        drafted = await campaigns.by_key(connection, "c2")
    assert found == [(2, 2, LATER, 3, 0), (3, None, NOW, 3, 0)]
    assert drafted is not None
    assert drafted.audience == Audience()


async def test_what_was_sent_counts_for_the_caps_from_when_it_was_last_begun(
    database: Database,
) -> None:
    async with database.reading() as connection:
        found = await due.addressed_groups(connection, [1, 2], NOW - HOUR)
    assert found == {1: (LATER,), 2: (LATER,)}


async def test_the_sender_goes_on_where_the_old_one_stopped(database: Database) -> None:
    async with database.writing() as connection:
        assert await lanes.rest_of(connection, ACCOUNT) is None
        lane = await lanes.lease_lane(connection, ACCOUNT, "new", timedelta(seconds=8))
        assert lane is not None
        assert lane.token == 8
        await attempts.end_interrupted(connection, lane, LATER)
        (left,) = await deliveries.in_doubt(connection, ACCOUNT, NOW)
        assert (left.key, left.attempt_id) == ("k3", 3)
        (ready,) = await due.due(connection, ACCOUNT, NOW, 10)
        assert (ready.key, ready.approved, ready.campaign_state) == ("k2", True, "approved")
        calls = await deliveries.begin(connection, lane, [ready.id], LATER)
        await deliveries.move(connection, lane, [Move(ready.id, DeliveryState.SENT)], LATER)
        await attempts.end_calls(connection, [End(calls[ready.id], "done", None, LATER)])
        counts = await deliveries.counts(connection)
    assert {state: number for state, number in counts.items() if number} == {
        "sent": 2,
        "sending": 1,
    }


# A file that somebody uses


def copies(folder: Path) -> list[Path]:
    return list(folder.glob("*.before-*"))


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
async def test_a_file_that_a_running_bot_uses_is_not_migrated_under_it(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_room, "_PATIENCE", 0.1)
    await written_by_0001(empty_url)
    running = Database(empty_url)  # as the older release has it open
    running.hold_alone()
    with pytest.raises(DatabaseInUse, match=r"nuanqun\.db"):
        await Database.open(empty_url)
    assert copies(tmp_path) == []
    async with running.reading() as connection:
        found = await connection.execute(text("SELECT version_num FROM alembic_version"))
        assert found.scalar_one() == "0001"
    await running.close()
    opened = await Database.open(empty_url)
    alone = [opened.alone]
    opened.hold_alone()
    alone.append(opened.alone)
    await opened.close()
    assert [*alone, opened.alone] == [False, True, False]


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
async def test_a_file_of_this_release_is_opened_beside_a_running_bot(empty_url: str) -> None:
    running = await Database.open(empty_url)
    running.hold_alone()
    beside = await Database.open(empty_url)
    assert running.alone
    assert not beside.alone
    await beside.close()
    await running.close()
