"""The stream of what happens at a gateway: heard in order, as fast as it is taken.

A gateway tells one client, and only while that one listens. A stream that broke may not have broken
for the gateway yet, which then turns everybody away: for a while that is taken for what it is, our
own stream, and not for another client.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta

from grpclib.const import Cardinality
from wechaty_grpc.wechaty import puppet

from bot.channels.wechat import protocol
from bot.channels.wechat.gateway import Alive, Failure, GatewayCallFailed, GatewayEvent
from bot.channels.wechat.wire import CLOSED, Progress, Wire, ended, only

FIRST_EVENT_WITHIN = timedelta(seconds=4)
"""A stream's first event, and where there is none, the gateway's word that it is there."""

OWN_STREAM_LINGERS = timedelta(seconds=60)
"""A gateway that was frozen or cut off may hold on to our last stream for a while."""

_LOOK_AHEAD = 64  # events that wait here; more of them wait at the gateway


class EventStream:
    """The streams of one gateway, one after the other."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._heard_until: float | None = None  # when the last one ended, by the loop's clock

    async def events(self) -> AsyncGenerator[GatewayEvent]:
        """What happens from now on; ends by raising `GatewayCallFailed`.

        The first event comes within 4 s, or the gateway is asked for 4 s whether it is there.
        """
        told: asyncio.Queue[GatewayEvent] = asyncio.Queue(_LOOK_AHEAD)
        listening = self._wire.owned(self._listen(told))
        try:
            first = await _next(told, listening, FIRST_EVENT_WITHIN)
            if first is None:
                # There are gateways that say nothing until there is something to say.
                await self._see_that_it_answers()
                first = Alive()
            try:
                yield first
                while True:
                    event = await _next(told, listening)
                    if event is not None:
                        yield event
            finally:
                self._heard_until = asyncio.get_running_loop().time()
        finally:
            await ended(listening)

    async def _see_that_it_answers(self) -> None:
        progress = Progress()
        answers = self._wire.answers(
            "Version",
            Cardinality.UNARY_UNARY,
            (puppet.VersionRequest(),),
            puppet.VersionResponse,
            progress,
        )
        try:
            await self._wire.within(FIRST_EVENT_WITHIN, only(answers), progress)
        except GatewayCallFailed:
            self._wire.drop()
            raise

    async def _listen(self, told: asyncio.Queue[GatewayEvent]) -> None:
        """Fill `told`; ends by raising `GatewayCallFailed`."""
        requests = (puppet.EventRequest(),)
        answers = self._wire.answers(
            "Event", Cardinality.UNARY_STREAM, requests, puppet.EventResponse, Progress()
        )
        try:
            async with aclosing(answers):
                async for answer in answers:
                    event = protocol.event_of(answer.type, answer.payload)
                    if event is not None:
                        await told.put(event)
        except GatewayCallFailed as error:
            if error.failure in {Failure.NOT_SENT, Failure.LOST}:
                # Whatever it is that ails this connection, the next stream begins with a new one.
                self._wire.drop()
            if error.failure is Failure.TAKEN and self._may_be_our_own():
                reason = "the gateway still holds the stream before"
                raise GatewayCallFailed(Failure.LOST, reason) from error
            raise
        raise GatewayCallFailed(Failure.LOST, "the gateway ended the stream")

    def _may_be_our_own(self) -> bool:
        """Whether the stream that another one cannot be taken beside may be our last."""
        if self._heard_until is None:
            return False
        since = asyncio.get_running_loop().time() - self._heard_until
        return since < OWN_STREAM_LINGERS.total_seconds()


async def _next(
    told: asyncio.Queue[GatewayEvent],
    listening: asyncio.Task[None],
    within: timedelta | None = None,
) -> GatewayEvent | None:
    """The next event; None if there was none in time.

    Raises:
        GatewayCallFailed: all was told, and the listening has ended.
    """
    if told.empty() and not listening.done():
        getting = asyncio.create_task(told.get())
        try:
            await asyncio.wait(
                {getting, listening},
                timeout=None if within is None else within.total_seconds(),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            if not getting.done():
                getting.cancel()
        if getting.done():
            return getting.result()
    if not told.empty():
        return told.get_nowait()
    if listening.cancelled():
        raise GatewayCallFailed(Failure.LOST, CLOSED)
    if listening.done():
        listening.result()
    return None
