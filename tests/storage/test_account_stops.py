"""An account that is stopped stays so, for its first reason, until somebody lifts it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts
from storage.account_stops import Stop, lift_stop, stop_account, stop_of
from tests.storage.builders import MINUTE, NOW

ACCOUNT = "wechat:shop"


async def test_an_account_is_stopped_for_its_first_reason(connection: AsyncConnection) -> None:
    assert await stop_of(connection, ACCOUNT) is None
    assert await stop_account(connection, ACCOUNT, "wechat", Stop(NOW, "操作过于频繁"))
    assert not await stop_account(connection, ACCOUNT, "wechat", Stop(NOW + MINUTE, "账号异常"))
    assert await stop_of(connection, ACCOUNT) == Stop(NOW, "操作过于频繁")
    assert await stop_of(connection, "wechat:other") is None


async def test_a_stop_is_lifted_once_and_may_come_again(connection: AsyncConnection) -> None:
    await accounts.set_cursor(connection, ACCOUNT, "wechat", "c1")
    assert not await lift_stop(connection, ACCOUNT)
    assert await stop_account(connection, ACCOUNT, "wechat", Stop(NOW, "操作过于频繁"))
    assert await lift_stop(connection, ACCOUNT)
    assert await stop_of(connection, ACCOUNT) is None
    assert not await lift_stop(connection, ACCOUNT)
    assert await stop_account(connection, ACCOUNT, "wechat", Stop(NOW + MINUTE, "账号异常"))
    assert await accounts.cursor(connection, ACCOUNT) == "c1"
