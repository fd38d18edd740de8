"""Lent wishes: what somebody asked for holds for whoever they may be, until a manager says who.

As long as it is open whether a member and whoever has another id are one (see `identities.py`), the
stricter of what the two want holds for both: no advertising, no record. What is only lent is marked
so on the customer, and ends with the doubt. Nothing that was stored before is emptied for it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.tables import customers, identity_matches, members


@dataclass(frozen=True, slots=True)
class _Wishes:
    opted_out_at: datetime | None
    no_record: bool

    def __or__(self, other: _Wishes) -> _Wishes:
        since = min(
            (one for one in (self.opted_out_at, other.opted_out_at) if one is not None),
            default=None,
        )
        return _Wishes(since, self.no_record or other.no_record)


_NONE = _Wishes(None, no_record=False)


async def lend_wishes(connection: AsyncConnection) -> None:
    """Let what is wished hold for whom it may be the wish of, and for nobody else any more."""
    pairs = await _who_may_be_whom(connection)
    met = {one for pair in pairs for one in pair}
    found = await connection.execute(
        select(customers)
        .where(
            or_(among(customers.c.id, met), customers.c.opt_out_lent, customers.c.no_record_lent)
        )
        .order_by(customers.c.id)
        .with_for_update()
    )
    rows = {row.id: row for row in found}
    own = {id_: _own(row) for id_, row in rows.items()}
    lent = defaultdict[int, _Wishes](lambda: _NONE)
    for one, other in pairs:
        lent[one] |= own[other]
        lent[other] |= own[one]
    for id_, row in rows.items():
        values = _values(own[id_], lent[id_])
        if any(getattr(row, name) != value for name, value in values.items()):
            await connection.execute(update(customers).where(customers.c.id == id_).values(values))


async def _who_may_be_whom(connection: AsyncConnection) -> set[tuple[int, int]]:
    """The customers of whom it is open whether they are one."""
    shown = members.alias()
    found = await connection.execute(
        select(members.c.customer_id, shown.c.customer_id.label("other"))
        .select_from(identity_matches.join(members))
        .join(
            shown,
            (shown.c.person == identity_matches.c.after) & (shown.c.platform == members.c.platform),
        )
        .where(identity_matches.c.decided.is_(None))
    )
    return {(row.customer_id, row.other) for row in found}


async def is_asked_about_any(connection: AsyncConnection, persons: list[str]) -> bool:
    """Whether a manager is still to say who has one of these ids."""
    asked = select(identity_matches.c.id).where(
        identity_matches.c.decided.is_(None), among(identity_matches.c.after, persons)
    )
    return await connection.scalar(asked.limit(1)) is not None


def _own(row: Any) -> _Wishes:
    return _Wishes(
        None if row.opt_out_lent else row.opted_out_at,
        no_record=row.no_record and not row.no_record_lent,
    )


def _values(own: _Wishes, lent: _Wishes) -> dict[str, Any]:
    holds = own if own.opted_out_at is not None else own | lent
    return {
        "opted_out_at": holds.opted_out_at,
        "opt_out_lent": own.opted_out_at is None and lent.opted_out_at is not None,
        "no_record": own.no_record or lent.no_record,
        "no_record_lent": lent.no_record and not own.no_record,
    }
