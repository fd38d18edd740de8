"""From an update of Telegram's to the bot's events: one pure table, which asks nobody anything.

What an update does not say itself (who is staff, what a long button says) is handed in as a
`Scene`; `staffing.py` and the hearing make it. Every event of an update carries a cursor: the last
one the update's own, the others the one before it. So an update whose events were only stored in
part is told again after a crash.

Decisions that the platform leaves open:

- A member's coming and going is told twice where the bot is an admin: by `chat_member`, which names
  the invite link and comes in groups of any size, and by a service message, which does not. So the
  service message counts only while the bot is no admin (see `Scene.admin_since`).
- Somebody who speaks as a chat (an anonymous admin as the group, others as their channel) is the
  person `chat:ID`: never an address, so that no private answer can end up in that chat.
- A message's id holds its chat's: Telegram numbers messages in each chat alone.
- What other bots say is nobody's word. Neither is a command that is meant for another bot.

What an update tells, where and when, is read in `updates.py`; what a message says in `reading.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from aiogram.enums import ChatType, ContentType
from aiogram.types import (
    CallbackQuery,
    ChatJoinRequest,
    ChatMemberRestricted,
    ChatMemberUpdated,
    InaccessibleMessage,
    Message,
    ResultChatMemberUnion,
    Update,
    User,
)
from aiogram.types import Chat as TelegramChat

from bot.channels.telegram.button_signs import digest_in, words_in
from bot.channels.telegram.reading import (
    Me,
    answers_bot,
    is_passed_on,
    meant_for_another_bot,
    mentions_in,
    pictures_in,
    text_of,
)
from bot.channels.telegram.updates import (
    chat_of_update,
    is_admin,
    is_group,
    is_in,
    told_at,
    what_it_tells,
)
from handlers.events import (
    ButtonPressed,
    Chat,
    Event,
    GroupChanged,
    GroupMoved,
    JoinAsked,
    MemberJoined,
    MemberLeft,
    MessageEdited,
    MessageHeard,
    Person,
    ReachChanged,
    StaffChanged,
    TopicChanged,
)

_Stamp = tuple[str, str, datetime]  # what every event begins with: account, cursor, at

# What people say, in whichever form; every other content is a service message.
_WORDS = frozenset(
    {
        ContentType.TEXT,
        ContentType.ANIMATION,
        ContentType.AUDIO,
        ContentType.CHECKLIST,
        ContentType.CONTACT,
        ContentType.DICE,
        ContentType.DOCUMENT,
        ContentType.GAME,
        ContentType.LIVE_PHOTO,
        ContentType.LOCATION,
        ContentType.PAID_MEDIA,
        ContentType.PHOTO,
        ContentType.POLL,
        ContentType.RICH_MESSAGE,
        ContentType.STICKER,
        ContentType.STORY,
        ContentType.VENUE,
        ContentType.VIDEO,
        ContentType.VIDEO_NOTE,
        ContentType.VOICE,
    }
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What must be known besides an update to say what happened.

    `staff` are the users who are admins of any group the bot sits in; `admins` those of the
    update's own chat, with their names. `admin_since` is since when the bot itself is an admin
    there; None while it is none. `words` are what the digests in long buttons stand for. By which
    groups somebody is staff is asked of `staff_in`.
    """

    account: str
    me: Me
    staff: Container[int] = ()
    admins: Mapping[int, str] = field(default_factory=dict)
    admin_since: datetime | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    staff_in: Callable[[int], frozenset[str] | None] = lambda _user: None


def translate(update: Update, scene: Scene, heard_at: datetime) -> list[Event]:
    """What an update tells, in order; empty where it is nothing to the bot.

    Args:
        update: one update, of any kind.
        scene: what is known of its chat now, the update itself counted in.
        heard_at: when a press of a button was made, since Telegram does not say.
    """
    return numbered(_events(update, scene, heard_at), update.update_id)


def numbered(events: Sequence[Event], number: int) -> list[Event]:
    """The events of an update with their cursors: only the last one's is past the update."""
    cursors = [str(number - 1)] * (len(events) - 1) + [str(number)]
    return [replace(event, cursor=one) for event, one in zip(events, cursors, strict=False)]


def _events(update: Update, scene: Scene, heard_at: datetime) -> list[Event]:
    stamp = scene.account, str(update.update_id), told_at(update) or heard_at
    chat = chat_of_update(update)
    if chat is None or not (is_group(chat) or chat.type == ChatType.PRIVATE):
        return []
    events: list[Event] = []
    match what_it_tells(update):
        case Message() as message if message is update.message:
            events = _message(message, stamp, scene)
        case Message() as message:
            events = _edited(message, stamp, scene)
        case CallbackQuery() as press:
            events = _pressed(press, stamp, scene)
        case ChatMemberUpdated() as change if change is update.my_chat_member:
            events = _about_me(change, stamp, scene)
        case ChatMemberUpdated() as change:
            events = _about_member(change, stamp, scene)
        case ChatJoinRequest() as request:
            events = [_asked_in(request, stamp, scene)]
    return events


