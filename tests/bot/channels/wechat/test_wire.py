"""The wire to a gateway: what becomes of a question that is not answered as it should be."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.server import Stream
from pydantic import SecretStr
from wechaty_grpc.wechaty import puppet
from wechaty_grpc.wechaty.puppet import EventType

from bot.channels.wechat.connection import (
    GatewayConnection,
    GatewayTokenRefused,
    GatewayUnreachable,
    Trust,
)
from bot.channels.wechat.gateway import Alive, Dong, Failure, FileBox, GatewayCallFailed
from bot.channels.wechat.protocol import (
    DownloadResponse,
    MessageSentResponse,
    StringValue,
    UploadRequest,
    UploadResponse,
)
from bot.channels.wechat.wire import failure_of
from tests.bot.channels.wechat.scripted_gateway import Answer, hangs, raises, says, scripted
from tests.peers.postgres import free_port

SOON = timedelta(milliseconds=300)
TOKEN = "puppet_9c1f0a"
GATEWAY, GRPCLIB = "the gateway itself", "grpclib, of no answer"


def connection(endpoint: str, token: str = TOKEN, **more: Any) -> GatewayConnection:
    """A connection that has not been opened."""
    return GatewayConnection(endpoint, SecretStr(token), None, **more)


@asynccontextmanager
async def connected(**answers: Answer) -> AsyncIterator[GatewayConnection]:
    """A connection to a gateway with these calls, which waits for an answer only shortly."""
    async with scripted(**answers) as endpoint:
        made = connection(endpoint, deadline=SOON)
        await made.open()
        try:
            yield made
        finally:
            await made.close()


@pytest.mark.parametrize(
    ("name", "status", "reason", "said_by", "failure"),
    [
        ("Version", Status.UNAUTHENTICATED, "Invalid TOKEN", GATEWAY, Failure.TOKEN),
        ("Event", Status.ALREADY_EXISTS, "can not call twice", GATEWAY, Failure.TAKEN),
        ("RoomAdd", Status.ALREADY_EXISTS, "is in the room", GATEWAY, Failure.REFUSED),
        ("RoomAnnounce", Status.UNIMPLEMENTED, "", GATEWAY, Failure.UNKNOWN_CALL),
        (
            "RoomAnnounce",
            Status.UNKNOWN,
            "Wechaty Puppet Unsupported API Error. Learn more",
            GATEWAY,
            Failure.UNKNOWN_CALL,
        ),
        ("MessageSendText", Status.UNKNOWN, "操作过于频繁", GATEWAY, Failure.REFUSED),
        ("MessageSendText", Status.NOT_FOUND, "no such room", GATEWAY, Failure.REFUSED),
        ("MessageSendText", Status.UNKNOWN, "Missing grpc-status", GRPCLIB, Failure.LOST),
        ("MessageSendText", Status.UNAVAILABLE, "", GATEWAY, Failure.LOST),
        ("MessageSendText", Status.DEADLINE_EXCEEDED, "", GATEWAY, Failure.LOST),
        ("MessageSendText", Status.CANCELLED, "", GATEWAY, Failure.LOST),
        ("MessageSendText", Status.INTERNAL, "cannot serialize", GATEWAY, Failure.LOST),
    ],
)
def test_a_status_tells_how_a_call_failed(
    name: str, status: Status, reason: str, said_by: str, failure: Failure
) -> None:
    assert failure_of(name, status, reason, by_gateway=said_by == GATEWAY) is failure


async def test_a_puppets_error_is_told_without_the_lines_of_its_code() -> None:
    said = "Error: 操作过于频繁\n    at send (file:///puppet.js:5:3)\n    at <anonymous>"
    refuses = raises(GRPCError(Status.UNKNOWN, said))
    async with connected(MessageSendText=refuses) as gateway:
        with pytest.raises(GatewayCallFailed) as failed:
            await gateway.say("room@", "大家好", [])
    assert (failed.value.failure, failed.value.reason) == (Failure.REFUSED, "操作过于频繁")


async def test_no_error_tells_the_token() -> None:
    quotes = raises(GRPCError(Status.UNAUTHENTICATED, f'Invalid Wechaty TOKEN "{TOKEN}"'))
    async with scripted(Version=quotes) as endpoint:
        gateway = connection(endpoint)
        with pytest.raises(GatewayTokenRefused) as refused:
            await gateway.open()
    assert 'Invalid Wechaty TOKEN "***"' in str(refused.value)
    # Nor whatever is behind it, nor the connection itself.
    told = "".join(traceback.format_exception(refused.value))
    error: BaseException | None = refused.value
    while error is not None:
        told += repr(error)
        error = error.__cause__ or error.__context__
    assert TOKEN not in told + repr(gateway)


@pytest.mark.parametrize("token", ["two\nlines", "密码"])
async def test_a_token_that_can_be_none_is_refused_before_it_is_told(token: str) -> None:
    async with scripted() as endpoint:
        with pytest.raises(GatewayTokenRefused) as refused:
            await connection(endpoint, token).open()
    assert token not in str(refused.value)


async def test_nothing_was_sent_where_nobody_is_there() -> None:
    async with connected() as gateway:
        pass
    with pytest.raises(GatewayCallFailed, match="not_sent: the connection is closed"):
        await gateway.say("room@", "大家好", [])
    nobody = connection(f"127.0.0.1:{free_port()}")
    with pytest.raises(GatewayUnreachable, match="Connect call failed"):
        await nobody.open()


async def test_a_call_without_an_answer_in_time_may_have_been_carried_out() -> None:
    async with connected(MessageSendText=hangs) as gateway:
        with pytest.raises(GatewayCallFailed, match=r"lost: no answer within 0\.3 s"):
            await gateway.say("room@", "大家好", [])


async def test_connecting_without_end_has_sent_nothing(tmp_path: Path) -> None:
    """A host that takes a connection and never speaks TLS."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        endpoint = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
        trust = Trust(tmp_path / "ca.pem", "gateway.example")
        gateway = GatewayConnection(endpoint, SecretStr(TOKEN), trust, deadline=SOON)
        with pytest.raises(GatewayUnreachable, match="no answer within") as failed:
            await gateway.open()
    cause = failed.value.__cause__
    assert isinstance(cause, GatewayCallFailed)
    assert cause.failure is Failure.NOT_SENT


