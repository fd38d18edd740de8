from __future__ import annotations

import pytest

from insights.authorship import PassedOn, passed_on
from tests.insights.sentences import read_sentences


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("#接龙\n1. 小鱼 2瓶\n2. 小雨 1瓶", PassedOn.CHAIN),
        ("接龙 面膜团\n1、小鱼 +1", PassedOn.CHAIN),
        ("12. 小鱼 +1", PassedOn.CHAIN),
        ("1. 小鱼 2瓶\n2. 小雨 1盒\n3. 阿月 3瓶", PassedOn.CHAIN),
        ("￥abcDEF12345￥ 面霜", PassedOn.TAOBAO_CODE),
        ("(AbCdEf12345) 复制这条信息", PassedOn.TAOBAO_CODE),
        (
            "「玫瑰面霜」https://m.tb.cn/h.abc CZ0001 点击链接直接打开 或者 淘宝搜索直接打开",
            PassedOn.TAOBAO_CODE,
        ),
        (
            "【双11玫瑰面霜】到手价199，原价399，限量200件，戳链接 https://a.example/x 先到先得",
            PassedOn.SHOP_POST,
        ),
    ],
)
def test_what_is_passed_on_is_told_from_what_is_said(text: str, kind: PassedOn) -> None:
    assert passed_on(text) is kind


@pytest.mark.parametrize(
    "text",
    ["3.这个好用", "￥199值得", "接龙怎么弄", "原价399现在多少", "1. 味道好闻\n2. 不油\n3. 就是贵"],
)
def test_fans_own_words_are_theirs(text: str) -> None:
    assert passed_on(text) is None


def test_none_of_our_sentences_is_taken_for_something_else() -> None:
    texts = [text for text, *_ in read_sentences("sentences.tsv")]
    assert [text for text in texts if passed_on(text)] == []


def test_the_values_are_those_that_messages_are_stored_under() -> None:
    assert {kind.value for kind in PassedOn} == {"chain", "taobao_code", "shop_post"}
