"""Greetings: enough warm words for each festival, one greeting a day, silence where it is due."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from insights.lexicon import TRADES
from scheduler.apart import apart
from scheduler.bodies import content_of, variants_of
from scheduler.decide import Send
from scheduler.festivals import Region, festival_keys, festival_named, festivals_of
from scheduler.greetings import ALL_TONES, Greeting, Tone, greetings_between, variants_for
from scheduler.own_days import OwnDay, OwnKind
from scheduler.quiet_days import is_quiet
from scheduler.templates import render
from scheduler.wording_rules import check, rules_for
from storage.due import Recipient
from tests.scheduler.situations import HOUR, Situation, due
from tests.scheduler.test_programme import FORBIDDEN

SHOP = {"shop": "小满护肤", "slogan": ""}
FACTS = {"festival": "五周年店庆", "years": 5, "also": "", "address": "大家", "greeting": ""}
TOPICS = (*festival_keys(), *OwnKind)
ANNIVERSARY = OwnDay("店庆", OwnKind.ANNIVERSARY, "2016-10-18")
MEMBERS = OwnDay("会员日", OwnKind.MEMBER_DAY, "monthly:18")


def shown(template: str, **variables: object) -> str:
    return render(template, **FACTS | SHOP | variables)


def on(day: date, **asked: object) -> Greeting:
    (found,) = greetings_between(day, day, **asked)  # type: ignore[arg-type]  # a test's table
    return found


# The words


@pytest.mark.parametrize("topic", TOPICS)
def test_there_are_enough_words_for_every_festival_in_both_languages(topic: str) -> None:
    chinese, english = variants_for(topic), variants_for(topic, "en")
    least = 5 if topic in {"qingming", "zhongyuan"} else 6
    assert len(chinese) == len(english) >= least
    assert len(set(chinese)) == len(set(english)) == len(chinese)
    assert not re.search(r"[\u4e00-\u9fff]", "".join(english))


@pytest.mark.parametrize("topic", [*festival_keys(), *OwnKind])
@pytest.mark.parametrize("tone", Tone)
def test_each_tone_alone_has_two(topic: str, tone: Tone) -> None:
    assert len(variants_for(topic, tones=[tone])) >= 2


EVERY = [
    pytest.param(topic, language, number, id=f"{topic}-{language}-{number}")
    for topic in TOPICS
    for language in ("zh", "en")
    for number in range(len(variants_for(topic, language)))
]


@pytest.mark.parametrize(("topic", "language", "number"), EVERY)
def test_a_greeting_is_short_sound_and_keeps_the_wording_rules(
    topic: str, language: str, number: int
) -> None:
    template = variants_for(topic, language)[number]
    for slogan in ("", "慢慢变好" if language == "zh" else "Slow care."):
        text = shown(template, slogan=slogan)
        assert 20 <= len(text) <= (140 if language == "zh" else 360)
        assert [word for word in FORBIDDEN if word.lower() in text.lower()] == []
        assert not re.search(r"[{}%]|  |\s$", text)
        if language == "zh":
            assert not re.search(r"[,;:!?]", text), "Chinese text takes Chinese punctuation"


@pytest.mark.parametrize("platform", ["room", "telegram", "wechat"])
def test_no_greeting_is_held_by_the_wording_rules(platform: str) -> None:
    rules = rules_for(platform, TRADES)
    texts = [
        shown(template)
        for topic in TOPICS
        for language in ("zh", "en")
        for template in variants_for(topic, language)
    ]
    assert [hit for text in texts for hit in check(text, rules)] == []


@pytest.mark.parametrize("key", festival_keys())
def test_a_greeting_names_its_festival_and_fits_its_mood(key: str) -> None:
    festival = festival_named(key)
    for template in variants_for(key):
        text = shown(template)
        assert festival.chinese.removesuffix("节") in text
        if festival.greeting == "安康":
            assert "快乐" not in text
        if not festival.quiet:
            assert "小满护肤" in text


@pytest.mark.parametrize("key", ["qingming", "zhongyuan"])
def test_words_of_remembrance_neither_cheer_nor_sell_nor_name_the_shop(key: str) -> None:
    for language in ("zh", "en"):
        for template in variants_for(key, language):
            text = shown(template, slogan="SLOGAN", also="ALSO")
            assert not re.search(
                "快乐|愉快|开心|喜|！|!|happy|merry|SLOGAN|ALSO|小满护肤|店", text, re.IGNORECASE
            )


def test_the_shop_calls_its_fans_as_it_likes() -> None:
    for topic in TOPICS:
        assert any("宝子们" in shown(one, address="宝子们") for one in variants_for(topic)) or (
            topic in {"qingming", "zhongyuan", "women", "mother", "father", "teacher"}
        )


def test_with_all_tones_no_group_of_eight_that_share_fans_needs_a_repetition() -> None:
    """Years of one festival: each year every group gets what it has not had in two years."""
    before: dict[int, list[str]] = {group: [] for group in range(1, 9)}
    pairs = [*pairwise(before), (8, 1)]  # a ring: each shares fans with two
    names = [chr(ord("a") + place) for place in range(len(variants_for("mid-autumn")))]
    for _ in range(6):
        recent = {group: had[-2:] for group, had in before.items()}
        found = apart(list(before), pairs, recent, names)
        assert found.clashes == ()
        for group, variant in found.assigned.items():
            before[group].append(variant)


# The days


def test_a_greeting_is_ready_to_be_sent() -> None:
    greeting = on(date(2026, 9, 25))
    assert (greeting.slot, greeting.names["zh"]) == ("2026-09-25:mid-autumn", "中秋节")
    body = greeting.body({**SHOP, "address": "家人们"}, "zh")
    assert body["apart"] is True
    texts = {
        content_of(body, greeting.slot, "一群", variant=one).text
        for one in variants_of(body, greeting.slot)
    }
    assert len(texts) == len(greeting.texts["zh"]) == 6
    assert sum("家人们" in text for text in texts) >= 4


def test_festivals_on_one_day_are_one_greeting_with_a_word_about_the_other() -> None:
    greeting = on(date(2022, 9, 10))
    assert greeting.names == {"zh": "中秋节、教师节", "en": "Mid-Autumn Festival, Teachers' Day"}
    body = greeting.body(SHOP, "zh")
    for variant in variants_of(body, greeting.slot):
        text = content_of(body, greeting.slot, "一群", variant=variant).text
        assert text.endswith("今天也是教师节，祝群里的老师们节日快乐。")
        assert len(text) <= 180
    english = content_of(greeting.body(SHOP, "en"), greeting.slot, "一群").text
    assert english.endswith(" It is Teachers' Day as well: a happy day to all the teachers here.")


def test_the_shops_own_days_are_greeted() -> None:
    greeting = on(date(2027, 10, 18), own_days=[MEMBERS, ANNIVERSARY])
    assert greeting.slot == "2027-10-18:anniversary"
    text = content_of(greeting.body(SHOP, "zh"), greeting.slot, "一群").text
    assert text.startswith("今天是小满护肤的店庆。11年了，谢谢大家")
    assert text.endswith("今天也是我们的会员日，谢谢你们一直在。")
    months = greetings_between(date(2026, 11, 1), date(2027, 1, 31), own_days=[MEMBERS])
    assert [g.slot for g in months if "member-day" in g.slot] == [
        "2026-11-18:member-day",
        "2026-12-18:member-day",
        "2027-01-18:member-day",
    ]


def test_a_festival_and_a_day_of_the_shops_own_are_one_greeting() -> None:
    greeting = on(date(2026, 10, 1), own_days=[OwnDay("店庆", OwnKind.ANNIVERSARY, "10-01")])
    assert greeting.slot == "2026-10-01:national-day"
    text = content_of(greeting.body(SHOP, "zh"), greeting.slot, "一群").text
    assert text.endswith("今天也是我们的店庆，谢谢你们一直在。")


def test_a_quiet_day_has_its_own_words_or_none() -> None:
    birthdays = [OwnDay("店庆", OwnKind.ANNIVERSARY, day) for day in ("04-05", "12-13", "12-14")]
    qingming = on(date(2026, 4, 5), own_days=birthdays)
    assert qingming.quiet
    assert "店庆" not in qingming.names["zh"]
    assert qingming.facts == {}
    assert greetings_between(date(2026, 12, 13), date(2026, 12, 13), own_days=birthdays) == ()
    assert on(date(2026, 12, 14), own_days=birthdays).slot == "2026-12-14:anniversary"


def test_on_a_declared_day_of_mourning_nobody_is_greeted() -> None:
    moon, qingming = date(2026, 9, 25), date(2026, 4, 5)
    assert greetings_between(moon, moon, mourning={moon}) == ()
    assert on(qingming, mourning={qingming}).quiet


@pytest.mark.parametrize("region", Region)
@given(year=st.integers(2020, 2056))
@limits(max_examples=12, deadline=None)
def test_a_year_has_one_greeting_a_day_for_all_of_its_festivals(year: int, region: Region) -> None:
    found = greetings_between(date(year, 1, 1), date(year, 12, 31), region=region)
    days = [greeting.day for greeting in found]
    assert days == sorted(set(days))
    assert set(days) == {one.day for one in festivals_of(year, region)}
    assert all(is_quiet(greeting.day) == greeting.quiet for greeting in found)


@given(st.integers(2020, 2056))
@limits(max_examples=10, deadline=None)
def test_a_year_cut_in_two_has_the_same_greetings(year: int) -> None:
    first, cut, last = date(year, 1, 1), date(year, 6, 1), date(year, 12, 31)
    halves = greetings_between(first, cut) + greetings_between(cut + timedelta(days=1), last)
    assert halves == greetings_between(first, last)


def test_no_day_of_a_year_holds_its_own_greeting_back() -> None:
    group = Recipient(group_id=1, name="一群")
    for greeting in greetings_between(date(2026, 1, 1), date(2026, 12, 31)):
        at = datetime.combine(greeting.day, datetime.min.time(), UTC) + HOUR * 2
        delivery = due(
            group, programme="festivals", slot=greeting.slot, not_before=at, not_after=at + HOUR
        )
        assert Situation(delivery, now=at).decide() == Send(), greeting.slot


def test_all_tones_are_meant_unless_some_are_chosen() -> None:
    playful = on(date(2026, 9, 25), tones=[Tone.PLAYFUL]).texts["zh"]
    assert len(playful) == 2
    assert set(playful) < set(variants_for("mid-autumn", tones=ALL_TONES))
