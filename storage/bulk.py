"""Many rows in one statement, the same on both engines.

SQLite takes lists of values; PostgreSQL takes one array for each column and unnests them, which
keeps the statement's text constant and is markedly faster there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Table, bindparam, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

Insert = sqlite.Insert | postgresql.Insert


def insert(connection: AsyncConnection, target: Table) -> Insert:
    """The engine's own INSERT, which knows `on_conflict_do_nothing` and `..._do_update`."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(target)
    return postgresql.insert(target)


async def insert_new(
    connection: AsyncConnection,
    target: Table,
    rows: Sequence[Mapping[str, Any]],
    *returning: Column[Any],
) -> Sequence[Any]:
    """Insert `rows`, leaving out those that break a unique constraint.

    Args:
        connection: an open transaction.
        target: the table.
        rows: all with the same keys, which are names of columns.
        returning: columns to give back of the rows that were really inserted, in no order.
    """
    if not rows:
        return ()
    statement = insert(connection, target)
    if connection.dialect.name == "sqlite":
        statement = statement.on_conflict_do_nothing()
        parameters: Any = [dict(row) for row in rows]
    else:
        names = list(rows[0])
        kinds = {name: ARRAY(target.c[name].type) for name in names}
        arrays = [
            # The type stands twice: the first converts our values, the second tells the server.
            func.unnest(cast(bindparam(name, type_=kind), kind)).label(name)
            for name, kind in kinds.items()
        ]
        statement = statement.from_select(names, select(*arrays)).on_conflict_do_nothing()
        parameters = {name: [row[name] for row in rows] for name in names}
    if not returning:
        await connection.execute(statement, parameters)
        return ()
    return (await connection.execute(statement.returning(*returning), parameters)).all()
