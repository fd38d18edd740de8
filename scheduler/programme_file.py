"""Reading a programme's file, and refusing what is wrong in it before anybody relies on it.

A file is refused as a whole, at its first mistake: with the place, what was found there and what
is allowed. What depends on a year or on the shop's facts (a phase that overlaps another, a post in
quiet hours) is found by `programme_plan.resolve` instead. `programme_parts.py` has the values that
are made here, `programme_checks.py` what they ask of each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from scheduler.legal_days import DayOff
from scheduler.programme_checks import (
    DATED,
    OWN_WORDS,
    SHOP_WORDS,
    check_audience,
    check_bounds,
    check_day,
    check_day_off,
    check_example,
    check_fact,
    check_labels,
    check_promotion,
    check_schedule,
    check_suggestion,
    check_template,
    check_words,
    nodes_of_task,
    read_written,
)
from scheduler.programme_dates import Source, read_day
from scheduler.programme_facts import FactInvalid, read_fact
from scheduler.programme_names import (
    check_apart,
    check_fact_names,
    check_groups,
    read_key,
    read_picture,
)
from scheduler.programme_parts import (
    ANY_SLOT,
    CHINESE,
    USUALLY_PROPOSED_AHEAD,
    Button,
    Fact,
    FactKind,
    Named,
    Phase,
    Programme,
    Task,
    TaskKind,
    Texts,
)
from scheduler.toml_tables import Table, allowed_instead, named, read_toml
from storage.errors import SchedulingError

_LEAP_YEAR = 2024  # has every day that a file may name
_LONGEST_VALID = 744  # hours
_LONGEST_AHEAD = 300  # days
_PARTS = (
    "key", "name", "valid_hours", "propose_days_ahead", "anchor", "promotion", "schedule",
    "schedule_name", "texts", "fact", "phase", "task", "called",
)  # fmt: skip
_TASK_PARTS = (
    "key", "name", "phase", "kind", "on", "at", "valid_hours", "until", "audience", "groups",
    "needs", "picture", "buttons", "goal", "texts", "day_off",
)  # fmt: skip
_FACT_PARTS = (
    "key", "kind", "name", "needed", "default", "once", "suggest", "day_off", "earliest", "latest",
    "example",
)  # fmt: skip
_ANCHORS = ("solar", "lunar", "festival", "fact")


class ProgrammeBroken(SchedulingError):
    """A programme's file is not written as a programme."""

    number = 318
    sentence = "The programme {file} is broken at {part}: {reason}."
    mend = "Correct the file; scheduler/programmes/double11.toml is an example."


def read_programme(path: Path) -> Programme:
    """The programme in this TOML file.

    Raises:
        ProgrammeBroken: it is not a programme; the error names the part.
        OSError: the file cannot be read.
    """
    file = read_toml(
        path, lambda part, reason: ProgrammeBroken(file=path.name, part=part, reason=reason)
    )
    return _programme(file, path.parent)


def _programme(file: Table, folder: Path) -> Programme:
    file.only(*_PARTS)
    facts = _facts(file)
    programme = Programme(
        key=read_key(file),
        names=named(file, "name"),
        valid_for=_valid_for(file),
        proposed_ahead=_proposed_ahead(file),
        schedule=file.table("schedule").parts if "schedule" in file.parts else None,
        schedule_names=named(file, "schedule_name") if "schedule_name" in file.parts else {},
        texts=_topics(file),
        promotion=file.table("promotion").parts if "promotion" in file.parts else None,
        anchor=_anchor(file, facts),
        facts=facts,
        phases=tuple(_phase(row) for row in _keyed(file, "phase")),
        called=tuple(name.lower() for name in file.texts("called")),
    )
    if programme.schedule is None and "task" not in file.parts:
        raise file.wrong("task", "it is missing, and there is no schedule either")
    check_schedule(file, programme)
    for row, phase in zip(file.tables("phase"), programme.phases, strict=True):
        for part, written in (("first", phase.first), ("last", phase.last)):
            check_day(row, part, read_written(row, part, read_day, written), programme)
    tasks = tuple(_task(row, programme, folder) for row in _keyed(file, "task"))
    whole = replace(programme, tasks=tasks)
    check_promotion(file, whole)
    return whole


