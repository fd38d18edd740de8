"""The tree of errors: numbers of their own, whole sentences, and a mend."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from storage import errors
from storage.errors import NuanqunError
from tests.floors import FLOORS, floor_of, read_house

TOP = Path(__file__).parents[2]
FACTS = {
    "place": "sqlite+aiosqlite:///nuanqun.db",
    "reason": "file is not a database",
    "found": "0099",
    "account": "room",
}


@cache
def numbers() -> dict[str, dict[int, list[str]]]:
    """Floor → number → the classes that carry it, read off the source of the whole house."""
    found: dict[str, dict[int, list[str]]] = {floor: defaultdict(list) for floor in FLOORS}
    roots = {
        "StorageError": "storage",
        "UnderstandingError": "insights",
        "SchedulingError": "scheduler",
        "HandlingError": "handlers",
        "RunningError": "bot",
    }
    for room in read_house(TOP):
        tree = ast.parse((TOP / room.path).read_text(encoding="utf-8"))
        for node in (each for each in ast.walk(tree) if isinstance(each, ast.ClassDef)):
            for line in node.body:
                match line:
                    case ast.Assign([ast.Name("number")], ast.Constant(int(number))):
                        floor = roots.get(node.name, floor_of(room.module))
                        found[floor][number].append(f"{room.module}.{node.name}")
    return found


def test_no_number_stands_for_two_errors() -> None:
    twice = [names for floor in numbers().values() for names in floor.values() if len(names) > 1]
    assert twice == []


def test_every_number_lies_in_the_hundred_of_its_floor() -> None:
    for hundred, floor in enumerate(FLOORS, start=1):
        found = numbers()[floor]
        assert found
        strangers = {n: names for n, names in found.items() if n // 100 != hundred}
        assert strangers == {}


def every_class(root: type[NuanqunError]) -> list[type[NuanqunError]]:
    return [root, *(each for child in root.__subclasses__() for each in every_class(child))]


@pytest.mark.parametrize(
    "kind",
    [kind for kind in every_class(NuanqunError) if kind.__module__ == errors.__name__],
    ids=lambda kind: kind.__name__,
)
def test_an_error_is_whole_sentences_with_its_number(kind: type[NuanqunError]) -> None:
    error = kind(**FACTS)
    text = str(error)
    assert "{" not in text
    assert text.endswith(f" (NQ{kind.number:03d})")
    assert error.advice
    assert error.advice in text
    assert kind.__doc__


def test_facts_are_shown_as_they_are_even_with_braces() -> None:
    error = errors.DatabaseUnreadable(place="a{b}", reason="{0} and {reason}")
    assert "a{b}" in str(error)
    assert "{0} and {reason}" in str(error)


def test_a_forgotten_fact_is_noticed_where_the_error_is_made() -> None:
    with pytest.raises(KeyError, match="reason"):
        errors.DatabaseUnreadable(place="x")
