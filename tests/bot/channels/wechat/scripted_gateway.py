"""A gateway that says what a test has it say, over the real wire: also what no sound one would.

It answers each call by a function of the test's, at a port of this machine. What sound gateways do
is tried with the real one (`tests/peers/wechat`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from grpclib.const import Cardinality, Handler
from grpclib.server import Server, Stream
from wechaty_grpc.wechaty import puppet

from bot.channels.wechat import protocol
from tests.peers.postgres import free_port

Answer = Callable[[Stream[Any, Any]], Awaitable[None]]

# What the scripts of the tests take and give; the rest of the calls this gateway does not have.
_CALLS = {
    "Version": (Cardinality.UNARY_UNARY, puppet.VersionRequest, puppet.VersionResponse),
    "Event": (Cardinality.UNARY_STREAM, puppet.EventRequest, puppet.EventResponse),
    "Upload": (Cardinality.STREAM_UNARY, protocol.UploadRequest, protocol.UploadResponse),
    "Download": (Cardinality.UNARY_STREAM, protocol.DownloadRequest, protocol.DownloadResponse),
    "MessageSendText": (
        Cardinality.UNARY_UNARY,
        puppet.MessageSendTextRequest,
        protocol.MessageSentResponse,
    ),
    "MessageSendFile": (
        Cardinality.UNARY_UNARY,
        puppet.MessageSendFileRequest,
        protocol.MessageSentResponse,
    ),
    # Answered with another message than the caller reads, as a gateway of another protocol would.
    "MessagePayload": (
        Cardinality.UNARY_UNARY,
        puppet.MessagePayloadRequest,
        protocol.UploadRequest,
    ),
    "RoomPayload": (Cardinality.UNARY_UNARY, puppet.RoomPayloadRequest, puppet.RoomPayloadResponse),
    "RoomMemberList": (
        Cardinality.UNARY_UNARY,
        puppet.RoomMemberListRequest,
        puppet.RoomMemberListResponse,
    ),
}


class _Service:
    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers

    def __mapping__(self) -> Mapping[str, Handler]:
        return {
            f"/wechaty.Puppet/{name}": Handler(answer, *_CALLS[name])
            for name, answer in self._answers.items()
        }


def says(*messages: Any) -> Answer:
    """Answer with these messages, whatever is asked."""

    async def answer(stream: Stream[Any, Any]) -> None:
        while await stream.recv_message() is not None:
            pass
        for message in messages:
            await stream.send_message(message)

    return answer


def raises(error: Exception) -> Answer:
    """Answer with this error."""

    async def answer(stream: Stream[Any, Any]) -> None:
        await stream.recv_message()
        raise error

    return answer


async def hangs(stream: Stream[Any, Any]) -> None:
    """Take what is asked, and never answer."""
    while await stream.recv_message() is not None:
        pass
    await asyncio.Event().wait()


VERSION = says(puppet.VersionResponse(version="1.0"))


@asynccontextmanager
async def scripted(**answers: Answer) -> AsyncIterator[str]:
    """A gateway with these calls and `Version`; its endpoint."""
    server = Server([_Service({"Version": VERSION} | answers)])
    port = free_port()
    await server.start("127.0.0.1", port)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.01)  # grpclib does not wait for its connections to be over