def _proposed_ahead(file: Table) -> timedelta:
    if "propose_days_ahead" not in file.parts:
        return USUALLY_PROPOSED_AHEAD
    days = file.positive("propose_days_ahead")
    if days > _LONGEST_AHEAD:
        allowed = f"at most {_LONGEST_AHEAD}: before, the last year is hardly over"
        raise file.wrong("propose_days_ahead", allowed_instead(days, allowed))
    return timedelta(days=days)


def _valid_for(table: Table) -> timedelta:
    hours = table.positive("valid_hours")
    if hours > _LONGEST_VALID:
        allowed = f"at most {_LONGEST_VALID}: a post of another month says nothing any more"
        raise table.wrong("valid_hours", allowed_instead(hours, allowed))
    return timedelta(hours=hours)


def _keyed(file: Table, part: str) -> list[Table]:
    """The tables of a list, each with a key of its own."""
    rows, seen = file.tables(part), set[str]()
    for row in rows:
        key = row.text("key")
        if key in seen:
            raise row.wrong("key", f"there are two with the key {key!r}; each has one of its own")
        seen.add(key)
    return rows


def _facts(file: Table) -> tuple[Fact, ...]:
    found: list[Fact] = []
    for row in _keyed(file, "fact"):
        fact = _fact(row)
        check_apart(row, fact, found)
        check_bounds(row, fact, found, anchored="anchor" in file.parts)
        found.append(fact)
    return tuple(found)


def _fact(row: Table) -> Fact:
    row.only(*_FACT_PARTS)
    key, kinds = row.text("key"), [kind.value for kind in FactKind]
    if not key.isidentifier() or key in SHOP_WORDS | OWN_WORDS:
        raise row.wrong("key", f"it has {key!r}; it must be a name that texts can use: last_parcel")
    if (written := row.text("kind")) not in kinds:
        raise row.wrong("kind", allowed_instead(written, " or ".join(kinds)))
    fact = Fact(
        key=key,
        kind=FactKind(written),
        name=named(row, "name"),
        needed=row.flag("needed"),
        default=row.parts.get("default"),
        once=row.flag("once"),
        suggested=row.text_if_any("suggest"),
        day_off=_day_off(row),
        earliest=row.text_if_any("earliest"),
        latest=row.text_if_any("latest"),
        example=named(row, "example") if "example" in row.parts else {},
    )
    check_fact_names(row, fact)
    check_example(row, fact)
    check_suggestion(row, fact)
    if fact.default is not None:
        try:
            read_fact("", fact, fact.default, _LEAP_YEAR)
        except FactInvalid as wrong:
            allowed = str(wrong.facts["allowed"])
            raise row.wrong("default", allowed_instead(fact.default, allowed)) from wrong
    return fact


def _anchor(file: Table, facts: Iterable[Fact]) -> str | None:
    """The programme's own day, written as a task would write it."""
    if "anchor" not in file.parts:
        return None
    anchor = file.table("anchor")
    anchor.only(*_ANCHORS)
    if len(anchor.parts) != 1:
        raise file.wrong("anchor", f"it must have one of {', '.join(_ANCHORS)}")
    (kind,) = anchor.parts
    written = anchor.text(kind)
    if kind != "solar":
        written = f"{kind}:{written}"
    rule = read_written(anchor, kind, read_day, written)
    if rule.source is Source.FACT:
        check_fact(anchor, kind, rule.name, facts, DATED)
    return written


def _phase(row: Table) -> Phase:
    row.only("key", "name", "first", "last", "goal")
    return Phase(
        key=read_key(row),
        name=named(row, "name"),
        first=row.text("first"),
        last=row.text("last"),
        goal=named(row, "goal") if "goal" in row.parts else {},
    )


