"""Fixtures of the tests of reviews: the pictures are drawn only where that is what is tested."""

from __future__ import annotations

import pytest

import handlers.commands.reviews
import handlers.reviewing.telling


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reviews come without their picture, which a process takes a while to draw."""

    async def nothing(*_: object) -> None:
        return None

    for room in (handlers.commands.reviews, handlers.reviewing.telling):
        monkeypatch.setattr(room, "review_picture", nothing)
