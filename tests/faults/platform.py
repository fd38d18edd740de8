"""A platform that misbehaves on purpose, and keeps a log of its own by its own clock.

A TCP server in the test's process. A line of JSON is a call, a line of JSON its answer, one call
at a time on a connection:

    {"do": "post", "key", "address", "account", "token", "departed", "early"}
        -> {"done": RECEIPT} | {"too_fast": SECONDS, "everywhere": BOOL} | {"gone": WHY}
         | {"broken": STATUS}
    {"do": "lookup", "key", "account"}
        -> {"presence": "sent" | "absent" | "unknown", "receipt"?}

It measures every call against its own sliding windows, whatever the sender believes, and refuses
what is too much. It never notices that a key comes twice: no platform here does. What goes wrong
is drawn in `misfortune.py`; beside that the door can be `shut`, so that connections are refused.

Two rules make the log a fair judge. A call that is read more than `patience` after it departed is
turned away, as if it had been lost on its way: the sender has given it up, and has hung up. And
once a look-up has sworn that a key is absent, a call that departed before that is turned away
too: the oath is a proof that nothing will come.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from scheduler.courier import Limits
from tests.faults.misfortune import SHARES, Fate, Fault, fate_of
from tests.faults.windows import Windows

HOST = "127.0.0.1"
USUAL_PAUSE = (0.001, 0.02)  # seconds until an answer: something is always under way
SLOW_PAUSE = (0.05, 0.3)
LATE_PAUSE = (1.1, 1.8)  # of the callers' deadline
SILENCE = (0.2, 1.0)  # seconds of a retry_after
UNKNOWING = 0.05  # this share of a remembering platform's look-ups tell nothing


class Told(StrEnum):
    """What the caller could learn from an answer."""

    DONE = "done"  # it was sent
    REFUSED = "refused"  # it was not sent
    NOTHING = "nothing"  # no answer, in time: it may have been sent, or not


@dataclass(frozen=True, slots=True)
class Arrival:
    """One call as the platform met it. Moments are seconds since the epoch.

    `departed` is when the caller says that it made the call, `token` the lease it held then.
    `early` is set by a caller that knows the platform had asked for silence; `above` names the
    rate that the call broke.
    """

    key: str
    account: str
    address: str
    token: int
    departed: float
    at: float
    told: Told
    why: str
    receipt: str | None = None
    early: bool = False
    above: str | None = None

    @property
    def stands(self) -> bool:
        """Whether the message is there for all to read."""
        return self.receipt is not None


@dataclass(slots=True)
class Log:
    """All that a platform saw.

    `oaths` are the moments at which a look-up swore that a key was absent; `cuts` those at which
    the platform ended the connections on which nothing was under way, as far as it knew.
    """

    arrivals: list[Arrival] = field(default_factory=list)
    oaths: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cuts: list[float] = field(default_factory=list)
    lookups: int = 0


@dataclass(frozen=True, slots=True)
class _Reaction:
    """What the platform does about a call: `answer` (None: there is none) after `pause` seconds."""

    told: Told
    why: str
    answer: Mapping[str, Any] | None = None
    pause: float = 0.0
    receipt: str | None = None
    above: str | None = None


class Platform:
    """Serves from `async with` on, at `port`.

    Args:
        limits: what it allows each account.
        seed: everything that goes wrong is drawn from it.
        remembers: the accounts whose look-ups can tell.
        deadline: how long its callers wait for an answer, in seconds; a late one comes after.
        patience: a call that took longer to come is turned away, in seconds.
        shares: which share of the calls meets which fault.
    """

    def __init__(
        self,
        *,
        limits: Limits,
        seed: str,
        remembers: Collection[str],
        deadline: float,
        patience: float,
        shares: Mapping[Fault, float] = SHARES,
    ) -> None:
        self.log = Log()
        self._seed = seed
        self._remembers = remembers
        self._deadline = deadline
        self._patience = patience
        self._shares = shares
        self._windows: defaultdict[str, Windows] = defaultdict(lambda: Windows(limits))
        self._calls: Counter[str] = Counter()
        self._standing: dict[str, str] = {}  # key → its first receipt
        self._receipts = 0
        self._gone: set[tuple[str, str]] = set()
        self._connections: set[_Connection] = set()
        # Keeps the port ours while the door is shut: bound, and never listening.
        self._place = socket.socket()
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._place.bind((HOST, 0))
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shut()
        for connection in tuple(self._connections):
            connection.cut()
        self._place.close()

    @property
    def port(self) -> int:
        """Where it serves."""
        port: int = self._place.getsockname()[1]
        return port

    async def open(self) -> None:
        """Let callers in."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self), HOST, self.port, reuse_port=True, backlog=1_000
        )

    def shut(self) -> None:
        """Refuse connections, and end those on which nothing is under way, until `open`."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        self.log.cuts.append(time.time())
        for connection in tuple(self._connections):
            if not connection.busy:
                connection.cut()

    def meet(self, connection: _Connection, call: Mapping[str, Any]) -> None:
        """Do what a caller asks, or something worse."""
        if call["do"] == "lookup":
            connection.answer(self._look_up(call["account"], call["key"]), USUAL_PAUSE[0])
            return
        reaction = self._react(call)
        self.log.arrivals.append(
            Arrival(
                key=call["key"],
                account=call["account"],
                address=call["address"],
                token=call["token"],
                departed=call["departed"],
                at=time.time(),
                told=reaction.told,
                why=reaction.why,
                receipt=reaction.receipt,
                early=call["early"],
                above=reaction.above,
            )
        )
        if reaction.answer is not None:
            connection.answer(reaction.answer, reaction.pause)
        elif reaction.why != Fault.HANG:
            connection.cut(reset=reaction.why == Fault.RESET)

    def _react(self, call: Mapping[str, Any]) -> _Reaction:
        now, key, place = time.time(), call["key"], (call["account"], call["address"])
        sworn_since = any(call["departed"] < oath for oath in self.log.oaths.get(key, ()))
        if sworn_since or now - call["departed"] > self._patience:
            return _Reaction(Told.NOTHING, "lost_on_its_way")
        self._calls[key] += 1
        above = self._windows[call["account"]].broken_by(call["address"], now)
        if above is not None:
            return _Reaction(Told.REFUSED, "above", _too_fast(1.0, everywhere=True), above=above)
        fate = fate_of(self._seed, key, self._calls[key], self._shares)
        if fate.fault is Fault.GONE:
            self._gone.add(place)
        elif place in self._gone:
            fate = Fate(Fault.GONE, stands=False, draw=fate.draw)
        return self._meted_out(fate, self._stand(key) if fate.stands else None)

    def _meted_out(self, fate: Fate, receipt: str | None) -> _Reaction:
        """What the caller sees of a fate, and when."""
        pause = _between(USUAL_PAUSE, fate.draw)
        match fate.fault:
            case Fault.NONE | Fault.SLOW:
                if fate.fault is Fault.SLOW:
                    pause = _between(SLOW_PAUSE, fate.draw)
                return _Reaction(Told.DONE, fate.fault, {"done": receipt}, pause, receipt)
            case Fault.LATE:
                pause = self._deadline * _between(LATE_PAUSE, fate.draw)
                return _Reaction(Told.NOTHING, fate.fault, {"done": receipt}, pause, receipt)
            case Fault.GONE:
                return _Reaction(Told.REFUSED, fate.fault, {"gone": "kicked"}, pause)
            case Fault.TOO_FAST | Fault.TOO_FAST_EVERYWHERE as meant:
                silence = _between(SILENCE, fate.draw)
                everywhere = meant is Fault.TOO_FAST_EVERYWHERE
                asked = _too_fast(silence, everywhere=everywhere)
                return _Reaction(Told.REFUSED, fate.fault, asked, pause)
            case Fault.BROKEN | Fault.LOST | Fault.RESET | Fault.HANG as meant:
                answer = {"broken": 502} if meant is Fault.BROKEN else None
                return _Reaction(Told.NOTHING, fate.fault, answer, pause, receipt)

    def _stand(self, key: str) -> str:
        self._receipts += 1
        receipt = str(self._receipts)
        self._standing.setdefault(key, receipt)
        return receipt

    def _look_up(self, account: str, key: str) -> dict[str, Any]:
        self.log.lookups += 1
        asked = f"lookup {key}"
        self._calls[asked] += 1
        draw = fate_of(self._seed, asked, self._calls[asked]).draw
        if account not in self._remembers or draw < UNKNOWING:
            return {"presence": "unknown"}
        if key in self._standing:
            return {"presence": "sent", "receipt": self._standing[key]}
        self.log.oaths[key].append(time.time())
        return {"presence": "absent"}

    def welcome(self, connection: _Connection) -> None:
        """Remember a connection until it is lost."""
        self._connections.add(connection)

    def lose(self, connection: _Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)


class _Connection(asyncio.Protocol):
    """One caller's connection: lines in, lines out."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._transport: asyncio.Transport
        self._unread = b""
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._platform.welcome(self)

    def connection_lost(self, _reason: Exception | None) -> None:
        self._platform.lose(self)

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self.busy = True
            self._platform.meet(self, json.loads(line))

    def answer(self, body: Mapping[str, Any], pause: float) -> None:
        """Answer after `pause` seconds, if somebody is still listening."""
        line = json.dumps(body).encode() + b"\n"
        asyncio.get_running_loop().call_later(pause, self._write, line)

    def _write(self, line: bytes) -> None:
        self.busy = False
        if not self._transport.is_closing():
            self._transport.write(line)

    def cut(self, *, reset: bool = False) -> None:
        """End it without another word; with `reset`, not even with a proper end."""
        if reset:
            at_once = struct.pack("ii", 1, 0)
            wire: socket.socket = self._transport.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self._transport.abort()


def _too_fast(seconds: float, *, everywhere: bool) -> dict[str, Any]:
    return {"too_fast": seconds, "everywhere": everywhere}


def _between(span: tuple[float, float], draw: float) -> float:
    low, high = span
    return low + draw * (high - low)
