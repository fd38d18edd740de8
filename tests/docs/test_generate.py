"""The generated pages say what the code says, and the catalogue of errors is in order."""

from __future__ import annotations

import string
from collections import Counter

import pytest

from docs.generate import PAGES, TOP, errors_below, errors_page
from storage.errors import (
    HandlingError,
    NuanqunError,
    RunningError,
    SchedulingError,
    StorageError,
    UnderstandingError,
)

FLOORS: dict[str, type[NuanqunError]] = {
    "storage": StorageError,
    "insights": UnderstandingError,
    "scheduler": SchedulingError,
    "handlers": HandlingError,
    "bot": RunningError,
}


@pytest.mark.parametrize("place", PAGES)
def test_a_generated_page_is_fresh(place: str) -> None:
    page = TOP / place
    assert page.exists(), f"{place} is not there: run `make docs`"
    fresh = page.read_text(encoding="utf-8") == PAGES[place]()
    assert fresh, f"{place} is stale: run `make docs`"


def catalogued() -> list[type[NuanqunError]]:
    """Every error of the five packages but the root and those of whole floors."""
    return [error for error in errors_below(NuanqunError) if error not in FLOORS.values()]


def test_no_two_errors_share_a_number() -> None:
    numbers = Counter(error.number for error in errors_below(NuanqunError))
    assert [number for number, uses in numbers.items() if uses > 1] == []


def test_an_error_lives_on_its_floor_and_in_its_hundred() -> None:
    astray = [
        f"{error.__module__}.{error.__name__} (NQ{error.number})"
        for error in catalogued()
        for floor in [FLOORS[error.__module__.partition(".")[0]]]
        if not (issubclass(error, floor) and 0 < error.number - floor.number < 100)
    ]
    assert astray == []


def test_an_error_has_words_of_its_own() -> None:
    wordless = [
        f"{error.__module__}.{error.__name__} lacks its own {word}"
        for error in catalogued()
        for word in ("number", "sentence", "mend", "__doc__")
        if not vars(error).get(word)
    ]
    assert wordless == []


def test_the_words_of_an_error_are_sentences_that_can_be_filled_in() -> None:
    for error in catalogued():
        for words in (error.sentence, error.mend):
            names = [name for _, name, _, _ in string.Formatter().parse(words) if name is not None]
            assert all(name.isidentifier() for name in names), f"{error.__name__}: {words}"
            assert words.rstrip("'\")")[-1] in ".!?。]" or ": " in words, (
                f"{error.__name__}: {words}"
            )


def test_the_catalogue_shows_number_sentence_and_mend() -> None:
    page = errors_page()
    assert "### NQ103 DriverMissing" in page
    assert "> The driver for {place} is not installed." in page
    assert r"pip install 'nuanqun\[postgres]'" in page


def test_errors_made_up_by_tests_stay_out_of_the_catalogue() -> None:
    class MadeUp(StorageError):
        """Not of the house."""

        number = 199

    assert MadeUp not in errors_below(NuanqunError)
