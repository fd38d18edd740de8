"""What goes over the wire to a gateway, where `wechaty-grpc` does not know it, and its events.

The Python package `wechaty-grpc` 0.20.19 holds the messages of an early protocol. Gateways of today
speak that of the npm package `wechaty-grpc` 1.5.2: some of its messages have new fields, because
the old ones were wrappers that are being given up, and uploads came in. Those messages are written
down here, with the field numbers of its `dist/esm/proto/wechaty/puppet/*.proto`; the old fields are
read where a gateway fills nothing else. Everything that did not change is taken from the Python
package by `connection.py`, which makes the calls.

What happens is told as a number and a JSON text. `event_of` makes it a value of `gateway.py`; its
fields are those of `wechaty-puppet` 1.20.2, `src/schemas/event.ts`.
"""

# ruff: noqa: RUF009 (betterproto declares a field by a call; what it returns is never shared)

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

import betterproto
import structlog

from bot.channels.wechat.gateway import (
    Alive,
    Complaint,
    Dong,
    FriendshipArrived,
    GatewayEvent,
    LoggedIn,
    LoggedOut,
    MessageArrived,
    PayloadKind,
    Ready,
    RoomInvited,
    RoomJoined,
    RoomLeft,
    RoomRenamed,
    ScanNeeded,
    ScanStatus,
    Stale,
)

_log = structlog.get_logger(__name__)

_MILLISECONDS_FROM = 100_000_000_000
"""Gateways tell an instant in seconds or in milliseconds; above this number (the year 5138 in
seconds, 1973 in milliseconds) it is milliseconds."""

_COMPLAINT_LENGTH = 300


class Nonsense(ValueError):
    """What the gateway told cannot be read; it says why, and quotes nothing."""


class EventType(IntEnum):
    """What an event is. Source: `puppet/event.proto`."""

    HEARTBEAT = 1
    MESSAGE = 2
    DONG = 3
    POST = 4  # somebody's moment; the bot has no use for it
    ERROR = 16
    FRIENDSHIP = 17
    ROOM_INVITE = 18
    ROOM_JOIN = 19
    ROOM_LEAVE = 20
    ROOM_TOPIC = 21
    SCAN = 22
    READY = 23
    RESET = 24  # a gateway's own affair
    LOGIN = 25
    LOGOUT = 26
    DIRTY = 27


# The messages. They print nothing of what they hold (`repr=False`): it is people's words.


@dataclass(eq=False, repr=False)
class StringValue(betterproto.Message):
    """A text that may be absent: Google's wrapper, which the protocol gives up."""

    value: str = betterproto.string_field(1)


@dataclass(eq=False, repr=False)
class Instant(betterproto.Message):
    """Google's `Timestamp`. The fraction is no more than whole milliseconds here."""

    seconds: int = betterproto.int64_field(1)
    nanos: int = betterproto.int32_field(2)


@dataclass(eq=False, repr=False)
class MessagePayloadResponse(betterproto.Message):
    """A message. Source: `puppet/message.proto`; `type` is the puppet's number."""

    id: str = betterproto.string_field(1)
    filename: str = betterproto.string_field(2)
    text: str = betterproto.string_field(3)
    timestamp: int = betterproto.uint64_field(4)
    type: int = betterproto.int32_field(5)
    talker_id: str = betterproto.string_field(6)
    room_id: str = betterproto.string_field(7)
    listener_id: str = betterproto.string_field(8)
    mention_ids: list[str] = betterproto.string_field(9)
    receive_time: Instant = betterproto.message_field(10)


@dataclass(eq=False, repr=False)
class MessageSentResponse(betterproto.Message):
    """The id of what was sent. Source: `puppet/message.proto`, MessageSend{Text,File}Response."""

    wrapped_id: StringValue = betterproto.message_field(1)
    id: str = betterproto.string_field(2)


@dataclass(eq=False, repr=False)
class UrlLinkPayload(betterproto.Message):
    """A shared page. Source: `puppet/url-link.proto`."""

    description: str = betterproto.string_field(1)
    thumbnail_url: str = betterproto.string_field(2)
    title: str = betterproto.string_field(3)
    url: str = betterproto.string_field(4)


