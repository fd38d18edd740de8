"""What words mean in a fan group: aspects, judgements, and the small words that steer them.

`lexicon.toml` holds the words; `Lexicon` is that file as a frozen value, which a shop's own words
extend (`with_aspect`, `with_opinion`, `with_thing`, `without`): each gives a new lexicon and
leaves the old one alone. One word can mean several things at once (快递 is an aspect and can be
asked for), so all that is known of it stands in one `Term`. `clauses` looks the terms up.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

from insights.normalise import normalise
from storage.errors import UnderstandingError

WHOLE = "整体"
"""The aspect, and the category, of a judgement on the whole thing."""


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


class DemandKind(StrEnum):
    """What fans can ask a shop for."""

    GROUP_BUY = "group_buy"
    AFTER_SALE = "after_sale"
    RESTOCK = "restock"
    USAGE = "usage"
    DELIVERY = "delivery"
    NEW_PRODUCT = "new_product"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Term:
    """All that is known of one word."""

    aspect: str = ""  # the aspect it names
    polarity: int = 0  # 1 or -1 when it judges
    speaks_of: str = ""  # the aspect that its judgement is about, where it says so by itself
    whole: bool = False  # its judgement is on the whole thing where no aspect is named
    risk: bool = False  # what people are afraid of
    feeling: int = 0  # 1 or -1: colours the text without judging an aspect
    thing: str = ""  # the product it names
    always: DemandKind | None = None  # asked for wherever the word stands
    asked: DemandKind | None = None  # asked for in a question or a wish
    roles: frozenset[Role] = frozenset()


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

    def category(self, aspect: str) -> str:
        """The category of an aspect; an aspect without one is its own."""
        return self.categories.get(aspect, aspect)

    def with_aspect(self, aspect: str, category: str, words: Iterable[str] = ()) -> Lexicon:
        """Know `aspect` by its own name and by `words`."""
        draft = _Draft(self)
        draft.aspect(aspect, category, words)
        return draft.finish()

    def with_opinion(
        self, word: str, polarity: int, *, aspect: str = "", risk: bool = False
    ) -> Lexicon:
        """Let `word` judge: 1 for well, -1 for badly, on `aspect` where one is given.

        What was known of the word's judgement before is replaced.

        Raises:
            ValueError: the polarity is neither 1 nor -1.
        """
        if polarity not in (1, -1):
            raise ValueError(f"polarity is 1 or -1, not {polarity}")
        draft = _Draft(self)
        draft.add(word, polarity=polarity, speaks_of=aspect, risk=risk, whole=False)
        return draft.finish()

    def with_thing(self, thing: str, words: Iterable[str] = ()) -> Lexicon:
        """Know a product by its own name and by `words`."""
        draft = _Draft(self)
        draft.thing(thing, words)
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

    def aspect(self, aspect: str, category: str, words: Iterable[str]) -> None:
        """Name an aspect, its category and its words."""
        self.categories[aspect] = category
        for word in (aspect, *words):
            self.add(word, aspect=aspect)

    def thing(self, thing: str, words: Iterable[str]) -> None:
        """Name a product and its words."""
        for word in (thing, *words):
            self.add(word, thing=thing)

    def judgements(self, rows: Mapping[str, list[str]], *, polarity: int, risk: bool) -> None:
        """Take over one table of judgements; its rows are named for aspects."""
        for row, words in rows.items():
            speaks_of = "" if row in ("general", "whole") else row
            for word in words:
                self.add(
                    word,
                    polarity=polarity,
                    speaks_of=speaks_of,
                    whole=row == "whole",
                    risk=risk,
                )

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
        """The terms inside a phrase: the leftmost first, of these the longest."""
        return [
            self.terms[phrase[start:end]]
            for start in range(len(phrase) - 1)
            for end in range(len(phrase), start + 1, -1)
            if end - start < len(phrase) and phrase[start:end] in self.terms
        ] + [self.terms[last] for last in phrase[-1:] if last in self.terms and len(phrase) > 1]


def _with_parts(term: Term, parts: list[Term]) -> Term:
    asking = {Role.QUESTION, Role.WHY}
    judging = next((part for part in parts if part.polarity), term)
    judges = term if term.polarity else judging
    return replace(
        term,
        aspect=term.aspect or next((part.aspect for part in parts if part.aspect), ""),
        thing=term.thing or next((part.thing for part in parts if part.thing), ""),
        polarity=judges.polarity,
        speaks_of=judges.speaks_of,
        whole=judges.whole,
        risk=judges.risk,
        roles=term.roles.union(*(part.roles & asking for part in parts)),
    )


def read_lexicon(text: str, place: str) -> Lexicon:
    """The lexicon written in TOML; `place` names it in errors.

    Raises:
        LexiconUnreadable: it is no TOML, or has another shape than `lexicon.toml`.
    """
    draft = _Draft()
    try:
        tables = tomllib.loads(text)
        for category, aspects in tables.get("aspects", {}).items():
            for aspect, words in aspects.items():
                draft.aspect(aspect, category, words)
        # Later tables win: what is feared is known as a risk, even if it is a plain dislike too.
        draft.judgements(tables.get("positive", {}), polarity=1, risk=False)
        draft.judgements(tables.get("negative", {}), polarity=-1, risk=False)
        draft.judgements(tables.get("risks", {}), polarity=-1, risk=True)
        for role, words in tables.get("roles", {}).items():
            for word in words:
                draft.role(word, Role(role))
        for row, feeling in (("positive", 1), ("negative", -1)):
            for word in tables.get("feelings", {}).get(row, ()):
                draft.add(word, feeling=feeling)
        for thing, words in tables.get("things", {}).items():
            draft.thing(thing, words)
        draft.demands(tables.get("demands", {}))
    except (tomllib.TOMLDecodeError, AttributeError, TypeError, ValueError) as error:
        raise LexiconUnreadable(place=place, reason=str(error)) from error
    return draft.finish()


@lru_cache(maxsize=1)
def standard_lexicon() -> Lexicon:
    """The lexicon that ships with the bot."""
    text = resources.files(__package__).joinpath("lexicon.toml").read_text("utf-8")
    return read_lexicon(text, "insights/lexicon.toml")


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """Words that say nothing about what a group talks about."""
    text = resources.files(__package__).joinpath("stopwords.txt").read_text("utf-8")
    return frozenset(
        word for line in text.splitlines() if not line.startswith("#") for word in line.split()
    )


def _signature(term: Term) -> str:
    roles = ",".join(sorted(term.roles))
    parts = (term.aspect, term.polarity, term.speaks_of, term.whole, term.risk, term.feeling)
    return f"{parts} {term.thing} {term.always} {term.asked} {roles}"
