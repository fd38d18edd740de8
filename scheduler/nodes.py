"""The nodes of a big sale: the moments that a platform sets and moves every year.

A node is when pre-sales open, when balances can be paid and until when, when the sale ends. They
are kept as data, one file for a platform and a year in `scheduler/nodes/` (`tmall-2024.toml`),
each node with its source; a shop adds files of the same shape in a folder of its own, and its
nodes win over ours. A year for which nobody has written nodes has none: nothing is guessed.

    zone = "Asia/Shanghai"          # what the times below are written in; may be left out

    [[node]]
    programme = "double11"
    key = "balance-start"
    name = { zh = "尾款开始", en = "balance payment opens" }
    at = "2024-10-21T20:00"
    source = "https://…"
    confirmed = true                # false: expected, and not announced yet; may be left out
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduler.wall_time import zone_named
from storage.errors import SchedulingError

_FOLDER = Path(__file__).with_name("nodes")
_USUAL_ZONE = "Asia/Shanghai"
_CHINESE = "zh"
_FILE_PARTS = {"zone", "node"}
_TEXTS = ("programme", "key", "at", "source")
_NODE_PARTS = {*_TEXTS, "name", "confirmed"}


class NodesBroken(SchedulingError):
    """A file of nodes is not written as one."""

    number = 341
    sentence = "The nodes {file} are broken at {part}: {found!r}."
    mend = "Give {allowed}; scheduler/nodes/tmall-2024.toml is an example."


@dataclass(frozen=True, slots=True)
class Node:
    """One moment of a sale. `at` is aware, in the zone in which the platform announced it.

    `source` says where it was announced. One that is not `confirmed` is expected only: what
    hangs on it is planned as a draft.
    """

    key: str
    name: Mapping[str, str]
    at: datetime
    source: str
    confirmed: bool = True


def nodes_of(
    platform: str, programme: str, year: int, folder: Path | None = None
) -> Mapping[str, Node]:
    """The known nodes of a programme on a platform in a year, by key; the shop's own win.

    Args:
        platform: as in the files' names: `tmall`.
        programme: the key of a programme: `double11`.
        year: the year in which the programme's day falls.
        folder: the shop's own folder of nodes; it may be missing.

    Raises:
        NodesBroken: a file is not one of nodes; the error names the part.
        ZoneUnknown: a file names a zone that does not exist.
        OSError: a file cannot be read.
    """
    found: dict[str, Node] = {}
    for place in (_FOLDER, folder):
        path = None if place is None else place / f"{platform}-{year}.toml"
        if path is not None and path.is_file():
            found |= read_nodes(path).get(programme, {})
    return found


def read_nodes(path: Path) -> Mapping[str, Mapping[str, Node]]:
    """The nodes in this TOML file: programme → key → node.

    Raises:
        NodesBroken: it is not a file of nodes; the error names the part.
        ZoneUnknown: it names a zone that does not exist.
        OSError: the file cannot be read.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NodesBroken(
            file=path.name, part="its syntax", found=str(error), allowed="correct TOML"
        ) from error
    _refuse_unknown(path.name, "the file", document, _FILE_PARTS)
    rows = document.get("node")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise NodesBroken(file=path.name, part="node", found=rows, allowed="[[node]] tables")
    zone = zone_named(str(document.get("zone", _USUAL_ZONE)))
    found: dict[str, dict[str, Node]] = {}
    for place, row in enumerate(rows, start=1):
        node = _node(path.name, f"node {place}", row)
        of_programme = found.setdefault(row["programme"], {})
        if node.key in of_programme:
            raise NodesBroken(
                file=path.name, part=f"node {place}", found=node.key, allowed="each key once"
            )
        of_programme[node.key] = Node(
            node.key, node.name, node.at.replace(tzinfo=zone), node.source, node.confirmed
        )
    return found


def _node(file: str, place: str, row: Mapping[str, Any]) -> Node:
    """One row as a node whose `at` has no zone yet."""
    _refuse_unknown(file, place, row, _NODE_PARTS)
    for part in _TEXTS:
        if not isinstance(row.get(part), str) or not row[part]:
            raise NodesBroken(
                file=file, part=f"{place}.{part}", found=row.get(part), allowed="a text"
            )
    name = row.get("name")
    if not isinstance(name, dict) or not all(isinstance(text, str) for text in name.values()):
        raise NodesBroken(file=file, part=f"{place}.name", found=name, allowed="zh and en texts")
    if _CHINESE not in name:
        raise NodesBroken(file=file, part=f"{place}.name", found=name, allowed="a name in zh")
    confirmed = row.get("confirmed", True)
    if not isinstance(confirmed, bool):
        raise NodesBroken(
            file=file, part=f"{place}.confirmed", found=confirmed, allowed="true or false"
        )
    return Node(row["key"], name, _local_time(file, place, row["at"]), row["source"], confirmed)


def _local_time(file: str, place: str, written: str) -> datetime:
    wrong = NodesBroken(
        file=file,
        part=f"{place}.at",
        found=written,
        allowed="a local time to the minute without a zone, 2024-10-21T20:00",
    )
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise wrong from error
    if at.tzinfo is not None or "T" not in written:
        raise wrong
    return at


def _refuse_unknown(file: str, place: str, row: Mapping[str, Any], parts: set[str]) -> None:
    if unknown := sorted(row.keys() - parts):
        raise NodesBroken(
            file=file,
            part=place,
            found=", ".join(unknown),
            allowed="only " + ", ".join(sorted(parts)),
        )
