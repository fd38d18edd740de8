"""Which products belong together: pairs and sets that are bought, or named, by the same people.

A basket is what one order holds, or what one fan names in a period (`named_baskets`). A set of
products is a bundle where enough baskets hold all of it, and more than chance explains:

- **support**: the share of all baskets that hold it (Agrawal, Imielinski and Swami, SIGMOD 1993);
  sets are grown product by product, and only from sets with enough support, since no set has more
  than its parts (Apriori: Agrawal and Srikant, VLDB 1994), and from pairs that belong together;
- **confidence**: of the baskets that hold the others, the share that also holds `adds`;
- **lift**: how many times more often `adds` is held with the others than by all: 1 says nothing;
- **chance**: how likely so many would be, were `adds` independent of the others (Fisher's exact
  test), and were it just one of so many things in baskets as large as theirs (Poisson): a large
  basket holds more of everything. Of the bundles told, one in twenty is chance on average.

Which baskets hold a product is one long number with a bit for each basket, so that looking at a
month's twenty thousand of them takes milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import combinations
from operator import or_

from insights.chance import believable, burst_tail, shared_tail
from insights.counted import as_bits, counted
from insights.days import AnalysedDay
from insights.lexicon import Lexicon

LARGEST = 3
"""Products in a bundle, at most: more than three are a shop's whole shelf."""

_LEAST_BASKETS = 3  # that hold a bundle, whatever the share: two are two
_LEAST_SUPPORT = 0.002  # of all baskets
_FALSE = 0.05  # share of the bundles told that chance brought
_MOST_PRODUCTS = 200  # those held by the most baskets: rare ones make no bundle


@dataclass(frozen=True, slots=True)
class Bundle:
    """Products that belong together: who takes the `others` takes `adds` as well."""

    others: tuple[str, ...]
    adds: str
    baskets: int
    support: float
    confidence: float
    lift: float
    chance: float

    @property
    def products(self) -> tuple[str, ...]:
        """All of them, in the order of their names."""
        return tuple(sorted((*self.others, self.adds)))


def find_bundles(baskets: Iterable[Collection[str]]) -> tuple[Bundle, ...]:
    """The bundles of these baskets, the highest lift first; each set of products once.

    Of the products of a set, `adds` is the one that the others bring along the most surely. How
    often one basket holds a product does not matter.
    """
    takers: dict[str, list[int]] = {}
    number = 0
    for number, basket in enumerate(baskets, 1):
        for product in frozenset(basket):
            takers.setdefault(product, []).append(number)
    held = {product: as_bits(taken) for product, taken in takers.items()}
    return _bundles(_Shelf(held, number))


def find_named_bundles(period: AnalysedDay, lexicon: Lexicon) -> tuple[Bundle, ...]:
    """The bundles of what members name in a period: `find_bundles` of `named_baskets`."""
    named = _named(period, lexicon)
    return _bundles(_Shelf(named, reduce(or_, named.values(), 0).bit_count()))


def named_baskets(period: AnalysedDay, lexicon: Lexicon) -> list[frozenset[str]]:
    """For each member who named a product in the period, all products they named."""
    terms, demands = counted(period.terms), counted(period.demands)
    baskets: dict[int, set[str]] = {}
    for term, thing in _naming(terms, lexicon):
        for member in terms.members(term):
            baskets.setdefault(member, set()).add(thing)
    for demand in demands:
        for member in demands.members(demand) if demand.thing else ():
            baskets.setdefault(member, set()).add(demand.thing)
    return [frozenset(baskets[member]) for member in sorted(baskets)]


def _named(period: AnalysedDay, lexicon: Lexicon) -> dict[str, int]:
    """Product → the members who named it, as bits."""
    terms, demands = counted(period.terms), counted(period.demands)
    named: dict[str, int] = {}
    for term, thing in _naming(terms, lexicon):
        named[thing] = named.get(thing, 0) | terms.bits(term)
    for demand in demands:
        if demand.thing:
            named[demand.thing] = named.get(demand.thing, 0) | demands.bits(demand)
    return named


