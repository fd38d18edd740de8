from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.background import Background
from insights.counted import spoken
from insights.days import AnalysedDay, Utterance, analyse_day, merge_days
from insights.lexicon import standard_lexicon
from insights.opinions import Stance
from insights.report import DemandReport, demand_report
from insights.understanding import understand
from insights.words import RjiebaSegmenter
from tests.insights.groups import chats, said

SEGMENTER, LEXICON, BACKGROUND = RjiebaSegmenter(), standard_lexicon(), Background()


def day_of(utterances: list[Utterance]) -> AnalysedDay:
    return analyse_day(utterances, SEGMENTER, LEXICON)


def report_of(now: AnalysedDay, *before: AnalysedDay, top: int = 20) -> DemandReport:
    return demand_report(now, [spoken(one) for one in before], BACKGROUND, LEXICON, top=top)


@settings(deadline=None)  # now and then the dictionary is read from its file
@given(st.lists(chats(8), max_size=4), chats(8), st.integers(0, 4))
def test_the_report_is_the_same_however_days_are_grouped(
    chat_days: list[list[Utterance]], before: list[Utterance], place: int
) -> None:
    days = [day_of(chat) for chat in chat_days]
    earlier = [day_of(before)]
    report = report_of(merge_days(days), *earlier)
    grouped = merge_days([merge_days(days[:place]), merge_days(days[place:])])
    assert report_of(grouped, *earlier) == report
    assert report_of(merge_days(days[::-1]), *earlier) == report


@settings(deadline=None)  # the same
@given(chats())
def test_people_are_counted_once_each(utterances: list[Utterance]) -> None:
    report = report_of(day_of(utterances), top=100)
    for row in report.aspects:
        for stance in Stance:
            members = {
                u.member
                for u in utterances
                for o in understand(u.text, SEGMENTER, LEXICON).opinions
                if (o.aspect, o.stance) == (row.aspect, stance)
            }
            assert getattr(row, stance.value) == len(members)
    for demand in report.demands:
        members = {
            u.member
            for u in utterances
            for d in understand(u.text, SEGMENTER, LEXICON).demands
            if (d.kind, d.thing) == (demand.kind, demand.thing)
        }
        assert demand.speakers == len(members)
    assert report.messages == len(utterances)
    assert report.speakers == len({u.member for u in utterances})


def test_quotes_are_filled_in_by_message_and_missing_ones_left_out() -> None:
    day = day_of(said((1, "味道好闻"), (2, "味道难闻"), (3, "面霜什么时候补货")))
    report = report_of(day)
    assert report.quoted() == {1, 2, 3}
    assert report.to_json()["aspects"][0]["quotes"] == []
    document = report.with_quotes({2: "味道难闻", 3: "面霜什么时候补货"}).to_json()
    assert document["aspects"][0] == {
        "aspect": "气味",
        "category": "气味",
        "care": 0,
        "mind": 0,
        "like": 1,
        "dislike": 1,
        "quotes": ["味道难闻"],
    }
    assert document["demands"] == [
        {
            "kind": "restock",
            "thing": "面霜",
            "mentions": 1,
            "speakers": 1,
            "quotes": ["面霜什么时候补货"],
        }
    ]
    json.dumps(document)


def test_what_many_suddenly_say_is_emerging_and_what_two_say_is_not() -> None:
    before = day_of(said(*[(member, "早上好") for member in range(60)]))
    now = day_of(
        said(
            *[(member, "闷痘") for member in range(30)],
            *[(member, "眉笔") for member in range(30, 32)],
            *[(member, "早上好") for member in range(32, 60)],
        )
    )
    report = report_of(now, before)
    assert [keyword.word for keyword in report.emerging] == ["闷痘"]
    assert "眉笔" in {keyword.word for keyword in report.keywords}
    for alone in (report_of(now), report_of(now, AnalysedDay())):
        assert alone.emerging == ()
        assert {keyword.change for keyword in alone.keywords} == {None}


def test_what_grew_or_faded_is_told_with_its_topic_and_the_keywords_change() -> None:
    quiet = [(member, "早上好") for member in range(40)]
    calm = day_of(said(*quiet, *[(member, "快递好慢") for member in range(20, 40)]))
    before = [calm] * 4
    now = day_of(said(*quiet, *[(member, "泵头漏液") for member in range(30)], (39, "快递好慢")))
    report = report_of(now, *before)
    assert {"泵头", "漏液"} <= {one.key for one in report.trends.terms if one.rising}
    assert {"泵头", "漏液"} <= set(report.topics[0].terms)
    assert report.quoted() >= set(report.topics[0].quotes)
    faded = {(one.key.aspect, one.rising) for one in report.trends.aspects}
    assert ("物流", False) in faded
    changes = {one.word: one.change for one in report.keywords}
    rising = {one.key: one.change for one in report.trends.terms}
    assert changes["泵头漏液"] == rising["泵头漏液"] > 0
    document = json.loads(json.dumps(report.to_json()))
    grown = next(one for one in document["trends"]["terms"] if one["term"] == "泵头")
    assert grown["speakers"] == [0, 0, 0, 0, 30]
    assert grown["active"] == [40, 40, 40, 40, 40]
    assert document["topics"][0]["speakers"] == 30


def test_things_named_by_the_same_fans_are_a_bundle() -> None:
    pairs = [(member, "面霜和精华都想要") for member in range(12)]
    now = day_of(said(*pairs, *[(member, "口红好看") for member in range(20, 60)]))
    bundles = report_of(now).bundles
    assert [one.products for one in bundles] == [("精华", "面霜")]
    assert report_of(now).to_json()["bundles"][0]["baskets"] == 12


def test_lists_are_cut_at_the_top() -> None:
    day = day_of(said((1, "味道好闻，快递好慢，有点贵"), (2, "面膜面霜"), (3, "面霜面膜")))
    report = report_of(day, top=1)
    assert [len(rows) for rows in (report.aspects, report.keywords)] == [1, 1]


def test_no_days_give_an_empty_report() -> None:
    report = report_of(AnalysedDay())
    assert report.to_json() == {
        "messages": 0,
        "speakers": 0,
        "keywords": [],
        "aspects": [],
        "demands": [],
        "emerging": [],
        "trends": {"terms": [], "aspects": [], "demands": []},
        "topics": [],
        "bundles": [],
    }


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("Alice", "alice"),
        ("Bob Li🌸", "bob"),
        ("ＢＯＢ", "bob"),
        ("@Bob_杭州", "bob"),
        ("Alice", "面霜"),
        ("Alicex", "alice"),
        ("SPF50小达人", "spf"),
    ],
)
def test_how_members_are_called_is_no_keyword(name: str, term: str) -> None:
    day = day_of(said(*((member, f"{term}说面霜很润") for member in range(1, 5))))
    found = demand_report(day, [], BACKGROUND, LEXICON, names=[name])
    kept = term in {one.word for one in found.keywords}
    assert kept == (name == "Alicex" or term in LEXICON.terms or term == "面霜")
