"""What a feed says becomes plain: titles, prices, addresses."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.arrivals.plain import LONGEST_TITLE, address, amount, plain, public_address


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("面霜 50ml", "面霜 50ml"),
        ("<b>面霜</b> <i>50ml</i>", "面霜 50ml"),
        ("面霜<br/>加量装", "面霜 加量装"),
        ("玫瑰<em>面霜</em><p>50ml</p>", "玫瑰面霜 50ml"),
        ("Tom &amp; Co &#8211; 面霜", "Tom & Co – 面霜"),
        ("Tom &amp;amp; Co &amp;#8211; 面霜", "Tom & Co – 面霜"),
        ("面霜<script>alert(1)</script>", "面霜"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;面霜", "面霜"),
        ("<style>b{}</style>面霜", "面霜"),
        ("<img src=x onerror=alert(1)>面霜", "面霜"),
        ("5 < 6 的面霜", "5 < 6 的面霜"),
        ("面\u202e霜\u200b", "面霜"),
        ("  面\n\t霜\x00 ", "面 霜"),
        (1234, "1234"),
        (None, ""),
        (True, ""),
        (["面霜"], ""),
    ],
)
def test_a_title_is_one_plain_line(written: object, shown: str) -> None:
    assert plain(written) == shown


@given(st.text(max_size=300))
def test_whatever_is_written_becomes_a_short_line(written: str) -> None:
    shown = plain(written)
    assert len(shown) <= LONGEST_TITLE
    assert shown == " ".join(shown.split())
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    "piece", ["<a ", "<script>", "<!--", "</", "<b x='", '<b x="', "<![", "&#"]
)
def test_reading_takes_as_long_as_the_text_is(piece: str) -> None:
    began = time.process_time()
    for _ in range(200):
        plain(piece * 2_000)
    assert time.process_time() - began < 2  # .39 s for one, when it took the square


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "127.0.0.1.",
        "metadata",
        "redis:6379",
        "nas.lan",
        "0x7f.1",
    ],
)
def test_no_address_of_a_private_machine_is_shown(host: str) -> None:
    assert public_address(f"http://{host}/x.png", "https://shop.example/") == ""


@pytest.mark.parametrize(
    ("written", "price", "currency"),
    [
        ("199.00", "199.00", "CNY"),
        (199, "199", "CNY"),
        (Decimal("19.90"), "19.90", "CNY"),
        ("9.99 GBP", "9.99", "GBP"),
        ("GBP 9.99", "9.99", "GBP"),
        ("¥1,299", "1299", "CNY"),
        ("￥1,299.50", "1299.50", "CNY"),
        ("199元", "199", "CNY"),
        ("RMB 199", "199", "CNY"),
        ("1.299,00 €", "1299.00", "EUR"),
        ("19,90 €", "19.90", "EUR"),
        ("1 299 €", "1299", "EUR"),
        ("HK$88", "88", "HKD"),
        ("0", "0", "CNY"),
    ],
)
def test_a_price_is_read_as_it_is_meant(written: object, price: str, currency: str) -> None:
    assert amount(written, "CNY") == (Decimal(price), currency)


@pytest.mark.parametrize(
    "written",
    [
        *("", "free", "-5", "1e9", "NaN", "Infinity", "1000000000", "1.2.3", "12,34,5"),
        *(None, True, 1.5, -1, [], Decimal("1e-99999"), Decimal("NaN"), Decimal(10) ** 99),
        *("9.99 POUNDS", "9.99-19.99", "x" * 100, "0.00001"),
    ],
)
def test_what_is_no_price_is_none(written: object) -> None:
    assert amount(written, "CNY") is None


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ("https://shop.example/a?b=1#c", "https://shop.example/a?b=1"),
        ("/products/a", "https://shop.example/products/a"),
        ("//cdn.example/a.png", "https://cdn.example/a.png"),
        ("http://shop.example:8080/a", "http://shop.example:8080/a"),
        ("javascript:alert(1)", ""),
        ("data:image/png;base64,AAAA", ""),
        ("file:///etc/passwd", ""),
        ("https://me:pw@shop.example/a", ""),
        ("https://shop.example/a b", ""),
        ("https://shop.example:99999/", ""),
        ("https://shop.example/" + "a" * 2_000, ""),
        ("", ""),
        (7, ""),
    ],
)
def test_an_address_is_one_of_the_web_or_none(written: object, whole: str) -> None:
    assert address(written, "https://shop.example/feed.xml") == whole


@pytest.mark.parametrize(
    "written",
    [
        *("http://127.0.0.1/a.png", "http://[::1]/a", "http://10.0.0.8/a", "http://nas.local/a"),
        *("http://169.254.169.254/latest", "http://localhost:8766/a", "http://db.internal/"),
    ],
)
def test_fans_are_never_shown_a_machine_of_one_s_own(written: str) -> None:
    assert address(written, "https://shop.example/")
    assert public_address(written, "https://shop.example/") == ""
    assert public_address("https://shop.example/a", "https://x.example")
