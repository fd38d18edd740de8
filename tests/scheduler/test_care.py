"""The texts of unplanned care: found by name, sound with and without a place, selling nothing."""

from __future__ import annotations

import re

import pytest

from insights.lexicon import TRADES
from scheduler.care import Care, care_named, care_text, kinds_of_care
from scheduler.quiet_days import CARE, may_be_heard
from scheduler.wording_rules import check, rules_for
from tests.scheduler.test_programme import FORBIDDEN

SHOP = {"shop": "小满护肤"}
SELLING = ("优惠", "折", "券", "下单立减", "满减", "抢", "赠", "包邮", "discount", "coupon", "sale")
PROMISES = ("24小时", "48小时", "保证", "一定送到", "赔", "guarantee", "promise", "within")


@pytest.mark.parametrize("care", kinds_of_care(), ids=lambda care: care.key)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("place", ["", "广东沿海"])
def test_a_text_is_sound_and_warm_and_sells_and_promises_nothing(
    care: Care, language: str, place: str
) -> None:
    text = care_text(care, language, SHOP, place)
    assert 60 <= len(text) <= (160 if language == "zh" else 420)
    assert "小满护肤" in text
    assert place in text
    assert not re.search(r"[{}%]|  |，，|。。", text)
    assert check(text, rules_for("wechat", TRADES)) == ()
    for words in (FORBIDDEN, SELLING, PROMISES):
        assert [word for word in words if word.lower() in text.lower()] == []
    if language == "zh":
        assert not re.search(r"[,;:!?]", text)
    else:
        assert not re.search(r"[\u4e00-\u9fff]", text.replace("小满护肤", "").replace(place, ""))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("台风", "typhoon"),
        ("暴雨", "heavy-rain"),
        ("高温", "heat"),
        ("快递停运", "courier-strike"),
        ("快递罢工", "courier-strike"),
        ("平台故障", "platform-outage"),
        ("发货延迟", "delay"),
        ("Typhoon", "typhoon"),
        (" 延迟 ", "delay"),
    ],
)
def test_a_kind_is_found_by_any_of_its_names(name: str, key: str) -> None:
    found = care_named(name)
    assert found is not None
    assert found.key == key


def test_what_is_no_kind_of_care_is_none() -> None:
    assert care_named("双11") is None


def test_no_two_kinds_share_a_name() -> None:
    names = [name for one in kinds_of_care() for name in one.names]
    assert len(set(names)) == len(names)


def test_the_shop_may_call_its_fans_otherwise() -> None:
    delay = care_named("延迟")
    assert delay is not None
    assert "宝子们" in care_text(delay, "zh", {**SHOP, "address": "宝子们"})


def test_care_is_heard_on_a_quiet_day() -> None:
    assert may_be_heard(CARE, "once")
