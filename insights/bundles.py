"""Which products belong together: pairs and sets that are bought, or named, by the same people.

A basket is what one order holds, or what one fan names in a period (`named_baskets`). A set of
products is a bundle where enough baskets hold all of it, and more than chance explains:

- **support**: the share of all baskets that hold it (Agrawal, Imielinski and Swami, SIGMOD 1993);
  sets are grown product by product, and only from sets with enough support, since no set has more
  than its parts (Apriori: Agrawal and Srikant, VLDB 1994);
- **confidence**: of the baskets that hold the others, the share that also holds `adds`;
- **lift**: how many times more often `adds` is held with the others than by all: 1 says nothing;
- **chance**: how likely so many would be, were `adds` independent of the others (Fisher's exact
  test), and were it just one of so many things in baskets as large as theirs (Poisson): a large
  basket holds more of everything. Of the bundles told, one in twenty is chance on average.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from insights.chance import believable, burst_tail, shared_tail
from insights.days import AnalysedDay
from insights.lexicon import Lexicon

LARGEST = 3
"""Products in a bundle, at most: more than three are a shop's whole shelf."""

_LEAST_BASKETS = 3  # that hold a bundle, whatever the share: two are two
_LEAST_SUPPORT = 0.002  # of all baskets
_FALSE = 0.05  # share of the bundles told that chance brought
_MOST_PRODUCTS = 500


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
    held = [frozenset(basket) for basket in baskets]
    whole = _Held(len(held), sum(map(len, held)))
    sets = _frequent_sets(held, max(_LEAST_BASKETS, _LEAST_SUPPORT * len(held)))
    bundles = {products: _bundle(products, sets, whole) for products in sets if len(products) > 1}
    sure = believable({products: bundle.chance for products, bundle in bundles.items()}, _FALSE)
    found = [bundles[products] for products in sure if bundles[products].lift > 1.0]
    return tuple(sorted(found, key=lambda one: (-one.lift, -one.baskets, one.products)))


def named_baskets(period: AnalysedDay, lexicon: Lexicon) -> list[frozenset[str]]:
    """For each member who named a product in the period, all products they named."""
    named: dict[int, set[str]] = {}
    for term, tally in period.terms.items():
        known = lexicon.terms.get(term)
        if known is not None and known.thing:
            for member in tally.members:
                named.setdefault(member, set()).add(known.thing)
    for demand, tally in period.demands.items():
        if demand.thing:
            for member in tally.members:
                named.setdefault(member, set()).add(demand.thing)
    return [frozenset(named[member]) for member in sorted(named)]


@dataclass(slots=True)
class _Held:
    """How many baskets hold a set, and how many products they hold beside it, summed up."""

    baskets: int = 0
    beside: int = 0


def _frequent_sets(
    baskets: Sequence[frozenset[str]], least: float
) -> Mapping[tuple[str, ...], _Held]:
    """The sets of up to `LARGEST` products that are held by `least` baskets or more."""
    known: dict[tuple[str, ...], _Held] = {}
    useful = {product for basket in baskets for product in basket}
    for size in range(1, LARGEST + 1):
        found: dict[tuple[str, ...], _Held] = {}
        for basket in baskets:
            for products in combinations(sorted(basket & useful), size):
                if size == 1 or all(part in known for part in combinations(products, size - 1)):
                    held = found.setdefault(products, _Held())
                    held.baskets += 1
                    held.beside += len(basket) - size
        often = [products for products, held in found.items() if held.baskets >= least]
        often.sort(key=lambda products: (-found[products].baskets, products))
        # The most held products alone are looked at further: rare ones make no bundle.
        often = often[:_MOST_PRODUCTS] if size == 1 else often
        known |= {products: found[products] for products in often}
        useful = {product for products in often for product in products}
    return known


def _bundle(
    products: tuple[str, ...], sets: Mapping[tuple[str, ...], _Held], whole: _Held
) -> Bundle:
    together = sets[products].baskets

    def confidence(adds: str) -> float:
        return together / sets[tuple(one for one in products if one != adds)].baskets

    adds = min(products, key=lambda product: (-confidence(product), product))
    others = tuple(product for product in products if product != adds)
    added, beside = sets[adds,].baskets, sets[others].beside
    independent = shared_tail(together, sets[others].baskets, added, whole.baskets)
    by_room = burst_tail(together, beside * added / whole.beside, 1.0)
    return Bundle(
        others=others,
        adds=adds,
        baskets=together,
        support=together / whole.baskets,
        confidence=confidence(adds),
        lift=confidence(adds) / (added / whole.baskets),
        chance=max(independent, by_room),
    )
