"""What counts as a question to the shop, who answers it, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.lexicon import standard_lexicon
from insights.questions import STAFF_ANSWERS, Line, Question, read_asking, read_questions
from insights.words import RjiebaSegmenter

read = lru_cache(maxsize=None)(
    partial(read_asking, segmenter=RjiebaSegmenter(), lexicon=standard_lexicon())
)
START = datetime(2026, 11, 4, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SHOP, RAIN, FISH, CLOUD = 0, 1, 2, 3
NAMES = {RAIN: "小雨", FISH: "小鱼", CLOUD: "小鱼儿"}


def line(minute: float, member: int, text: str, *, reply_to: int | None = None) -> Line:
    """Said by the shop, or by a fan; messages are numbered by their minute."""
    return Line(
        message=int(minute * 10),
        member=member,
        at=START + minute * MINUTE,
        text=text,
        staff=member == SHOP,
        called=() if member == SHOP else (NAMES[member],),
        reply_to=None if reply_to is None else reply_to * 10,
    )


def questions(*lines: Line) -> list[Question]:
    return read_questions(lines, read)


def answered(*lines: Line) -> list[tuple[str, float | None, float | None]]:
    """Each question's text, and after how many minutes the staff and a fan answered it."""

    def minutes(question: Question, at: datetime | None) -> float | None:
        return None if at is None else (at - question.at) / MINUTE

    return [
        (one.text, minutes(one, one.staff_at), minutes(one, one.fan_at))
        for one in questions(*lines)
    ]


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("这个面霜油皮能用吗", True),
        ("多少钱", True),
        ("还有货吗", True),
        ("几点直播", True),
        ("在哪买", True),
        ("老板在吗", True),
        ("@客服 在不在", True),
        ("难道不香吗", False),  # means its opposite
        ("谁说不好用", False),
        ("真的吗", False),  # talk that only has the form
        ("吃了吗", False),
        ("？", False),
        ("同问，多少钱", False),  # the question is the other one's
        ("我也想知道油皮能用吗", False),
        ("油皮能用", False),
        ("早上好", False),
        ("还有货没", True),
        ("有货没", True),
        ("发货没", True),
        ("我的快递呢", True),
        ("优惠券呢", True),
        ("链接呢", True),
        ("敏感肌可以用吧", True),
        ("多钱", True),
        ("孕妇能用嘛", True),
        ("尺码偏大吗", True),
        ("链接发一下", True),
        ("面霜怎么这么好用，在哪买", True),
        ("面霜就是这样的呢", False),
        ("我想退货呢", False),
        ("哪里都好看", False),
        ("为什么这么香啊", False),
        ("咋说呢，还行", False),
        ("怎么说呢，味道一般", False),
        ("这是什么神仙面霜啊", False),
        ("这也太香了吧？", False),
        ("真的假的？", False),
    ],
)
def test_a_question_names_something_or_says_that_it_wants_an_answer(
    text: str, *, asks: bool
) -> None:
    assert bool(questions(line(0, RAIN, text))) is asks
    assert not questions(line(0, SHOP, text))  # the staff are nobody's fans


PAGE = Path(__file__).parents[2].joinpath("docs/discussions/insights.md").read_text("utf-8")
HEAD = "| in the group | a question to the shop? |\n|---|---|\n"
EXAMPLES = PAGE.partition(HEAD)[2].partition("\n\n")[0].splitlines()


@pytest.mark.parametrize("row", EXAMPLES)
def test_the_page_s_examples_are_the_code_s_own_answers(row: str) -> None:
    _, text, verdict, _ = (part.strip() for part in row.split("|"))
    assert ["no", "yes"].index(verdict) == len(questions(line(0, RAIN, text)))


def test_the_page_has_examples_and_names_the_times() -> None:
    assert len(EXAMPLES) >= 6
    assert timedelta(hours=12) == STAFF_ANSWERS
    assert "in the last twelve hours" in PAGE


ASKED = line(1, RAIN, "这个面霜油皮能用吗")


@pytest.mark.parametrize(
    ("before", "asked", "asks"),
    [
        ("我在用这个", replace(ASKED, to_fan=True), False),
        ("我在用这个", replace(ASKED, text="@小鱼 面霜油皮能用吗"), False),
        ("我在用这个", replace(ASKED, text="@店长 面霜油皮能用吗"), True),
        ("我在用这个", replace(ASKED, reply_to=0), True),  # to a post of the shop's
    ],
)
def test_what_is_meant_for_another_fan_is_no_question_to_the_shop(
    before: str, asked: Line, *, asks: bool
) -> None:
    assert bool(questions(line(0, FISH, before), asked)) is asks


@pytest.mark.parametrize(("fan", "staff"), [("小美", "小美店长"), ("店", "店长")])
def test_who_calls_the_staff_by_name_calls_no_fan_whose_name_begins_alike(
    fan: str, staff: str
) -> None:
    said = [
        replace(line(1, SHOP, "早"), called=(staff,) if len(fan) > 1 else ()),
        replace(line(2, FISH, "早"), called=(fan,)),
    ]
    assert len(questions(*said, line(3, RAIN, f"@{staff} 这个面霜油皮能用吗"))) == 1


