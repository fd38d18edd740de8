"""How the bot's log lines look: for people on a terminal, or JSON; always on stderr.

Rooms log events with plain facts through structlog; nothing here knows which. Values whose key
names a secret are masked before any line is made, and so are credentials, tokens and sign-in
links inside any other value or traceback, and in what libraries log.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET = re.compile(r"token|password|secret|url|link", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]*:[^/\s]*(?=@)")
# token=abc in an address or a sentence, "token": "abc" in JSON or a printed dictionary.
_PARAMETER = re.compile(
    r"\b((?:link|\w*(?:token|password|secret))(?:=|[\"']\s*:\s*[\"']))[^\s&\"',})]+", re.IGNORECASE
)
# A Telegram bot's token, which is part of every address it calls.
_BOT_TOKEN = re.compile(r"(\d{6,}:)[\w-]{30,}", re.ASCII)
_HIDDEN = "***"


def set_up(level: str, form: str) -> None:
    """Send log lines to stderr; `form` is `text` or `json`."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_MaskingFormatter("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def mask_secrets(
    _logger: object, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Cover what a secret's key holds, and secrets inside any other value."""
    for key, value in line.items():
        line[key] = _HIDDEN if _SECRET.search(key) else _masked(value)
    return line


def _masked(value: Any) -> Any:
    """A value as it may be shown; what is neither a text nor made of texts stays as it is."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        return {
            key: _HIDDEN if _SECRET.search(str(key)) else _masked(one) for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return value


def mask_text(text: str) -> str:
    """Cover passwords in addresses, and the values of tokens, passwords and sign-in links."""
    text = _BOT_TOKEN.sub(rf"\1{_HIDDEN}", _CREDENTIALS.sub(_HIDDEN, text))
    return _PARAMETER.sub(rf"\1{_HIDDEN}", text)


class _MaskingFormatter(logging.Formatter):
    """For what libraries log: their lines are masked like ours."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_text(super().format(record))
