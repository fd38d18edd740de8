"""Which sentences of a narrative rest on the figures of the report; the others are dropped.

A model writes fluently and errs. So each thing it says must carry the figure it rests on, as in
`26 人讨厌气味[F3]，18 人喜欢包装[F7]。`, and a sentence is taken only where all of this holds for
each part of it that ends in a figure:

- the figure exists, and its name and its number stand in the part;
- every other number in the part is one of that figure's own;
- whatever the part claims (a stance, that something grows or fades, that it is the most), the
  figure says so, and the part names no other aspect;
- it tells no reason, no forecast, no fraction in words and nothing that masking would cover.

Too much is dropped rather than too little: what is lost is a sentence that the report tells anyway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from handlers.narrative_figures import STANCE_CLAIMS, Amount, Claim, Figure
from insights.masking import mask

_MOST_SENTENCES = 8
_LONGEST = 160  # characters of a sentence

_FIGURE = re.compile(r"\s*[\[【]\s*(F\d+)\s*[\]】]")
_LATE_FIGURES = re.compile(r"([。！？.!?])((?:\s*[\[【]\s*F\d+\s*[\]】])+)")
_SENTENCE_END = re.compile(r"(?<=[。！？!?])|(?<=[.])\s+|\n")
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.、)）])\s*")
_LAST = re.compile(r"[\s。！？.!?]*")
_NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*([%％]?)")

# What a sentence says, by the words it says it with; sentences are held against them in small
# letters.
_CLAIMS = {
    Claim.LIKE: re.compile(r"(?<!不)喜欢|喜爱|好评|(?<!不)满意|\blik(?:e|es|ed|ing)\b|\blov"),
    Claim.DISLIKE: re.compile(r"讨厌|不喜欢|不满|吐槽|差评|嫌弃|\bdislik|\bhat(?:e|es|ed)\b"),
    Claim.MIND: re.compile(r"介意|担心|顾虑|\bmind|\bworr"),
    Claim.CARE: re.compile(r"关心|关注|\bcar(?:e|es|ed|ing)\b"),
    Claim.RISING: re.compile(
        r"上升|增长|增加|上涨|走高|升温|变多|[升涨][到至]|\bris|\brose|\bgrow|\bgrew|\bincreas"
        r"|\bmore\b|\bup\b",
    ),
    Claim.FADING: re.compile(
        r"下降|减少|下滑|回落|走低|降温|变少|[降跌][到至]|\bfall|\bfell|\bfad|\bdeclin|\bdecreas"
        r"|\bdrop|\bfewer\b|\bless\b|\bdown\b",
    ),
    Claim.MOST: re.compile(r"最|首位|第一|\bmost\b|\btop\b|\bfirst\b|\blead"),
}
_UNCHECKED = re.compile(
    r"因为|由于|导致|所以|因此|预计|将会|可能|应该|建议"
    r"|[一二两三四五六七八九十百千万几数半]+(?:多|余)?(?:位|人|名|条|个人|次|成|倍)"
    r"|分之|一半|过半|半数|翻番|翻倍|多数|部分|所有|全部|全都|几乎|人人"
    r"|不(?:太|怎么|再|会)?(?:讨厌|介意|关心|关注|担心)|没有?人"
    r"|\bbecause\b|\bdue to\b|\bso that\b|\bwill\b|\bshould\b|\bmay\b|\bmight\b"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozens?|hundreds?|thousands?)\b"
    r"|\bhalf\b|\bthird\b|\bquarter\b|\btwice\b|\bdoubl|\btripl|\bmajority\b|\ball\b|\bevery"
    r"|\bnot\b|n['’]t\b|\bnobody\b|\bno one\b|\bnone\b",
)


def believed(answer: str, figures: Sequence[Figure]) -> list[str]:
    """The sentences of a model's answer that rest on these figures, without their marks."""
    known = {figure.id: figure for figure in figures}
    kept = [_FIGURE.sub("", one) for one in _sentences(answer) if _rests(one, known)]
    return list(dict.fromkeys(kept))[:_MOST_SENTENCES]


def _sentences(answer: str) -> list[str]:
    """The answer in sentences, each with the marks that stand right behind it."""
    marked = _LATE_FIGURES.sub(r"\2\1", answer)
    cut = (_BULLET.sub("", one).strip() for one in _SENTENCE_END.split(marked) if one)
    return [one for one in cut if one]


def _rests(sentence: str, known: Mapping[str, Figure]) -> bool:
    """Whether each part of a sentence rests on the figure at its end."""
    bare = _FIGURE.sub("", sentence)
    if len(bare) > _LONGEST or mask(bare) != bare:
        return False
    begin = 0
    for mark in _FIGURE.finditer(sentence):
        figure = known.get(mark[1])
        if figure is None or not _says_no_more(sentence[begin : mark.start()], figure, known):
            return False
        begin = mark.end()
    return begin > 0 and _LAST.fullmatch(sentence, begin) is not None


def _says_no_more(part: str, figure: Figure, known: Mapping[str, Figure]) -> bool:
    """Whether a part tells what the figure tells, and nothing that can be checked beside it."""
    said = part.casefold()
    name = figure.name.casefold()
    if name not in said:
        return False
    rest = said.replace(name, " ") if name else said
    amounts = {_amount(*match.groups()) for match in _NUMBER.finditer(rest)}
    claims = {claim for claim, words in _CLAIMS.items() if words.search(rest)}
    return (
        figure.amount in amounts
        and amounts <= figure.others | {figure.amount}
        and claims <= figure.claims
        and _UNCHECKED.search(rest) is None
        and not any(other in rest for other in _aspects(known) if other not in name)
    )


def _amount(written: str, percent: str) -> Amount:
    return Amount(Decimal(written.replace(",", "")), percent=bool(percent))


def _aspects(known: Mapping[str, Figure]) -> set[str]:
    """The names of what stances are taken to."""
    stances = set(STANCE_CLAIMS.values())
    return {figure.name.casefold() for figure in known.values() if figure.claims & stances}
