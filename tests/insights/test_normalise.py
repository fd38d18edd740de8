from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.normalise import normalise

MESSY = "哈啊赞 ＶＣ！!？?。~～@,， 1０[]\n\u2005\u200b👍🏻😂❤️x/.:www.http://绝了"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ＶＣ精华５０ｍｌ", "vc精华50ml"),
        ("哈哈哈哈哈哈", "哈哈"),
        ("好好好好", "好好"),
        ("太好了！！！！", "太好了！"),
        ("真的???", "真的?"),
        ("绝了绝了绝了绝了", "绝了"),
        ("1000000元", "1000000元"),
        ("看 https://item.example.com/x?id=1，不错", "看 ，不错"),
        ("@小鱼爱吃鱼 你看", "你看"),
        ("@小鱼\u2005你看", "你看"),
        ("好用👍🏻👍👍👍", "好用[赞]"),
        ("好用❤️", "好用[爱心]"),
        ("好用😶‍🌫️", "好用"),
        ("  两个   空格 ", "两个 空格"),
        ("味道　不错", "味道 不错"),
        ("贵，但是好用。", "贵，但是好用。"),
        ("一行\n\n\n两行", "一行\n两行"),
        ("", ""),
    ],
)
def test_one_thing_is_written_one_way(text: str, normal: str) -> None:
    assert normalise(text) == normal


@given(st.text(alphabet=MESSY, max_size=40) | st.text(max_size=40))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
