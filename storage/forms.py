"""Forms that managers fill in by chat, one for each, as far as they have got.

A form is kept at every step, so that a restart in the middle loses nothing. What it holds is a
document that floor 4 writes and reads. While it listens, what its member says at its address is
an answer to it: `listening` tells the recorder so, before anything of a batch is stored.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import forms, members


@dataclass(frozen=True, slots=True)
class Form:
    """One member's form: where it is filled in, at which step it stands, and what it holds.

    `left_at` is since when it is put aside; `moved_at` when it last moved.
    """

    member_id: int
    account: str
    address: str
    kind: str
    step: str
    body: dict[str, Any]
    moved_at: datetime
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a form waits for its member's next words, and at which step."""

    address: str
    step: str


async def keep(connection: AsyncConnection, form: Form) -> None:
    """Write a form down as it stands now; it takes the place of the member's earlier one."""
    values = {
        "account": form.account,
        "address": form.address,
        "kind": form.kind,
        "step": form.step,
        "body": form.body,
        "left_at": form.left_at,
        "moved_at": form.moved_at,
    }
    await connection.execute(
        insert(connection, forms)
        .values(member_id=form.member_id, **values)
        .on_conflict_do_update(index_elements=["member_id"], set_=values)
    )


async def of_member(connection: AsyncConnection, member_id: int) -> Form | None:
    """The member's form, listening or put aside; None where there is none."""
    row = (
        await connection.execute(select(forms).where(forms.c.member_id == member_id))
    ).one_or_none()
    if row is None:
        return None
    return Form(
        member_id=row.member_id,
        account=row.account,
        address=row.address,
        kind=row.kind,
        step=row.step,
        body=row.body,
        moved_at=row.moved_at,
        left_at=row.left_at,
    )


async def drop(connection: AsyncConnection, member_id: int, *, at_step: str | None = None) -> bool:
    """Throw the member's form away (`at_step`: only if it stands there); whether there was one."""
    meant = [forms.c.member_id == member_id]
    if at_step is not None:
        meant.append(forms.c.step == at_step)
    gone = await connection.execute(delete(forms).where(*meant))
    return gone.rowcount == 1


async def listening(
    connection: AsyncConnection,
    platform: str,
    account: str,
    persons: Collection[str],
    since: datetime,
) -> dict[str, Listening]:
    """Which of these people (by the platform's ids) have a form that listens to them.

    A form that has not moved after `since` was forgotten, and listens no more until it is resumed.
    """
    if not persons:
        return {}
    rows = await connection.execute(
        select(members.c.person, forms.c.address, forms.c.step)
        .select_from(forms.join(members))
        .where(
            members.c.platform == platform,
            members.c.person.in_(list(persons)),
            forms.c.account == account,
            forms.c.left_at.is_(None),
            forms.c.moved_at > since,
        )
    )
    return {row.person: Listening(row.address, row.step) for row in rows}
