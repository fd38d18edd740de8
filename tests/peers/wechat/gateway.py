"""A Wechaty gateway in Node, run for a test: the real server, with a puppet that needs no WeChat.

`running()` starts one and gives a `GatewayProcess`. Its people and rooms are made, and what happens
among them is told, over a control port (`control.mjs` lists the commands); what the bot sent is
read from a file, so that it is known of a gateway that is frozen or dead, too. A gateway that was
killed and is started again knows the same people and rooms, but no message from before, like a
real one.

What it is made of comes from npm (`packages.py`).
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.peers.postgres import free_port
from tests.peers.wechat import packages

HERE = Path(__file__).parent
ME = "wxid_me"
START_SECONDS = 30.0

# What makes a world, and is done again when a killed gateway is started again.
WORLD = {"person", "room", "login", "logout", "renew", "manners", "announce"}
WORLD |= {"join", "leave", "rename", "call", "lead"}


@dataclass(frozen=True, slots=True)
class Sent:
    """What the bot sent. `at` is in milliseconds since 1970, by the clock of this machine."""

    id: str
    conversation: str
    at: int
    text: str = ""
    mentions: tuple[str, ...] = ()
    file: str = ""
    data: bytes = b""
    recalled: bool = False


class GatewayProcess:
    """A gateway that runs; `kill` and `start`, `freeze` and `thaw` are what befalls one."""

    def __init__(
        self, folder: Path, tls: Mapping[str, str] | None, now: Callable[[], datetime] | None
    ) -> None:
        """Nothing runs before `start`. `tls` is None for a plain gateway, `{}` for the package's
        own certificate (name `insecure`), or holds `certificate` and `key` in PEM. `now` is the
        clock by which things happen there, None for the machine's.
        """
        self.token = f"puppet_{secrets.token_hex(8)}"
        self.authority = ""
        """The certificate in PEM that signed the package's own one."""
        self._folder = folder
        self._tls = tls
        self._now = now
        self._port = 0
        self._control: httpx.AsyncClient | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._world: list[tuple[str, Mapping[str, Any]]] = []
        self._people: list[str] = []
        self._rooms: list[str] = []

    @property
    def endpoint(self) -> str:
        """Where the gateway listens, as `host:port`; the same after it was started again."""
        return f"127.0.0.1:{self._port}"

    @property
    def journal(self) -> Path:
        """The file of what was sent and recalled, a line of JSON each."""
        return self._folder / "journal"

    @property
    def complaints(self) -> Path:
        """The file of what the process wrote to its standard error."""
        return self._folder / "complaints"

    async def start(self) -> None:
        """Run it, at the port of last time, and make its people and rooms again."""
        if not self._port:
            self._port = free_port()
        with self.complaints.open("ab") as complaints:
            self._process = await asyncio.create_subprocess_exec(
                str(shutil.which("node")),
                str(HERE / "gateway.mjs"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=os.environ | {"WECHATY_LOG": "error"},
                limit=1 << 20,
            )
        told = {
            "token": self.token,
            "port": self._port,
            "tls": self._tls,
            "journal": str(self.journal),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        async with asyncio.timeout(START_SECONDS):
            line = await self._process.stdout.readline()
        if not line:
            await self._process.wait()
            raise RuntimeError(self.complaints.read_text())
        ready = json.loads(line)
        self.authority = ready["authority"]
        self._control = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{ready['control']}",
            headers={"authorization": self.token},
            trust_env=False,
        )
        for name, arguments in self._world:
            await self._command(name, arguments)

    async def stop(self) -> None:
        """End it, if it runs; frozen or not."""
        if self._control is not None:
            await self._control.aclose()
            self._control = None
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
            self._process = None

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        await self.stop()

    def freeze(self) -> None:
        """Stop it without ending it: its connections stay, and nobody answers on them."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, which: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(which)

    async def command(self, name: str, /, **arguments: Any) -> Any:
        """Have something happen, or ask what did; `control.mjs` lists the commands."""
        if self._now is not None:
            arguments["at"] = round(self._now().timestamp() * 1000)
        if name in WORLD:
            self._world.append((name, arguments))
        return await self._command(name, arguments)

    async def _command(self, name: str, arguments: Mapping[str, Any]) -> Any:
        assert self._control is not None, "the gateway does not run"
        answer = await self._control.post(f"/{name}", json=dict(arguments))
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{name}: {answer.json()}")
        return answer.json()

    # The world

    async def person(self, name: str, *, person: str | None = None, **more: Any) -> str:
        """Somebody (`alias`, `friend`); their id."""
        person = person or f"wxid_{secrets.token_hex(6)}"
        await self.command("person", id=person, name=name, **more)
        self._people.append(person)
        return person

    async def room(
        self, name: str, members: Sequence[str], *, room: str | None = None, **more: Any
    ) -> str:
        """A room (`owner`, `admins`, `nicknames` by person); its id."""
        room = room or f"{secrets.token_hex(6)}@chatroom"
        await self.command("room", id=room, name=name, members=list(members), **more)
        self._rooms.append(room)
        return room

    async def login(self, person: str = ME) -> None:
        """Have the account logged in: at once, or as soon as it is started."""
        await self.command("login", person=person)

    async def logout(self, reason: str = "logged out on the phone") -> None:
        """Have the account logged out."""
        await self.command("logout", reason=reason)

    async def renew(self) -> dict[str, str]:
        """Log out and in with another id for everybody and every room; old → new."""
        ids = {person: f"@{secrets.token_hex(16)}" for person in self._people}
        ids |= {room: f"@@{secrets.token_hex(16)}" for room in self._rooms}
        await self.command("renew", ids=ids, reason="logged in anew")
        self._people = [ids[person] for person in self._people]
        self._rooms = [ids[room] for room in self._rooms]
        return ids

    async def say(
        self, talker: str, text: str, room: str | None = None, mentions: Sequence[str] = ()
    ) -> str:
        """Somebody says something, in a room or to the account; the message's id."""
        given = {"talker": talker, "text": text, "mentions": list(mentions)}
        if room is not None:
            given["conversation"] = room
        told: str = (await self.command("say", **given))["id"]
        return told

    async def picture(self, talker: str, name: str, data: bytes, room: str | None = None) -> str:
        """Somebody sends a picture; the message's id."""
        given = {"talker": talker, "name": name, "base64": base64.b64encode(data).decode()}
        if room is not None:
            given["conversation"] = room
        told: str = (await self.command("picture", **given))["id"]
        return told

    async def trouble(
        self, call: str, kind: str, *, times: int | None = None, on: str | None = None, **more: Any
    ) -> None:
        """Have calls of the puppet fail: `throw` (text), `hang`, `swallow` or `delay` (seconds).

        `swallow` carries the call out and never answers. `times` is how often, None until the
        command `mend`. `on` is the first argument of the calls that are meant, such as a
        conversation; None: all of them.
        """
        given = {"times": times, "on": on, **more}
        limited = {name: value for name, value in given.items() if value is not None}
        await self.command("trouble", call=call, kind=kind, **limited)

    # What the bot did

    def sent(self) -> list[Sent]:
        """What the bot sent so far, in order, of this run and of those before it."""
        if not self.journal.exists():
            return []
        lines = [json.loads(line) for line in self.journal.read_text().splitlines()]
        recalled = {line["recalled"] for line in lines if "recalled" in line}
        return [
            Sent(
                id=line["id"],
                conversation=line["conversation"],
                at=line["at"],
                text=line.get("text", ""),
                mentions=tuple(line.get("mentions", ())),
                file=line.get("file", ""),
                data=base64.b64decode(line.get("base64", "")),
                recalled=line["id"] in recalled,
            )
            for line in lines
            if "id" in line
        ]

    async def calls(self) -> dict[str, int]:
        """How often each call of the puppet was made since it was started."""
        told: dict[str, int] = await self.command("calls")
        return told


@asynccontextmanager
async def running(
    tls: Mapping[str, str] | None = None, now: Callable[[], datetime] | None = None
) -> AsyncIterator[GatewayProcess]:
    """A gateway for as long as the context lasts; ends the test when there is nothing to run it."""
    await asyncio.to_thread(packages.present)
    with tempfile.TemporaryDirectory(prefix="nuanqun-wechat-") as folder:
        gateway = GatewayProcess(Path(folder), tls, now)
        try:
            await gateway.start()
            yield gateway
        finally:
            await gateway.stop()
