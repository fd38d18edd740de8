"""What the shop says of itself is read in one message, kept, and refused where it does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from handlers.programme_facts import Said, read_facts, wall_time
from handlers.programme_files import read_shelf
from scheduler.programme_parts import Fact, FactKind
from storage.database import Database
from tests.handlers.programme_scenes import shop_with_sale, write_sale
from tests.handlers.shop import Shop


def fact(key: str, kind: FactKind, name: str) -> Fact:
    return Fact(key, kind, {"zh": name})


FACTS = (
    fact("gift", FactKind.TEXT, "赠品"),
    fact("parcel", FactKind.DAY, "发货日"),
    fact("price", FactKind.MONEY, "到手价"),
    fact("count", FactKind.NUMBER, "份数"),
    fact("live", FactKind.MOMENT, "直播"),
    fact("offer", FactKind.TEXT, "优惠，一句话"),
    fact("monthly", FactKind.NUMBER, "每月几号（1 到 28）"),
)


@pytest.fixture
async def shop(sqlite: Database, tmp_path: Path) -> Shop:
    """A shop whose folder holds a small programme."""
    return await shop_with_sale(sqlite, tmp_path / "programmes")


def said(shop: Shop, written: str) -> dict[str, str | int | None] | str:
    """The facts that are read, or the answer where they are refused."""
    sale = read_shelf(shop.desk.shop.programmes).programmes["sale"]
    read = read_facts(shop.desk, replace(sale, facts=FACTS), 2026, written)
    return dict(read.facts) if isinstance(read, Said) else read.content.text


@pytest.mark.parametrize(
    ("written", "facts"),
    [
        ("赠品=护手霜小样", {"gift": "护手霜小样"}),
        ("gift = 小样 三件，手提袋", {"gift": "小样 三件，手提袋"}),
        ("赠品＝小样；发货日=11月20日", {"gift": "小样", "parcel": "2026-11-20"}),
        ("发货日=2027-01-03\n份数=3", {"parcel": "2027-01-03", "count": 3}),
        ("到手价=99", {"price": "99.00"}),
        ("到手价=¥199.5元 直播=11-10 20:05", {"price": "199.50", "live": "2026-11-10T20:05"}),
        ("尾款截止=11-13 23:59", {"node:balance-end": "2026-11-13T23:59"}),
        ("优惠=满三百减四十 每月几号=8", {"offer": "满三百减四十", "monthly": 8}),
        ("优惠，一句话=买一送一 每月几号（1 到 28）=8", {"offer": "买一送一", "monthly": 8}),
        ("balance-end=11-13 23:59", {"node:balance-end": "2026-11-13T23:59"}),
        ("到手=99 几号=8", {"price": "99.00", "monthly": 8}),
        ("赠品= 份数=3", {"gift": None, "count": 3}),
        ("赠品=没有", {"gift": None}),
        ("赠品=满300=减40 看 https://x.com/?id=3", {"gift": "满300=减40 看 https://x.com/?id=3"}),
        ("赠品=48小时内发货。", {"gift": "48小时内发货"}),
    ],
)
def test_facts_are_read_under_their_names_or_keys(
    shop: Shop, written: str, facts: dict[str, str | int | None]
) -> None:
    assert said(shop, written) == facts


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        (f"赠品={'长' * 201}", "「赠品」要写成文字"),
        ("赠品={% for x in y %}", "「赠品」要写成文字"),
        ("发货日=2月30日", "「发货日」要写成日期"),
        ("到手价=九十九", "「到手价」要写成金额"),
        ("份数=-1", "「份数」要写成整数"),
        ("直播=11-10", "「直播」要写成日期和时间，例如 11-12 20:00，写的是「11-10」。"),
        ("直播=11-10 25:00", "「直播」要写成日期和时间"),
        ("小样", "要写成“名字=内容”"),
        ("你好 赠品=小样", "要写成“名字=内容”"),
        (
            "礼品=小样",
            "这个方案里没有「礼品」。能说的有：赠品、发货日、到手价、份数、直播、优惠、每月几号",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_what_does(shop: Shop, written: str, answer: str) -> None:
    refused = said(shop, written)
    assert isinstance(refused, str)
    assert refused.startswith(answer)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("11-03 10:18", "2026-11-03T10:18:00"),
        ("11月3日 9:05", "2026-11-03T09:05:00"),
        ("2027-01-03T10：18", "2027-01-03T10:18:00"),
        ("明天 10:18", None),
        ("11-03", None),
        ("11-31 10:18", None),
        ("11-03 24:00", None),
    ],
)
def test_a_moment_is_read_as_managers_write_it(written: str, moment: str | None) -> None:
    read = wall_time(written, 2026)
    assert (None if read is None else read.isoformat()) == moment


def test_a_file_of_the_shop_takes_the_place_of_ours_with_its_key(tmp_path: Path) -> None:
    text = (
        (write_sale(tmp_path / "own") / "sale.toml")
        .read_text(encoding="utf-8")
        .replace('key = "sale"', 'key = "double12"', 1)
    )
    shelf = read_shelf(write_sale(tmp_path / "own", text))
    assert shelf.programmes["double12"].names["zh"] == "秋季上新节"
    assert shelf.unread == ()
    found = shelf.named("秋季上新节")
    assert found is not None
    assert found.key == "double12"
    assert shelf.named("节日") is shelf.programmes["festivals"]
    assert shelf.named("上新") is None
    assert read_shelf(tmp_path / "none").programmes.keys() >= {"double11", "festivals"}
