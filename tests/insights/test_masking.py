from __future__ import annotations

from itertools import combinations
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.masking import folded, mask, mask_name, names_within


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我电话13800001234", "我电话***"),
        ("打138 0000 1234给我", "打***给我"),
        ("订单号4001234567890123456还没到", "订单号***还没到"),
        ("SF1234567890123到哪了", "***到哪了"),
        ("身份证33010619900101123X", "身份证***"),
        ("加vx: xiaoyu_88", "加vx: ***"),
        ("微信号是abcd1234", "微信号是***"),
        ("我qq 12345", "我qq ***"),
        ("发我邮箱abc.d@qq.com吧", "发我邮箱***吧"),
        ("地址：幸福小区3栋2单元501", "地址***"),
        ("寄浙江省杭州市西湖区文三路12号3幢402室，谢谢", "***，谢谢"),
        ("住在绿城花园5号楼1203", "***"),
        ("小鱼爱吃鱼说不错", "小**鱼说不错"),
    ],
)
def test_what_tells_who_somebody_is_is_covered(text: str, masked: str) -> None:
    assert mask(text, ["小鱼爱吃鱼", "鱼"]) == masked


@pytest.mark.parametrize(
    "text",
    [
        "30ml 199元 2024年",
        "微信支付有优惠吗",
        "3号链接和12号色哪个好",
        "在上海很流行",
        "满300减50，到手价249.5",
        "买两条路线图",
    ],
)
def test_what_tells_nobody_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("name", "masked"),
    [("小鱼爱吃鱼", "小**鱼"), ("小鱼儿", "小**儿"), ("小鱼", "小**"), ("鱼", "**"), ("", "**")],
)
def test_a_name_keeps_its_edges_only(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(
    st.text(alphabet="我的在aZ_ -：:vx微信qq路号室区3", max_size=12),
    st.from_regex(r"1[3-9]\d{9}", fullmatch=True),
    st.text(alphabet="我的在谢路号，。 ", max_size=12),
)
def test_a_phone_number_never_survives(before: str, phone: str, behind: str) -> None:
    assert phone not in mask(before + phone + behind)


@pytest.mark.parametrize(
    ("name", "text", "masked"),
    [
        ("Alice", "alice说气味刺鼻，ALICE 你呢", "a**e说气味刺鼻，A**E 你呢"),
        ("alice", "Ａｌｉｃｅ说好闻", "Ａ**ｅ说好闻"),
        ("𝓐𝓵𝓲𝓬𝓮", "alice说好闻", "a**e说好闻"),
        ("Bob Li", "问问bob li呀", "问问b**i呀"),
        ("小满🌸", "小满你觉得呢", "小**你觉得呢"),
        ("小满🌸", "小满🌸你觉得呢", "小**🌸你觉得呢"),
        ("✨阿雯❤️~", "阿雯推荐的", "阿**推荐的"),
        (
            "小满",
            "小满到了，小满快乐",
            "小**到了，小**快乐",
        ),  # a word as well, covered all the same
        # nothing is left to call anybody by
        ("鱼🐟", "这个鱼味重", "这个鱼味重"),
        ("🌸🌸", "好看🌸🌸", "好看🌸🌸"),
        ("……", "算了……", "算了……"),
        # Latin letters and digits stand for themselves
        ("SK", "skin很好，ask一下，SK说的", "skin很好，ask一下，S**说的"),
        ("88", "1888元，88说的", "1888元，8**说的"),
        ("小鱼Amy", "小鱼amyx 小鱼amy", "小鱼amyx 小**y"),
    ],
)
def test_a_name_is_covered_however_it_is_written(name: str, text: str, masked: str) -> None:
    assert mask(text, [name]) == masked
    assert names_within([name], [text]) == ([name] if text != masked else [])
    assert mask(masked, [name]) == masked


@given(st.text())
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(folded(text)) == len(text)
    assert folded(text) == "".join(map(folded, text))


def forms(name: str) -> set[str]:
    """How somebody is called, by looking at every part of the name that is long enough."""
    parts = {name[start:end] for start, end in combinations(range(len(name) + 1), 2)}
    worn = {part for part in parts if not any(map(str.isalnum, name.replace(part, "", 1)))}
    clean = {part for part in worn if part[:1].isalnum() and part[-1:].isalnum()}
    return {part for part in {name, *clean} if len(part) > 1 and clean}


def stands(form: str, text: str) -> bool:
    """Whether the form stands in the text with no letter beside a letter at its ends."""
    return any(
        text[start : start + len(form)] == form
        and not (form[0] in "ab" and text[:start][-1:] in {"a", "b"})
        and not (form[-1] in "ab" and text[start + len(form) :][:1] in {"a", "b"})
        for start in range(len(text))
    )


NAMES = st.lists(st.text("小鱼儿 aB🌸", max_size=5))


@given(NAMES, st.lists(st.text("小鱼儿 Ab🌸", max_size=12)))
def test_names_are_found_in_texts_as_by_looking_for_each(
    names: list[str], texts: list[str]
) -> None:
    meant = {
        name.strip()
        for name in names
        for form in forms(name.strip().lower())
        if any(stands(form, text.lower()) for text in texts)
    }
    assert names_within(names, texts) == sorted(meant)
    for text in texts:
        assert (mask(text, names) != text) == bool(names_within(names, [text]))


def test_many_names_are_looked_for_in_one_pass() -> None:
    names = [f"{chr(0x4E00 + number % 20_000)}鱼{number}🌸" for number in range(20_000)]
    texts = ["这个面霜的味道真的很好闻，质地也很润" * 3] * 150
    begun = process_time()
    assert names_within(names, [*texts, names[7]]) == [names[7]]
    assert process_time() - begun < 1.0  # it takes 0.04 s
