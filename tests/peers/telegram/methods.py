"""What a bot can do on the platform: the methods of the Bot API, as functions on the world.

A method takes the bot that calls and what it gave, changes the world and returns the result as the
Bot API writes it, or raises a `Refusal`. Hearing (getUpdates and the webhook) is `server.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.peers.telegram import forms
from tests.peers.telegram.calls import Call
from tests.peers.telegram.people import People
from tests.peers.telegram.refusals import bad
from tests.peers.telegram.speaking import Speaking
from tests.peers.telegram.whereabouts import group_of
from tests.peers.telegram.world import Bot, Link, Member, Status, World


@dataclass(frozen=True, slots=True)
class Asked:
    """One call, and where it meets the world."""

    world: World
    bot: Bot
    call: Call

    @property
    def given(self) -> Mapping[str, Any]:
        """The parameters."""
        return self.call.parameters


Method = Callable[[Asked], Any]


def get_me(asked: Asked) -> Any:
    """Who the bot is; it may read everything in its groups."""
    can = {
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
    }
    return forms.user(asked.bot.user) | can


def get_chat(asked: Asked) -> Any:
    """A group as a whole."""
    chat = group_of(asked.world, asked.bot, asked.given["chat_id"])
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription")
    return forms.chat(chat) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys((*gifts, "gifts_from_channels"), False),
    }


def get_administrators(asked: Asked) -> Any:
    """Who runs a group, other bots left out."""
    chat = group_of(asked.world, asked.bot, asked.given["chat_id"])
    return [
        forms.member(one)
        for one in chat.members.values()
        if one.is_staff and (not one.user.is_bot or one.user is asked.bot.user)
    ]


def get_member(asked: Asked) -> Any:
    """What somebody is to a group."""
    chat = group_of(asked.world, asked.bot, asked.given["chat_id"])
    user = asked.world.users.get(asked.given["user_id"])
    if user is None:
        raise bad("PARTICIPANT_ID_INVALID")
    return forms.member(chat.member(user))


def get_member_count(asked: Asked) -> Any:
    """How many are in a group."""
    chat = group_of(asked.world, asked.bot, asked.given["chat_id"])
    return sum(one.is_in for one in chat.members.values())


def create_link(asked: Asked) -> Any:
    """A new invite link."""
    chat = group_of(asked.world, asked.bot, asked.given["chat_id"])
    _need(chat.member(asked.bot.user), "can_invite_users", "manage chat invite link")
    link = Link(
        url=f"https://t.me/+{asked.world.new_name('link')}",
        creator=asked.bot.user,
        name=asked.given.get("name", "")[:32],  # at most 32 characters are kept
        needs_approval=asked.given.get("creates_join_request", False),
    )
    chat.links[link.url] = link
    return forms.link(link)


def approve(asked: Asked) -> Any:
    """Let somebody in who asked."""
    chat = group_of(asked.world, asked.bot, asked.given["chat_id"])
    _need(chat.member(asked.bot.user), "can_invite_users", "manage chat join requests")
    user = chat.asked.pop(asked.given["user_id"], None)
    if user is None:
        raise bad("HIDE_REQUESTER_MISSING")
    People(asked.world).join(user, chat)
    return True


def decline(asked: Asked) -> Any:
    """Do not let somebody in who asked."""
    chat = group_of(asked.world, asked.bot, asked.given["chat_id"])
    _need(chat.member(asked.bot.user), "can_invite_users", "manage chat join requests")
    if chat.asked.pop(asked.given["user_id"], None) is None:
        raise bad("HIDE_REQUESTER_MISSING")
    return True


def leave_chat(asked: Asked) -> Any:
    """Go out of a group."""
    chat = group_of(asked.world, asked.bot, asked.given["chat_id"])
    chat.members[asked.bot.user.id] = Member(asked.bot.user, Status.LEFT)
    return True


def answer_press(asked: Asked) -> Any:
    """Tell the presser of a button that it was noticed."""
    press = asked.given["callback_query_id"]
    if asked.world.presses.get(press, "") is not None:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    asked.world.presses[press] = asked.given.get("text", "")
    return True


def set_commands(asked: Asked) -> Any:
    """Set a menu of commands."""
    asked.bot.commands[_menu(asked)] = asked.given["commands"]
    return True


def delete_commands(asked: Asked) -> Any:
    """Take a menu of commands back."""
    asked.bot.commands.pop(_menu(asked), None)
    return True


def get_commands(asked: Asked) -> Any:
    """A menu of commands, as it was set."""
    return asked.bot.commands.get(_menu(asked), [])


def get_file(asked: Asked) -> Any:
    """Where a file can be fetched."""
    file = asked.given["file_id"]
    if file not in asked.world.files:
        raise bad("wrong file_id or the file is temporarily unavailable")
    size = len(asked.world.files[file])
    same = f"{file}-same"
    return {"file_id": file, "file_unique_id": same, "file_size": size, "file_path": file}


def get_webhook_info(asked: Asked) -> Any:
    """Where the updates are brought."""
    hook = asked.bot.webhook
    form = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(asked.bot.inbox.waiting),
    }
    if hook:
        form["max_connections"] = hook.connections
    asked_for = list(asked.bot.inbox.asked_for)
    return form | {"allowed_updates": asked_for} if asked_for else form


def _menu(asked: Asked) -> tuple[str, str]:
    scope = asked.given.get("scope", {"type": "default"})
    whose = (str(scope[part]) for part in ("type", "chat_id", "user_id") if part in scope)
    return ":".join(whose), asked.given.get("language_code", "")


def _need(bot: Member, right: str, what: str) -> None:
    """Refuse where the bot has not been given a right."""
    if right not in bot.rights:
        raise bad(f"not enough rights to {what}")


def _speaking(deed: Callable[[Speaking], Any]) -> Method:
    return lambda asked: deed(Speaking(asked.world, asked.bot, asked.call))


METHODS: dict[str, Method] = {
    "answerCallbackQuery": answer_press,
    "approveChatJoinRequest": approve,
    "createChatInviteLink": create_link,
    "declineChatJoinRequest": decline,
    "deleteMyCommands": delete_commands,
    "getChat": get_chat,
    "getChatAdministrators": get_administrators,
    "getChatMember": get_member,
    "getChatMemberCount": get_member_count,
    "getFile": get_file,
    "getMe": get_me,
    "getMyCommands": get_commands,
    "getWebhookInfo": get_webhook_info,
    "leaveChat": leave_chat,
    "setMyCommands": set_commands,
    "sendMessage": _speaking(Speaking.text),
    "sendPhoto": _speaking(Speaking.picture),
    "sendMediaGroup": _speaking(Speaking.album),
    "sendChatAction": _speaking(Speaking.gesture),
    "editMessageText": _speaking(Speaking.edit_text),
    "editMessageCaption": _speaking(Speaking.edit_caption),
    "editMessageMedia": _speaking(Speaking.edit_picture),
    "editMessageReplyMarkup": _speaking(Speaking.edit_buttons),
    "deleteMessage": _speaking(Speaking.delete),
    "deleteMessages": _speaking(Speaking.delete_several),
    "pinChatMessage": _speaking(Speaking.pin),
    "unpinChatMessage": _speaking(Speaking.unpin),
}
"""What is modelled. Any other method of the Bot API is answered as not found, and noted."""
