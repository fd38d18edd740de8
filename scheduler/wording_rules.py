"""Wording rules: what a post may not say, as data, and the check that every outgoing text passes.

The rules stand in `wording_rules/*.toml`, each with its words or patterns, what passes all the
same, the trades and platforms it holds for, why it stands and what to write instead, in both
languages. A hit blocks or warns; a manager may let a rule pass for one content version
(`overrides` of a body, see `handlers/overriding.py`).

Texts are compared in a normal form, so that neither full-width or traditional letters nor blanks
between Chinese characters hide a word: compatible forms (NFKC), small letters, simplified
characters (`traditional.txt`), nothing invisible.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from insights.lexicon import TRADES
from scheduler.content import Content
from scheduler.wording_prices import wrong_prices
from storage.errors import SchedulingError

PRICE = "price"
"""The rule that compares the prices in a text with those that the shop's sources name."""

_FOLDER = Path(__file__).with_name("wording_rules")
_TRADITIONAL = Path(__file__).with_name("traditional.txt")
_PARTS = frozenset({"id", "severity", "source", "why", "instead"})
_OPTIONAL = frozenset({"kind", "words", "patterns", "passes", "trades", "platforms"})
_LANGUAGES = frozenset({"zh", "en"})
_CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff]")
_BLANK = re.compile(r"[^\S\n]")
_NAMES_KEPT = 20_000  # products of a large shop: each is looked for in every text

# An address as people write it, with or without its scheme; a mail address is none.
_LINK = re.compile(
    r"(?:https?://|(?<![a-z0-9@.\-]))(?P<host>(?:[a-z0-9-]+\.)+"
    r"(?:com|cn|net|org|shop|store|top|xyz|link|me|cc|vip|club|io|co|hk|tw|jp|uk|test|example))"
    r"(?![a-z0-9-]|\.[a-z])"
)


class RulesBroken(SchedulingError):
    """A file of wording rules is not written as one."""

    number = 365
    sentence = "The wording rules {file} are broken at {part}: {reason}."
    mend = "Correct the file; docs/reference/wording-rules.md says what a rule takes."


class Severity(StrEnum):
    """What a hit means: `BLOCK` holds the text back until a manager lets it pass."""

    BLOCK = "block"
    WARN = "warn"


