"""Announces what is new, once: a post about one product, or a list where there are many.

What is found within a while is gathered, so that groups hear of new things a few times a day at
most. A product that is sold out, or whose price is not believed, waits. Where the shop wants it,
old customers hear of it in private before the groups do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import quoted
from handlers.arrivals.campaigns import Wanted, make, tell_of
from handlers.arrivals.fitting import Fitting, fitting_groups
from handlers.arrivals.words import announcement, early_word, name_of
from handlers.desk import Desk
from scheduler.bodies import literal_body, personal_body
from scheduler.ware_check import wares_part
from storage.audiences import Audience
from storage.chores import done_at, note_done
from storage.products import Product, note_announced, waiting
from storage.segments import Segment
from storage.tags import tag_counts

_CHORE = "announce_arrivals"


async def announce_waiting(desk: Desk) -> list[int]:
    """Make campaigns of what waits, where it is time; their numbers."""
    now, rules = desk.clock.now(), desk.shop.arrivals
    async with desk.database.reading() as connection:
        ready = [one for one in await waiting(connection, desk.shop_id) if _is_ready(one)]
        last = await done_at(connection, _CHORE) if ready else None
    if not ready or (last is not None and now - last < rules.apart):
        return []
    posts = [ready] if len(ready) >= rules.digest_from else [[one] for one in ready]
    made: list[tuple[int, str]] = []
    for products in posts:
        fitting = await fitting_groups(desk, [one.ware for one in products])
        if not fitting.groups:
            continue  # the bot is in no group yet: they wait
        async with desk.database.writing() as connection:
            made += await _announce(connection, desk, products, fitting, now)
            await note_done(connection, _CHORE, now)
    for number, note in made:
        await tell_of(desk, number, note)
    return [number for number, _ in made]


def _is_ready(product: Product) -> bool:
    return product.ware.available and product.doubt is None


async def _announce(
    connection: AsyncConnection,
    desk: Desk,
    products: Sequence[Product],
    fitting: Fitting,
    now: datetime,
) -> list[tuple[int, str]]:
    """The campaigns about these products, each by its number with a note for the managers."""
    rules, say = desk.shop.arrivals, desk.say
    key, name = f"arrivals:{products[0].id}", name_of(say, products)
    carried = {tag for tag, _ in await tag_counts(connection, now)} if rules.early else set()
    early = rules.early if rules.regulars in carried else rules.early * 0
    made = []
    if early:
        content, variables = early_word(say, products, early, rules.early_words)
        regulars = Wanted(
            key=f"{key}:early",
            name=say("{name}（老客先看）", name=name),
            at=now,
            audience=Audience(
                segment=Segment.carrying(rules.regulars),
                written=f"@{quoted(say('标签:{tag}', tag=rules.regulars))}",
            ),
            body=personal_body(content, variables) | wares_part(products),
            valid_for=early,  # later it would not be before the others
        )
        made.append((await make(connection, desk, regulars), ""))
    everybody = Wanted(
        key=key,
        name=name,
        at=now + early,
        audience=audience_of(fitting),
        body=literal_body(announcement(say, products)) | wares_part(products),
    )
    note = say("只发给合适的群：{groups}", groups=desk.listed(one.name for one in fitting.groups))
    made.append((await make(connection, desk, everybody), note if fitting.fits else ""))
    await note_announced(connection, [one.id for one in products], key)
    return made


def audience_of(fitting: Fitting) -> Audience:
    """The groups, by their ids; as somebody would write them."""
    return Audience(
        taken=tuple(sorted(group.id for group in fitting.groups)),
        written=" ".join(f"@{quoted(group.name)}" for group in fitting.groups),
    )