def test_a_busy_day_is_read_at_once() -> None:
    many = 20_000
    asking, calm = read("面霜能用吗"), read("早")
    lines = [
        Line(
            message=number,
            member=number,
            at=START + number * timedelta(seconds=1),
            text="面霜能用吗" if number % 2 else "@谁 早",
            called=(f"粉丝{number}",),
        )
        for number in range(1, many)
    ]
    began = process_time()
    found = read_questions(lines, lambda text: calm if "早" in text else asking)
    assert len(found) == many // 2
    assert process_time() - began < 5


@pytest.mark.parametrize(
    ("said", "staff", "fan"),
    [
        ([line(3, SHOP, "面霜油皮也可以的")], 2, None),
        ([line(3, SHOP, "可以的亲")], 2, None),  # right after
        ([line(11, SHOP, "可以的亲")], 10, None),
        ([line(12, SHOP, "可以的亲")], None, None),  # too late for what names nothing
        ([line(300, SHOP, "面霜油皮也可以的")], 299, None),
        ([line(13 * 60, SHOP, "面霜今晚直播")], None, None),
        ([line(900, SHOP, "可以的", reply_to=1)], 899, None),
        ([line(900, SHOP, "@小雨 可以的")], 899, None),
        ([line(2, SHOP, "@小鱼 可以的"), line(3, FISH, "好")], 1, None),  # of whom nobody knew
        ([line(2, SHOP, "您是什么肤质呀")], 1, None),  # asking back is answering
        ([line(2, SHOP, "面霜可以"), line(9, SHOP, "面霜可以")], 1, None),  # the first counts
        ([line(2, FISH, "面霜我油皮在用")], None, 1),
        ([line(2, FISH, "我在用"), line(3, FISH, "早上好")], None, None),
        ([line(2, FISH, "我在用", reply_to=1)], None, 1),
        ([line(2, FISH, "@小雨 我在用")], None, 1),
        ([line(17, FISH, "面霜我油皮在用")], None, None),  # about something else by now
        ([line(60, FISH, "我在用", reply_to=1)], None, 59),
        ([line(2, FISH, "面霜敏感肌能用吗")], None, None),  # asks itself
        ([line(2, FISH, "同问面霜")], None, None),
        ([line(2, RAIN, "面霜我自己查到了")], None, None),  # nobody answers themselves
        ([line(2, FISH, "面霜我油皮在用"), line(5, SHOP, "油皮可以")], 4, 1),
    ],
)
def test_an_answer_meets_the_question(
    said: list[Line], staff: float | None, fan: float | None
) -> None:
    first, *_ = answered(ASKED, *said)
    assert first == (ASKED.text, staff, fan)


def test_whom_a_word_is_meant_for_it_answers_and_nobody_else() -> None:
    lines = [
        line(1, RAIN, "面霜油皮能用吗"),
        line(2, FISH, "面霜多少钱"),
        line(3, CLOUD, "面霜还有货吗"),
        line(4, SHOP, "面霜油皮可以", reply_to=1),
        line(5, SHOP, "@小鱼儿 面霜有货"),
    ]
    assert [staff for _, staff, _ in answered(*lines)] == [3, None, 2]
    # A reply to somebody of whom nothing is known is about something else.
    assert answered(lines[0], replace(line(2, SHOP, "可以的"), reply_to=999))[0][1] is None


def test_one_word_of_the_staff_answers_all_who_asked_about_it_and_one_of_a_fan_the_newest() -> None:
    asked = [line(1, RAIN, "面霜什么时候补货"), line(2, FISH, "面霜还补货吗")]
    assert answered(*asked, line(3, SHOP, "面霜周五补货哦")) == [
        ("面霜什么时候补货", 2, None),
        ("面霜还补货吗", 1, None),
    ]
    told = [fan for _, _, fan in answered(*asked, line(3, CLOUD, "面霜听说周五补货"))]
    assert told == [None, 1]
    # Where nothing of it is named, it is the newest question that is answered first.
    quick = [staff for _, staff, _ in answered(*asked, line(3, SHOP, "周五哦"))]
    assert quick == [None, 1]


def test_it_waits_until_anybody_answers() -> None:
    (asked,) = questions(ASKED, line(3, FISH, "油皮在用"), line(9, SHOP, "油皮可以"))
    assert asked.waited(START + 60 * MINUTE) == 2 * MINUTE
    assert asked.helper == FISH
    (alone,) = questions(ASKED)
    assert alone.waited(START + 60 * MINUTE) == 59 * MINUTE
    assert alone.answered_at is None


TEXTS = ["面霜能用吗", "面霜可以", "在吗", "好的", "@小雨 可以", "同问", "还有货吗", "面霜有货"]


@given(
    st.lists(
        st.tuples(st.sampled_from([SHOP, RAIN, FISH]), st.sampled_from(TEXTS), st.booleans()),
        max_size=12,
    )
)
def test_answers_come_behind_their_questions_from_somebody_else(
    said: list[tuple[int, str, bool]],
) -> None:
    lines = [
        line(minute, member, text, reply_to=minute - 1 if replies else None)
        for minute, (member, text, replies) in enumerate(said, start=1)
    ]
    found = questions(*lines)
    by_moment = {one.at: one for one in lines}
    for one in found:
        assert one.member != SHOP
        for at, staff in ((one.staff_at, True), (one.fan_at, False)):
            if at is not None:
                answer = by_moment[at]
                assert at > one.at
                assert answer.staff is staff
                assert answer.member != one.member
    # What is said later changes no first answer.
    earlier = questions(*lines[:-1])
    for before, after in zip(earlier, found, strict=False):
        assert before.staff_at in (None, after.staff_at)
        assert before.fan_at in (None, after.fan_at)
