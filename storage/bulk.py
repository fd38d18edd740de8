"""Many rows in one statement, the same on both engines.

SQLite takes lists of values; PostgreSQL takes one array for each column and unnests them, which
keeps the statement's text constant and is markedly faster there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Table,
    bindparam,
    cast,
    func,
    literal,
    select,
    update,
)
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
        statement = statement.from_select(
            list(rows[0]), select(*_unnested(target, rows[0]))
        ).on_conflict_do_nothing()
        parameters = _arrays(rows)
    if not returning:
        await connection.execute(statement, parameters)
        return ()
    return (await connection.execute(statement.returning(*returning), parameters)).all()


async def update_each(
    connection: AsyncConnection,
    target: Table,
    rows: Sequence[Mapping[str, Any]],
    where: ColumnElement[bool],
) -> None:
    """Update each row that `rows` names by its `id`, where it still is as `where` says.

    Args:
        connection: an open transaction.
        target: the table, with a column `id`.
        rows: all with the same keys: `id`, and names of the columns to set.
        where: what must be true of a row before, besides its id.
    """
    if not rows:
        return
    names = [name for name in rows[0] if name != "id"]
    statement = update(target).where(where)
    if connection.dialect.name == "sqlite":
        await connection.execute(
            statement.where(target.c.id == bindparam("of")).values(
                {name: bindparam(f"new_{name}", type_=target.c[name].type) for name in names}
            ),
            [{"of": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows],
        )
        return
    new = select(*_unnested(target, rows[0])).subquery("new")
    await connection.execute(
        statement.where(target.c.id == new.c.id).values({name: new.c[name] for name in names}),
        _arrays(rows),
    )


def among(connection: AsyncConnection, column: Column[Any], values: Iterable[Any]) -> Any:
    """The condition that a column is one of `values`, however many, in one parameter."""
    given = list(values)
    if connection.dialect.name == "sqlite":
        each = func.json_each(json.dumps(given)).table_valued("value")
        return column.in_(select(each.c.value))
    kind = ARRAY(column.type)
    return column == func.any(cast(literal(given, kind), kind))


def _unnested(target: Table, row: Mapping[str, Any]) -> list[Any]:
    """One column for each key of a row, unnested from the array `new_KEY` (PostgreSQL)."""
    kinds = {name: ARRAY(target.c[name].type) for name in row}
    return [
        # The type stands twice: the first converts our values, the second tells the server.
        func.unnest(cast(bindparam(f"new_{name}", type_=kind), kind)).label(name)
        for name, kind in kinds.items()
    ]


def _arrays(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {f"new_{name}": [row[name] for row in rows] for name in rows[0]}
