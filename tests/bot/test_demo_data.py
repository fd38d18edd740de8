"""The sample shop is consistent: everybody who speaks exists, is there, and says something new."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections import Counter
from datetime import time
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

DEMO = files("bot") / "demo"
DAYS = 12
FIRST_LINE, LAST_LINE = time(8, 30), time(23, 30)

# Superlatives and medical promises that advertising law keeps out of a shop's mouth.
FORBIDDEN_TO_STAFF = (
    *("最", "第一", "顶级", "极致", "绝对", "唯一", "首个", "国家级", "全网", "万能", "永久"),
    *("100%", "治疗", "治愈", "根治", "药效", "无副作用", "零添加", "祛痘", "祛斑"),
)
MOBILE_NUMBER = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
INVENTED_MOBILE_PREFIX = "1380000"
EMOJI_JOINER = "\u200d"

# A moment of the demo that sorts: the day, then the time as HH:MM.
Moment = tuple[int, str]


@cache
def shop() -> dict[str, Any]:
    return tomllib.loads((DEMO / "shop.toml").read_text(encoding="utf-8"))


@cache
def chat() -> list[dict[str, Any]]:
    lines = (DEMO / "chat.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@cache
def commands() -> list[dict[str, Any]]:
    script = tomllib.loads((DEMO / "manager.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = script["commands"]
    return found


@cache
def people() -> dict[str, dict[str, Any]]:
    return {person["id"]: person for person in shop()["staff"] + shop()["fans"]}


def group_ids() -> set[str]:
    return {group["id"] for group in shop()["groups"]}


def staff_ids() -> set[str]:
    return {person["id"] for person in shop()["staff"]}


def moment(row: dict[str, Any]) -> Moment:
    return row["day"], row["time"]


def is_there(member: str, group: str, when: Moment) -> bool:
    """Whether the member sits in the group at that moment; staff always sit in every group."""
    person = people()[member]
    if member in staff_ids():
        return group in group_ids()
    return (
        group in person["groups"]
        and ("joined" not in person or moment(person["joined"]) < when)
        and ("left" not in person or when < moment(person["left"]))
    )


def where(row: dict[str, Any]) -> str:
    return f"day {row['day']} {row['time']} {row['member']}: {row.get('text', row.get('says'))}"


def test_every_line_has_the_same_few_keys() -> None:
    required = {"day", "time", "group", "member", "text"}
    for row in chat():
        assert required <= row.keys() <= required | {"forwarded"}, where(row)
        assert row["text"] == row["text"].strip() != "", where(row)


def test_ids_and_names_belong_to_one_person_or_group() -> None:
    everybody = shop()["staff"] + shop()["fans"]
    for things in (everybody, shop()["groups"], shop()["products"]):
        for key in ("id", "name"):
            counted = Counter(thing[key] for thing in things)
            assert not [value for value, count in counted.items() if count > 1]
    assert not [person["name"] for person in everybody if re.search(r"\s", person["name"])]


def test_fans_sit_in_known_groups_and_stay_a_while() -> None:
    for fan in shop()["fans"]:
        assert fan["groups"], fan["id"]
        assert set(fan["groups"]) <= group_ids(), fan["id"]
        if "joined" in fan and "left" in fan:
            assert moment(fan["joined"]) < moment(fan["left"]), fan["id"]


def test_the_shop_is_large_enough_to_be_alive() -> None:
    fans = shop()["fans"]
    speakers = {row["member"] for row in chat()}
    assert len(fans) >= 40
    assert len([row for row in chat() if row["member"] not in staff_ids()]) >= 600
    assert len([fan for fan in fans if len(fan["groups"]) > 1]) >= 3
    assert 5 <= len([fan for fan in fans if "joined" in fan]) <= 8
    assert 1 <= len([fan for fan in fans if "left" in fan]) <= 2
    assert {fan["id"] for fan in fans} - speakers, "a real group has silent members"
    assert {row["day"] for row in chat()} == set(range(DAYS))


def test_everybody_who_speaks_is_in_that_group_at_that_moment() -> None:
    for row in chat():
        assert row["member"] in people(), where(row)
        assert row["group"] in group_ids(), where(row)
        assert is_there(row["member"], row["group"], moment(row)), where(row)


def test_lines_come_in_order_of_time() -> None:
    moments = [moment(row) for row in chat()]
    assert moments == sorted(moments)


def test_lines_fall_into_waking_hours() -> None:
    for row in chat():
        assert re.fullmatch(r"\d{2}:\d{2}", row["time"]), where(row)
        assert FIRST_LINE <= time.fromisoformat(row["time"]) <= LAST_LINE, where(row)


def test_nobody_says_what_was_said_before() -> None:
    counted = Counter(row["text"] for row in chat())
    assert not [text for text, count in counted.items() if count > 1]


def test_whoever_is_called_by_name_exists() -> None:
    names = tuple(person["name"] for person in people().values())
    for row in chat():
        for called in row["text"].split("@")[1:]:
            assert called.startswith(names), where(row)


def test_staff_promise_nothing_the_law_forbids() -> None:
    spoken = [row for row in chat() if row["member"] in staff_ids()]
    typed = [row for row in commands() if row["member"] in staff_ids()]
    for row in spoken + typed:
        text: str = row["text"] if "text" in row else row["says"]
        assert not [word for word in FORBIDDEN_TO_STAFF if word in text], where(row)


def test_phone_numbers_are_invented_and_one_is_there_to_be_masked() -> None:
    numbers = [number for row in chat() for number in MOBILE_NUMBER.findall(row["text"])]
    assert numbers
    assert all(number.startswith(INVENTED_MOBILE_PREFIX) for number in numbers)


def test_text_holds_no_odd_control_characters() -> None:
    for row in chat():
        for character in row["text"]:
            odd = unicodedata.category(character).startswith("C")
            assert not odd or character in {"\n", EMOJI_JOINER}, where(row)


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param(lambda row: row["text"].startswith("#接龙"), id="a 接龙"),
        pytest.param(lambda row: re.search(r"￥\w+￥", row["text"]), id="a 淘口令"),
        pytest.param(
            lambda row: row.get("forwarded") and row["member"] not in staff_ids(),
            id="a fan forwarding a shop post",
        ),
    ],
)
def test_the_chat_holds_what_must_not_count_as_fans_words(mark: Any) -> None:
    assert any(mark(row) for row in chat())


def test_only_the_script_gives_commands() -> None:
    assert not [where(row) for row in chat() if row["text"].startswith("/")]
    assert all(row["says"].startswith("/") for row in commands())


def test_commands_come_in_order_from_people_who_are_there() -> None:
    moments = [moment(row) for row in commands()]
    assert moments == sorted(moments)
    for row in commands():
        assert 0 <= row["day"] < DAYS, where(row)
        assert row["member"] in people(), where(row)
        if row["place"] != "private":
            assert is_there(row["member"], row["place"], moment(row)), where(row)
