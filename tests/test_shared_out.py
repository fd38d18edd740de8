"""The tests are shared out so that none presses on another, and each statement is compiled once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, literal, select
from sqlalchemy.ext.asyncio import create_async_engine

from tests.compiled_once import CompiledOnce
from tests.shared_out import WITH_PROGRAMS, stays_with


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("tests/storage/test_a.py::test_x", "tests/storage/test_a.py::test_y[a::b]", True),
        ("tests/storage/test_a.py::test_x", "tests/storage/test_b.py::test_x", False),
        ("tests/bot/test_a.py::test_x", "tests/faults/test_b.py::test_y", True),
        ("tests/bot/test_a.py::test_x", "tests/handlers/test_a.py::test_x", False),
        ("tests/test_floors.py::test_x", "tests/test_packaging.py::test_x", False),
    ],
)
def test_files_stay_whole_and_tests_with_programs_in_one_process(
    one: str, other: str, *, together: bool
) -> None:
    assert (stays_with(one) == stays_with(other)) == together


def test_the_folders_with_programs_are_there() -> None:
    assert [name for name in WITH_PROGRAMS if not (Path(__file__).parent / name).is_dir()] == []


def test_what_one_engine_compiled_serves_another_with_its_own_values(tmp_path: Path) -> None:
    once = CompiledOnce()
    for name in ("one", "other"):
        engine = create_engine(f"sqlite:///{tmp_path / name}")
        with engine.connect() as connection:
            connection.execution_options(compiled_cache=once)
            assert connection.scalar(select(literal(name))) == name
        engine.dispose()
    assert len(once) == 1


def test_what_was_compiled_for_one_kind_of_database_does_not_serve_another() -> None:
    once = CompiledOnce()
    one, another = (create_engine("sqlite://").dialect for _ in range(2))
    once[one, "select"] = "compiled"
    assert (another, "select") in once
    assert (create_async_engine("postgresql+asyncpg://nowhere/").dialect, "select") not in once
