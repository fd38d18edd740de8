from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.quotes import Answer, Call, quotes_one_of, take_apart, take_out_name

DASHES = "- - - - - - - - - - - - - - -"
LONG = "——————————"
CALLED = "\u2005"


@pytest.mark.parametrize(
    ("text", "own", "quotes"),
    [
        ("可以的", "可以的", ""),
        (f"「小雨：油皮能用吗」\n{DASHES}\n可以的", "可以的", "小雨：油皮能用吗」"),
        (f'"小雨: 油皮能用吗"\n{LONG}\n可以的', "可以的", '小雨: 油皮能用吗"'),
        (f"“小雨：油皮能用吗”\n{LONG}\n可以的", "可以的", "小雨：油皮能用吗”"),
        (f"「小雨：第一行\n第二行」\n{DASHES}\n两行\n答复", "两行\n答复", "小雨：第一行\n第二行」"),
        (
            f"「甲：「乙：一」\n{DASHES}\n二」\n{DASHES}\n三",
            "三",
            f"甲：「乙：一」\n{DASHES}\n二」",
        ),
        (f"「小雨：好」\n{DASHES}\n", "", "小雨：好」"),
        # What only looks like one:
        ("「小雨：好」真的吗", "「小雨：好」真的吗", ""),
        (f"「好」\n{DASHES}\n没有人说", f"「好」\n{DASHES}\n没有人说", ""),
        (f"清单：\n{DASHES}\n面霜", f"清单：\n{DASHES}\n面霜", ""),
        ("「小雨：好」\n--\n短", "「小雨：好」\n--\n短", ""),
        ("", "", ""),
    ],
)
def test_only_the_sender_s_own_words_are_left(text: str, own: str, quotes: str) -> None:
    assert take_apart(text) == Answer(own, quotes)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("可以的", ""),
        (f"「小雨：油皮能用吗」\n{DASHES}\n可以的", "油皮能用吗"),
        (f'"小雨: 价格：多少"\n{LONG}\n九十九', "价格：多少"),
        (f"「小雨：第一行\n第二行」\n{DASHES}\n答复", "第一行\n第二行"),
        (f"「甲：「乙：一」\n{DASHES}\n二」\n{DASHES}\n三", "二"),  # which was a quote itself
    ],
)
def test_what_is_quoted_is_what_somebody_wrote_themselves(text: str, quoted: str) -> None:
    assert take_apart(text).quoted == quoted


words = st.text(st.characters(codec="utf-8", exclude_characters="-－—–─\n"))


@given(name=words, quoted=words, reply=words)
def test_a_reply_is_told_from_whatever_it_quotes(name: str, quoted: str, reply: str) -> None:
    assert take_apart(f"「{name}：{quoted}」\n{DASHES}\n{reply}").own == reply.strip()


@pytest.mark.parametrize(
    ("quotes", "names", "expected"),
    [
        ("暖暖：上新啦」", {"暖暖", "小助手"}, True),
        ("小助手: 上新啦」", {"暖暖", "小助手"}, True),
        ("a:b：上新啦」", {"a:b"}, True),
        ("暖暖妈：上新啦」", {"暖暖"}, False),
        ("小雨：暖暖：你好」", {"暖暖"}, False),
        ("：上新啦」", {""}, False),
        ("", {"暖暖"}, False),
    ],
)
def test_who_is_quoted_is_known_by_the_name_in_front(
    quotes: str,
    names: set[str],
    expected: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    assert quotes_one_of(Answer("好", quotes), names) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/help", Call("/help", called=False)),
        (f"@暖暖{CALLED}/help", Call("/help", called=True)),
        (f"@暖暖{CALLED} /help", Call("/help", called=True)),
        ("@暖暖 /help", Call("/help", called=True)),
        (f"/help @暖暖{CALLED}", Call("/help", called=True)),
        ("帮助@暖暖", Call("帮助", called=True)),
        ("@暖暖", Call("", called=True)),
        (f"@群里的暖暖{CALLED}1", Call("1", called=True)),
        (f"@暖暖妈{CALLED}在吗", Call(f"@暖暖妈{CALLED}在吗", called=False)),
        (f"问 @暖暖{CALLED} 和小雨", Call(f"问 @暖暖{CALLED} 和小雨", called=True)),
        (f"@小雨{CALLED}@暖暖{CALLED}", Call(f"@小雨{CALLED[:-1]}".strip(), called=True)),
    ],
)
def test_the_account_s_name_is_cut_off_both_ends(text: str, expected: Call) -> None:
    assert take_out_name(text, {"暖暖", "群里的暖暖"}, mentioned=False) == expected


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"@老板的叫法{CALLED} /help", "/help"),
        (f"@小雨{CALLED}@暖{CALLED} 好", f"@小雨{CALLED}@暖{CALLED} 好"),
        ("好", "好"),
    ],
)
def test_a_name_that_nobody_told_of_is_cut_off_where_it_must_be_the_account_s(
    text: str, left: str
) -> None:
    assert take_out_name(text, {"暖暖"}, mentioned=True) == Call(left, called=True)
