"""The messages of the open chat: the room's history, then what is new, at most so many.

It knows which message stands where, so that an edit or a recall changes it in its place, and
what came last, so that a new day gets its line and one person's messages in a row share a head.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import date, timedelta, tzinfo
from typing import Any

from nicegui import ui

from bot.room.chat_parts import avatar, bubble, message_head, part, system_line, words_in
from bot.room.page_text import Words, day_words
from bot.room.room import HISTORY_PAGE, Room
from bot.room.values import Person, Role, RoomEvent, RoomGroup, RoomMessage
from scheduler.courier import Address

SHOWN = 50  # messages drawn when a chat is opened, and again with each "earlier"
KEPT = HISTORY_PAGE  # messages in the page at most; a long-open page drops its oldest
TOGETHER = timedelta(minutes=3)  # messages of one person this close share one head


class OpenChat:
    """The column of messages.

    Args:
        press: called with a button below a message, that message's number and the button's.
        older: called when somebody wants to see earlier messages.
    """

    def __init__(
        self,
        room: Room,
        me: Person,
        words: Words,
        zone: tzinfo | None,
        *,
        press: Callable[[ui.element, int, int], Awaitable[Any]],
        older: Callable[[], Awaitable[None]],
    ) -> None:
        self._room = room
        self._me = me
        self._words = words
        self._zone = zone
        self._press = press
        self._older = older
        self._column = part(
            "div", "messages", "messages", role="log", tabindex="0", aria_label=words("messages")
        )
        self._drawn: dict[int, ui.element] = {}
        self._lines: deque[ui.element] = deque()
        self._last: RoomMessage | RoomEvent | None = None
        self._wanted = SHOWN
        self._seen = 0  # everything up to this number of the room's log is drawn

    def draw_instead(self) -> ui.element:
        """Empty the column for something else to be drawn into it."""
        self._column.clear()
        self._lines.clear()
        self._drawn, self._last, self._seen = {}, None, 0
        return self._column

    async def show(self, address: Address, group: RoomGroup | None, *, older: bool = False) -> None:
        """Draw a chat's newest messages; with `older`, some more of them than before."""
        self._wanted = min(self._wanted + SHOWN, KEPT) if older else SHOWN
        seen = self._room.log.last
        history = await self._room.history(self._me, address, limit=self._wanted)
        happened: list[RoomMessage | RoomEvent] = [*history]
        if group is not None:
            whole = len(history) < self._wanted
            start = 0 if whole or not history else history[0].seq
            happened += await self._room.comings_and_goings(group, start)
        # What came while this was read is left to whoever follows the room.
        happened = sorted((one for one in happened if one.seq <= seen), key=lambda one: one.seq)
        with self.draw_instead():
            if len(history) == self._wanted < KEPT:
                more = words_in("button", self._words("older"), "older", "older", type="button")
                more.on("click", self._older)
            system_line(self._words("nothing_yet")).classes("nothing-yet")
        for one in happened:
            if isinstance(one, RoomMessage):
                self.add(one)
            else:
                self.add_coming_or_going(one)
        self._seen = seen

    def add(self, message: RoomMessage) -> None:
        """Draw a message behind the last one, unless it was drawn with the chat."""
        if message.seq <= self._seen:
            return
        self._draw_day_before(message)
        mine = " mine" if message.sender == self._me else ""
        by = f" by-{message.sender.role.value}"
        more = " more" if self._goes_on(message) else ""
        with self._column:
            row = part("article", f"message{mine}{by}{more}", "message", data_seq=str(message.seq))
        self._drawn[message.seq], self._last = row, message
        self._fill(row, message)
        while len(self._drawn) > KEPT:
            self._drawn.pop(next(iter(self._drawn))).delete()

    def change(self, message: RoomMessage) -> None:
        """Draw an edited, deleted or pinned message in its place, if it is shown."""
        row = self._drawn.get(message.seq)
        if row is not None:
            row.clear()
            row.classes(remove="more")
            self._fill(row, message)

    def add_coming_or_going(self, event: RoomEvent) -> None:
        """Draw that somebody came or left, unless that was drawn with the chat."""
        if event.seq <= self._seen or event.person.role is Role.BOT:  # who lives here
            return
        self._draw_day_before(event)
        self._last = event
        self.add_line(self._words(event.kind.value, name=event.person.name))

    def add_line(self, text: str) -> None:
        """Draw a quiet line behind the last message."""
        with self._column:
            self._lines.append(system_line(text))
        while len(self._lines) > KEPT:
            self._lines.popleft().delete()

    def _fill(self, row: ui.element, message: RoomMessage) -> None:
        with row:
            avatar(message.sender)
            with part("div", "body"):
                message_head(message, self._words, self._zone)
                choices = bubble(message, self._me, self._words)
        for number, choice in enumerate(choices):
            choice.on("click", self._presser(choice, message.seq, number))

    def _presser(self, choice: ui.element, seq: int, number: int) -> Callable[[], Awaitable[Any]]:
        return lambda: self._press(choice, seq, number)

    def _draw_day_before(self, one: RoomMessage | RoomEvent) -> None:
        if self._last is None or self._day(self._last) != self._day(one):
            today = self._room.now().astimezone(self._zone).date()
            with self._column:
                system_line(day_words(self._day(one), today, self._words), "day").classes("day")

    def _goes_on(self, message: RoomMessage) -> bool:
        """Whether the message follows the last one of the same person, who needs no new head."""
        last = self._last
        return (
            isinstance(last, RoomMessage)
            and last.sender == message.sender
            and message.at - last.at < TOGETHER
            and self._day(last) == self._day(message)
        )

    def _day(self, one: RoomMessage | RoomEvent) -> date:
        return one.at.astimezone(self._zone).date()
