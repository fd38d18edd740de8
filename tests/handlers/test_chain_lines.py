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
        ([Line("小美", 1), Line("小鱼", 2)], {"阿花": 1}, {"小鱼"}, {"阿花": 1}),
        # Two fans have one name, or want one thing: by the whole list, or by their only line.
        ([Line("小鱼", 2), Line("小鱼", 1)], {}, {"小鱼"}, {"小鱼": 1}),
        ([Line("小鱼", 2), Line("小鱼", 2)], {}, {"小鱼"}, {"小鱼": 2}),
        ([Line("小鱼", 9)], {}, {"小鱼"}, {"小鱼": 9}),
        ([Line("小鱼", 2)], {}, {"小鱼"}, {"小鱼": 2}),
        ([Line("阿花", 3), Line("小鱼", 1)], {}, {"小鱼"}, {"小鱼": 1, "阿花": 3}),
        # An older list: somebody else's line has another number by now.
        ([Line("小鱼", 1), Line("阿花", 1)], {}, {"小鱼"}, {"阿花": 1}),
        # One's own line stands where somebody else has one of that name.
        ([Line("小鱼", 1), Line("妈妈", 1)], {"小鱼": 1}, {"小鱼"}, {"小鱼": 1, "妈妈": 1}),
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
    assert entry_after(lines, mine, [Line(name, 2) for name in others]) == entry


def test_a_last_line_of_the_senders_own_name_is_theirs_where_no_other_was_copied() -> None:
    others = [Line("小鱼", 2), Line("小月", 1)]
    mine = [Line("小鱼", 2), Line("小月", 1)]
    assert entry_after(mine, {}, others, called="小月") == {"小月": 1}
    assert entry_after(mine, {}, others, called="阿花") == {}


@given(
    st.lists(st.tuples(names, st.integers(1, 99)), max_size=15),
    st.dictionaries(names, st.integers(1, 99), max_size=4),
    st.lists(st.tuples(names, st.integers(1, 99)), max_size=6),
)
def test_a_list_sent_twice_counts_once(
    said: list[tuple[str, int]], mine: dict[str, int], known: list[tuple[str, int]]
) -> None:
    lines = [Line(name, amount) for name, amount in said]
    others = [Line(name, amount) for name, amount in known]
    once = entry_after(lines, mine, others)
    assert entry_after(lines, once, others) == once
    assert len(once) <= 10


@given(st.lists(st.tuples(names, st.integers(1, 99)), min_size=2, max_size=15))
def test_a_list_that_others_made_is_nobody_elses(said: list[tuple[str, int]]) -> None:
    lines = [Line(name, amount) for name, amount in said]
    assert entry_after(lines, {}, lines) == {}
    assert entry_after([*lines, Line("新来的", 1)], {}, lines) == {"新来的": 1}


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
