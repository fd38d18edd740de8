"""What SQLite and PostgreSQL each say in their own way, and mean the same by.

SQLAlchemy has no words for these; each is a function that writes itself as the engine at hand reads
it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from storage.columns import Identity, UtcDateTime


class Later(FunctionElement[datetime]):
    """A moment so many seconds after another, as the engine reckons."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(Later, "sqlite")
def _later_as_text(element: Later, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = (compiler.process(one, **options) for one in element.clauses)
    return f"strftime('%Y-%m-%d %H:%M:%f', {moment}, '+' || {seconds} || ' seconds')"


@compiles(Later, "postgresql")
def _later_as_timestamp(element: Later, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = (compiler.process(one, **options) for one in element.clauses)
    return f"({moment} + {seconds} * interval '1 second')"


class Holds(FunctionElement[bool]):
    """Whether a text has a piece in it, small and large letters of ASCII being the same.

    Each engine has its own word for it, and its own mind about other alphabets: hence ASCII alone.
    """

    type = Boolean()
    inherit_cache = True


@compiles(Holds, "sqlite")
def _holds_in_sqlite(element: Holds, compiler: SQLCompiler, **options: Any) -> str:
    text, piece = (compiler.process(one, **options) for one in element.clauses)
    return f"(instr(lower({text}), lower({piece})) > 0)"


@compiles(Holds, "postgresql")
def _holds_in_postgresql(element: Holds, compiler: SQLCompiler, **options: Any) -> str:
    text, piece = (compiler.process(one, **options) for one in element.clauses)
    return f'(strpos(lower({text} COLLATE "C"), lower({piece} COLLATE "C")) > 0)'


class HoldsExactly(FunctionElement[bool]):
    """Whether a text has a piece in it, letter for letter."""

    type = Boolean()
    inherit_cache = True


@compiles(HoldsExactly, "sqlite")
def _holds_exactly_in_sqlite(element: HoldsExactly, compiler: SQLCompiler, **options: Any) -> str:
    text, piece = (compiler.process(one, **options) for one in element.clauses)
    return f"(instr({text}, {piece}) > 0)"


@compiles(HoldsExactly, "postgresql")
def _holds_exactly_in_postgresql(
    element: HoldsExactly, compiler: SQLCompiler, **options: Any
) -> str:
    text, piece = (compiler.process(one, **options) for one in element.clauses)
    return f"(strpos({text}, {piece}) > 0)"


class AllBits(FunctionElement[int]):
    """The bits of all these numbers in one; of none of them nothing.

    On SQLite each number must be one bit, not the 64th: there it is their sum, each taken once.
    """

    type = Identity
    inherit_cache = True


@compiles(AllBits, "sqlite")
def _all_bits_as_sum(element: AllBits, compiler: SQLCompiler, **options: Any) -> str:
    return f"sum(DISTINCT {compiler.process(element.clauses, **options)})"


@compiles(AllBits, "postgresql")
def _all_bits(element: AllBits, compiler: SQLCompiler, **options: Any) -> str:
    return f"bit_or({compiler.process(element.clauses, **options)})"
