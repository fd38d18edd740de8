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

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from scheduler.toml_tables import Table, allowed_instead, named, read_toml
from scheduler.wall_time import zone_named
from storage.errors import SchedulingError

_FOLDER = Path(__file__).with_name("nodes")
_USUAL_ZONE = "Asia/Shanghai"
_LOCAL_TIME = "a local time to the minute without a zone, 2024-10-21T20:00"


class NodesBroken(SchedulingError):
    """A file of nodes is not written as one."""

    number = 341
    sentence = "The nodes {file} are broken at {part}: {reason}."
    mend = "Correct the file; scheduler/nodes/tmall-2024.toml is an example."


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
    file = read_toml(
        path, lambda part, reason: NodesBroken(file=path.name, part=part, reason=reason)
    )
    file.only("zone", "node")
    zone = zone_named(file.text_if_any("zone") or _USUAL_ZONE)
    found: dict[str, dict[str, Node]] = {}
    for row in file.tables("node"):
        node = _node(row, zone)
        of_programme = found.setdefault(row.text("programme"), {})
        if node.key in of_programme:
            raise row.wrong("key", f"there are two with the key {node.key!r}")
        of_programme[node.key] = node
    return found


def _node(row: Table, zone: ZoneInfo) -> Node:
    row.only("programme", "key", "name", "at", "source", "confirmed")
    return Node(
        key=row.text("key"),
        name=named(row, "name"),
        at=_local_time(row).replace(tzinfo=zone),
        source=row.text("source"),
        confirmed=row.flag("confirmed", usual=True),
    )


def _local_time(row: Table) -> datetime:
    written = row.text("at")
    wrong = row.wrong("at", allowed_instead(written, _LOCAL_TIME))
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise wrong from error
    if at.tzinfo is not None or "T" not in written:
        raise wrong
    return at
