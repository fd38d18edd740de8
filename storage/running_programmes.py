"""Programmes that the shop runs: which are on, for whom, and what the shop has said of itself.

A programme is a file (see `scheduler/programme.py`); a row here is one year of it for one shop, or
year 0 of one that runs on from year to year. The facts that its texts need may be said before it is
switched on, and stay when it is off. The posts are campaigns, which know their programme by
`running_id`: this row says that it is meant to run, the campaigns say what goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audiences import Audience
from storage.bulk import insert
from storage.tables import running_programmes

EVERY_YEAR = 0
"""The year of a programme that runs on from year to year."""


@dataclass(frozen=True, slots=True)
class RunningProgramme:
    """One year of a programme. `on_since` None: it is off; `audience` None: it was never on."""

    id: int
    key: str
    year: int
    on_since: datetime | None
    audience: Audience | None
    facts: Mapping[str, Any]
    changed_by: str
    changed_at: datetime

    @property
    def is_on(self) -> bool:
        """Whether it is meant to run."""
        return self.on_since is not None


_OF = running_programmes.c
_ROW = select(
    _OF.id,
    _OF.key,
    _OF.year,
    _OF.on_since,
    _OF.audience,
    _OF.facts,
    _OF.changed_by,
    _OF.changed_at,
)


def _running(row: Any) -> RunningProgramme:
    audience = None if row.audience is None else Audience.from_json(row.audience)
    return RunningProgramme(
        row.id, row.key, row.year, row.on_since, audience, row.facts, row.changed_by, row.changed_at
    )


async def running_programme(
    connection: AsyncConnection, shop_id: int, key: str, year: int, *, hold: bool = False
) -> RunningProgramme | None:
    """This year of a programme; with `hold`, nobody changes it until this transaction ends."""
    question = _ROW.where(_OF.shop_id == shop_id, _OF.key == key, _OF.year == year)
    if hold:
        question = question.with_for_update()
    row = (await connection.execute(question)).one_or_none()
    return None if row is None else _running(row)


async def programmes_on(
    connection: AsyncConnection, shop_id: int, *, hold: bool = False
) -> list[RunningProgramme]:
    """Every programme that is on, in the order in which the shop first spoke of them.

    With `hold`, nobody changes them until this transaction ends.
    """
    question = _ROW.where(_OF.shop_id == shop_id, _OF.on_since.is_not(None)).order_by(_OF.id)
    rows = await connection.execute(question.with_for_update() if hold else question)
    return [_running(row) for row in rows]


async def programmes_ever_on(connection: AsyncConnection, shop_id: int) -> list[RunningProgramme]:
    """Every year of every programme that is or was on, the newest year first."""
    rows = await connection.execute(
        _ROW.where(_OF.shop_id == shop_id, _OF.audience.is_not(None)).order_by(
            _OF.year.desc(), _OF.id.desc()
        )
    )
    return [_running(row) for row in rows]


async def keep_facts(
    connection: AsyncConnection,
    shop_id: int,
    key: str,
    year: int,
    facts: Mapping[str, Any],
    *,
    by: str,
    at: datetime,
) -> RunningProgramme:
    """Write down all that the shop says of itself for this year of a programme."""
    values = {"facts": dict(facts), "changed_by": by, "changed_at": at}
    row = await connection.execute(
        insert(connection, running_programmes)
        .values(shop_id=shop_id, key=key, year=year, **values)
        .on_conflict_do_update(index_elements=["shop_id", "key", "year"], set_=values)
        .returning(*_ROW.selected_columns)
    )
    return _running(row.one())


async def switch_on(
    connection: AsyncConnection,
    running_id: int,
    audience: Audience,
    facts: Mapping[str, Any],
    *,
    by: str,
    at: datetime,
) -> bool:
    """Let a programme run for this audience; False where it ran already. It is changed either way.

    It is on since it was first switched on.
    """
    was_on = await connection.scalar(select(_OF.on_since).where(_OF.id == running_id))
    await connection.execute(
        update(running_programmes)
        .where(_OF.id == running_id)
        .values(
            on_since=func.coalesce(_OF.on_since, at),
            audience=audience.to_json(),
            facts=dict(facts),
            changed_by=by,
            changed_at=at,
        )
    )
    return was_on is None


async def switch_off(
    connection: AsyncConnection, running_id: int, *, by: str, at: datetime
) -> bool:
    """Let a programme run no longer; False where it was off. Its facts stay.

    What its campaigns still have planned is the caller's to cancel.
    """
    done = await connection.execute(
        update(running_programmes)
        .where(_OF.id == running_id, _OF.on_since.is_not(None))
        .values(on_since=None, changed_by=by, changed_at=at)
    )
    return done.rowcount == 1
