"""What a message of Telegram's says: its words, whom it calls by name, its pictures. Pure.

Telegram marks parts of a text beside it, as entities, by their places in UTF-16 units. Of those
only what concerns the bot is read: who is called by name, and which bot a command is meant for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aiogram.enums import MessageEntityType
from aiogram.types import Message, User


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself, as people call it: `username` without the @."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class _Marked:
    """A marked part of a text; `user` is whom it names, where Telegram knows."""

    kind: str
    at_front: bool
    text: str
    user: User | None

    def named(self) -> str:
        """The username in it, as of `@our_bot` or `/help@our_bot`; empty where there is none."""
        return self.text.partition("@")[2].lower()


def text_of(message: Message, me: Me) -> str:
    """The words, without the bot's own name in front: `@our_bot 帮助` asks for 帮助."""
    text = message.text or message.caption or ""
    for part in _marked(message):
        if part.kind == MessageEntityType.MENTION and part.at_front and _names(part, me):
            return text[len(part.text) :].lstrip()
    return text


def mentions_in(message: Message, me: Me) -> tuple[str, ...]:
    """The ids of those who are called by name, each once; of usernames only the bot's is known."""
    found: dict[str, None] = {}
    for part in _marked(message):
        if part.kind == MessageEntityType.TEXT_MENTION and part.user is not None:
            found[str(part.user.id)] = None
        elif _names(part, me):
            found[str(me.id)] = None
    return tuple(found)


def meant_for_another_bot(message: Message, me: Me) -> bool:
    """Whether it is a command with another bot's name behind it, such as `/start@another_bot`."""
    return any(
        part.kind == MessageEntityType.BOT_COMMAND
        and part.at_front
        and part.named() not in ("", me.username.lower())
        for part in _marked(message)
    )


def answers_bot(message: Message, me: Me) -> bool:
    """Whether it is a reply to something that the bot said."""
    answered = message.reply_to_message
    return (
        answered is not None and answered.from_user is not None and answered.from_user.id == me.id
    )


def is_passed_on(message: Message) -> bool:
    """Whether the words are another's: forwarded, posted by a channel, or made by another bot."""
    return (
        message.forward_origin is not None
        or message.is_automatic_forward is True
        or message.via_bot is not None
    )


def pictures_in(message: Message) -> tuple[str, ...]:
    """The largest size of a photo, by the file's id, which works for this bot alone."""
    if not message.photo:
        return ()
    largest = max(message.photo, key=lambda size: size.width * size.height)
    return (f"telegram:{largest.file_id}",)


def _names(part: _Marked, me: Me) -> bool:
    calls = (MessageEntityType.MENTION, MessageEntityType.BOT_COMMAND)
    return part.kind in calls and part.named() == me.username.lower()


def _marked(message: Message) -> Iterator[_Marked]:
    text = message.text or message.caption or ""
    for one in message.entities or message.caption_entities or ():
        yield _Marked(one.type, one.offset == 0, one.extract_from(text), one.user)