@dataclass(eq=False, repr=False)
class MessageUrlResponse(betterproto.Message):
    """What a message shares. Source: `puppet/message.proto`; the first field is JSON."""

    json: str = betterproto.string_field(1)
    url_link: UrlLinkPayload = betterproto.message_field(2)


@dataclass(eq=False, repr=False)
class RoomAnnounceRequest(betterproto.Message):
    """Set a room's announcement, or ask for it where no text is given.

    Source: `puppet/room.proto`. betterproto 1.2.5 writes no empty text, so none can be set here.
    """

    id: str = betterproto.string_field(1)
    text: str = betterproto.string_field(3)


@dataclass(eq=False, repr=False)
class RoomAnnounceResponse(betterproto.Message):
    """A room's announcement. Source: `puppet/room.proto`."""

    wrapped_text: StringValue = betterproto.message_field(1)
    text: str = betterproto.string_field(2)


@dataclass(eq=False, repr=False)
class UploadRequest(betterproto.Message):
    """A piece of a file. Source: `puppet/download-upload.proto`."""

    chunk: bytes = betterproto.bytes_field(1)


@dataclass(eq=False, repr=False)
class UploadResponse(betterproto.Message):
    """The id of an uploaded file. Source: `puppet/download-upload.proto`."""

    id: str = betterproto.string_field(1)


@dataclass(eq=False, repr=False)
class DownloadRequest(betterproto.Message):
    """Which file is wanted. Source: `puppet/download-upload.proto`."""

    id: str = betterproto.string_field(1)


@dataclass(eq=False, repr=False)
class DownloadResponse(betterproto.Message):
    """A piece of a file. Source: `puppet/download-upload.proto`."""

    chunk: bytes = betterproto.bytes_field(1)


# Values


def instant(number: float) -> datetime | None:
    """The instant that a number of seconds or milliseconds since 1970 means; None if it is none."""
    if not math.isfinite(number) or number <= 0:
        return None
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OSError, OverflowError, ValueError):  # the first of what the C library cannot divide
        return None


