"""Telegram as a counterpart: the project's own double, and another hand's emulator.

Both stand behind a proxy that looks at every request with the schema of the Bot API; at the end
nothing wrong may have passed. The emulator keeps no chats and no messages: what the bot has posted
there is read from what has passed the proxy.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bot.accounts import build_accounts
from bot.channels.port import Channel
from bot.configuration import Configuration
from scheduler.clock import RealClock
from scheduler.courier import Address
from storage.database import Database
from tests.contracts.counterpart import Ability, Posted
from tests.contracts.room_counterparts import PNG
from tests.peers.telegram import emulator, forms
from tests.peers.telegram.people import entities_of
from tests.peers.telegram.proxy import Fault, Passed, Proxy
from tests.peers.telegram.server import TelegramDouble
from tests.peers.telegram.settings import telegram_configuration
from tests.peers.telegram.world import Link, Message, User

GROUP_NAME = "福利群"

OF_TELEGRAM: Mapping[Ability, str] = {
    Ability.LOOKUP: "Telegram does not tell what a bot has posted",
    Ability.ABSENCE: "Telegram does not tell what a bot has posted",
    Ability.ONE_SPEAKER: "whoever has the token may speak; only hearing is for one at a time",
}


class _BehindProxy:
    """What both have in common: the proxy, and the bot's channels with their database."""

    group_name = GROUP_NAME
    proxy: Proxy

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now
        self._stack = AsyncExitStack()
        self._channels: list[Channel] = []
        self._database: Database | None = None
        self._managers: list[str] = []
        self._token = ""

    async def _start_behind(self, beyond: str) -> None:
        (self._folder / "offer.png").write_bytes(PNG)
        self.proxy = await self._stack.enter_async_context(Proxy(beyond))

    async def stop(self) -> None:
        for channel in self._channels:
            await channel.close()
            await channel.close()  # twice, as the port promises
        await self._stack.aclose()
        assert self.proxy.wrong == []

    def configuration(self, **telegram: Any) -> Configuration:
        """That of a shop whose bot is the one in the group; `telegram` are further keys of it."""
        managers = {"managers": list(self._managers)}
        return telegram_configuration(
            self._folder, token=self._token, api=self.proxy.url, telegram=telegram, shop=managers
        )

    async def channel(self) -> Channel:
        if self._database is None:
            opened = Database.open(f"sqlite+aiosqlite:///{self._folder / 'bot.sqlite3'}")
            self._database = await opened
            self._stack.push_async_callback(self._database.close)
        (channel,) = await build_accounts(self.configuration(), RealClock(), self._database)
        self._channels.append(channel)
        await channel.open()
        return channel

    async def cut(self) -> None:
        await self.proxy.shut()

    async def mend(self) -> None:
        await self.proxy.open()

    async def swallow_next_answer(self) -> None:
        self.proxy.faults.append(Fault.LOST)


