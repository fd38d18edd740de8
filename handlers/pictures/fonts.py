"""Finds a font with Chinese characters on this machine, without importing anything that draws.

Known fonts are looked for by the names of their files, in the folders where systems keep fonts and
in the extra `fonts`; where none of them is, fontconfig is asked for any other. Slow by some
hundredths of a second: call it in a thread.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
)

_EXTRA = "noto_cjk_sans_otc"  # what `pip install 'nuanqun[fonts]'` brings

# The fonts we like, the best first: the file to write with, and its bold companion. Variable ones
# are missing on purpose: matplotlib draws those of the Noto family in their thinnest weight.
_KNOWN = (
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("NotoSansSC-Regular.otf", "NotoSansSC-Bold.otf"),
    ("NotoSansCJKsc-Regular.otf", "NotoSansCJKsc-Bold.otf"),
    ("SourceHanSansSC-Regular.otf", "SourceHanSansSC-Bold.otf"),
    ("SourceHanSansCN-Regular.otf", "SourceHanSansCN-Bold.otf"),
    ("SourceHanSans.ttc", "SourceHanSans.ttc"),
    ("Hiragino Sans GB.ttc", "Hiragino Sans GB.ttc"),
    ("STHeiti Light.ttc", "STHeiti Medium.ttc"),
    ("wqy-microhei.ttc", "wqy-microhei.ttc"),
    ("wqy-zenhei.ttc", "wqy-zenhei.ttc"),
    ("DroidSansFallbackFull.ttf", "DroidSansFallbackFull.ttf"),
)

_ENDINGS = (".ttf", ".otf", ".ttc", ".otc")
_DEADLINE = 10  # seconds that fontconfig has; its first answer may build a cache


@dataclass(frozen=True, slots=True)
class Fonts:
    """The files to write with; `bold` is the regular one where there is no bold."""

    regular: Path
    bold: Path


def find_fonts() -> Fonts | None:
    """The best font with Chinese characters that this machine has; None where it has none."""
    found: dict[str, Path] = {}
    for folder in _folders():
        for place, _, files in os.walk(folder):
            for name in files:
                found.setdefault(name, Path(place, name))
    for regular, bold in _KNOWN:
        if regular in found:
            return Fonts(found[regular], found.get(bold, found[regular]))
    other = _listed_by_fontconfig()
    return Fonts(other, other) if other is not None else None


def _folders() -> Iterator[Path]:
    for folder in FOLDERS:
        yield Path(folder).expanduser()
    extra = find_spec(_EXTRA)
    if extra is not None and extra.submodule_search_locations:
        yield Path(extra.submodule_search_locations[0])


def _listed_by_fontconfig() -> Path | None:
    """Any other font with simplified Chinese; a variable one only where there is nothing else."""
    program = shutil.which("fc-list")
    if program is None:
        return None
    try:
        listed = subprocess.run(  # noqa: S603 (fontconfig's own program, and nobody's words)
            [program, ":lang=zh-cn:scalable=true", "--format", "%{variable}\t%{file}\n"],
            capture_output=True,
            timeout=_DEADLINE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None  # a broken fontconfig knows no fonts
    rows = sorted(listed.stdout.decode(errors="replace").splitlines())  # False before True
    files = [row.partition("\t")[2] for row in rows]
    return next((Path(file) for file in files if file.lower().endswith(_ENDINGS)), None)
