"""What is asked for, and that different words for the same are one demand."""

from __future__ import annotations

import pytest

from tests.insights.conftest import Read


@pytest.mark.parametrize(
    ("texts", "demand"),
    [
        (
            ["面霜什么时候补货", "面霜还有吗", "求面霜上架", "蹲一个面霜返场", "晚霜又断货了"],
            ("restock", "面霜"),
        ),
        (["纸尿裤能便宜点吗", "拉拉裤有券吗", "尿不湿打几折"], ("price", "尿不湿")),
        (["耳机怎么连", "耳机怎么用", "耳机有教程吗"], ("usage", "耳机")),
        (
            ["出个旅行装吧", "求出小支装", "有没有便携装", "小瓶装什么时候出"],
            ("new_product", "小瓶装"),
        ),
        (["什么时候发货", "几天能到", "还不发货", "到哪了"], ("delivery", "")),
        (["想退货", "能退吗", "给换吗", "要求赔"], ("after_sale", "")),
        (["有人拼吗", "差一个人", "三人团来不来"], ("group_buy", "")),
    ],
)
def test_different_words_ask_for_the_same(
    texts: list[str], demand: tuple[str, str], read: Read
) -> None:
    found = {text: [(d.kind.value, d.thing) for d in read(text).demands] for text in texts}
    assert found == {text: [demand] for text in texts}


@pytest.mark.parametrize(
    ("text", "demands"),
    [
        ("口红什么时候出新色号", [("new_product", "新色号")]),  # what is not there yet
        ("口红和新色号都补货吗", [("restock", "口红")]),
        ("面霜什么时候补货，还补吗", [("restock", "面霜")]),
        ("面霜补货吗？精华呢，有活动吗", [("restock", "面霜"), ("price", "精华")]),
        ("客服教我怎么冲的", []),
        ("保质期这么短，怎么吃得完", []),
        ("补货了，快冲", []),
        ("早上好", []),
    ],
)
def test_each_demand_has_its_thing(text: str, demands: list[tuple[str, str]], read: Read) -> None:
    assert [(d.kind.value, d.thing) for d in read(text).demands] == demands
