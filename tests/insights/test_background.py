from __future__ import annotations

from pathlib import Path

import pytest

from insights.background import Background, DictionaryMissing

FILE = "味道 30 n\n面霜 10 n\n贵 60 a\n"


@pytest.fixture
def small(tmp_path: Path) -> Background:
    path = tmp_path / "dict.txt"
    path.write_text(FILE, "utf-8")
    return Background(path)


def test_a_word_has_its_share_and_part_of_speech(small: Background) -> None:
    assert small.look_up(["味道", "贵"]) == {"味道": (0.3, "n"), "贵": (0.6, "a")}


def test_unknown_words_are_left_out(small: Background) -> None:
    assert small.look_up(["绝绝子"]) == {}


def test_the_file_is_not_read_again_for_words_asked_for_before(
    small: Background, tmp_path: Path
) -> None:
    small.look_up(["味道", "绝绝子"])
    (tmp_path / "dict.txt").unlink()
    assert set(small.look_up(["味道", "绝绝子"])) == {"味道"}


def test_what_is_remembered_is_bounded(small: Background, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insights.background._REMEMBERED", 2)
    for words in (["味道", "贵"], ["面霜", "味道"], ["贵"]):
        assert set(small.look_up(words)) == set(words)
        assert len(small._remembered) <= 2


def test_a_few_words_are_found_as_in_reading_the_file_through(small: Background) -> None:
    whole = small.look_up(["味道", "面霜", "贵", "绝绝子", "霜"])
    for word in ("贵", "味道", "霜", "面霜", "绝绝子", "味"):
        found = Background(small._path)
        found.look_up(["没有"])
        expected = {word: whole[word]} if word in whole else {}
        assert found.look_up([word]) == expected


def test_jieba_s_own_dictionary_is_found_without_importing_it(background: Background) -> None:
    known = background.look_up(["味道", "的"])
    assert known["味道"].tag == "n"
    assert known["的"].share > 100 * known["味道"].share


def test_a_missing_dictionary_is_named_with_its_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(DictionaryMissing, match="pip install jieba"):
        Background()
