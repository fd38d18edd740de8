"""Some weeks of a small shop, lived by the whole bot: what `make simulate-year` does in large."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import handlers.programme_pictures
from handlers.pictures.sheet import CountdownSheet
from scheduler.caring import CareSettings
from storage.database import Database
from tests.simulation import judge
from tests.simulation.shown import calendar, totals, verdicts
from tests.simulation.year import Lived, lived

FIRST, LAST = date(2027, 10, 9), date(2027, 11, 13)
GROUPS, FANS = 4, 80


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Countdowns come without their picture, which a process takes a while to draw."""

    async def nothing(sheets: Sequence[CountdownSheet]) -> list[None]:
        return [None] * len(sheets)

    monkeypatch.setattr(handlers.programme_pictures, "countdown_pictures", nothing)


@pytest.fixture
async def sqlite(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An open SQLite database with all tables and no rows."""
    file = tmp_path / "year.db"
    shutil.copy(migrated_sqlite, file)
    opened = await Database.open(f"sqlite+aiosqlite:///{file}")
    yield opened
    await opened.close()


async def test_the_weeks_of_double11_break_no_promise(sqlite: Database) -> None:
    done = await lived(sqlite, FIRST, LAST, groups=GROUPS, fans=FANS)
    assert "\n".join(verdicts(done.found)).count("none") == len(done.found)
    assert done.is_sound
    ours = {post.planned.slot for post in done.posts if post.planned.programme == "double11"}
    assert len(ours) > 25
    # The judges had something to look at: where less is allowed, the same weeks break it.
    assert judge.over_caps(done.posts, CareSettings(posts_a_day=1))
    assert judge.in_quiet_hours(done.posts, CareSettings(quiet_until=time(12)))
    printed = "\n".join(calendar(done.planned, done.posts, ZoneInfo("Asia/Shanghai")))
    assert "11-11 09:12-09:12  双11 2027 [double11:2027 d-0]: 4 groups" in printed
    assert "double11: sent" in "\n".join(totals(done.planned))


def test_a_year_without_posts_is_not_sound() -> None:
    assert not Lived([], [], {}).is_sound
