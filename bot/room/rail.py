"""The list at the side: my groups, the private chat with the bot, and groups to join.

A line is a button that stays where it is while what it says changes, so that somebody who goes
through the list by keyboard keeps their place in a busy room. `update` draws only what differs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from nicegui import ui

from bot.room.chat_parts import avatar, group_avatar, part, words_in
from bot.room.page_text import Words, clock_words
from bot.room.room import Room
from bot.room.values import NAME_LENGTH, Person, Role, RoomGroup, RoomMessage
from scheduler.courier import Address

MOST_COUNTED = 99  # unread messages; more are "99+"


@dataclass(frozen=True, slots=True)
class Deeds:
    """What the list asks of the page: open a chat, or do something that the room may refuse."""

    show: Callable[[Address], Awaitable[None]]
    attempt: Callable[[Awaitable[Any]], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Line:
    """One chat in the list, and what it says now."""

    button: ui.element
    words: ui.element
    marks: ui.element
    said: dict[str, str]


class Rail:
    """The list as one person sees it."""

    def __init__(
        self, room: Room, me: Person, words: Words, zone: tzinfo | None, deeds: Deeds
    ) -> None:
        self._room = room
        self._me = me
        self._words = words
        self._zone = zone
        self._deeds = deeds
        self._list = part("nav", "chats", "chats", aria_label=words("menu"))
        self._lines: dict[Address, Line] = {}
        self._listed: tuple[RoomGroup, ...] | None = None
        self._joined: tuple[RoomGroup, ...] = ()
        self._unread: dict[Address, int] = {}
        self._latest: dict[Address, RoomMessage] = {}

    def addresses(self) -> list[Address]:
        """Every chat I am in, groups first."""
        mine = (group for group in self._room.groups() if self._room.is_member(self._me, group.id))
        return [*(Address(group=group.id) for group in mine), Address(person=self._me.id)]

    async def recall_latest(self) -> None:
        """Read what was said last in each chat."""
        for address in self.addresses():
            for message in await self._room.history(self._me, address, limit=1):
                self._latest[address] = message

    def hear(self, message: RoomMessage, *, read: bool) -> None:
        """Something new was said; `read` where its chat is open."""
        self._latest[message.address] = message
        if not read:
            self._unread[message.address] = self._unread.get(message.address, 0) + 1

    def hear_change(self, message: RoomMessage) -> None:
        """A message was edited or taken back."""
        latest = self._latest.get(message.address)
        if latest is not None and latest.seq == message.seq:
            self._latest[message.address] = message

    def read(self, address: Address) -> None:
        """Everything in a chat has been seen."""
        self._unread.pop(address, None)

    def update(self, chosen: Address | None) -> None:
        """Bring the list up to date; `chosen` is the open chat."""
        groups = self._room.groups()
        mine = tuple(group for group in groups if self._room.is_member(self._me, group.id))
        if (groups, mine) != (self._listed, self._joined):
            self._listed, self._joined = groups, mine
            self._draw(mine, tuple(group for group in groups if group not in mine))
        for address, line in self._lines.items():
            self._say(address, line, chosen=address == chosen)

    def draw_groups_to_join(self, groups: tuple[RoomGroup, ...]) -> None:
        """Draw groups, each with a button to join it, into the open slot."""
        for group in groups:
            with part("div", "other-line", "other-group"):
                group_avatar(group, self._room.groups())
                words_in("div", group.name, "line-name")
                label = f"{self._words('join')} {group.name}"
                join = words_in(
                    "button", self._words("join"), "join", "join", type="button", aria_label=label
                )
                join.on("click", self._joiner(group))

    def _draw(self, mine: tuple[RoomGroup, ...], others: tuple[RoomGroup, ...]) -> None:
        self._list.clear()
        self._lines.clear()
        with self._list:
            if mine:
                words_in("h2", self._words("my_groups"))
            for group in mine:
                self._draw_line(Address(group=group.id), group)
            if self._me.role is Role.MANAGER:
                label = f"+ {self._words('new_group')}"
                new = words_in("button", label, "add", "new-group", type="button")
                new.on("click", self._ask_group_name)
            words_in("h2", self._words("private"))
            self._draw_line(Address(person=self._me.id), self._room.bot)
            if others:
                words_in("h2", self._words("other_groups"))
                self.draw_groups_to_join(others)

    def _draw_line(self, address: Address, whose: Person | RoomGroup) -> None:
        button = part("button", "chat-line", "chat-line", type="button")
        button.on("click", lambda: self._deeds.show(address))
        with button:
            if isinstance(whose, Person):
                avatar(whose)
            else:
                group_avatar(whose, self._room.groups())
            with part("div", "line-words"):
                words_in("div", whose.name, "line-name")
                words = part("div", "line-latest")
            marks = part("div", "line-marks")
        self._lines[address] = Line(button, words, marks, {})

    def _say(self, address: Address, line: Line, *, chosen: bool) -> None:
        """Let a line say what is new in its chat, if it does not yet."""
        latest, count = self._latest.get(address), self._unread.get(address, 0)
        saying = {
            "chosen": "true" if chosen else "false",
            "latest": "" if latest is None else self._preview(latest),
            "time": "" if latest is None else clock_words(latest.at, self._zone),
            "unread": "" if not count else str(count) if count <= MOST_COUNTED else "99+",
        }
        if saying == line.said:
            return
        line.said.update(saying)
        line.button.classes(**({"add": "chosen"} if chosen else {"remove": "chosen"}))
        line.button.props["aria-current"] = saying["chosen"]
        line.button.update()
        line.words.clear()
        line.marks.clear()
        with line.words:
            words_in("span", saying["latest"])
        with line.marks:
            words_in("time", saying["time"])
            if count:
                label = self._words("unread", count=count)
                words_in("span", saying["unread"], "unread", "unread", title=label)

    def _preview(self, message: RoomMessage) -> str:
        if message.deleted:
            return self._words("deleted")
        text = " ".join(message.content.text.split())[:60] or self._words("a_picture")
        names_itself = message.sender == self._me or message.address.group is None
        return text if names_itself else f"{message.sender.name}: {text}"

    def _joiner(self, group: RoomGroup) -> Callable[[], Awaitable[bool]]:
        return lambda: self._deeds.attempt(self._room.join(self._me, group.id))

    async def _ask_group_name(self) -> None:
        words = self._words
        with ui.context.client, ui.dialog() as dialog, ui.card().classes("ask"):
            name = ui.input(words("new_group_name"))
            name.props(f"autofocus outlined maxlength={NAME_LENGTH}").props["data-mark"] = (
                "group-name"
            )
            name.on("keydown.enter", lambda: dialog.submit(name.value))
            with part("div", "ask-buttons"):
                cancel = words_in("button", words("cancel"), "quiet", type="button")
                cancel.on("click", dialog.close)
                create = words_in("button", words("create"), "primary", "create", type="button")
                create.on("click", lambda: dialog.submit(name.value))
        wanted = await dialog
        dialog.delete()
        if wanted:
            await self._deeds.attempt(self._room.create_group(self._me, wanted))