def _message(message: Message, stamp: _Stamp, scene: Scene) -> list[Event]:
    if message.content_type in _WORDS:
        return _said(message, stamp, scene)
    if message.chat.type == ChatType.PRIVATE:
        return _allowed(message, stamp, scene)
    return _served(message, stamp, scene)


def _said(message: Message, stamp: _Stamp, scene: Scene) -> list[Event]:
    sender = _sender(message, scene)
    if sender is None or meant_for_another_bot(message, scene.me):
        return []
    mentions = mentions_in(message, scene.me)
    heard = MessageHeard(
        *stamp,
        message=_message_id(message),
        chat=_chat(message.chat),
        sender=sender,
        text=text_of(message, scene.me),
        pictures=pictures_in(message),
        mentions=mentions,
        mentions_bot=str(scene.me.id) in mentions or answers_bot(message, scene.me),
        forwarded=is_passed_on(message),
        topic=_topic(message),
        reply_to=_reply_to(message),
    )
    if message.chat.type == ChatType.PRIVATE and heard.text.split(" ")[0] == "/start":
        # Telegram tells of a first start, or of one after the chat was deleted, by this alone.
        return [ReachChanged(*stamp, member=sender, reachable=True), heard]
    return [heard]


def _edited(message: Message, stamp: _Stamp, scene: Scene) -> list[Event]:
    """An edited text or caption. A live location is edited without a word as it moves."""
    sender = _sender(message, scene)
    if (
        sender is None
        or message.content_type not in _WORDS
        or message.location is not None
        or meant_for_another_bot(message, scene.me)
    ):
        return []
    return [
        MessageEdited(
            *stamp,
            message=_message_id(message),
            chat=_chat(message.chat),
            sender=sender,
            text=text_of(message, scene.me),
        )
    ]


def _pressed(press: CallbackQuery, stamp: _Stamp, scene: Scene) -> list[Event]:
    message = press.message
    says = _says(press.data or "", scene)
    if message is None or not says:
        return []
    return [
        ButtonPressed(
            *stamp,
            press=press.id,
            chat=_chat(message.chat),
            sender=_person(press.from_user, scene),
            says=says,
            on=str(message.message_id),
            topic=None if isinstance(message, InaccessibleMessage) else _topic(message),
        )
    ]


def _says(sign: str, scene: Scene) -> str:
    """What a button says; nothing where its words are forgotten."""
    return words_in(sign) or scene.words.get(digest_in(sign) or "", "")


def _allowed(message: Message, stamp: _Stamp, scene: Scene) -> list[Event]:
    """Somebody let the bot write to them, without a word."""
    sender = _sender(message, scene)
    if message.write_access_allowed is None or sender is None:
        return []
    return [ReachChanged(*stamp, member=sender, reachable=True)]


def _served(message: Message, stamp: _Stamp, scene: Scene) -> list[Event]:
    """A service message of a group."""
    chat = _group(message.chat)
    if message.new_chat_members:
        return _moved(message.new_chat_members, MemberJoined, chat, stamp, scene)
    if message.left_chat_member:
        return _moved([message.left_chat_member], MemberLeft, chat, stamp, scene)
    if message.new_chat_title:
        return [GroupChanged(*stamp, chat=Chat(chat.id, message.new_chat_title), present=True)]
    if message.migrate_to_chat_id or message.migrate_from_chat_id:
        return [_migrated(message, chat, stamp)]
    if message.message_thread_id is not None:
        return _topic_changed(message, str(message.message_thread_id), chat, stamp)
    return []


def _migrated(message: Message, chat: Chat, stamp: _Stamp) -> Event:
    """The group has another id now; both of its chats tell of it, the old and the new."""
    if message.migrate_to_chat_id:
        there = Chat(str(message.migrate_to_chat_id), chat.name)
        return GroupMoved(*stamp, chat=there, before=chat.id)
    return GroupMoved(*stamp, chat=chat, before=str(message.migrate_from_chat_id))


def _moved(
    users: list[User],
    kind: type[MemberJoined | MemberLeft],
    chat: Chat,
    stamp: _Stamp,
    scene: Scene,
) -> list[Event]:
    *_, at = stamp
    if scene.admin_since is not None and at >= scene.admin_since:
        return []  # `chat_member` tells of them
    return [
        kind(*stamp, chat=chat, member=_person(user, scene)) for user in users if not user.is_bot
    ]


