"""How a WeChat channel hears: what a gateway tells, looked up, as the bot's events in their order.

The line (`line.py`) keeps what was told. Here each of it is looked up, several at a time
(`ahead.py`), and becomes events: messages in `messages.py`, log-ins in `arrival.py`, and the rest
in this room. The cursor is the instant at which the gateway told something; only the last event of
what it told carries it, the others one before it.

What the gateway cannot show any more is passed over. Where it cannot be reached or will not answer,
it is asked again for a while. What was passed over, and may have been anything, is a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from prometheus_client import Counter

from bot.channels.port import ChannelOutOfOrder
from bot.channels.wechat.ahead import Ahead
from bot.channels.wechat.arrival import Arrival
from bot.channels.wechat.connection import trouble
from bot.channels.wechat.gateway import (
    Failure,
    Gateway,
    GatewayCallFailed,
    LoggedIn,
    LoggedOut,
    MessageArrived,
    PayloadKind,
    RoomInvited,
    RoomJoined,
    RoomLeft,
    RoomRenamed,
    ScanNeeded,
    Stale,
)
from bot.channels.wechat.happenings import Happenings
from bot.channels.wechat.heeding import Caution, heed
from bot.channels.wechat.known import Known, is_absence
from bot.channels.wechat.leaders import Leaders
from bot.channels.wechat.line import AllHeard, Line, RoomsKnown, Silence, Told, Unreached
from bot.channels.wechat.messages import Choices, Messages, OwnPosts, RoleOf
from bot.channels.wechat.missed import Missed, Read
from bot.channels.wechat.people import People
from bot.channels.wechat.rhythm import Rhythm
from bot.channels.wechat.staff_pictures import StaffPictures
from bot.channels.wechat.translation import Scene
from handlers.events import (
    AccountChanged,
    AccountState,
    Event,
    HearingGap,
    Person,
    StillHearing,
)
from scheduler.clock import Clock
from storage.database import Database
from storage.failures import may_pass

_log = structlog.get_logger(__name__)

_PASSED_OVER = Counter(
    "nuanqun_wechat_passed_over_total", "What a gateway told of and could not show", ["account"]
)

LOGGED_OUT = "logged out"
_AT_ONCE = 8
_STEP = timedelta(microseconds=1)
_UNANSWERED = (Failure.LOST, Failure.NOT_SENT)
_LATE = timedelta(seconds=5)  # what a restart takes anyway
_TRIED_FOR = timedelta(minutes=1)
_REFUSED_FOR = timedelta(seconds=10)  # it may be for ever, and all that is behind it waits
_LOGIN_TRIES = 10  # however long they take: what was found out meanwhile is not asked for again
_REST = timedelta(seconds=1)
_LONGEST_REST = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Found:
    """What was told as events, and whether it could be read."""

    events: list[Event]
    read: Read = Read.NOTHING


ShowScan = Callable[[str, str], None]
"""Shows whoever started the bot what is to be scanned: the account's name, and the code."""


