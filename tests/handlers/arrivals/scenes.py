"""What the tests of a watched feed share: a shop whose feed stands on a server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from handlers.arrivals.rules import ArrivalRules, FeedKind, FeedRules
from handlers.arrivals.watching import watch_feeds
from handlers.settings import ShopSettings
from scheduler.clock import SimulatedClock
from storage.database import Database
from storage.products import Product, products_of
from tests.handlers.arrivals.feed_server import FeedServer
from tests.handlers.arrivals.samples import shopify, shopify_product
from tests.handlers.conftest import with_groups
from tests.handlers.shop import MANAGER, MINUTE, Shop, in_private, open_shop

HOUR = timedelta(hours=1)
CATALOGUE = {n: shopify_product(n, f"商品{n}号") for n in range(1, 21)}


@dataclass
class Scene:
    """A shop whose feed stands on a server."""

    shop: Shop
    server: FeedServer

    def has(self, *more: dict[str, Any], without: int = 0, **changed: Any) -> None:
        """The feed holds the catalogue, with products changed, added or taken away."""
        rows = {n: one for n, one in CATALOGUE.items() if n != without}
        rows |= {int(name.removeprefix("p")): one for name, one in changed.items()}
        self.server.serves(shopify(*rows.values(), *more))

    async def looks(self, after: timedelta = 15 * MINUTE) -> None:
        """Time goes by, and the feed is looked at."""
        self.shop.clock.advance(after)
        await watch_feeds(self.shop.desk)

    async def products(self) -> dict[str, Product]:
        async with self.shop.desk.database.reading() as connection:
            return await products_of(connection, self.shop.desk.shop_id, "web")

    def told(self) -> list[str]:
        """What the manager was told."""
        posts = self.shop.platform.posts
        return [one.content.text for one in posts if one.address == in_private(MANAGER)]


async def scene_on(
    database: Database, server: FeedServer, *, clock: SimulatedClock | None = None, **rules: Any
) -> Scene:
    """The shop has looked at its feed for the first time; its manager can be reached."""
    feed = FeedRules("web", FeedKind.SHOPIFY, url=server.url)
    arrivals = ArrivalRules(feeds={"web": feed}, **rules)
    shop = await with_groups(
        await open_shop(database, ShopSettings(arrivals=arrivals), clock=clock)
    )
    await shop.says(MANAGER, "大家好")
    for name in ("小鱼", "小鸟"):
        await shop.says(name, "早")
        await shop.says(name, "早", group=None)
    scene = Scene(shop, server)
    scene.has()
    await watch_feeds(shop.desk)
    shop.platform.posts.clear()
    return scene


async def fan_waits(scene: Scene, key: str, name: str = "小鱼") -> str:
    """A fan presses the button for a product; what the bot answers."""
    number = (await scene.products())[key].id
    answers = await scene.shop.presses(name, f"/pricedrop {number}", group="一群")
    return answers.text


async def approved(scene: Scene, number: int) -> str:
    """What a manager hears who approves it."""
    return (await scene.shop.says(MANAGER, f"/approve {number}", group=None)).text
