"""The wire to a gateway: an HTTP/2 connection, and questions on it that end in time.

The connection is made whenever something is asked and there is none, so a gateway that was started
anew is simply asked again; pings on it find out that the other side is gone or frozen. What the
failure of a question means is told by `Failure`; grpclib's own errors never leave this room, since
what they quote may hold the token.

grpclib ends a call by cancelling whichever task waits in it. So whatever it waits for is waited
for in a task of its own here, and whoever asked is never cancelled by it.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import struct
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import betterproto
from grpclib.client import Channel, Handler, Stream
from grpclib.config import Configuration
from grpclib.const import Cardinality, Status
from grpclib.exceptions import GRPCError, StreamTerminatedError
from grpclib.protocol import H2Protocol
from h2.config import H2Configuration
from h2.exceptions import H2Error
from pydantic import SecretStr

from bot.channels.wechat.gateway import Failure, GatewayCallFailed

CLOSED = "the connection is closed"

_HIDDEN = "***"
_REASON_LENGTH = 300
_TLS_FAREWELL = 1  # seconds

# What grpclib raises where there is no connection, or none any more; the second is about the names
# of hosts, and the last about a transport that it forgot when it gave its connection up.
_BROKEN = (OSError, UnicodeError, H2Error, StreamTerminatedError, AttributeError)
# What it and betterproto raise at an answer that is none.
_UNREADABLE = (ValueError, LookupError, TypeError, AssertionError, struct.error)
# https://grpc.io/docs/guides/status-codes/: what a gateway says that does not know itself what
# became of the call. INTERNAL comes from one that could not write its answer down.
_LOST = frozenset({Status.CANCELLED, Status.DEADLINE_EXCEEDED, Status.UNAVAILABLE, Status.INTERNAL})
# Source: `throw-unsupported-error.ts` of wechaty-puppet 1.20.2.
_UNSUPPORTED = "Puppet Unsupported API Error"

_STACK = re.compile(r"\n\s+at [^\n]*")

T = TypeVar("T")
Answer = TypeVar("Answer", bound=betterproto.Message)


@dataclass(frozen=True, slots=True)
class Trust:
    """Who the gateway has to be: signed for by `ca_file` (PEM), under the name `server_name`."""

    ca_file: Path
    server_name: str


@dataclass(frozen=True, slots=True)
class Keepalive:
    """How often the other side is pinged, and how long its answer may take."""

    every: timedelta = timedelta(seconds=20)
    answered_within: timedelta = timedelta(seconds=10)


@dataclass(slots=True)
class Progress:
    """How far a question came."""

    sent: bool = False


class Wire:
    """The connection to one gateway. Open it before asking, also after `close`.

    Args:
        endpoint: the gateway's address, as HOST:PORT.
        token: what it knows its clients by.
        trust: how it proves who it is; None goes without TLS.
        keepalive: how it is found out that nobody is there any more.
    """

    def __init__(
        self, endpoint: str, token: SecretStr, trust: Trust | None, keepalive: Keepalive
    ) -> None:
        self._endpoint = endpoint
        self._token = token
        self._trust = trust
        self._keepalive = keepalive
        self._channel: _Channel | None = None
        self._tasks: set[asyncio.Task[object]] = set()

    async def open(self) -> None:
        """Get ready to connect.

        Raises:
            GatewayCallFailed: the token or the certificate can be none.
        """
        await self.close()
        self._channel = await self._made()

    async def close(self) -> None:
        """End every question, and disconnect. Safe to call twice."""
        channel, self._channel = self._channel, None
        for task in tuple(self._tasks):
            await ended(task)
        if channel is not None:
            await channel.left()

    def drop(self) -> None:
        """Disconnect, so that the next question connects anew."""
        if self._channel is not None:
            self._channel.close()

    async def _made(self) -> _Channel:
        token = self._token.get_secret_value()
        if not (token.isascii() and token.isprintable()):
            raise GatewayCallFailed(Failure.TOKEN, "it holds what no token does")
        host, _, port = self._endpoint.rpartition(":")
        context = None
        if self._trust is not None:
            try:
                context = await asyncio.to_thread(trusting, self._trust.ca_file)
            except OSError as error:  # ssl.SSLError is one
                reason = f"the certificate in {self._trust.ca_file} cannot be used: {error}"
                raise GatewayCallFailed(Failure.NOT_SENT, reason) from error
        return _Channel(
            host.removeprefix("[").removesuffix("]"),
            int(port),
            context,
            Configuration(
                _keepalive_time=self._keepalive.every.total_seconds(),
                _keepalive_timeout=self._keepalive.answered_within.total_seconds(),
                # grpclib spares a server pings unless something is said in between: by default it
                # gives up after two of them, and waits five minutes from one to the next.
                _http2_max_pings_without_data=0,
                _http2_min_sent_ping_interval_without_data=0.001,
                ssl_target_name_override=None if self._trust is None else self._trust.server_name,
            ),
        )

    async def answers(
        self,
        name: str,
        cardinality: Cardinality,
        requests: Sequence[betterproto.Message],
        answer: type[Answer],
        progress: Progress,
    ) -> AsyncGenerator[Answer]:
        """Ask, and yield what is answered; only in a task that `within` or `owned` runs.

        Args:
            name: what is asked, in the protocol's words.
            cardinality: how many requests and answers it is made of.
            requests: at least one.
            answer: what an answer is.
            progress: told when the request is on its way.

        Raises:
            GatewayCallFailed: it failed, as far as can be known.
        """
        stream: Stream[betterproto.Message, Answer] = self._opened().request(
            f"/wechaty.Puppet/{name}",
            cardinality,
            type(requests[0]),
            answer,
            metadata={"authorization": f"Wechaty {self._token.get_secret_value()}"},
        )
        try:
            async with stream:
                await stream.send_request()
                progress.sent = True
                for request in requests[:-1]:
                    await stream.send_message(request)
                await stream.send_message(requests[-1], end=True)
                while (one := await _received(stream)) is not None:
                    yield one
        except GRPCError as error:
            refusal = self._refusal(name, error, by_gateway=_told_by_gateway(stream))
        except _BROKEN as error:
            failure = Failure.LOST if progress.sent else Failure.NOT_SENT
            raise GatewayCallFailed(failure, self._hidden(str(error) or repr(error))) from error
        else:
            return
        # Outside of the handler, and so alone: the error behind it may quote the token.
        raise refusal

    def _refusal(self, name: str, error: GRPCError, *, by_gateway: bool) -> GatewayCallFailed:
        # A puppet's error is told with the lines of its code in which it arose.
        said = _STACK.sub("", error.message or "").removeprefix("Error: ").strip()
        reason = self._hidden(said or error.status.name)
        return GatewayCallFailed(
            failure_of(name, error.status, reason, by_gateway=by_gateway), reason
        )

    async def within(
        self, deadline: timedelta, work: Coroutine[object, object, T], progress: Progress
    ) -> T:
        """Do something in a task of its own, within the deadline.

        Raises:
            GatewayCallFailed: it failed, it took too long, or the connection was closed.
        """
        seconds = deadline.total_seconds()
        task = self.owned(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
        finally:
            await ended(task)
        if done and not task.cancelled():
            return task.result()
        reason = CLOSED if done else f"no answer within {seconds:g} s"
        raise GatewayCallFailed(Failure.LOST if progress.sent else Failure.NOT_SENT, reason)

    def _opened(self) -> _Channel:
        if self._channel is None:
            raise GatewayCallFailed(Failure.NOT_SENT, CLOSED)
        return self._channel

    def owned(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """A task that ends with the wire at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits for it is told; with nobody there it is no news

    def _hidden(self, text: str) -> str:
        secret = self._token.get_secret_value()
        return (text.replace(secret, _HIDDEN) if secret else text)[:_REASON_LENGTH]


