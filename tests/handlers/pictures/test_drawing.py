"""The drawing process draws, dies when it should, and leaves the bot as small as it was."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from handlers.pictures import drawing
from handlers.pictures.drawing import NotDrawn, all_drawn, drawn
from handlers.pictures.picture import insight_sheet
from handlers.wording import wording
from tests.handlers.pictures.sheets import PLAIN, WEEK, aspects, report, trends

SHEET = insight_sheet(wording("zh"), report(aspects(PLAIN), trends(PLAIN)), WEEK, ["一群"])


@dataclass(frozen=True)
class StandIn:
    """A shell script that runs in the place of the drawing process."""

    file: Path

    def does(self, script: str) -> None:
        """Say what it does."""
        self.file.write_text(f"#!/bin/sh\n{script}\n")
        self.file.chmod(0o700)

    @property
    def note(self) -> Path:
        """A file that it may write."""
        return self.file.with_name("note")

    def pid(self) -> int:
        """Which process it was; waits until it has noted that."""
        while not self.note.exists() or not self.note.read_text():
            time.sleep(0.01)
        return int(self.note.read_text())


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """What Python is called while the test runs."""
    file = tmp_path / "program"
    monkeypatch.setattr(sys, "executable", str(file))
    return StandIn(file)


async def test_it_draws_a_png_of_the_width_of_a_phone() -> None:
    before = psutil.Process().children()
    png = await drawn(SHEET)
    assert int.from_bytes(png[16:20], "big") == 1080
    assert set(psutil.Process().children()) <= set(before)


async def test_the_bot_never_imports_what_draws() -> None:
    code = (
        "import sys, bot.serving, bot.doctor, bot.room.page, handlers.pictures.picture;"
        "sys.exit('matplotlib' in sys.modules or 'numpy' in sys.modules)"
    )
    done = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await done.wait() == 0


async def test_a_process_that_hangs_is_killed_at_the_deadline(program: StandIn) -> None:
    program.does(f"echo $$ > {program.note}; exec sleep 60")
    began = time.monotonic()
    with pytest.raises(NotDrawn, match=r"not ready after 0\.5 s"):
        await drawn(SHEET, deadline=0.5)
    assert time.monotonic() - began < 5
    assert not psutil.pid_exists(program.pid())


async def test_it_dies_with_whoever_waits_for_it(program: StandIn) -> None:
    program.does(f"echo $$ > {program.note}; exec sleep 60")
    waiting = asyncio.create_task(drawn(SHEET))
    pid = await asyncio.to_thread(program.pid)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo trouble >&2; echo no memory >&2; exit 3", "ended with 3: no memory"),
        ("cat > /dev/null; echo no picture", "ended with 0"),
        ("kill -9 $$", "ended with -9"),
    ],
)
async def test_a_process_that_fails_is_told_of(program: StandIn, script: str, why: str) -> None:
    program.does(script)
    with pytest.raises(NotDrawn, match=why):
        await drawn(SHEET)


@pytest.mark.usefixtures("program")
async def test_a_process_that_cannot_be_started_is_told_of() -> None:
    with pytest.raises(NotDrawn, match="could not be started"):
        await drawn(SHEET)


async def test_without_a_font_no_process_is_started(
    program: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.does(f"touch {program.note}")
    monkeypatch.setattr(drawing, "find_fonts", lambda: None)
    with pytest.raises(NotDrawn, match="no font"):
        await drawn(SHEET)
    assert not program.note.exists()


async def test_one_picture_is_drawn_at_a_time(program: StandIn) -> None:
    busy = program.note
    program.does(
        f"cat > /dev/null; mkdir {busy} || exit 9; sleep 0.2; rmdir {busy};"
        " printf '\\211PNG\\r\\n\\032\\n'"
    )
    pictures = await asyncio.gather(*(drawn(SHEET) for _ in range(3)))
    assert len(pictures) == 3


async def test_several_are_drawn_by_one_process_in_their_order(program: StandIn) -> None:
    program.does(
        f"echo once >> {program.note}; cat > /dev/null;"
        " printf '\\211PNG\\r\\n\\032\\none\\211PNG\\r\\n\\032\\ntwo'"
    )
    first, second = await all_drawn([SHEET, SHEET])
    assert (first[8:], second[8:]) == (b"one", b"two")
    assert program.note.read_text() == "once\n"
    with pytest.raises(NotDrawn, match="ended with 0"):
        await all_drawn([SHEET])


async def test_the_wait_for_a_turn_counts(program: StandIn) -> None:
    program.does("exec sleep 60")
    before = psutil.Process().children()
    results = await asyncio.gather(
        *(drawn(SHEET, deadline=0.5) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [NotDrawn] * 3
    assert set(psutil.Process().children()) <= set(before)


def test_it_ends_when_nothing_is_asked() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "handlers.pictures.drawing_process"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, b"")
