"""The page on trials shows commands that the bot reads, and the figures that it goes by."""

from __future__ import annotations

import re

import pytest

from docs.generate import TOP
from handlers.commands import REGISTRY
from handlers.registry import Call
from handlers.roles import Role
from handlers.trial_arguments import TrialWords
from scheduler.trials import NEW_FOR
from storage.outcome_sources import Metric

PAGE = (TOP / "docs/discussions/trials.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^(/trial .+?)(?:\s{2,}.*)?$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("written", COMMANDS)
def test_a_command_of_the_page_is_read(written: str) -> None:
    assert isinstance(REGISTRY.parse(written, Role.MANAGER), Call)


def test_the_page_shows_each_way_to_call_it() -> None:
    assert len(COMMANDS) == 5


@pytest.mark.parametrize("language", [r"\((回复.+?);", r"in English (.+?)\)"])
def test_every_metric_has_the_words_that_the_page_names(language: str) -> None:
    (named,) = re.findall(language, PAGE)
    read = [TrialWords.read(word)[0].metric for word in re.split("[,，、] ?", named)]
    assert read == list(Metric)


def test_a_customer_is_new_for_as_long_as_the_page_says() -> None:
    assert f"first seen within the {NEW_FOR.days} days" in PAGE
