"""Unplanned care: what a shop says when something happens to its fans that no calendar knows.

A typhoon, a courier's strike, an outage: the texts are data (`care.toml`), written and checked
before anybody is in a hurry. A manager names the kind, and perhaps a place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from scheduler.greeting_facts import ADDRESS, CHINESE
from scheduler.templates import render

_FILE = Path(__file__).with_name("care.toml")
_NOT_TEXTS = {"key", "names"}


@dataclass(frozen=True, slots=True)
class Care:
    """One kind of care: `names` are how it may be called, `texts` a template by language."""

    key: str
    names: tuple[str, ...]
    texts: Mapping[str, str]

    @property
    def name(self) -> str:
        """What it is called in a list, in Chinese."""
        return self.names[0]


@lru_cache(maxsize=1)
def kinds_of_care() -> tuple[Care, ...]:
    """Every kind, in the order of the file."""
    with _FILE.open("rb") as file:
        rows = tomllib.load(file)["care"]
    return tuple(_care(row) for row in rows)


def care_named(name: str) -> Care | None:
    """The kind that is called so, in either language; None where there is none."""
    wanted = name.strip().lower()
    return next((one for one in kinds_of_care() if wanted in one.names), None)


def care_text(care: Care, language: str, variables: Mapping[str, str], place: str = "") -> str:
    """The words, with the shop's `variables` (`shop`, perhaps `address`) and a place filled in."""
    template = care.texts.get(language, care.texts[CHINESE])
    known = {"address": ADDRESS.get(language, ADDRESS[CHINESE]), **variables, "place": place}
    return render(template, **known)


def _care(row: Mapping[str, Any]) -> Care:
    texts = {language: text for language, text in row.items() if language not in _NOT_TEXTS}
    return Care(row["key"], tuple(row["names"]), texts)
