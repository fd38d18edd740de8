"""The gateway that the tests start is a real one, and its people do what they are told."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from grpclib.client import Channel
from grpclib.config import Configuration
from grpclib.const import Status
from grpclib.exceptions import GRPCError, StreamTerminatedError
from wechaty_grpc.wechaty import PuppetStub
from wechaty_grpc.wechaty.puppet import EventType

from tests.peers.wechat.gateway import ME, GatewayProcess, running

pytestmark = pytest.mark.peer


class Client:
    """A client by the protocol's own stubs, which hears once it is asked to."""

    def __init__(self, call: PuppetStub) -> None:
        self.call = call
        self._heard: asyncio.Queue[tuple[int, Mapping[str, Any]] | BaseException] = asyncio.Queue()

    async def hears(self, kind: EventType) -> Mapping[str, Any]:
        """What the next event tells, which has to be of this kind; raises how the stream ended."""
        async with asyncio.timeout(10):
            heard = await self._heard.get()
        if isinstance(heard, BaseException):
            raise heard
        assert heard[0] == kind, heard
        return heard[1]

    async def listen(self) -> None:
        """Take the stream of events."""
        try:
            async for event in self.call.event():
                self._heard.put_nowait((event.type, json.loads(event.payload)))
        except (GRPCError, StreamTerminatedError) as error:
            self._heard.put_nowait(error)
        else:
            self._heard.put_nowait(EOFError())


@asynccontextmanager
async def client(
    gateway: GatewayProcess, *, token: str | None = None, ssl_context: ssl.SSLContext | None = None
) -> AsyncIterator[Client]:
    """A client that listens."""
    host, port = gateway.endpoint.split(":")
    # The package's certificate is for a name that is no host's.
    named = Configuration(ssl_target_name_override=None if ssl_context is None else "insecure")
    channel = Channel(host, int(port), ssl=ssl_context, config=named)
    metadata = {"authorization": f"Wechaty {token or gateway.token}"}
    made = Client(PuppetStub(channel, metadata=metadata))
    listening = asyncio.create_task(made.listen())
    try:
        yield made
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        channel.close()


@pytest.fixture
async def gateway() -> AsyncIterator[GatewayProcess]:
    """A plain gateway with one room, `room@`, and one fan in it, `fan`."""
    async with running() as started:
        await started.person("暖暖", person=ME)
        await started.person("小美", person="fan", friend=False)
        await started.room("一群", [ME, "fan"], room="room@", owner=ME, nicknames={"fan": "美美"})
        await started.login()
        yield started


@asynccontextmanager
async def started(gateway: GatewayProcess) -> AsyncIterator[Client]:
    """A client whose account is logged in and ready."""
    async with client(gateway) as made:
        await made.hears(EventType.EVENT_TYPE_HEARTBEAT)
        await made.call.start()
        await made.hears(EventType.EVENT_TYPE_LOGIN)
        await made.hears(EventType.EVENT_TYPE_READY)
        yield made


async def test_a_fan_is_heard_and_the_answer_is_known_with_its_id(gateway: GatewayProcess) -> None:
    async with started(gateway) as bot:
        said = await gateway.say("fan", "有货吗", "room@")
        assert (await bot.hears(EventType.EVENT_TYPE_MESSAGE))["messageId"] == said
        assert (await bot.call.message_payload(id=said)).text == "有货吗"
        answered = await bot.call.message_send_text(conversation_id="room@", text="有的")
        [sent] = gateway.sent()
        assert (sent.id, sent.conversation, sent.text) == (answered.id, "room@", "有的")
        assert (await bot.hears(EventType.EVENT_TYPE_MESSAGE))["messageId"] == answered.id


async def test_a_wrong_token_is_refused(gateway: GatewayProcess) -> None:
    async with client(gateway, token="wrong") as stranger:
        with pytest.raises(GRPCError) as refused:
            await stranger.call.version()
        assert refused.value.status is Status.UNAUTHENTICATED


async def test_a_second_listener_is_refused_and_the_first_goes_on(gateway: GatewayProcess) -> None:
    async with started(gateway) as first:
        async with client(gateway) as second:
            with pytest.raises(GRPCError) as refused:
                await second.hears(EventType.EVENT_TYPE_HEARTBEAT)
            assert refused.value.status is Status.ALREADY_EXISTS
        await gateway.say("fan", "在吗", "room@")
        await first.hears(EventType.EVENT_TYPE_MESSAGE)


async def test_the_stream_ends_when_it_is_told_to_and_can_be_taken_again(
    gateway: GatewayProcess,
) -> None:
    async with started(gateway) as bot:
        await gateway.command("endStream")
        with pytest.raises(EOFError):
            await bot.hears(EventType.EVENT_TYPE_HEARTBEAT)
    async with client(gateway) as again:
        await again.hears(EventType.EVENT_TYPE_HEARTBEAT)
        await again.hears(EventType.EVENT_TYPE_LOGIN)


