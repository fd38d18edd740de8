"""What fans usually say in twenty minutes, from windows that are counted once and kept.

A finished window is counted from the messages that are stored of it, by the words of today. So a
process that starts knows at once what is usual. Windows that are missing are counted by and by,
newest first, a few thousand messages a look: after the words have changed, and where more was heard
of a time that was counted, as from an import (`handlers/recording.py` drops such windows).
Days before the first word that is stored of any fan are not counted: nobody was listening.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handlers.desk import Desk
from handlers.period import day_bounds
from handlers.reading_days import first_readable
from insights.understanding import understand
from insights.watched import (
    WINDOW,
    Saying,
    Thing,
    UsualTalk,
    Window,
    count_window,
    things_in,
    usual_of,
    window_of,
)
from storage.lately_said import Said, first_words, said_lately
from storage.watched_windows import (
    CountedWindow,
    delete_windows_before,
    keep_windows,
    window_versions,
    windows_at,
)

LOOKS_BACK = timedelta(days=28)
"""How long what is said counts towards what is usual."""

_MOST = 2_000  # messages that are counted at one look: some 0.2 s in a thread
_AT_ONCE = 144  # windows that are loaded at once
_FEWEST = timedelta(days=1) // WINDOW  # windows: before that everything would be unusual


@dataclass(slots=True)
class Known:
    """What one process remembers between two looks; `version` names the words it was read with."""

    version: str
    starts: frozenset[datetime] = frozenset()  # of the windows that `usual` tells of
    usual: UsualTalk | None = None
    read: dict[tuple[int, str], frozenset[Thing]] = field(default_factory=dict)


async def know_usual(desk: Desk, known: Known, now: datetime) -> UsualTalk | None:
    """What is usual, with the windows that have ended since; None for less than a day of them."""
    since = await _beginning(desk, now)
    starts = [] if since is None else _starts(since, now)
    if not starts:
        return None
    if known.starts != frozenset(starts):
        async with desk.database.reading() as connection:
            versions = await window_versions(connection, desk.shop_id, starts[-1])
        counted = {start for start in starts if versions.get(start) == known.version}
        counted |= await _count(desk, known, [one for one in starts if one not in counted])
        known.usual = await _summed(desk, sorted(counted))
        known.starts = frozenset(counted)
    return known.usual if len(known.starts) >= _FEWEST else None


async def read_sayings(desk: Desk, known: Known, said: Sequence[Said]) -> list[Saying]:
    """What these messages say of what is watched; those that were read before are not read again.

    Only what is handed in is remembered.
    """
    fresh = [one.text for one in said if (one.id, one.text) not in known.read]
    found = dict(zip(fresh, await asyncio.to_thread(_read, desk, fresh), strict=True))
    known.read = {
        key: known.read[key] if key in known.read else found[one.text]
        for one in said
        for key in [(one.id, one.text)]
    }
    return [
        Saying(one.id, one.member_id, one.group_id, one.at, known.read[one.id, one.text])
        for one in said
    ]


def _read(desk: Desk, texts: Iterable[str]) -> list[frozenset[Thing]]:
    segmenter, lexicon = desk.segmenter, desk.lexicon
    return [things_in(understand(text, segmenter, lexicon), lexicon) for text in texts]


async def _beginning(desk: Desk, now: datetime) -> datetime | None:
    """From when on fans were heard whose words are still here."""
    kept, _ = day_bounds(desk, first_readable(desk))
    async with desk.database.reading() as connection:
        return await first_words(connection, desk.shop_id, max(now - LOOKS_BACK, kept))


def _starts(since: datetime, now: datetime) -> list[datetime]:
    """When the whole windows of a time began that are over, the newest first."""
    end = window_of(now)
    return [end - number * WINDOW for number in range(1, (end - since) // WINDOW + 1)]


async def _summed(desk: Desk, starts: Sequence[datetime]) -> UsualTalk:
    """What is usual in these windows; they are loaded piece by piece."""
    windows: list[Window] = []
    for place in range(0, len(starts), _AT_ONCE):
        async with desk.database.reading() as connection:
            found = await windows_at(connection, desk.shop_id, starts[place : place + _AT_ONCE])
        windows += await asyncio.to_thread(lambda rows: [*map(_window, rows)], found)
    return await asyncio.to_thread(usual_of, windows)


async def _count(desk: Desk, known: Known, missing: Sequence[datetime]) -> set[datetime]:
    """Count what is missing, the newest first, as far as one look goes; which windows it was."""
    if not missing:
        return set()
    until = missing[0] + WINDOW
    async with desk.database.reading() as connection:
        said = await said_lately(connection, desk.shop_id, missing[-1], until, _MOST, live=False)
    # What was said before the oldest of these is not known; of the newest window at least so much.
    reached = said[-1].at if len(said) == _MOST else missing[-1]
    done = [start for start in missing if start >= reached] or [missing[0]]
    read = await asyncio.to_thread(_read, desk, [one.text for one in said])
    sayings: dict[datetime, list[Saying]] = {start: [] for start in done}
    for one, things in zip(said, read, strict=True):
        window = sayings.get(window_of(one.at))
        if window is not None:
            window.append(Saying(one.id, one.member_id, one.group_id, one.at, things))
    counted = [_counted(known.version, count_window(*one)) for one in sayings.items()]
    async with desk.database.writing() as connection:
        await keep_windows(connection, desk.shop_id, counted)
        await delete_windows_before(connection, desk.shop_id, missing[0] - LOOKS_BACK - WINDOW)
    return set(done)


def _counted(version: str, window: Window) -> CountedWindow:
    fans = {thing.key: count for thing, count in window.fans.items()}
    return CountedWindow(window.began_at, version, window.speakers, fans)


def _window(counted: CountedWindow) -> Window:
    fans = {Thing.of(key): count for key, count in counted.fans.items()}
    return Window(counted.began_at, counted.speakers, fans)
