"""Which sentences of a narrative rest on the figures of the report; the others are dropped.

A model writes fluently and errs. So each thing it says must carry the figure it rests on, as in
`26 人讨厌气味[F3]，18 人喜欢包装[F7]。`, and a sentence is taken only where all of this holds for
each part of it that ends in a figure:

- the figure exists; its name, its number with the unit right behind, and the words that say what
  it counts (讨厌, 想要 补货, 发言) stand in the part;
- the part holds nothing else but that the figure grows or fades or is the most, where it does, what
  its share was before, and a few words that claim nothing (有, 的, 其中).

So there is no list of lies to be complete: a word that is not known to be harmless drops the
sentence, be it a negation, a reason, a forecast, another thing, or what a quote talked the model
into. What is lost is a sentence that the report tells anyway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from handlers.narrative_figures import SUBJECTS, Amount, Claim, Figure
from insights.masking import mask

_MOST_SENTENCES = 8
_LONGEST = 160  # characters of a sentence

_FIGURE = re.compile(r"\s*[\[【]\s*(F\d+)\s*[\]】]")
_LATE_FIGURES = re.compile(r"([。！？.!?])((?:\s*[\[【]\s*F\d+\s*[\]】])+)")
_SENTENCE_END = re.compile(r"(?<=[。！？!?])|(?<=[.])\s+|\n")
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.、)）])\s*")
_LAST = re.compile(r"[\s。！.!]*")  # what is asked is not told

# Regular expressions in small letters. English words stand alone: `like` is not in `likely`.
_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_PEOPLE = r"\s*(?:人|名粉丝|位粉丝|位|名|个人|个粉丝)|\s+(?:people|fans|members)\b|(?=\s+[a-z])"
_MESSAGES = r"\s*条(?=消息)|(?=\s+messages\b)"
_PER_CENT = r"\s*[%％]"
_RISE = r"上升|增长|增加|上涨|走高|升高|升温|变多"
_FALL = r"下降|减少|下滑|下跌|回落|走低|降低|降温|变少"
_TO_DIGITS = r"(?!了?[\s：:]*\d)"  # 上升 17% is another thing than 上升到 17%
_CLAIMS: Mapping[Claim, str] = {
    Claim.LIKE: r"喜欢|喜爱|\b(?:lik(?:e|es|ed|ing)(?: for)?)\b",
    Claim.DISLIKE: r"讨厌|不喜欢|\b(?:dislik(?:e|es|ed|ing)(?: for)?)\b",
    Claim.MIND: r"介意|担心|\b(?:mind(?:s|ed|ing)?|worr(?:y|ies|ied|ying) about)\b",
    Claim.CARE: r"关心|关注|\bcar(?:e|es|ed|ing)(?: about)?\b",
    Claim.WANT: r"想要|希望|想|要|求|在问|问|在等|等|盼"
    r"|\b(?:want(?:s|ed|ing)?|ask(?:s|ed|ing)? for)\b",
    Claim.TALK: r"在聊|聊到|聊|提到|谈到|说到"
    r"|\b(?:talk(?:s|ed|ing)? about|mention(?:s|ed|ing)?)\b",
    Claim.SPOKE: r"发言|\bspoke\b",
    Claim.SENT: r"消息|\bmessages\b",
    Claim.RISING: rf"(?:{_RISE}|[升涨增])[到至]|(?:{_RISE}){_TO_DIGITS}"
    rf"|\b(?:rising|growing|rose|grew|increased|up)\b{_TO_DIGITS}",
    Claim.FADING: rf"(?:{_FALL}|[降跌减])[到至]|(?:{_FALL}){_TO_DIGITS}"
    rf"|\b(?:falling|fading|fell|faded|dropped|decreased|down)\b{_TO_DIGITS}",
    Claim.MOST: r"最多|\bthe most\b|\bmost (?=(?:lik|dislik|mind|want)ed\b)",
}
_HARMLESS = (
    r"[\s，,、；;：:。！!()（）]|的人数?|人数|粉丝|群里|这几天|这段时间|其中|还有|另有|另外|同时|以及"
    r"|一共|总共|表示|有|的|也|还|而|对|共|了|是|为"
    r"|\b(?:there|are|were|is|was|have|has|been|the|a|an|of|and|also|in|this|these|days|period|group"
    r"|groups|while|people|fans|members|who|those|which|altogether|total|it|with|by far)\b"
)
_OF_A_SHARE = (
    r"占比|占|比例|发言的人|发言者|里|中|到|至|→"
    r"|\b(?:of (?:those|the people|fans) who spoke|share|to|now|at|make up)\b"
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
        if figure is None or not _says_no_more(sentence[begin : mark.start()], figure):
            return False
        begin = mark.end()
    return begin > 0 and _LAST.fullmatch(sentence, begin) is not None


def _says_no_more(part: str, figure: Figure) -> bool:
    """Whether a part tells what the figure tells, whole, and nothing else."""
    said = part.casefold()
    pieces = _pieces(figure.name.casefold(), figure.kind.casefold(), figure.claims, figure.amount)
    kinds: set[str | None] = set()
    before: list[Amount] = []
    place = 0
    while place < len(said):
        piece = pieces.match(said, place)
        if piece is None or (piece["before"] and "now" in kinds):
            return False
        if piece["now"] and ("now" in kinds or _amount(piece["number"], figure) != figure.amount):
            return False
        if piece["before"]:
            before.append(_amount(piece["from"] or piece["earlier"], figure))
        kinds.add(piece.lastgroup)
        place = piece.end()
    needed = {
        "now",
        "subject",
        *(["name"] if figure.name else []),
        *(["kind"] if figure.kind else []),
    }
    return needed <= kinds and len(before) <= 1 and figure.others.issuperset(before)


@lru_cache(maxsize=128)
def _pieces(name: str, kind: str, claims: frozenset[Claim], amount: Amount) -> re.Pattern[str]:
    """What a part that tells of such a figure may be made of; each piece is a group by its name."""
    unit = _PER_CENT if amount.percent else _MESSAGES if Claim.SENT in claims else _PEOPLE
    counted = rf"(?:{unit})"
    kinds = {
        "name": rf"[「“\"]?{re.escape(name)}[」”\"]?" if name else "",
        "kind": re.escape(kind),
        "before": rf"(?:从|由|\bfrom)\s*(?P<from>{_NUMBER}){counted}"
        rf"|(?P<earlier>{_NUMBER}){counted}(?=\s*→)",
        "now": rf"(?P<number>{_NUMBER}){counted}",
        "subject": "|".join(_CLAIMS[claim] for claim in _CLAIMS if claim in claims & SUBJECTS),
        "beside": "|".join(_CLAIMS[claim] for claim in _CLAIMS if claim in claims - SUBJECTS),
        "harmless": rf"{_OF_A_SHARE}|{_HARMLESS}" if amount.percent else _HARMLESS,
    }
    return re.compile("|".join(rf"(?P<{one}>{words})" for one, words in kinds.items() if words))


def _amount(written: str, figure: Figure) -> Amount:
    return Amount(Decimal(written.replace(",", "")), percent=figure.amount.percent)
