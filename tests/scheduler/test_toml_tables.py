from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.programme_file import ProgrammeBroken
from scheduler.toml_tables import Table, named, read_toml


def refusal(part: str, reason: str) -> ProgrammeBroken:
    return ProgrammeBroken(file="file.toml", part=part, reason=reason)


def table(text: str, folder: Path) -> Table:
    path = folder / "file.toml"
    path.write_text(text, encoding="utf-8")
    return read_toml(path, refusal)


GOOD = """
name = "a"
several = ["a", "b"]
number = 3
yes = true
said = { zh = "中", en = "en" }
[[row]]
key = "first"
inner = { deep = 1 }
[[row]]
other = 1
"""


def test_parts_are_read_by_name_and_kind(tmp_path: Path) -> None:
    file = table(GOOD, tmp_path)
    file.only("name", "several", "number", "yes", "said", "row")
    assert (file.text("name"), file.text_if_any("name"), file.text_if_any("no")) == ("a", "a", None)
    assert (file.texts("name"), file.texts("several"), file.texts("no")) == (("a",), ("a", "b"), ())
    assert (file.positive("number"), file.flag("yes"), file.flag("no")) == (3, True, False)
    assert file.flag("no", usual=True)
    assert named(file, "said") == {"zh": "中", "en": "en"}
    assert [row.place for row in file.tables("row")] == ["row first", "row 2"]
    assert file.tables("no") == []


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda file: file.only("name"), "number: it is unknown; the parts here are name."),
        (lambda file: file.text("no"), "no: it is missing; it must be a text."),
        (lambda file: file.text("number"), "number: it has 3; it must be a text."),
        (lambda file: file.flag("name"), "name: it has 'a'; it must be true or false."),
        (lambda file: file.positive("yes"), "yes: it has True; it must be a whole number above 0."),
        (lambda file: file.texts("number"), "number: it has 3; it must be a text or a list of"),
        (lambda file: file.table("name"), "name: it has 'a'; it must be a table."),
        (lambda file: file.tables("name"), "name: it has 'a'; it must be tables, each below [[na"),
        (lambda file: named(file.table("said"), "zh"), "said.zh: it has '中'; it must be a table."),
        (
            lambda file: file.tables("row")[0].table("inner").text("deep"),
            "row first.inner.deep: it has 1; it must be a text.",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, read: Callable[[Table], object], message: str
) -> None:
    with pytest.raises(ProgrammeBroken) as caught:
        read(table(GOOD, tmp_path))
    assert message in str(caught.value)


def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ProgrammeBroken, match=r"its syntax: .*line 2"):
        table("a = 1\nb = \n", tmp_path)
    (tmp_path / "file.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ProgrammeBroken, match="its syntax"):
        read_toml(tmp_path / "file.toml", refusal)
