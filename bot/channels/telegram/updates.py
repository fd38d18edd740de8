"""An update of Telegram's from outside: which there are, and what each tells, where and when.

What it comes to as events is said in `translation.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from aiogram.enums import ChatType
from aiogram.types import (
    CallbackQuery,
    ChatJoinRequest,
    ChatMemberAdministrator,
    ChatMemberOwner,
    ChatMemberRestricted,
    ChatMemberUpdated,
    Message,
    ResultChatMemberUnion,
    Update,
)
from aiogram.types import Chat as TelegramChat

Told = Message | CallbackQuery | ChatMemberUpdated | ChatJoinRequest

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
)
"""The kinds of updates that the bot asks Telegram for; it translates no others."""

_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)
_IN_GROUP = ("creator", "administrator", "member")


def what_it_tells(update: Update) -> Told | None:
    """The one part that an update has, if the bot knows it."""
    for kind in ALLOWED_UPDATES:
        told: Told | None = getattr(update, kind)
        if told is not None:
            return told
    return None


def chat_of_update(update: Update) -> TelegramChat | None:
    """The chat that an update happened in; None where it is nothing to the bot."""
    told = what_it_tells(update)
    if told is None:
        return None
    place = told.message if isinstance(told, CallbackQuery) else told
    return None if place is None else place.chat


def told_at(update: Update) -> datetime | None:
    """When what an update tells happened; None for presses of buttons, which carry no time."""
    told = what_it_tells(update)
    if told is None or isinstance(told, CallbackQuery):
        return None
    if told is update.edited_message and told.edit_date is not None:
        return datetime.fromtimestamp(told.edit_date, UTC)  # aiogram leaves it a number
    return told.date


def is_admin(member: ResultChatMemberUnion) -> bool:
    """Whether a chat's member is one of its admins, its owner among them."""
    return isinstance(member, ChatMemberOwner | ChatMemberAdministrator)


def is_in(member: ResultChatMemberUnion) -> bool:
    """Whether somebody is in the chat: one who is restricted may be so from outside."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status in _IN_GROUP


def is_group(chat: TelegramChat | None) -> bool:
    """Whether a chat is a group of any size."""
    return chat is not None and chat.type in _GROUPS
