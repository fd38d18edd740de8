from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from scheduler.campaigns import CampaignState
from scheduler.festivals import Region, festival_keys, festival_named
from scheduler.plan import plan
from scheduler.priorities import Priority
from scheduler.programme import (
    ProgrammeBroken,
    TextMissing,
    campaign_for,
    default_campaigns,
    preview,
    read_programme,
    shipped_programmes,
    topic_of,
)
from scheduler.programme_calendar import Calendar
from scheduler.promotions import Promotion
from scheduler.schedules import Countdown, Festivals, ScheduleInvalid
from scheduler.templates import render

SHOP = {"shop": "小满护肤"}
ZONE = "Asia/Shanghai"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def text_of(programme: str, topic: str, language: str, **variables: object) -> str:
    facts = {"days": 3, "festival": "", "greeting": "", "also": "", "address": "大家"}
    known = {"slogan": "", **facts, **SHOP, **variables}
    return render(shipped_programmes()[programme].texts[topic][language], **known)


EVERY_TEXT = [
    (programme.key, topic, language)
    for programme in shipped_programmes().values()
    for topic, texts in programme.texts.items()
    for language in texts
]


def test_every_festival_and_every_day_of_the_countdown_has_words_in_both_languages() -> None:
    festivals, double11 = shipped_programmes()["festivals"], shipped_programmes()["double11"]
    assert set(festivals.texts) == set(festival_keys())
    assert set(double11.texts) == {f"d-{left}" for left in range(11)}
    for programme in (festivals, double11):
        assert all(set(texts) == {"zh", "en"} for texts in programme.texts.values())


# Words that Chinese advertising law calls absolute, promises about skin, rewards for sharing.
FORBIDDEN = (
    "最", "第一", "唯一", "顶级", "极致", "国家级", "首选", "绝对", "百分百", "100%", "永久",
    "万能", "治疗", "疗效", "抗敏", "祛斑", "转发", "分享有礼", "好评", "返现", "邀请",
    "best", "No. 1", "number one", "guarantee", "cure", "heal ", "free gift", "invite",
)  # fmt: skip


@pytest.mark.parametrize(("programme", "topic", "language"), EVERY_TEXT)
def test_a_shipped_text_is_short_and_keeps_the_wording_rules(
    programme: str, topic: str, language: str
) -> None:
    text = text_of(programme, topic, language)
    assert 20 <= len(text) <= (140 if language == "zh" else 360)
    assert [word for word in FORBIDDEN if word.lower() in text.lower()] == []
    assert not re.search(r"[{}%]", text)
    if language == "zh":
        assert not re.search(r"[,;:!?]", text), "Chinese text takes Chinese punctuation"


@pytest.mark.parametrize("key", festival_keys())
def test_a_greeting_names_its_festival_and_fits_its_mood(key: str) -> None:
    festival = festival_named(key)
    text = text_of("festivals", key, "zh")
    assert festival.chinese.removesuffix("节") in text
    if festival.quiet:
        for language in ("zh", "en"):
            quiet = text_of("festivals", key, language, slogan="SLOGAN")
            assert not re.search("快乐|愉快|开心|！|!|happy|SLOGAN|小满护肤", quiet, re.IGNORECASE)
    if festival.greeting == "安康":
        assert "快乐" not in text


def test_the_dragon_boat_festival_is_wished_in_peace() -> None:
    assert "端午安康" in text_of("festivals", "dragon-boat", "zh")


@pytest.mark.parametrize("programme", ["festivals", "double11"])
def test_posts_leave_by_day_and_off_the_whole_and_half_hours(programme: str) -> None:
    schedule = shipped_programmes()[programme].schedule_for(2026)
    assert isinstance(schedule, Countdown | Festivals)
    assert time(9) <= schedule.at < time(22)
    assert schedule.at.minute not in {0, 30}


def test_a_countdown_has_its_year_in_its_key_and_festivals_run_on() -> None:
    programmes = shipped_programmes()
    double11 = campaign_for(programmes["double11"], 2027, ZONE)
    assert (double11.key, double11.name) == ("double11:2027", "双11 倒计时 2027")
    assert double11.schedule == Countdown(date(2027, 11, 11), 10, time(10, 18))
    assert double11.state is CampaignState.DRAFT
    assert double11.priority is Priority.CAMPAIGN
    festivals = campaign_for(
        programmes["festivals"], 2027, ZONE, language="en", region=Region.SOUTH
    )
    assert (festivals.key, festivals.name) == ("festivals", "Festival greetings")
    assert festivals.schedule == Festivals(time(9, 42), festival_keys(), Region.SOUTH)


