"""The house stands: imports go down, never round; each room says what it is and stays small.

The rules are in `tests/floors.py`. They are first applied to this repository, then shown to fail
on small houses made up for the purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.floors import (
    FLOORS,
    Room,
    circles,
    climbs,
    emptily_named,
    overgrown,
    read_house,
    undocumented,
    unexplained,
)

TOP = Path(__file__).parents[1]
RULES = (climbs, circles, undocumented, overgrown, emptily_named)


@cache
def this_house() -> list[Room]:
    """The rooms of this repository: all rules look at the same."""
    return read_house(TOP)


@pytest.mark.parametrize("rule", RULES)
def test_this_house_keeps_the_rule(rule: Callable[[list[Room]], list[str]]) -> None:
    rooms = this_house()
    assert {room.module for room in rooms} >= set(FLOORS)
    breaches = rule(rooms)
    assert not breaches, "\n" + "\n".join(breaches)


def test_here_and_in_the_tests_who_breaks_a_rule_of_the_tools_says_why() -> None:
    breaches = unexplained([*this_house(), *read_house(TOP, ("tests", "docs"))])
    assert not breaches, "\n" + "\n".join(breaches)


def build(top: Path, files: dict[str, str]) -> list[Room]:
    """A house with one package on each floor, and `files` (path → source) in it."""
    floors = {f"{floor}/__init__.py": '"""A floor."""' for floor in FLOORS}
    for name, source in (floors | files).items():
        path = top / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
    return read_house(top)


@pytest.mark.parametrize(
    "source",
    [
        "import handlers.events",
        "import handlers.events as happenings",
        "from handlers import events",
        "from handlers.events import Event",
        "from handlers.events import *",
        "def late():\n    from handlers.events import Event",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import handlers.events",
        "import os, handlers.events",
    ],
)
def test_every_way_to_import_from_above_is_seen(tmp_path: Path, source: str) -> None:
    rooms = build(
        tmp_path, {"handlers/events.py": "class Event: ...", "scheduler/sender.py": source}
    )
    line = len(source.splitlines())
    [breach] = climbs(rooms)
    assert breach == (
        f"scheduler/sender.py:{line}: scheduler.sender imports handlers.events, "
        "and handlers lies above scheduler"
    )


def test_imports_from_below_and_from_elsewhere_are_welcome(tmp_path: Path) -> None:
    rooms = build(
        tmp_path,
        {
            "storage/errors.py": "import botany, os.path",
            "bot/demo.py": "from storage.errors import X\nimport handlers.dispatch, lark",
            "handlers/dispatch.py": "import storage, insights.words",
            "insights/words.py": "from storage import errors",
        },
    )
    assert not climbs(rooms)
    assert not circles(rooms)


def test_a_circle_is_shown_step_by_step(tmp_path: Path) -> None:
    rooms = build(
        tmp_path,
        {
            "storage/first.py": "from storage import second",
            "storage/second.py": "\nfrom . import third",
            "storage/third.py": "def late():\n\n    from .first import thing",
        },
    )
    assert sorted(circles(rooms)) == [
        "storage/first.py:1: storage.first imports storage.second, and so on round in a circle",
        "storage/second.py:2: storage.second imports storage.third, and so on round in a circle",
        "storage/third.py:3: storage.third imports storage.first, and so on round in a circle",
    ]


def test_a_package_and_its_own_module_may_not_need_each_other(tmp_path: Path) -> None:
    rooms = build(
        tmp_path,
        {
            "storage/__init__.py": '"""A floor."""\nfrom storage.rows import Row\nname = 1',
            "storage/rows.py": "from storage import name",
        },
    )
    assert sorted(circles(rooms)) == [
        "storage/__init__.py:2: storage imports storage.rows, and so on round in a circle",
        "storage/rows.py:1: storage.rows imports storage, and so on round in a circle",
    ]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("from . import port", "bot.channels.port"),
        ("from .port import Channel", "bot.channels.port"),
        ("from .. import demo", "bot.demo"),
        ("from ..demo import main", "bot.demo"),
    ],
)
def test_relative_imports_lead_where_python_takes_them(
    tmp_path: Path, source: str, target: str
) -> None:
    rooms = build(
        tmp_path,
        {
            "bot/channels/__init__.py": "",
            "bot/channels/port.py": "",
            "bot/channels/room.py": source,
            "bot/demo.py": "",
        },
    )
    [room] = [room for room in rooms if room.module == "bot.channels.room"]
    assert list(room.imports) == [target]


def test_a_room_without_a_docstring_is_named(tmp_path: Path) -> None:
    rooms = build(tmp_path, {"storage/rows.py": "rows = 1", "storage/tables.py": '"""Tables."""'})
    assert undocumented(rooms) == ["storage/rows.py:1: has no docstring"]


@pytest.mark.parametrize(("lines", "breaches"), [(450, 0), (451, 1)])
def test_a_room_holds_up_to_450_lines(tmp_path: Path, lines: int, breaches: int) -> None:
    assert len(overgrown(build(tmp_path, {"storage/rows.py": "row = 1\n" * lines}))) == breaches


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("storage/utils.py", ["utils"]),
        ("bot/helpers/words.py", ["helpers"]),
        ("bot/base.py", ["base"]),
        ("storage/database.py", []),
        ("handlers/commonplace.py", []),
    ],
)
def test_a_room_is_named_for_what_lives_there(tmp_path: Path, file: str, names: list[str]) -> None:
    breaches = emptily_named(build(tmp_path, {file: '"""A room."""'}))
    assert breaches == [f"{file}:1: {name!r} says nothing of what lives there" for name in names]


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("import os  # noqa: F401 (others import it from here)", None),
        ("import os  # noqa: F401, PLC0415  # others import it from here", None),
        ("import os  # type: ignore[import-untyped]  # it ships no types", None),
        ("# It ships no types of its own.\nimport os  # type: ignore[import-untyped]", None),
        ('text = "# noqa"', None),
        ("import os  # noqa", "'noqa' has no rule"),
        ("import os  # type: ignore  # it ships no types", "'type: ignore' has no rule"),
        ("import os  # noqa: F401", "'noqa: F401' has no reason"),
        ("os = 1\nimport os  # type: ignore[misc]", "'type: ignore[misc]' has no reason"),
    ],
)
def test_who_breaks_a_rule_of_the_tools_names_it_and_says_why(
    tmp_path: Path, source: str, missing: str | None
) -> None:
    breaches = unexplained(build(tmp_path, {"storage/rows.py": source}))
    line = len(source.splitlines())
    expected = [f"storage/rows.py:{line}: {missing} beside it"] if missing else []
    assert breaches == expected