async def test_a_killed_gateway_comes_back_with_its_people_and_what_was_sent(
    gateway: GatewayProcess,
) -> None:
    async with started(gateway) as bot:
        await bot.call.message_send_text(conversation_id="room@", text="之前")
        await gateway.kill()
    await gateway.start()
    async with started(gateway) as bot:
        assert (await bot.call.room_payload(id="room@")).topic == "一群"
        await bot.call.message_send_text(conversation_id="room@", text="之后")
    assert [one.text for one in gateway.sent()] == ["之前", "之后"]


async def test_a_frozen_gateway_answers_once_it_thaws(gateway: GatewayProcess) -> None:
    async with started(gateway) as bot:
        gateway.freeze()
        asking = asyncio.ensure_future(bot.call.version())
        done, _ = await asyncio.wait([asking], timeout=0.3)
        assert not done
        gateway.thaw()
        assert (await asking).version


async def test_a_certificate_is_told_with_who_signed_it() -> None:
    async with running(tls={}) as gateway:
        trust = ssl.create_default_context(cadata=gateway.authority)
        trust.set_alpn_protocols(["h2"])
        trust.verify_flags &= ~ssl.VERIFY_X509_STRICT  # which that certificate is too old for
        async with client(gateway, ssl_context=trust) as bot:
            await bot.hears(EventType.EVENT_TYPE_HEARTBEAT)
            assert (await bot.call.version()).version


async def test_calls_are_troubled_as_often_as_was_asked_for(gateway: GatewayProcess) -> None:
    async with started(gateway) as bot:
        await gateway.trouble("messageSendText", "throw", times=1, text="操作过于频繁")
        with pytest.raises(GRPCError, match="操作过于频繁"):
            await bot.call.message_send_text(conversation_id="room@", text="一")
        await gateway.trouble("messageSendText", "swallow", times=1)
        swallowed = asyncio.ensure_future(
            bot.call.message_send_text(conversation_id="room@", text="二")
        )
        done, _ = await asyncio.wait([swallowed], timeout=0.3)
        assert not done
        swallowed.cancel()
        await bot.call.message_send_text(conversation_id="room@", text="三")
        assert [one.text for one in gateway.sent()] == ["二", "三"]
        assert (await gateway.calls())["messageSendText"] == 3


async def test_manners_can_be_bad(gateway: GatewayProcess) -> None:
    async with started(gateway) as bot:
        await gateway.command("manners", answerIds=False, echo="never", recall=False)
        assert not (await bot.call.message_send_text(conversation_id="room@", text="一")).id
        [sent] = gateway.sent()
        assert not (await bot.call.message_recall(id=sent.id)).success
        await gateway.command("manners", recall=True)
        assert (await bot.call.message_recall(id=sent.id)).success
        assert [one.recalled for one in gateway.sent()] == [True]


async def test_with_a_new_log_in_every_id_can_be_another(gateway: GatewayProcess) -> None:
    async with started(gateway) as bot:
        ids = await gateway.renew()
        await bot.hears(EventType.EVENT_TYPE_LOGOUT)
        login = await bot.hears(EventType.EVENT_TYPE_LOGIN)
        assert login["contactId"] == ids[ME]
        assert (await bot.call.room_list()).ids == [ids["room@"]]
        room = await bot.call.room_payload(id=ids["room@"])
        assert (room.topic, room.member_ids) == ("一群", [ids[ME], ids["fan"]])
        member = await bot.call.room_member_payload(id=ids["room@"], member_id=ids["fan"])
        assert (member.name, member.room_alias) == ("小美", "美美")
        with pytest.raises(GRPCError):
            await bot.call.contact_payload(id="fan")


async def test_who_asks_to_be_a_friend_becomes_one_and_can_be_brought_in(
    gateway: GatewayProcess,
) -> None:
    await gateway.person("阿杰", person="guest", friend=False)
    async with started(gateway) as bot:
        with pytest.raises(GRPCError):
            await bot.call.room_add(id="room@", contact_id="guest")
        asked = (await gateway.command("befriend", person="guest", words="你好"))["id"]
        assert (await bot.hears(EventType.EVENT_TYPE_FRIENDSHIP))["friendshipId"] == asked
        assert (await bot.call.friendship_payload(id=asked)).hello == "你好"
        await bot.call.friendship_accept(id=asked)
        await bot.hears(EventType.EVENT_TYPE_FRIENDSHIP)
        await bot.hears(EventType.EVENT_TYPE_DIRTY)
        await bot.call.room_add(id="room@", contact_id="guest")
        assert (await bot.hears(EventType.EVENT_TYPE_ROOM_JOIN))["inviteeIdList"] == ["guest"]
        assert "guest" in await gateway.command("members", room="room@")
