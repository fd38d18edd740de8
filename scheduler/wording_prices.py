"""Prices in a text that are not those of the product they stand beside.

A price belongs to the product that is named last before it in the same sentence. What is taken
off (立减 20 元), a threshold (满 199 元), a deposit, postage, or the price of several pieces is no
price of the product.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

_PRICE = re.compile(
    r"(?:¥|rmb ?|cny ?)(?P<marked>\d{1,6}(?:\.\d{1,2})?)"
    r"|(?<![\d.])(?P<named>\d{1,6}(?:\.\d{1,2})?) ?(?:元|块(?!糖|肉|布|豆)|yuan)"
)
_SENTENCE_END = re.compile(r"[。!?;\n]")
_NO_PRICE_BEFORE = re.compile(
    r"(?:减|省|券|满|定金|返|运费|差价?|便宜|红包|补|退|抵|低了|降了?|押金|邮费|原价|日常价"
    r"|(?:[两二三四五六七八九十]|[2-9]|\d\d+)(?:件|盒|瓶|支|份|袋|只|包|套|个)(?:共|一共|合计|到手|只要|仅)?)"
    r"[:是了约共为]?\s?$"
)
_NO_PRICE_BEHIND = re.compile(
    r"(?:的)?(?:券|红包|优惠|代金|以上|定金|运费|起减|包邮|抵|门槛|无门槛)"
)
_LOOK_BACK = 8  # characters before a price that tell what it is


@dataclass(frozen=True, slots=True)
class WrongPrice:
    """A price, from `begin` to `end`, and what the product costs as people read it: `89`."""

    begin: int
    end: int
    expected: str


def wrong_prices(text: str, known: Mapping[str, Collection[Decimal]]) -> Iterator[WrongPrice]:
    """The prices beside a product that are none of its known ones; yuan, two decimals at most.

    Where the product's price is not known (an empty collection) nothing is wrong.
    """
    named = sorted(_named(text, known))
    for number, (_, end, name) in enumerate(named):
        following = named[number + 1][0] if number + 1 < len(named) else len(text)
        stop = _SENTENCE_END.search(text, end, following)
        yield from _wrong(text, end, stop.start() if stop else following, known[name])


def _named(text: str, known: Mapping[str, Collection[Decimal]]) -> Iterator[tuple[int, int, str]]:
    """Where products are named; of two that begin at one place the longer one."""
    names = sorted(filter(None, known), key=len, reverse=True)
    if not names:
        return
    for found in re.finditer("|".join(map(re.escape, names)), text):
        yield found.start(), found.end(), found.group()


def _wrong(text: str, begin: int, end: int, known: Collection[Decimal]) -> Iterator[WrongPrice]:
    if not known:
        return
    for found in _PRICE.finditer(text, begin, end):
        before = text[max(found.start() - _LOOK_BACK, 0) : found.start()]
        if _NO_PRICE_BEFORE.search(before) or _NO_PRICE_BEHIND.match(text, found.end()):
            continue
        if Decimal(found["marked"] or found["named"]) not in known:
            expected = " / ".join(f"{price.normalize():f}" for price in sorted(set(known)))
            yield WrongPrice(found.start(), found.end(), expected)
