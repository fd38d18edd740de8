"""What each fan adds to a 接龙 is counted once, however the list is passed on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.chain_lines import Line, amount_in, entry_after, lines_in

LIST = "#接龙\n桂花面膜拼单\n例：1. 小红 1盒\n1. 小鱼 2盒\n2、阿花+1\n3. 小美"

names = st.text("鱼美月花草木", min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (LIST, [Line("小鱼", 2), Line("阿花", 1), Line("小美", 1)]),
        ("12. 小鱼 +3", [Line("小鱼", 3)]),
        ("1. 例 小红 1盒\n2. 小鱼", [Line("小鱼", 1)]),
        ("１．小鱼　２盒", [Line("小鱼", 2)]),
        ("3. 小鱼 面霜 x2", [Line("小鱼 面霜", 2)]),
        ("4. 2盒", [Line("2盒", 2)]),
        ("今天真好\n明天也好", []),
        ("1. 小鱼 0份", [Line("小鱼", 1)]),
    ],
)
def test_lines_are_read(text: str, lines: list[Line]) -> None:
    assert lines_in(text) == lines


@pytest.mark.parametrize(
    ("lines", "mine", "others", "entry"),
    [
        # The whole list with a line of one's own at its end.
        ([Line("小鱼", 2), Line("阿花", 1)], {}, {"小鱼"}, {"阿花": 1}),
        # Two for oneself and a friend.
        ([Line("小鱼", 2), Line("阿花", 1), Line("妈妈", 1)], {}, {"小鱼"}, {"阿花": 1, "妈妈": 1}),
        # One's own line is changed in the midst of the list.
        ([Line("阿花", 3), Line("小鱼", 2)], {"阿花": 1}, {"小鱼"}, {"阿花": 3}),
        # The list is only passed on.
        ([Line("小鱼", 2)], {"阿花": 1}, {"小鱼"}, {"阿花": 1}),
        # A line that nobody has said yet, in front of somebody else's, is not the sender's.
        ([Line("没见过", 1), Line("小鱼", 2), Line("阿花", 1)], {}, {"小鱼"}, {"阿花": 1}),
        # A single line adds, and changes what it names.
        ([Line("妈妈", 1)], {"阿花": 1}, set(), {"阿花": 1, "妈妈": 1}),
        ([Line("阿花", 5)], {"阿花": 1}, {"小鱼"}, {"阿花": 5}),
        # A line of one's own that is left out of the list is taken back.
        ([Line("小鱼", 2), Line("阿花", 1)], {"阿花": 1, "妈妈": 1}, {"小鱼"}, {"阿花": 1}),
        ([], {"阿花": 1}, set(), {"阿花": 1}),
    ],
)
def test_what_somebody_adds_is_theirs(
    lines: list[Line], mine: dict[str, int], others: set[str], entry: dict[str, int]
) -> None:
    assert entry_after(lines, mine, others) == entry


@given(
    st.lists(st.tuples(names, st.integers(1, 99)), max_size=15),
    st.dictionaries(names, st.integers(1, 99), max_size=4),
    st.sets(names),
)
def test_a_list_sent_twice_counts_once_and_takes_nobody_elses_line(
    said: list[tuple[str, int]], mine: dict[str, int], others: set[str]
) -> None:
    lines = [Line(name, amount) for name, amount in said]
    mine = {name: amount for name, amount in mine.items() if name not in others}
    once = entry_after(lines, mine, others)
    assert entry_after(lines, once, others) == once
    assert others.isdisjoint(once)
    assert len(once) <= 10


@pytest.mark.parametrize(
    ("reply", "amount"),
    [
        ("参加", 1),
        ("+2", 2),
        ("３盒！", 3),
        ("我要", 1),
        ("不要了", 0),
        ("取消。", 0),
        ("0", None),
        ("好看吗", None),
        ("2026", None),
    ],
)
def test_a_reply_is_understood_where_it_is_no_talk(reply: str, amount: int | None) -> None:
    assert amount_in(reply) == amount
