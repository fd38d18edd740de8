"""What words mean in a fan group: aspects, judgements, and the small words that steer them.

`lexicon.toml` holds what every fan group says, `trades/` what belongs to one trade; `Lexicon` is
these files as a frozen value, which a shop's own words extend (`with_words` from a file of the same
form, `with_aspect`, `with_thing`, `with_terms`, `without`): each gives a new lexicon and leaves the
old one alone. `teaching` is how a shop says what a word is to count as. One word can mean several
things at once (快递 is an aspect and can be asked for), so all that is known of it stands in one
`Term`. `clauses` looks the terms up.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from insights.normalise import normalise
from storage.errors import UnderstandingError

WHOLE = "整体"
"""The aspect, and the category, of a judgement on the whole thing."""

TRADES = ("cosmetics", "food", "clothes", "digital", "household", "mother_and_baby")
"""The trades whose words ship with the bot, one file of `trades/` each."""


class LexiconUnreadable(UnderstandingError):
    """A lexicon file has another shape than ours."""

    number = 201
    sentence = "The lexicon {place} cannot be read: {reason}."
    mend = "Compare it with insights/lexicon.toml, which shows every table."


class Role(StrEnum):
    """How a small word steers the words around it."""

    NEGATION = "negation"
    STRONG = "strong"
    WEAK = "weak"
    CONTRAST = "contrast"
    WORRY = "worry"
    CONDITION = "condition"
    WISH = "wish"
    QUESTION = "question"
    WHY = "why"
    OBJECT = "object"  # a judgement whose aspect stands behind it
    PLAIN = "plain"  # looks like another term inside, and is none
    DENIAL = "denial"  # 谁说不好用
    SCORN = "scorn"  # 这也能叫滋润
    IRONY = "irony"  # 呵呵
    COMPLAINT = "complaint"  # 怎么又没货
    REGRET = "regret"  # 要是瓶子再大点就好了
    BEATEN = "beaten"  # 不如旧版清爽
    THEIRS = "theirs"  # what we are compared with, where it leads the clause: 旧版更清爽
    OURS = "ours"  # 旧版比这个清爽
    ALIKE = "alike"  # 跟旧版差不多
    DIFFERS = "differs"  # 跟图片不一样


class DemandKind(StrEnum):
    """What fans can ask a shop for."""

    GROUP_BUY = "group_buy"
    AFTER_SALE = "after_sale"
    RESTOCK = "restock"
    USAGE = "usage"
    DELIVERY = "delivery"
    NEW_PRODUCT = "new_product"
    PRICE = "price"


class Taught(StrEnum):
    """What a word counts as because the shop says so."""

    LIKE = "like"
    DISLIKE = "dislike"
    MIND = "mind"
    CARE = "care"
    NOTHING = "nothing"  # it judges nothing


@dataclass(frozen=True, slots=True)
class Term:
    """All that is known of one word."""

    aspect: str = ""  # the aspect it names
    second: str = ""  # what it names in another trade: 味道 is 气味, and of food 口感
    polarity: int = 0  # 1 or -1 when it judges
    speaks_of: str = ""  # the aspect that its judgement is about, where it says so by itself
    whole: bool = False  # its judgement is on the whole thing where no aspect is named
    risk: bool = False  # what people are afraid of
    own: bool = False  # the shop itself says how it judges: no model overrules that
    # What it counts as about an aspect, or about any other ("").
    taught: tuple[tuple[str, Taught], ...] = ()
    feeling: int = 0  # 1 or -1: colours the text without judging an aspect
    thing: str = ""  # the product it names
    always: DemandKind | None = None  # asked for wherever the word stands
    asked: DemandKind | None = None  # asked for in a question or a wish
    roles: frozenset[Role] = frozenset()

    def taught_about(self, aspect: str) -> Taught | None:
        """What the shop says the word counts as about an aspect; None where it says nothing."""
        said = dict(self.taught)
        return said.get(aspect, said.get(""))


_NOTHING = Term()


@dataclass(frozen=True)
class Lexicon:
    """Words and their meanings. Build one with `standard_lexicon` and extend it.

    `terms` maps words in normal form to what is known of them; `categories` maps each aspect's
    name to its category.
    """

    terms: Mapping[str, Term] = field(default_factory=dict, repr=False)
    categories: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def lengths(self) -> Mapping[str, tuple[int, ...]]:
        """First character → lengths of the terms that begin with it, longest first."""
        lengths: dict[str, set[int]] = {}
        for word in self.terms:
            lengths.setdefault(word[0], set()).add(len(word))
        return {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}

    @cached_property
    def version(self) -> str:
        """Changes whenever a word or its meaning does."""
        lines = [f"{word} {_signature(self.terms[word])}" for word in sorted(self.terms)]
        lines += [f"{aspect} {self.categories[aspect]}" for aspect in sorted(self.categories)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]

    def aspect_called(self, word: str) -> str:
        """The aspect that a word names; empty where it names none."""
        return word if word in self.categories else self.terms.get(normalise(word), _NOTHING).aspect

    def category(self, aspect: str) -> str:
        """The category of an aspect; an aspect without one is its own."""
        return self.categories.get(aspect, aspect)

    def with_words(self, text: str, place: str) -> Lexicon:
        """Know a shop's own words too, written in TOML in the form of `lexicon.toml`.

        They win over what was known; `place` names the file in errors.

        Raises:
            LexiconUnreadable: it is no TOML, or has another form.
        """
        draft = _Draft(self)
        draft.read(text, place, own=True)
        return draft.finish()

    def with_aspect(self, aspect: str, category: str, words: Iterable[str] = ()) -> Lexicon:
        """Know `aspect` by its own name and by `words`."""
        draft = _Draft(self)
        draft.aspect(aspect, category, words)
        return draft.finish()

    def with_thing(self, thing: str, words: Iterable[str] = ()) -> Lexicon:
        """Know a product by its own name and by `words`."""
        return self.with_things({thing: words})

    def with_things(self, things: Mapping[str, Iterable[str]]) -> Lexicon:
        """Know products, each by its own name and by its words."""
        draft = _Draft(self)
        for thing, words in things.items():
            draft.thing(thing, words)
        return draft.finish()

    def with_terms(self, terms: Mapping[str, Term], but: Iterable[str] = ()) -> Lexicon:
        """Know these words, in normal form, as they are given here; and nothing of `but`."""
        draft = _Draft(self)
        draft.terms.update(terms)
        for word in but:
            del draft.terms[word]
        return draft.finish()

    def without(self, word: str) -> Lexicon:
        """Know nothing of `word`."""
        left = {known: term for known, term in self.terms.items() if known != normalise(word)}
        return Lexicon(left, self.categories)


class _Draft:
    """A lexicon while it is being written."""

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self.terms: dict[str, Term] = dict(lexicon.terms) if lexicon else {}
        self.categories: dict[str, str] = dict(lexicon.categories) if lexicon else {}

    def add(self, word: str, **knowledge: Any) -> None:
        """Add to what is known of a word; blank words are passed over."""
        key = normalise(word)
        if key:
            self.terms[key] = replace(self.terms.get(key, Term()), **knowledge)

    def role(self, word: str, role: Role) -> None:
        """Give a word one more role."""
        known = self.terms.get(normalise(word), Term())
        self.add(word, roles=known.roles | {role})

    def read(self, text: str, place: str, *, own: bool = False) -> None:
        """Take over a file. What is known of a word before stays, unless the file is the shop's.

        Raises:
            LexiconUnreadable: it is no TOML, or has another form than `lexicon.toml`.
        """
        try:
            self._take_over(tomllib.loads(text), own=own)
        except (tomllib.TOMLDecodeError, AttributeError, TypeError, ValueError) as error:
            raise LexiconUnreadable(place=place, reason=str(error)) from error

    def _take_over(self, tables: Mapping[str, Any], *, own: bool) -> None:
        known = {} if own else dict(self.terms)
        for category, aspects in tables.get("aspects", {}).items():
            for aspect, words in aspects.items():
                self.aspect(aspect, category, words, known)
        # Later tables win: what is feared is known as a risk, even if it is a plain dislike too.
        for table, polarity in (("positive", 1), ("negative", -1), ("risks", -1)):
            for row, words in tables.get(table, {}).items():
                unknown = [w for w in words if not known.get(normalise(w), _NOTHING).polarity]
                self.judgements(row, unknown, polarity, risk=table == "risks", own=own)
        for role, words in tables.get("roles", {}).items():
            for word in words:
                self.role(word, Role(role))
        feelings = tables.get("feelings", {})
        for word in feelings.get("positive", ()):
            self.add(word, feeling=1)
        for word in feelings.get("negative", ()):
            self.add(word, feeling=-1)
        for thing, words in tables.get("things", {}).items():
            self.thing(thing, words, known)
        self.demands(tables.get("demands", {}))

    def aspect(
        self,
        aspect: str,
        category: str,
        words: Iterable[str],
        known: Mapping[str, Term] = MappingProxyType({}),
    ) -> None:
        """Name an aspect, its category and its words; a `known` word gets a second meaning."""
        if aspect not in self.categories or not known:
            self.categories[aspect] = category
        for word in (aspect, *words):
            first = known.get(normalise(word), _NOTHING).aspect
            if not known:
                self.add(word, aspect=aspect, second="", polarity=0)
            elif not first:
                self.add(word, aspect=aspect)
            elif first != aspect:
                self.add(word, second=aspect)

    def thing(
        self,
        thing: str,
        words: Iterable[str],
        known: Mapping[str, Term] = MappingProxyType({}),
    ) -> None:
        """Name a product and its words, but for those that are `known` to name one."""
        for word in (thing, *words):
            if not known.get(normalise(word), _NOTHING).thing:
                self.add(word, thing=thing)

    def judgements(
        self, row: str, words: Iterable[str], polarity: int, *, risk: bool, own: bool
    ) -> None:
        """Let words judge; the row they stand in is named for the aspect they speak of."""
        speaks_of = "" if row in ("general", "whole") else row
        whole = row == "whole"
        for word in words:
            self.add(word, polarity=polarity, speaks_of=speaks_of, whole=whole, risk=risk, own=own)

    def demands(self, table: Mapping[str, Mapping[str, list[str]]]) -> None:
        """Take over the demands; the kind that stands first wins a word."""
        for kind in reversed(DemandKind):
            rows = table.get(kind, {})
            for word in rows.get("asked", ()):
                self.add(word, asked=kind)
            for word in rows.get("always", ()):
                self.add(word, always=kind)

    def finish(self) -> Lexicon:
        """The lexicon, with every phrase that asks for something knowing what is said in it.

        The longest term wins when a text is read, so 有没有小样 would hide the 小样 inside it, and
        怎么还没到 the complaint.
        """
        for phrase in [word for word, term in self.terms.items() if term.always or term.asked]:
            self.terms[phrase] = _with_parts(self.terms[phrase], self._parts(phrase))
        return Lexicon(self.terms, self.categories)

    def _parts(self, phrase: str) -> list[Term]:
        """The terms inside a phrase: the leftmost first, of these the longest.

        Of single characters only the last, and those that ask: 几 in 敷几次.
        """
        longer = [
            self.terms[phrase[start:end]]
            for start in range(len(phrase) - 1)
            for end in range(len(phrase), start + 1, -1)
            if end - start < len(phrase) and phrase[start:end] in self.terms
        ]
        single = [self.terms.get(one, _NOTHING) for one in phrase if len(phrase) > 1]
        return [*longer, *single[-1:], *(one for one in single if Role.QUESTION in one.roles)]


def _with_parts(term: Term, parts: list[Term]) -> Term:
    asking = {Role.QUESTION, Role.WHY}
    judging = next((part for part in parts if part.polarity), term)
    judges = term if term.polarity or term.own else judging
    if not term.own:  # what the shop says of a word holds in a phrase as well
        judges = next((part for part in parts if part.own), judges)
    return replace(
        term,
        aspect=term.aspect or next((part.aspect for part in parts if part.aspect), ""),
        thing=term.thing or next((part.thing for part in parts if part.thing), ""),
        polarity=judges.polarity,
        speaks_of=judges.speaks_of,
        whole=judges.whole,
        risk=judges.risk,
        own=judges.own,
        taught=judges.taught,
        roles=term.roles.union(*(part.roles & asking for part in parts)),
    )


def standard_lexicon(trades: Iterable[str] = TRADES) -> Lexicon:
    """The lexicon that ships with the bot, with the words of these trades.

    Where trades disagree on a word, the one that stands first wins: 味道 is 气味 in cosmetics and
    口感 in food.

    Raises:
        ValueError: a trade is none of `TRADES`.
    """
    return _of_trades(tuple(trades))


@lru_cache(maxsize=len(TRADES))
def _of_trades(trades: tuple[str, ...]) -> Lexicon:
    if unknown := [trade for trade in trades if trade not in TRADES]:
        raise ValueError(f"a trade is one of {', '.join(TRADES)}, not {unknown[0]}")
    files = ("lexicon.toml", *(f"trades/{trade}.toml" for trade in trades))
    folder = resources.files(__package__)
    return _read((folder.joinpath(name).read_text("utf-8"), f"insights/{name}") for name in files)


def _read(files: Iterable[tuple[str, str]]) -> Lexicon:
    draft = _Draft()
    for text, place in files:
        draft.read(text, place)
    return draft.finish()


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """Words that say nothing about what a group talks about."""
    text = resources.files(__package__).joinpath("stopwords.txt").read_text("utf-8")
    return frozenset(
        word for line in text.splitlines() if not line.startswith("#") for word in line.split()
    )


def _signature(term: Term) -> str:
    roles = ",".join(sorted(term.roles))
    parts = (term.aspect, term.second, term.polarity, term.speaks_of, term.whole, term.risk)
    more = (term.own, term.taught, term.feeling, term.thing, term.always, term.asked)
    return f"{parts} {more} {roles}"
