"""Writes what is in the world as the JSON objects of the Bot API."""

from __future__ import annotations

from typing import Any

from tests.peers.telegram.world import Chat, Kind, Link, Member, Message, Status, Topic, User

# Group admins who hide behind their group write as this user
# (https://core.telegram.org/bots/api#message, `sender_chat`).
ANONYMOUS = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
TOPIC_COLOUR = 7322096
_ADMIN = (
    "can_be_edited",
    "is_anonymous",
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
    "can_pin_messages",
    "can_manage_topics",
)
_SPEECH = (
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
)
_OTHERWISE = (
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)


def user(one: User) -> dict[str, Any]:
    """A `User`."""
    form = {"id": one.id, "is_bot": one.is_bot, "first_name": one.name}
    if one.username:
        form["username"] = one.username
    return form if one.is_bot else form | {"language_code": one.language}


def chat(one: Chat) -> dict[str, Any]:
    """A `Chat`."""
    form: dict[str, Any] = {"id": one.id, "type": str(one.kind)}
    form["first_name" if one.kind is Kind.PRIVATE else "title"] = one.title
    return form | {"is_forum": True} if one.is_forum else form


def member(one: Member) -> dict[str, Any]:
    """A `ChatMember`, of whichever kind."""
    form: dict[str, Any] = {"status": str(one.status), "user": user(one.user)}
    match one.status:
        case Status.OWNER:
            form["is_anonymous"] = one.anonymous
        case Status.ADMIN:
            form |= dict.fromkeys(_ADMIN, False) | dict.fromkeys(one.rights, True)
            form |= {"can_manage_chat": True, "is_anonymous": one.anonymous}
        case Status.RESTRICTED:
            form |= dict.fromkeys(_SPEECH, one.may_speak) | dict.fromkeys(_OTHERWISE, False)
            form |= {"is_member": True, "until_date": 0}
        case Status.PUT_OUT:
            form["until_date"] = 0
    return form


def link(one: Link) -> dict[str, Any]:
    """A `ChatInviteLink`."""
    form = {
        "invite_link": one.url,
        "creator": user(one.creator),
        "creates_join_request": one.needs_approval,
        "is_primary": False,
        "is_revoked": False,
    }
    return form | {"name": one.name} if one.name else form


def topic(number: int, one: Topic) -> dict[str, Any]:
    """A `ForumTopic`."""
    return {"message_thread_id": number, "name": one.name, "icon_color": TOPIC_COLOUR}


def message(one: Message, *, with_answered: bool = True) -> dict[str, Any]:
    """A `Message`. What it answers is written without what that answers in turn."""
    form: dict[str, Any] = {"message_id": one.id, "date": one.at, "chat": chat(one.chat)}
    form["from"] = ANONYMOUS if one.anonymous else user(one.sender)
    if one.anonymous:
        form["sender_chat"] = chat(one.chat)
    if one.topic is not None:
        form |= {"message_thread_id": one.topic, "is_topic_message": True}
    form |= _said(one)
    if one.keyboard is not None:
        form["reply_markup"] = one.keyboard
    if one.edited_at is not None:
        form["edit_date"] = one.edited_at
    if one.forwarded_from is not None:
        origin = {"type": "user", "date": one.at, "sender_user": user(one.forwarded_from)}
        form["forward_origin"] = origin
    if one.answers is not None and with_answered:
        form["reply_to_message"] = message(one.answers, with_answered=False)
    return form | one.service


def _said(one: Message) -> dict[str, Any]:
    if not one.pictures:
        said: dict[str, Any] = {"text": one.text} if one.text else {}
        return said | ({"entities": one.entities} if one.entities else {})
    (file,) = one.pictures  # an album is several messages
    size = {"file_id": file, "file_unique_id": f"{file}-same", "width": 640, "height": 480}
    said = {"photo": [size]}
    if one.album is not None:
        said["media_group_id"] = one.album
    if one.text:
        said["caption"] = one.text
    return said | ({"caption_entities": one.entities} if one.entities else {})
