"""Many rows, or many values, in one statement whose text never changes, the same on both engines.

PostgreSQL takes one array for each column and unnests them; SQLite takes one JSON document and
takes it apart. Either way a statement is built and compiled once, however many rows go in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    FromClause,
    Table,
    TableClause,
    Text,
    Update,
    bindparam,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Insert = sqlite.Insert | postgresql.Insert


def insert(connection: AsyncConnection, target: Table) -> Insert:
    """The engine's own INSERT, which knows `on_conflict_do_nothing` and `..._do_update`."""
    return _insert(connection.dialect.name, target)


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
    statement = _insertion(connection.dialect.name, target, tuple(rows[0]), returning)
    done = await connection.execute(statement, _parameters(connection.dialect, target, rows))
    return done.all() if returning else ()


async def update_each(
    connection: AsyncConnection,
    target: Table,
    rows: Sequence[Mapping[str, Any]],
    where: ColumnElement[bool],
    **given: Any,
) -> None:
    """Update each row that `rows` names by its `id`, where it still is as `where` says.

    Args:
        connection: an open transaction.
        target: the table, with a column `id`.
        rows: all with the same keys: `id`, and names of the columns to set. No id stands twice.
        where: what must be true of a row before, besides its id. A constant of the room that
            asks: the statement is kept by it.
        given: the values of the parameters in `where`.
    """
    if not rows:
        return
    statement = _updating(connection.dialect.name, target, tuple(rows[0]), where)
    parameters = _parameters(connection.dialect, target, rows)
    await connection.execute(statement, {**parameters, **given})


def given(
    connection: AsyncConnection, kinds: TableClause, rows: Sequence[Mapping[str, Any]]
) -> tuple[FromClause, dict[str, Any]]:
    """Rows that a question is asked with, to select from, and the parameters they come in.

    Args:
        connection: an open transaction.
        kinds: names the columns with their types.
        rows: at least one, all with the same keys, which are names of columns. A question holds one
            such set.
    """
    names = tuple(rows[0])
    parameters = _parameters(connection.dialect, kinds, rows)
    return _given(connection.dialect.name, kinds, names), parameters


def among(column: Column[Any], values: Iterable[Any] | str) -> ColumnElement[bool]:
    """The condition that a column is one of `values`, however many, in one parameter.

    A name instead of values is that of the parameter they are given in later.
    """
    kind = Many(column.type)
    if isinstance(values, str):
        given = bindparam(values, type_=kind)
    else:
        given = bindparam(None, list(values), type_=kind, unique=True)
    # The comparison is written together with its right-hand side, because it differs as well.
    return column.bool_op("")(_OneOf(given))


class Many(TypeDecorator[Sequence[Any]]):
    """Many values in one parameter: an array on PostgreSQL, a list in JSON on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, each: TypeEngine[Any]) -> None:
        super().__init__()
        self.each = each

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The engine's type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        # One dimension: a document that is a list is one value, not more of them.
        return dialect.type_descriptor(postgresql.ARRAY(self.each, dimensions=1))

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """Write the list, on SQLite, with each value as the engine stores it."""
        if value is None or dialect.name != "sqlite":
            return value
        return _json(_stored(self.each, value, dialect))


class _OneOf(FunctionElement[Any]):
    """What makes a column stand among the values of a parameter."""

    inherit_cache = True


@compiles(_OneOf, "sqlite")
def _in_json(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    values = compiler.process(element.clauses, **options)
    return f"IN (SELECT value FROM json_each({values}))"  # noqa: S608 (a parameter's place)


@compiles(_OneOf, "postgresql")
def _in_array(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    values = compiler.process(element.clauses, **options)
    return f"= ANY ({values})"


def _insert(engine: str, target: Table) -> Insert:
    return sqlite.insert(target) if engine == "sqlite" else postgresql.insert(target)


@lru_cache(maxsize=128)
def _insertion(
    engine: str, target: Table, names: tuple[str, ...], returning: tuple[Column[Any], ...]
) -> Any:
    given = _given(engine, target, names)
    # SQLite would read ON CONFLICT as a join's ON, were there nothing in between.
    rows = select(*given.c).where(true())
    statement = _insert(engine, target).from_select(list(names), rows).on_conflict_do_nothing()
    return statement.returning(*returning) if returning else statement


@lru_cache(maxsize=128)
def _updating(
    engine: str, target: Table, names: tuple[str, ...], where: ColumnElement[bool]
) -> Update:
    given = _given(engine, target, names)
    news = {name: given.c[name] for name in names if name != "id"}
    return update(target).where(target.c.id == given.c.id, where).values(news)


def _given(engine: str, target: TableClause, names: tuple[str, ...]) -> FromClause:
    """The rows that `_parameters` hands over, as something to select from."""
    if engine == "sqlite":
        each = func.json_each(bindparam("given_rows", type_=Text())).table_valued("value")
        parts = [
            func.json_extract(each.c.value, literal_column(f"'$[{place}]'")).label(name)
            for place, name in enumerate(names)
        ]
    else:
        parts = [
            func.unnest(bindparam(f"given_{name}", type_=Many(target.c[name].type))).label(name)
            for name in names
        ]
    return select(*parts).subquery("given")


def _parameters(
    dialect: Dialect, target: TableClause, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    names = list(rows[0])
    columns = {name: [row[name] for row in rows] for name in names}
    if dialect.name != "sqlite":
        return {f"given_{name}": values for name, values in columns.items()}
    stored = (_stored(target.c[name].type, columns[name], dialect) for name in names)
    return {"given_rows": _json(list(zip(*stored, strict=True)))}


def _stored(kind: TypeEngine[Any], values: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
    """The values as the engine stores them."""
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else [process(value) for value in values]


def _json(values: Sequence[Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
