"""How a shop corrects what the bot understands: this word, about this aspect, counts as that.

Taught is one thing of a word at a time: about one aspect (高 about 价格 is disliked) or about
whatever it is said of. What is taught about one aspect leaves the others as they were: a word that
judged stays a judgement there, one that was none stays none. `opinions` then reads it so:

- **like, dislike** as a word of the lexicon that judges: denied it turns, asked it is care.
- **mind** wherever it stands, in a question too; denied (不糊) it is care.
- **care** wherever it stands.
- **nothing**: the word judges nothing, and the model is not asked about its clause.

The lexicon also knows words that are another one with what steers it: 太上头, 不刺鼻, 真香. What is
taught of the word inside about one aspect holds for them about that aspect, turned where they deny
it; where it is taught of whatever it is said of, they are forgotten, and the word inside is found.
A taught word of this form that the lexicon does not know (不难闻) is one that judges as the word
inside does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from insights.clauses import PARTICLES
from insights.lexicon import WHOLE, Lexicon, Role, Taught, Term
from insights.normalise import normalise

_STEERING = frozenset({Role.NEGATION, Role.STRONG, Role.WEAK})
_BADLY = (Taught.DISLIKE, Taught.MIND)
_TURNED = {
    Taught.LIKE: Taught.DISLIKE,
    Taught.DISLIKE: Taught.LIKE,
    Taught.MIND: Taught.CARE,
}


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
            known = terms.get(word) or lexicon.terms.get(word) or _put_together(lexicon.terms, word)
            terms[word] = _taught(known, aspect, counts_as)
    forgotten = set()
    for longer, inner in _longer(lexicon.terms, terms.keys()):
        if (inner.word, "") in said:
            forgotten.add(longer)
            continue
        for (word, aspect), counts_as in sorted(said.items()):
            if word == inner.word:
                known = terms.get(longer) or lexicon.terms[longer]
                turned = _TURNED.get(counts_as, counts_as)
                terms[longer] = _taught(known, aspect, turned if inner.denied else counts_as)
    return lexicon.with_terms(terms, but=forgotten)


class _Inner(NamedTuple):
    """A word inside a longer one that steers it, and whether it is denied there."""

    word: str
    denied: bool


def _longer(known: Mapping[str, Term], taught: Collection[str]) -> list[tuple[str, _Inner]]:
    """The judging words of the lexicon that are a taught one with what steers it."""
    words = frozenset(taught)
    return [
        (word, inner)
        for word, term in known.items()
        if term.polarity
        and word not in words
        and not (term.own or term.always or term.asked or term.aspect or term.thing)
        and not words.isdisjoint(_parts(word))
        for inner in _inside(known, word)
        if inner.word in words
    ]


def _parts(word: str) -> Iterator[str]:
    """Each run of characters of a word, the longest first."""
    for length in range(len(word), 0, -1):
        for start in range(len(word) - length + 1):
            yield word[start : start + length]


def _inside(known: Mapping[str, Term], word: str) -> Iterator[_Inner]:
    """The words that a word would be with what steers it, or a particle behind, the longest first.

    Which of them are words at all is not asked.
    """
    for length in range(len(word) - 1, 0, -1):
        for start in range(len(word) - length + 1):
            before, behind = word[:start], word[start + length :]
            if _steers(known, before) and PARTICLES.issuperset(behind):
                denied = bool(before) and Role.NEGATION in known[before].roles
                yield _Inner(word[start : start + length], denied)


def _put_together(known: Mapping[str, Term], word: str) -> Term:
    """What a word that the lexicon does not know says by the word inside it, as 不难闻 does."""
    for inner in _inside(known, word):
        term = known.get(inner.word)
        if term is not None and term.polarity:
            return Term(
                polarity=-term.polarity if inner.denied else term.polarity,
                speaks_of=term.speaks_of,
                whole=term.whole,
                risk=term.risk and not inner.denied,
            )
    return Term()


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
