"""What is too long for one message becomes several, cut where a reader pauses; nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.content import Button, Content, Mention, Picture
from scheduler.courier import Limits
from scheduler.pieces import Misfit, Part, misfit, pieces, split

TELEGRAM = Limits(text_length=4_096, caption_length=1_024, pictures=10, pictures_alone=True)
YES = Button("好", "/confirm")
FAMILY = "👨\N{ZERO WIDTH JOINER}👩\N{ZERO WIDTH JOINER}👧"


def album(count: int) -> tuple[Picture, ...]:
    """So many pictures."""
    return tuple(Picture(f"{number}.png") for number in range(count))


@pytest.mark.parametrize(
    ("text", "longest", "parts"),
    [
        ("今晚八点直播", 6, ["今晚八点直播"]),
        ("今晚八点直播", None, ["今晚八点直播"]),
        ("一二三四。\n五六七", 7, ["一二三四。", "五六七"]),
        ("一二。三四。五六", 7, ["一二。三四。", "五六"]),
        ("一二。三四\n五六七", 7, ["一二。三四", "五六七"]),  # a line's end before a sentence's
        ("一二三\n\n四\n五六", 7, ["一二三", "四\n五六"]),  # and a paragraph's before that
        ("他说“好。”然后走", 6, ["他说“好。”", "然后走"]),
        ("一二三，四五六", 5, ["一二三，", "四五六"]),
        ("one two three", 8, ["one two", "three"]),
        ("It is 3.14. And so on", 12, ["It is 3.14.", "And so on"]),
        ("请大家到这里来看 a.cc/?b=1,2 吧", 16, ["请大家到这里来看", "a.cc/?b=1,2 吧"]),
        ("一二三四\n五六", 4, ["一二三四", "五六"]),  # the pause itself needs no room
        ("一二三四五六七", 3, ["一二三", "四五六", "七"]),
        ("一二三四五，六", 5, ["一二三四", "五，六"]),  # no piece begins with a comma
        ("。一二三四五", 5, ["。一二三四", "五"]),  # a tiny first piece helps nobody
        ("你好" + FAMILY + "走", 4, ["你好", FAMILY[:4], FAMILY[4:] + "走"]),
        ("到家e\N{COMBINING ACUTE ACCENT}了", 3, ["到家", "e\N{COMBINING ACUTE ACCENT}了"]),
        ("   ", 2, [""]),
    ],
)
def test_a_text_is_cut_at_the_longest_pause(
    text: str, longest: int | None, parts: list[str]
) -> None:
    assert split(text, longest) == parts


def test_a_name_that_is_called_is_not_cut() -> None:
    text = "欢迎大家和@爱吃鱼的小猫来"
    assert split(text, 8, (Mention("1", "爱吃鱼的小猫"),)) == ["欢迎大家和", "@爱吃鱼的小猫来"]


def test_no_text_is_shorter_than_one() -> None:
    with pytest.raises(ValueError, match="0"):
        split("早", 0)


@given(
    st.text(alphabet="一二三abc 。，\n\n.!👍\N{ZERO WIDTH JOINER}", max_size=200),
    st.integers(1, 40),
)
def test_nothing_is_lost_but_blanks_and_no_piece_is_too_long(text: str, longest: int) -> None:
    parts = split(text, longest)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(len(part) <= longest for part in parts)
    assert all(parts) or parts == [""]


@given(
    st.lists(st.sampled_from(["@小鱼", "@阿云", "早。", "好 ", "一\n", "说说"]), max_size=40).map(
        "".join
    ),
    st.integers(3, 30),
)
def test_called_names_stay_whole(text: str, longest: int) -> None:
    mentions = (Mention("1", "小鱼"), Mention("2", "阿云"))
    for name in ("@小鱼", "@阿云"):
        parts = split(text, longest, mentions)
        assert sum(part.count(name) for part in parts) == text.count(name)


@pytest.mark.parametrize(
    ("content", "limits", "expected"),
    [
        (Content("早"), TELEGRAM, None),
        (Content("早" * 4_096), TELEGRAM, None),
        (Content("早" * 4_097), TELEGRAM, Misfit(Part.TEXT, 4_096)),
        (Content("早" * 5_000), Limits(), None),
        (Content("早" * 1_024, album(3)), TELEGRAM, None),
        (Content("早" * 1_025, album(1)), TELEGRAM, Misfit(Part.CAPTION, 1_024)),
        (Content("早" * 1_025, album(1)), Limits(text_length=4_096), None),
        (Content("早", album(10)), TELEGRAM, None),
        (Content("早", album(11)), TELEGRAM, Misfit(Part.PICTURES, 10)),
        (Content("早", album(1), (YES,)), TELEGRAM, None),
        (Content("早", album(2), (YES,)), TELEGRAM, Misfit(Part.BUTTONS, 1)),
        (Content("早", album(2), (YES,)), Limits(pictures=10), None),
    ],
)
def test_what_keeps_a_content_from_being_one_message(
    content: Content, limits: Limits, expected: Misfit | None
) -> None:
    assert misfit(content, limits) == expected
    assert (pieces(content, limits) == [content]) == (expected is None)


def test_pictures_come_first_and_buttons_last() -> None:
    mention = Mention("1", "小鱼")
    content = Content("@小鱼 看。" + "早" * 4_090 + "晚安", album(12), (YES,), (mention,))
    first, second, words, rest = pieces(content, TELEGRAM)
    assert (first.pictures, second.pictures) == (album(12)[:10], album(12)[10:])
    assert (first.text, first.buttons) == ("", ())
    assert (words.mentions, words.buttons) == ((mention,), ())
    assert (rest.mentions, rest.buttons) == ((), (YES,))
    assert words.text + rest.text == content.text


def test_buttons_without_a_text_stand_below_the_last_picture() -> None:
    assert pieces(Content("", album(3), (YES,)), TELEGRAM) == [
        Content("", album(3)[:2]),
        Content("", album(3)[2:], (YES,)),
    ]


def test_whom_the_text_does_not_name_is_called_in_the_first_piece() -> None:
    mention = Mention("1", "小鱼")
    first, second = pieces(Content("早" * 5_000, mentions=(mention,)), TELEGRAM)
    assert (first.mentions, second.mentions) == ((mention,), ())


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """Whatever an answer may hold."""
    return Content(
        draw(st.text(alphabet="早安。 \n", max_size=60)),
        album(draw(st.integers(0, 7))),
        (YES,) * draw(st.integers(0, 2)),
    )


@given(
    contents(),
    st.builds(
        Limits,
        text_length=st.integers(5, 40),
        caption_length=st.none() | st.integers(0, 20),
        pictures=st.none() | st.integers(1, 4),
        pictures_alone=st.booleans(),
    ),
)
def test_every_piece_is_one_message_and_together_they_say_it_all(
    content: Content, limits: Limits
) -> None:
    parts = pieces(content, limits)
    assert all(misfit(part, limits) is None for part in parts)
    assert tuple(one for part in parts for one in part.pictures) == content.pictures
    assert [part.buttons for part in parts[:-1]] == [()] * (len(parts) - 1)
    assert parts[-1].buttons == content.buttons
    said = "".join(part.text for part in parts)
    assert "".join(said.split()) == "".join(content.text.split())
