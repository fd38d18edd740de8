"""The migrations lead to the tables, and an older database is brought there safely."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Column,
    Connection,
    Index,
    MetaData,
    Table,
    Text,
    inspect,
    select,
    text,
)

from storage import database as database_room
from storage import schema, tables
from storage.database import Database
from storage.errors import (
    DatabaseTooNew,
)
from storage.migrations import apply
from storage.tables import shops
from tests.storage.builders import shop
from tests.storage.refusals import refused, run


def differences(connection: Connection, target: MetaData) -> list[str]:
    """What a migration would still have to change to reach `target`."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    changes = compare_metadata(context, target)
    if connection.dialect.name == "sqlite":
        # SQLAlchemy does not read ON DELETE of a column that was added; see below.
        changes = [change for change in changes if str(change[0]) not in {"add_fk", "remove_fk"}]
    return [str(change) for change in changes]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_reference_is_as_the_tables_say_on_sqlite_too(database: Database) -> None:
    async with database.reading() as connection:
        for table in tables.metadata.sorted_tables:
            found = await connection.execute(text(f"PRAGMA foreign_key_list({table.name})"))
            assert {(row[3], f"{row[2]}.{row[4]}", row[6]) for row in found} == {
                (key.parent.name, key.target_fullname, key.ondelete) for key in table.foreign_keys
            }, table.name


async def test_the_migrations_lead_exactly_to_the_tables(empty_url: str) -> None:
    database = await Database.open(empty_url)
    async with database.reading() as connection:
        assert await connection.run_sync(differences, tables.metadata) == []
    await database.close()


def with_a_table(target: MetaData) -> None:
    Table("forgotten", target, Column("word", Text))


def with_a_column(target: MetaData) -> None:
    target.tables["shops"].append_column(Column("forgotten", Text))


def with_an_index(target: MetaData) -> None:
    Index("ix_forgotten", target.tables["messages"].c.kind)


def with_another_type(target: MetaData) -> None:
    target.tables["shops"].c.key.type = tables.audit_log.c.at.type


@pytest.mark.parametrize(
    "change",
    [with_a_table, with_a_column, with_an_index, with_another_type],
    ids=lambda change: change.__name__,
)
async def test_a_change_without_its_migration_would_be_noticed(
    database: Database, change: Callable[[MetaData], None]
) -> None:
    target = MetaData(naming_convention=tables.metadata.naming_convention)
    for table in tables.metadata.sorted_tables:
        table.to_metadata(target)
    async with database.reading() as connection:
        assert await connection.run_sync(differences, target) == []
        change(target)
        assert len(await connection.run_sync(differences, target)) == 1


def test_the_known_revisions_are_the_files_oldest_first() -> None:
    scripts = ScriptDirectory.from_config(apply.configuration())
    walked = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(walked)) == schema.KNOWN
    files = sorted(Path(scripts.versions).glob("[0-9]*.py"))
    assert [file.name.split("_")[0] for file in files] == sorted(schema.KNOWN)


async def test_opening_again_changes_nothing(database_url: str) -> None:
    await run(database_url, "INSERT INTO shops (key) VALUES ('shop')")
    database = await Database.open(database_url)
    async with database.reading() as connection:
        assert list(await connection.scalars(select(shops.c.key))) == ["shop"]
    await database.close()


async def test_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    opened = await asyncio.gather(*(Database.open(empty_url) for _ in range(4)))
    for database in opened:
        async with database.writing() as connection:
            await shop(connection)
        await database.close()


# A newer release over an older file


@pytest.fixture
def newer_release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Make this a release with one more migration, which runs the statement given."""

    def release(statement: str) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(Path(apply.__file__).parent, folder)
        (folder / "versions" / "9000_made_up.py").write_text(
            "from alembic import op\n"
            "revision = '9000'\n"
            f"down_revision = {schema.HEAD!r}\n"
            f"def upgrade() -> None:\n    op.execute('CREATE TABLE halfway (word TEXT)')\n"
            f"    op.execute({statement!r})\n"
        )
        configuration = apply.configuration()
        configuration.set_main_option("script_location", str(folder))
        monkeypatch.setattr(apply, "configuration", lambda: configuration)
        monkeypatch.setattr(database_room, "KNOWN", (*schema.KNOWN, "9000"))
        monkeypatch.setattr(database_room, "HEAD", "9000")

    return release


def copies(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.before-*"))


async def test_an_older_file_is_copied_before_it_is_migrated(
    empty_url: str, tmp_path: Path, newer_release: Callable[[str], None]
) -> None:
    await run(empty_url, "INSERT INTO shops (key) VALUES ('shop')")
    assert copies(tmp_path) == []
    newer_release("ALTER TABLE shops ADD COLUMN made_up TEXT")
    database = await Database.open(empty_url)
    async with database.reading() as connection:
        found = await connection.execute(text("SELECT key, made_up FROM shops"))
        assert [tuple(row) for row in found] == [("shop", None)]
    await database.close()
    if not database.is_sqlite:
        assert copies(tmp_path) == []
        return
    (copy,) = copies(tmp_path)
    assert copy.name == f"nuanqun.db.before-9000-was-{schema.HEAD}"
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT key FROM shops").fetchall() == [("shop",)]
        assert old.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.HEAD,)]


async def test_a_migration_that_fails_leaves_everything_as_it_was(
    empty_url: str,
    newer_release: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await run(empty_url, "INSERT INTO shops (key) VALUES ('shop')")
    with monkeypatch.context():
        newer_release("INSERT INTO nowhere VALUES (1)")
        assert "nowhere" in await refused(empty_url)
    monkeypatch.undo()
    database = await Database.open(empty_url)
    async with database.reading() as connection:
        assert list(await connection.scalars(select(shops.c.key))) == ["shop"]
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        assert "halfway" not in names
    await database.close()


async def test_a_newer_schema_is_refused_and_left_alone(empty_url: str) -> None:
    await run(empty_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseTooNew, match="9999"):
        await Database.open(empty_url)
    with pytest.raises(DatabaseTooNew):
        await Database.open(empty_url)
