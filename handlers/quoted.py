"""Which message a quote is of, on a platform that only repeats its words (WeChat).

It is the newest of the same words in the same group, of the last two days. Where there is none, as
of a picture or of somebody whose words are not kept, nobody knows what was quoted.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import ButtonPressed, MessageHeard
from storage.columns import storable
from storage.messages import message_saying

_LOOK_BACK = timedelta(days=2)


async def with_quoted(
    connection: AsyncConnection, event: MessageHeard | ButtonPressed
) -> MessageHeard | ButtonPressed:
    """The event, with the message that it replies to where it quotes one that is known."""
    if isinstance(event, ButtonPressed) or not event.quoted or event.chat is None:
        return event
    if event.reply_to is not None:
        return event
    found = await message_saying(
        connection,
        event.account,
        storable(event.chat.id),
        storable(event.quoted),
        event.at - _LOOK_BACK,
        event.at,
    )
    return replace(event, reply_to=found)
