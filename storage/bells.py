"""Bells: how a change that is committed wakes those who wait for it, in every process.

A transaction rings a bell; when it has been committed, everybody who listens is called: in this
process at once, in others over PostgreSQL's NOTIFY. A bell only says "look again": one that is
missed (a lost connection) costs a delay until the next round, never a message.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

RUNG = "nuanqun_rung"
"""The execution option of a transaction that holds the list of bells rung in it."""
CHANNEL = "nuanqun"
"""The channel of PostgreSQL's NOTIFY; the payload is a bell."""


class Bell(StrEnum):
    """What to look at again."""

    PLANNER = "planner"  # a campaign was made, approved or changed
    SENDERS = "senders"  # something is due, or may go on
    STOP = "stop"  # 急停, a pause, a cancellation: what is not under way must not leave
    WORDS = "words"  # the shop taught the bot a word: days are to be read again


Listener = Callable[[Bell], None]


async def ring(connection: AsyncConnection, bell: Bell) -> None:
    """Ring when this transaction of `Database.writing` is committed, once for each bell."""
    rung = rung_in(connection)
    if bell in rung:
        return
    rung.append(bell)
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_notify(CHANNEL, bell.value)))


def rung_in(connection: AsyncConnection) -> list[Bell]:
    """What has been rung in the transaction of this connection."""
    rung: list[Bell] = connection.sync_connection.get_execution_options()[RUNG]  # type: ignore[union-attr]  # the connection is open
    return rung


class Bells:
    """Everybody in this process who listens."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every bell from now on; what is returned ends that.

        A listener is called in the loop's thread, in the midst of other work: it only takes a
        note, and does not raise.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def strike(self, bell: Bell) -> None:
        """Call everybody."""
        for listener in tuple(self._listeners):
            listener(bell)