class Kind(StrEnum):
    """What a rule looks at: words of its own, the prices of known products, or links."""

    WORDS = "words"
    PRICE = "price"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Without trades or platforms it holds for all of them."""

    id: str
    severity: Severity
    source: str
    why: Mapping[str, str]
    instead: Mapping[str, str]
    kind: Kind = Kind.WORDS
    hits: re.Pattern[str] | None = None
    passes: re.Pattern[str] | None = None
    trades: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()

    def holds(self, platform: str, trades: Collection[str]) -> bool:
        """Whether it holds on this platform for a shop of these trades."""
        return (not self.platforms or platform in self.platforms) and (
            not self.trades or not self.trades.isdisjoint(trades)
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that hold for one shop on one platform. `sites` are the shop's own hosts."""

    rules: tuple[Rule, ...]
    sites: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found: the words as they are written, and where they begin (in characters).

    `why` and `instead` are sentences by language, already filled in.
    """

    rule: str
    words: str
    place: int
    severity: Severity
    why: Mapping[str, str] = field(compare=False, repr=False)
    instead: Mapping[str, str] = field(compare=False, repr=False)


def check(
    text: str,
    rules: Rules,
    *,
    known_prices: Mapping[str, Collection[Decimal]] | None = None,
    names: Collection[str] = (),
) -> tuple[Hit, ...]:
    """What the rules find in a text, blocks before warnings, each words of a rule once.

    Where something blocks, nothing is warned of besides.

    Args:
        text: as it goes out.
        rules: those that hold; see `rules_for`.
        known_prices: a product's name and the prices in yuan that may stand beside it.
        names: the names of people, groups and the shop, which are what they are: a group called
            最美妈妈群 makes no claim.
    """
    plain = _Normal.of(text)
    spared = [span for name in names for span in plain.spans_of(name)]
    found: dict[tuple[str, str], Hit] = {}
    blocked: list[tuple[int, int]] = []
    for rule in sorted(rules.rules, key=lambda one: one.severity is Severity.WARN):
        for begin, end, expected in _places(rule, plain.text, rules.sites, known_prices or {}):
            if any(first <= begin and end <= last for first, last in spared):
                continue
            if rule.severity is Severity.BLOCK:
                blocked.append((begin, end))
            elif any(begin < last and first < end for first, last in blocked):
                continue
            hit = _hit(rule, plain, begin, end, expected)
            found.setdefault((rule.id, hit.words), hit)
    return tuple(sorted(found.values(), key=lambda hit: (hit.severity is Severity.WARN, hit.place)))


def check_content(
    content: Content,
    rules: Rules,
    *,
    known_prices: Mapping[str, Collection[Decimal]] | None = None,
    names: Collection[str] = (),
) -> tuple[Hit, ...]:
    """What the rules find in all that a message says: its text, captions, buttons and links."""
    said = [content.text, *(picture.caption for picture in content.pictures)]
    said += [part for button in content.buttons for part in (button.label, button.link)]
    text = "\n".join(filter(None, said))
    return check(text, rules, known_prices=known_prices, names=names)


def blocking(hits: Collection[Hit], overrides: Collection[str] = ()) -> tuple[Hit, ...]:
    """The hits that hold a text back, without those of rules that a manager let pass."""
    return tuple(
        hit for hit in hits if hit.severity is Severity.BLOCK and hit.rule not in overrides
    )


def rules_for(platform: str, trades: Collection[str], sites: Collection[str] = ()) -> Rules:
    """The rules of a shop of these trades on a platform (`wechat`, `telegram`, `room`).

    `sites` are the shop's own hosts; a link to another one is pointed out.
    """
    return _rules_for(platform, frozenset(trades), frozenset(site.lower() for site in sites))


@lru_cache(maxsize=64)
def _rules_for(platform: str, trades: frozenset[str], sites: frozenset[str]) -> Rules:
    return Rules(tuple(rule for rule in all_rules() if rule.holds(platform, trades)), sites)


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule that comes with the bot, in the order of the files and in them.

    Raises:
        RulesBroken: a file does not hold rules, or a rule stands there twice.
    """
    rules = [rule for path in sorted(_FOLDER.glob("*.toml")) for rule in read_rules(path)]
    if twice := {rule.id for rule in rules if [one.id for one in rules].count(rule.id) > 1}:
        raise RulesBroken(file=_FOLDER.name, part=min(twice), reason="it stands there twice")
    return tuple(rules)


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules in a TOML file.

    Raises:
        RulesBroken: it does not hold rules; the error names the part.
        OSError: the file cannot be read.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesBroken(file=path.name, part="its syntax", reason=error) from error
    rows = document.get("rule")
    if not isinstance(rows, list) or document.keys() != {"rule"}:
        raise RulesBroken(file=path.name, part="rule", reason="there must be [[rule]] and no more")
    return tuple(_rule(path.name, row) for row in rows)


def _rule(file: str, row: Mapping[str, Any]) -> Rule:
    part = str(row.get("id", "a rule without id"))
    if missing := sorted(_PARTS - row.keys()):
        raise RulesBroken(file=file, part=part, reason=f"{missing[0]} is missing")
    if unknown := sorted(row.keys() - _PARTS - _OPTIONAL):
        raise RulesBroken(file=file, part=part, reason=f"{unknown[0]} is unknown")
    if unknown := sorted(set(row.get("trades", ())) - set(TRADES)):
        raise RulesBroken(file=file, part=part, reason=f"{unknown[0]} is no trade")
    for name in ("why", "instead"):
        if not isinstance(row[name], dict) or row[name].keys() != _LANGUAGES:
            raise RulesBroken(file=file, part=part, reason=f"{name} needs zh and en, and no more")
    try:
        return Rule(
            id=part,
            severity=Severity(row["severity"]),
            source=row["source"],
            why=row["why"],
            instead=row["instead"],
            kind=Kind(row.get("kind", Kind.WORDS)),
            hits=_either(row.get("words", ()), row.get("patterns", ())),
            passes=_either((), row.get("passes", ())),
            trades=frozenset(row.get("trades", ())),
            platforms=frozenset(row.get("platforms", ())),
        )
    except (ValueError, TypeError, re.error) as error:
        raise RulesBroken(file=file, part=part, reason=error) from error