def failure_of(name: str, status: Status, reason: str, *, by_gateway: bool) -> Failure:
    """How the call `name` failed, by what the status of its answer says.

    Args:
        name: the call's name in the protocol.
        status: the status of its answer.
        reason: the words beside it.
        by_gateway: whether the gateway itself said so, and not grpclib of an answer that is none.
    """
    match status:
        case Status.UNAUTHENTICATED:
            return Failure.TOKEN
        case Status.ALREADY_EXISTS if name == "Event":
            return Failure.TAKEN
        case Status.UNIMPLEMENTED:
            return Failure.UNKNOWN_CALL
        case Status.UNKNOWN if not by_gateway:
            return Failure.LOST
    if status in _LOST:
        return Failure.LOST
    return Failure.UNKNOWN_CALL if _UNSUPPORTED in reason else Failure.REFUSED


class _Protocol(H2Protocol):
    """grpclib's side of one connection, which also tells when that is over."""

    def __init__(self, handler: Handler, config: Configuration, h2_config: H2Configuration) -> None:
        super().__init__(handler, config, h2_config)
        self.over = asyncio.Event()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is over, and so is everything asked on it."""
        super().connection_lost(exc)
        self.over.set()


class _Channel(Channel):
    """grpclib's connections to one server, with an end to the farewell.

    TLS says goodbye and waits 30 s for the other side to do the same; grpclib counts a connection
    as lost only afterwards, too late for a gateway that is frozen.
    """

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext | None, config: Configuration
    ) -> None:
        super().__init__(host, port, ssl=context, config=config)
        self._context = context
        self._made: dict[_Protocol, asyncio.Transport] = {}  # the connections that may be open

    def _protocol_factory(self) -> _Protocol:
        return _Protocol(Handler(), self._config, self._h2_config)

    async def _create_connection(self) -> H2Protocol:
        encrypted = self._context is not None
        transport, made = await asyncio.get_running_loop().create_connection(
            self._protocol_factory,
            self._host,
            self._port,
            ssl=self._context,
            server_hostname=self._config.ssl_target_name_override if encrypted else None,
            ssl_shutdown_timeout=_TLS_FAREWELL if encrypted else None,
        )
        self._made = {one: line for one, line in self._made.items() if not one.over.is_set()}
        self._made[made] = transport
        return made

    async def left(self) -> None:
        """Disconnect, and be rid of the connections."""
        self.close()
        for made, transport in self._made.items():
            try:
                await asyncio.wait_for(made.over.wait(), 2 * _TLS_FAREWELL)
            except TimeoutError:
                transport.abort()  # it has something to say yet, and nobody listens
                await made.over.wait()


def trusting(ca_file: Path) -> ssl.SSLContext:
    """TLS with whoever that file signs for, and nobody else."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    # Python 3.13 began to refuse authorities that say too little of themselves. The one that the
    # npm package brings does, and one that is pinned by its file need not say what it may sign.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


async def _received(stream: Stream[betterproto.Message, Answer]) -> Answer | None:
    try:
        return await stream.recv_message()
    except _UNREADABLE as error:
        reason = f"the answer cannot be read: {type(error).__name__}"
        raise GatewayCallFailed(Failure.LOST, reason) from error


def _told_by_gateway(stream: Stream[betterproto.Message, Answer]) -> bool:
    """Whether an error came as gRPC's own trailers, which `grpclib` reads before it raises."""
    return stream.trailing_metadata is not None


async def only(answers: AsyncGenerator[Answer]) -> Answer:
    """The one answer, once it is certain that the gateway stands by it."""
    async with aclosing(answers):
        told = [answer async for answer in answers]
    if not told:
        raise GatewayCallFailed(Failure.LOST, "an answer with nothing in it")
    return told[0]


async def ended(task: asyncio.Task[T]) -> None:
    """See a task to its end, however it ends."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
