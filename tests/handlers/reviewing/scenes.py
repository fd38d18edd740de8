"""What the tests of reviews share: a campaign that has been lived through, and a programme."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select, update

from scheduler.courier import Post
from storage.audiences import Audience
from storage.campaigns import StoredCampaign
from storage.running_programmes import EVERY_YEAR, keep_facts, switch_on
from storage.tables import campaigns
from tests.handlers.programme_scenes import by_key, switched_on
from tests.handlers.scenes import broadcast, the_one
from tests.handlers.shop import MANAGER, Answers, Shop

HOUR = timedelta(hours=1)
FANS = [f"粉丝{number}" for number in range(12)]
BOX = "包装太差了，盒子都破了"


async def asked(shop: Shop, text: str, who: str = MANAGER) -> Answers:
    """A manager asks in private."""
    return await shop.says(who, text, group=None)


async def replies(shop: Shop, post: Post, *names: str, text: str = "好呀") -> None:
    """Fans reply to a post in its group."""
    receipt = f"receipt-{shop.platform.posts.index(post) + 1}"
    group = str(post.address).partition("chat-")[2]
    for name in names:
        await shop.hear(replace(shop.heard(name, text, group=group), reply_to=receipt))


async def sent_broadcast(shop: Shop) -> StoredCampaign:
    """A broadcast to 一群 that was sent, to which two of twelve fans replied."""
    await shop.joins(*FANS)
    await broadcast(shop)
    (post,) = [one for one in await shop.delivers() if one.address.group]
    await replies(shop, post, *FANS[:2])
    return await the_one(shop)


async def lived_sale(shop: Shop) -> None:
    """The sale of autumn, on for all groups and approved, up to its last window."""
    await shop.joins(*FANS)
    await shop.says(MANAGER, "早")
    for name in FANS[:3]:
        await asked(shop, f"/tag @{name} 老客")
    await switched_on(shop)
    for campaign in (await by_key(shop)).values():
        await asked(shop, f"/approve {campaign.id}")
    for hours in (25, 72, 25, 33, 37):  # to just behind each post, then to 13 November, 10:00
        shop.clock.advance(hours * HOUR)
        for post in await shop.delivers():
            if post.address.group == "chat-一群" and "3 天" in post.content.text:
                await replies(shop, post, *FANS[:6], text=BOX)


async def greeted(shop: Shop, *texts: str) -> None:
    """Another greeting of the festivals, which run on from year to year, went out to 一群."""
    desk = shop.desk
    async with desk.database.writing() as connection:
        running = await keep_facts(
            connection, desk.shop_id, "festivals", EVERY_YEAR, {}, by="x", at=desk.clock.now()
        )
        await switch_on(connection, running.id, Audience(), {}, by="x", at=desk.clock.now())
    for text in texts:
        await broadcast(shop, text)
        async with desk.database.writing() as connection:
            newest = select(func.max(campaigns.c.id)).scalar_subquery()
            await connection.execute(
                update(campaigns)
                .where(campaigns.c.id == newest)
                .values(running_id=running.id, programme="festivals")
            )
        await shop.delivers()
