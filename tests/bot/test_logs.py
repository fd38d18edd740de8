"""Secrets never reach a log line, wherever they stand in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog

from bot.logs import mask_text, set_up


@pytest.fixture(autouse=True)
def _structlog_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://here:8766/sign-in?link=abc once", "http://here:8766/sign-in?link=*** once"),
        ("postgresql+asyncpg://shop:geheim@db/nuanqun", "postgresql+asyncpg://***@db/nuanqun"),
        ("postgresql://shop:ge@heim@db/nuanqun", "postgresql://***@db/nuanqun"),
        ("?a=1&token=abc&b=2", "?a=1&token=***&b=2"),
        ("{'bot_token': 'abc', 'n': 1}", "{'bot_token': '***', 'n': 1}"),
        ('{"password": "abc"}', '{"password": "***"}'),
        (
            "POST https://api.telegram.org/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_/getMe",
            "POST https://api.telegram.org/bot110201543:***/getMe",
        ),
        ("https://example.cn:443/a?b=c", "https://example.cn:443/a?b=c"),
        ("a link to mail@example.cn", "a link to mail@example.cn"),
        ("3 tokens: all good", "3 tokens: all good"),
    ],
)  # fmt: skip
def test_a_secret_in_a_text_is_covered_and_nothing_else(text: str, shown: str) -> None:
    assert mask_text(text) == shown


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_line_shows_a_secret(form: str) -> None:
    written = io.StringIO()
    with redirect_stderr(written):
        set_up("info", form)
        log = structlog.get_logger("test")
        log.info("opened", token="geheim", place="sqlite:///a.db", sign_in_url="geheim")
        log.info("nested", asked={"password": "geheim", "n": [1, "x?link=geheim"]})
        log.debug("nothing", place="geheim")
        error = ValueError("cannot reach postgresql://shop:geheim@db/nuanqun")
        log.error("failed", exc_info=error)
    said = written.getvalue()
    assert "geheim" not in said
    for part in ("opened", "sqlite:///a.db", "nested", "failed", "cannot reach", "***@db/nuanqun"):
        assert part in said
    if form == "json":
        assert [json.loads(line)["event"] for line in said.splitlines()] == [
            "opened",
            "nested",
            "failed",
        ]


def test_what_libraries_log_is_masked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    written = io.StringIO()
    with redirect_stderr(written):
        set_up("info", "text")
    logging.getLogger("library").warning("lost %s", "wss://bot:geheim@room/door?token=geheim")
    assert written.getvalue() == "library: lost wss://***@room/door?token=***\n"
