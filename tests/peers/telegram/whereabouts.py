"""Finds the chat that a bot means, and says whether it may act there."""

from __future__ import annotations

from typing import Any

from tests.peers.telegram.refusals import bad, forbidden
from tests.peers.telegram.world import Bot, Chat, Status, World


def chat_of(world: World, bot: Bot, chat_id: Any) -> Chat:
    """The chat of this id, in which the bot is.

    Raises:
        Refusal: there is none, or the bot is not in it.
    """
    if not isinstance(chat_id, int):
        raise bad("chat not found")  # no chat here has a name of its own
    return group_of(world, bot, chat_id) if chat_id < 0 else _private(world, bot, chat_id)


def group_of(world: World, bot: Bot, chat_id: Any) -> Chat:
    """The group of this id, in which the bot is.

    Raises:
        Refusal: there is none, or the bot is not in it.
    """
    chat = world.chats.get(chat_id)
    if chat is None:
        raise bad("chat not found")
    if chat.moved_to is not None:
        raise bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.moved_to)
    member = chat.member(bot.user)
    if member.status is Status.PUT_OUT:
        raise forbidden(f"bot was kicked from the {chat.kind} chat")
    if member.status is Status.LEFT:
        raise forbidden(f"bot is not a member of the {chat.kind} chat")
    return chat


def _private(world: World, bot: Bot, user_id: int) -> Chat:
    user = world.users.get(user_id)
    if user is None:
        raise bad("chat not found")
    if user.deactivated:
        raise forbidden("user is deactivated")
    if user.is_bot:
        raise forbidden("bots can't send messages to bots")
    chat = world.private(bot, user)
    if chat.blocked:
        raise forbidden("bot was blocked by the user")
    if not chat.started:
        raise forbidden("bot can't initiate conversation with a user")
    return chat
