"""Finds the calendars, made by other libraries, that the tests compare with."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

_BESIDE_THE_REPOSITORY = Path(__file__).parents[3] / "shared" / "data"


def truth(name: str) -> list[dict[str, str]]:
    """The rows of a file of `calendar_truth`; the test skips, saying so, where it is absent."""
    folder = Path(os.environ.get("NUANQUN_SHARED_DATA", _BESIDE_THE_REPOSITORY))
    path = folder / "calendar_truth" / name
    if not path.is_file():
        pytest.skip(f"{name} is absent: set NUANQUN_SHARED_DATA to the folder of calendar_truth")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
