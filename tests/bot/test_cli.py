"""The command line from outside: what is printed where, and how each call ends."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.bot.program import call, environment, run


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--help"], 0, ""),
        (["plan", "--help"], 0, ""),
        ([], 2, ""),
        (["fly"], 2, "No such command 'fly'"),
        (["plan", "--fast"], 2, "No such option"),
        (["insights", "--from", "2026-13-01"], 2, "'2026-13-01' does not match"),
        (["insights", "--from", "2026-11-02", "--to", "2026-11-01"], 2, "a day before --from"),
        (
            ["insights", "--against-from", "2026-11-02", "--against-to", "2026-11-01"],
            2,
            "--against-to is a day before --against-from",
        ),
        (["insights", "--segment", "敏感肌"], 2, "Write it like this: tag:敏感肌"),
        (["insights", "--segment", "tag:敏感肌 7"], 2, "between two conditions stands and, or or"),
        (["segment", "orders > 3"], 2, "'orders' cannot be asked for yet"),
        (["plan", "--from", "0001-01-01"], 2, "between 1970 and 2199"),
        (["demo", "--days", "13"], 2, "less than or equal to 12"),
        (["import", "chat"], 2, "Missing argument"),
        (["import", "chat", "gone.jsonl"], 1, "gone.jsonl cannot be read: No such file"),
        (["import", "chat", "gone", "--format", "csv"], 2, "'csv' is not one of"),
        (["plan", "--config", "gone.toml"], 2, "gone.toml cannot be read: No such file"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_call_ends_with_the_code_of_how_it_went(
    arguments: list[str], code: int, said: str
) -> None:
    ended = call(*arguments)
    assert ended.code == code
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_a_wrong_configuration_is_one_sentence_that_names_file_key_and_mend(here: Path) -> None:
    (here / "nuanqun.toml").write_text('[shop]\nlanguage = "fr"\n')
    ended = run(here, "plan", "--json")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    for part in ("nuanqun.toml", "shop.language", "'fr'", "'zh' or 'en'", "config.example.toml"):
        assert part in ended.err


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", [["plan"], ["insights"], ["import", "chat", "h.jsonl"]])
def test_an_unreadable_database_is_one_sentence_and_stays_as_it_is(
    here: Path, command: list[str]
) -> None:
    (here / "h.jsonl").write_text("")
    (here / "data").mkdir()
    file = here / "data" / "nuanqun.sqlite3"
    file.write_bytes(b"these are somebody's recipes\n" * 200)
    ended = call(*command)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert "nuanqun.sqlite3 cannot be read: file is not a database" in ended.err
    assert file.read_bytes() == b"these are somebody's recipes\n" * 200


@pytest.mark.parametrize(
    "command",
    [["insights"], ["segment", "messages >= 1", "--names"], ["review", "double11", "--json"]],
)
def test_looking_makes_no_database_and_says_that_there_is_none(
    here: Path, command: list[str]
) -> None:
    ended = call(*command)
    assert (ended.code, ended.out) == (1, "")
    assert "There is no database yet" in ended.err
    assert "nuanqun import chat FILE" in ended.err
    assert ended.err.count("\n") == 1
    assert list(here.iterdir()) == []


@pytest.mark.usefixtures("configured")
def test_a_database_that_breaks_under_the_work_is_one_sentence_too(here: Path) -> None:
    file = here / "data" / "nuanqun.sqlite3"
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    ended = call("insights")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.count("\n") == 1


def test_the_plan_needs_no_database_and_makes_none(here: Path) -> None:
    ended = run(here, "plan", "--json")
    assert (ended.code, ended.err) == (0, "")
    posts = ended.document
    assert {"at", "campaign", "programme", "audience", "text"} <= posts[0].keys()
    assert {one["programme"] for one in posts} >= {"festivals", "double11"}
    assert [one["at"] for one in posts] == sorted(one["at"] for one in posts)
    assert list(here.iterdir()) == []


@pytest.mark.usefixtures("here")
def test_the_plan_of_double_11_counts_the_days_down() -> None:
    posts = call("plan", "--from", "2026-11-01", "--to", "2026-11-11", "--json").document
    countdown = [one for one in posts if one["slot"].startswith("d-")]
    assert {one["programme"] for one in countdown} == {"double11"}
    assert [one["at"][:10] for one in countdown] == [f"2026-11-{day:02d}" for day in range(1, 12)]
    assert len({one["text"] for one in countdown}) == 11
    assert all(one["text"] and one["audience"] for one in posts)
    assert all(one["at"].endswith("+08:00") for one in posts)


@pytest.mark.usefixtures("here")
def test_the_first_and_the_last_day_of_a_plan_belong_to_it() -> None:
    posts = call("plan", "--from", "2026-11-11", "--to", "2026-11-11", "--json").document
    assert {one["at"][:10] for one in posts} == {"2026-11-11"}
    shown = call("plan", "--from", "2026-11-11", "--to", "2026-11-11").out.splitlines()
    assert len(shown) == len(posts)
    assert call("plan", "--to", "2000-01-01", "--json").document == []


STRANGE = {
    "invalid UTF-8": b"\xff\xfe\xba \xc3(",
    "an empty line": b"",
    "blanks": "  \t　".encode(),
    "emoji": "😀👩‍👩‍👧‍👦🏳️‍🌈🇨🇳".encode(),
    "a lone carriage return": b"one\rtwo",
    "other line ends": "一\u2028二\u0085三\x0b四\x0c五".encode(),
    "NUL": b"a\x00b",
    "markup": b'<script>alert("x")</script> [bold] {x} %s',
    "an escape of the terminal": b"\x1b[31mred\x1b[0m",
    "20,000 characters": "这款云絮霜真的好用，就是有点贵，".encode() * 1250,
    "one character 20,000 times": "哈".encode() * 20_000,
    "a byte order mark": b"\xef\xbb\xbf" + "好用".encode(),
}


def test_analyse_answers_every_line_with_one_object_whatever_the_bytes(here: Path) -> None:
    ended = run(here, "analyse", "--json", given=b"\n".join(STRANGE.values()) + b"\n")
    assert (ended.code, ended.err) == (0, "")
    rows = ended.out.removesuffix("\n").split("\n")
    for given, row in zip(STRANGE.values(), rows, strict=True):
        read = json.loads(row)
        assert read["text"] == given.decode("utf-8", "replace")
        assert read.keys() == {"text", "words", "sentiment", "opinions", "demands"}
        assert -1 <= read["sentiment"] <= 1
    assert list(here.iterdir()) == []


def test_analyse_knows_the_words_of_the_configuration_and_opens_no_database(here: Path) -> None:
    told = '[insights]\nwords = ["鲛珠绡"]\nthings = {"云絮霜" = ["小云"]}\ntrades = ["food"]\n'
    (here / "nuanqun.toml").write_text(told, encoding="utf-8")
    (row,) = call("analyse", given="鲛珠绡的味道，求补货小云".encode()).out.splitlines()
    read = json.loads(row)
    assert "鲛珠绡" in read["words"]
    assert read["opinions"][0]["aspect"] == "口感"
    assert read["demands"] == [{"kind": "restock", "thing": "云絮霜"}]
    assert [one.name for one in here.iterdir()] == ["nuanqun.toml"]


@pytest.mark.usefixtures("here")
def test_analyse_understands_what_a_fan_says() -> None:
    text = "这个面霜味道好闻，但是泵头漏液，能不能出个小支装"
    (row,) = call("analyse", given=f"{text}\r\n".encode()).out.splitlines()
    read = json.loads(row)
    assert read["text"] == text
    keys = {"aspect", "opinion", "category", "polarity", "stance"}
    assert all(opinion.keys() == keys for opinion in read["opinions"])
    assert {opinion["polarity"] for opinion in read["opinions"]} == {"positive", "negative"}
    assert read["demands"]


@pytest.mark.usefixtures("here")
def test_analyse_of_nothing_prints_nothing() -> None:
    ended = call("analyse")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_a_reader_who_goes_away_ends_it_quietly(here: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "analyse"],
        cwd=here,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdin.write("好用\n".encode() * 100)
        program.stdin.flush()
        assert json.loads(program.stdout.readline())["text"] == "好用"
        program.stdout.close()
        with suppress(BrokenPipeError):
            program.stdin.write("好用\n".encode() * 10_000)
            program.stdin.flush()
        with suppress(BrokenPipeError):  # it has ended, as it should
            program.stdin.close()
        said = program.stderr.read()
        program.wait()
    assert said == b""
    assert program.returncode in {0, 1}
