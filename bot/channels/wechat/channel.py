"""The channel to WeChat: one account behind a Wechaty gateway that hears and speaks.

It puts the rooms of this package together. A post becomes a text and files (`rendering.py`,
`pictures.py`), each a message of its own, is written down before it leaves (`own_posts.py`), and
what a gateway answers is an outcome (`outcomes.py`). What happens comes from its hearing. Nothing
leaves an account that is logged out, or that was stopped for its own good (`caution.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol, assert_never

from bot.channels.wechat.caution import PLATFORM, Caution, is_restriction
from bot.channels.wechat.choices import Choices
from bot.channels.wechat.gateway import Failure, FileBox, Gateway, GatewayCallFailed
from bot.channels.wechat.outcomes import LOGGED_OUT, RESTRICTED, outcome_of
from bot.channels.wechat.own_posts import FILE, OwnPosts, digest_of, messages_of
from bot.channels.wechat.pictures import files_of
from bot.channels.wechat.rendering import Rendered, rendered
from handlers.events import AccountChanged, Event
from scheduler.clock import Clock
from scheduler.courier import (
    AccountDown,
    Action,
    Address,
    Admit,
    Befriend,
    Delete,
    Done,
    Edit,
    Invite,
    Limits,
    Lookup,
    NothingSent,
    Outcome,
    Pin,
    Post,
    Presence,
    Unable,
    Unclear,
)

_SHOWN_WITHIN = timedelta(seconds=5)
"""How long a message that was sent is waited for to be shown, where its id was not told."""

_POST_WITHIN = timedelta(seconds=12.5)
"""How long a post may take as a whole. With the time before it (`_LOGIN_KNOWN_WITHIN`) that is less
than the sender waits for an outcome."""

_LOGIN_KNOWN_WITHIN = timedelta(seconds=2)

_TAKEN_BACK_WITHIN = timedelta(minutes=3)
"""WeChat lets a message be taken back for two minutes; a call much later would be made in vain."""
_TOO_LATE = Unable("WeChat takes a message back within two minutes only")

_NEVER: dict[type[Edit | Invite], str] = {
    Edit: "WeChat does not let a message be changed",
    Invite: "WeChat's groups have no links",
}


class Link(Gateway, Protocol):
    """A gateway that one connects to."""

    async def open(self) -> None:
        """Connect; also again after `close`."""
        ...

    async def close(self) -> None:
        """End every call and disconnect. Safe to call twice."""
        ...


class Hearing(Protocol):
    """What happens on the account."""

    @property
    def online(self) -> bool:
        """Whether the account is logged in, as far as was heard."""
        ...

    async def login_known(self) -> None:
        """Return once it is known, since `open`, whether the account is logged in."""
        ...

    async def open(self) -> None:
        """Begin to hear."""
        ...

    def events(self, after: str | None) -> AsyncGenerator[Event]:
        """What happens behind the cursor `after`."""
        ...

    async def confirm(self, cursor: str) -> None:
        """Everything up to this event is stored."""
        ...

    async def close(self) -> None:
        """Hear no more. Safe to call twice."""
        ...


class WeChatChannel:
    """One account on WeChat.

    Args:
        name: the account's name among this bot's WeChat accounts.
        gateway: the account's gateway; the channel opens and closes it.
        hearing: what happens; the channel opens it behind the gateway.
        own_posts: what the account says of its own.
        choices: what its numbers choose.
        caution: what it is allowed, and whether it is stopped.
        clock: what time it is.
        data: the folder below which the bot's own pictures lie.
        language: the shop's, `zh` or `en`.
    """

    def __init__(
        self,
        *,
        name: str,
        gateway: Link,
        hearing: Hearing,
        own_posts: OwnPosts,
        choices: Choices,
        caution: Caution,
        clock: Clock,
        data: Path,
        language: str = "zh",
    ) -> None:
        self._account = f"{PLATFORM}:{name}"
        self._gateway = gateway
        self._hearing = hearing
        self._own_posts = own_posts
        self._choices = choices
        self._caution = caution
        self._clock = clock
        self._data = data
        self._language = language

    @property
    def platform(self) -> str:
        """`wechat`."""
        return PLATFORM

    @property
    def account(self) -> str:
        """`wechat:NAME`."""
        return self._account

    @property
    def limits(self) -> Limits:
        """What the account is allowed."""
        return self._caution.limits

    @property
    def start_link(self) -> None:
        """Friends are simply written to."""
        return None

    def link_to(self, message: str) -> None:
        """WeChat gives messages no address."""

    async def open(self) -> None:
        """Connect, and begin to hear.

        Raises:
            RunningError: nobody answers, the token is none, or another client has the gateway.
        """
        await self._gateway.open()
        try:
            await self._hearing.open()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop hearing, end every call and disconnect. Safe to call twice."""
        try:
            await self._hearing.close()
        finally:
            await self._gateway.close()

    async def events(self, after: str | None) -> AsyncGenerator[Event]:
        """What happens; a gateway keeps no history, and what nobody heard is a gap.

        An account that is put out for what it did speaks no more when somebody logs it in again.
        """
        async with aclosing(self._hearing.events(after)) as heard:
            async for event in heard:
                if isinstance(event, AccountChanged) and is_restriction(event.reason):
                    await self._caution.stop(event.reason)
                yield event

    async def confirm(self, cursor: str) -> None:
        """Everything up to this event is stored."""
        await self._hearing.confirm(cursor)

    async def lookup(self, key: str) -> Lookup:
        """What was shown of an earlier post; that it is absent nobody can prove."""
        receipt = await self._own_posts.receipt_of(key)
        return Lookup(Presence.UNKNOWN) if receipt is None else Lookup(Presence.SENT, receipt)

    async def perform(self, action: Action) -> Outcome:
        """Carry one action out; whatever WeChat, its gateway or the network does is an outcome."""
        if await self._caution.stopped() is not None:
            return RESTRICTED
        if not await self._is_online():
            return LOGGED_OUT
        try:
            return await self._carry_out(action)
        except GatewayCallFailed as failed:
            return await self._judged(failed, action)

    async def _is_online(self) -> bool:
        """Whether the account is logged in; right after the start it takes a moment to be known."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOGIN_KNOWN_WITHIN.total_seconds()):
                await self._hearing.login_known()
        return self._hearing.online

    async def _judged(self, failed: GatewayCallFailed, action: Action) -> Outcome:
        """What a failure means; the first sign of a restriction stops the account."""
        if failed.failure is Failure.REFUSED and is_restriction(failed.reason):
            await self._caution.stop(failed.reason)
            return RESTRICTED
        return outcome_of(failed, action)

    async def _carry_out(self, action: Action) -> Outcome:
        match action:
            case Post():
                return await self._post(action)
            case Delete():
                return await self._recall(action)
            case Pin():
                return await self._announce(action)
            case Admit() | Befriend():
                return await self._let_in(action)
            case Edit() | Invite():
                return Unable(_NEVER[type(action)])
        assert_never(action)

    # What is said

    async def _post(self, action: Post) -> Outcome:
        address, content = action.address, action.content
        words = rendered(content, in_group=address.group is not None, language=self._language)
        wrong = self._wrong_with(action, len(content.pictures) + bool(words.text))
        if wrong is not None:
            return Unable(wrong)
        until = asyncio.get_running_loop().time() + _POST_WITHIN.total_seconds()
        try:
            async with asyncio.timeout_at(until):
                files = await files_of(content.pictures, self._gateway, self._data)
        except TimeoutError:
            return NothingSent("the pictures could not be had in time")
        except OSError as error:  # the bot's own picture cannot be read
            return Unable(str(error))
        except GatewayCallFailed as failed:
            return await self._unshown(failed, action)
        return await self._say(action, words, files, until)

    def _wrong_with(self, action: Post, messages: int) -> str | None:
        """Why a post of so many messages can never be said; None where it can."""
        limits = self.limits
        if limits.text_length is not None and len(action.content.text) > limits.text_length:
            return f"the text is longer than {limits.text_length} characters"
        if not messages:
            return "there is nothing to say"
        rates = (*limits.account, *limits.chat, *(limits.group if action.address.group else ()))
        # The messages of a post keep apart by themselves; longer windows have to hold them all.
        whole = [rate.messages for rate in rates if rate.per.total_seconds() > self._apart]
        if messages > min(whole, default=messages):
            return f"a post of {messages} messages is more than the account is allowed at once"
        return None

    async def _unshown(self, failed: GatewayCallFailed, action: Post) -> Outcome:
        """What it means that a picture cannot be had: nothing was said, and no chat is gone."""
        match await self._judged(failed, action):
            case NothingSent() | AccountDown() as outcome:
                return outcome
            case Unclear(reason) if failed.failure is Failure.LOST:
                return NothingSent(reason)
        return Unable(f"the gateway does not have the picture: {failed.reason}")

    async def _say(
        self, action: Post, words: Rendered, files: Sequence[FileBox], until: float
    ) -> Outcome:
        """Say the text, then show each picture; each is a message, and they keep their pace.

        What has no answer at the moment `until`, on the loop's clock, is not waited for.
        """
        to = _conversation(action.address)
        spoken: list[Rendered | FileBox] = [words, *files] if words.text else [*files]
        digests = [digest_of(one.text) if isinstance(one, Rendered) else FILE for one in spoken]
        former = await self._choices.offer(action.address, words.says) if words.says else None
        async with self._own_posts.saying(action.key, action.address, digests) as saying:
            for piece, one in enumerate(spoken):
                if piece:
                    await asyncio.sleep(min(self._apart, _left(until)))
                try:
                    message = await self._speak(to, one, until)
                except GatewayCallFailed as failed:
                    outcome = await self._judged(failed, action)
                    if saying.is_shown(piece) and not isinstance(outcome, AccountDown):
                        continue  # whatever the answer was, it stands there
                    if piece:
                        said = f"{piece} of {len(spoken)} messages were sent"
                        return Unclear(f"{said}: {failed.reason}")
                    if not isinstance(outcome, Unclear):
                        await saying.withdraw()
                        if words.says:
                            await self._choices.take_back(action.address, former)
                    return outcome
                await saying.answered(piece, message)
            left = timedelta(seconds=_left(until))
            return Done(await saying.receipt(min(_SHOWN_WITHIN, left)))

    async def _speak(self, to: str, one: Rendered | FileBox, until: float) -> str | None:
        """Send one message of a post, as long as there is time for it."""
        if not _left(until):
            raise GatewayCallFailed(Failure.NOT_SENT, "there was no time left for it")
        try:
            async with asyncio.timeout_at(until):
                if isinstance(one, Rendered):
                    return await self._gateway.say(to, one.text, one.mentions)
                return await self._gateway.show(to, one)
        except TimeoutError as error:
            raise GatewayCallFailed(Failure.LOST, "no answer in time") from error

    @property
    def _apart(self) -> float:
        """The least time between two messages of one post, in seconds."""
        one_at_a_time = [rate.per for rate in self.limits.account if rate.messages == 1]
        return min(max(one_at_a_time, default=timedelta(0)), _SHOWN_WITHIN).total_seconds()

    # What is done about people, and about what was said

    async def _let_in(self, action: Admit | Befriend) -> Outcome:
        match action:
            case Befriend(request=request):
                await self._gateway.accept_friendship(request)
                return Done(request)
            case Admit(person=person, refuse=refused):
                if not refused:  # nobody can ask there, so that nobody need be told
                    await self._gateway.bring_in(_conversation(action.address), person)
                return Done(person)
        assert_never(action)

    async def _recall(self, action: Delete) -> Outcome:
        messages = messages_of(action.receipt)
        if not messages:
            return Unable("nobody knows which message it was")
        begun_at = await self._own_posts.begun_at(messages[0])
        if begun_at is not None and self._clock.now() - begun_at > _TAKEN_BACK_WITHIN:
            return _TOO_LATE
        for place, message in enumerate(messages):
            if place:
                await asyncio.sleep(self._apart)
            if not await self._gateway.recall(message):
                return _TOO_LATE
        return Done(action.receipt)

    async def _announce(self, action: Pin) -> Outcome:
        """Make a post's words the room's announcement, and see whether they are.

        Some gateways say yes and do nothing: their server does not read the field that is written.
        """
        if action.address.group is None:
            return Unable("only a group has an announcement")
        messages = messages_of(action.receipt)
        if not messages:
            return Unable("nobody knows which message it was")
        text = (await self._gateway.message(messages[0])).text
        if not text:
            return Unable("there are no words to announce")
        room = _conversation(action.address)
        await self._gateway.announce(room, text)
        if digest_of(await self._gateway.announcement(room)) != digest_of(text):
            return Unable("the gateway did not set the announcement")
        return Done(action.receipt)


def _conversation(address: Address) -> str:
    """The id that a gateway has for the chat at an address; groups have no topics here."""
    return address.group or address.person or ""


def _left(until: float) -> float:
    """How many seconds are left until a moment on the loop's clock; never less than none."""
    return max(0.0, until - asyncio.get_running_loop().time())
