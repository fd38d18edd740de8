"""Who leads the account's rooms: a room's owner and its admins are staff.

A gateway says so of one room when it is asked for it. Until all rooms were asked for, those who
were staff before the restart are staff still: else a manager who speaks in private first would be
nobody. Who came to lead a room, or leads none any more, is news, to be told of with what comes
next. The account itself is nobody's manager, whatever it owns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.channels.wechat.gateway import GatewayRoom


@dataclass(frozen=True, slots=True)
class News:
    """Somebody leads a room now, or (`leads` false) leads none any more, this one least of all."""

    room: str
    person: str
    leads: bool


class Leaders:
    """The leaders of one account's rooms."""

    def __init__(self) -> None:
        self._led: dict[str, frozenset[str]] = {}
        self._remembered: set[str] = set()
        self._news: dict[str, News] = {}
        self._told: list[tuple[datetime, News]] = []  # with something that is not stored yet

    def remember(self, people: Iterable[str]) -> None:
        """Begin anew, with those who were staff before."""
        self._led.clear()
        self._news.clear()
        self._told.clear()
        self._remembered = set(people)

    def keep(self, room: GatewayRoom, me: str) -> None:
        """A room as the gateway shows it now."""
        self._lead(room.id, frozenset({room.owner, *room.admins}) - {"", me})

    def drop(self, room: str) -> None:
        """The account is not in this room any more: who leads it, leads nothing here."""
        self._lead(room, frozenset())

    def _lead(self, room: str, leaders: frozenset[str]) -> None:
        before = self._led.get(room, frozenset())
        self._led[room] = leaders
        for person in leaders - before:
            self._news[person] = News(room, person, leads=True)
        for person in before - leaders:
            if not self.is_staff(person):
                self._news[person] = News(room, person, leads=False)

    def is_staff(self, person: str) -> bool:
        """Whether somebody leads any room, or may do so still."""
        return person in self._remembered or any(person in led for led in self._led.values())

    def rooms_of(self, person: str) -> frozenset[str] | None:
        """The rooms that somebody leads; None of who was staff before and may be still."""
        if person in self._remembered:
            return None
        return frozenset(room for room, led in self._led.items() if person in led)

    def all_are_known(self) -> None:
        """Every room was asked for: who was staff before and leads none is staff no more.

        Where the account is in no room at all, nothing speaks against them.
        """
        somewhere = next(iter(self._led), None)
        if somewhere is None:
            return
        remembered, self._remembered = self._remembered, set()
        for person in remembered:
            if not self.is_staff(person):
                self._news[person] = News(somewhere, person, leads=False)

    def take_news(self, cursor: datetime) -> list[News]:
        """Who came to lead a room or leads none any more, to be told with what has this cursor."""
        taken = list(self._news.values())
        self._news.clear()
        self._told += [(cursor, news) for news in taken]
        return taken

    def confirm(self, cursor: datetime) -> None:
        """What was told up to there is stored, and the news with it."""
        self._told = [told for told in self._told if told[0] > cursor]

    def not_told(self, cursor: datetime) -> None:
        """What was taken for this cursor could not be told after all: it is news still."""
        self._put_back(lambda taken_for: taken_for == cursor)

    def tell_again(self, behind: datetime | None) -> None:
        """All that is behind there is told again, and the news with it."""
        self._put_back(lambda taken_for: behind is None or taken_for > behind)

    def _put_back(self, is_news: Callable[[datetime], bool]) -> None:
        kept, self._told = self._told, []
        for cursor, news in reversed(kept):  # of one person, what was found out last counts
            if is_news(cursor):
                self._news.setdefault(news.person, news)
            else:
                self._told.insert(0, (cursor, news))
