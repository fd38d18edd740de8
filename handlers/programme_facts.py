"""What the shop says of itself for a programme: its gift, its days, the moments of the sale.

Written in one message as `赠品=小样三件 尾款截止=11-13 23:59`, each fact under its key, its name,
or a part of the name that no other has; `赠品=` alone takes back what was said. A moment that the
platform sets may be said as well; then it counts as the shop says.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from handlers.day_arguments import DATE, WrittenDate
from handlers.desk import Desk
from handlers.fact_words import (
    SHAPES,
    day_said,
    example_of,
    label,
    name_of,
    short,
    what_is,
)
from handlers.programme_files import NODE, NODES, node_names
from handlers.replies import Reply, reply
from scheduler.festivals import Region
from scheduler.legal_days import LegalDay
from scheduler.programme_facts import suggested_day
from scheduler.programme_parts import Fact, FactKind, Programme
from scheduler.programme_plan import ProgrammePlan
from storage.errors import NuanqunError

_LONGEST = 200  # characters of a fact: it stands inside a text
_ANY_NAME = re.compile(r"(?!\d+\s*[=＝])[\w-]+")
_BEHIND = re.compile(r"[\s;；,，。]+$")
_NOTHING_WORDS = frozenset({"", "无", "没有", "删", "删掉", "none"})
_TIME = re.compile(r"(?P<hour>\d{1,2})[:：](?P<minute>\d{2})")
_MONEY = re.compile(r"(?:[¥￥])?(?P<amount>\d{1,7}(?:\.\d{1,2})?)(?:元|块)?")
_NUMBER = re.compile(r"(?P<number>\d{1,9})")


@dataclass(frozen=True, slots=True)
class Said:
    """The facts that a manager has written, by key, ready to be kept; None is taken back."""

    facts: Mapping[str, str | int | None]


def read_facts(desk: Desk, programme: Programme, year: int, written: str) -> Said | Reply:
    """What a manager wrote of the shop, or one line that says what is wrong with it."""
    known = _known(desk, programme, year)
    named = list(_named(known).finditer(written))
    if not named or written[: named[0].start()].strip():
        return _unreadable(desk, programme, year)
    ends = [*(one.start() for one in named[1:]), len(written)]
    found: dict[str, str | int | None] = {}
    for one, end in zip(named, ends, strict=True):
        value = _BEHIND.sub("", written[one.end() : end])
        meant = known.get(one["name"].lower()) or _by_part(programme, one["name"].lower())
        if meant is None:
            return _unknown(desk, programme, one["name"])
        key, kind = meant
        if value.lower() in _NOTHING_WORDS:
            found[key] = None
            continue
        read = _value(kind, value, year)
        if read is None:
            return reply(
                desk.say(
                    "「{name}」要写成{shape}，例如 {example}，写的是「{value}」。",
                    name=one["name"],
                    shape=desk.say(SHAPES[kind]),
                    example=example_of(desk, programme, year, key),
                    value=value,
                ),
                private=True,
            )
        found[key] = read
    return Said(found)


def _known(desk: Desk, programme: Programme, year: int) -> dict[str, tuple[str, FactKind]]:
    """Everything that a fact or a node may be called → its key and kind."""
    found: dict[str, tuple[str, FactKind]] = {}
    named = node_names(desk.shop, programme, year)
    for key in {**named, **NODES}:
        usual = [desk.say(NODES[key])] if key in NODES else []
        for name in (key, f"{NODE}{key}", *named.get(key, {}).values(), *usual):
            found[name.lower()] = f"{NODE}{key}", FactKind.MOMENT
    for fact in programme.facts:
        for name in (fact.key, *fact.name.values(), *map(short, fact.name.values())):
            found[name.lower()] = fact.key, fact.kind
    return found


def _by_part(programme: Programme, written: str) -> tuple[str, FactKind] | None:
    """The only fact whose name has this in it: 优惠 for 这次的优惠."""
    found = [
        (fact.key, fact.kind)
        for fact in programme.facts
        if any(written in short(name).lower() for name in fact.name.values())
    ]
    return found[0] if len(found) == 1 else None


def _named(known: Iterable[str]) -> re.Pattern[str]:
    """Finds a name with its equals sign: one that is known, whatever is in it, or any word."""
    names = sorted(map(re.escape, known), key=len, reverse=True)
    either = "|".join([*names, _ANY_NAME.pattern])
    return re.compile(rf"(?:^|(?<=[\s;；,，]))(?P<name>{either})\s*[=＝]\s*", re.IGNORECASE)


def _value(kind: FactKind, written: str, year: int) -> str | int | None:
    """A fact as it is kept; None where it is written otherwise."""
    if not written or len(written) > _LONGEST:
        return None
    match kind:
        case FactKind.TEXT:
            return None if "{" in written or "}" in written else written
        case FactKind.DAY:
            day = _day(written, year)
            return None if day is None else day.isoformat()
        case FactKind.MONEY:
            money = _MONEY.fullmatch(written)
            return None if money is None else f"{float(money['amount']):.2f}"
        case FactKind.NUMBER:
            number = _NUMBER.fullmatch(written)
            return None if number is None else int(number["number"])
        case FactKind.MOMENT:
            moment = wall_time(written, year)
            return None if moment is None else moment.isoformat(timespec="minutes")


def _day(written: str, year: int) -> date | None:
    found = DATE.fullmatch(written)
    if found is None:
        return None
    try:
        day = WrittenDate.of(found)
        return date(day.year or year, day.month, day.day)
    except ValueError:
        return None


def wall_time(written: str, year: int) -> datetime | None:
    """A local time as a manager writes it, `11-10 20:00`; None where it is none."""
    day, _, clock = written.strip().replace("T", " ").partition(" ")
    on, at = _day(day, year), _TIME.fullmatch(clock.strip())
    if on is None or at is None:
        return None
    try:
        return datetime(on.year, on.month, on.day, int(at["hour"]), int(at["minute"]))  # noqa: DTZ001 (a local time, as written)
    except ValueError:
        return None


def missing_facts(programme: Programme, facts: Mapping[str, object]) -> list[Fact]:
    """The facts without which a programme is not switched on, and which nobody has said."""
    return [
        fact
        for fact in programme.facts
        if fact.needed and fact.default is None and fact.key not in facts
    ]


def lasting_facts(programme: Programme, facts: Mapping[str, object]) -> dict[str, object]:
    """What the shop said that holds from year to year: neither days, nor what held once."""
    lasting = [fact.key for fact in programme.facts if not (fact.dated or fact.once)]
    return {key: facts[key] for key in lasting if key in facts}


async def ask_for_facts(  # noqa: PLR0917 (a programme's year, what of it is asked for, and how)
    desk: Desk,
    programme: Programme,
    year: int,
    missing: Sequence[Fact],
    call: str,
    before: Mapping[str, object],
) -> Reply:
    """What has to be known first, and how to say it in one message.

    The example says what was said `before`, the last time, where that may hold again. Days around a
    legal holiday stand in it as the year has them.

    Raises:
        SchedulingError: the year does not have a day that the file suggests.
    """
    say, suggested = desk.say, await suggested_days(desk, missing, year)
    shown = {fact.key: example_of(desk, programme, year, fact.key) for fact in missing}
    shown |= {key: day_said(one.day, year) for key, one in suggested.items()}
    names = desk.listed(label(desk, fact, shown[fact.key]) for fact in missing)
    example = facts_written(desk, programme, shown | lasting_facts(programme, before), of=missing)
    lines = [
        say(
            "开「{programme}」之前还要知道：{names}。\n一次写上就行，例如：\n{example}",
            programme=programme.names.get(desk.shop.language, programme.names["zh"]),
            names=names,
            example=f"{call} {example}",
        )
    ]
    if suggested:
        lines.append(say("例子里的日子按法定放假算，快递可能停得更早，按店里的来。"))
    if any(one.provisional for one in suggested.values()):
        lines.append(say("{year} 年的放假通知还没出，这是暂定的。", year=year))
    return reply("\n".join(lines), private=True)


async def suggested_days(desk: Desk, facts: Sequence[Fact], year: int) -> dict[str, LegalDay]:
    """The days that the file suggests for these facts in a year, where it does, by their keys.

    Raises:
        SchedulingError: the year does not have one of them.
    """
    region = Region(desk.shop.region)
    # The library of legal days takes a while when it is first asked.
    days = {fact.key: await asyncio.to_thread(suggested_day, fact, year, region) for fact in facts}
    return {key: day for key, day in days.items() if day is not None}


def waiting_lines(desk: Desk, programme: Programme, plan: ProgrammePlan) -> list[str]:
    """What is not planned yet because something is not known, and how to say it.

    A task whose phase is over waits for nothing any more.
    """
    today = desk.shop.day_of(desk.clock.now())
    over = {one.key for one in plan.phases if one.last is not None and one.last < today}
    late = {task.key for task in programme.tasks if task.phase in over}
    waiting = [one for one in plan.waiting if one.task not in late]
    if not waiting:
        return []
    say, by_what = desk.say, dict[str, list[str]]()
    for one in waiting:
        name = one.name.get(desk.shop.language, one.name["zh"])
        by_what.setdefault(one.what, []).append(name)
    lines = [say("还没排进去的：")]
    for what, tasks in by_what.items():
        known = what_is(desk, programme, plan.year, what)
        lines.append(
            say(
                "· {tasks}：还不知道「{what}」", tasks=desk.listed(dict.fromkeys(tasks)), what=known
            )
        )
    first = next(iter(by_what))
    known = short(what_is(desk, programme, plan.year, first))
    value = example_of(desk, programme, plan.year, first)
    example = f"/programme facts {programme.key} {known}={value}"
    return [*lines, say("知道了就告诉我，例如：{example}", example=example)]


def facts_lines(
    desk: Desk, programme: Programme, year: int, facts: Mapping[str, object]
) -> list[str]:
    """Every fact of a programme with what the shop has said of it."""
    say, lines = desk.say, list[str]()
    for fact in programme.facts:
        said = _said(desk, fact.kind, facts.get(fact.key, fact.default), year)
        asked = label(desk, fact, example_of(desk, programme, year, fact.key))
        none = say("还没说，开之前要说") if fact.needed else say("还没说")
        name = short(name_of(desk, fact)) if said else asked
        lines.append(say("· {name}：{said}", name=name, said=said or none))
    lines += [
        say(
            "· {name}：{said}",
            name=what_is(desk, programme, year, key),
            said=_said(desk, FactKind.MOMENT, said, year),
        )
        for key, said in facts.items()
        if key.startswith(NODE)
    ]
    return lines


def _said(desk: Desk, kind: FactKind, said: object, year: int) -> str:
    """A fact as a manager would write it: `11-20`, `11-10 20:00`, `99元`; empty where none is."""
    written = "" if said is None else str(said)
    match kind:
        case FactKind.DAY | FactKind.MOMENT:
            return written.replace("T", " ").removeprefix(f"{year}-")
        case FactKind.MONEY if written:
            return desk.say("{amount}元", amount=written.removesuffix(".00"))
        case _:
            return written


def facts_said(desk: Desk, programme: Programme, facts: Mapping[str, object]) -> list[str]:
    """A line for each of these facts of a programme."""
    return [
        desk.say("· {name}：{said}", name=name_of(desk, fact), said=facts[fact.key])
        for fact in programme.facts
        if fact.key in facts
    ]


def facts_written(
    desk: Desk,
    programme: Programme,
    facts: Mapping[str, object],
    of: Sequence[Fact] | None = None,
) -> str:
    """These facts, or some of them, as `read_facts` reads them: `赠品=小样三件 到手价=99.00`."""
    said = [fact for fact in of or programme.facts if fact.key in facts]
    return " ".join(f"{short(name_of(desk, fact))}={facts[fact.key]}" for fact in said)


def fact_invalid(desk: Desk, trouble: NuanqunError) -> Reply:
    """The answer to facts or dates that do not fit the programme's file any more."""
    return reply(desk.say("这个方案现在排不出来：{trouble}", trouble=str(trouble)), private=True)


def _unreadable(desk: Desk, programme: Programme, year: int) -> Reply:
    first = programme.facts[0] if programme.facts else None
    example = (
        f"{short(name_of(desk, first))}={example_of(desk, programme, year, first.key)}"
        if first is not None
        else desk.say("赠品=护手霜小样")
    )
    return reply(
        desk.say("要写成“名字=内容”，几样之间空一格，例如：{example}", example=example),
        private=True,
    )


def _unknown(desk: Desk, programme: Programme, written: str) -> Reply:
    known = desk.listed(short(name_of(desk, fact)) for fact in programme.facts)
    return reply(
        desk.say("这个方案里没有「{name}」。能说的有：{known}", name=written, known=known),
        private=True,
    )
