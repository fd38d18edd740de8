"""What a text asks the shop for: restock, a new product, a lower price, how to use it...

The lexicon knows two sorts of words: some are a demand wherever they stand (求补货, 几天能到),
some only in a question or a wish (补货, 活动). The thing is the product named in the same clause,
else in the clauses before it, else in those behind; a shop teaches its products' names through
`Lexicon.with_thing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from insights.clauses import Clause
from insights.lexicon import DemandKind, Role

_KINDS = list(DemandKind)  # the first that applies to a clause wins


@dataclass(frozen=True, slots=True)
class Demand:
    """Something asked for; `thing` is empty where no product is named."""

    kind: DemandKind
    thing: str

    def to_json(self) -> dict[str, str]:
        """The demand as plain JSON."""
        return {"kind": self.kind.value, "thing": self.thing}


def read_demands(clauses: Sequence[Clause]) -> tuple[Demand, ...]:
    """The demands of a text, each once, in the order they are made."""
    found: dict[Demand, None] = {}
    for place, clause in enumerate(clauses):
        kind = _kind(clause) if clause.marks else None
        if kind is not None:
            nearest = [clause, *reversed(clauses[:place]), *clauses[place + 1 :]]
            thing = next((name for near in nearest if (name := _thing(near, kind))), "")
            found[Demand(kind, thing)] = None
    # 面霜什么时候补货，还补吗: the same demand, with and without its thing.
    named = {demand.kind for demand in found if demand.thing}
    return tuple(demand for demand in found if demand.thing or demand.kind not in named)


def _kind(clause: Clause) -> DemandKind | None:
    # A phrase that asks by itself says more than a word in some question.
    if always := {mark.term.always for mark in clause.marks if mark.term.always}:
        return min(always, key=_KINDS.index)
    if asked := {mark.term.asked for mark in clause.marks if mark.term.asked}:
        asks = clause.question or Role.WISH in clause.roles or Role.CONDITION in clause.roles
        return min(asked, key=_KINDS.index) if asks else None
    return None


def _thing(clause: Clause, kind: DemandKind) -> str:
    """The first product named; of what is not there yet the last: 口红什么时候出新色号."""
    names = [mark.term.thing for mark in clause.marks if mark.term.thing]
    return names[-1 if kind is DemandKind.NEW_PRODUCT else 0] if names else ""
