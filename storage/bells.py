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

_RUNG = "nuanqun_rung"
CHANNEL = "nuanqun"
"""The channel of PostgreSQL's NOTIFY; the payload is a bell."""


class Bell(StrEnum):
    """What to look at again."""

    PLANNER = "planner"  # a campaign was made, approved or changed
    SENDERS = "senders"  # something is due, or may go on
    STOP = "stop"  # 急停, a pause, a cancellation: what is not under way must not leave


Listener = Callable[[Bell], None]


async def ring(connection: AsyncConnection, bell: Bell) -> None:
    """Ring when this transaction is committed, once for each bell."""
    rung: set[Bell] = connection.sync_connection.info.setdefault(_RUNG, set())  # type: ignore[union-attr]  # the connection is open
    if bell in rung:
        return
    rung.add(bell)
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_notify(CHANNEL, bell.value)))


def rung_in(connection: AsyncConnection) -> set[Bell]:
    """What was rung in the transaction of this connection, and forget it."""
    if connection.sync_connection is None:
        return set()
    found: set[Bell] = connection.sync_connection.info.pop(_RUNG, set())
    return found


class Bells:
    """Everybody in this process who listens."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every bell from now on; what is returned ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def strike(self, bell: Bell) -> None:
        """Call everybody."""
        for listener in tuple(self._listeners):
            listener(bell)
