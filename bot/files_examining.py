"""What the doctor finds about the shop's own files: its programmes, and the moments of its sales.

Each file is read as the bot reads it. One that is broken is told of with the reader's sentence;
one of nodes also where nothing would ever look at it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from pathlib import Path

from bot.configuration import Configuration
from bot.findings import Finding
from handlers.programme_files import Unread, read_shelf
from scheduler.nodes import read_nodes
from scheduler.programme import shipped_programmes
from storage.errors import SchedulingError

_NODES_FILE = re.compile(r"[a-z0-9]+-(?P<year>\d{4})\.toml")


async def examine_files(configuration: Configuration) -> list[Finding]:
    """One finding for all programmes, one for each file of nodes, and one for each broken file."""
    return await asyncio.to_thread(_examined, configuration)


def _examined(configuration: Configuration) -> list[Finding]:
    shelf = read_shelf(configuration.programmes.folder)
    own = len(list(configuration.programmes.folder.glob("*.toml"))) - len(shelf.unread)
    known = f"{len(shipped_programmes())} come with the bot, {own} are the shop's own"
    return [
        Finding("programmes", True, known),
        *(_unread("programmes", one) for one in shelf.unread),
        *(_nodes(configuration, path, shelf.programmes.keys()) for path in _files(configuration)),
    ]


def _unread(check: str, one: Unread) -> Finding:
    if isinstance(one.trouble, SchedulingError):
        return Finding.of(f"{check}.{one.file}", one.trouble)
    return Finding(f"{check}.{one.file}", False, f"{one.trouble}.", "Correct the file.")


def _files(configuration: Configuration) -> list[Path]:
    return sorted(configuration.programmes.nodes.glob("*.toml"))


def _nodes(configuration: Configuration, path: Path, programmes: Collection[str]) -> Finding:
    """What becomes of a file of nodes."""
    check, platform = f"nodes.{path.name}", configuration.programmes.platform
    try:
        found = read_nodes(path)
    except (SchedulingError, OSError, ValueError) as trouble:
        return _unread("nodes", Unread(path.name, trouble))
    if not _NODES_FILE.fullmatch(path.name) or not path.name.startswith(f"{platform}-"):
        mend = f"Call it {platform}-2026.toml, or set programmes.platform."
        return Finding(check, False, "nothing reads a file of this name.", mend)
    for key in sorted(found.keys() - set(programmes)):
        mend = f"The programmes are {', '.join(sorted(programmes))}."
        return Finding(check, False, f"it has nodes of {key}, and there is no such one.", mend)
    return Finding(check, True, f"{sum(map(len, found.values()))} nodes")
