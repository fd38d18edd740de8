"""Lines are answered as they come."""

from __future__ import annotations

import io
import json
import os

from hypothesis import given
from hypothesis import strategies as st

from bot.analysing import analyse, lines_as_they_come
from bot.configuration import Configuration


class Arriving(io.BytesIO):
    """Hands out one part at a time, as a pipe does."""

    def __init__(self, parts: list[bytes]) -> None:
        super().__init__()
        self._parts = [part for part in parts if part]

    def read1(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002 (as any stream's)
        return self._parts.pop(0) if self._parts else b""


@given(st.lists(st.binary(max_size=6) | st.just(b"\n") | st.just(b"one\ntwo"), max_size=12))
def test_lines_are_the_same_however_they_arrive(parts: list[bytes]) -> None:
    together = b"".join(parts)
    expected = together.removesuffix(b"\n").split(b"\n") if together else []
    found = [line for lines in lines_as_they_come(Arriving(parts)) for line in lines]
    assert found == expected


def test_what_has_arrived_is_answered_before_more_is_waited_for() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb", buffering=0) as pipe:
        lines = lines_as_they_come(stream)
        pipe.write(b"one\ntwo\nthr")
        assert next(lines) == [b"one", b"two"]
        pipe.write(b"ee\n")
        assert next(lines) == [b"three"]


def test_each_line_is_one_line_of_json() -> None:
    answered = io.StringIO()
    asked = Arriving(["味道刺鼻\n\n快递".encode(), "到了\r\n".encode(), b"\xff"])
    analyse(asked, answered, Configuration())
    rows = [json.loads(row) for row in answered.getvalue().splitlines()]
    assert [row["text"] for row in rows] == ["味道刺鼻", "", "快递到了", "\ufffd"]
    assert rows[0]["opinions"][0]["opinion"] == "刺鼻"
