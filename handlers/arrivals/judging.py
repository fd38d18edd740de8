"""What of a feed is news, and what is not believed: a pure decision.

New is what neither its key nor its link is known by. A product that was sold out and is back, or
has another title, is the one it was. Three things are never acted on before a manager has looked:

    more new products in a day than a shop brings out, or mostly new ones  → the feed is held
    a feed that is suddenly empty                                          → the feed is held
    a price of nothing, far below or above the one before, in another      → that product waits
    currency, or a hundredth of what the shop's products usually cost

What is held changes nothing of what is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from statistics import median
from typing import Any

from handlers.arrivals.rules import ArrivalRules
from storage.products import Product, ProductState, Ware

_MOSTLY = 2  # one in so many are new: then the catalogue is another
_FEW = 10  # of so few products that says nothing
_RISES = 10  # times the price before
_OF_USUAL = 100  # the part of what products usually cost
_ENOUGH = 5  # prices that tell what is usual
_SAMPLE = 3


class Hold(StrEnum):
    """Why what a feed says is not believed."""

    MANY_NEW = "many_new"
    ANOTHER = "another"  # another catalogue
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Held:
    """A feed that is not believed: how many products it is about, and some by name."""

    why: Hold
    count: int
    sample: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """It as plain JSON."""
        return {"why": self.why, "count": self.count, "sample": list(self.sample)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Held:
        """What `to_json` wrote."""
        return cls(Hold(document["why"]), document["count"], tuple(document["sample"]))


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of what a feed says.

    `fresh` are products that nobody knew, with what they are from now on; of those in `strange`
    (their keys) the price is not believed. `changed` are known ones as they are now, `cheaper` the
    ids of those that cost less, and `doubts` the ids of those that stay as they were, with the
    price that is not believed. Of what is `held`, `unbelieved` are the products that nobody knew.
    """

    fresh: tuple[tuple[Ware, ProductState], ...] = ()
    strange: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[int, Ware] = field(default_factory=dict)
    cheaper: tuple[int, ...] = ()
    doubts: Mapping[int, str] = field(default_factory=dict)
    held: Held | None = None
    unbelieved: tuple[Ware, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before: the source's products by key, links of any source, new ones of a day.

    `baseline` says that the source is read for the first time, or that a manager said to take it
    as it is: then everything is known, and nothing is news.
    """

    products: Mapping[str, Product]
    links: Collection[str] = ()
    new_today: int = 0
    baseline: bool = False


def judge(wares: Sequence[Ware], known: Known, rules: ArrivalRules, *, whole: bool) -> Judged:
    """What becomes of these products of a source.

    Args:
        wares: what it says, each key once.
        known: what was known before.
        rules: what the shop believes.
        whole: whether that is everything there is in the source now.
    """
    if known.baseline:
        return _baseline(wares, known)
    unknown = [one for one in wares if one.key not in known.products]
    new = [one for one in unknown if one.link not in known.links or not one.link]
    held = _held(wares, new, known, rules, whole=whole)
    if held is not None:
        return Judged(held=held, unbelieved=tuple(new))
    usual = _usual(known.products.values())
    told = [(one, known.products[one.key]) for one in wares if one.key in known.products]
    current = [(one, before) for one, before in told if not _is_older(one, before)]
    wrong = {
        before.id: price_text(one)
        for one, before in current
        if is_doubtful(one, before, usual, rules)
    }
    changed = {
        before.id: one
        for one, before in current
        if before.id not in wrong and (one != before.ware or before.doubt is not None)
    }
    fresh = [(one, ProductState.NEW) for one in new]
    fresh += [(one, ProductState.KNOWN) for one in unknown if one not in new]
    return Judged(
        fresh=tuple(fresh),
        strange={one.key: price_text(one) for one in new if is_doubtful(one, None, usual, rules)},
        changed=changed,
        cheaper=tuple(
            before.id for one, before in current if before.id in changed and is_cheaper(one, before)
        ),
        doubts={
            before.id: wrong[before.id]
            for _, before in current
            if before.id in wrong and before.doubt != wrong[before.id]
        },
    )


def is_doubtful(
    ware: Ware, before: Product | None, usual: Decimal | None, rules: ArrivalRules
) -> bool:
    """Whether a price is none that a shop would mean.

    Args:
        ware: the product as its source tells of it now.
        before: as it was, if it is known.
        usual: what half of the shop's products cost at most; None: nobody knows.
        rules: what the shop believes.
    """
    price = ware.price
    if price is None:
        return False
    if price <= 0:
        return True
    believed = None if before is None or _was_strange(before) else before.ware.price
    if before is not None and believed is not None:
        if ware.currency != before.ware.currency:
            return True
        return price < believed * (1 - rules.largest_drop) or price > believed * _RISES > 0
    return usual is not None and price * _OF_USUAL < usual


def price_text(ware: Ware) -> str:
    """A price as it is kept and told: `199.00 CNY`; empty for none."""
    return "" if ware.price is None else f"{ware.price} {ware.currency}"


def price_meant(text: str) -> tuple[Decimal, str]:
    """The price and its currency in what `price_text` wrote."""
    price, currency = text.split()
    return Decimal(price), currency


def _was_strange(before: Product) -> bool:
    """Whether the price before was itself never believed: that of a new product."""
    return before.state is ProductState.NEW and before.doubt is not None


def _baseline(wares: Iterable[Ware], known: Known) -> Judged:
    current = [(one, known.products.get(one.key)) for one in wares]
    return Judged(
        fresh=tuple((one, ProductState.KNOWN) for one, before in current if before is None),
        changed={
            before.id: one
            for one, before in current
            if before is not None and (one != before.ware or before.doubt is not None)
        },
    )


def _held(
    wares: Sequence[Ware],
    new: Sequence[Ware],
    known: Known,
    rules: ArrivalRules,
    *,
    whole: bool,
) -> Held | None:
    sample = tuple(one.title for one in new[:_SAMPLE])
    if whole and not wares and known.products:
        return Held(Hold.EMPTY, len(known.products))
    if new and known.new_today + len(new) > rules.most_new:
        return Held(Hold.MANY_NEW, len(new), sample)
    if whole and len(wares) >= _FEW and len(new) * _MOSTLY > len(wares):
        return Held(Hold.ANOTHER, len(new), sample)
    return None


def _is_older(ware: Ware, before: Product) -> bool:
    """Whether a source tells of a product as it was before what is known: a push that came late."""
    newest = before.ware.changed_at
    return ware.changed_at is not None and newest is not None and ware.changed_at < newest


def is_cheaper(ware: Ware, before: Product) -> bool:
    """Whether a product can be had now, for less than people saw it cost."""
    price, known = ware.price, before.seen_price
    return price is not None and known is not None and price < known and ware.available


def _usual(products: Iterable[Product]) -> Decimal | None:
    prices = [
        one.ware.price
        for one in products
        if one.ware.price is not None and one.ware.price > 0 and not _was_strange(one)
    ]
    return median(prices) if len(prices) >= _ENOUGH else None
