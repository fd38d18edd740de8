"""A font with Chinese characters is found where systems keep them, or there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.pictures import fonts
from handlers.pictures.fonts import Fonts, find_fonts


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with fonts, on a machine without fontconfig and the extra."""
    place = tmp_path / "fonts"
    place.mkdir()
    (tmp_path / "programs").mkdir()
    monkeypatch.setattr(fonts, "FOLDERS", (str(place),))
    monkeypatch.setattr(fonts, "_EXTRA", "no_such_package")
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    return place


def fontconfig(folder: Path, script: str) -> None:
    """Put an `fc-list` on the path."""
    program = folder.parent / "programs" / "fc-list"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)


def test_no_font_is_no_font(folder: Path) -> None:
    assert folder.exists()
    assert find_fonts() is None


def test_the_best_known_font_is_taken_with_its_bold_one(folder: Path) -> None:
    below = folder / "opentype" / "noto"
    below.mkdir(parents=True)
    for name in ("wqy-microhei.ttc", "NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"):
        (below / name).touch()
    assert find_fonts() == Fonts(below / "NotoSansCJK-Regular.ttc", below / "NotoSansCJK-Bold.ttc")


def test_without_a_bold_one_the_regular_one_serves(folder: Path) -> None:
    regular = folder / "NotoSansSC-Regular.otf"
    regular.touch()
    assert find_fonts() == Fonts(regular, regular)


def test_the_extra_brings_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder.exists()
    monkeypatch.setattr(fonts, "_EXTRA", "noto_cjk_sans_otc")
    found = find_fonts()
    assert found is not None
    assert found.regular.parent.name == "noto_cjk_sans_otc"


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (r"False\t/fonts/Other.otf", "/fonts/Other.otf"),
        (r"True\t/fonts/Variable.ttf\nFalse\t/fonts/Steady.ttf", "/fonts/Steady.ttf"),
        (r"True\t/fonts/Variable.ttf", "/fonts/Variable.ttf"),
        (r"False\t/fonts/old.pcf.gz", None),
        ("", None),
    ],
)
def test_fontconfig_is_asked_for_any_other(folder: Path, listed: str, found: str | None) -> None:
    fontconfig(folder, f"printf '{listed}\\n'")
    expected = None if found is None else Fonts(Path(found), Path(found))
    assert find_fonts() == expected


def test_a_broken_fontconfig_knows_no_fonts(folder: Path) -> None:
    fontconfig(folder, "exit 1")
    assert find_fonts() is None
