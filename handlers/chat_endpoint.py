"""Asks a model behind an OpenAI-compatible endpoint: one question, one answer, within a deadline.

`POST {url}/chat/completions` is what such endpoints have in common, hosted ones and those that run
beside the bot. Only what every one of them takes is sent: the model and two messages. An endpoint
that has failed is left alone for a while, so that nobody waits for it again and again.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from importlib import import_module

from pydantic import SecretStr

DEADLINE = 30.0
"""Seconds for an answer; a command's worker waits so long at most."""

_REST = 300.0  # seconds without a question after a failure
_LARGEST = 200_000  # bytes of an answer
_OK = 200

# What models that reason aloud put before their answer.
_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)


class NoAnswer(Exception):
    """There is no answer; the text says why, and holds neither the key nor what was asked."""


class ChatEndpoint:
    """A model at an address such as `https://api.example.com/v1`; `key` is its bearer token."""

    def __init__(
        self, url: str, model: str, key: SecretStr | None = None, deadline: float = DEADLINE
    ) -> None:
        self._url = f"{url}/chat/completions"
        self._model = model
        self._key = key
        self._deadline = deadline
        self._rests_until = 0.0

    def __repr__(self) -> str:
        return f"ChatEndpoint({self._url!r}, {self._model!r})"

    async def ask(self, rules: str, question: str) -> str:
        """The model's answer to a question, asked under these rules.

        Raises:
            NoAnswer: it failed, took longer than the deadline, or has failed a short while ago.
        """
        if time.monotonic() < self._rests_until:
            raise NoAnswer("it failed a short while ago")
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._post(rules, question)
        except (NoAnswer, TimeoutError) as trouble:
            self._rests_until = time.monotonic() + _REST
            if isinstance(trouble, NoAnswer):
                raise
            raise NoAnswer(f"no answer within {self._deadline:g} s") from None
        return _THOUGHTS.sub("", answer).strip()

    async def _post(self, rules: str, question: str) -> str:
        await asyncio.to_thread(import_module, "httpx")  # a tenth of a second, the first time
        import httpx  # noqa: PLC0415 (only where a model is asked: the bot's start does not pay)

        try:
            # It reads the certificates of authorities, which takes a while too, and the proxy that
            # the environment names.
            client = await asyncio.to_thread(httpx.AsyncClient, timeout=None)
        except (ImportError, OSError, ValueError) as trouble:
            raise NoAnswer(f"{type(trouble).__name__} in the proxy or certificates") from None
        key = self._key
        headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        asked = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": rules},
                {"role": "user", "content": question},
            ],
        }
        try:
            async with client, client.stream("POST", self._url, json=asked, headers=headers) as got:
                if got.status_code != _OK:
                    raise NoAnswer(f"it answered with status {got.status_code}")
                body = bytearray()
                async for part in got.aiter_bytes():
                    body += part
                    if len(body) > _LARGEST:
                        raise NoAnswer(f"its answer has more than {_LARGEST} bytes")
        # A host's name that cannot be one is a UnicodeError, which is a ValueError.
        except (httpx.HTTPError, httpx.InvalidURL, ImportError, OSError, ValueError) as trouble:
            raise NoAnswer(type(trouble).__name__) from None  # its text may quote the address
        return _content(bytes(body))


def _content(body: bytes) -> str:
    """The text of the first choice."""
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise NoAnswer("its answer is no chat completion") from None
    if not isinstance(content, str) or not content.strip():
        raise NoAnswer("its answer is empty")
    return content