def test_double11_has_a_promotion_window_of_its_year_and_the_greetings_none() -> None:
    programmes = shipped_programmes()
    assert campaign_for(programmes["double11"], 2027, ZONE).promotion == Promotion(
        first_day=date(2027, 10, 14),
        last_day=date(2027, 11, 14),
        posts_a_day=6,
        posts_a_week=42,
        late_nights=tuple(
            date(2027, month, day) for month, day in ((10, 20), (10, 31), (11, 10), (11, 11))
        ),
    )
    assert campaign_for(programmes["festivals"], 2027, ZONE).promotion is None


@pytest.mark.parametrize(
    ("since", "until", "keys"),
    [
        ("2026-09-01", "2026-10-01", ["festivals"]),
        ("2026-09-01", "2026-11-01T00:00", ["double11:2026", "festivals"]),
        ("2026-11-10T15:59", "2026-11-10T15:59", ["double11:2026", "festivals"]),
        # Noon of 11 November in UTC is the evening of the day itself in Shanghai.
        ("2026-11-11T12:00", "2026-11-12T12:00", ["double11:2026", "festivals"]),
        ("2026-11-12T00:00", "2026-12-12", ["festivals"]),
        ("2026-11-12T00:00", "2027-11-12", ["double11:2027", "festivals"]),
        ("2026-01-01", "2028-12-31", [*(f"double11:{y}" for y in (2026, 2027, 2028)), "festivals"]),
    ],
)
def test_the_default_campaigns_of_a_span(since: str, until: str, keys: list[str]) -> None:
    found = default_campaigns(ZONE, utc(since), utc(until))
    assert [campaign.key for campaign in found] == keys


def test_a_year_of_defaults_is_planned_with_words_and_without_a_database() -> None:
    since, until = utc("2025-12-31T16:00"), utc("2026-12-31T15:59")
    campaigns = {campaign.key: campaign for campaign in default_campaigns(ZONE, since, until)}
    found = plan(campaigns.values(), since, until, states=(CampaignState.DRAFT,))
    assert len(found) == len(festival_keys()) + 11
    texts = [preview(campaigns[o.campaign], o, SHOP) for o in found]
    assert len(set(texts)) == len(texts)
    by_slot = dict(zip((occurrence.slot for occurrence in found), texts, strict=True))
    assert by_slot["d-10"].startswith("离双11还有10天")
    assert by_slot["d-1"].startswith("明天就是双11")
    assert by_slot["2026-06-19:dragon-boat"].startswith("端午安康")
    assert by_slot["2026-02-16:spring-eve"].startswith("除夕快乐")


def test_a_preview_speaks_english_and_takes_the_slogan() -> None:
    since, until = utc("2026-11-10T16:00"), utc("2026-11-11T15:59")
    campaign = default_campaigns(ZONE, since, until)[0]
    occurrence = plan([campaign], since, until, states=(CampaignState.DRAFT,))[0]
    text = preview(campaign, occurrence, SHOP | {"slogan": "Slow care."}, language="en")
    assert text.startswith("Double-11 is here!")
    assert text.endswith("Slow care.")
    # A language without a text falls back to Chinese.
    assert preview(campaign, occurrence, SHOP, language="fr").startswith("双11到了")


def test_a_campaign_of_no_programme_has_no_words_here() -> None:
    since, until = utc("2026-11-10T16:00"), utc("2026-11-11T15:59")
    campaign = default_campaigns(ZONE, since, until)[0]
    occurrence = plan([campaign], since, until, states=(CampaignState.DRAFT,))[0]
    by_hand = replace(campaign, programme="broadcast")
    with pytest.raises(TextMissing, match="broadcast has no text for d-0"):
        preview(by_hand, occurrence, SHOP)


@pytest.mark.parametrize(
    ("slot", "topic"),
    [("2026-09-25:mid-autumn", "mid-autumn"), ("d-3", "d-3"), ("2026-11-05", "2026-11-05")],
)
def test_a_slot_tells_its_topic(slot: str, topic: str) -> None:
    assert topic_of(slot) == topic


