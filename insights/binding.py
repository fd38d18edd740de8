"""Which aspects of its clause a judgement is about.

It is about the aspect named before it (味道和质地都不错 names two), or the one behind it
(喜欢这个味道). Where it is about neither, `opinions` looks further.
"""

from __future__ import annotations

from insights.clauses import Clause, Mark
from insights.judging import Judgement
from insights.lexicon import Lexicon, Role

_ASPECT_REACH = 8  # characters between an aspect and its judgement: 味道我个人觉得一般
_OBJECT_REACH = 5  # characters between a judgement and the aspect behind it: 喜欢他们家这个味道
_ADJACENT = 2  # characters: an aspect this close is what a word judges, whatever it speaks of
_JOINTS = frozenset(["", "和", "、", "跟", "与", "还有", "以及", "都", "+", "&", "也", "及"])
_THAN = "比"  # 比专柜便宜 says nothing of the 专柜


def named_in(clause: Clause, lexicon: Lexicon) -> list[Mark]:
    """The aspects named in a clause. In 保温效果 and its like the second word adds nothing."""
    found: list[Mark] = []
    for mark in clause.marks:
        aspect = mark.term.aspect
        if aspect and not mark.term.polarity:
            last = found[-1] if found else None
            if last and last.end == mark.start and lexicon.category(last.term.aspect) == aspect:
                found[-1] = last._replace(end=mark.end)
            else:
                found.append(mark)
    return found


def aspects_of(
    text: str,
    judgement: Judgement,
    unbound: list[Mark],
    room: tuple[int, int],
    lexicon: Lexicon,
) -> list[str]:
    """The aspects that the clause names for a judgement; takes them out of `unbound`.

    `room` is where the judgement before ends and where the next one begins.
    """
    previous_end, following = room
    mark, speaks_of = judgement.mark, judgement.mark.term.speaks_of
    ahead = [
        aspect
        for aspect in unbound
        if previous_end <= aspect.start < mark.start and text[max(aspect.start - 1, 0)] != _THAN
    ]
    if ahead:
        gap = judgement.start - ahead[-1].end
        named = _name(ahead[-1], speaks_of)
        same = speaks_of and lexicon.category(named) == lexicon.category(speaks_of)
        reach = _ASPECT_REACH if same or not speaks_of else _ADJACENT
        if gap <= reach or (judgement.negated and not speaks_of):
            chosen = [ahead[-1]]
            for aspect in reversed(ahead[:-1]):
                if text[aspect.end : chosen[0].start] not in _JOINTS:
                    break
                chosen.insert(0, aspect)
            for aspect in chosen:
                unbound.remove(aspect)
            return list(dict.fromkeys(_name(aspect, speaks_of) for aspect in chosen))
    behind = next((a for a in unbound if mark.end <= a.start <= following), None)
    if behind is not None:
        between = text[mark.end : behind.start]
        takes_object = Role.OBJECT in mark.term.roles and len(between) <= _OBJECT_REACH
        if takes_object or between == "的":
            unbound.remove(behind)
            return [_name(behind, speaks_of)]
    return []


def _name(mark: Mark, speaks_of: str) -> str:
    """The aspect that a word names: of two, the one that its judgement speaks of."""
    return speaks_of if speaks_of and mark.term.second == speaks_of else mark.term.aspect
