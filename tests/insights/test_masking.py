from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.masking import mask, mask_name, names_within


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


@given(st.lists(st.text("小鱼儿 ab", max_size=4)), st.lists(st.text("小鱼儿 ab", max_size=12)))
def test_names_are_found_in_texts_as_by_looking_for_each(
    names: list[str], texts: list[str]
) -> None:
    meant = {n.strip() for n in names if len(n.strip()) > 1 and any(n.strip() in t for t in texts)}
    assert names_within(names, texts) == sorted(meant)
