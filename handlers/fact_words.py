"""The words for what a shop tells of itself: how a fact is called, asked for, and shown.

An example of a day is one of the programme's own season, so that it holds when it is copied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from handlers.desk import Desk
from handlers.programme_files import NODE, NODES, last_known, node_names
from scheduler.festivals import Region
from scheduler.programme_facts import season_of
from scheduler.programme_parts import Fact, FactKind, Programme

_REMARK = re.compile(r"\s*[，,（(](?P<remark>.*?)[）)]?")
_A_DAY = "11-20"  # as the examples have it

SHAPES: Mapping[FactKind, str] = {
    FactKind.TEXT: "文字",
    FactKind.DAY: "日期",
    FactKind.MONEY: "金额",
    FactKind.NUMBER: "整数",
    FactKind.MOMENT: "日期和时间",
}
_EXAMPLES: Mapping[FactKind, str] = {
    FactKind.TEXT: "护手霜小样",
    FactKind.DAY: "11-20",
    FactKind.MONEY: "99",
    FactKind.NUMBER: "3",
    FactKind.MOMENT: "11-10 20:00",
}


def short(name: str) -> str:
    """A name without the remark behind it: 会员日的优惠 for 会员日的优惠，一句话."""
    return _parted(name)[0]


def _parted(name: str) -> tuple[str, str]:
    for place in range(len(name)):
        if found := _REMARK.fullmatch(name, place):
            return name[:place], found["remark"]
    return name, ""


def name_of(desk: Desk, fact: Fact) -> str:
    """A fact's name in the shop's language, with its remark."""
    return fact.name.get(desk.shop.language, fact.name["zh"])


def label(desk: Desk, fact: Fact, example: str) -> str:
    """What a fact is, and how it is written: `每月几号（1 到 28，例如 3）`."""
    name, remark = _parted(name_of(desk, fact))
    return desk.say(
        "{name}（{shape}，例如 {example}）",
        name=name,
        shape=remark or desk.say(SHAPES[fact.kind]),
        example=example,
    )


def example_of(desk: Desk, programme: Programme, year: int, what: str) -> str:
    """How a fact, or a node as `node:KEY`, may be written for a year of a programme.

    A node is shown as it was the last time that anybody knows of.
    """
    if what.startswith(NODE):
        last = last_known(desk.shop, programme, year, what.removeprefix(NODE))
        if last is not None:
            return f"{desk.shop.local(last.at):%m-%d %H:%M}"
    region = Region(desk.shop.region)
    fact = next((one for one in programme.facts if one.key == what), None)
    if fact is not None and fact.example:
        return fact.example.get(desk.shop.language, fact.example["zh"])
    kind = FactKind.MOMENT if fact is None else fact.kind
    day = season_of(programme, fact, year, region)
    if kind not in {FactKind.DAY, FactKind.MOMENT} or day is None:
        return desk.say(_EXAMPLES[kind])
    return f"{day:%m-%d}{_EXAMPLES[kind][len(_A_DAY) :]}"


def what_is(desk: Desk, programme: Programme, year: int, what: str) -> str:
    """A fact or a node by its name in the shop's language."""
    language = desk.shop.language
    if what.startswith(NODE):
        key = what.removeprefix(NODE)
        names = node_names(desk.shop, programme, year).get(key, {})
        usual = desk.say(NODES[key]) if key in NODES else key
        return names.get(language, names.get("zh", usual))
    for fact in programme.facts:
        if fact.key == what:
            return name_of(desk, fact)
    return what


def day_said(day: date, year: int) -> str:
    """A day as a manager would write it: `11-20`, or in another year than the programme's whole."""
    return f"{day:%m-%d}" if day.year == year else f"{day:%Y-%m-%d}"
