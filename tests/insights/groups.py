"""Small made-up group chats, and Hypothesis strategies of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from insights.days import Utterance

START = datetime(2026, 11, 1, 9, tzinfo=UTC)
TEXTS = [
    "面霜味道好闻",
    "味道太难闻了",
    "会不会闷痘啊",
    "面霜什么时候补货",
    "有活动吗",
    "补水面膜好用，就是有点贵",
    "快递好慢",
    "哈哈哈",
    "早",
]


def said(*lines: tuple[int, str], first: int = 1) -> list[Utterance]:
    """Utterances of (member, text), with message ids from `first` on, a minute apart."""
    return [
        Utterance(first + place, member, START + timedelta(minutes=place), text)
        for place, (member, text) in enumerate(lines)
    ]


def chats(most: int = 25) -> st.SearchStrategy[list[Utterance]]:
    """Chats of up to `most` messages by five members."""
    lines = st.tuples(st.integers(1, 5), st.sampled_from(TEXTS))
    return st.lists(lines, max_size=most).map(lambda found: said(*found))
