"""The shop's groups and fans, as they were before the year began.

Every group has fans of its own, and every tenth of them sits in some more groups as well, so that
each group has neighbours. Many fans spoke lately, the others long ago; some want no marketing, some
take no private messages, a few live far away, and some have paid a deposit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import MessageKind
from storage.database import Database
from storage.groups import ensure_groups
from storage.shops import ensure_shop
from storage.tables import customers, members, memberships, messages, tags
from tests.handlers.shop import ACCOUNT, PLATFORM, chat_of

_FURTHER = (1, 7, 31)  # how far away the other groups of a shared fan are
_AT_ONCE = 1_000
_HERE_SINCE = timedelta(days=300)
_FAR_AWAY = "America/New_York"


def group_name(number: int) -> str:
    """What a group is called, by its number from 0 on."""
    return f"{number + 1}群"


def fan_name(number: int) -> str:
    """What a fan is called, by the number from 0 on."""
    return f"粉丝{number + 1}"


def seats_of(fan: int, groups: int) -> tuple[int, ...]:
    """The numbers of the groups that a fan sits in: a first one, and for every tenth some more."""
    first = fan % groups
    shared = (fan // groups) % 10 == 0
    further = [(first + step) % groups for step in _FURTHER] if shared else []
    return tuple(dict.fromkeys([first, *further]))


async def settle(database: Database, shop_key: str, groups: int, fans: int, now: datetime) -> None:
    """Make the groups and seat the fans in them."""
    long_ago = now - _HERE_SINCE
    async with database.writing() as connection:
        shop_id = await ensure_shop(connection, shop_key)
        chats = [chat_of(group_name(number)) for number in range(groups)]
        made = await ensure_groups(
            connection, shop_id, ACCOUNT, [(chat.id, chat.name) for chat in chats], long_ago
        )
        group_ids = [made[chat.id].id for chat in chats]
        await _insert(connection, customers, [_customer(fan, now) for fan in range(fans)])
        ids = select(customers.c.id).order_by(customers.c.id)
        customer_ids = list(await connection.scalars(ids))
        people = [_member(fan, customer_ids[fan], long_ago) for fan in range(fans)]
        await _insert(connection, members, people)
        member_ids = list(await connection.scalars(select(members.c.id).order_by(members.c.id)))
        seats = [
            {"group_id": group_ids[seat], "member_id": member_ids[fan], "joined_at": long_ago}
            for fan in range(fans)
            for seat in seats_of(fan, groups)
        ]
        await _insert(connection, memberships, seats)
        said = [_said(fan, member_ids[fan], group_ids[fan % groups], now) for fan in range(fans)]
        await _insert(connection, messages, said)
        deposits = [_deposit(member_ids[fan], now) for fan in range(0, fans, 20)]
        await _insert(connection, tags, deposits)


def _customer(fan: int, now: datetime) -> dict[str, Any]:
    return {
        "opted_out_at": now if fan % 50 == 7 else None,
        "zone": _FAR_AWAY if fan % 100 == 3 else None,
    }


def _member(fan: int, customer: int, since: datetime) -> dict[str, Any]:
    return {
        "customer_id": customer,
        "platform": PLATFORM,
        "person": f"id-{fan_name(fan)}",
        "name": fan_name(fan),
        "first_seen_at": since,
        "started_at": since,
        "unreachable_at": since if fan % 3 == 1 else None,
    }


def _said(fan: int, member: int, group: int, now: datetime) -> dict[str, Any]:
    """Every second fan spoke yesterday, so is no stranger for a month; the others long before."""
    ago = timedelta(days=1 if fan % 2 else 200, seconds=fan)
    return {
        "account": ACCOUNT,
        "message": f"before-{fan}",
        "group_id": group,
        "member_id": member,
        "at": now - ago,
        "kind": MessageKind.FAN,
        "text": "早上好",
    }


def _deposit(member: int, now: datetime) -> dict[str, Any]:
    return {
        "member_id": member,
        "tag": "已付定金",
        "set_by": "import",
        "why": "order",
        "set_at": now,
    }


async def _insert(
    connection: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]]
) -> None:
    for first in range(0, len(rows), _AT_ONCE):
        await connection.execute(insert(table), rows[first : first + _AT_ONCE])
