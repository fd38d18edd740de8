"""`nuanqun run` as a program: how it begins, how it is refused, and how it ends."""

from __future__ import annotations

import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.bot.program import PATIENCE, call, serving


@pytest.mark.usefixtures("configured")
def test_a_bot_says_where_it_is_keeps_others_off_its_database_and_ends_on_a_signal(
    here: Path,
) -> None:
    (here / "nuanqun.toml").write_text("[room]\nport = 0\n")
    with serving(here) as (bot, said):
        assert said[0].startswith("The room: http://127.0.0.1:")
        assert "sign-in?link=" in said[1]

        (here / "nuanqun.toml").write_text('[room]\nport = 0\ndata = "another-room"\n')
        second = call("run")
        assert second.code == 1
        refusal = second.err.splitlines()[-1]
        assert refusal.startswith("Another bot is running on the database")
        assert "Traceback" not in second.err

        bot.send_signal(signal.SIGTERM)
        out, err = bot.communicate(timeout=PATIENCE)
        assert (bot.returncode, out) == (0, b"")
        assert b"Traceback" not in err
    with closing(sqlite3.connect(here / "data" / "nuanqun.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.usefixtures("configured")
def test_a_port_in_use_is_one_sentence_with_its_mend(here: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (here / "nuanqun.toml").write_text(f"[room]\nport = {port}\n")
        ended = call("run")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert f"127.0.0.1:{port} is already in use" in ended.err
    assert "give the room another port" in ended.err