async def test_a_certificate_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    trust = Trust(tmp_path / "ca.pem", "gateway.example")
    gateway = GatewayConnection("127.0.0.1:1", SecretStr(TOKEN), trust)
    with pytest.raises(GatewayUnreachable, match=r"ca\.pem cannot be used"):
        await gateway.open()


async def test_a_call_that_the_gateway_does_not_have_is_told_apart() -> None:
    async with connected(RoomPayload=raises(GRPCError(Status.UNIMPLEMENTED))) as gateway:
        with pytest.raises(GatewayCallFailed) as failed:
            await gateway.room("room@")
    assert failed.value.failure is Failure.UNKNOWN_CALL


async def test_an_answer_that_cannot_be_read_says_nothing_of_what_was_done() -> None:
    nonsense = says(UploadRequest(chunk=b"\xff\xfe"))  # no text, where the message's id is
    async with connected(MessagePayload=nonsense) as gateway:
        with pytest.raises(GatewayCallFailed, match="lost: the answer cannot be read"):
            await gateway.message("m1")


@pytest.mark.parametrize(
    ("answer", "receipt"),
    [
        (MessageSentResponse(id="m1"), "m1"),
        (MessageSentResponse(wrapped_id=StringValue(value="m1")), "m1"),
        (MessageSentResponse(id="m1", wrapped_id=StringValue(value="m1")), "m1"),
        (MessageSentResponse(), None),
    ],
)
async def test_the_id_of_what_was_sent_is_told_by_gateways_old_and_new_or_not_at_all(
    answer: MessageSentResponse, receipt: str | None
) -> None:
    async with connected(MessageSendText=says(answer)) as gateway:
        assert await gateway.say("room@", "大家好", []) == receipt


async def test_members_are_asked_for_where_the_room_does_not_tell_them() -> None:
    room = says(puppet.RoomPayloadResponse(id="room@", topic="一群"))
    members = says(puppet.RoomMemberListResponse(member_ids=["a", "b"]))
    async with connected(RoomPayload=room, RoomMemberList=members) as gateway:
        assert (await gateway.room("room@")).members == ("a", "b")


# Files


async def test_large_bytes_are_uploaded_in_pieces_and_sent_by_their_id() -> None:
    pieces: list[bytes] = []
    sent: list[str] = []

    async def uploads(stream: Stream[Any, Any]) -> None:
        pieces.extend([piece.chunk async for piece in stream])
        await stream.send_message(UploadResponse(id="u-1"))

    async def sends(stream: Stream[Any, Any]) -> None:
        asked = await stream.recv_message()
        assert asked is not None
        sent.append(asked.filebox)
        await stream.send_message(MessageSentResponse(id="m1"))

    data = bytes(range(256)) * 600
    async with connected(Upload=uploads, MessageSendFile=sends) as gateway:
        assert await gateway.show("room@", FileBox("a.png", data=data)) == "m1"
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 64 * 1024
    assert '"uuid": "u-1"' in sent[0]


@pytest.mark.parametrize(
    "upload",
    [
        hangs,
        raises(GRPCError(Status.UNAVAILABLE, "gone")),
        raises(GRPCError(Status.INTERNAL, "ENOSPC: no space left on device, write")),
    ],
)
async def test_nothing_was_sent_where_the_upload_before_it_failed(upload: Answer) -> None:
    async with connected(Upload=upload) as gateway:
        with pytest.raises(GatewayCallFailed, match="not_sent: the upload before it") as failed:
            await gateway.show("room@", FileBox("a.png", data=bytes(30_000)))
    assert failed.value.failure is Failure.NOT_SENT


