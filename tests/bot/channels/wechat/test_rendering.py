"""A content as a WeChat text: names are called, choices numbered, links written out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.choices import number_in
from bot.channels.wechat.rendering import Rendered, rendered
from scheduler.content import Button, Content, Mention, Picture

FISH, LITTLE = Mention("wxid_fish", "小鱼"), Mention("wxid_little", "小鱼儿")
YES, NO = Button("要", "/remind yes"), Button("不要", "/remind no")
SHOP = Button("去看看", "", "https://example.com/new")


@pytest.mark.parametrize(
    ("content", "in_group", "expected"),
    [
        (Content("早"), True, Rendered("早")),
        (Content("", (Picture("a.png"),)), True, Rendered("")),
        (Content("看图", (Picture("a.png", "新款"),)), True, Rendered("看图\n新款")),
        # Names
        (
            Content("@小鱼 早，@小鱼儿也早", mentions=(FISH, LITTLE)),
            True,
            Rendered("@小鱼\u2005早，@小鱼儿\u2005也早", ("wxid_fish", "wxid_little")),
        ),
        (
            Content("@小鱼\u2005早 @小鱼", mentions=(FISH,)),
            True,
            Rendered("@小鱼\u2005早 @小鱼\u2005", ("wxid_fish",)),
        ),
        (Content("早", mentions=(FISH,)), True, Rendered("早")),  # called nowhere
        (Content("@阿云 早", mentions=(FISH,)), True, Rendered("@阿云 早")),
        (Content("@小鱼 早", mentions=(FISH,)), False, Rendered("@小鱼 早")),
        # Choices and links
        (
            Content("要提醒吗？", buttons=(YES, NO)),
            False,
            Rendered("要提醒吗？\n回复数字：\n1. 要\n2. 不要", (), ("/remind yes", "/remind no")),
        ),
        (
            Content("要提醒吗？", buttons=(YES,)),
            True,
            Rendered("要提醒吗？\n@我 再加数字：\n1. 要", (), ("/remind yes",)),
        ),
        (
            Content("上新了", buttons=(SHOP, YES)),
            False,
            Rendered(
                "上新了\n回复数字：\n1. 要\n去看看：https://example.com/new", (), ("/remind yes",)
            ),
        ),
        (Content("", buttons=(SHOP,)), True, Rendered("去看看：https://example.com/new")),
        # What the text lists by the same numbers is not said twice.
        (
            Content("要提醒吗？\n1. 要\n例如：要", buttons=(YES, NO)),
            False,
            Rendered(
                "要提醒吗？\n1. 要\n例如：要\n回复数字：\n2. 不要",
                (),
                ("/remind yes", "/remind no"),
            ),
        ),
    ],
)
def test_a_content_is_a_text(content: Content, *, in_group: bool, expected: Rendered) -> None:
    assert rendered(content, in_group=in_group, language="zh") == expected


@pytest.mark.parametrize(
    ("in_group", "text"),
    [
        (False, "Remind you?\nReply with a number:\n1. Yes\nShop: https://example.com/new"),
        (True, "Remind you?\nMention me and add a number:\n1. Yes\nShop: https://example.com/new"),
    ],
)
def test_an_english_shop_asks_in_english(*, in_group: bool, text: str) -> None:
    shop = Button("Shop", "", "https://example.com/new")
    content = Content("Remind you?", buttons=(Button("Yes", "/remind yes"), shop))
    assert rendered(content, in_group=in_group, language="en").text == text


@given(
    text=st.text(max_size=40),
    labels=st.lists(st.text("一二三abc", min_size=1, max_size=5), max_size=12),
    in_group=st.booleans(),
)
def test_every_choice_is_listed_by_the_number_that_chooses_it(
    text: str, labels: list[str], *, in_group: bool
) -> None:
    buttons = tuple(Button(label, f"/say {place}") for place, label in enumerate(labels))
    found = rendered(Content(text, buttons=buttons), in_group=in_group, language="zh")
    lines = found.text.splitlines()
    for place, label in enumerate(labels):
        assert f"{place + 1}. {label}" in lines
        number = number_in(str(place + 1))
        assert number is not None
        assert found.says[number - 1] == f"/say {place}"
