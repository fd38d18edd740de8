"""A gateway over the network: what `Gateway` promises, in the protocol's questions and answers.

Each call is a question on the wire (`wire.py`), made of the messages of `wechaty-grpc` or of
`protocol.py`, and its answer becomes a value of `gateway.py`. What happens is heard by
`event_stream.py`, and files go as `file_boxes.py` says.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import betterproto
import httpx
from grpclib.const import Cardinality
from pydantic import SecretStr
from wechaty_grpc.wechaty import puppet

from bot.channels.wechat import protocol
from bot.channels.wechat.event_stream import EventStream
from bot.channels.wechat.file_boxes import (
    LARGEST_FILE,
    LARGEST_INLINE,
    FileTooLarge,
    fetched,
    file_of,
    text_of,
)
from bot.channels.wechat.gateway import (
    Contact,
    Failure,
    FileBox,
    Friendship,
    FriendshipKind,
    GatewayCallFailed,
    GatewayEvent,
    GatewayMessage,
    GatewayRoom,
    Invitation,
    RoomMember,
    SharedLink,
)
from bot.channels.wechat.protocol import written
from bot.channels.wechat.wire import Keepalive, Progress, Trust, Wire, only
from handlers.arrivals.hosts import Place
from storage.errors import RunningError

__all__ = [
    "GatewayConnection",
    "GatewayTaken",
    "GatewayTokenRefused",
    "GatewayUnreachable",
    "Keepalive",
    "Trust",
    "trouble",
]

CALL_DEADLINE = timedelta(seconds=12)
"""Less than the sender waits for an outcome, so that it learns what became of the call."""

START_DEADLINE = timedelta(seconds=20)
"""The gateway gives its puppet 15 s to start, and says what came of it."""

_PIECE = 64 * 1024  # bytes of a file in one message

T = TypeVar("T")
Told = TypeVar("Told")
Answer = TypeVar("Answer", bound=betterproto.Message)


class GatewayUnreachable(RunningError):
    """Nobody answers at the gateway's address as a gateway would."""

    number = 550
    sentence = "The WeChat gateway {gateway} cannot be reached: {reason}."
    mend = (
        "Check that it runs, its address, and whether it wants TLS (`ca_file`); "
        "`nuanqun doctor` tells more."
    )


class GatewayTokenRefused(RunningError):
    """The gateway does not know the token."""

    number = 551
    sentence = "The WeChat gateway {gateway} refuses the token: {reason}."
    mend = "Put the token in place that the gateway was started with."


class GatewayTaken(RunningError):
    """Another client listens to the gateway, and it tells what happens to one only."""

    number = 552
    sentence = "Another program listens to the WeChat gateway {gateway}: {reason}."
    mend = "Stop that one, or run a gateway of its own for each; one client at a time is told."


def trouble(gateway: str, error: GatewayCallFailed) -> RunningError:
    """What keeps an account from being opened, as an error for people; `gateway` names it."""
    kinds: dict[Failure, type[RunningError]] = {
        Failure.TOKEN: GatewayTokenRefused,
        Failure.TAKEN: GatewayTaken,
    }
    return kinds.get(error.failure, GatewayUnreachable)(gateway=gateway, reason=error.reason)


