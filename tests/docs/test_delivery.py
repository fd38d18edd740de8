"""The page on deliveries says what the sender does: its tables are held against the code."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import get_args

import pytest

from docs.generate import TOP
from handlers.reasons import WORDS
from scheduler import decide
from scheduler.answers import move_after
from scheduler.courier import Outcome, TooFast
from scheduler.decide import Reason
from scheduler.lease import LeaseTerms
from scheduler.sending import SenderSettings
from storage.database import Database
from storage.deliveries import DeliveryState
from storage.shops import ensure_shop, halted_at
from tests.scheduler.situations import NOON, SECOND, due

PAGE = (TOP / "docs/discussions/delivery.md").read_text(encoding="utf-8")
DRAWING = (TOP / "docs/images/delivery-states.svg").read_text(encoding="utf-8")
LEFT_OUT, PUT_OFF = "left out", "put off"


def table(first_cell: str) -> Iterator[list[str]]:
    """The rows of the table whose heading begins with this cell, without code marks."""
    (body,) = re.findall(rf"^\| {first_cell} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    for row in body.splitlines():
        yield [cell.strip().replace("`", "") for cell in row.strip("|").split("|")]


Rules = dict[str, set[tuple[str, str]]]


def rules_of_the_page() -> Rules:
    """Rule → its decisions, each with its reason; a star marks what spares notices."""
    rules: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    rule = ""
    for number, _, decision, reason, _ in table("rule"):
        rule = number or rule
        rules[rule].add((" ".join(decision.split()[:2]), reason))
    return rules


def rules_of_the_code() -> Rules:
    """The same from the table at the top of `scheduler/decide.py`."""
    rules: Rules = {}
    for number, words in re.findall(
        r"^ ?(\d+)  (.+\n(?: {4,}\S.*\n)*)", decide.__doc__ or "", re.MULTILINE
    ):
        star = " *" if re.search(r" \* ", words) else ""
        decision = LEFT_OUT if "skip: " in words else PUT_OFF
        reasons = [one for one in Reason if re.search(rf"\b{one.name}\b", words)]
        rules[number + star] = {(decision, reason.value) for reason in reasons}
    return rules


def test_the_decision_table_is_that_of_the_code() -> None:
    assert rules_of_the_page() == rules_of_the_code()


def test_every_reason_of_a_decision_is_on_the_page() -> None:
    told = {reason for decisions in rules_of_the_page().values() for _, reason in decisions}
    assert told == {reason.value for reason in Reason}


def test_the_words_in_chat_are_those_that_the_bot_uses() -> None:
    shown = [(row[3], row[4]) for row in table("rule")] + [
        (row[0], row[1]) for row in table("reason")
    ]
    assert [(reason, WORDS.get(reason)) for reason, _ in shown] == shown


def test_each_outcome_takes_a_delivery_where_the_page_says() -> None:
    told = {name: became.partition(",")[0] for name, _, became, _ in table("outcome")}
    taken = {kind.__name__: _state_after(kind) for kind in get_args(Outcome)}
    assert told == taken


def _state_after(kind: type[Outcome]) -> str:
    outcome = kind(SECOND) if issubclass(kind, TooFast) else kind("why")
    return move_after(due(), outcome, NOON, rests_until=None, spread=0.0).state.value


@pytest.mark.parametrize("text", [PAGE, DRAWING], ids=["page", "drawing"])
def test_every_state_is_told(text: str) -> None:
    assert [state for state in DeliveryState if not re.search(rf"\b{state}\b", text)] == []


def test_every_figure_is_the_one_in_use() -> None:
    told: dict[str, str] = {}
    for names, values, _ in table("setting"):
        told |= dict(zip(names.split(", "), values.split(", "), strict=True))
    assert told == {
        field.name: _shown(getattr(settings, field.name))
        for settings in (SenderSettings(), LeaseTerms())
        for field in dataclasses.fields(settings)
    }


def _shown(value: timedelta | int) -> str:
    if isinstance(value, int):
        return str(value)
    for unit, name in ((timedelta(minutes=1), "min"), (SECOND, "s"), (SECOND / 1000, "ms")):
        if value >= unit and not value % unit:
            return f"{value // unit} {name}"
    raise ValueError(value)


async def test_the_advice_on_a_restored_backup_stops_all_sending(database: Database) -> None:
    (advice,) = re.findall(r"`(UPDATE .*?)`", PAGE)
    async with database.writing() as connection:
        shop = await ensure_shop(connection, "shop")
        await connection.exec_driver_sql(advice)
        assert await halted_at(connection, shop) is not None
