"""One chat's silence is its own; the same silence in two chats is the account's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.telegram.silences import Silences

NOON = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


# Each refusal: the chat, when it came, how many seconds it asked for, whether the account is meant.
CASES: dict[str, list[tuple[str, float, float, bool]]] = {
    "one chat": [("a", 0, 30, False), ("a", 31, 30, False)],
    "one chat told again within its silence": [("a", 0, 30, False), ("a", 1, 29, False)],
    "two chats, each with its own silence": [("a", 0, 3600, False), ("b", 1, 30, False)],
    "two chats, one silence": [("a", 0, 30, False), ("b", 0.03, 30, True)],
    "a silence that counts down": [("a", 0, 35, False), ("b", 5.4, 30, True), ("c", 9, 26, True)],
    "a silence that is over": [("a", 0, 1, False), ("b", 1.5, 1, False)],
}


@pytest.mark.parametrize("refusals", CASES.values(), ids=CASES)
def test_whom_a_silence_means(refusals: list[tuple[str, float, float, bool]]) -> None:
    silences = Silences()
    for chat, at, seconds, account in refusals:
        assert silences.mean_account(chat, after(at + seconds), after(at)) is account