def _task(row: Table, programme: Programme, folder: Path) -> Task:
    row.only(*_TASK_PARTS)
    phases, kinds = [phase.key for phase in programme.phases], [kind.value for kind in TaskKind]
    if (phase := row.text("phase")) not in phases:
        raise row.wrong("phase", allowed_instead(phase, " or ".join(phases) or "a phase's key"))
    if (kind := row.text("kind")) not in kinds:
        raise row.wrong("kind", allowed_instead(kind, " or ".join(kinds)))
    schedule = programme.schedule or {}
    countdown = "texts" not in row.parts and schedule.get("kind") == "countdown"
    on = row.texts("on")
    if countdown:  # a single day of a countdown is known by its label as well
        on = tuple(
            f"{day}..{day}" if day.startswith("d-") and ".." not in day else day for day in on
        )
    task = Task(
        key=read_key(row),
        name=named(row, "name"),
        phase=phase,
        kind=TaskKind(kind),
        on=on,
        at=str(schedule.get("at")) if countdown and "at" not in row.parts else row.text("at"),
        valid_for=_valid_for(row) if "valid_hours" in row.parts else programme.valid_for,
        until=row.text_if_any("until"),
        audience=row.text_if_any("audience"),
        groups=row.text_if_any("groups"),
        needs=row.texts("needs"),
        picture=read_picture(row, folder),
        buttons=tuple(_button(button) for button in row.tables("buttons")),
        goal=named(row, "goal") if "goal" in row.parts else {},
        texts=_countdown_texts(programme) if countdown else _task_texts(row),
        countdown=countdown,
        day_off=_day_off(row),
    )
    task = replace(task, nodes=nodes_of_task(row, task, programme))
    check_day_off(row, task)
    check_audience(row, task)
    check_groups(row, task.groups)
    check_labels(row, task)
    check_words(row, task, programme)
    return task


def _day_off(row: Table) -> DayOff | None:
    written = row.text_if_any("day_off")
    if written is not None and written not in list(DayOff):
        raise row.wrong("day_off", allowed_instead(written, " or ".join(DayOff)))
    return None if written is None else DayOff(written)


def _button(row: Table) -> Button:
    row.only("label", "says")
    return Button(named(row, "label"), row.text("says"))


def _task_texts(row: Table) -> Mapping[str, Texts]:
    """A task's words: by language, or by label and then language."""
    texts = row.table("texts")
    labels = [part for part, found in texts.parts.items() if isinstance(found, dict)]
    found = {label: _variants(texts.table(label), label) for label in labels}
    if len(labels) < len(texts.parts):
        general = {part: found for part, found in texts.parts.items() if part not in labels}
        found[ANY_SLOT] = _variants(replace(texts, parts=general), "texts")
    if not found:
        raise row.wrong("texts", "it is empty")
    return found


def _variants(texts: Table, part: str) -> Texts:
    if CHINESE not in texts.parts:
        raise texts.wrong(CHINESE, f"{part} has no Chinese (zh)")
    found = {language: texts.texts(language) for language in texts.parts}
    for language, variants in found.items():
        if not variants:
            raise texts.wrong(language, "it is empty")
        for text in variants:
            check_template(texts, language, text)
        if len(variants) != len(found[CHINESE]):
            reason = f"it has {len(variants)} variants, and {CHINESE} has {len(found[CHINESE])}"
            raise texts.wrong(language, reason)
    return found


def _countdown_texts(programme: Programme) -> Mapping[str, Texts]:
    return {
        topic: {language: (text,) for language, text in texts.items()}
        for topic, texts in programme.texts.items()
    }


def _topics(file: Table) -> Mapping[str, Named]:
    """The words of the schedule's part: topic → language → template."""
    if "texts" not in file.parts:
        return {}
    texts, found = file.table("texts"), {}
    for topic in texts.parts:
        found[topic] = named(texts, topic)
        for language, text in found[topic].items():
            check_template(texts.table(topic), language, text)
    return found
