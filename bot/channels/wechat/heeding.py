"""What is heard and says that the account is restricted: it stops it, as `caution.py` says.

WeChat and puppets say so in answers to calls, in the gateway's own complaints, and in notes in the
chat that was spoken in.
"""

from __future__ import annotations

from typing import Protocol

from bot.channels.wechat.caution import is_restriction, is_warning
from bot.channels.wechat.gateway import GatewayMessage
from bot.channels.wechat.translation import is_markup


class Caution(Protocol):
    """The care for one account."""

    async def stop(self, said: str) -> None:
        """Stop the account for what WeChat or a puppet said."""
        ...


async def heed(caution: Caution, said: str) -> bool:
    """Stop the account where that says that it is restricted; whether it does."""
    restricted = is_restriction(said)
    if restricted:
        await caution.stop(said)
    return restricted


def warns(message: GatewayMessage, me: str) -> bool:
    """Whether a message is WeChat's word to the account `me` that it is restricted.

    In private some puppets give WeChat's notes as words of the other person. What such a person can
    send and a puppet does not know is XML; a note is not. In a group, others make notes too (of its
    new name, say), so that there only one in the account's own name counts.
    """
    own = message.talker == me
    private = not message.room and not is_markup(message.text)
    return (own or private) and is_warning(message)