async def test_a_file_that_is_too_large_is_not_taken_to_its_end() -> None:
    async def endless(stream: Stream[Any, Any]) -> None:
        await stream.recv_message()
        while True:
            await stream.send_message(DownloadResponse(chunk=bytes(1024 * 1024)))

    async with scripted(Download=endless) as endpoint:
        gateway = connection(endpoint)
        await gateway.open()
        with pytest.raises(GatewayCallFailed, match="refused: the file has more than 20 MB"):
            await gateway.download(FileBox("a.png", upload="u-1"))
        await gateway.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a.png?ticket=secret", "file:///a.png"])
async def test_a_file_that_cannot_be_fetched_is_refused_without_telling_its_address(
    url: str,
) -> None:
    async with connected() as gateway:
        with pytest.raises(GatewayCallFailed) as failed:
            await gateway.download(FileBox("a.png", url=url))
    assert failed.value.failure is Failure.REFUSED
    assert "secret" not in str(failed.value)


# The stream of events

HEARTBEAT = puppet.EventResponse(type=EventType.EVENT_TYPE_HEARTBEAT, payload="{}")
DONG = puppet.EventResponse(type=EventType.EVENT_TYPE_DONG, payload='{"data": "1"}')


async def test_all_that_was_told_is_heard_before_the_stream_ends() -> None:
    async with connected(Event=says(HEARTBEAT, DONG, DONG)) as gateway:
        events = gateway.events()
        heard = [await anext(events) for _ in range(3)]
        with pytest.raises(GatewayCallFailed, match="lost: the gateway ended the stream"):
            await anext(events)
    assert heard == [Alive(), Dong("1"), Dong("1")]


async def test_events_wait_at_the_gateway_while_nobody_takes_them() -> None:
    told = 0
    payload = json.dumps({"data": "x" * 100_000})
    long = puppet.EventResponse(type=EventType.EVENT_TYPE_DONG, payload=payload)

    async def talks(stream: Stream[Any, Any]) -> None:
        nonlocal told
        await stream.recv_message()
        while True:
            await stream.send_message(long)
            told += 1

    async with connected(Event=talks) as gateway:
        events = gateway.events()
        await anext(events)
        await asyncio.sleep(0.5)
        before = told
        await asyncio.sleep(0.3)
        assert told == before < 1_000
        await events.aclose()


async def test_a_stream_that_says_nothing_at_first_is_alive_where_the_gateway_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.channels.wechat.event_stream.FIRST_EVENT_WITHIN", SOON)
    async with connected(Event=hangs) as gateway:
        events = gateway.events()
        assert await anext(events) == Alive()
        await events.aclose()


async def test_a_stream_that_says_nothing_at_first_fails_where_nobody_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.channels.wechat.event_stream.FIRST_EVENT_WITHIN", SOON)
    answers = iter([says(puppet.VersionResponse(version="1.0")), hangs])

    async def once(stream: Stream[Any, Any]) -> None:
        await next(answers)(stream)

    async with connected(Version=once, Event=hangs) as gateway:
        with pytest.raises(GatewayCallFailed, match="lost: no answer"):
            await anext(gateway.events())


# Ending


async def test_closing_ends_the_stream_and_every_call() -> None:
    async with connected(Event=hangs, MessageSendText=hangs) as gateway:
        before = asyncio.all_tasks()
        events = gateway.events()
        hearing = asyncio.create_task(anext(events))
        saying = asyncio.create_task(gateway.say("room@", "大家好", []))
        await asyncio.sleep(0.1)
        await gateway.close()
        await gateway.close()
        outcomes = await asyncio.gather(hearing, saying, return_exceptions=True)
        assert [str(outcome) for outcome in outcomes] == ["lost: the connection is closed"] * 2
        assert asyncio.all_tasks() <= before | {hearing, saying}


async def test_a_connection_can_be_opened_again() -> None:
    async with connected() as gateway:
        await gateway.close()
        await gateway.open()
        assert await gateway.version() == "1.0"


async def test_whoever_is_cancelled_while_calling_is_cancelled_and_leaves_nothing_behind() -> None:
    async with connected(MessageSendText=hangs) as gateway:
        before = asyncio.all_tasks()
        saying = asyncio.create_task(gateway.say("room@", "大家好", []))
        await asyncio.sleep(0.1)
        saying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saying
        assert asyncio.all_tasks() <= before
        assert await gateway.version() == "1.0"


async def test_a_connection_that_breaks_cancels_nobody_who_calls() -> None:
    """grpclib ends calls by cancelling tasks; a caller would carry that into its next timeout."""

    async def breaks(stream: Stream[Any, Any]) -> None:
        await stream.recv_message()
        stream._stream._transport.close()

    async with connected(MessageSendText=breaks) as gateway:
        with pytest.raises(GatewayCallFailed) as failed:
            await gateway.say("room@", "大家好", [])
        assert failed.value.failure is Failure.LOST
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        assert await gateway.version() == "1.0"


async def test_two_connections_share_nothing() -> None:
    async with (
        connected(MessageSendText=says(MessageSentResponse(id="first"))) as first,
        connected(MessageSendText=says(MessageSentResponse(id="second"))) as second,
    ):
        assert await first.say("room@", "大家好", []) == "first"
        await first.close()
        assert await second.say("room@", "大家好", []) == "second"
