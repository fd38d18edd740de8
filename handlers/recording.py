"""From events to rows: whose words a message holds, and one transaction for a batch.

The live bot and an imported history come through here alike. What happens in a group that is not
the shop's is passed over (see `doors.py`). `record_batch` stores messages in
bulk, and what happened between them (see `changes.py`), in the order it happened, moves the cursor
in the same transaction, and says what is new, for the handlers that answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.changes import Applicant, Newcomer, News, Reworded, record_change
from handlers.doors import Doors
from handlers.events import (
    ButtonPressed,
    Event,
    GroupChanged,
    GroupMoved,
    HearingGap,
    IdsChanged,
    MessageHeard,
    MessageKind,
)
from handlers.forms.listening import answers_among
from handlers.origin import Origin
from handlers.ourselves import without_ourselves
from handlers.quoted import with_quoted
from handlers.roles import Role
from handlers.settings import ShopSettings
from insights.authorship import passed_on
from insights.watched import window_of
from storage.accounts import own_ids, set_cursor
from storage.appointments import appointed_on
from storage.columns import storable
from storage.messages import Heard, Recorded, record
from storage.reach import mark_reachable
from storage.watched_windows import drop_windows

_YEARS = range(1970, 3000)
"""When something can have happened: what is stored is looked at by days, in every time zone."""

IsCommand = Callable[[str, Role], bool]
"""Whether somebody in this role asks the bot to do something with this text."""


@dataclass(slots=True)
class Batch:
    """What a batch of events came to. Only what is new stands here, never a repetition."""

    account: str
    said: list[Recorded] = field(default_factory=list)
    newcomers: list[Newcomer] = field(default_factory=list)
    applicants: list[Applicant] = field(default_factory=list)
    reworded: list[Reworded] = field(default_factory=list)

    def note(self, news: News | None) -> None:
        """Keep what a change was to the handlers that answer, if it was anything."""
        match news:
            case Newcomer():
                self.newcomers.append(news)
            case Applicant():
                self.applicants.append(news)
            case Reworded():
                self.reworded.append(news)

    @property
    def commands(self) -> list[Recorded]:
        """The commands, in the order they were given."""
        return [one for one in self.said if one.heard.kind == MessageKind.COMMAND]

    @property
    def fans_words(self) -> list[Recorded]:
        """What fans themselves said, and may be remembered."""
        return [
            one
            for one in self.said
            if one.heard.kind == MessageKind.FAN
            and not one.member.no_record
            and not (one.group is not None and one.group.is_staff)
        ]


def kind_of(event: MessageHeard | ButtonPressed, role: Role, is_command: IsCommand) -> MessageKind:
    """Whose words a message holds. What is forwarded commands nothing: somebody else said it.

    Neither does what comes out of the bot's own account: whoever holds it in hand is the bot there.
    """
    if isinstance(event, ButtonPressed):
        return MessageKind.COMMAND
    if event.own:
        return MessageKind.BOT
    if not event.forwarded and is_command(event.text, role):
        return MessageKind.COMMAND
    if role is Role.MANAGER:
        return MessageKind.STAFF
    if event.forwarded:
        return MessageKind.SHOP_POST
    not_their_own = passed_on(event.text)
    return MessageKind.FAN if not_their_own is None else MessageKind(not_their_own.value)


async def record_batch(
    connection: AsyncConnection,
    events: Sequence[Event],
    *,
    shop_id: int,
    shop: ShopSettings,
    platform: str,
    is_command: IsCommand,
    history: bool = False,
) -> Batch:
    """Store a batch of one account's events, in their order, in the caller's transaction.

    Of a `history` no command is kept to be obeyed, and no cursor is moved.

    Raises:
        ValueError: one of them happened at no time that a calendar has in every zone.
    """
    _check_years(events)
    batch = Batch(events[0].account)
    appointed = await appointed_on(connection, platform)
    ours = await own_ids(connection, platform)
    cursor = events[-1].cursor
    events = list(without_ourselves(events, ours))
    origin = Origin(shop_id, shop, platform, batch.account, appointed)
    doors = Doors(connection, origin, history=history)
    await doors.look(events)
    for said, run in groupby(events, lambda event: isinstance(event, MessageHeard | ButtonPressed)):
        some = list(run)
        if said:
            heard = [told for event in some if (told := await doors.through(event)) is not None]
            if heard:
                await _record_said(connection, heard, origin, is_command, batch, history=history)
            continue
        for event in some:
            told = await doors.through(event)
            if told is None or isinstance(told, MessageHeard | ButtonPressed):
                continue
            batch.note(await record_change(connection, told, origin))
            if isinstance(told, GroupChanged | GroupMoved | IdsChanged):
                await doors.look([told])
    if not history:
        await set_cursor(connection, batch.account, platform, cursor)
    return batch


def _check_years(events: Iterable[Event]) -> None:
    for event in events:
        begun = event.since if isinstance(event, HearingGap) else event.at
        for moment in (begun, event.at):
            if moment.year not in _YEARS:
                raise ValueError(f"it happened in the year {moment.year}")


async def _record_said(
    connection: AsyncConnection,
    events: Sequence[Event],
    origin: Origin,
    is_command: IsCommand,
    batch: Batch,
    *,
    history: bool,
) -> None:
    answers: Collection[str] = ()
    if not history:
        answers = await answers_among(
            connection,
            events,
            shop=origin.shop,
            platform=origin.platform,
            account=origin.account,
            appointed=origin.appointed,
        )
    recorded = await record(
        connection,
        shop_id=origin.shop_id,
        platform=origin.platform,
        account=origin.account,
        heard=[
            _heard(await with_quoted(connection, event), origin, is_command, answers)
            for event in events
            if isinstance(event, MessageHeard | ButtonPressed)
        ],
        obey=not history,
    )
    new = [one for one in recorded if not one.duplicate]
    batch.said.extend(new)
    # What was counted of the time they were said in is counted again: a history may go far back.
    await drop_windows(connection, origin.shop_id, sorted({window_of(one.heard.at) for one in new}))
    # Who writes to the bot can be written to.
    alone = {
        one.member.id: one.heard.at
        for one in recorded
        if one.group is None and one.heard.kind != MessageKind.BOT
    }
    if alone and not history:
        await mark_reachable(connection, list(alone), min(alone.values()))


def _heard(
    event: MessageHeard | ButtonPressed,
    origin: Origin,
    is_command: IsCommand,
    answers: Collection[str],
) -> Heard:
    """One message to be stored; one of those in `answers` fills in a form, which is a command.

    The bot's own account is nobody whom managers' news could be told.
    """
    message, text, own = (
        (f"press:{event.press}", event.says, False)
        if isinstance(event, ButtonPressed)
        else (event.message, event.text, event.own)
    )
    sender = origin.seen(event.sender)
    return Heard(
        message=storable(message),
        chat=storable(event.chat.id) if event.chat else None,
        chat_name=event.chat.name if event.chat else "",
        sender=replace(sender, staff=False) if own else sender,
        at=event.at,
        day=origin.shop.day_of(event.at),
        kind=MessageKind.COMMAND
        if message in answers
        else kind_of(event, origin.role(event.sender), is_command),
        text=text,
        topic=None if event.topic is None else storable(event.topic),
        pressed_on=event.on if isinstance(event, ButtonPressed) else None,
        pictures=() if isinstance(event, ButtonPressed) else event.pictures,
        nickname=event.sender.nickname,
        reply_to=None
        if isinstance(event, ButtonPressed) or event.reply_to is None
        else storable(event.reply_to),
        to_another=isinstance(event, MessageHeard) and _calls_another(event),
    )


def _calls_another(event: MessageHeard) -> bool:
    """Whether somebody is called by name who is not the bot; not every platform says whom."""
    return not event.mentions_bot and (
        bool(event.mentions) or any(mark in event.text for mark in "@＠")
    )
