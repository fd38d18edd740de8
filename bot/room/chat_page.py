"""One browser in the room: the list of chats, the open chat, and what happens while one looks.

The page lives on the server, a `ChatPage` for each open tab. It draws a chat from the room's
history, then follows the room's log and draws what is new. A lock keeps the two apart, so that a
message that comes while a chat is being drawn appears once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import date, timedelta, tzinfo
from typing import Any

from nicegui import background_tasks, events, ui

from bot.room.chat_parts import (
    avatar,
    badge,
    bubble,
    icon,
    message_head,
    part,
    system_line,
    words_in,
)
from bot.room.errors import Refused
from bot.room.page_text import LANGUAGES, Words, clock_words, day_words
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

SHOWN = 60  # messages drawn when a chat is opened, and again with each "earlier"
KEPT = 400  # messages in the page at most; a long-open page drops its oldest
TOGETHER = timedelta(minutes=3)  # messages of one person this close share one head


class ChatPage:
    """The room as one person sees it in one tab."""

    def __init__(self, room: Room, person: Person, language: str, zone: tzinfo | None) -> None:
        self._room = room
        self._me = person
        self._language = language
        self._words: Words = LANGUAGES[language]
        self._zone = zone
        self._client = ui.context.client
        self._open: Address | None = None
        self._wanted = SHOWN
        self._unread: dict[Address, int] = {}
        self._latest: dict[Address, RoomMessage] = {}
        self._drawn: dict[int, ui.element] = {}
        self._last: RoomMessage | RoomEvent | None = None
        self._drawing = asyncio.Lock()

    async def build(self) -> None:
        """Draw the page and follow the room from here on."""
        after = self._room.log.last
        with part("div", "room"):
            part("div", "shade", "shade")
            with part("aside", "rail", "rail"):
                self._draw_brand()
                self._rail = part("nav", "chats", "chats")
                self._draw_me()
            with part("main", "chat"):
                self._head = part("header", "chat-head")
                self._messages = part("div", "messages", "messages", role="log")
                self._foot = part("footer", "foot")
        self._field = self._draw_composer()
        ui.on("room-say", self._say)
        ui.on("room-picture", self._show_picture)
        for address in self._addresses():
            for message in await self._room.history(self._me, address, limit=1):
                self._latest[address] = message
        mine = [address for address in self._addresses() if address.group]
        await self._show(mine[0] if mine else None)
        following = background_tasks.create(self._follow(after), name="room-page")
        self._client.on_delete(following.cancel)

    # -- what happens ------------------------------------------------------------------------

    async def _follow(self, after: int) -> None:
        async for event in self._room.events(self._me, after):
            async with self._drawing:
                self._take(event)

    def _take(self, event: RoomEvent) -> None:
        address = _address_of(event)
        is_open = address == self._open
        match event.kind:
            case EventKind.SAID if event.message and address:
                self._latest[address] = event.message
                if is_open:
                    self._draw_message(event.message)
                    self._trim()
                else:
                    self._unread[address] = self._unread.get(address, 0) + 1
                self._draw_rail()
            case EventKind.CHANGED if event.message:
                self._redraw(event.message)
            case EventKind.JOINED | EventKind.LEFT:
                if is_open:
                    self._draw_coming_or_going(event)
                    self._draw_head()
                self._draw_rail()
                if event.person == self._me:
                    self._go(address if event.kind is EventKind.JOINED else None)
            case EventKind.GROUP if event.group:
                if is_open:
                    with self._messages:
                        system_line(self._words("named", name=event.group.name))
                self._draw_head()
                self._draw_rail()
                if self._open is None:
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

    async def _try(self, doing: Any) -> bool:
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
            if address != self._open:
                self._wanted = SHOWN
            self._open = address
            if address is not None:
                self._unread.pop(address, None)
            self._draw_head()
            self._draw_rail()
            self._foot.set_visibility(address is not None)
            await self._draw_messages()

    async def _show_older(self) -> None:
        self._wanted = min(self._wanted + SHOWN, KEPT)
        await self._show(self._open)

    # -- drawing -----------------------------------------------------------------------------

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
            other = next(code for code in LANGUAGES if code != self._language)
            with part("form", "", method="post", action="/language"):
                part("input", "", type="hidden", name="to", value=other)
                words_in("button", self._words("other_language"), "quiet", "language")
            with part("form", "", method="post", action="/sign-out"):
                icon("leave", self._words("sign_out"), "sign-out").props("type=submit")

    def _draw_composer(self) -> ui.element:
        words = self._words
        with self._foot:
            part("div", "calls", "calls", hidden="")
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
                avatar(group)
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
            words_in("div", title, "chat-title", "title")
            words_in("div", below, "below")

    def _draw_rail(self) -> None:
        mine = [group for group in self._room.groups() if self._room.is_member(self._me, group.id)]
        others = [group for group in self._room.groups() if group not in mine]
        self._rail.clear()
        with self._rail:
            if mine:
                words_in("h2", self._words("my_groups"))
            for group in mine:
                self._draw_chat_line(Address(group=group.id), group)
            if self._me.role is Role.MANAGER:
                new = words_in("button", f"+ {self._words('new_group')}", "add", "new-group")
                new.on("click", self._ask_group_name)
            words_in("h2", self._words("private"))
            self._draw_chat_line(Address(person=self._me.id), self._room.bot)
            if others:
                words_in("h2", self._words("other_groups"))
                self._draw_other_groups(others)

    def _draw_other_groups(self, groups: list[RoomGroup]) -> None:
        for group in groups:
            with part("div", "other-line", "other-group"):
                avatar(group)
                words_in("div", group.name, "line-name")
                join = words_in("button", self._words("join"), "join", "join", type="button")
                join.on("click", self._joiner(group))

    def _joiner(self, group: RoomGroup) -> Callable[[], Any]:
        return lambda: self._try(self._room.join(self._me, group.id))

    def _draw_chat_line(self, address: Address, whose: Person | RoomGroup) -> None:
        chosen = " chosen" if address == self._open else ""
        line = part("button", f"chat-line{chosen}", "chat-line", type="button")
        line.on("click", lambda: self._show(address))
        latest = self._latest.get(address)
        with line:
            avatar(whose)
            with part("div", "line-words"):
                words_in("div", whose.name, "line-name")
                if latest is not None:
                    words_in("div", self._preview(latest), "line-latest")
            with part("div", "line-marks"):
                if latest is not None:
                    words_in("time", clock_words(latest.at, self._zone))
                if count := self._unread.get(address):
                    words_in("span", str(count), "unread", "unread")

    def _preview(self, message: RoomMessage) -> str:
        if message.deleted:
            return self._words("deleted")
        text = " ".join(message.content.text.split())[:60] or self._words("a_picture")
        return text if message.sender == self._me else f"{message.sender.name}: {text}"

    async def _ask_group_name(self) -> None:
        with self._client, ui.dialog() as dialog, ui.card().classes("ask"):
            name = ui.input(self._words("new_group_name")).props("autofocus outlined maxlength=24")
            name.props["data-mark"] = "group-name"
            name.on("keydown.enter", lambda: dialog.submit(name.value))
            with part("div", "ask-buttons"):
                words_in("button", self._words("cancel"), "quiet").on("click", dialog.close)
                create = words_in("button", self._words("create"), "primary", "create")
                create.on("click", lambda: dialog.submit(name.value))
        wanted = await dialog
        dialog.delete()
        if wanted:
            await self._try(self._room.create_group(self._me, wanted))

    async def _draw_messages(self) -> None:
        self._messages.clear()
        self._drawn, self._last = {}, None
        if self._open is None:
            with self._messages:
                self._draw_welcome()
            return
        history = await self._room.history(self._me, self._open, limit=self._wanted)
        happened: list[RoomMessage | RoomEvent] = [*history]
        group = self._group_open()
        if group is not None:
            whole = len(history) < self._wanted
            start = 0 if whole or not history else history[0].seq
            happened += await self._room.comings_and_goings(group, start)
            happened.sort(key=lambda one: one.seq)
        with self._messages:
            if len(history) == self._wanted < KEPT:
                words_in("button", self._words("older"), "older", "older").on(
                    "click", self._show_older
                )
            system_line(self._words("nothing_yet")).classes("nothing-yet")
        for one in happened:
            if isinstance(one, RoomMessage):
                self._draw_message(one)
            else:
                self._draw_coming_or_going(one)
        self._client.run_javascript("window.roomToEnd && roomToEnd()")

    def _draw_welcome(self) -> None:
        with part("div", "welcome"):
            part("img", "", src="/assets/mark.svg", alt="", width="88", height="88")
            words_in("h1", self._words("no_group"))
            groups = [*self._room.groups()]
            words_in("p", self._words("no_group_hint" if groups else "no_group_at_all"))
            with part("div", "welcome-groups"):
                self._draw_other_groups(groups)

    def _draw_message(self, message: RoomMessage) -> None:
        self._draw_day_before(message)
        mine = " mine" if message.sender == self._me else ""
        by = f" by-{message.sender.role.value}"
        more = " more" if self._goes_on(message) else ""
        with self._messages:
            row = part("article", f"message{mine}{by}{more}", "message", data_seq=str(message.seq))
        self._drawn[message.seq], self._last = row, message
        self._fill(row, message)

    def _fill(self, row: ui.element, message: RoomMessage) -> None:
        with row:
            avatar(message.sender)
            with part("div", "body"):
                message_head(message, self._words, self._zone)
                choices = bubble(message, self._me, self._words)
        for number, choice in enumerate(choices):
            choice.on("click", self._presser(choice, message.seq, number))

    def _presser(self, choice: ui.element, seq: int, number: int) -> Callable[[], Any]:
        return lambda: self._press(choice, seq, number)

    def _redraw(self, message: RoomMessage) -> None:
        latest = self._latest.get(message.address)
        if latest is not None and latest.seq == message.seq:
            self._latest[message.address] = message
            self._draw_rail()
        row = self._drawn.get(message.seq)
        if row is not None:
            row.clear()
            row.classes(remove="more")
            self._fill(row, message)

    def _draw_coming_or_going(self, event: RoomEvent) -> None:
        if event.person.role is Role.BOT:
            return  # it lives here
        self._draw_day_before(event)
        self._last = event
        with self._messages:
            system_line(self._words(event.kind.value, name=event.person.name))

    def _draw_day_before(self, one: RoomMessage | RoomEvent) -> None:
        day = one.at.astimezone(self._zone).date()
        if self._last is None or self._last.at.astimezone(self._zone).date() != day:
            with self._messages:
                system_line(day_words(day, self._today(), self._words), "day").classes("day")

    def _goes_on(self, message: RoomMessage) -> bool:
        """Whether the message follows the last one of the same person, who needs no new head."""
        last = self._last
        return (
            isinstance(last, RoomMessage)
            and last.sender == message.sender
            and message.at - last.at < TOGETHER
            and last.at.astimezone(self._zone).date() == message.at.astimezone(self._zone).date()
        )

    def _trim(self) -> None:
        while len(self._drawn) > KEPT:
            oldest = next(iter(self._drawn))
            self._drawn.pop(oldest).delete()

    # -- looking things up -------------------------------------------------------------------

    def _today(self) -> date:
        return self._room.now().astimezone(self._zone).date()

    def _addresses(self) -> list[Address]:
        groups = [group.id for group in self._room.groups()]
        mine = [Address(group=one) for one in groups if self._room.is_member(self._me, one)]
        return [*mine, Address(person=self._me.id)]

    def _group_open(self) -> RoomGroup | None:
        if self._open is None or self._open.group is None:
            return None
        groups = (group for group in self._room.groups() if group.id == self._open.group)
        return next(groups, None)


def _address_of(event: RoomEvent) -> Address | None:
    if event.message is not None:
        return event.message.address
    return None if event.group is None else Address(group=event.group.id)