class TelegramOfOurOwn(_BehindProxy):
    """The double: everything that a platform can do, in one process with the tests."""

    lacks: Mapping[Ability, str] = OF_TELEGRAM

    async def start(self) -> None:
        self.double = await self._stack.enter_async_context(
            TelegramDouble(allowed=None, now=self._now)
        )
        self._world, self._people = self.double.world, self.double.people
        self._bot = self._world.add_bot("暖群", "warm_bot")
        self._token = self._bot.token
        self._owner = self._world.add_user("群主")
        self._chat = self._world.add_group(GROUP_NAME, self._owner)
        self._people.add_bot(self._bot, self._chat, self._owner)
        self._last: dict[str, Message] = {}
        await self._start_behind(self.double.url)

    async def stop(self) -> None:
        await super().stop()
        assert self.double.wrong == []

    @property
    def group(self) -> str:
        return str(self._chat.id)

    async def fan(self, name: str) -> str:
        person = await self.stranger(name)
        self._world.private(self._bot, self._user(person)).started = True  # long ago
        return person

    async def stranger(self, name: str) -> str:
        user = self._world.add_user(name)
        self._people.join(user, self._chat)
        return str(user.id)

    async def manager(self, name: str) -> str:
        person = await self.fan(name)
        await self.promote(person)
        return person

    def _user(self, person: str) -> User:
        return self._world.users[int(person)]

    async def say(self, person: str, text: str, *, private: bool = False) -> None:
        user = self._user(person)
        if private:
            self._last[person] = self._people.whisper(user, self._bot, text)
        else:
            self._last[person] = self._people.say(user, self._chat, text)

    async def speak(self, text: str) -> None:
        self._people.say(self._owner, self._chat, text)

    async def press(self, person: str, receipt: str) -> None:
        message = self._chat.messages[int(receipt)]
        self._people.press(self._user(person), self._bot, message)

    async def press_in_private(self, person: str, label: str) -> None:
        """Somebody presses a button of the last message that has one with this label."""
        chat = self._world.private(self._bot, self._user(person))
        message = next(m for m in reversed(chat.standing()) if label in _labels(m.keyboard))
        number = _labels(message.keyboard).index(label)
        self._people.press(self._user(person), self._bot, message, number)

    async def leave(self, person: str) -> None:
        self._people.leave(self._user(person), self._chat)

    async def rename(self, name: str) -> None:
        self._people.rename(self._chat, name, self._owner)

    async def put_out(self) -> None:
        self._people.put_out(self._bot.user, self._chat, self._owner)

    async def mute(self) -> None:
        self._people.mute(self._bot.user, self._chat, self._owner)

    async def unmute(self) -> None:
        self._people.unmute(self._bot.user, self._chat, self._owner)

    async def edit(self, person: str, text: str) -> None:
        self._people.edit(self._last[person], text)

    async def start_chat(self, person: str) -> None:
        self._people.start(self._user(person), self._bot)

    async def block(self, person: str) -> None:
        self._people.block(self._user(person), self._bot)

    async def promote(self, person: str) -> None:
        self._people.promote(self._user(person), self._chat, self._owner)

    async def demote(self, person: str) -> None:
        self._people.demote(self._user(person), self._chat, self._owner)

    async def open_topic(self, name: str) -> str:
        return str(self._people.open_topic(self._chat, name, self._owner))

    async def rename_topic(self, topic: str, name: str) -> None:
        self._people.rename_topic(self._chat, int(topic), name, self._owner)

    async def close_topic(self, topic: str) -> None:
        self._people.close_topic(self._chat, int(topic), self._owner)

    async def say_in(self, topic: str, person: str, text: str) -> None:
        self._people.say(self._user(person), self._chat, text, topic=int(topic))

    async def come_by(self, link: str, name: str) -> str:
        user = self._world.add_user(name)
        self._people.join(user, self._chat, self._chat.links[link])
        return str(user.id)

    async def ask_to_come_in(self, name: str) -> str:
        user = self._world.add_user(name)
        self._people.ask(user, self._chat, self._door())
        return str(user.id)

    def _door(self) -> Link:
        return Link("https://t.me/+door", self._owner, "门", needs_approval=True)

    async def is_in(self, person: str) -> bool:
        return self._chat.member(self._user(person)).is_in

    async def move(self) -> str:
        self._chat = self._people.migrate(self._chat, self._owner)
        return self.group

    async def boss(self) -> str:
        """Who runs the group, and has opened the private chat with the bot."""
        self._world.private(self._bot, self._owner).started = True
        self._managers.append(str(self._owner.id))
        return str(self._owner.id)

    async def unheard(self) -> int:
        """How many updates the bot has not confirmed yet."""
        return len(self._bot.inbox.waiting)

    async def deliver(self) -> None:
        """Bring what waits to the webhook: the double does so by itself."""

    async def posted(self, address: Address) -> list[Posted]:
        if address.person is None:
            chat = self._world.chats[int(address.group or "")]
        else:
            chat = self._world.private(self._bot, self._user(address.person))
        return [
            Posted(
                receipt=str(message.id),
                text=message.text,
                buttons=tuple(_labels(message.keyboard)),
                pictures=len(message.pictures),
                deleted=message.deleted,
                topic=None if message.topic is None else str(message.topic),
            )
            for message in chat.messages.values()
            if message.sender is self._bot.user and not message.service
        ]


_NO_SUCH_UPDATE = "the emulator takes no updates but messages and presses of buttons"
_NO_SUCH_METHOD = "the emulator answers {} with 501: it is not implemented there"


