"""The bot's accounts: how far each one's events are stored, and what it is to its platform.

An account that somebody has to log in is not always online. What its platform says of it is kept
here, whoever serves it, so that staff are told of each change once and every process, command and
page says the same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import accounts


@dataclass(frozen=True, slots=True)
class State:
    """What an account is to its platform (`online`, `scan` or `offline`), and since when.

    `reason` says why it is offline, `code` what is to be scanned to log it in, `me` and `me_name`
    who it is, where that is known.
    """

    state: str
    since: datetime
    reason: str = ""
    code: str | None = None
    me: str | None = None
    me_name: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it stands: `state` is None where its platform says nothing of it.

    From `stopped_at` on nothing leaves it until a manager says so. `told_state` is the state that
    staff were told last, `told_stop_at` the stop.
    """

    account: str
    platform: str
    state: State | None
    told_state: str | None
    stopped_at: datetime | None
    stop_reason: str | None
    told_stop_at: datetime | None


async def cursor(connection: AsyncConnection, account: str) -> str | None:
    """How far this account's events are stored; None before the first one."""
    found = await connection.execute(select(accounts.c.cursor).where(accounts.c.account == account))
    return found.scalar_one_or_none()


async def set_cursor(
    connection: AsyncConnection, account: str, platform: str, position: str
) -> None:
    """Keep the place behind which the channel starts next time."""
    await connection.execute(
        insert(connection, accounts)
        .values(account=account, platform=platform, cursor=position)
        .on_conflict_do_update(index_elements=["account"], set_={"cursor": position})
    )


async def note_state(
    connection: AsyncConnection, account: str, platform: str, state: State
) -> None:
    """Keep what an account is to its platform now.

    The same state again (a newer code, another reason) goes on since it began. Who the account is
    stays known while it is not logged in.
    """
    told = {
        "state": state.state,
        "state_since": state.since,
        "state_reason": state.reason,
        "scan_code": state.code,
    }
    who = {} if state.me is None else {"me": state.me, "me_name": state.me_name}
    as_before = accounts.c.state == state.state
    since = case((as_before, accounts.c.state_since), else_=state.since)
    await connection.execute(
        insert(connection, accounts)
        .values(account=account, platform=platform, **told, **who)
        .on_conflict_do_update(
            index_elements=["account"], set_={**told, **who, "state_since": since}
        )
    )


async def was_ever_online(connection: AsyncConnection, account: str) -> bool:
    """Whether the account was logged in at any time before, so that something can be missed."""
    who = await connection.scalar(select(accounts.c.me).where(accounts.c.account == account))
    return who is not None


async def own_ids(connection: AsyncConnection, platform: str) -> frozenset[str]:
    """Who the bot's accounts are on a platform, by the platform's ids."""
    found = await connection.scalars(
        select(accounts.c.me).where(accounts.c.platform == platform, accounts.c.me.is_not(None))
    )
    return frozenset(found)


async def states(
    connection: AsyncConnection, only: Collection[str] | None = None
) -> dict[str, Account]:
    """Every account that was ever served, or `only` these of them, by name, in order."""
    question = select(accounts).order_by(accounts.c.account)
    if only is not None:
        question = question.where(accounts.c.account.in_(list(only)))
    return {row.account: _account(row) for row in await connection.execute(question)}


async def told(
    connection: AsyncConnection, account: str, state: str | None, stop_at: datetime | None
) -> None:
    """Note which state, and which stop, staff were told last."""
    await connection.execute(
        update(accounts)
        .where(accounts.c.account == account)
        .values(told_state=state, told_stop_at=stop_at)
    )


def _account(row: Any) -> Account:
    state = None
    if row.state is not None:
        state = State(
            state=row.state,
            since=row.state_since,
            reason=row.state_reason or "",
            code=row.scan_code,
            me=row.me,
            me_name=row.me_name,
        )
    return Account(
        account=row.account,
        platform=row.platform,
        state=state,
        told_state=row.told_state,
        stopped_at=row.stopped_at,
        stop_reason=row.stop_reason,
        told_stop_at=row.told_stop_at,
    )
