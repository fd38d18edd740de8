"""What is said to a form: which of a batch's messages, and whether this one.

An answer has no slash, but it is a command all the same: it is stored to be obeyed, so that it
survives a crash and is answered once, and it is never counted among anybody's words.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.answering import place_of
from handlers.desk import Asked
from handlers.events import Event, MessageHeard
from handlers.forms.moves import move_of
from handlers.forms.steps import PREVIEW
from handlers.roles import Role, role_of_person
from handlers.settings import ShopSettings
from scheduler.courier import Address
from storage import forms
from storage.columns import storable

LISTENS_FOR = timedelta(days=1)
"""A form that nobody moved for so long was forgotten: it waits to be resumed."""


async def answers_among(
    connection: AsyncConnection,
    events: Sequence[Event],
    *,
    shop: ShopSettings,
    platform: str,
    account: str,
    appointed: Collection[str] = (),
) -> frozenset[str]:
    """The platform's ids of those messages that answer a form of their sender's."""
    said = [
        event
        for event in events
        if isinstance(event, MessageHeard)
        and not event.forwarded
        and not event.own
        and role_of_person(event.sender, platform, shop, appointed) is Role.MANAGER
    ]
    if not said:
        return frozenset()
    since = said[0].at - LISTENS_FOR
    people = {storable(event.sender.id) for event in said}
    open_forms = await forms.listening(connection, platform, account, people, since)
    return frozenset(
        event.message
        for event in said
        if (form := open_forms.get(storable(event.sender.id))) is not None
        and form.address == str(_place(event))
        and _meant(form.step, event.text)
    )


async def listens(connection: AsyncConnection, asked: Asked, text: str) -> bool:
    """Whether what was asked, without a slash, answers a form of the asker's."""
    if asked.role is not Role.MANAGER:
        return False
    form = await forms.of_member(connection, asked.member.id)
    return (
        form is not None
        and (form.account, form.address) == (asked.account, str(place_of(asked)))
        and form.left_at is None
        and _fresh(form.moved_at, asked.at)
        and _meant(form.step, text)
    )


def _place(event: MessageHeard) -> Address:
    """Where something was said, as `place_of` tells it of a command."""
    if event.chat is None:
        return Address(person=storable(event.sender.id))
    topic = None if event.topic is None else storable(event.topic)
    return Address(group=storable(event.chat.id), topic=topic)


def _fresh(moved_at: datetime, at: datetime) -> bool:
    return moved_at > at - LISTENS_FOR


def _meant(step: str, text: str) -> bool:
    """Whether a text is for the form: a preview only listens to 返回 and its like."""
    return step != PREVIEW or move_of(text) is not None
