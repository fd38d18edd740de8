"""A form that is being filled in, as a value, and how it lies in storage.

There is one for each manager, filled in where they are alone with the bot, or in a chat of the
staff's, if it was opened there: nothing they say among fans is ever taken for an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.answering import place_of
from handlers.desk import Asked, Desk
from handlers.forms.steps import KIND
from scheduler.courier import Address
from storage import confirmations, forms
from storage.forms import Form

FORM = "campaign"
"""The kind of form that this package fills in."""


@dataclass(frozen=True, slots=True)
class Draft:
    """How far a form has got.

    `given` are its answers by step; `offered` the answers that stood behind the numbers shown
    last; `moved_by` the key of the message that moved it last, so that a message handled again
    after a crash moves it once; `proposal` the key of what its preview shows, while one does.
    """

    step: str = KIND.name
    given: Mapping[str, Any] = field(default_factory=dict)
    offered: tuple[str, ...] = ()
    moved_by: str = ""
    proposal: str | None = None


async def draft_of(connection: AsyncConnection, asked: Asked) -> Draft | None:
    """The asker's draft; None where they have none."""
    form = await forms.of_member(connection, asked.member.id)
    if form is None:
        return None
    return Draft(**{**form.body, "offered": tuple(form.body["offered"])})


async def keep_draft(
    connection: AsyncConnection, desk: Desk, asked: Asked, draft: Draft, *, aside: bool = False
) -> None:
    """Write a draft down; put `aside`, it listens to nothing until it is resumed."""
    now = desk.clock.now()
    await forms.keep(
        connection,
        Form(
            member_id=asked.member.id,
            account=asked.account,
            address=str(_place(asked)),
            kind=FORM,
            step=draft.step,
            body=asdict(draft),
            moved_at=now,
            left_at=now if aside else None,
        ),
    )


def _place(asked: Asked) -> Address:
    """Where the form is filled in: where its questions are said."""
    if asked.group is None or not asked.group.is_staff:
        return Address(person=asked.member.person)
    return place_of(asked)


async def withdraw(connection: AsyncConnection, desk: Desk, asked: Asked, draft: Draft) -> None:
    """Take back the preview that a draft shows: it is about to become something else."""
    shown = await confirmations.latest(connection, asked.member.id)
    if draft.proposal is None or shown is None or shown.body.get("key") != draft.proposal:
        return
    await confirmations.use(connection, shown.id, desk.clock.now())


async def close(connection: AsyncConnection, member_id: int, proposal: str) -> None:
    """Throw the member's form away if this proposal is what its preview shows: it is done with."""
    form = await forms.of_member(connection, member_id)
    if form is not None and form.body["proposal"] == proposal:
        await forms.drop(connection, member_id)
