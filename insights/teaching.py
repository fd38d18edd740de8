"""How a shop corrects what the bot understands: this word, about this aspect, counts as that.

Taught is one thing of a word at a time: about one aspect (高 about 价格 is disliked) or about
whatever it is said of. What is taught about one aspect leaves the others as they were: a word that
judged stays a judgement there, one that was none stays none. `opinions` then reads it so:

- **like, dislike** as a word of the lexicon that judges: denied it turns, asked it is care.
- **mind** wherever it stands, in a question too; denied (不糊) it is care.
- **care** wherever it stands.
- **nothing**: the word judges nothing, and the model is not asked about its clause.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from insights.clauses import PARTICLES
from insights.lexicon import WHOLE, Lexicon, Role, Taught, Term
from insights.normalise import normalise

_STEERING = frozenset({Role.NEGATION, Role.STRONG, Role.WEAK})
_BADLY = (Taught.DISLIKE, Taught.MIND)


class TaughtWord(NamedTuple):
    """A word and what it counts as; `aspect` is empty where it counts so whatever it is said of."""

    aspect: str
    word: str
    taught: Taught


def teach(lexicon: Lexicon, rows: Iterable[TaughtWord]) -> Lexicon:
    """The lexicon as the shop corrects it. Of two rows on one word and aspect the last one holds.

    An aspect that nobody has heard of is known from now on, by its own name.
    """
    rows = list(rows)
    for aspect in dict.fromkeys(row.aspect for row in rows):
        if not lexicon.aspect_called(aspect) and aspect not in ("", WHOLE):
            lexicon = lexicon.with_aspect(aspect, aspect)
    said = {
        (normalise(row.word), lexicon.aspect_called(row.aspect) or row.aspect): row.taught
        for row in rows
    }
    terms: dict[str, Term] = {}
    for (word, aspect), counts_as in sorted(said.items()):  # about whatever it is said of: first
        if word:
            known = terms.get(word) or lexicon.terms.get(word, Term())
            terms[word] = _taught(known, aspect, counts_as)
    return lexicon.with_terms(terms, but=_put_together(lexicon.terms, terms))


def _put_together(known: Mapping[str, Term], taught: Collection[str]) -> list[str]:
    """The words of the lexicon that are a taught one with what steers it: 太上头, 不刺鼻.

    They judge as the lexicon says; without them the taught word in them is found, and steered.
    """
    return [
        word
        for word, term in known.items()
        if term.polarity
        and word not in taught
        and not (term.own or term.always or term.asked or term.aspect or term.thing)
        and any(
            word[start:end] in taught
            and _steers(known, word[:start])
            and PARTICLES.issuperset(word[end:])
            for start in range(len(word))
            for end in range(start + 1, len(word) + 1)
        )
    ]


def _steers(known: Mapping[str, Term], word: str) -> bool:
    return not word or (word in known and not _STEERING.isdisjoint(known[word].roles))


def _taught(known: Term, aspect: str, counts_as: Taught) -> Term:
    taught = dict(known.taught)
    if not taught and not known.polarity:
        taught[""] = Taught.NOTHING  # what it has been about anything else
    taught[aspect] = counts_as
    rows = tuple(sorted(taught.items()))
    first = not known.polarity
    about = known.aspect if aspect in ("", WHOLE) else aspect
    return replace(
        known,
        polarity=known.polarity if "" not in taught else _polarity(rows),
        speaks_of=known.speaks_of or (about if first else ""),
        whole=known.whole or (first and aspect == WHOLE),
        risk=known.risk and "" not in taught,
        feeling=0 if "" in taught else known.feeling,
        own=True,
        taught=rows,
    )


def _polarity(rows: Iterable[tuple[str, Taught]]) -> int:
    """Which way a word goes before it is known of what it is said: 0 where it judges nothing."""
    ways = [-1 if one in _BADLY else 1 for _, one in rows if one is not Taught.NOTHING]
    return ways[0] if ways else 0
