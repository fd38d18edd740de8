"""Each statement is compiled once for a run of the tests, not anew for each test's database.

SQLAlchemy keeps what it has compiled beside the engine, and a bot has one or two of those as long
as it lives. A test has engines of its own: compiling was a third of what the run computed.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import Dialect

_MOST = 4_000  # statements: those of the bot on both engines, and no endless heap of rare ones


class CompiledOnce(MutableMapping[tuple[Any, ...], Any]):
    """SQLAlchemy's keys begin with the engine's dialect, here with the dialect's name."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[Any, ...], Any] = {}

    def __getitem__(self, key: tuple[Any, ...]) -> Any:
        return self._compiled[_of_any_engine(key)]

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        if len(self._compiled) >= _MOST:
            self._compiled.clear()
        self._compiled[_of_any_engine(key)] = compiled

    def __delitem__(self, key: tuple[Any, ...]) -> None:
        del self._compiled[_of_any_engine(key)]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._compiled)

    def __len__(self) -> int:
        return len(self._compiled)

    def serve_every_engine(self) -> None:
        """Keep what the engines of this process compile from now on."""

        @event.listens_for(Engine, "engine_connect")
        def _serve(connection: Connection) -> None:
            connection.execution_options(compiled_cache=self)


def _of_any_engine(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect: Dialect = key[0]
    return (dialect.name, dialect.driver, *key[1:])
