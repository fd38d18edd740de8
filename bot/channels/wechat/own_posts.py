"""The bot's own posts, and how they are known again when WeChat shows them to it.

A gateway may answer a post without the message's id, or not at all, but it tells the account of
every message, its own too. So a post is written down before it is made, each of its messages with
a digest; a message of the account's own that fits one is that post, and its id the receipt. What
fits none was typed by somebody who holds the same account in hand.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.wechat.caution import Caution, is_warning
from bot.channels.wechat.gateway import GatewayMessage, MessageType
from scheduler.clock import Clock
from scheduler.courier import Address
from storage import own_posts
from storage.database import Database
from storage.own_posts import OpenPiece, OwnPost

FILE = "file"
"""The digest of a message that is a file: nobody can tell one from another by what is told."""

_FILES = (MessageType.IMAGE, MessageType.ATTACHMENT)  # the bot posts pictures, and no other files
_CLOCKS_APART = timedelta(seconds=30)
"""How much later than WeChat's clock ours may be when a post begins that WeChat has dated."""

_SHOWN_WITHIN = timedelta(minutes=10) + _CLOCKS_APART
"""What is shown longer after a post began, both by our clock, is none of it, however like it."""

_BETWEEN_RECEIPTS = ","


def digest_of(text: str) -> str:
    """The digest of a text, whatever blanks and line ends WeChat makes of those in it."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:32]


def digest_shown(message: GatewayMessage) -> str | None:
    """The digest of a message that WeChat shows; None where the bot never posts such."""
    if message.type == MessageType.TEXT:
        return digest_of(message.text)
    return FILE if message.type in _FILES else None


def begun_for(
    pieces: Sequence[OpenPiece], said_at: datetime, heard_at: datetime
) -> OpenPiece | None:
    """Which of the messages that were begun is the one that was said then; None if there is none.

    The last that was begun before; where the clocks are so far apart that none was, the first.

    Args:
        pieces: those that fit, the oldest first.
        said_at: when WeChat says that it was said.
        heard_at: when it was shown to us, by the clock that the posts began by.
    """
    near = [one for one in pieces if abs(heard_at - one.began_at) <= _SHOWN_WITHIN]
    before = [one for one in near if one.began_at <= said_at + _CLOCKS_APART]
    if not before:
        return near[0] if near else None
    latest = max(one.began_at for one in before)
    # Of one post, whose messages begin together, the first comes first.
    return next(one for one in before if one.began_at == latest)


class Saying:
    """One post on its way, as a list of messages whose ids become known one by one."""

    def __init__(self, posts: OwnPosts, key: str, count: int) -> None:
        loop = asyncio.get_running_loop()
        self.known: list[asyncio.Future[str]] = [loop.create_future() for _ in range(count)]
        self._posts = posts
        self._key = key

    async def answered(self, piece: int, message: str | None) -> None:
        """The gateway took a piece, and said which message it is, or did not."""
        if message:
            await self._posts.note(self._key, piece, message)
            self.shown(piece, message)

    def shown(self, piece: int, message: str) -> None:
        """This is the message that a piece became."""
        if not self.known[piece].done():
            self.known[piece].set_result(message)

    def is_shown(self, piece: int) -> bool:
        """Whether it is known which message a piece became."""
        return self.known[piece].done()

    async def receipt(self, patience: timedelta) -> str:
        """The receipt, once every id is known; empty where one is not shown in time."""
        _, unknown = await asyncio.wait(self.known, timeout=patience.total_seconds())
        return "" if unknown else _BETWEEN_RECEIPTS.join(one.result() for one in self.known)

    async def withdraw(self) -> None:
        """It is certain that nothing was said."""
        await self._posts.withdraw(self._key)


class OwnPosts:
    """What one account says.

    Args:
        account: the account, `wechat:NAME`.
        database: where posts are written down.
        clock: what time it is.
        caution: told where WeChat itself, in the account's name, says that it is restricted.
    """

    def __init__(self, account: str, database: Database, clock: Clock, caution: Caution) -> None:
        self._account = account
        self._caution = caution
        self._database = database
        self._clock = clock
        self._sayings: dict[str, Saying] = {}
        self._one_by_one = asyncio.Lock()  # else two messages could be taken for the same piece

    @asynccontextmanager
    async def saying(
        self, key: str, address: Address, digests: Sequence[str]
    ) -> AsyncIterator[Saying]:
        """Write a post down before its first message goes out, and wait for what becomes of it.

        Args:
            key: the delivery's key.
            address: where it goes.
            digests: of each of its messages, in their order; at least one.
        """
        post = OwnPost(key, str(_whole(address)), digests)
        saying = self._sayings[key] = Saying(self, key, len(digests))
        try:
            async with self._database.writing() as connection:
                await own_posts.begin(connection, self._account, post, self._clock.now())
            yield saying
        finally:
            if self._sayings.get(key) is saying:
                del self._sayings[key]
            for one in saying.known:
                one.cancel()

    async def heard(self, message: GatewayMessage) -> bool:
        """Whether a message in the account's own name is nothing that a person said.

        It is the bot's post, which then has its receipt, or a warning of WeChat's.
        """
        if is_warning(message):
            await self._caution.stop(message.text)
            return True
        async with self._one_by_one, self._database.writing() as connection:
            if await own_posts.begun_at(connection, self._account, message.id) is not None:
                return True
            fitting = await self._fitting(connection, message)
            if fitting is None:
                return False
            await own_posts.note_receipt(
                connection, self._account, fitting.key, fitting.piece, message.id
            )
        saying = self._sayings.get(fitting.key)
        if saying is not None:
            saying.shown(fitting.piece, message.id)
        return True

    async def _fitting(
        self, connection: AsyncConnection, message: GatewayMessage
    ) -> OpenPiece | None:
        digest = digest_shown(message)
        if digest is None:
            return None
        where = Address(group=message.room) if message.room else Address(person=message.listener)
        pieces = await own_posts.open_pieces(connection, self._account, str(where), digest)
        return begun_for(pieces, message.at, self._clock.now())

    async def receipt_of(self, key: str) -> str | None:
        """The receipt of an earlier post, as far as every message of it is known; else None."""
        async with self._database.reading() as connection:
            receipts = await own_posts.receipts_of(connection, self._account, key)
        known = [one for one in receipts if one is not None]
        return _BETWEEN_RECEIPTS.join(known) if known and len(known) == len(receipts) else None

    async def begun_at(self, message: str) -> datetime | None:
        """When a message was begun; None where it is none of the bot's."""
        async with self._database.reading() as connection:
            return await own_posts.begun_at(connection, self._account, message)

    async def note(self, key: str, piece: int, message: str) -> None:
        """Write down which message a piece became."""
        async with self._database.writing() as connection:
            await own_posts.note_receipt(connection, self._account, key, piece, message)

    async def withdraw(self, key: str) -> None:
        """Forget a post of which it is certain that nothing was said."""
        async with self._database.writing() as connection:
            await own_posts.withdraw(connection, self._account, key)


def messages_of(receipt: str) -> list[str]:
    """The ids of the messages that a receipt names; none where nobody knew them."""
    return [one for one in receipt.split(_BETWEEN_RECEIPTS) if one]


def _whole(address: Address) -> Address:
    """The address without a topic, which WeChat's groups do not have."""
    return Address(group=address.group, person=address.person)