def _either(words: Collection[str], patterns: Collection[str]) -> re.Pattern[str] | None:
    parts = [*map(re.escape, sorted(words, key=len, reverse=True)), *patterns]
    return re.compile("|".join(f"(?:{part})" for part in parts)) if parts else None


def _places(
    rule: Rule, text: str, sites: frozenset[str], prices: Mapping[str, Collection[Decimal]]
) -> Iterator[tuple[int, int, str]]:
    """Where a rule finds something: begin, end, and what was expected there instead."""
    match rule.kind:
        case Kind.PRICE:
            named = {
                plain: known for name, known in prices.items() if (plain := _plain(name)) in text
            }
            for wrong in wrong_prices(text, named):
                yield wrong.begin, wrong.end, wrong.expected
        case Kind.LINK:
            for found in _LINK.finditer(text):
                if not _is_own(found["host"], sites):
                    yield found.start("host"), found.end("host"), ""
        case Kind.WORDS if rule.hits is not None:
            let = [one.span() for one in rule.passes.finditer(text)] if rule.passes else []
            one = rule.hits.search(text)
            while one is not None:
                begin, after = one.start(), one.end()
                if any(first <= begin < last for first, last in let):
                    after = begin + 1  # what passes may hide another hit
                else:
                    yield begin, after, ""
                one = rule.hits.search(text, after)


@lru_cache(maxsize=1)
def simplified_letters() -> Mapping[str, str]:
    """Traditional characters, each with the simplified one that the rules are written in."""
    words = (
        word
        for line in _TRADITIONAL.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
        for word in line.split()
    )
    return {other: word[0] for word in words for other in word[1:]}


@lru_cache(maxsize=_NAMES_KEPT)
def _plain(name: str) -> str:
    """A product's name in normal form."""
    return _Normal.of(name).text


def _is_own(host: str, sites: frozenset[str]) -> bool:
    return any(host == site or host.endswith(f".{site}") for site in sites)


def _hit(rule: Rule, plain: _Normal, begin: int, end: int, expected: str) -> Hit:
    words, place = plain.written(begin, end)
    facts = {"words": words, "expected": expected}
    why = {language: text.format(**facts) for language, text in rule.why.items()}
    return Hit(rule.id, words, place, rule.severity, why, rule.instead)


@dataclass(frozen=True, slots=True)
class _Normal:
    """A text in its normal form; `origin` tells for each character where it stood before."""

    source: str
    text: str
    origin: tuple[int, ...]

    @classmethod
    def of(cls, source: str) -> _Normal:
        letters: list[str] = []
        origin: list[int] = []
        simplified = simplified_letters()
        for place, written in enumerate(source):
            if unicodedata.category(written) in {"Cf", "Mn"}:
                continue
            for letter in unicodedata.normalize("NFKC", written).lower():
                letters.append(simplified.get(letter, letter))
                origin.append(place)
        kept = [at for at in range(len(letters)) if not _is_gap(letters, at)]
        return cls(
            source,
            "".join(letters[at] for at in kept),
            tuple(origin[at] for at in kept),
        )

    def written(self, begin: int, end: int) -> tuple[str, int]:
        """A part as it was written, and where that begins."""
        first, last = self.origin[begin], self.origin[end - 1]
        return self.source[first : last + 1], first

    def spans_of(self, name: str) -> Iterator[tuple[int, int]]:
        """Where a name stands."""
        wanted = _Normal.of(name).text
        at = self.text.find(wanted) if wanted else -1
        while at >= 0:
            yield at, at + len(wanted)
            at = self.text.find(wanted, at + 1)


def _is_gap(letters: list[str], at: int) -> bool:
    """Whether this is a blank between two Chinese characters."""
    if not _BLANK.match(letters[at]) or not 0 < at < len(letters) - 1:
        return False
    return bool(_CHINESE.match(letters[at - 1]) and _CHINESE.match(letters[at + 1]))
