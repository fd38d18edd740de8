"""The code in the terminal: what is drawn is the code, and only a terminal is drawn on."""

from __future__ import annotations

import io
import re

import pytest
import segno
import structlog

from bot.channels.wechat.scan_code import drawn, show_scan

CODE = "https://login.example/l/IbXXabcdEF=="


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_drawing_holds_every_module_of_the_code() -> None:
    above = {" ": 0, "▀": 1, "▄": 0, "█": 1}
    below = {" ": 0, "▀": 0, "▄": 1, "█": 1}
    read: list[list[int]] = []
    for line in (drawn(CODE) or "").splitlines():
        found = re.fullmatch(r"\x1b\[38;5;16;48;5;231m([ ▀▄█]+)\x1b\[0m", line)
        assert found is not None
        read += [[half[sign] for sign in found[1]] for half in (above, below)]
    expected = [list(row) for row in segno.make(CODE, micro=False).matrix_iter(border=2)]
    assert read[: len(expected)] == expected
    assert not any(map(any, read[len(expected) :]))


def test_a_terminal_shows_the_code_and_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    show_scan("wechat:shop", CODE)
    said = terminal.getvalue()
    assert "wechat:shop: scan this with WeChat on the phone that holds the account.\n" in said
    assert said.endswith(f"{drawn(CODE)}\n")


def test_elsewhere_it_is_said_where_the_code_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr("sys.stderr", log)
    with structlog.testing.capture_logs() as logged:
        show_scan("wechat:shop", CODE)
    assert log.getvalue() == ""
    assert [(one["event"], one["shown_at"]) for one in logged] == [("scan_needed", "/accounts")]


def test_a_code_that_is_too_long_to_be_drawn_is_written_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    show_scan("wechat:shop", "x" * 5_000)
    assert f"too long: {'x' * 5_000}\n" in terminal.getvalue()
