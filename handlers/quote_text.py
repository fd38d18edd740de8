"""Quotes as a chat message, and the figures of a report that can be opened to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.desk import Desk, shortened
from handlers.insight_arguments import About
from handlers.report_words import DEMANDS, STANCES
from handlers.wording import Say
from insights.lexicon import WHOLE
from insights.opinions import Stance
from insights.report import DemandReport
from storage.quotes import Said

_LONGEST_QUOTE = 160  # characters, on a phone
_HURTS_FIRST = (Stance.DISLIKE, Stance.MIND, Stance.LIKE, Stance.CARE)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report, in words, and what it is about."""

    label: str
    about: About
    speakers: int


def figures_of(say: Say, found: DemandReport) -> list[Figure]:
    """The figures that can be opened: what hurts first, then what is asked for, then the rest."""
    aspects = {
        stance: [
            Figure(
                say(
                    "{what} {count} 人",
                    what=f"{shortened(row.aspect)} {say(STANCES[stance])}",
                    count=count,
                ),
                About(row.aspect, stance),
                count,
            )
            for row in found.aspects
            if row.aspect != WHOLE and (count := getattr(row, stance.value))
        ]
        for stance in _HURTS_FIRST
    }
    demands = [
        Figure(
            say(
                "{what} {count} 人",
                what=f"{say(DEMANDS[row.kind])} {shortened(row.thing)}".strip(),
                count=row.speakers,
            ),
            About(row.thing, kind=row.kind),
            row.speakers,
        )
        for row in found.demands
    ]
    parts = [aspects[Stance.DISLIKE], aspects[Stance.MIND], demands]
    parts += [aspects[Stance.LIKE], aspects[Stance.CARE]]
    return [one for part in parts for one in sorted(part, key=lambda one: -one.speakers)]


def about_text(say: Say, about: About) -> str:
    """A thing with how it is spoken of: 气味（讨厌）, 补货 面膜."""
    if about.kind is not None:
        return f"{say(DEMANDS[about.kind])} {about.thing}".strip()
    if about.stance is not None:
        return say("{thing}（{stance}）", thing=about.thing, stance=say(STANCES[about.stance]))
    return about.thing


def quote_lines(
    desk: Desk,
    quotes: Sequence[Said],
    texts: Mapping[int, str],
    groups: Mapping[int, str],
    *,
    names: bool,
) -> list[str]:
    """Each quote with when it was said; with where, if there are several groups, and by whom.

    Args:
        desk: the shop, for its clock and its language.
        quotes: the messages, in the order in which they are shown.
        texts: message id → what is shown of it.
        groups: group id → name, empty where there is only one.
        names: whether to say who said it.
    """
    lines = []
    for one in quotes:
        name = shortened(one.name) if names else ""
        facts = [name, desk.show_time(one.at), shortened(groups.get(one.group_id, ""))]
        text = " ".join(texts[one.id].split())
        if len(text) > _LONGEST_QUOTE:
            text = f"{text[:_LONGEST_QUOTE]}{desk.say('……')}"
        told = " · ".join(filter(None, facts))
        lines.append(desk.say("“{quote}”\n— {facts}", quote=text, facts=told))
    return lines
