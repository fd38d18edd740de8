"""What is said of new products."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from handlers.arrivals.words import announcement, early_word, price_shown
from handlers.wording import wording
from scheduler.bodies import content_of, personal_body
from storage.products import Ware
from tests.handlers.arrivals.samples import CREAM, SERUM
from tests.handlers.arrivals.test_judging import product

SAY = wording("zh")


@pytest.mark.parametrize(
    ("price", "currency", "varies", "shown"),
    [
        ("199.00", "CNY", False, "¥199"),
        ("19.90", "CNY", False, "¥19.90"),
        ("19.9", "CNY", True, "¥19.90 起"),
        ("1E+3", "CNY", False, "¥1000"),
        ("19.90", "USD", False, "19.90 USD"),
        (None, "CNY", False, ""),
    ],
)
def test_a_price_as_people_read_it(
    price: str | None, currency: str, *, varies: bool, shown: str
) -> None:
    number = None if price is None else Decimal(price)
    ware = replace(CREAM, price=number, currency=currency, varies=varies)
    assert price_shown(SAY, ware) == shown


def test_one_product_comes_with_picture_price_link_and_a_button() -> None:
    content = announcement(SAY, [product(CREAM)])
    assert content.text == "上新啦：面霜\n¥199\nhttps://shop.example/products/p1"
    assert [one.source for one in content.pictures] == ["https://cdn.example/1.png"]
    assert [one.says for one in content.buttons] == ["/pricedrop 101"]


def test_a_product_without_a_price_has_nothing_to_wait_for() -> None:
    bare = Ware(key="7", title="面霜", price=None, currency="CNY")
    content = announcement(SAY, [product(bare)])
    assert (content.text, content.pictures, content.buttons) == ("上新啦：面霜", (), ())


def test_several_are_one_list() -> None:
    content = announcement(SAY, [product(CREAM), product(SERUM)])
    assert content.text.splitlines() == [
        "这次上新了 2 款：",
        "· 面霜 ¥199",
        "https://shop.example/products/p1",
        "· 精华 ¥99",
        "https://shop.example/products/p2",
    ]


def test_what_a_feed_writes_is_never_read_as_a_template() -> None:
    evil = replace(CREAM, title="{{ shop }}{% for a in b %}", link="https://x.example/{{a}}")
    words = "{{ fan }} 有小样"
    content, variables = early_word(SAY, [product(evil)], timedelta(hours=2), words)
    said = content_of(personal_body(content, variables), "once", "小鱼", in_private=True)
    assert said.text.splitlines() == [
        "小鱼，{{ shop }}{% for a in b %} 刚到店，先给老朋友看一眼，2 小时以后再告诉大家。",
        "小鱼 有小样",
        "¥199",
        "https://x.example/{{a}}",
    ]
