"""Who takes part: fans who may be remembered. The staff and the bot never count.

Who is a manager on one channel is one on every channel: it is the customer who counts.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Asked, Desk
from handlers.replies import Reply, reply
from handlers.roles import Role
from handlers.settings import ShopSettings
from handlers.staff import managers


async def staffs_own(connection: AsyncConnection, shop: ShopSettings) -> set[int]:
    """The customers who are of the staff, whichever of their members is a manager."""
    return {one.customer_id for one in await managers(connection, shop)}


async def kept_out(desk: Desk, asked: Asked) -> Reply | None:
    """What is said to somebody who cannot take part; None to everybody else."""
    async with desk.database.reading() as connection:
        staff = await staffs_own(connection, desk.shop)
    if asked.role is Role.MANAGER or asked.member.customer_id in staff:
        return reply(desk.say("这是给粉丝的，店里的人不参加。"), private=True, quiet=True)
    if asked.member.no_record:
        text = desk.say("你选了不让我记录，我就没有记下这一次。想参加，先发 /record。")
        return reply(text, private=True, quiet=True)
    return None
