"""The rules of the house, read off the source: floors, circles, and how a room looks.

`read_house` parses the packages without importing them; the rules below take the rooms it found
and return one line of text for every breach, `file:line: what is wrong`.
`tests/test_floors.py` applies them to this repository, and to small made-up houses.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

# From the ground up: a package may import from those before it.
FLOORS = ("storage", "insights", "scheduler", "handlers", "bot")
LONGEST_ROOM = 450
# Names that say nothing of what lives in the room.
EMPTY_NAMES = frozenset(
    {"util", "utils", "helper", "helpers", "common", "manager", "managers", "base", "misc"}
)
# What lets a line off a rule of ruff or mypy, with the rules by name; behind it the reason.
_LET_OFF = re.compile(
    r"(?P<rules>noqa(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?|type: ignore(\[[a-z, -]+\])?)"
)
_A_WORD = re.compile(r"[^\W_]{2}")


@dataclass(frozen=True)
class Room:
    """One module of the house."""

    module: str  # dotted, e.g. "storage.errors"; a package goes by its own name
    path: Path  # relative to the top of the repository
    lines: int
    docstring: str | None
    comments: Mapping[int, str]  # line → the comment on it
    imports: Mapping[str, int]  # module of the house → line of the first import of it


def read_house(top: Path, packages: tuple[str, ...] = FLOORS) -> list[Room]:
    """Every module of these packages below the folder `top`, in the order of their names."""
    files = {
        module_name(path.relative_to(top)): path
        for package in packages
        for path in sorted((top / package).rglob("*.py"))
    }
    rooms = []
    for module, path in sorted(files.items()):
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source, filename=str(path))
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        imports: dict[str, int] = {}
        for name, line in imported_names(tree, package):
            target = owner(name, files)
            if target is not None:
                imports[target] = min(line, imports.get(target, line))
        rooms.append(
            Room(
                module=module,
                path=path.relative_to(top),
                lines=len(source.splitlines()),
                docstring=ast.get_docstring(tree),
                comments=comments_in(source),
                imports=imports,
            )
        )
    return rooms


def comments_in(source: str) -> dict[int, str]:
    """Line → the comment on it; of files that let no line off a rule none is read."""
    if not _LET_OFF.search(source):
        return {}
    lines = iter(source.splitlines(keepends=True))
    tokens = tokenize.generate_tokens(lambda: next(lines, ""))
    return {one.start[0]: one.string for one in tokens if one.type == tokenize.COMMENT}


def module_name(path: Path) -> str:
    """The dotted name of the module in the file `path`, relative to the top."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(tree: ast.Module, package: str) -> list[tuple[str, int]]:
    """The dotted names that a module of `package` imports, with their lines.

    Imports inside functions and under `TYPE_CHECKING` count: a floor is no cleaner for being
    climbed late. `from a import b` gives `a.b`, which may be a module or a name in `a`.
    """
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                origin = ".".join([*above, *([node.module] if node.module else [])])
            names += [(f"{origin}.{alias.name}", node.lineno) for alias in node.names]
    return names


def owner(name: str, modules: Mapping[str, Path]) -> str | None:
    """The module of the house that `name` is, or is a name in; None for a stranger."""
    if name.partition(".")[0] not in FLOORS:
        return None
    while name not in modules:
        name = name.rpartition(".")[0]
        if not name:
            return None
    return name


def climbs(rooms: list[Room]) -> list[str]:
    """Imports that go up a floor."""
    return [
        f"{room.path}:{line}: {room.module} imports {target}, "
        f"and {floor_of(target)} lies above {floor_of(room.module)}"
        for room in rooms
        for target, line in room.imports.items()
        if FLOORS.index(floor_of(target)) > FLOORS.index(floor_of(room.module))
    ]


def floor_of(module: str) -> str:
    """The package at the top level that `module` lives in."""
    return module.partition(".")[0]


def circles(rooms: list[Room]) -> list[str]:
    """The first circle of imports between modules, one line for each of its steps.

    A module that imports a name from its own package takes part in a circle as soon as the
    package imports the module.
    """
    imports = {room.module: room for room in rooms}
    graph = TopologicalSorter({room.module: sorted(room.imports) for room in rooms})
    try:
        graph.prepare()
    except CycleError as error:
        # graphlib lists a circle so that each module is imported by the next one.
        circle: list[str] = list(reversed(error.args[1]))
        return [
            f"{imports[here].path}:{imports[here].imports[there]}: {here} imports {there}, "
            "and so on round in a circle"
            for here, there in pairwise(circle)
        ]
    return []


def undocumented(rooms: list[Room]) -> list[str]:
    """Modules that do not say what they are."""
    return [f"{room.path}:1: has no docstring" for room in rooms if not room.docstring]


def overgrown(rooms: list[Room]) -> list[str]:
    """Modules with more lines than one room should hold."""
    return [
        f"{room.path}:{LONGEST_ROOM + 1}: has {room.lines} lines, more than {LONGEST_ROOM}"
        for room in rooms
        if room.lines > LONGEST_ROOM
    ]


def emptily_named(rooms: list[Room]) -> list[str]:
    """Modules and packages whose names say nothing of what lives there."""
    return [
        f"{room.path}:1: {name!r} says nothing of what lives there"
        for room in rooms
        for name in room.module.split(".")
        if name in EMPTY_NAMES
    ]


def unexplained(rooms: list[Room]) -> list[str]:
    """Lines that are let off a rule without its name, or without a reason behind or above it."""
    return [
        f"{room.path}:{line}: {let_off['rules']!r} has no {missing} beside it"
        for room in rooms
        for line, comment in room.comments.items()
        for let_off in _LET_OFF.finditer(comment)
        if (missing := missing_beside(let_off, room.comments.get(line - 1, "")))
    ]


def missing_beside(let_off: re.Match[str], above: str) -> str:
    """What is not said where a line is let off a rule: which rule, or why; empty: nothing."""
    if let_off["rules"] in {"noqa", "type: ignore"}:
        return "rule"
    explained = _A_WORD.search(let_off.string, let_off.end()) or _A_WORD.search(above)
    return "" if explained else "reason"