def told_at(payload: MessagePayloadResponse) -> datetime | None:
    """When a message was said, as far as the gateway knows."""
    received = payload.receive_time
    # The gateway takes its number for milliseconds when it divides it up, whichever it is.
    return instant(payload.timestamp or received.seconds * 1000 + received.nanos // 1_000_000)


def written(text: str) -> str:
    """A text that can be stored: without halves of characters, and without NUL.

    Names are cut by length at places, in the middle of an emoji; PostgreSQL takes no NUL.
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "")


# Events


def event_of(kind: int, payload: str) -> GatewayEvent | None:
    """What an event of the gateway means; None where it means nothing to the bot.

    One whose payload makes no sense is the gateway's error, and told as its `Complaint`.
    """
    if kind == EventType.HEARTBEAT:
        return Alive()
    if kind == EventType.READY:
        return Ready()
    read = _READERS.get(kind)
    if read is None:
        if kind not in {EventType.POST, EventType.RESET}:
            _log.info("gateway_event_unknown", kind=kind)
        return None
    try:
        return read(_Fields(_object(payload)))
    except Nonsense as error:
        name = EventType(kind).name.lower()
        return Complaint(f"the gateway told a {name} event that cannot be read: {error}")


def _object(payload: str) -> Mapping[str, object]:
    try:
        value: object = json.loads(payload)
    except (ValueError, RecursionError):
        # What is wrong with it would quote it, and it may hold people's words.
        raise Nonsense("it is no JSON") from None
    if not isinstance(value, dict):
        raise Nonsense("it is no JSON object")
    return value


class _Fields:
    """The fields of an event's payload, each read as what it has to be.

    Every method raises `Nonsense`, naming the field, where it is something else.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def id(self, name: str) -> str:
        """The id of something, which is never empty."""
        value = self.text(name)
        if not value:
            raise Nonsense(f"{name} is missing")
        return value

    def text(self, name: str) -> str:
        """A text; empty where it is not told."""
        value = self._values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Nonsense(f"{name} is no text")
        return written(value)

    def ids(self, name: str) -> tuple[str, ...]:
        """Some ids, at least one."""
        value = self._values.get(name)
        if not isinstance(value, list) or not value:
            raise Nonsense(f"{name} is no list with something in it")
        if not all(isinstance(one, str) and one for one in value):
            raise Nonsense(f"{name} holds what is no id")
        return tuple(written(one) for one in value)

    def number(self, name: str) -> float:
        """A number; 0 where it is not told."""
        value = self._values.get(name)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Nonsense(f"{name} is no number")
        return value

    def at(self) -> datetime | None:
        """When it happened, as far as the gateway knows."""
        try:
            return instant(float(self.number("timestamp")))
        except OverflowError:
            return None


def _scan(fields: _Fields) -> ScanNeeded:
    number = fields.number("status")
    status = ScanStatus(int(number)) if number in set(ScanStatus) else ScanStatus.UNKNOWN
    # A code that has run out comes with the next one; what was scanned needs none any more.
    shown = status in {ScanStatus.UNKNOWN, ScanStatus.WAITING, ScanStatus.TIMEOUT}
    return ScanNeeded(fields.text("qrcode") if shown else "", status)


def _complaint(fields: _Fields) -> Complaint:
    """`gerror` is a JSON text with a message in it; older gateways fill `data` with words."""
    told = fields.text("gerror")
    reason = fields.text("data") or told
    if told:
        try:
            reason = _Fields(_object(told)).text("message") or reason
        except Nonsense:
            reason = told
    return Complaint(reason[:_COMPLAINT_LENGTH] or "the gateway does not say what is wrong")


def _joined(fields: _Fields) -> RoomJoined:
    return RoomJoined(
        fields.id("roomId"), fields.ids("inviteeIdList"), fields.text("inviterId"), fields.at()
    )


def _left(fields: _Fields) -> RoomLeft:
    return RoomLeft(
        fields.id("roomId"), fields.ids("removeeIdList"), fields.text("removerId"), fields.at()
    )


def _renamed(fields: _Fields) -> RoomRenamed:
    return RoomRenamed(
        room=fields.id("roomId"),
        name=fields.text("newTopic"),
        before=fields.text("oldTopic"),
        by=fields.text("changerId"),
        at=fields.at(),
    )


def _stale(fields: _Fields) -> Stale:
    number = fields.number("payloadType")
    kind = PayloadKind(int(number)) if number in set(PayloadKind) else PayloadKind.UNKNOWN
    return Stale(kind, fields.text("payloadId"))


_READERS: Mapping[int, Callable[[_Fields], GatewayEvent]] = {
    EventType.MESSAGE: lambda fields: MessageArrived(fields.id("messageId")),
    EventType.DONG: lambda fields: Dong(fields.text("data")),
    EventType.ERROR: _complaint,
    EventType.FRIENDSHIP: lambda fields: FriendshipArrived(fields.id("friendshipId")),
    EventType.ROOM_INVITE: lambda fields: RoomInvited(fields.id("roomInvitationId")),
    EventType.ROOM_JOIN: _joined,
    EventType.ROOM_LEAVE: _left,
    EventType.ROOM_TOPIC: _renamed,
    EventType.SCAN: _scan,
    EventType.LOGIN: lambda fields: LoggedIn(fields.id("contactId")),
    EventType.LOGOUT: lambda fields: LoggedOut(fields.text("contactId"), fields.text("data")),
    EventType.DIRTY: _stale,
}


def shared_link(response: MessageUrlResponse) -> tuple[str, str]:
    """The title and the address of what a message shares; empty where neither is told.

    Raises:
        Nonsense: an old gateway's JSON cannot be read.
    """
    link = response.url_link
    if link.url or link.title or not response.json:
        return written(link.title), written(link.url)
    fields = _Fields(_object(response.json))
    return fields.text("title"), fields.text("url")