class TelegramOfAnotherHand(_BehindProxy):
    """`lo-bot-api-emulator`, in a process of its own."""

    lacks: Mapping[Ability, str] = {
        **OF_TELEGRAM,
        Ability.ALBUMS: _NO_SUCH_METHOD.format("deleteMessages"),
        Ability.PINS: _NO_SUCH_METHOD.format("pinChatMessage"),
        Ability.DOORS: _NO_SUCH_METHOD.format("createChatInviteLink"),
        Ability.PUT_OUT: _NO_SUCH_UPDATE,
        Ability.MUTES: _NO_SUCH_UPDATE,
        Ability.EDITS: _NO_SUCH_UPDATE,
        Ability.STARTS: _NO_SUCH_UPDATE,
        Ability.STAFF: _NO_SUCH_UPDATE,
        Ability.TOPICS: "the emulator knows no message_thread_id",
        Ability.MOVES: "the emulator keeps no chats: none can refuse a message for having moved",
    }
    group = "-1004000000001"

    async def start(self) -> None:
        self._token = emulator.TOKEN
        self._emulator = await self._stack.enter_async_context(emulator.running())
        self._people: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)
        self._chat: dict[str, Any] = {
            "id": int(self.group),
            "type": "supergroup",
            "title": GROUP_NAME,
        }
        self._owner = self._add("群主")
        await self._start_behind(self._emulator.url)

    async def fan(self, name: str) -> str:
        person = self._add(name)
        await self._tell(person, {"new_chat_members": [self._people[person]]})
        return person

    def _add(self, name: str) -> str:
        number = 5_100_000_000 + next(self._numbers)
        self._people[str(number)] = {"id": number, "is_bot": False, "first_name": name}
        return str(number)

    async def manager(self, name: str) -> str:
        """An admin who speaks in the group's name: getChatAdministrators is 501 there."""
        person = self._add(name)
        self._people[person] = forms.ANONYMOUS
        return person

    async def say(self, person: str, text: str, *, private: bool = False) -> None:
        said: dict[str, Any] = {"text": text, "entities": entities_of(text)}
        if self._people[person] is forms.ANONYMOUS:
            said["sender_chat"] = self._chat
        await self._tell(person, said, private=private)

    async def leave(self, person: str) -> None:
        await self._tell(person, {"left_chat_member": self._people[person]})

    async def rename(self, name: str) -> None:
        self._chat["title"] = name
        await self._tell(self._owner, {"new_chat_title": name})

    async def speak(self, text: str) -> None:
        await self.say(self._owner, text)

    async def press(self, person: str, receipt: str) -> None:
        (sent,) = (
            one.body["result"]
            for one in self.proxy.said("sendMessage")
            if str(one.body["result"]["message_id"]) == receipt
        )
        await self._press(person, sent | {"chat": self._chat}, 0)

    async def press_in_private(self, person: str, label: str) -> None:
        """Somebody presses a button of the last message that has one with this label."""
        sent = next(
            one.body["result"]
            for one in reversed(self.proxy.said("sendMessage", "editMessageText"))
            if str(one.call.parameters["chat_id"]) == person
            and label in _labels(one.call.parameters.get("reply_markup"))
        )
        await self._press(person, sent, _labels(sent["reply_markup"]).index(label))

    async def _press(self, person: str, message: dict[str, Any], number: int) -> None:
        buttons = [one for row in message["reply_markup"]["inline_keyboard"] for one in row]
        await self._emulator.tell(
            "callback_query",
            {
                "id": f"press-{next(self._numbers)}",
                "from": self._people[person],
                "message": message | {"date": int(self._now())},
                "chat_instance": str(message["chat"]["id"]),
                "data": buttons[number]["callback_data"],
            },
        )

    async def move(self) -> str:
        """The group gets another id, as far as a bot hears of it."""
        moved = {"id": int(self.group) - 1, "type": "supergroup", "title": self._chat["title"]}
        await self._tell(self._owner, {"migrate_to_chat_id": moved["id"]})
        before, self._chat, self.group = self.group, moved, str(moved["id"])
        await self._tell(self._owner, {"migrate_from_chat_id": int(before)})
        return self.group

    async def boss(self) -> str:
        """Who runs the group, by the shop's configuration: getChatAdministrators is 501 here."""
        self._managers.append(self._owner)
        return self._owner

    async def unheard(self) -> int:
        """How many updates the bot has not confirmed yet."""
        return await self._emulator.waiting()

    async def deliver(self) -> None:
        """Bring what waits to the webhook: the emulator does not try again by itself."""
        await self._emulator.deliver()

    async def _tell(self, person: str, said: dict[str, Any], *, private: bool = False) -> None:
        one = self._people[person]
        chat = {"id": one["id"], "type": "private", "first_name": one["first_name"]}
        message = {
            "message_id": 1_000_000 + next(self._numbers),
            "date": int(self._now()),
            "chat": chat if private else self._chat,
            "from": one,
        }
        await self._emulator.tell("message", message | said)

    async def posted(self, address: Address) -> list[Posted]:
        where = int(address.group or address.person or "")
        standing: dict[int, Posted] = {}
        for one in self.proxy.said("sendMessage", "sendPhoto", "editMessageText", "deleteMessage"):
            if one.call.parameters["chat_id"] == where:
                _read(one, standing)
        return list(standing.values())


def _read(one: Passed, standing: dict[int, Posted]) -> None:
    """Follow what a call did to the posts of a chat."""
    given = one.call.parameters
    if one.call.method == "deleteMessage":
        del standing[given["message_id"]]
        return
    number = given.get("message_id") or one.body["result"]["message_id"]
    standing[number] = Posted(
        receipt=str(number),
        text=given.get("text") or given.get("caption", ""),
        buttons=tuple(_labels(given.get("reply_markup"))),
        pictures=len(one.call.uploads),
    )


def _labels(keyboard: Mapping[str, Any] | None) -> list[str]:
    rows = [] if keyboard is None else keyboard["inline_keyboard"]
    return [button["text"] for row in rows for button in row]
