"""A second account beside the room's: one that has to be logged in, and can be lost."""

from __future__ import annotations

from dataclasses import replace

from handlers.commanding import Commander
from handlers.commands import REGISTRY
from handlers.dispatch import Dispatcher
from scheduler.lease import LeaseTerms, try_lease
from scheduler.sender import Sender
from tests.handlers.shop import ACCOUNT, LONG, PLATFORM, Platform, Shop

WECHAT = "wechat:shop"


async def with_wechat(shop: Shop, *, served: bool = True) -> tuple[Shop, Platform]:
    """The shop with this account as well, and the far end of it; `served` here, or by nobody."""
    desk, platform = shop.desk, Platform()
    sender = Sender(
        database=desk.database,
        courier=platform,
        account=WECHAT,
        clock=shop.clock,
        care=desk.care,
        tell=shop.notices.tell,
    )
    if served:
        lease = await try_lease(desk.database, WECHAT, "test", LeaseTerms(lasts=LONG))
        assert lease is not None
        await sender.open(lease)
    desk = replace(desk, senders={ACCOUNT: shop.sender, WECHAT: sender})
    commander = Commander(desk, REGISTRY)
    dispatcher = Dispatcher(desk=desk, commander=commander, platform=PLATFORM, account=ACCOUNT)
    return replace(shop, desk=desk, commander=commander, dispatcher=dispatcher), platform
