"""What an expression may look like, what it comes to, and what is said of one that is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.segment_language.examples import EXAMPLE
from storage.segment_language.questions import InGroup, Tagged
from storage.segment_language.reading import DEEPEST, LONGEST, MOST_CONDITIONS, read
from storage.segment_language.trouble import SegmentUnreadable, Trouble, Wrong
from storage.segment_language.writing import written
from storage.segments import Segment

TOP = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (
            "tag:敏感肌 and not tag:员工 and last_active < 30d and group in (一群, 二群)",
            "tag:敏感肌 and not tag:员工 and last_active < 30d and group in (一群, 二群)",
        ),
        ("标签：敏感肌 且 非 标签：员工", "tag:敏感肌 and not tag:员工"),
        (
            "(标签:老客 或 群标签 = 福利群) 并且 退订",
            "(tag:老客 or grouptag = 福利群) and optedout",
        ),
        ("tag:a or tag:b and tag:c", "tag:a or tag:b and tag:c"),
        ("(tag:a or tag:b) and (tag:c and staff)", "(tag:a or tag:b) and tag:c and staff"),
        ("not not not (tag:a or tag:b)", "not (tag:a or tag:b)"),
        ("tag:讨厌:气味", "tag:讨厌:气味"),
        ('tag:"常问 成分"', 'tag:"常问 成分"'),
        ("tag:“常问 成分”", 'tag:"常问 成分"'),
        ('tag:"a\\"b\\\\c"', 'tag:"a\\"b\\\\c"'),
        ("tag in (a, b, a)", "tag in (a, b)"),
        ("tag != a", "not tag:a"),
        ("群 不在 （一群，二群）", "not group in (一群, 二群)"),
        ("group not in (一群)", "not group = 一群"),
        ("group in (#12, 一群)", "group in (一群, #12)"),
        ('group = "#12"', 'group = "#12"'),
        ("最近发言 ≤ 30 天", "last_active <= 30d"),
        ("入群 ＞ 7日", "joined > 7d"),
        ("messages>=5 in 30d", "messages >= 5 in 30d"),
        ("发言 = 0", "messages = 0"),
        ("发言数 <> 3 近7天", "messages != 3 in 7d"),
        ("说过 补货 近 30天", "said 补货 in 30d"),
        ("SAID and AND Reachable", "said and and reachable"),
        ("分组:常客 or segment = vip", "segment:常客 or segment:vip"),
        ("tag:and", "tag:and"),
        ("\n tag:a\n and\u3000tag:b ", "tag:a and tag:b"),
    ],
)
def test_an_expression_has_one_canonical_form(text: str, canonical: str) -> None:
    assert written(read(text)) == canonical
    assert written(read(canonical)) == canonical


NAMES = st.text(min_size=1, max_size=8) | st.sampled_from(["and", "in", "#1", '"', "\\", "a b"])


@given(st.lists(NAMES, min_size=1, max_size=3, unique=True))
def test_any_name_can_be_written_and_read_again(names: list[str]) -> None:
    for question in (Tagged(tuple(names)), InGroup(tuple(names))):
        assert read(written(question)) == question


@pytest.mark.parametrize(
    ("text", "wrong", "at", "example"),
    [
        ("", Wrong.EMPTY, 0, EXAMPLE),
        (" \n", Wrong.EMPTY, 0, EXAMPLE),
        ("tag:敏感肌 adn last_active < 30d", Wrong.NOT_JOINED, 8, EXAMPLE),
        ("tag:a tag:b", Wrong.NOT_JOINED, 6, EXAMPLE),
        ("tag:", Wrong.ENDS_EARLY, 4, "tag:敏感肌"),
        ("tag:a and ", Wrong.ENDS_EARLY, 9, "tag:敏感肌"),
        ("tag:a and and tag:b", Wrong.UNFIT, 10, "tag:敏感肌"),
        ("last_active < 30", Wrong.UNFIT, 14, "last_active < 30d"),
        ("last_active = 30d", Wrong.UNFIT, 12, "last_active < 30d"),
        ("messages > many", Wrong.UNFIT, 11, "messages >= 5 in 30d"),
        ("group in 一群", Wrong.UNFIT, 9, "group in (一群, 二群)"),
        ("(tag:a", Wrong.UNCLOSED, 0, "tag:敏感肌"),
        ("group in (一群", Wrong.UNCLOSED, 9, "group in (一群, 二群)"),
        ("tag:a)", Wrong.UNOPENED, 5, EXAMPLE),
        ('tag:"abc', Wrong.UNCLOSED_QUOTE, 4, "tag:敏感肌"),
        ('tag:""', Wrong.UNCLOSED_QUOTE, 4, "tag:敏感肌"),
        ("tag:a;drop table members", Wrong.NOT_JOINED, 11, EXAMPLE),
        ("敏感肌", Wrong.UNKNOWN, 0, "tag:敏感肌"),
        ("lastactive < 3d", Wrong.UNKNOWN, 0, "last_active < 30d"),
        ("orders > 3", Wrong.NOT_YET, 0, EXAMPLE),
        ("tag:a 且 积分 > 100", Wrong.NOT_YET, 8, EXAMPLE),
        ("地区 = 上海", Wrong.NOT_YET, 0, EXAMPLE),
        ("joined > 9999d", Wrong.TOO_LARGE, 9, "joined > 7d"),
        (f"messages > {'9' * 500}", Wrong.TOO_LARGE, 11, "messages >= 5 in 30d"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_an_example(
    text: str, wrong: Wrong, at: int, example: str
) -> None:
    trouble = refused(text)
    assert (trouble.wrong, trouble.at, trouble.example) == (wrong, at, example)
    read(example)


def refused(text: str) -> Trouble:
    """Why an expression is refused."""
    with pytest.raises(SegmentUnreadable) as raised:
        read(text)
    return raised.value.trouble


def test_what_can_be_read_can_be_kept_though_its_canonical_form_is_longer() -> None:
    segment = Segment.parse(" 或 ".join(["退订"] * MOST_CONDITIONS))
    assert len(segment.expression) > len("退订 或 ") * MOST_CONDITIONS
    assert Segment.asking(segment.question) == segment
    longest = Segment.parse(f"群={'长' * (LONGEST - 2)}")
    assert len(longest.expression) > LONGEST
    assert longest.question == InGroup(("长" * (LONGEST - 2),))


def test_limits_are_kept() -> None:
    assert refused("tag:" + "a" * LONGEST).wrong is Wrong.TOO_LONG
    assert refused(" or ".join(["staff"] * (MOST_CONDITIONS + 1))).wrong is Wrong.TOO_MANY
    pair = "staff or (staff and (", "))"
    deep = pair[0] * (DEEPEST // 2 + 1) + "reachable" + pair[1] * (DEEPEST // 2 + 1)
    assert refused(deep).wrong is Wrong.TOO_DEEP
    assert refused("(" * (LONGEST - 1)).wrong is Wrong.ENDS_EARLY
    assert written(read("(" * 400 + "staff" + ")" * 400)) == "staff"
    assert written(read("not " * 200 + "staff")) == "staff"


WORDS = [
    "tag",
    ":",
    "(",
    ")",
    "and",
    "not",
    "in",
    "<",
    "30d",
    '"',
    "群",
    "，",
    "#1",
    "说过",
    "5",
    " ",
]


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=20).map("".join))
def test_anything_is_read_or_refused_with_a_place_inside_it(text: str) -> None:
    try:
        question = read(text)
    except SegmentUnreadable as unreadable:
        trouble = unreadable.trouble
        assert 0 <= trouble.at <= len(text)
        assert "\n" not in trouble.pointer
        read(trouble.example)
    else:
        assert read(written(question)) == question


def test_the_caret_stands_below_the_place_also_behind_wide_characters() -> None:
    said = str(SegmentUnreadable(refused("tag:老客\nand 群 一群")))
    assert said.splitlines()[1:3] == ["and 群 一群", "    \u3000 ^"]
    assert said.endswith("Write it like this: group in (一群, 二群) (NQ150)")


def test_the_parser_is_loaded_with_the_first_expression() -> None:
    program = (
        "import sys; from storage.segments import Segment; early = 'lark' in sys.modules;"
        " Segment.parse('staff'); print(early, 'lark' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=TOP
    )
    assert ended.stdout.split() == ["False", "True"]