class WeChatHearing:
    """What happens on one account.

    Args:
        gateway: the account's gateway, opened before this and closed after.
        account: the account's name, `wechat:NAME`.
        database: knows what was before.
        clock: what time it is.
        own_posts: what the bot itself says.
        choices: what numbers stand for.
        role_of: what somebody is to the bot.
        show_scan: shows a code that has to be scanned.
        caution: stops the account where something says that it is restricted.
        data: the folder below which pictures of staff are kept.
        rhythm: how patient it is with the gateway.
    """

    def __init__(
        self,
        *,
        gateway: Gateway,
        account: str,
        database: Database,
        clock: Clock,
        own_posts: OwnPosts,
        choices: Choices,
        role_of: RoleOf,
        show_scan: ShowScan,
        caution: Caution,
        data: Path,
        rhythm: Rhythm | None = None,
    ) -> None:
        self._account = account
        self._show_scan = show_scan
        self._caution = caution
        self._rhythm = rhythm or Rhythm()
        self._line = Line(gateway, account, clock, self._rhythm)
        self._known = Known(gateway, caution)
        self._leaders = Leaders()
        self._people = People(self._known, self._leaders, database, caution)
        self._messages = Messages(
            gateway=gateway,
            people=self._people,
            own_posts=own_posts,
            choices=choices,
            role_of=role_of,
            pictures=StaffPictures(gateway, data, account.partition(":")[2], caution),
            caution=caution,
        )
        self._arrival = Arrival(
            account=account,
            gateway=gateway,
            people=self._people,
            leaders=self._leaders,
            database=database,
            patience=self._rhythm.ready,
        )
        self._happenings = Happenings(
            account=account,
            gateway=gateway,
            people=self._people,
            leaders=self._leaders,
            role_of=role_of,
            caution=caution,
        )
        self._ahead = Ahead(self._look_up, _AT_ONCE)
        self._me: Person | None = None
        self._never_heard = False  # whether there is no time that could have been missed

    @property
    def online(self) -> bool:
        """Whether the account is logged in, as far as was heard, and the gateway serves us.

        A short break of the stream changes nothing. What lasts, as what does not pass by itself,
        does so when it is told: another client that is served, a token that is refused.
        """
        return self._line.me is not None

    async def login_known(self) -> None:
        """Return once it is known, since `open`, whether the account is logged in."""
        await self._line.login_known.wait()

    @property
    def me(self) -> Person | None:
        """Who the account is; None while it is not logged in, or not yet known by name."""
        return self._me if self._me is not None and self._me.id == self._line.me else None

    async def open(self) -> None:
        """Begin to hear; logging in is not waited for. Also again after `close`.

        Raises:
            GatewayUnreachable: the gateway tells nothing.
            GatewayTokenRefused: the token is wrong.
            GatewayTaken: another client is told what happens.
        """
        await self.close()
        self._known.forget_all()
        await self._arrival.remember()
        try:
            await self._line.open()
        except GatewayCallFailed as failed:
            raise trouble(self._account, failed) from failed

    async def close(self) -> None:
        """Hear no more, and end every task. Safe to call twice."""
        await self._line.close()
        await asyncio.gather(*self._ahead.cancel(), return_exceptions=True)

    async def confirm(self, cursor: str) -> None:
        """Everything up to this event is stored, and need not be kept here any more."""
        stored = _instant(cursor)
        if stored is not None:
            self._line.confirm(stored)
            self._leaders.confirm(stored)

    async def events(self, after: str | None) -> AsyncGenerator[Event]:
        """What happened behind the cursor `after`; ends only when the hearing is closed.

        What was told since `open` is told again behind `after`; what happened before that, nobody
        tells: it is a gap.

        Raises:
            ChannelOutOfOrder: something failed that should not have. What it failed at is not told
                again once the hearing was closed and opened.
        """
        behind = _instant(after)
        self._never_heard = behind is None
        began = self._line.began
        if behind is not None and behind > self._line.latest:
            behind = began  # the clock was ahead once: what was told since is not to be missed
        if behind is not None and began - behind > _LATE:
            yield HearingGap(self._account, _cursor(began), began, behind)
        self._leaders.tell_again(behind)
        missed = Missed()
        try:
            async with aclosing(self._found_behind(behind)) as turns:
                async for told, found in turns:
                    events = found.events
                    since = missed.since(told.at, found.read)
                    if since is not None:
                        events = [HearingGap(self._account, "", told.at, since), *events]
                    cursors = _cursors(told.cursor, len(events))
                    for event, cursor in zip(events, cursors, strict=True):
                        yield replace(event, cursor=cursor)
        except Exception as fault:
            if may_pass(fault):
                raise  # the line stands, and what it told is told again
            raise ChannelOutOfOrder(account=self._account, reason=repr(fault)) from fault

    async def _found_behind(self, behind: datetime | None) -> AsyncGenerator[tuple[Told, Found]]:
        things = self._line.told_behind(behind)
        async with aclosing(things), aclosing(self._ahead.over(self._noted(things))) as turns:
            async for turn in turns:
                yield turn

    async def _noted(self, things: AsyncGenerator[Told]) -> AsyncGenerator[Told]:
        """What was told, each taken into account before anything behind it is looked up."""
        async for told in things:
            match told.what:
                case Silence() if self._never_heard:
                    continue  # before the first log-in there was nothing to be missed
                case LoggedIn():
                    self._known.forget_all()  # while it was away, nobody said what is stale
                    self._never_heard = False
                case Stale(kind, identity):
                    self._known.forget(kind, identity)
                case RoomJoined(room) | RoomLeft(room) | RoomRenamed(room):
                    self._known.forget(PayloadKind.ROOM, room)
                case _:
                    pass
            yield told

    async def _look_up(self, told: Told) -> Found:
        """What was told as events, all of it asked for; their cursors come later."""
        began, rest, tries = asyncio.get_running_loop().time(), _REST, 0
        while True:
            tries += 1
            try:
                events = await self._events_of(told)
            except GatewayCallFailed as failed:
                restricted = await heed(self._caution, failed.reason)
                tried_for = timedelta(seconds=asyncio.get_running_loop().time() - began)
                if restricted or _in_vain(told, failed, tries, tried_for):
                    return self._passed_over(told, failed)
            else:
                is_message = isinstance(told.what, MessageArrived)
                return Found(events, Read.MESSAGE if is_message else Read.NOTHING)
            await asyncio.sleep(rest.total_seconds())
            rest = min(rest * 2, _LONGEST_REST)

    def _passed_over(self, told: Told, failed: GatewayCallFailed) -> Found:
        _PASSED_OVER.labels(self._account).inc()
        what = type(told.what).__name__
        _log.warning("passed_over", account=self._account, what=what, reason=str(failed))
        match told.what:
            case LoggedIn():
                # Not as whom: if the ids are others now, that is for the next log-in to find out.
                return Found([self._state(told, AccountState.ONLINE)])
            case RoomsKnown():
                return Found([])  # they are asked for again when the account logs in again
            case MessageArrived():
                return Found([], Read.PASSED_OVER)
            case _ if failed.failure in _UNANSWERED:
                return Found([], Read.PASSED_OVER)
            case _:
                return Found([])

    async def _events_of(self, told: Told) -> list[Event]:
        event: Event | None = None
        match told.what:
            case AllHeard():
                event = StillHearing(self._account, "", told.at)
            case Silence(since):
                event = HearingGap(self._account, "", told.at, since)
            case LoggedIn(me):
                return await self._logged_in(told, me)
            case LoggedOut(reason=reason):
                event = self._state(told, AccountState.OFFLINE, reason=reason or LOGGED_OUT)
            case Unreached(reason):
                event = self._state(told, AccountState.OFFLINE, reason=reason)
            case ScanNeeded(code):
                self._show_scan(self._account, code)
                event = self._state(told, AccountState.SCAN, code=code)
            case _ if told.me is not None:  # else nothing is known, nor who said it
                return await self._around(told, told.me)
            case _:
                pass
        return [] if event is None else [event]

    def _state(
        self, told: Told, state: AccountState, *, reason: str = "", code: str = ""
    ) -> AccountChanged:
        return AccountChanged(self._account, "", told.at, state, reason=reason, code=code)

    async def _around(self, told: Told, me: str) -> list[Event]:
        """What happens around an account that is logged in as `me`."""
        match told.what:
            case MessageArrived(message):
                said = await self._messages.read(message, Scene(self._account, told.at, me))
                return [] if said is None else [said]
            case RoomsKnown(complete):
                events = await self._arrival.rooms(told, me, complete=complete)
            case happening:
                events = await self._happenings.events_of(happening, told.at, me)
        return events + await self._happenings.staff_news(told, me)

    async def _logged_in(self, told: Told, me: str) -> list[Event]:
        events = await self._arrival.logged_in(told, me, self._line.rooms_known)
        self._me = next((one.me for one in events if isinstance(one, AccountChanged)), None)
        return events


def _in_vain(told: Told, failed: GatewayCallFailed, tries: int, tried_for: timedelta) -> bool:
    """Whether what was told need not be looked up any more, after so many tries in so long."""
    if is_absence(failed):
        return True
    match told.what:
        case LoggedIn() | RoomsKnown():
            return tries >= _LOGIN_TRIES
        case RoomInvited() if failed.failure is Failure.REFUSED:
            return True  # that was an act, and is not done again and again
        case _ if failed.failure is Failure.REFUSED:
            return tried_for >= _REFUSED_FOR
        case _:
            return tried_for >= _TRIED_FOR


def _cursors(at: datetime, events: int) -> list[str]:
    """The cursors of the events of what was told at an instant: only the last one's is past it."""
    return [_cursor(at - _STEP)] * (events - 1) + [_cursor(at)] * min(events, 1)


def _cursor(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _instant(cursor: str | None) -> datetime | None:
    """The instant that a cursor is; None where it is none, and all is new."""
    try:
        instant = datetime.fromisoformat(cursor or "")
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None
