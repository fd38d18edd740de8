"""The gateway that the tests start is a real one, and its people do what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from grpclib.client import Channel
from grpclib.exceptions import GRPCError
from wechaty_grpc.wechaty import PuppetStub
from wechaty_grpc.wechaty.puppet import EventResponse, EventType

from tests.peers.wechat.gateway import ME, GatewayProcess, running

pytestmark = pytest.mark.peer


@asynccontextmanager
async def stub(gateway: GatewayProcess, token: str | None = None) -> AsyncIterator[PuppetStub]:
    """A client of the protocol's own stubs."""
    host, port = gateway.endpoint.split(":")
    channel = Channel(host, int(port))
    metadata = {"authorization": f"Wechaty {token or gateway.token}"}
    try:
        yield PuppetStub(channel, metadata=metadata)
    finally:
        channel.close()


async def test_a_fan_is_heard_and_the_answer_is_known_with_its_id() -> None:
    async with running() as gateway, stub(gateway) as client:
        await gateway.person("暖暖", person=ME)
        fan = await gateway.person("小美")
        room = await gateway.room("一群", [ME, fan])
        await gateway.login()
        heard: asyncio.Queue[EventResponse] = asyncio.Queue()

        async def listen() -> None:
            async for event in client.event():
                await heard.put(event)

        listening = asyncio.create_task(listen())
        try:
            assert (await heard.get()).type == EventType.EVENT_TYPE_HEARTBEAT
            await client.start()
            assert (await heard.get()).type == EventType.EVENT_TYPE_LOGIN
            assert (await heard.get()).type == EventType.EVENT_TYPE_READY
            said = await gateway.say(fan, "有货吗", room)
            event = await heard.get()
            assert event.type == EventType.EVENT_TYPE_MESSAGE
            assert said in event.payload
            assert (await client.message_payload(id=said)).text == "有货吗"
            answered = await client.message_send_text(conversation_id=room, text="有的")
            [sent] = gateway.sent()
            assert (sent.id, sent.conversation, sent.text) == (answered.id, room, "有的")
        finally:
            listening.cancel()


async def test_a_wrong_token_is_refused() -> None:
    async with running() as gateway, stub(gateway, "wrong") as client:
        with pytest.raises(GRPCError):
            await client.version()
