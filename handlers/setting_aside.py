"""Setting aside: what becomes of an event that makes a handler fail.

It is kept with its error for whoever mends the fault, the account's cursor moves past it in the
same transaction, and a counter and a log line tell of it. `nuanqun doctor` says how many there
are. Nobody in chat sees anything of it.
"""

from __future__ import annotations

import json
import traceback
from dataclasses import asdict, replace

import structlog
from prometheus_client import Counter

from handlers.desk import Desk
from handlers.events import (
    AccountChanged,
    ButtonPressed,
    Event,
    GroupChanged,
    GroupMoved,
    HearingGap,
    IdsChanged,
    MessageEdited,
    MessageHeard,
    Person,
    StillHearing,
    TopicChanged,
)
from storage.accounts import set_cursor
from storage.columns import storable
from storage.failures import in_short
from storage.members import member_known_as
from storage.unheard import UnheardEvent, keep_unheard

_log = structlog.get_logger(__name__)

_UNHEARD = Counter(
    "nuanqun_events_unheard_total", "Events that could not be handled", ["account", "error"]
)

_LONGEST_COMPLAINT = 500  # characters
_WORDS = ("text", "says", "pictures", "words")
"""The parts of an event that hold what somebody said."""
_HOUSE = {"handlers", "scheduler", "insights", "storage"}


async def set_aside(desk: Desk, platform: str, event: Event, fault: Exception) -> None:
    """Keep one event with the fault that it brought about, and go on behind it.

    Of somebody who asked for no record neither the words nor a complaint that may quote them are
    kept.
    """
    person = _whose(event)
    kind, place = type(fault).__name__, _place_of(fault)
    async with desk.database.writing() as connection:
        member = (
            None
            if person is None
            else await member_known_as(connection, platform, storable(person.id))
        )
        in_full = member is None or not member.no_record
        complaint = in_short(fault)[:_LONGEST_COMPLAINT] if in_full else "…"
        await keep_unheard(
            connection,
            UnheardEvent(
                account=event.account,
                cursor=event.cursor,
                person=None if person is None else person.id,
                event=_written(event, in_full=in_full),
                error=f"{kind}: {complaint} ({place})",
                kept_at=desk.clock.now(),
            ),
        )
        await set_cursor(connection, event.account, platform, event.cursor)
    _UNHEARD.labels(event.account, kind).inc()
    _log.error("event_unheard", account=event.account, cursor=event.cursor, error=kind, place=place)


def _whose(event: Event) -> Person | None:
    """Who did it; None for what happened to a group, an account or many people."""
    match event:
        case MessageHeard() | MessageEdited() | ButtonPressed():
            return event.sender
        case (
            GroupChanged()
            | GroupMoved()
            | TopicChanged()
            | AccountChanged()
            | HearingGap()
            | StillHearing()
            | IdsChanged()
        ):
            return None
        case _:
            return event.member


def _written(event: Event, *, in_full: bool) -> str:
    """The event as JSON; without what was said in it where that may not be kept."""
    if isinstance(event, IdsChanged):
        # Who sits where is nobody's to keep here: not even whether they want to be recorded is
        # known of all of them.
        seats = {roster.chat.id: len(roster.members) for roster in event.rosters}
        event = replace(event, rosters=(), friends=())
        return json.dumps(
            {"event": type(event).__name__, **asdict(event), "seats": seats},
            ensure_ascii=False,
            default=str,
        )
    parts = asdict(event)
    parts.pop("quoted", None)  # these words are somebody else's, who may want nothing kept
    if not in_full:
        parts = {name: part for name, part in parts.items() if name not in _WORDS}
    return json.dumps({"event": type(event).__name__, **parts}, ensure_ascii=False, default=str)


def _place_of(fault: Exception) -> str:
    """The innermost line of ours that the fault came through: `handlers.taggers:88`."""
    lines = [
        (str(frame.f_globals.get("__name__")), line)
        for frame, line in traceback.walk_tb(fault.__traceback__)
    ]
    ours = [f"{name}:{line}" for name, line in lines if name.partition(".")[0] in _HOUSE]
    return ours[-1] if ours else "elsewhere"
