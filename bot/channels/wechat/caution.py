"""Care for an account that its owner could lose: how gently it speaks, and when it falls silent.

WeChat publishes no limits for personal accounts and restricts those that act like programs. So an
account speaks as slowly as the figures here say, and at the first sign of a restriction it stops:
that is stored, holds over a restart and in every process, and only a manager lifts it (`/lift`).
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path

import structlog

from bot.channels.wechat.gateway import GatewayMessage, MessageType
from scheduler.clock import Clock
from scheduler.courier import Limits, Rate
from storage.account_stops import Stop, stop_account, stop_of
from storage.database import Database

_log = structlog.get_logger(__name__)

PLATFORM = "wechat"

_SIGNS = Path(__file__).with_name("restrictions.txt")
_LONGEST_REASON = 200  # characters of what was said that are kept
_NOTES = (MessageType.UNKNOWN, MessageType.GROUP_NOTE)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)

# Clients of WeChat are seen to cut texts behind 2,000 characters; names and choices need some.
_TEXT_LENGTH = 1_800
_MOST_PICTURES = 3  # a post is over before its sender gives it up, on a slow gateway too
_WITHIN_A_POST = timedelta(seconds=5)  # what the messages of one post may wait for each other


def limits_of(
    *,
    seconds_between: float = 1.0,
    room_a_minute: int = 20,
    messages_a_day: int = 300,
    pauses: tuple[float, float] = (0.5, 3.0),
) -> Limits:
    """What an account is allowed.

    WeChat has no captions: a text and its pictures are a message each. One post holds three
    pictures, or as many as their pace lets leave within 5 s; where it lets none, a picture stands
    alone.

    Args:
        seconds_between: the least time between two messages.
        room_a_minute: the most messages in one room.
        messages_a_day: the most messages of the account in 24 hours.
        pauses: the shortest and the longest pause between two calls, in seconds.
    """
    between = timedelta(seconds=seconds_between)
    beside_text = min(
        _MOST_PICTURES, _WITHIN_A_POST // between, room_a_minute - 1, messages_a_day - 1
    )
    return Limits(
        account=(Rate(1, between), Rate(messages_a_day, _DAY)),
        group=(Rate(room_a_minute, _MINUTE),),
        pauses=(timedelta(seconds=pauses[0]), timedelta(seconds=pauses[1])),
        text_length=_TEXT_LENGTH,
        caption_length=None if beside_text >= 1 else 0,
        pictures=max(1, beside_text),
        captions=False,
        friends=True,
    )


@cache
def _signs() -> tuple[str, ...]:
    lines = (line.strip() for line in _SIGNS.read_text(encoding="utf-8").splitlines())
    return tuple(line.casefold() for line in lines if line and not line.startswith("#"))


def is_restriction(said: str) -> bool:
    """Whether what WeChat or a puppet said is a sign that the account is restricted."""
    folded = said.casefold()
    return any(sign in folded for sign in _signs())


def is_warning(message: GatewayMessage) -> bool:
    """Whether a message in the account's own name is WeChat's word that it is restricted.

    It stands in the chat that was spoken in, as a note and not as a text:
    https://github.com/wechaty/puppet-padlocal/issues/109.
    """
    return message.type in _NOTES and is_restriction(message.text)


class Caution:
    """The care for one account.

    Args:
        account: the account, `wechat:NAME`.
        database: where it is written that it is stopped.
        clock: what time it is.
        limits: what it is allowed.
    """

    def __init__(self, account: str, database: Database, clock: Clock, limits: Limits) -> None:
        self.limits = limits
        self._account = account
        self._database = database
        self._clock = clock

    async def stopped(self) -> Stop | None:
        """Since when and why nothing may leave; None where it may."""
        async with self._database.reading() as connection:
            return await stop_of(connection, self._account)

    async def stop(self, said: str) -> None:
        """Stop the account for what WeChat or a puppet said."""
        stop = Stop(self._clock.now(), said.strip()[:_LONGEST_REASON])
        async with self._database.writing() as connection:
            new = await stop_account(connection, self._account, PLATFORM, stop)
        if new:
            _log.error("account_stopped", account=self._account, reason=stop.reason)
