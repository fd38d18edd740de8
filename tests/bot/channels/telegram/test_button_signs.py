"""A button's sign fits into 64 bytes, and leads back to its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.button_signs import digest_in, sign_of, words_in, words_to_keep
from scheduler.content import Button, Content


@given(st.text(max_size=80))
def test_every_sign_fits_and_leads_back_to_the_words(says: str) -> None:
    sign = sign_of(says)
    assert 1 <= len(sign.encode()) <= 64
    kept = words_to_keep(Content("选一个", buttons=(Button("选", says),)))
    digest = digest_in(sign)
    found = words_in(sign) if digest is None else kept[digest]
    assert found == says


@pytest.mark.parametrize(("says", "kept"), [("a" * 62, False), ("a" * 63, True), ("群" * 21, True)])
def test_only_words_without_room_are_kept(says: str, kept: bool) -> None:  # noqa: FBT001 (a column)
    content = Content("选", buttons=(Button("一", says), Button("二", "/help")))
    assert list(words_to_keep(content).values()) == [says] * kept


def test_a_button_that_opens_a_link_says_nothing_to_keep() -> None:
    content = Content("看", buttons=(Button("看", "", link="https://example.com/" + "a" * 80),))
    assert words_to_keep(content) == {}


def test_a_sign_of_somebody_else_is_none_of_ours() -> None:
    assert words_in("hello") is None
    assert digest_in("hello") is None