GOOD = """
key = "double12"
valid_hours = 10
[name]
zh = "双12"
[schedule]
kind = "countdown"
day = "12-12"
first_days_left = 1
at = "10:18"
[texts.d-1]
zh = "明天双12"
[texts.d-0]
zh = "{{ shop }}：今天双12"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "double12.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_is_a_programme(tmp_path: Path) -> None:
    programme = read_programme(written(tmp_path, GOOD))
    assert programme.schedule_for(2026) == Countdown(date(2026, 12, 12), 1, time(10, 18))
    assert programme.valid_for == timedelta(hours=10)
    assert programme.promotion_for(Calendar(2026)) is None


PROMOTION = """
[promotion]
first_day = "12-08"
last_day = "12-13"
posts_a_day = 5
posts_a_week = 30
"""


def test_a_countdown_may_have_a_promotion_window(tmp_path: Path) -> None:
    programme = read_programme(written(tmp_path, GOOD + PROMOTION))
    assert programme.promotion_for(Calendar(2026)) == Promotion(
        first_day=date(2026, 12, 8), last_day=date(2026, 12, 13), posts_a_day=5, posts_a_week=30
    )


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("posts_a_day = 5", "", "posts_a_day cannot be None"),
        ("posts_a_day = 5", "posts_a_day = 0", "posts_a_day cannot be 0"),
        ('first_day = "12-08"', "", "first_day cannot be None"),
        ('last_day = "12-13"', 'last_day = "12-32"', "last_day cannot be '12-32'"),
        (
            "posts_a_week = 30",
            'late_nights = ["12-14"]\nposts_a_week = 30',
            "Give days from 12-08 to 12-13",
        ),
        ("posts_a_week = 30", 'posts_a_week = 30\nslogan = "Buy"', "'slogan'"),
        ("[promotion]", "[[promotion]]", "must be a table"),
        (
            'kind = "countdown"\nday = "12-12"\nfirst_days_left = 1\nat = "10:18"',
            'kind = "recurring"\ncron = "18 10 12 12 *"',
            "only a countdown or a programme with tasks can have one",
        ),
    ],
)
def test_a_broken_promotion_is_told(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = (GOOD + PROMOTION).replace(old, new, 1)
    assert text != GOOD + PROMOTION
    with pytest.raises(ProgrammeBroken) as caught:
        read_programme(written(tmp_path, text))
    assert caught.value.facts["part"] == "promotion"
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "part", "reason"),
    [
        ('key = "double12"', "key = ", "its syntax", "line 2"),
        ("valid_hours = 10", "", "valid_hours", "whole number"),
        ("valid_hours = 10", "valid_hours = 0", "valid_hours", "above 0"),
        ('key = "double12"', "key = 12", "key", "a text"),
        ("valid_hours", 'colour = "red"\nvalid_hours', "colour", "unknown"),
        ('[name]\nzh = "双12"', '[name]\nen = "12.12"', "name", "no Chinese"),
        ("明天双12", "{{ 明天", "texts.d-1.zh", "broken in line 1"),
        ('zh = "明天双12"', "zh = 12", "texts.d-1.zh", "it has 12; it must be a text"),
        ("[texts.d-1]", "[texts.d-5]", "texts.d-1", "it is missing"),
        ("first_days_left = 1", "first_days_left = 0", "schedule", "1 to 365"),
        ('day = "12-12"', 'day = "12-32"', "schedule", "day cannot be '2024-12-32'"),
        ('kind = "countdown"', 'kind = "weekly"', "schedule", "kind cannot be 'weekly'"),
    ],
)
def test_a_broken_file_is_told_by_its_part(
    tmp_path: Path, old: str, new: str, part: str, reason: str
) -> None:
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ProgrammeBroken) as caught:
        read_programme(path)
    assert caught.value.facts["file"] == "double12.toml"
    assert caught.value.facts["part"] == part
    assert reason in str(caught.value)


def test_a_text_for_a_day_the_schedule_does_not_have_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + '[texts.d-7]\nzh = "还早"\n')
    with pytest.raises(ProgrammeBroken, match=r"texts\.d-7: the schedule has no such day"):
        read_programme(path)


def test_a_day_that_only_leap_years_have_is_told_in_the_others(tmp_path: Path) -> None:
    programme = read_programme(written(tmp_path, GOOD.replace("12-12", "02-29")))
    with pytest.raises(ScheduleInvalid, match="2026-02-29"):
        programme.schedule_for(2026)
