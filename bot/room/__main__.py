"""The room as a process of its own: `python -m bot.room --data DIR --port N`.

Once it is ready it prints one line of JSON on stdout: `url`, `door`, `token_file` (where the bot's
token lies) and `sign_in` (a manager's link that works once). It ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from bot.room.room import Room
from bot.room.server import RoomServer, bot_token
from scheduler.clock import RealClock
from storage.errors import NuanqunError


def main() -> int:
    """Run the room until a signal; 0 when it ended well, 1 when it could not run."""
    parser = argparse.ArgumentParser(prog="python -m bot.room", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the room's folder")
    parser.add_argument("--host", default="127.0.0.1", help="default: only this machine")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument(
        "--name", action="append", default=[], help="a further host name to answer to"
    )
    parser.add_argument("--no-page", action="store_true", help="only the door for programs")
    wanted = parser.parse_args()
    try:
        asyncio.run(_run(wanted))
    except NuanqunError as error:
        print(error, file=sys.stderr)  # noqa: T201  # this is the command line's answer
        return 1
    return 0


async def _run(wanted: argparse.Namespace) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    room = await Room.open(wanted.data, RealClock())
    server = RoomServer(
        room,
        host=wanted.host,
        port=wanted.port,
        names=tuple(wanted.name),
        page=not wanted.no_page,
    )
    try:
        await bot_token(room)
        await server.start()
        ready = {
            "url": server.url,
            "door": server.door_url,
            "token_file": str(room.folder / "bot-token"),
            "sign_in": server.new_sign_in_url(),
        }
        print(json.dumps(ready, ensure_ascii=False), flush=True)  # noqa: T201  # asked for
        await ended.wait()
    finally:
        await server.stop()
        await room.close()


if __name__ == "__main__":
    sys.exit(main())
