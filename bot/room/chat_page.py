"""One browser in the room: what somebody sees and does in one tab.

The page lives on the server, a `ChatPage` for each open tab. The list at its side is
`bot/room/rail.py`, the messages of the open chat `open_chat.py`; here they are put together, fed
with what happens in the room, and told what the person does. A lock keeps opening a chat and
following the room apart, and the open chat knows how far it was drawn, so that a message that
comes meanwhile appears once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from nicegui import background_tasks, events, ui

from bot.room.chat_parts import avatar, badge, group_avatar, icon, part, words_in
from bot.room.errors import Refused
from bot.room.open_chat import SHOWN, OpenChat
from bot.room.page_text import LANGUAGES, Words
from bot.room.rail import Deeds, Rail
from bot.room.room import Room
from bot.room.values import (
    TEXT_LENGTH,
    EventKind,
    Person,
    Role,
    RoomEvent,
    RoomGroup,
    RoomMessage,
)
from scheduler.content import Picture
from scheduler.courier import Address

BREATH = 0.1  # seconds between two drawings: a busy group is drawn a few messages at a time
SHARE = 2  # a page rests this many times as long as it drew, so that the loop is left to others

_ABOUT_GROUPS = {EventKind.JOINED, EventKind.LEFT, EventKind.GROUP}


class ChatPage:
    """The room as one person sees it in one tab."""

    def __init__(
        self,
        room: Room,
        person: Person,
        language: str,
        zone: tzinfo | None,
        links: Mapping[str, str],
    ) -> None:
        self._room = room
        self._me = person
        self._language = language
        self._words: Words = LANGUAGES[language]
        self._zone = zone
        self._links = links if person.role is Role.MANAGER else {}
        self._client = ui.context.client
        self._open: Address | None = None
        self._drawing = asyncio.Lock()

    async def build(self) -> None:
        """Draw the page and follow the room from here on."""
        after = self._room.log.last
        with part("div", "room"):
            part("div", "shade", "shade")
            with part("aside", "rail", "rail"):
                self._draw_brand()
                deeds = Deeds(show=self._show, attempt=self._try)
                self._rail = Rail(self._room, self._me, self._words, self._zone, deeds)
                self._draw_me()
            with part("main", "chat"):
                self._head = part("header", "chat-head")
                self._chat = OpenChat(
                    self._room,
                    self._me,
                    self._words,
                    self._zone,
                    press=self._press,
                    older=self._show_older,
                )
                self._foot = part("footer", "foot")
        self._field = self._draw_composer()
        ui.on("room-say", self._say)
        ui.on("room-picture", self._show_picture)
        await self._rail.recall_latest()
        await self._show(self._first_group())
        following = background_tasks.create(self._follow(after), name="room-page")
        self._client.on_delete(following.cancel)

    # -- what happens ------------------------------------------------------------------------

    async def _follow(self, after: int) -> None:
        now = asyncio.get_running_loop().time
        async for happened in self._room.happenings(self._me, after):
            async with self._drawing:
                began = now()
                await self._take(happened)
                took = now() - began
            await asyncio.sleep(max(BREATH, SHARE * took))

    async def _take(self, happened: Sequence[RoomEvent]) -> None:
        """Show what has happened since the last time."""
        for event in happened:
            if event.message is not None:
                self._tell_rail(event.kind, event.message)
        here = [event for event in happened if _address_of(event) == self._open]
        if sum(event.kind is EventKind.SAID for event in here) > SHOWN:
            await self._draw_chat()  # nobody reads a flood: only its end is drawn
        else:
            for event in here:
                self._draw_event(event)
        if any(event.kind in _ABOUT_GROUPS for event in happened):
            self._draw_head()
        self._rail.update(self._open)
        for event in happened:
            self._go_along(event)

    def _tell_rail(self, kind: EventKind, message: RoomMessage) -> None:
        if kind is EventKind.SAID:
            self._rail.hear(message, read=message.address == self._open)
        elif kind is EventKind.CHANGED:
            self._rail.hear_change(message)

    def _draw_event(self, event: RoomEvent) -> None:
        match event.kind:
            case EventKind.SAID if event.message:
                self._chat.add(event.message)
            case EventKind.CHANGED if event.message:
                self._chat.change(event.message)
            case EventKind.JOINED | EventKind.LEFT:
                self._chat.add_coming_or_going(event)
            case EventKind.GROUP if event.group:
                self._chat.add_line(self._words("named", name=event.group.name))

    def _go_along(self, event: RoomEvent) -> None:
        """Open the group I have joined, leave the one I have left, offer a new one."""
        if event.person == self._me and event.kind is EventKind.JOINED:
            self._go(_address_of(event))
        elif event.person == self._me and event.kind is EventKind.LEFT:
            if _address_of(event) == self._open:
                self._go(self._first_group())
        elif event.kind is EventKind.GROUP and self._open is None:
            self._go(None)

    # -- what I do ---------------------------------------------------------------------------

    async def _say(self, event: events.GenericEventArguments) -> None:
        text = event.args.get("text") if isinstance(event.args, dict) else None
        if self._open is None or not isinstance(text, str):
            return
        try:
            await self._room.say(self._me, self._open, text)
        except Refused as refusal:
            self._tell(refusal.reason)
            self._client.run_javascript(f"roomGiveBack({json.dumps(text)})")
        else:
            self._client.run_javascript("roomToEnd()")

    async def _show_picture(self, event: events.GenericEventArguments) -> None:
        answer = event.args if isinstance(event.args, dict) else {}
        source = answer.get("source")
        if self._open is None or not isinstance(source, str):
            reason = str(answer.get("reason"))
            self._tell(reason)
            return
        await self._try(self._room.say(self._me, self._open, "", (Picture(source),)))

    async def _press(self, choice: ui.element, seq: int, number: int) -> None:
        if await self._try(self._room.press(self._me, seq, number)):
            choice.classes("pressed")

    async def _try(self, doing: Awaitable[Any]) -> bool:
        try:
            await doing
        except Refused as refusal:
            self._tell(refusal.reason)
            return False
        return True

    def _tell(self, reason: str) -> None:
        with self._client:
            words = self._words(reason if self._words.knows(reason) else "not_done")
            ui.notify(words, type="warning", position="top")

    def _go(self, address: Address | None) -> None:
        """Open another chat, once what is being drawn is drawn."""
        background_tasks.create(self._show(address), name="room-page-show")

    async def _show(self, address: Address | None) -> None:
        async with self._drawing:
            self._open = address
            if address is not None:
                self._rail.read(address)
            self._draw_head()
            self._rail.update(address)
            self._foot.set_visibility(address is not None)
            await self._draw_chat()

    async def _show_older(self) -> None:
        async with self._drawing:
            await self._draw_chat(older=True)

    # -- drawing -----------------------------------------------------------------------------

    async def _draw_chat(self, *, older: bool = False) -> None:
        if self._open is None:
            with self._chat.draw_instead():
                self._draw_welcome()
            return
        await self._chat.show(self._open, self._group_open(), older=older)
        if not older:
            self._client.run_javascript("window.roomToEnd && roomToEnd()")

    def _draw_welcome(self) -> None:
        with part("div", "welcome"):
            part("img", "", src="/assets/mark.svg", alt="", width="88", height="88")
            words_in("h1", self._words("no_group"))
            groups = self._room.groups()
            words_in("p", self._words("no_group_hint" if groups else "no_group_at_all"))
            with part("div", "welcome-groups"):
                self._rail.draw_groups_to_join(groups)

    def _draw_brand(self) -> None:
        with part("div", "brand"):
            part("img", "brand-mark", src="/assets/mark.svg", alt="")
            with part("div", "brand-words"):
                words_in("div", self._words("room"), "brand-name")
                words_in("div", self._words("tagline"), "tagline")

    def _draw_me(self) -> None:
        with part("div", "me", "me"):
            avatar(self._me)
            with part("div", "me-words"):
                words_in("div", self._me.name, "name")
                badge(self._me, self._words)
            for name, path in self._links.items():
                words_in("a", self._words(name), "quiet", name, href=path)
            other = next(code for code in LANGUAGES if code != self._language)
            with part("form", "", method="post", action="/language"):
                part("input", "", type="hidden", name="to", value=other)
                words_in("button", self._words("other_language"), "quiet", "language")
            with part("form", "", method="post", action="/sign-out"):
                icon("leave", self._words("sign_out"), "sign-out").props("type=submit")

    def _draw_composer(self) -> ui.element:
        words = self._words
        with self._foot:
            part("div", "calls", "calls", role="listbox", hidden="")
            with part("div", "composer"):
                part(
                    "input", "", "picture-file", type="file", hidden="",
                    accept="image/png,image/jpeg,image/gif,image/webp",
                )  # fmt: skip
                icon("picture", words("picture"), "picture")
                field = part(
                    "textarea", "", "composer", rows="1", maxlength=str(TEXT_LENGTH),
                    placeholder=words("placeholder"), aria_label=words("placeholder"),
                )  # fmt: skip
                words_in("button", words("send"), "primary", "send", type="button")
            words_in("div", words("send_hint"), "hint")
        return field

    def _draw_head(self) -> None:
        self._head.clear()
        with self._head:
            icon("menu", self._words("menu"), "menu")
            group = self._group_open()
            if self._open is None:
                words_in("div", self._words("room"), "chat-title")
            elif group is None:
                avatar(self._room.bot)
                self._draw_title(
                    self._words("private_with", name=self._room.bot.name),
                    self._words("private_hint", name=self._room.bot.name),
                )
            else:
                group_avatar(group, self._room.groups())
                members = self._room.members(self._me, group.id)
                self._draw_title(group.name, self._words("members", count=len(members)))
                leave = words_in("button", self._words("leave"), "quiet", "leave", type="button")
                leave.on("click", lambda: self._try(self._room.leave(self._me, group.id)))
                self._field.props["data-members"] = json.dumps(
                    [member.name for member in members if member != self._me], ensure_ascii=False
                )
                self._field.update()

    def _draw_title(self, title: str, below: str) -> None:
        with part("div", "chat-titles"):
            words_in("h1", title, "chat-title", "title")
            words_in("div", below, "below")

    def _first_group(self) -> Address | None:
        first = self._rail.addresses()[0]
        return first if first.group is not None else None

    def _group_open(self) -> RoomGroup | None:
        if self._open is None or self._open.group is None:
            return None
        groups = (group for group in self._room.groups() if group.id == self._open.group)
        return next(groups, None)


def _address_of(event: RoomEvent) -> Address | None:
    if event.message is not None:
        return event.message.address
    return None if event.group is None else Address(group=event.group.id)
