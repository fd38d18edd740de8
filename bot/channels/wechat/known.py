"""What a gateway said of people and rooms, kept until it says that it is not true any more.

Each message comes as an id alone: who said it, and where, is asked for. Whoever asks for what is
being asked for already waits for the same answer. The least used is forgotten first.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from bot.channels.wechat.gateway import (
    Contact,
    Failure,
    Gateway,
    GatewayCallFailed,
    GatewayRoom,
    PayloadKind,
    RoomMember,
)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_CONTACTS = 10_000
_ROOMS = 1_000
_MEMBERS = 20_000


class Remembered(Generic[K, V]):
    """The answers to one kind of question, at most so many.

    Args:
        ask: asks a question; may raise, and then nothing is kept.
        most: how many answers are kept.
    """

    def __init__(self, ask: Callable[[K], Awaitable[V]], most: int) -> None:
        self._ask = ask
        self._most = most
        self._answers: OrderedDict[K, V] = OrderedDict()
        self._asking: dict[K, asyncio.Event] = {}

    async def get(self, key: K) -> V:
        """The answer, asked for where it is not known."""
        while key not in self._answers:
            asking = self._asking.get(key)
            if asking is None:
                return await self._find_out(key)
            await asking.wait()  # where that fails, it is asked again
        self._answers.move_to_end(key)
        return self._answers[key]

    async def _find_out(self, key: K) -> V:
        over = self._asking[key] = asyncio.Event()
        try:
            answer = await self._ask(key)
        finally:
            asked_for_this = self._asking.get(key) is over
            if asked_for_this:
                del self._asking[key]
            over.set()
        if asked_for_this:  # else it was forgotten meanwhile, and may be old already
            self._answers[key] = answer
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return answer

    def forget(self, key: K) -> None:
        """Ask anew next time; an answer that is on its way is not kept."""
        self._answers.pop(key, None)
        self._asking.pop(key, None)

    def forget_all(self, which: Callable[[K], bool] = lambda _: True) -> None:
        """Ask anew for all of these."""
        for key in [key for key in {**self._answers, **self._asking} if which(key)]:
            self.forget(key)


class Known:
    """The people and rooms of one account. What raises `GatewayCallFailed` is not kept."""

    def __init__(self, gateway: Gateway) -> None:
        self._contacts = Remembered[str, Contact](gateway.contact, _CONTACTS)
        self._rooms = Remembered[str, GatewayRoom](gateway.room, _ROOMS)
        self._members = Remembered[tuple[str, str], RoomMember](
            lambda key: gateway.room_member(*key), _MEMBERS
        )

    async def contact(self, person: str) -> Contact | None:
        """Somebody; None where the gateway does not know them."""
        return await if_there(self._contacts.get(person))

    async def room(self, room: str) -> GatewayRoom | None:
        """A room; None where the gateway does not know it."""
        return await if_there(self._rooms.get(room))

    async def member(self, room: str, person: str) -> RoomMember | None:
        """Somebody in a room; None where the gateway does not know them there."""
        return await if_there(self._members.get((room, person)))

    def forget(self, kind: PayloadKind, identity: str) -> None:
        """The gateway calls this stale, or something happened that changes it."""
        match kind:
            case PayloadKind.CONTACT:
                self._contacts.forget(identity)
                self._members.forget_all(lambda key: key[1] == identity)
            case PayloadKind.ROOM:
                self._rooms.forget(identity)
            case PayloadKind.ROOM_MEMBER:
                # The id is the room's. Source: `cache-mixin.ts` of wechaty-puppet 1.20.2.
                self._members.forget_all(lambda key: key[0] == identity)
            case _:
                pass  # messages and friendships are asked for once each

    def forget_all(self) -> None:
        """Anything may have changed while nobody was told of it."""
        self._contacts.forget_all()
        self._rooms.forget_all()
        self._members.forget_all()


async def if_there(answer: Awaitable[V]) -> V | None:
    """The answer; None where the gateway was reached and has none."""
    try:
        return await answer
    except GatewayCallFailed as failed:
        if failed.failure in (Failure.REFUSED, Failure.UNKNOWN_CALL):
            return None
        raise
