"""The wheel that shops install holds everything that the source tree holds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.floors import FLOORS

TOP = Path(__file__).parents[1]


def test_the_wheel_holds_every_file_of_the_five_packages(tmp_path: Path) -> None:
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TOP / file, tmp_path)
    for package in FLOORS:
        shutil.copytree(
            TOP / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    subprocess.run(
        [sys.executable, "-c", "from setuptools import build_meta; build_meta.build_wheel('.')"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    packed = set(ZipFile(wheel).namelist())
    written = {
        path.relative_to(tmp_path).as_posix()
        for package in FLOORS
        for path in (tmp_path / package).rglob("*")
        if path.is_file()
    }
    assert written - packed == set()
