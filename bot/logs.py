"""How the bot's log lines look: for people on a terminal, or JSON; always on stderr.

Rooms log events with plain facts through structlog; nothing here knows which. Values whose key
names a secret are masked before any line is made.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET = re.compile(r"token|password|secret|url|link", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+:[^/\s@]+(?=@)")


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
            mask_secrets,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")


def mask_secrets(
    _logger: object, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Cover what a secret's key holds, and credentials inside any address."""
    for key, value in line.items():
        if _SECRET.search(key):
            line[key] = "***"
        elif isinstance(value, str):
            line[key] = _CREDENTIALS.sub("***", value)
    return line