def _naming(terms: Container[str], lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    """The terms that name a product, with the product."""
    for term, known in lexicon.terms.items():  # far fewer than people use
        if known.thing and term in terms:
            yield term, known.thing


class _Shelf:
    """Which baskets hold which products. A set of baskets is a number with a bit for each."""

    def __init__(self, held: Mapping[str, int], baskets: int) -> None:
        self.baskets = baskets
        self._all = held
        self.counts = {product: bits.bit_count() for product, bits in held.items()}
        self.sizes_together = sum(self.counts.values())
        self._beside: dict[tuple[str, ...], int] = {}
        most = sorted(held, key=lambda product: (-self.counts[product], product))
        self.products = sorted(
            product for product in most[:_MOST_PRODUCTS] if self.counts[product] >= self.least
        )

    @property
    def least(self) -> float:
        """Baskets that must hold a bundle."""
        return max(_LEAST_BASKETS, _LEAST_SUPPORT * self.baskets)

    def holding(self, products: Iterable[str]) -> int:
        """The baskets that hold all of these."""
        found = -1
        for product in products:
            found &= self._all[product]
        return found

    def beside(self, products: tuple[str, ...]) -> int:
        """How many products stand beside these in the baskets that hold all of them."""
        if products not in self._beside:
            held = self.holding(products)
            sizes = sum(
                (held & bits).bit_count() << power for power, bits in enumerate(self._sizes)
            )
            self._beside[products] = sizes - len(products) * held.bit_count()
        return self._beside[products]

    @cached_property
    def _sizes(self) -> list[int]:
        """The sizes of all baskets: the baskets whose size has bit 0, those that have bit 1..."""
        sizes: list[int] = []
        for held in self._all.values():
            carry = held
            for power, bits in enumerate(sizes):
                sizes[power], carry = bits ^ carry, bits & carry
            if carry:
                sizes.append(carry)
        return sizes


def _bundles(shelf: _Shelf) -> tuple[Bundle, ...]:
    bundles = _tested(shelf, combinations(shelf.products, 2))
    close: dict[str, set[str]] = {}
    for first, second in bundles:
        if bundles[first, second].chance <= _FALSE:
            close.setdefault(first, set()).add(second)
    for size in range(3, LARGEST + 1):
        grown = (
            (*known, product)
            for known in list(bundles)
            if len(known) == size - 1
            for product in set[str].intersection(*(close.get(one, set()) for one in known))
            if bundles[known].chance <= _FALSE
        )
        bundles |= _tested(shelf, sorted(grown))
    sure = believable({products: bundle.chance for products, bundle in bundles.items()}, _FALSE)
    found = [bundles[products] for products in sure if bundles[products].lift > 1.0]
    return tuple(sorted(found, key=lambda one: (-one.lift, -one.baskets, one.products)))


def _tested(shelf: _Shelf, sets: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], Bundle]:
    """The bundles of those sets that are held by enough baskets."""
    found = {}
    for products in sets:
        together = shelf.holding(products).bit_count()
        if together >= shelf.least:
            found[products] = _bundle(shelf, products, together)
    return found


def _bundle(shelf: _Shelf, products: tuple[str, ...], together: int) -> Bundle:
    def others_of(adds: str) -> tuple[str, ...]:
        return tuple(product for product in products if product != adds)

    if len(products) == 2:  # noqa: PLR2004 (a pair: the other one is all the others)
        held = dict(zip(products, map(shelf.counts.__getitem__, reversed(products)), strict=True))
    else:
        held = {adds: shelf.holding(others_of(adds)).bit_count() for adds in products}
    adds = min(products, key=lambda product: (held[product], product))
    others, added = others_of(adds), shelf.counts[adds]
    confidence = together / held[adds]
    return Bundle(
        others=others,
        adds=adds,
        baskets=together,
        support=together / shelf.baskets,
        confidence=confidence,
        lift=confidence / (added / shelf.baskets),
        chance=_chance(shelf, others, held[adds], added, together),
    )


def _chance(shelf: _Shelf, others: tuple[str, ...], held: int, added: int, together: int) -> float:
    """How likely chance is to bring so many; 1.0 where anybody sees that it is likely."""
    usual = held * added / shelf.baskets
    by_room = shelf.beside(others) * added / shelf.sizes_together
    most = max(usual, by_room)
    if together < most + math.sqrt(most):
        return 1.0
    return max(
        shared_tail(together, held, added, shelf.baskets), burst_tail(together, by_room, 1.0)
    )