def _topic_changed(message: Message, topic: str, chat: Chat, stamp: _Stamp) -> list[Event]:
    """What became of a topic; a new picture of it alone is nothing to the bot."""
    name: str | None = None
    is_open = True
    if message.forum_topic_created is not None:
        name = message.forum_topic_created.name
    elif message.forum_topic_edited is not None and message.forum_topic_edited.name is not None:
        name = message.forum_topic_edited.name
    elif message.forum_topic_closed is not None:
        is_open = False
    elif message.forum_topic_reopened is None:
        return []
    return [TopicChanged(*stamp, chat=chat, topic=topic, name=name, open=is_open)]


def _about_me(change: ChatMemberUpdated, stamp: _Stamp, scene: Scene) -> list[Event]:
    """The bot itself was let in, put out, raised, muted; or somebody blocked it in private."""
    new = change.new_chat_member
    if change.chat.type == ChatType.PRIVATE:
        member = _person(change.from_user, scene)
        return [ReachChanged(*stamp, member=member, reachable=is_in(new))]
    chat = _group(change.chat)
    present = is_in(new)
    comes_in = present and not is_in(change.old_chat_member)
    changed = GroupChanged(
        *stamp,
        chat=chat,
        present=present,
        may_speak=_may_speak(new),
        by=_person(change.from_user, scene) if comes_in else None,
    )
    if not comes_in:
        return [changed]
    people = [Person(str(user), name, staff=True) for user, name in scene.admins.items()]
    return [changed, *(StaffChanged(*stamp, chat=chat, member=one) for one in people)]


def _may_speak(me: ResultChatMemberUnion) -> bool | None:
    """A group that lets nobody speak does not show here; what is said there then is refused."""
    if not is_in(me):
        return None
    return me.can_send_messages if isinstance(me, ChatMemberRestricted) else True


def _about_member(change: ChatMemberUpdated, stamp: _Stamp, scene: Scene) -> list[Event]:
    """Somebody came, left, or was made or unmade an admin."""
    old, new = change.old_chat_member, change.new_chat_member
    if new.user.is_bot or not is_group(change.chat):
        return []
    chat, member = _group(change.chat), _person(new.user, scene)
    events: list[Event] = []
    if is_in(new) and not is_in(old):
        invite = change.invite_link.invite_link if change.invite_link else None
        events.append(MemberJoined(*stamp, chat=chat, member=member, invite=invite))
    if is_admin(new) != is_admin(old):
        events.append(StaffChanged(*stamp, chat=chat, member=member))
    if is_in(old) and not is_in(new):
        events.append(MemberLeft(*stamp, chat=chat, member=member))
    return events


def _asked_in(request: ChatJoinRequest, stamp: _Stamp, scene: Scene) -> Event:
    return JoinAsked(
        *stamp,
        chat=_group(request.chat),
        member=_person(request.from_user, scene),
        invite=request.invite_link.invite_link if request.invite_link else None,
        words=request.bio or "",
    )


def _sender(message: Message, scene: Scene) -> Person | None:
    """Who says it; None for other bots."""
    chat, user = message.sender_chat, message.from_user
    if chat is not None:
        anonymous_admin = chat.id == message.chat.id
        name = (anonymous_admin and message.author_signature) or chat.full_name
        return Person(f"chat:{chat.id}", name, staff=anonymous_admin)
    return None if user is None or user.is_bot else _person(user, scene)


def _person(user: User, scene: Scene) -> Person:
    if user.id not in scene.staff:
        return Person(str(user.id), user.full_name)
    return Person(str(user.id), user.full_name, staff=True, staff_in=scene.staff_in(user.id))


def _chat(chat: TelegramChat) -> Chat | None:
    return _group(chat) if is_group(chat) else None


def _group(chat: TelegramChat) -> Chat:
    return Chat(str(chat.id), chat.title or "")


def _message_id(message: Message) -> str:
    return f"{message.chat.id}/{message.message_id}"


def _reply_to(message: Message) -> str | None:
    """The message that this one replies to.

    In a topic whatever replies to nothing replies to the message that opened the topic.
    """
    answered = message.reply_to_message
    opening = message.message_thread_id if message.is_topic_message else None
    if answered is None or answered.message_id == opening:
        return None
    return f"{message.chat.id}/{answered.message_id}"


def _topic(message: Message) -> str | None:
    """The forum's topic. Replies elsewhere have thread ids too, and private chats have topics."""
    if not message.is_topic_message or not is_group(message.chat):
        return None
    return None if message.message_thread_id is None else str(message.message_thread_id)