class GatewayConnection:
    """A gateway over the network, as `Gateway` says. Open it before calling, also after `close`.

    Args:
        endpoint: its address, as HOST:PORT.
        token: what it knows its clients by.
        trust: how it proves who it is; None goes without TLS.
        deadline: how long a call may take, the connecting included.
        keepalive: how it is found out that nobody is there any more.
        private: the places in private networks from which pictures may come.
    """

    def __init__(
        self,
        endpoint: str,
        token: SecretStr,
        trust: Trust | None,
        *,
        deadline: timedelta = CALL_DEADLINE,
        keepalive: Keepalive | None = None,
        private: Collection[Place] = (),
    ) -> None:
        self.endpoint = endpoint
        self._private = private
        self._wire = Wire(endpoint, token, trust, keepalive or Keepalive())
        self._stream = EventStream(self._wire)
        self._deadline = deadline

    def __repr__(self) -> str:
        return f"GatewayConnection({self.endpoint})"

    async def open(self) -> None:
        """Connect, and see that the token is right.

        Raises:
            GatewayUnreachable: nobody answers as a gateway would.
            GatewayTokenRefused: the token is wrong.
        """
        try:
            await self._wire.open()
            await self.version()
        except GatewayCallFailed as error:
            await self.close()
            raise trouble(self.endpoint, error) from error

    async def close(self) -> None:
        """End the stream and every call, and disconnect. Safe to call twice.

        The account stays logged in: it belongs to whoever runs the gateway.
        """
        await self._wire.close()

    # What happens

    def events(self) -> AsyncGenerator[GatewayEvent]:
        """What happens from now on; ends by raising `GatewayCallFailed`."""
        return self._stream.events()

    async def start(self) -> None:
        """Have the account started, where it is not."""
        await self._call("Start", puppet.StartRequest(), puppet.StartResponse, START_DEADLINE)

    async def ding(self, data: str) -> None:
        """Have the account's puppet answer by a `Dong` event."""
        await self._call("Ding", puppet.DingRequest(data=data), puppet.DingResponse)

    async def version(self) -> str:
        """The puppet's version."""
        request = puppet.VersionRequest()
        return (await self._call("Version", request, puppet.VersionResponse)).version

    # Who and what there is

    async def contact(self, person: str) -> Contact:
        """Somebody."""
        request = puppet.ContactPayloadRequest(id=person)
        told = await self._call("ContactPayload", request, puppet.ContactPayloadResponse)
        return Contact(person, written(told.name), written(told.alias), told.friend)

    async def contacts(self) -> Sequence[str]:
        """The ids of everybody whom the account knows."""
        request = puppet.ContactListRequest()
        return tuple((await self._call("ContactList", request, puppet.ContactListResponse)).ids)

    async def room(self, room: str) -> GatewayRoom:
        """A room."""
        request = puppet.RoomPayloadRequest(id=room)
        told = await self._call("RoomPayload", request, puppet.RoomPayloadResponse)
        members = told.member_ids
        if not members:
            # Some puppets tell them only when they are asked for them.
            wanted = puppet.RoomMemberListRequest(id=room)
            listed = await self._call("RoomMemberList", wanted, puppet.RoomMemberListResponse)
            members = listed.member_ids
        return GatewayRoom(
            room, written(told.topic), told.owner_id, tuple(told.admin_ids), tuple(members)
        )

    async def rooms(self) -> Sequence[str]:
        """The ids of the account's rooms."""
        request = puppet.RoomListRequest()
        return tuple((await self._call("RoomList", request, puppet.RoomListResponse)).ids)

    async def room_member(self, room: str, person: str) -> RoomMember:
        """Somebody in a room."""
        request = puppet.RoomMemberPayloadRequest(id=room, member_id=person)
        told = await self._call("RoomMemberPayload", request, puppet.RoomMemberPayloadResponse)
        return RoomMember(person, written(told.name), written(told.room_alias), told.inviter_id)

    async def message(self, message: str) -> GatewayMessage:
        """A message; one that does not tell when it was said was said now."""
        request = puppet.MessagePayloadRequest(id=message)
        told = await self._call("MessagePayload", request, protocol.MessagePayloadResponse)
        return GatewayMessage(
            id=message,
            type=told.type,
            text=written(told.text),
            talker=told.talker_id,
            room=told.room_id,
            listener=told.listener_id,
            mentions=tuple(told.mention_ids),
            at=protocol.told_at(told) or datetime.now(UTC),
            file_name=written(told.filename),
        )

    async def picture(self, message: str) -> FileBox:
        """The picture that a message of the type IMAGE is."""
        request = puppet.MessageFileRequest(id=message)
        told = await self._call("MessageFile", request, puppet.MessageFileResponse)
        return _readable(file_of, told.filebox)

    async def link(self, message: str) -> SharedLink:
        """What a message of the type URL shares."""
        request = puppet.MessageUrlRequest(id=message)
        told = await self._call("MessageUrl", request, protocol.MessageUrlResponse)
        title, url = _readable(protocol.shared_link, told)
        return SharedLink(title, url)

    async def friendship(self, friendship: str) -> Friendship:
        """What a friendship event is about."""
        request = puppet.FriendshipPayloadRequest(id=friendship)
        told = await self._call("FriendshipPayload", request, puppet.FriendshipPayloadResponse)
        number = int(told.type)
        kind = FriendshipKind(number) if number in set(FriendshipKind) else FriendshipKind.UNKNOWN
        return Friendship(friendship, told.contact_id, written(told.hello), kind)

    async def invitation(self, invitation: str) -> Invitation:
        """An invitation into a room."""
        told = await self._call(
            "RoomInvitationPayload",
            puppet.RoomInvitationPayloadRequest(id=invitation),
            puppet.RoomInvitationPayloadResponse,
        )
        return Invitation(invitation, told.inviter_id, written(told.topic))

    # What the account does

    async def accept_friendship(self, friendship: str) -> None:
        """Be friends."""
        request = puppet.FriendshipAcceptRequest(id=friendship)
        await self._call("FriendshipAccept", request, puppet.FriendshipAcceptResponse)

    async def accept_invitation(self, invitation: str) -> None:
        """Come into that room."""
        request = puppet.RoomInvitationAcceptRequest(id=invitation)
        await self._call("RoomInvitationAccept", request, puppet.RoomInvitationAcceptResponse)

    async def say(self, conversation: str, text: str, mentions: Sequence[str]) -> str | None:
        """Say something in a room or to a person; the message's id, where the gateway tells it."""
        request = puppet.MessageSendTextRequest(
            conversation_id=conversation,
            text=written(text),
            mentonal_ids=list(mentions),  # the package spells it so
        )
        told = await self._call("MessageSendText", request, protocol.MessageSentResponse)
        return told.id or told.wrapped_id.value or None

    async def show(self, conversation: str, file: FileBox) -> str | None:
        """Send a file; large bytes are uploaded first. The message's id, where it is told."""
        ready = await self.upload(file)
        request = puppet.MessageSendFileRequest(
            conversation_id=conversation, filebox=text_of(ready)
        )
        told = await self._call("MessageSendFile", request, protocol.MessageSentResponse)
        return told.id or told.wrapped_id.value or None

    async def recall(self, message: str) -> bool:
        """Take a message back; whether WeChat did."""
        request = puppet.MessageRecallRequest(id=message)
        return (await self._call("MessageRecall", request, puppet.MessageRecallResponse)).success

    async def announce(self, room: str, text: str) -> None:
        """Set a room's announcement, which is not empty."""
        request = protocol.RoomAnnounceRequest(id=room, text=written(text))
        await self._call("RoomAnnounce", request, protocol.RoomAnnounceResponse)

    async def announcement(self, room: str) -> str:
        """A room's announcement."""
        request = protocol.RoomAnnounceRequest(id=room)
        told = await self._call("RoomAnnounce", request, protocol.RoomAnnounceResponse)
        return written(told.text or told.wrapped_text.value)

    async def bring_in(self, room: str, person: str) -> None:
        """Bring somebody into a room, or have an invitation sent where WeChat wants their word."""
        request = puppet.RoomAddRequest(id=room, contact_id=person)
        await self._call("RoomAdd", request, puppet.RoomAddResponse)

    # Files

    async def upload(self, file: FileBox) -> FileBox:
        """The file as it travels fast: large bytes lie at the gateway, to be shown once."""
        if file.data is None or len(file.data) <= LARGEST_INLINE:
            return file
        return FileBox(file.name, upload=await self._upload(file.data))

    async def download(self, file: FileBox) -> bytes:
        """A file's bytes, whichever way they are given; at most 20 MB of them."""
        if file.data is not None:
            return file.data
        if file.url is not None:
            fetching = _from_web(file.url, self._private)
            return await self._wire.within(self._deadline, fetching, Progress())
        progress = Progress()
        work = self._downloaded(file.upload or "", progress)
        return await self._wire.within(self._deadline, work, progress)

    async def _downloaded(self, upload: str, progress: Progress) -> bytes:
        data = bytearray()
        requests = (protocol.DownloadRequest(id=upload),)
        answers = self._wire.answers(
            "Download", Cardinality.UNARY_STREAM, requests, protocol.DownloadResponse, progress
        )
        async with aclosing(answers):
            async for answer in answers:
                data += answer.chunk
                if len(data) > LARGEST_FILE:
                    raise GatewayCallFailed(Failure.REFUSED, str(FileTooLarge()))
        return bytes(data)

    async def _upload(self, data: bytes) -> str:
        """Leave bytes at the gateway; where that fails, nothing was sent to anybody."""
        starts = range(0, len(data), _PIECE)
        pieces = [protocol.UploadRequest(chunk=data[start : start + _PIECE]) for start in starts]
        progress = Progress()
        answers = self._wire.answers(
            "Upload", Cardinality.STREAM_UNARY, pieces, protocol.UploadResponse, progress
        )
        try:
            told = await self._wire.within(self._deadline, only(answers), progress)
        except GatewayCallFailed as error:
            if error.failure in (Failure.TOKEN, Failure.UNKNOWN_CALL):
                raise
            reason = f"the upload before it: {error.reason}"
            raise GatewayCallFailed(Failure.NOT_SENT, reason) from error
        return told.id

    async def _call(
        self,
        name: str,
        request: betterproto.Message,
        answer: type[Answer],
        deadline: timedelta | None = None,
    ) -> Answer:
        """Ask one thing, and take the one answer."""
        progress = Progress()
        answers = self._wire.answers(name, Cardinality.UNARY_UNARY, (request,), answer, progress)
        return await self._wire.within(deadline or self._deadline, only(answers), progress)


def _readable(read: Callable[[Told], T], told: Told) -> T:
    """What the gateway answered, read."""
    try:
        return read(told)
    except ValueError as error:  # Nonsense, or too large: it says so itself
        raise GatewayCallFailed(Failure.REFUSED, str(error)) from error


async def _from_web(url: str, private: Collection[Place]) -> bytes:
    try:
        return await fetched(url, private)
    except httpx.HTTPStatusError as error:
        # Alone: its words hold the address, which may be worth as much as the picture.
        reason = f"its address answers {error.response.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = f"its address cannot be read: {type(error).__name__}"
    except ValueError as error:
        reason = str(error)
    raise GatewayCallFailed(Failure.REFUSED, reason)
