"""How the platform says no: the error codes and sentences of the Bot API.

The sentences are those of the real server (https://github.com/tdlib/telegram-bot-api, Client.cpp,
and the errors of Telegram's own servers that it hands on); a bot tells them apart by their words.
"""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A call was understood and is refused; nothing was done."""

    def __init__(self, code: int, sentence: str, **parameters: int) -> None:
        super().__init__(sentence)
        self.code = code
        self.parameters = parameters

    def form(self) -> dict[str, Any]:
        """The answer's body, as the Bot API writes it."""
        body = {"ok": False, "error_code": self.code, "description": str(self)}
        return body | {"parameters": self.parameters} if self.parameters else body


def bad(sentence: str, **parameters: int) -> Refusal:
    """400: what is asked for cannot be."""
    return Refusal(400, f"Bad Request: {sentence}", **parameters)


def forbidden(sentence: str) -> Refusal:
    """403: the bot may not reach this chat."""
    return Refusal(403, f"Forbidden: {sentence}")


def conflict(sentence: str) -> Refusal:
    """409: another way to hear is in use."""
    return Refusal(409, f"Conflict: {sentence}")


def too_many(retry_after: int) -> Refusal:
    """429: too fast; seconds to wait."""
    return Refusal(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


UNAUTHORIZED = Refusal(401, "Unauthorized")
NO_SUCH_METHOD = Refusal(404, "Not Found: method not found")
