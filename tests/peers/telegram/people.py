"""What people do on the platform, and what bots are told of it.

Every deed changes the world first and then puts the updates that the real platform sends into the
inboxes of the bots that may know. A bot hears what people say in its groups (its privacy mode is
off), never itself and never another bot; about members it hears only where it is an administrator.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from tests.peers.telegram import forms
from tests.peers.telegram.world import (
    RIGHTS,
    Bot,
    Chat,
    Kind,
    Link,
    Member,
    Message,
    Status,
    Topic,
    User,
    World,
)

_MARKED = re.compile(r"(?P<bot_command>(?<!\S)/\w+(?:@\w+)?)|(?P<mention>(?<!\S)@\w{4,})")


class People:
    """The hands of everybody in the world who is no bot."""

    def __init__(self, world: World) -> None:
        self._world = world

    def say(self, user: User, chat: Chat, text: str = "", **more: Any) -> Message:
        """Somebody says something in a group. `more` are further fields of `Message`."""
        more.setdefault("anonymous", chat.member(user).anonymous)
        message = self._world.say(chat, user, text, entities=entities_of(text), **more)
        self._tell(message)
        return message

    def whisper(self, user: User, bot: Bot, text: str = "", **more: Any) -> Message:
        """Somebody says something to a bot in private; the first time opens that chat."""
        chat = self._world.private(bot, user)
        chat.started = True
        message = self._world.say(chat, user, text, entities=entities_of(text), **more)
        bot.inbox.put("message", forms.message(message))
        return message

    def picture(self, data: bytes) -> str:
        """A picture somebody has; the id of its file."""
        return self._world.keep_file(data)

    def edit(self, message: Message, text: str) -> None:
        """Somebody changes what they said."""
        message.text, message.entities = text, entities_of(text)
        message.edited_at = int(self._world.now())
        for bot in self._hearers(message):
            bot.inbox.put("edited_message", forms.message(message))

    def press(self, user: User, bot: Bot, message: Message, number: int = 0) -> str:
        """Somebody presses a button below a bot's message; the id of the press."""
        assert message.keyboard is not None
        buttons = [one for row in message.keyboard["inline_keyboard"] for one in row]
        press = self._world.new_name("press")
        self._world.presses[press] = None
        bot.inbox.put(
            "callback_query",
            {
                "id": press,
                "from": forms.user(user),
                "message": forms.message(message),
                "chat_instance": str(message.chat.id),
                "data": buttons[number]["callback_data"],
            },
        )
        return press

    def join(self, user: User, chat: Chat, link: Link | None = None) -> None:
        """Somebody comes into a group, perhaps by a link."""
        self.change(chat, Member(user, Status.MEMBER), by=user, link=link)
        self._serve(chat, user, {"new_chat_members": [forms.user(user)]})

    def leave(self, user: User, chat: Chat) -> None:
        """Somebody goes."""
        self._serve(chat, user, {"left_chat_member": forms.user(user)})
        self.change(chat, Member(user, Status.LEFT), by=user)

    def put_out(self, user: User, chat: Chat, by: User) -> None:
        """Somebody, perhaps a bot, is thrown out."""
        self.change(chat, Member(user, Status.PUT_OUT), by=by)
        self._serve(chat, by, {"left_chat_member": forms.user(user)})

    def ask(self, user: User, chat: Chat, link: Link, words: str = "") -> None:
        """Somebody asks to be let in, by a link that needs approval."""
        chat.asked[user.id] = user
        form = {
            "chat": forms.chat(chat),
            "from": forms.user(user),
            "user_chat_id": user.id,
            "date": int(self._world.now()),
            "invite_link": forms.link(link),
        }
        for bot in self._world.bots_in(chat):
            if "can_invite_users" in chat.member(bot.user).rights:
                bot.inbox.put("chat_join_request", form | ({"bio": words} if words else {}))

    def add_bot(self, bot: Bot, chat: Chat, by: User, *, rights: frozenset[str] = RIGHTS) -> None:
        """A bot is brought into a group; with rights as an administrator."""
        status = Status.ADMIN if rights else Status.MEMBER
        self.change(chat, Member(bot.user, status, rights=rights), by=by)
        self._serve(chat, by, {"new_chat_members": [forms.user(bot.user)]})

    def promote(self, user: User, chat: Chat, by: User, *, rights: frozenset[str] = RIGHTS) -> None:
        """Somebody becomes an administrator."""
        self.change(chat, Member(user, Status.ADMIN, rights=rights), by=by)

    def hide(self, user: User, chat: Chat) -> None:
        """An administrator speaks in the group's name from now on."""
        chat.members[user.id] = dataclasses.replace(chat.member(user), anonymous=True)

    def demote(self, user: User, chat: Chat, by: User) -> None:
        """Somebody is an administrator no more."""
        self.change(chat, Member(user, Status.MEMBER), by=by)

    def mute(self, user: User, chat: Chat, by: User) -> None:
        """Somebody, perhaps a bot, may not speak in a group any more."""
        self.change(chat, Member(user, Status.RESTRICTED, may_speak=False), by=by)

    def unmute(self, user: User, chat: Chat, by: User) -> None:
        """They may again, as a plain member."""
        self.change(chat, Member(user, Status.MEMBER), by=by)

    def rename(self, chat: Chat, title: str, by: User) -> None:
        """A group gets another name."""
        chat.title = title
        self._serve(chat, by, {"new_chat_title": title})

    def migrate(self, chat: Chat, by: User) -> Chat:
        """A basic group becomes a supergroup, which has another id; the old one takes no more."""
        owner = next(one.user for one in chat.members.values() if one.status is Status.OWNER)
        moved = self._world.add_group(chat.title, owner)
        moved.members |= chat.members
        chat.moved_to = moved.id
        self._serve(chat, by, {"migrate_to_chat_id": moved.id})
        self._serve(moved, by, {"migrate_from_chat_id": chat.id})
        return moved

    def open_topic(self, chat: Chat, name: str, by: User) -> int:
        """A forum gets a topic; its number."""
        created = {"name": name, "icon_color": forms.TOPIC_COLOUR}
        chat.kind, chat.is_forum = Kind.SUPERGROUP, True
        message = self._world.say(chat, by, service={"forum_topic_created": created})
        message.topic = message.id  # a topic is numbered by the message that opened it
        chat.topics[message.id] = Topic(name)
        self._tell(message)
        return message.id

    def rename_topic(self, chat: Chat, topic: int, name: str, by: User) -> None:
        """A topic gets another name."""
        chat.topics[topic].name = name
        self._serve(chat, by, {"forum_topic_edited": {"name": name}}, topic=topic)

    def close_topic(self, chat: Chat, topic: int, by: User) -> None:
        """Nothing more can be said in a topic."""
        chat.topics[topic].open = False
        self._serve(chat, by, {"forum_topic_closed": {}}, topic=topic)

    def start(self, user: User, bot: Bot, word: str = "") -> None:
        """Somebody opens the private chat with a bot, perhaps by a link that carries a word."""
        if self._world.private(bot, user).blocked:
            self.unblock(user, bot)
        self.whisper(user, bot, f"/start {word}".strip())

    def block(self, user: User, bot: Bot) -> None:
        """Somebody wants to hear no more from a bot."""
        self._world.private(bot, user).blocked = True
        self._tell_of_private(user, bot, Status.MEMBER, Status.PUT_OUT)

    def unblock(self, user: User, bot: Bot) -> None:
        """They want to again."""
        self._world.private(bot, user).blocked = False
        self._tell_of_private(user, bot, Status.PUT_OUT, Status.MEMBER)

    def change(self, chat: Chat, after: Member, by: User, link: Link | None = None) -> None:
        """Somebody is something else to a group from now on."""
        before = chat.member(after.user)
        hearers = self._world.bots_in(chat)  # who is put out hears of it, who comes in as well
        chat.members[after.user.id] = after
        form = self._changed(chat, before, after, by)
        if link is not None:
            form["invite_link"] = forms.link(link)
        for bot in {id(one): one for one in (*hearers, *self._world.bots_in(chat))}.values():
            if bot.user is after.user:
                bot.inbox.put("my_chat_member", form)
            elif chat.member(bot.user).is_staff:
                bot.inbox.put("chat_member", form)

    def _changed(self, chat: Chat, before: Member, after: Member, by: User) -> dict[str, Any]:
        return {
            "chat": forms.chat(chat),
            "from": forms.user(by),
            "date": int(self._world.now()),
            "old_chat_member": forms.member(before),
            "new_chat_member": forms.member(after),
        }

    def _tell_of_private(self, user: User, bot: Bot, before: Status, after: Status) -> None:
        chat = self._world.private(bot, user)
        changed = Member(bot.user, before), Member(bot.user, after)
        bot.inbox.put("my_chat_member", self._changed(chat, *changed, by=user))

    def _serve(
        self, chat: Chat, by: User, service: dict[str, Any], topic: int | None = None
    ) -> None:
        """A message nobody typed."""
        self._tell(self._world.say(chat, by, service=service, topic=topic))

    def _tell(self, message: Message) -> None:
        for bot in self._hearers(message):
            bot.inbox.put("message", forms.message(message))

    def _hearers(self, message: Message) -> list[Bot]:
        if message.chat.is_group:
            return self._world.bots_in(message.chat)
        privates = self._world.privates
        return [
            bot
            for bot in self._world.bots.values()
            if privates.get((bot.user.id, message.chat.id)) is message.chat
        ]


def entities_of(text: str) -> list[dict[str, Any]]:
    """The commands and names in a text, as the platform marks them: places in UTF-16 units."""
    return [
        {
            "type": found.lastgroup,
            "offset": utf16(text[: found.start()]),
            "length": utf16(found.group()),
        }
        for found in _MARKED.finditer(text)
    ]


def utf16(text: str) -> int:
    """How many UTF-16 code units a text takes."""
    return len(text.encode("utf-16-le")) // 2
