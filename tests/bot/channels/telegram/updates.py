"""Updates as Telegram sends them, for the tests of hearing: the parts that many of them share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiogram.types import Update

NUMBER = 700_000_042
DATE = 1_794_300_000
AT = datetime.fromtimestamp(DATE, UTC)

ME = {"id": 123456, "is_bot": True, "first_name": "暖群", "username": "nuanqun_bot"}
RAIN = {"id": 5001, "is_bot": False, "first_name": "小雨", "last_name": "Rain", "username": "rain"}
BOSS = {"id": 5002, "is_bot": False, "first_name": "店长"}
OTHER_BOT = {"id": 5003, "is_bot": True, "first_name": "别家", "username": "other_bot"}
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
SERVICE = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
CHANNEL_BOT = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}

GROUP = {"id": -1001234, "type": "supergroup", "title": "一群"}
SMALL = {"id": -55, "type": "group", "title": "小群"}
PRIVATE = {"id": 5001, "type": "private", "first_name": "小雨"}
CHANNEL = {"id": -1009999, "type": "channel", "title": "暖店上新"}

PHOTO = [
    {"file_id": "small", "file_unique_id": "s", "width": 90, "height": 60},
    {"file_id": "large", "file_unique_id": "l", "width": 1280, "height": 853},
]


def update(**part: Any) -> Update:
    """One update with one part."""
    return Update.model_validate({"update_id": NUMBER, **part})


def message(chat: dict[str, Any] = GROUP, sender: dict[str, Any] = RAIN, **more: Any) -> Update:
    """Somebody says something."""
    return update(message=body(chat, sender, **more))


def body(
    chat: dict[str, Any] = GROUP, sender: dict[str, Any] = RAIN, **more: Any
) -> dict[str, Any]:
    return {"message_id": 17, "date": DATE, "chat": chat, "from": sender} | more


def mark(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    """An entity; its place in UTF-16 units."""
    return {"type": kind, "offset": offset, "length": length} | more


def standing(status: str, user: dict[str, Any] = RAIN, **more: Any) -> dict[str, Any]:
    """A ChatMember of a status, with all that Telegram says of it."""
    return {"status": status, "user": user} | _MORE.get(status, {}) | more


def change(
    before: dict[str, Any],
    after: dict[str, Any],
    chat: dict[str, Any] = GROUP,
    by: dict[str, Any] = BOSS,
    **more: Any,
) -> dict[str, Any]:
    """A ChatMemberUpdated."""
    return {
        "chat": chat,
        "from": by,
        "date": DATE,
        "old_chat_member": before,
        "new_chat_member": after,
    } | more


_RIGHTS = dict.fromkeys(
    (
        "can_be_edited",
        "can_manage_chat",
        "can_delete_messages",
        "can_manage_video_chats",
        "can_restrict_members",
        "can_promote_members",
        "can_change_info",
        "can_invite_users",
        "can_post_stories",
        "can_edit_stories",
        "can_delete_stories",
        "can_send_welcome_messages",
    ),
    True,
)
_PERMISSIONS = dict.fromkeys(
    (
        "can_send_messages",
        "can_send_audios",
        "can_send_documents",
        "can_send_photos",
        "can_send_videos",
        "can_send_video_notes",
        "can_send_voice_notes",
        "can_send_polls",
        "can_send_other_messages",
        "can_add_web_page_previews",
        "can_react_to_messages",
        "can_edit_tag",
        "can_change_info",
        "can_invite_users",
        "can_pin_messages",
        "can_manage_topics",
    ),
    False,
)
_MORE: dict[str, dict[str, Any]] = {
    "creator": {"is_anonymous": False},
    "administrator": {"is_anonymous": False} | _RIGHTS,
    "restricted": {"is_member": True, "until_date": 0} | _PERMISSIONS,
    "kicked": {"until_date": 0},
}
