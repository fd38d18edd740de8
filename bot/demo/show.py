"""`nuanqun demo`: shows the simulated days on the terminal, sums them up, and opens the room.

Headless it prints one document and ends. Else it takes about a minute for the days, prints the
demand report, and then serves the room's page, live, on a clock that runs on from the last
simulated evening; what was still planned is cancelled first.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from bot.demo.ending import ending_of
from bot.demo.life import Happened, Life, configuration_of, living
from bot.demo.script import Script, read_script
from bot.logs import set_up
from bot.room.values import EventKind, Role, RoomEvent
from handlers.desk import Desk
from scheduler.clock import RunningClock
from storage import tags

_SHOWN_FOR = 55.0
"""Real seconds that the simulated days take on a terminal."""
_LONGEST_LINE = 72


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the demo was asked for. `data` None: a fresh folder that goes when the demo ends."""

    first_day: date
    days: int
    seed: int
    data: Path | None
    port: int


async def show(options: DemoOptions, *, headless: bool, as_json: bool) -> int:
    """Run the demo; its exit code."""
    set_up("error", "text")
    console = Console(stderr=True, highlight=False)
    with _folder(options.data) as folder:
        done = _Progress(folder)
        options = await asyncio.to_thread(done.resume, options)
        script = read_script(options.first_day, options.days, options.seed)
        async with living(script, folder, done.start(script)) as life:
            pace = None if headless else _SHOWN_FOR / max(1, len(script.moments))
            await _live_through(life, script, done, console, pace)
            ending = await ending_of(life.bot.desk)
            if as_json:
                sys.stdout.write(json.dumps(ending.document, ensure_ascii=False, indent=2) + "\n")
            else:
                console.rule()
                console.print(escape(ending.text), soft_wrap=True)
            if not headless:
                await life.cancel_what_is_to_come()
        if not headless:
            await _go_live(script, folder, options, console)
    return 0


async def _live_through(
    life: Life, script: Script, done: _Progress, console: Console, pace: float | None
) -> None:
    for number, moment in enumerate(script.moments):
        if number < done.moments:
            continue
        async for happened in life.advance_to(moment.at):
            _tell(console, life.bot.desk, happened, pace)
        _tell(console, life.bot.desk, await life.live(moment), pace)
        done.moments = number + 1
        await asyncio.to_thread(done.save, moment.at)
        if pace is not None:
            await asyncio.sleep(pace)
    async for happened in life.advance_to(script.end):
        _tell(console, life.bot.desk, happened, pace)
    await asyncio.to_thread(done.save, script.end)


class _Progress:
    """How far a folder's demo has come, kept beside its data so that it can be resumed."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "demo.json"
        self._asked: dict[str, str | int] = {}
        self._at: datetime | None = None
        self.moments = 0

    def resume(self, options: DemoOptions) -> DemoOptions:
        """What to live through: what was asked for, or else the days this folder is in."""
        if self._file.exists():
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            self.moments = kept["moments"]
            self._at = datetime.fromisoformat(kept["at"])
            first_day = date.fromisoformat(kept["first_day"])
            options = replace(options, first_day=first_day, seed=kept["seed"])
        self._asked = {"first_day": options.first_day.isoformat(), "seed": options.seed}
        return options

    def start(self, script: Script) -> datetime:
        """When to go on: where the folder stopped, or the script's opening."""
        return self._at or script.opening

    def save(self, at: datetime) -> None:
        """Note that everything up to `at` has been lived."""
        document = {**self._asked, "moments": self.moments, "at": at.isoformat()}
        # In one step: a demo may be killed at any moment, and is then resumed from this.
        unfinished = self._file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(document), encoding="utf-8")
        unfinished.replace(self._file)


def _tell(console: Console, desk: Desk, happened: Happened, pace: float | None) -> None:
    if pace is None:
        return
    for event in happened.seen:
        line = _line(event)
        if line:
            when = f"[dim]{desk.show_time(event.at)}[/]"
            console.print(f"{when} {line}", no_wrap=True, overflow="ellipsis", crop=True)
    for name, tag in happened.tags:
        if tag.set_by == f"{tags.BY_RULE}watch" or tag.set_by.startswith(tags.BY_MANAGER):
            console.print(f"            [magenta]＋标签[/] {escape(name)} → {escape(tag.tag)}")


def _line(event: RoomEvent) -> str | None:
    where = escape(event.group.name) if event.group else "私聊"
    who = escape(event.person.name)
    if event.kind is EventKind.JOINED:
        return f"[dim]{where}[/] [green]{who} 加入[/]"
    if event.kind is EventKind.LEFT:
        return f"[dim]{where}[/] [dim]{who} 离开[/]"
    if event.kind is not EventKind.SAID or event.message is None:
        return None
    first = event.message.content.text.replace("\n", " ")
    text = escape(first if len(first) <= _LONGEST_LINE else first[:_LONGEST_LINE] + "…")
    if event.person.role is Role.BOT:
        return f"[dim]{where}[/] [bold yellow]暖暖：[/][yellow]{text}[/]"
    if event.person.role is Role.MANAGER:
        return f"[dim]{where}[/] [bold cyan]{who}：[/]{text}"
    return f"[dim]{where}[/] [bold]{who}：[/]{text}"


async def _go_live(script: Script, folder: Path, options: DemoOptions, console: Console) -> None:
    from bot.serving import open_room, until_signal  # noqa: PLC0415 (headless needs no page)
    from bot.wiring import Bot  # noqa: PLC0415 (as above)

    clock = RunningClock(script.end + timedelta(minutes=1))
    configuration = configuration_of(script, folder)
    settings = configuration.room.model_copy(update={"port": options.port})
    async with open_room(settings, clock, ZoneInfo(configuration.shop.zone)) as opened:
        bot = await Bot.open(configuration, clock, [opened.channel])
        try:
            console.print(f"\n[bold]The room is live: {opened.server.url}[/]")
            console.print("As a manager, each link once; what one confirms, another approves:")
            for _ in range(2):
                console.print(f"  {opened.server.new_sign_in_url()}", soft_wrap=True)
            await until_signal(bot, lambda: console.print("Ctrl-C ends the demo."))
        finally:
            await bot.close()


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """The demo's folder: the one that was named, or a fresh one that goes afterwards."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="nuanqun-demo-", ignore_cleanup_errors=True) as fresh:
        yield Path(fresh)
