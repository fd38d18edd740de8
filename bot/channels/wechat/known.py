"""What a gateway said of people and rooms, kept until it says that it is not true any more.

Each message comes as an id alone: who said it, and where, is asked for. Whoever asks for what is
being asked for already waits for the same answer. The least used is forgotten first.

A gateway that refuses to say does not say that something is not there: only words to that effect
are absence. Other refusals pass as lost answers do, and are asked for again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import timedelta
from typing import Generic, TypeVar

from bot.channels.wechat.caution import is_restriction
from bot.channels.wechat.gateway import (
    Contact,
    Failure,
    Gateway,
    GatewayCallFailed,
    GatewayRoom,
    PayloadKind,
    RoomMember,
)
from bot.channels.wechat.heeding import Caution, heed

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_CONTACTS = 10_000
_ROOMS = 1_000
_MEMBERS = 20_000

_RESTS = (timedelta(seconds=0.5), timedelta(seconds=1))  # between the tries of one question

# How puppets word that something is not there: "no payload" and "not exist" are the mock's, the
# others are what the message of such an error says in plain words.
_NOT_THERE = ("no payload", "not exist", "not found", "no such", "不存在", "找不到")


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

    def __init__(self, gateway: Gateway, caution: Caution) -> None:
        self._caution = caution
        self._contacts = Remembered[str, Contact](_patient(gateway.contact), _CONTACTS)
        self._rooms = Remembered[str, GatewayRoom](_patient(gateway.room), _ROOMS)
        self._members = Remembered[tuple[str, str], RoomMember](
            _patient(lambda key: gateway.room_member(*key)), _MEMBERS
        )

    async def contact(self, person: str) -> Contact | None:
        """Somebody; None where the gateway does not know them, or will not say."""
        return await if_said(self._caution, self._contacts.get(person))

    async def room(self, room: str) -> GatewayRoom | None:
        """A room; None where the gateway says that it does not know it."""
        try:
            return await self._rooms.get(room)
        except GatewayCallFailed as failed:
            if is_absence(failed):
                return None
            raise

    async def member(self, room: str, person: str) -> RoomMember | None:
        """Somebody in a room; None where the gateway does not know them there, or will not say."""
        return await if_said(self._caution, self._members.get((room, person)))

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


async def if_said(caution: Caution, answer: Awaitable[V]) -> V | None:
    """The answer; None where the gateway was reached and gave none, whatever it says to that.

    For what adds to a thing that is heard without it too: somebody's name, say.
    """
    try:
        return await answer
    except GatewayCallFailed as failed:
        if not is_refusal(failed):
            raise
        await heed(caution, failed.reason)
        return None


def is_refusal(failed: GatewayCallFailed) -> bool:
    """Whether the gateway was reached and did not answer what was asked."""
    return failed.failure in (Failure.REFUSED, Failure.UNKNOWN_CALL)


def is_absence(failed: GatewayCallFailed) -> bool:
    """Whether what was asked for is not there, or is nothing that this gateway can tell of."""
    said = failed.reason.casefold()
    refused = failed.failure is Failure.REFUSED
    return failed.failure is Failure.UNKNOWN_CALL or (
        refused and any(words in said for words in _NOT_THERE)
    )


async def patiently(ask: Callable[[], Awaitable[V]]) -> V:
    """The answer to one question, asked a few times where the first answers may have been lost."""
    for rest in _RESTS:
        try:
            return await ask()
        except GatewayCallFailed as failed:
            may_answer_yet = failed.failure in (Failure.LOST, Failure.NOT_SENT, Failure.REFUSED)
            if not may_answer_yet or is_absence(failed) or is_restriction(failed.reason):
                raise
        await asyncio.sleep(rest.total_seconds())
    return await ask()


def _patient(ask: Callable[[K], Awaitable[V]]) -> Callable[[K], Awaitable[V]]:
    return lambda key: patiently(lambda: ask(key))
