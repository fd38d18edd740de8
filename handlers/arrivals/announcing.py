"""Announces what is new, once: a post about one product, or a list where there are many.

What is found within a while is gathered, so that groups hear of new things a few times a day at
most. A product that is sold out, or whose price is not believed, waits. Where the shop wants it,
old customers hear of it in private before the groups do, perhaps with a coupon each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import quoted
from handlers.arrivals.campaigns import Wanted, make, tell_of
from handlers.arrivals.fitting import Fitting, fitting_groups
from handlers.arrivals.words import announcement, early_word, name_of
from handlers.coupon_names import plainly
from handlers.coupon_texts import Settled, naming, settled
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
        early = await _early(connection, desk)
    if not ready or (last is not None and now - last < rules.apart):
        return []
    posts = [ready] if len(ready) >= rules.digest_from else [[one] for one in ready]
    made: list[tuple[int, str]] = []
    for products in posts:
        fitting = await fitting_groups(desk, [one.ware for one in products])
        if not fitting.groups:
            continue  # the bot is in no group yet: they wait
        regulars = await _to_regulars(desk, products, early) if early else None
        async with desk.database.writing() as connection:
            made += await _announce(connection, desk, products, fitting, regulars)
            await note_done(connection, _CHORE, now)
    for number, note in made:
        await tell_of(desk, number, note)
    return [number for number, _ in made]


def _is_ready(product: Product) -> bool:
    return product.ware.available and product.doubt is None


async def _early(connection: AsyncConnection, desk: Desk) -> timedelta:
    """How long before the groups old customers hear of it; no time where there is none of them."""
    rules = desk.shop.arrivals
    carried = await tag_counts(connection, desk.clock.now()) if rules.early else []
    return rules.early if any(tag == rules.regulars for tag, _ in carried) else timedelta(0)


@dataclass(frozen=True, slots=True)
class _Before:
    """What old customers are told, so long before the groups, with a note for the managers."""

    early: timedelta
    body: dict[str, Any]
    note: str


async def _to_regulars(desk: Desk, products: Sequence[Product], early: timedelta) -> _Before:
    """The words to old customers; without the shop's own where no coupon can be given with them."""
    words = desk.shop.arrivals.early_words
    found = await settled(desk, _early_body(desk, products, early, words))
    if isinstance(found, Settled):
        return _Before(early, found.body, "\n".join(found.lines))
    note = desk.say("老客那条没有带上“{words}”：{why}", words=words, why=found.content.text)
    return _Before(early, _early_body(desk, products, early, ""), note)


def _early_body(
    desk: Desk, products: Sequence[Product], early: timedelta, words: str
) -> dict[str, Any]:
    plain, batch = plainly(words)
    content, variables = early_word(desk.say, products, early, plain)
    return naming(personal_body(content, variables) | wares_part(products), batch)


async def _announce(
    connection: AsyncConnection,
    desk: Desk,
    products: Sequence[Product],
    fitting: Fitting,
    before: _Before | None,
) -> list[tuple[int, str]]:
    """The campaigns about these products, each by its number with a note for the managers."""
    now, rules, say = desk.clock.now(), desk.shop.arrivals, desk.say
    key, name = f"arrivals:{products[0].id}", name_of(say, products)
    made = []
    if before is not None:
        regulars = Wanted(
            key=f"{key}:early",
            name=say("{name}（老客先看）", name=name),
            at=now,
            audience=Audience(
                segment=Segment.carrying(rules.regulars),
                written=f"@{quoted(say('标签:{tag}', tag=rules.regulars))}",
            ),
            body=before.body,
            valid_for=before.early,  # later it would not be before the others
        )
        made.append((await make(connection, desk, regulars), before.note))
    everybody = Wanted(
        key=key,
        name=name,
        at=now if before is None else now + before.early,
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
