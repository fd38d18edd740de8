"""Who asked to hear of a lower price is told of it in private; nobody else is.

Each of them is told once a week at most, and only what was sent counts: a draft that nobody let go
told nobody. Where the price falls again before a message has gone out, another takes its place.

Whoever presses the button below an announcement is tagged for that product. So an opt-out, a wish
not to be recorded, forgetting and merging bind it as they bind every tag, and it ends by itself.
The tag holds the product's number alone: what somebody asks about may be a private matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import quoted
from handlers.arrivals.campaigns import Wanted, make
from handlers.arrivals.words import price_shown
from handlers.desk import Asked, Desk
from handlers.running import cancel_in
from scheduler.bodies import personal_body
from scheduler.content import Content
from scheduler.ware_check import wares_part
from scheduler.wording_rules import PRICE
from storage.audiences import Audience, whom
from storage.products import Product, Ware
from storage.segments import Segment, unknown_tags
from storage.tags import BY_RULE, Tag, set_tags
from storage.told_prices import still_telling, told_since

_APART = timedelta(days=7)
"""Of a price that goes up and down the same person is told once in so long."""

_NAME = 20  # characters


def tag_of(desk: Desk, product_id: int) -> str:
    """What those carry who wait for a lower price of a product."""
    return desk.say("等降价:{number}", number=product_id)


async def wait_for(connection: AsyncConnection, desk: Desk, asked: Asked, product: Product) -> None:
    """Let somebody wait for a lower price."""
    now = desk.clock.now()
    wish = Tag(
        member_id=asked.member.id,
        tag=tag_of(desk, product.id),
        set_by=f"{BY_RULE}pricedrop",
        why=price_shown(desk.say, product.ware),
        set_at=now,
        until=now + desk.shop.interest_for,
    )
    await set_tags(connection, [wish])


async def waited_for(
    connection: AsyncConnection, desk: Desk, products: Iterable[int], at: datetime
) -> list[int]:
    """Those of these products (by their numbers, as they come back) that anybody waits for.

    However many get cheaper at once, it is one question.
    """
    by_tag = {tag_of(desk, product): product for product in products}
    for tag in await unknown_tags(connection, by_tag, at):
        del by_tag[tag]
    return list(by_tag.values())


async def tell_cheaper(
    connection: AsyncConnection, desk: Desk, product: Product, now_is: Ware, at: datetime
) -> int | None:
    """Make the campaign that tells them, in the transaction that takes the price over; its number.

    None where nobody waits, or all of them were told lately.
    """
    tag, key = tag_of(desk, product.id), f"arrivals:{product.id}:cheaper:"
    told = await told_since(connection, desk.shop_id, key, at - _APART)
    audience = Audience(
        segment=Segment.carrying(tag),
        written=f"@{quoted(desk.say('标签:{tag}', tag=tag))}",
        without=tuple(sorted(told)),
    )
    if not await whom(connection, desk.shop_id, audience, at):
        return None
    for older in await still_telling(connection, desk.shop_id, key):
        await cancel_in(connection, desk, desk.say("自动上新"), older)
    # The price before is none that the feed names any more. The new one is compared with the feed
    # by its number (see `ware_check.py`), whatever the text says.
    before = _before(desk, product, now_is)
    text = desk.say(
        "{fan}，你问过的「{product}」降价了，从 {before} 降到 {price}。"
        if before
        else "{fan}，你问过的「{product}」降价了，现在 {price}。",
        fan="{{ fan }}",
        product="{{ product }}",
        before="{{ before }}",
        price="{{ price }}",
    )
    variables = {"product": now_is.title, "price": price_shown(desk.say, now_is)}
    if before:
        variables["before"] = before
    if now_is.link:
        text += "\n{{ link }}"
        variables["link"] = now_is.link
    wanted = Wanted(
        key=f"{key}{at:%Y%m%dT%H%M%S%f}",
        name=desk.say("降价：{product}", product=now_is.title[:_NAME]),
        at=at,
        audience=audience,
        body=personal_body(Content(text), variables)
        | wares_part([replace(product, ware=now_is)])
        | ({"overrides": [PRICE]} if before else {}),
    )
    return await make(connection, desk, wanted)


def _before(desk: Desk, product: Product, now_is: Ware) -> str:
    """What a product cost before; empty where that compares with nothing that people saw."""
    if product.seen_price is None or product.ware.currency != now_is.currency:
        return ""
    return price_shown(desk.say, replace(product.ware, price=product.seen_price))
