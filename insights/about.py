"""Who speaks about one thing, of all that a report counts: an aspect, a category, a term, a demand.

A figure of a report is a tally under one key. Whoever asks about "气味" by name may mean the
aspect, the category, the term and the product that is asked for, all at once; here they become one
tally. `speaks_about` tells the same of a single message.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator
from operator import itemgetter

from insights.days import QUOTES, AnalysedDay, AspectStance, Tally
from insights.demands import Demand
from insights.lexicon import DemandKind, Lexicon
from insights.normalise import normalise
from insights.opinions import Stance
from insights.terms import read_terms
from insights.understanding import Understanding


def names_of(thing: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The names under which a thing is counted: as written, and what that word is a name of.

    香味 is counted as the aspect 气味 too, 霜霜 as the product 面霜.
    """
    word = normalise(thing)
    known = lexicon.terms.get(word)
    others = () if known is None else (known.aspect, known.second, known.thing)
    return tuple(dict.fromkeys(name for name in (thing, word, *others) if name))


def may_be_category(names: Collection[str], lexicon: Lexicon) -> bool:
    """Whether names may mean a whole category: not where one of them is an aspect.

    功效 is an aspect in a category of the same name, to which 美白 belongs as well.
    """
    return lexicon.categories.keys().isdisjoint(names)


def tallies_about(
    day: AnalysedDay,
    thing: str | Collection[str],
    stance: Stance | None = None,
    *,
    kind: DemandKind | None = None,
    categories: bool = True,
) -> Tally:
    """Who spoke about a thing in a day or period, and their newest messages.

    Args:
        day: what was understood.
        thing: its name, or several names of it (`names_of`); none: with `kind`, whatever is asked
            for.
        stance: only aspects and categories, seen this way; None: however it is spoken of.
        kind: only what is asked for in this way, of the product `thing`.
        categories: whether the names may be those of categories (`may_be_category`).

    Returns:
        One tally. Whoever is counted under several keys has the highest of their counts: the
        same messages stand behind them as a rule.
    """
    names = _names(thing)
    return _together(_tallies(day, names, stance, kind, categories=categories))


def speaks_about(
    read: Understanding,
    thing: str | Collection[str],
    stance: Stance | None = None,
    *,
    kind: DemandKind | None = None,
    categories: bool = True,
) -> bool:
    """Whether one text speaks about a thing, by the rule of `tallies_about`."""
    names = _names(thing)
    said = (AspectStance(one.aspect, one.category, one.stance) for one in read.opinions)
    if kind is None and any(_is_aspect(one, names, stance, categories) for one in said):
        return True
    if stance is not None:
        return False
    if any(_is_demand(one, names, kind) for one in read.demands):
        return True
    return kind is None and not names.isdisjoint(read_terms(read.tagged))


def _names(thing: str | Collection[str]) -> frozenset[str]:
    names = (thing,) if isinstance(thing, str) else thing
    return frozenset(name for name in names if name)


def _tallies(
    day: AnalysedDay,
    names: frozenset[str],
    stance: Stance | None,
    kind: DemandKind | None,
    *,
    categories: bool,
) -> Iterator[Tally]:
    # Keys first: a tally may have to be unpacked.
    if kind is None:
        meant = (one for one in day.aspects if _is_aspect(one, names, stance, categories))
        yield from (day.aspects[one] for one in meant)
    if stance is None:
        yield from (day.demands[one] for one in day.demands if _is_demand(one, names, kind))
    if stance is None and kind is None:
        yield from (day.terms[name] for name in names if name in day.terms)


def _is_aspect(
    one: AspectStance,
    names: frozenset[str],
    stance: Stance | None,
    categories: bool,  # noqa: FBT001 (as of `tallies_about`)
) -> bool:
    named = one.aspect in names or (categories and one.category in names)
    return named and stance in (None, one.stance)


def _is_demand(one: Demand, names: frozenset[str], kind: DemandKind | None) -> bool:
    if kind is None:
        return one.thing in names
    return one.kind is kind and (not names or one.thing in names)


def _together(tallies: Iterable[Tally]) -> Tally:
    members: dict[int, int] = {}
    latest: dict[int, int] = {}
    for tally in tallies:
        for member, count in tally.members.items():
            members[member] = max(count, members.get(member, 0))
        for member, message in tally.quotes.items():
            latest[member] = max(message, latest.get(member, message))
    return Tally(members, dict(heapq.nlargest(QUOTES, latest.items(), key=itemgetter(1, 0))))
